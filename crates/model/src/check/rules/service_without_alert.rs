//! Service that nobody is alerted about.

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;

/// Service that nobody is alerted about.
pub static RULE: Rule = Rule {
    id: "service-without-alert",
    title: "Service that nobody is alerted about",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        No alert is about the service, or about what it is part of.\n\n\
        Users are the first to notice when it fails.\n\n\
        Add a concern on alerting with a condition and a channel, and link it to the service.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let covered = subject.concerned(&["alerting"]);
    let running = |element: &&Record| !matches!(element.text("status"), "proposed" | "removed");
    for element in subject.elements().filter(running).filter(|one| kinds::ANSWERING.contains(&one.text("kind"))) {
        if !subject.is_within(&element.id, &covered) {
            findings.record(element, format!("No alert is about {}.", element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Next", "service", &[("status", "proposed")])
        .add("concerns", &[("topic", "alerting"), ("name", "Errors"), ("elements", "Shop")])
}
