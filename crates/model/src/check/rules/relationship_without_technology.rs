//! Relationship without a technology.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Relationship without a technology.
pub static RULE: Rule = Rule {
    id: "relationship-without-technology",
    title: "Relationship without a technology",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A relationship between programs names no protocol or library.\n\n\
        Firewalls, timeouts, tests and diagrams of deployment depend on how the two talk.\n\n\
        Name the protocol, such as “HTTPS” or “AMQP”.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let person = |id: &str| subject.element(id).is_some_and(|element| element.text("kind") == "person");
    for relationship in subject.relationships().filter(|relationship| !relationship.has("technology")) {
        if !person(relationship.text("from")) && !person(relationship.text("to")) {
            let what = format!("{} does not say over which protocol.", subject.title(relationship));
            findings.field(relationship, "technology", what);
        }
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[]).element("Store", "database", &[]).relate("Orders", "Store", &[])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .element("Ada", "person", &[])
        .relate("Orders", "Store", &[("technology", "SQL over TCP")])
        .relate("Ada", "Orders", &[])
}
