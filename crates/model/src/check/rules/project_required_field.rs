//! Field that the project requires.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Field that the project requires.
pub static RULE: Rule = Rule {
    id: "project-required-field",
    title: "Field that the project requires",
    severity: Severity::Error,
    area: Area::Project,
    scope: Scope::Document,
    explanation: "\
        The project's file requires a field for this kind of record, and it is empty.\n\n\
        The project decided that nobody may leave it out.\n\n\
        Fill the field, or change `[required]` in the project's file.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for requirement in &subject.project.required {
        let of_kind = |record: &&Record| requirement.kind.is_none_or(|kind| record.text("kind") == kind);
        let there = |record: &&Record| record.text("status") != "removed" || record.collection != Collection::Elements;
        let records = subject.list(requirement.collection).filter(of_kind).filter(there);
        for record in records.filter(|record| !record.has(requirement.field)) {
            let title = record.collection.field(requirement.field).map_or(requirement.field, |field| field.title);
            let kind = requirement.kind.unwrap_or(record.collection.table().singular);
            let what = format!(
                "{} has no {}; the project requires it of each {kind}.",
                subject.title(record),
                title.to_lowercase()
            );
            findings.field(record, requirement.field, what);
        }
    }
}

fn bad() -> Case {
    Case::new().project("[required]\nservice = [\"scaling\"]\n").element("Orders", "service", &[])
}

fn good() -> Case {
    Case::new()
        .project("[required]\nservice = [\"scaling\"]\n")
        .element("Orders", "service", &[("scaling", "By hand.")])
        .element("Web", "web-client", &[])
}
