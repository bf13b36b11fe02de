//! Relationship with an element that is on its way out.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Relationship with an element that is on its way out.
pub static RULE: Rule = Rule {
    id: "uses-removed-element",
    title: "Relationship with an element that is on its way out",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        Something that is live depends on an element whose status is deprecated or removed.\n\n\
        When the other one goes, this one stops.\n\n\
        Plan what takes its place and lead the relationship there, or mark this relationship as deprecated \
        too.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for relationship in subject.list(Collection::Relationships) {
        if matches!(relationship.text("status"), "deprecated" | "removed") {
            continue;
        }
        let ends = (subject.element(relationship.text("from")), subject.element(relationship.text("to")));
        let (Some(from), Some(to)) = ends else { continue };
        let leaving = |status: &str| matches!(status, "deprecated" | "removed");
        if leaving(to.text("status")) && !leaving(from.text("status")) {
            let what = format!("{} depends on {}, which is {}.", from.label(), to.label(), to.text("status"));
            findings.record(relationship, what);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[("status", "live")])
        .element("Old store", "database", &[("status", "deprecated")])
        .relate("Orders", "Old store", &[])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[("status", "live")])
        .element("Store", "database", &[("status", "live")])
        .relate("Orders", "Store", &[])
}
