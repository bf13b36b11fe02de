//! Kinds nested the wrong way round.

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Kinds nested the wrong way round.
pub static RULE: Rule = Rule {
    id: "nesting-of-kinds",
    title: "Kinds nested the wrong way round",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A person or a system is inside of a container, a container inside of a component, or anything inside \
        of a person.\n\n\
        The levels of the C4 model are people and systems, containers, components. Views by level leave out \
        what is nested otherwise.\n\n\
        Move it out, or change one of the kinds. A system in a system is fine.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements() {
        let parent = subject.model.parent(&element.id).and_then(|id| subject.element(id));
        let Some(parent) = parent else { continue };
        let (kind, around) = (element.text("kind"), parent.text("kind"));
        let (Some(inner), Some(outer)) = (kinds::depth(kind), kinds::depth(around)) else { continue };
        if inner < outer || around == "person" || kind == "person" {
            let what = format!("The {kind} {} is inside of the {around} {}.", element.label(), parent.label());
            findings.field(element, "parent", what);
        }
    }
}

fn bad() -> Case {
    Case::new().element("API", "container", &[]).element("Shop", "system", &[("parent", "API")])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("API", "container", &[("parent", "Shop")]).element(
        "Parser",
        "component",
        &[("parent", "API")],
    )
}
