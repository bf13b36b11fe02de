//! Alternative, loop or parallel part without steps.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::Collection;

/// Alternative, loop or parallel part without steps.
pub static RULE: Rule = Rule {
    id: "branch-without-steps",
    title: "Alternative, loop or parallel part without steps",
    severity: Severity::Warning,
    area: Area::Flow,
    scope: Scope::Document,
    explanation: "\
        An alternative, a loop or a parallel part of a flow holds no step.\n\n\
        It says that something happens and not what.\n\n\
        Add the steps, or delete it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let holds = |step: &&Record| matches!(step.text("kind"), "alternative" | "loop" | "parallel");
    for step in subject.list(Collection::Steps).filter(holds) {
        if subject.index.children(&step.id).is_empty() {
            let delete = vec![Edit::Delete { id: step.id.clone() }];
            let kind = step.text("kind");
            findings.record(step, format!("The {kind} holds no steps.")).fix(format!("Delete the {kind}"), delete);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("kind", "loop"), ("text", "Each book")])
}

fn good() -> Case {
    Case::new()
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("kind", "loop"), ("text", "Each book")])
        .add("steps", &[("flow", "Check out"), ("within", "Each book"), ("text", "Reserve it")])
}
