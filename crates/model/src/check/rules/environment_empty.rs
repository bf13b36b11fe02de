//! Environment in which nothing runs.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Environment in which nothing runs.
pub static RULE: Rule = Rule {
    id: "environment-empty",
    title: "Environment in which nothing runs",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        An environment has no node, or nothing runs on its nodes.\n\n\
        It cannot be compared with the others, nor drawn.\n\n\
        Add its nodes and what runs on them.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for environment in subject.list(Collection::Environments) {
        let nodes = subject.index.owned(&environment.id);
        if nodes.iter().all(|node| subject.index.owned(&node.id).is_empty()) {
            findings.record(environment, format!("Nothing runs in {}.", environment.label()));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("environments", &[("name", "Staging")])
        .add("nodes", &[("environment", "Staging"), ("name", "Server")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .add("environments", &[("name", "Staging")])
        .add("nodes", &[("environment", "Staging"), ("name", "Server")])
        .add("instances", &[("node", "Server"), ("element", "Orders")])
}
