//! Later number with an earlier day.

use crate::check::days;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Later number with an earlier day.
pub static RULE: Rule = Rule {
    id: "decision-dates-out-of-order",
    title: "Later number with an earlier day",
    severity: Severity::Info,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision has an earlier date than one with a smaller number, and both still stand as they were \
        decided.\n\n\
        Numbers follow time; one of the dates is probably a slip.\n\n\
        Correct the date. Decisions that were superseded or deprecated later do not count.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let standing = |decision: &&Record| matches!(decision.text("status"), "accepted" | "rejected");
    let dated = subject.list(Collection::Decisions).filter(standing).filter_map(|decision| {
        let number: u32 = decision.text("number").trim().parse().ok()?;
        Some((number, days::number(decision.text("date"))?, decision))
    });
    let mut dated: Vec<(u32, i64, &Record)> = dated.collect();
    dated.sort_by_key(|(number, _, decision)| (*number, &decision.id));
    let mut latest: Option<(i64, &Record)> = None;
    for (_, day, decision) in dated {
        match latest {
            Some((before, other)) if day < before => {
                let (one, two) = (subject.title(decision), subject.title(other));
                findings.field(decision, "date", format!("{one} was decided before {two}, going by the dates."));
            }
            _ => latest = Some((day, decision)),
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "accepted"), ("date", "2026-05-01")])
        .add("decisions", &[("number", "2"), ("title", "Use SQLite"), ("status", "accepted"), ("date", "2025-05-02")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "superseded"), ("date", "2026-05-01")])
        .add("decisions", &[("number", "2"), ("title", "Use SQLite"), ("status", "accepted"), ("date", "2025-05-02")])
        .add("decisions", &[("number", "3"), ("title", "Use TLS"), ("status", "accepted"), ("date", "2025-05-03")])
}
