//! Cache without a TTL.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Cache without a TTL.
pub static RULE: Rule = Rule {
    id: "cache-without-ttl",
    title: "Cache without a TTL",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Record,
    explanation: "\
        A cache does not say how long an entry lives.\n\n\
        Old data is shown for as long as nobody notices.\n\n\
        Write the time to live, or what invalidates an entry.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| element.text("kind") == "cache" && !element.has("ttl")) {
        findings.field(element, "ttl", format!("{} does not say how long an entry lives.", element.label()));
    }
}

fn bad() -> Case {
    Case::new().element("Sessions", "cache", &[])
}

fn good() -> Case {
    Case::new().element("Sessions", "cache", &[("ttl", "30 minutes")])
}
