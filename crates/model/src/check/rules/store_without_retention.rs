//! Store that does not say how long data is kept.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Store that does not say how long data is kept.
pub static RULE: Rule = Rule {
    id: "store-without-retention",
    title: "Store that does not say how long data is kept",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Record,
    explanation: "\
        A database, file store or queue says nothing about retention.\n\n\
        Stores grow until they are full, and personal data may not be kept for ever.\n\n\
        Write how long data is kept, and what removes it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| {
        matches!(element.text("kind"), "database" | "file-store" | "queue") && !element.has("retention")
    }) {
        findings.field(element, "retention", format!("{} does not say how long data is kept.", element.label()));
    }
}

fn bad() -> Case {
    Case::new().element("Orders store", "database", &[])
}

fn good() -> Case {
    Case::new().element("Orders store", "database", &[("retention", "Ten years, then a nightly job deletes it.")])
}
