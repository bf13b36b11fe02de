//! Nesting deeper than the project allows.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Nesting deeper than the project allows.
pub static RULE: Rule = Rule {
    id: "project-depth",
    title: "Nesting deeper than the project allows",
    severity: Severity::Error,
    area: Area::Project,
    scope: Scope::Document,
    explanation: "\
        An element is nested deeper than `max-depth` of the project.\n\n\
        The project decided how much detail belongs into the document.\n\n\
        Move it up, or leave it to the code.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let Some(limit) = subject.project.max_depth.and_then(|depth| usize::try_from(depth).ok()) else { return };
    for element in subject.elements() {
        let depth = subject.upwards(&element.id).count();
        if depth > limit {
            findings.field(
                element,
                "parent",
                format!("{} is nested {depth} deep; the project allows {limit}.", element.label()),
            );
        }
    }
}

fn bad() -> Case {
    Case::new().project("[check]\nmax-depth = 1\n").element("Shop", "system", &[]).element(
        "Orders",
        "service",
        &[("parent", "Shop")],
    )
}

fn good() -> Case {
    Case::new().project("[check]\nmax-depth = 2\n").element("Shop", "system", &[]).element(
        "Orders",
        "service",
        &[("parent", "Shop")],
    )
}
