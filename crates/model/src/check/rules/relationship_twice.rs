//! One relationship written twice.

use std::collections::HashSet;

use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Severity};
use crate::edit::Edit;

/// One relationship written twice.
pub static RULE: Rule = Rule {
    id: "relationship-twice",
    title: "One relationship written twice",
    severity: Severity::Warning,
    area: Area::Model,
    explanation: "\
        Two relationships between the same two elements have the same description and technology.\n\n\
        Diagrams show two arrows where there is one, and the two come to differ.\n\n\
        Delete one of them, or say in the description how they differ.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashSet<(&str, &str, String, String)> = HashSet::new();
    for relationship in subject.relationships() {
        let plain = |field: &str| folded(relationship.text(field));
        let key = (relationship.text("from"), relationship.text("to"), plain("description"), plain("technology"));
        if seen.insert(key) {
            continue;
        }
        let title = subject.title(relationship);
        let what = format!("{title} is there twice with the same words.");
        let delete = vec![Edit::Delete { id: relationship.id.clone() }];
        findings.record(relationship, what).fix(format!("Delete the second {title}"), delete);
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[("description", "reads from")])
        .relate("Orders", "Store", &[("description", "Reads from")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[("description", "reads from")])
        .relate("Orders", "Store", &[("description", "writes to")])
}
