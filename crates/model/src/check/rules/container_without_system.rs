//! Container outside of any system.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Container outside of any system.
pub static RULE: Rule = Rule {
    id: "container-without-system",
    title: "Container outside of any system",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        There are software systems, and a container or component is in none of them.\n\n\
        Views of a system leave it out.\n\n\
        Choose what it is a part of.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let some = subject.elements().any(|element| element.text("kind") == "system");
    for element in subject.elements().filter(|_| some) {
        let kind = element.text("kind");
        if matches!(kind, "container" | "component") && subject.model.parent(&element.id).is_none() {
            findings.field(element, "parent", format!("The {kind} {} is in no system.", element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[]).element("API", "container", &[])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("API", "container", &[("parent", "Shop")])
}
