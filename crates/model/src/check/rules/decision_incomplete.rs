//! Accepted decision that does not say what or why.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Accepted decision that does not say what or why.
pub static RULE: Rule = Rule {
    id: "decision-incomplete",
    title: "Accepted decision that does not say what or why",
    severity: Severity::Warning,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        An accepted decision has no context, or does not say what was decided.\n\n\
        Later nobody knows whether its reasons still hold, and it is either followed blindly or ignored.\n\n\
        Write the context and the decision, a few sentences each.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let accepted = |decision: &&Record| decision.text("status") == "accepted";
    for decision in subject.list(Collection::Decisions).filter(accepted) {
        if !decision.has("context") && !decision.has("drivers") {
            findings.field(decision, "context", format!("{} does not say why it was needed.", subject.title(decision)));
        }
        if !decision.has("decision") {
            findings.field(decision, "decision", format!("{} does not say what was decided.", subject.title(decision)));
        }
    }
}

fn bad() -> Case {
    Case::new().add(
        "decisions",
        &[("number", "1"), ("title", "Use Rust"), ("status", "accepted"), ("decision", "We use Rust.")],
    )
}

fn good() -> Case {
    Case::new().add(
        "decisions",
        &[
            ("number", "1"),
            ("title", "Use Rust"),
            ("status", "accepted"),
            ("context", "Crashes."),
            ("decision", "We use Rust."),
        ],
    )
}
