//! Evidence without a day or a person.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Evidence without a day or a person.
pub static RULE: Rule = Rule {
    id: "evidence-incomplete",
    title: "Evidence without a day or a person",
    severity: Severity::Info,
    area: Area::Evidence,
    scope: Scope::Document,
    explanation: "\
        A claim does not say when it was made, or by whom.\n\n\
        One cannot judge how good it still is, nor ask.\n\n\
        Add the day and the name.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for evidence in subject.list(Collection::Evidence) {
        for (field, what) in [("date", "when that was"), ("by", "who says so")] {
            if !evidence.has(field) {
                let about = subject.name(evidence.text("about"));
                findings.field(evidence, field, format!("A claim on {about} does not say {what}."));
            }
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Pump 3", "custom", &[])
        .add("evidence", &[("about", "Pump 3"), ("basis", "assumed"), ("by", "Ada")])
}

fn good() -> Case {
    Case::new()
        .element("Pump 3", "custom", &[])
        .add("evidence", &[("about", "Pump 3"), ("basis", "assumed"), ("by", "Ada"), ("date", "2026-11-01")])
}
