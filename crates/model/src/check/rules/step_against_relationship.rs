//! Step over a relationship of others.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Step over a relationship of others.
pub static RULE: Rule = Rule {
    id: "step-against-relationship",
    title: "Step over a relationship of others",
    severity: Severity::Warning,
    area: Area::Flow,
    scope: Scope::Document,
    explanation: "\
        A step names a relationship that leads between other elements than the step.\n\n\
        The sequence and the structure tell two stories.\n\n\
        Choose the relationship between the two, or correct who acts.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for step in subject.list(Collection::Steps) {
        let Some(relationship) = subject.model.live(step.text("relationship")) else { continue };
        let around = |field: &str, end: &str| {
            let own = step.text(field);
            own.is_empty() || subject.upwards(relationship.text(end)).any(|id| id == own)
        };
        let back = step.text("kind") == "return";
        let (first, second) = if back { ("to", "from") } else { ("from", "to") };
        if !around("from", first) || !around("to", second) {
            let what = format!("This step does not go over {}.", subject.title(relationship));
            findings.field(step, "relationship", what);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[])
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("from", "Web"), ("to", "Orders"), ("relationship", "orders--store")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[])
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("from", "Orders"), ("to", "Store"), ("relationship", "orders--store")])
        .add(
            "steps",
            &[("flow", "Check out"), ("kind", "return"), ("from", "Store"), ("relationship", "orders--store")],
        )
}
