//! Database without a backup.

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Database without a backup.
pub static RULE: Rule = Rule {
    id: "store-without-backup",
    title: "Database without a backup",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Record,
    explanation: "\
        A database or file store does not say how it is backed up and restored.\n\n\
        What is not backed up is lost one day; what was never restored is not backed up.\n\n\
        Write how often, to where, and how it is restored. “None, since …” is an answer.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in
        subject.elements().filter(|element| kinds::STORES.contains(&element.text("kind")) && !element.has("backup"))
    {
        findings.field(element, "backup", format!("{} does not say how it is backed up.", element.label()));
    }
}

fn bad() -> Case {
    Case::new().element("Orders store", "database", &[])
}

fn good() -> Case {
    Case::new().element("Orders store", "database", &[("backup", "Nightly to another site; restored each month.")])
}
