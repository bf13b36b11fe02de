//! Inside of more than one system.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;

/// Inside of more than one system.
pub static RULE: Rule = Rule {
    id: "several-systems-detailed",
    title: "Inside of more than one system",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        The document shows the inside of several software systems.\n\n\
        A document is easiest to own and to read when it is about one system; others belong around it. \
        Structurizr's inspections say the same.\n\n\
        Make the others external systems here, and describe their inside in documents of their own.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let systems = subject.elements().filter(|element| element.text("kind") == "system");
    let parts = |system: &&Record| subject.index.children(&system.id).iter().any(|part| part.text("kind") != "system");
    let detailed: Vec<&Record> = systems.filter(parts).collect();
    if let [first, others @ ..] = &detailed[..] {
        for other in others {
            let what = format!("The inside of {} is shown beside that of {}.", other.label(), first.label());
            findings.record(other, what);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Billing", "system", &[])
        .element("Invoices", "service", &[("parent", "Billing")])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("Orders", "service", &[("parent", "Shop")]).element(
        "Billing",
        "system",
        &[],
    )
}
