//! Single point of failure without a fallback.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Single point of failure without a fallback.
pub static RULE: Rule = Rule {
    id: "single-point-without-fallback",
    title: "Single point of failure without a fallback",
    severity: Severity::Warning,
    area: Area::Resilience,
    scope: Scope::Record,
    explanation: "\
        An element of which there is only one is called synchronously, and the caller has no fallback.\n\n\
        When it stops, everything that calls it stops.\n\n\
        Run more than one, say what happens instead, or make the call asynchronous.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| element.text("redundancy") == "single") {
        let calls = subject.index.arriving(&element.id).iter();
        for call in calls.filter(|call| call.text("interaction") == "synchronous" && !call.has("fallback")) {
            let caller = subject.element(call.text("from")).filter(|caller| caller.text("kind") != "person");
            if let Some(caller) = caller.filter(|caller| caller.text("status") != "removed") {
                let what =
                    format!("{} stops when {} stops, of which there is only one.", caller.label(), element.label());
                findings.field(call, "fallback", what);
            }
        }
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[]).element("Store", "database", &[("redundancy", "single")]).relate(
        "Orders",
        "Store",
        &[("interaction", "synchronous")],
    )
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[("redundancy", "single")])
        .element("Search", "service", &[("redundancy", "redundant")])
        .relate("Orders", "Store", &[("interaction", "synchronous"), ("fallback", "Orders are kept in the queue.")])
        .relate("Orders", "Search", &[("interaction", "synchronous")])
}
