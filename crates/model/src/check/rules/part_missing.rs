//! Part of a section that the template asks for.

use foldhash::HashMap;

use crate::check::{Area, Case, Checked, CheckedSection, Example, Findings, Rule, Scope, Severity};

/// Part of a section that the template asks for.
pub static RULE: Rule = Rule {
    id: "part-missing",
    title: "Part of a section that the template asks for",
    severity: Severity::Info,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        A section lacks a part that the template has in it.\n\n\
        The template is the list of questions that readers of this kind of document have.\n\n\
        Add the part below the section, or choose a template without it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let slots = subject.template.iter().flat_map(|template| &template.slots);
    let mut sections: HashMap<&str, &CheckedSection> = HashMap::default();
    for section in subject.sections {
        sections.extend(section.key.as_deref().map(|key| (key, section)));
    }
    for slot in slots.filter(|slot| !slot.repeatable && !sections.contains_key(slot.key.as_str())) {
        let around = slot.parent_key().and_then(|key| sections.get(key));
        if let Some(around) = around.filter(|_| !subject.holds(&slot.key)) {
            findings.missing(&slot.key, format!("“{}” has no part “{}”.", around.title, slot.title));
        }
    }
}

fn bad() -> Case {
    Case::new().template("full").section("security", "Security Architecture", "Tokens.")
}

fn good() -> Case {
    Case::new()
        .template("full")
        .section("security", "Security Architecture", "Tokens.")
        .inner("security.authentication", "Authentication", "Tokens of an hour.")
        .inner("security.authorization", "Authorization", "Roles.")
        .inner("security.data-protection", "Data Protection", "TLS.")
        .inner("security.network", "Network Security", "A firewall.")
}
