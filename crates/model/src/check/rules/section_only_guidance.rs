//! Section that holds only the template's advice.

use crate::check::{Area, Case, Checked, CheckedSection, Example, Findings, Rule, Scope, Severity};
use crate::templates;

/// Section that holds only the template's advice.
pub static RULE: Rule = Rule {
    id: "section-only-guidance",
    title: "Section that holds only the template's advice",
    severity: Severity::Warning,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        The text of a section is the advice of the template, word for word, or brackets only.\n\n\
        The section looks filled in overviews and exports, and says nothing about this system.\n\n\
        Write the section in your own words, or empty it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for section in subject.sections.iter().filter(|section| is_only_guidance(section)) {
        let what = format!("“{}” holds only the template's advice.", section.title);
        findings.section(section, what).rewrite("Empty the section", section, String::new());
    }
}

/// Whether there is something, and it is all the template's.
pub(super) fn is_only_guidance(section: &CheckedSection) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let text = words(&section.rendered);
    let guidance = section.guidance.as_deref().is_some_and(|guidance| words(guidance) == text);
    !text.is_empty() && (guidance || templates::is_placeholder(&section.rendered))
}

fn bad() -> Case {
    Case::new().template("full").section("security", "Security Architecture", "Who may do what.").inner(
        "security.authentication",
        "Authentication",
        "[How authentication works]",
    )
}

fn good() -> Case {
    Case::new().template("full").section("security", "Security Architecture", "Who may do what.").inner(
        "security.authentication",
        "Authentication",
        "By OpenID Connect.",
    )
}
