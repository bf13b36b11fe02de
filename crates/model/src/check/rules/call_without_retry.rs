//! Synchronous call that does not say whether it is tried again.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Synchronous call that does not say whether it is tried again.
pub static RULE: Rule = Rule {
    id: "call-without-retry",
    title: "Synchronous call that does not say whether it is tried again",
    severity: Severity::Info,
    area: Area::Resilience,
    scope: Scope::Record,
    explanation: "\
        A synchronous call says nothing about retries.\n\n\
        Without them a moment's failure reaches the user; with too many the callee never recovers.\n\n\
        Write how often and how it is tried again; “none” is an answer.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let calls = subject.relationships().filter(|one| one.text("interaction") == "synchronous");
    let person = |id: &str| subject.element(id).is_some_and(|element| element.text("kind") == "person");
    for call in calls.filter(|call| !call.has("retries") && !person(call.text("from")) && !person(call.text("to"))) {
        findings.field(call, "retries", format!("{} does not say whether it is tried again.", subject.title(call)));
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
        .relate("Web", "Orders", &[("interaction", "synchronous"), ("retries", "2")])
        .relate("Orders", "Web", &[("interaction", "asynchronous")])
        .relate("Ada", "Web", &[("interaction", "synchronous")])
}
