//! Confidential data kept without a word on protection.

use super::confidential_data_unprotected::confidential;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Confidential data kept without a word on protection.
pub static RULE: Rule = Rule {
    id: "confidential-store-unprotected",
    title: "Confidential data kept without a word on protection",
    severity: Severity::Warning,
    area: Area::Security,
    scope: Scope::Document,
    explanation: "\
        An element holds confidential data, and no statement on data protection is about it.\n\n\
        Readers cannot find out who can read the data, nor whether it is encrypted.\n\n\
        Add a concern on data protection and link it to the element or to what it is part of.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let covered = subject.concerned(&["data-protection"]);
    for element in subject.elements().filter(|element| element.has("data")) {
        let class = confidential(subject, element.list("data"));
        if let Some(class) = class.filter(|_| !subject.is_within(&element.id, &covered)) {
            let what = format!("{} holds {}, and nothing says how it is protected.", element.label(), class.label());
            findings.field(element, "data", what);
        }
    }
}

fn bad() -> Case {
    Case::new().add("classes", &[("name", "Payment data"), ("level", "restricted")]).element(
        "Store",
        "database",
        &[("data", "Payment data")],
    )
}

fn good() -> Case {
    Case::new()
        .add("classes", &[("name", "Payment data"), ("level", "restricted")])
        .element("Store", "database", &[("data", "Payment data")])
        .add("concerns", &[("topic", "data-protection"), ("name", "Disk encryption"), ("elements", "Store")])
}
