//! Element that nothing leads to or from.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;

/// Element that nothing leads to or from.
pub static RULE: Rule = Rule {
    id: "element-without-relationship",
    title: "Element that nothing leads to or from",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        An element has no relationship, and nothing inside it has one.\n\n\
        Either a relationship was forgotten, or the element does not belong to the system.\n\n\
        Add what it uses or what uses it, or take it out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let connected = subject.connected();
    let several = subject.elements().nth(1).is_some();
    let alone = |element: &&Record| several && !connected.contains(element.id.as_str());
    for element in subject.elements().filter(alone).filter(|element| element.text("kind") != "person") {
        // An element around it with other parts that are connected does not help.
        findings.record(element, format!("Nothing leads to {} or from it.", element.label()));
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Search", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[])
}
