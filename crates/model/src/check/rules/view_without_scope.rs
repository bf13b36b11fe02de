//! View of nothing in particular.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// View of nothing in particular.
pub static RULE: Rule = Rule {
    id: "view-without-scope",
    title: "View of nothing in particular",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        A view that is about a system, a container, an environment or a flow does not say about which, or \
        names something else.\n\n\
        What the diagram shows is then a guess.\n\n\
        Choose a system or container for a view of its context or its inside, an environment for one of \
        deployment, a flow for a dynamic one.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for view in subject.list(Collection::Views).filter(|view| !view.has("elements")) {
        let wanted = match view.text("kind") {
            "context" | "container" | "component" => Collection::Elements,
            "deployment" => Collection::Environments,
            "dynamic" => Collection::Flows,
            _ => continue,
        };
        let singular = wanted.table().singular;
        let what = match subject.model.live(view.text("scope")) {
            Some(scope) if scope.collection == wanted => continue,
            Some(scope) => format!("The view {} is about {}, which is no {singular}.", view.label(), scope.label()),
            None => format!("The view {} does not say which {singular} it is about.", view.label()),
        };
        findings.field(view, "scope", what);
    }
}

fn bad() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .add("views", &[("name", "Live"), ("kind", "deployment"), ("scope", "Shop")])
}

fn good() -> Case {
    Case::new()
        .add("environments", &[("name", "Production")])
        .add("views", &[("name", "Live"), ("kind", "deployment"), ("scope", "Production")])
}
