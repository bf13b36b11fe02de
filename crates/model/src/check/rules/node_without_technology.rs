//! Node without a technology.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Node without a technology.
pub static RULE: Rule = Rule {
    id: "node-without-technology",
    title: "Node without a technology",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        A node or piece of infrastructure does not say what it is.\n\n\
        Who operates it needs to know what to patch.\n\n\
        Name the system or the product, such as “Debian 12”.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for node in subject.list(Collection::Nodes).filter(|node| !node.has("technology")) {
        findings.field(node, "technology", format!("{} does not say what it is.", node.label()));
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
        .add("nodes", &[("environment", "Production"), ("name", "Server"), ("technology", "Debian 12")])
}
