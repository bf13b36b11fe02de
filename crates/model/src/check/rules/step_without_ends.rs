//! Step that does not say who acts.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Step that does not say who acts.
pub static RULE: Rule = Rule {
    id: "step-without-ends",
    title: "Step that does not say who acts",
    severity: Severity::Info,
    area: Area::Flow,
    scope: Scope::Document,
    explanation: "\
        A step has words, and does not say from which element to which it goes.\n\n\
        It cannot be drawn, and the checks cannot compare it with the structure.\n\n\
        Choose who acts and on whom. One who acts alone is both.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let acts = |step: &&Record| matches!(step.text("kind"), "" | "message" | "return");
    for step in subject.list(Collection::Steps).filter(acts) {
        let missing = match (step.has("from"), step.has("to")) {
            (true, true) => continue,
            (false, false) => "who acts and on whom",
            (false, true) => "who acts",
            (true, false) => "on whom",
        };
        let field = if step.has("from") { "to" } else { "from" };
        findings.field(step, field, format!("“{}” does not say {missing}.", step.label()));
    }
}

fn bad() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("from", "Web"), ("text", "Pays")])
}

fn good() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("from", "Web"), ("to", "Web"), ("text", "Pays")])
        .add("steps", &[("flow", "Check out"), ("kind", "note"), ("text", "This takes a while.")])
}
