//! Two elements of one name beside each other.

use foldhash::HashMap;

use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Two elements of one name beside each other.
pub static RULE: Rule = Rule {
    id: "duplicate-name",
    title: "Two elements of one name beside each other",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        Two elements in the same place have the same name.\n\n\
        Texts, diagrams and paths cannot tell them apart.\n\n\
        Rename one of them, or put them together.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashMap<(Option<&str>, String), &str> = HashMap::default();
    for element in subject.list(Collection::Elements).filter(|element| element.has("name")) {
        let key = (subject.model.parent(&element.id), folded(&element.label()));
        if seen.insert(key, &element.id).is_some() {
            findings.field(element, "name", format!("There is another {} beside this one.", element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[]).element("orders", "database", &[])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("Orders", "service", &[]).element(
        "Orders",
        "component",
        &[("parent", "Shop")],
    )
}
