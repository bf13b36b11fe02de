//! Day that is still to come.

use crate::check::days;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Shape;

/// Day that is still to come.
pub static RULE: Rule = Rule {
    id: "date-in-future",
    title: "Day that is still to come",
    severity: Severity::Warning,
    area: Area::Evidence,
    scope: Scope::Record,
    explanation: "\
        A decision, a claim or a suppression has a date after today.\n\n\
        Nothing can be decided or observed tomorrow; the year is often the slip.\n\n\
        Correct the date.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for record in subject.all() {
        let date = record.text("date");
        let ahead = days::between(subject.today, date).filter(|days| *days > 0);
        if ahead.is_some() && record.collection.field("date").is_some_and(|field| field.shape == Shape::Date) {
            findings.field(record, "date", format!("{date} is still to come."));
        }
    }
}

fn bad() -> Case {
    Case::new().add("decisions", &[("number", "1"), ("title", "Use Rust"), ("date", "2027-11-01")])
}

fn good() -> Case {
    Case::new().add("decisions", &[("number", "1"), ("title", "Use Rust"), ("date", "2026-11-24")])
}
