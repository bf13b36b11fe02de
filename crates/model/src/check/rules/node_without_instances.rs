//! Node on which nothing runs.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Node on which nothing runs.
pub static RULE: Rule = Rule {
    id: "node-without-instances",
    title: "Node on which nothing runs",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        A node has no instance and no other node in it, and is not infrastructure.\n\n\
        It costs money, or it is not there any more.\n\n\
        Add what runs on it, or mark it as infrastructure.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for node in subject.list(Collection::Nodes).filter(|node| node.text("kind") != "infrastructure") {
        if subject.index.owned(&node.id).is_empty() && subject.index.children(&node.id).is_empty() {
            findings.record(node, format!("Nothing runs on {}.", node.label()));
        }
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
        .add("nodes", &[("environment", "Production"), ("name", "Firewall"), ("kind", "infrastructure")])
}
