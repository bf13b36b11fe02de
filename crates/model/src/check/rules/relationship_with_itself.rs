//! Relationship from an element to itself.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Relationship from an element to itself.
pub static RULE: Rule = Rule {
    id: "relationship-with-itself",
    title: "Relationship from an element to itself",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A relationship begins and ends at the same element.\n\n\
        It is often a slip. Where it is meant, such as peers of one kind that talk to each other, readers \
        need to be told.\n\n\
        Choose another end, or say in the description what happens and suppress the finding with that \
        reason.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for relationship in subject.relationships().filter(|one| one.text("from") == one.text("to")) {
        findings.record(relationship, format!("{} leads to itself.", subject.name(relationship.text("from"))));
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[]).relate("Orders", "Orders", &[])
}

fn good() -> Case {
    Case::new().element("Orders", "service", &[]).element("Store", "database", &[]).relate("Orders", "Store", &[])
}
