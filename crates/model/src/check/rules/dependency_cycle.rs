//! Elements that depend on each other in a circle.

use crate::check::layers;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;

/// Elements that depend on each other in a circle.
pub static RULE: Rule = Rule {
    id: "dependency-cycle",
    title: "Elements that depend on each other in a circle",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        Elements beside each other need one another in a circle; dependencies of what is inside them count \
        for them. Asynchronous and batch relationships do not count, nor do people.\n\n\
        None of them can be started, tested, changed or replaced without the others.\n\n\
        Turn one of the relationships around, make it asynchronous, or move what both need into a third \
        element.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let counts = |relationship: &Record| !matches!(relationship.text("interaction"), "asynchronous" | "batch");
    for cycle in layers::cycles(subject, counts) {
        let first = cycle.first().and_then(|id| subject.element(id));
        if let Some(first) = first {
            findings.record(first, format!("These depend on each other: {}.", layers::in_words(subject, &cycle)));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "system", &[])
        .element("Taking", "service", &[("parent", "Orders")])
        .element("Billing", "system", &[])
        .element("Invoices", "service", &[("parent", "Billing")])
        .relate("Taking", "Billing", &[])
        .relate("Invoices", "Orders", &[])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "system", &[])
        .element("Taking", "service", &[("parent", "Orders")])
        .element("Billing", "system", &[])
        .element("Invoices", "service", &[("parent", "Billing")])
        .relate("Taking", "Billing", &[])
        .relate("Invoices", "Orders", &[("interaction", "asynchronous")])
}
