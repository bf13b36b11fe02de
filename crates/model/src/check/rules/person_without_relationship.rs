//! Person who uses nothing.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Person who uses nothing.
pub static RULE: Rule = Rule {
    id: "person-without-relationship",
    title: "Person who uses nothing",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        A person has no relationship with any element.\n\n\
        People are in the model to show what they do with the system.\n\n\
        Add what the person uses, or take the person out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let connected = subject.connected();
    let people = subject.elements().filter(|element| element.text("kind") == "person");
    for person in people.filter(|person| !connected.contains(person.id.as_str())) {
        findings.record(person, format!("{} uses nothing.", person.label()));
    }
}

fn bad() -> Case {
    Case::new().element("Customer", "person", &[]).element("Shop", "system", &[])
}

fn good() -> Case {
    Case::new().element("Customer", "person", &[]).element("Shop", "system", &[]).relate(
        "Customer",
        "Shop",
        &[("description", "buys books in")],
    )
}
