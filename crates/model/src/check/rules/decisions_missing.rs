//! Containers and no decision.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Containers and no decision.
pub static RULE: Rule = Rule {
    id: "decisions-missing",
    title: "Containers and no decision",
    severity: Severity::Info,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        The model shows what a system is built of, and no decision says why.\n\n\
        The reasons are what one cannot read from the code later. Structurizr's inspections ask for \
        decisions, too.\n\n\
        Write down the first decision; the choice of a database is a good one to begin with.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let inside = subject.elements().any(|element| subject.model.parent(&element.id).is_some());
    if inside && subject.list(Collection::Decisions).next().is_none() {
        findings.collection(Collection::Decisions, "The document has no decisions.".into());
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[]).element("Orders", "service", &[("parent", "Shop")])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .add("decisions", &[("number", "1"), ("title", "Use Rust")])
}
