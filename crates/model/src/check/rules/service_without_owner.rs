//! Service that nobody answers for.

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Service that nobody answers for.
pub static RULE: Rule = Rule {
    id: "service-without-owner",
    title: "Service that nobody answers for",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Record,
    explanation: "\
        Neither the service nor what it is part of names an owner.\n\n\
        Nobody is called when it fails.\n\n\
        Name a team or a person, on the service or once on the system around it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| kinds::ANSWERING.contains(&element.text("kind"))) {
        if subject.inherited(element, "owner").is_empty() {
            findings.field(element, "owner", format!("{} has no owner.", element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[("owner", "Team Books")]).element(
        "Orders",
        "service",
        &[("parent", "Shop")],
    )
}
