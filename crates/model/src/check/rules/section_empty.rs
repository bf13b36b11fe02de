//! Section without text.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Section without text.
pub static RULE: Rule = Rule {
    id: "section-empty",
    title: "Section without text",
    severity: Severity::Warning,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        A section has a heading and nothing below it, and the model holds nothing for it either.\n\n\
        A reader expects an answer under a heading. Its absence reads as if the question never came up.\n\n\
        Write the section, or take the heading out. “Nothing is done about this, since …” is an answer too.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut parents = vec![false; subject.sections.len()];
    let inside = subject.sections.iter().filter_map(|section| section.parent);
    inside.for_each(|parent| parents.get_mut(parent).into_iter().for_each(|seen| *seen = true));
    for (section, has_parts) in subject.sections.iter().zip(parents) {
        let filled = section.key.as_deref().is_some_and(|key| subject.holds(key));
        if section.level > 0 && !has_parts && !filled && section.rendered.trim().is_empty() {
            findings.section(section, format!("“{}” has no text.", section.title));
        }
    }
}

fn bad() -> Case {
    Case::new().section("security", "Security", "").inner("security.authentication", "Authentication", " \n")
}

fn good() -> Case {
    Case::new()
        .section("security", "Security", "")
        .inner("security.authentication", "Authentication", "By OpenID Connect.")
        .inner("security.authorization", "Authorization", "")
        .add("concerns", &[("topic", "authorization"), ("name", "Roles"), ("statement", "Three roles.")])
}
