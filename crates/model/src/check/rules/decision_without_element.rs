//! Accepted decision that affects no element.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Accepted decision that affects no element.
pub static RULE: Rule = Rule {
    id: "decision-without-element",
    title: "Accepted decision that affects no element",
    severity: Severity::Warning,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        An accepted decision names no element that it affects.\n\n\
        Who changes an element does not learn which decisions bind it.\n\n\
        Choose the elements that would look different had the decision been another one.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let accepted = |decision: &&Record| decision.text("status") == "accepted";
    for decision in subject.list(Collection::Decisions).filter(accepted).filter(|one| !one.has("elements")) {
        findings.field(decision, "elements", format!("{} names no element that it affects.", subject.title(decision)));
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "accepted")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "accepted"), ("elements", "Orders")])
}
