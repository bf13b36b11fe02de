//! Accepted decision without a day.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Accepted decision without a day.
pub static RULE: Rule = Rule {
    id: "decision-without-date",
    title: "Accepted decision without a day",
    severity: Severity::Info,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        An accepted, rejected or superseded decision does not say when that was decided.\n\n\
        One cannot tell whether what one knows today was known then.\n\n\
        Write the day of the last change of its status.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let settled = |decision: &&Record| !matches!(decision.text("status"), "" | "proposed");
    for decision in subject.list(Collection::Decisions).filter(settled).filter(|one| !one.has("date")) {
        findings.field(decision, "date", format!("{} does not say when it was decided.", subject.title(decision)));
    }
}

fn bad() -> Case {
    Case::new().add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "accepted")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "accepted"), ("date", "2026-03-01")])
        .add("decisions", &[("number", "2"), ("title", "Use Go"), ("status", "proposed")])
}
