//! Decision that waits for long.

use crate::check::days;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Decision that waits for long.
pub static RULE: Rule = Rule {
    id: "decision-pending-long",
    title: "Decision that waits for long",
    severity: Severity::Info,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision was proposed longer ago than claims may be old (`stale-days`, a year unless the project \
        says otherwise).\n\n\
        It was probably decided by what people did meanwhile.\n\n\
        Accept or reject it, with today's date.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let proposed = |decision: &&Record| decision.text("status") == "proposed";
    for decision in subject.list(Collection::Decisions).filter(proposed) {
        let age = days::between(decision.text("date"), subject.today);
        if let Some(age) = age.filter(|age| *age > i64::from(subject.project.stale_days)) {
            findings.field(
                decision,
                "status",
                format!("{} has been proposed for {age} days.", subject.title(decision)),
            );
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "proposed"), ("date", "2024-01-31")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "proposed"), ("date", "2026-10-31")])
}
