//! Node without a description.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Node without a description.
pub static RULE: Rule = Rule {
    id: "node-without-description",
    title: "Node without a description",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        A node or piece of infrastructure has no description.\n\n\
        Its name is known to those who set it up. Structurizr's inspections ask for one, too.\n\n\
        Write one sentence on what it is for.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for node in subject.list(Collection::Nodes).filter(|node| !node.has("description")) {
        findings.field(node, "description", format!("{} has no description.", node.label()));
    }
}

fn bad() -> Case {
    Case::new()
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Server")])
}

fn good() -> Case {
    Case::new()
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Server"), ("description", "Holds all services.")])
}
