//! System whose inside is not shown.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// System whose inside is not shown.
pub static RULE: Rule = Rule {
    id: "system-without-containers",
    title: "System whose inside is not shown",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A software system of one's own has nothing inside.\n\n\
        Who is to work on it learns only that it exists.\n\n\
        Add its applications and stores, or make it an external system if its inside is not yours.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for system in subject.elements().filter(|element| element.text("kind") == "system") {
        if system.text("status") != "proposed" && subject.index.children(&system.id).is_empty() {
            findings.record(system, format!("{} has nothing inside.", system.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("Orders", "service", &[("parent", "Shop")]).element(
        "Mail",
        "external",
        &[],
    )
}
