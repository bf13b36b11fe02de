//! Superseded by a decision that does not hold.

use super::superseded_without_successor::successors;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Superseded by a decision that does not hold.
pub static RULE: Rule = Rule {
    id: "successor-not-accepted",
    title: "Superseded by a decision that does not hold",
    severity: Severity::Warning,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision is superseded, and those that supersede it are only proposed, or were rejected.\n\n\
        Neither the old nor the new decision holds.\n\n\
        Accept the successor, or accept the old decision again.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let named = successors(subject);
    for decision in subject.list(Collection::Decisions).filter(|one| one.text("status") == "superseded") {
        let Some(later) = named.get(decision.id.as_str()) else { continue };
        let open = |later: &&Record| matches!(later.text("status"), "proposed" | "rejected");
        if let Some(first) = later.first().filter(|_| later.iter().all(open)) {
            let (old, new) = (subject.title(decision), subject.title(first));
            findings.field(decision, "status", format!("{old} is superseded, and {new} is {}.", first.text("status")));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go"), ("status", "superseded")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("status", "proposed"), ("supersedes", "1")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go"), ("status", "superseded")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("status", "accepted"), ("supersedes", "1")])
}
