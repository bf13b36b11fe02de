//! Flow without steps.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;

/// Flow without steps.
pub static RULE: Rule = Rule {
    id: "flow-without-steps",
    title: "Flow without steps",
    severity: Severity::Warning,
    area: Area::Flow,
    scope: Scope::Document,
    explanation: "\
        A flow has a name and no steps.\n\n\
        The name promises a description of what happens.\n\n\
        Add the steps, or delete the flow.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for flow in subject.list(Collection::Flows).filter(|flow| subject.index.owned(&flow.id).is_empty()) {
        let delete = vec![Edit::Delete { id: flow.id.clone() }];
        let name = flow.label();
        findings.record(flow, format!("The flow {name} has no steps.")).fix(format!("Delete the flow {name}"), delete);
    }
}

fn bad() -> Case {
    Case::new().add("flows", &[("name", "Check out")])
}

fn good() -> Case {
    Case::new()
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("text", "The customer pays.")])
}
