//! Model without a view.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Model without a view.
pub static RULE: Rule = Rule {
    id: "views-missing",
    title: "Model without a view",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        The model has several elements and no view of them.\n\n\
        A diagram is what most readers look at first.\n\n\
        Add a view of the system in its context.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    if subject.elements().nth(1).is_some() && subject.list(Collection::Views).next().is_none() {
        findings.collection(Collection::Views, "The model has no view.".into());
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[]).element("Customer", "person", &[])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Customer", "person", &[])
        .add("views", &[("name", "Context"), ("kind", "context"), ("scope", "Shop")])
}
