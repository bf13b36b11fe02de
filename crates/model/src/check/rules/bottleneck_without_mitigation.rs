//! Bottleneck that nothing is done about.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Bottleneck that nothing is done about.
pub static RULE: Rule = Rule {
    id: "bottleneck-without-mitigation",
    title: "Bottleneck that nothing is done about",
    severity: Severity::Warning,
    area: Area::Resilience,
    scope: Scope::Document,
    explanation: "\
        A bottleneck is known, and no mitigation is written down.\n\n\
        It is found again under load.\n\n\
        Write what is done about it, or until which load nothing has to be done.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let bottlenecks = subject.list(Collection::Concerns).filter(|one| one.text("topic") == "bottleneck");
    for concern in bottlenecks.filter(|concern| !concern.has("mitigation")) {
        findings.field(concern, "mitigation", format!("Nothing is done about “{}”.", concern.label()));
    }
}

fn bad() -> Case {
    Case::new().add("concerns", &[("topic", "bottleneck"), ("name", "One writer")])
}

fn good() -> Case {
    Case::new()
        .add("concerns", &[("topic", "bottleneck"), ("name", "One writer"), ("mitigation", "Writes are batched.")])
}
