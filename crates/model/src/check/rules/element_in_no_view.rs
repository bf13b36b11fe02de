//! Element that no view shows.

use foldhash::HashSet;

use crate::check::views::shown;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Element that no view shows.
pub static RULE: Rule = Rule {
    id: "element-in-no-view",
    title: "Element that no view shows",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        There are views, and none of them shows the element.\n\n\
        Readers who look at the diagrams do not learn of it.\n\n\
        Add it to a view, or add a view of what it is part of.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashSet<&str> = HashSet::default();
    let mut some = false;
    for view in subject.list(Collection::Views) {
        some = true;
        seen.extend(shown(subject, view));
    }
    for element in subject.elements().filter(|element| some && !seen.contains(element.id.as_str())) {
        findings.record(element, format!("No view shows {}.", element.label()));
    }
}

fn bad() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .add("views", &[("name", "All"), ("kind", "landscape")])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Customer", "person", &[])
        .relate("Customer", "Orders", &[])
        .add("views", &[("name", "Inside"), ("kind", "container"), ("scope", "Shop")])
}
