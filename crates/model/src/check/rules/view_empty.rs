//! View that shows nothing.

use crate::check::views::shown;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;

/// View that shows nothing.
pub static RULE: Rule = Rule {
    id: "view-empty",
    title: "View that shows nothing",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        A view shows no element.\n\n\
        An empty diagram looks like a fault of the program.\n\n\
        Choose what it is about, or other tags, or delete it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for view in subject.list(Collection::Views).filter(|view| shown(subject, view).is_empty()) {
        let delete = vec![Edit::Delete { id: view.id.clone() }];
        let name = view.label();
        findings.record(view, format!("The view {name} shows nothing.")).fix(format!("Delete the view {name}"), delete);
    }
}

fn bad() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .add("views", &[("name", "Cloud"), ("kind", "landscape"), ("tags", "cloud")])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[("tags", "cloud")])
        .add("views", &[("name", "Cloud"), ("kind", "landscape"), ("tags", "cloud")])
}
