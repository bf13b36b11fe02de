//! Element without a technology.

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Element without a technology.
pub static RULE: Rule = Rule {
    id: "element-without-technology",
    title: "Element without a technology",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A program, a store or a component does not name a technology.\n\n\
        Who operates, hires for or secures the system needs to know what it is built with.\n\n\
        Name languages, frameworks or products.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| {
        (kinds::RUNNING.contains(&element.text("kind")) || element.text("kind") == "component")
            && !element.has("technologies")
    }) {
        findings.field(element, "technologies", format!("{} does not say what it is built with.", element.label()));
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[])
}

fn good() -> Case {
    Case::new().element("Orders", "service", &[("technologies", "Rust")]).element("Ada", "person", &[]).element(
        "Shop",
        "system",
        &[],
    )
}
