//! Synchronous call without a timeout.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Synchronous call without a timeout.
pub static RULE: Rule = Rule {
    id: "call-without-timeout",
    title: "Synchronous call without a timeout",
    severity: Severity::Warning,
    area: Area::Resilience,
    scope: Scope::Record,
    explanation: "\
        A synchronous call does not say how long the caller waits.\n\n\
        When the callee hangs, the caller hangs too, and all who wait for it.\n\n\
        Decide on a limit, such as “2 s”, and write it down.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let calls = subject.relationships().filter(|one| one.text("interaction") == "synchronous");
    let person = |id: &str| subject.element(id).is_some_and(|element| element.text("kind") == "person");
    for call in calls.filter(|call| !call.has("timeout") && !person(call.text("from")) && !person(call.text("to"))) {
        findings.field(call, "timeout", format!("{} does not say how long the caller waits.", subject.title(call)));
    }
}

fn bad() -> Case {
    Case::new().element("Web", "web-client", &[]).element("Orders", "service", &[]).relate(
        "Web",
        "Orders",
        &[("interaction", "synchronous")],
    )
}

fn good() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .element("Orders", "service", &[])
        .element("Ada", "person", &[])
        .relate("Web", "Orders", &[("interaction", "synchronous"), ("timeout", "2")])
        .relate("Orders", "Web", &[("interaction", "asynchronous")])
        .relate("Ada", "Web", &[("interaction", "synchronous")])
}
