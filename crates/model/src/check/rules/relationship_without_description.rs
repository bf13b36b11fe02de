//! Relationship that does not say what happens.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Relationship that does not say what happens.
pub static RULE: Rule = Rule {
    id: "relationship-without-description",
    title: "Relationship that does not say what happens",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A relationship has no description.\n\n\
        An arrow between two boxes means that one has to do with the other, and not more.\n\n\
        Write a few words that can be read between the two names, such as “reads orders from”.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for relationship in subject.relationships().filter(|relationship| !relationship.has("description")) {
        let what = format!("{} does not say what happens.", subject.title(relationship));
        findings.field(relationship, "description", what);
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[]).element("Store", "database", &[]).relate("Orders", "Store", &[])
}

fn good() -> Case {
    Case::new().element("Orders", "service", &[]).element("Store", "database", &[]).relate(
        "Orders",
        "Store",
        &[("description", "reads orders from")],
    )
}
