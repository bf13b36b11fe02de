//! Cache without an eviction policy.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Cache without an eviction policy.
pub static RULE: Rule = Rule {
    id: "cache-without-eviction",
    title: "Cache without an eviction policy",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Record,
    explanation: "\
        A cache does not say what is dropped when it is full.\n\n\
        Some caches refuse writes then, which looks like an outage.\n\n\
        Name the policy, such as “least recently used”.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| element.text("kind") == "cache" && !element.has("eviction")) {
        findings.field(
            element,
            "eviction",
            format!("{} does not say what is dropped when it is full.", element.label()),
        );
    }
}

fn bad() -> Case {
    Case::new().element("Sessions", "cache", &[])
}

fn good() -> Case {
    Case::new().element("Sessions", "cache", &[("eviction", "Least recently used.")])
}
