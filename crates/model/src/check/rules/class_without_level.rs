//! Class of data without a level.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Class of data without a level.
pub static RULE: Rule = Rule {
    id: "class-without-level",
    title: "Class of data without a level",
    severity: Severity::Warning,
    area: Area::Security,
    scope: Scope::Document,
    explanation: "\
        A class of data does not say how closely it is kept.\n\n\
        Checks of confidential data pass it by.\n\n\
        Choose a level; when in doubt, the higher one.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for class in subject.list(Collection::Classes).filter(|class| !class.has("level")) {
        findings.field(class, "level", format!("{} does not say how closely it is kept.", class.label()));
    }
}

fn bad() -> Case {
    Case::new().add("classes", &[("name", "Payment data")])
}

fn good() -> Case {
    Case::new().add("classes", &[("name", "Payment data"), ("level", "confidential")])
}
