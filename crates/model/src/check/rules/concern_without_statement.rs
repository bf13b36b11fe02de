//! Statement that says nothing.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Statement that says nothing.
pub static RULE: Rule = Rule {
    id: "concern-without-statement",
    title: "Statement that says nothing",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        A concern has a topic and no statement, mitigation or condition.\n\n\
        It counts as an answer to the question and is none.\n\n\
        Write what holds.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for concern in subject.list(Collection::Concerns) {
        if ["statement", "mitigation", "condition"].iter().all(|field| !concern.has(field)) {
            findings.field(concern, "statement", format!("“{}” does not say what holds.", concern.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().add("concerns", &[("topic", "retry"), ("name", "Orders")])
}

fn good() -> Case {
    Case::new().add("concerns", &[("topic", "retry"), ("name", "Orders"), ("statement", "Three times.")])
}
