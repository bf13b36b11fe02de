//! No elements at all.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// No elements at all.
pub static RULE: Rule = Rule {
    id: "model-empty",
    title: "No elements at all",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        The document has text, and its model has no element.\n\n\
        Diagrams, flows and most checks work on the model. Prose alone cannot be checked.\n\n\
        Add elements, or let the import lift them from the text.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let written = subject.sections.iter().any(|section| !section.rendered.trim().is_empty());
    if written && subject.list(Collection::Elements).next().is_none() {
        findings.collection(Collection::Elements, "The model has no elements.".into());
    }
}

fn bad() -> Case {
    Case::new().section("overview", "Overview", "A shop for books.")
}

fn good() -> Case {
    Case::new().section("overview", "Overview", "A shop for books.").element("Shop", "system", &[])
}
