//! Value that the kind of element does not have.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;

/// Value that the kind of element does not have.
pub static RULE: Rule = Rule {
    id: "field-of-another-kind",
    title: "Value that the kind of element does not have",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        An element holds a value in a field that its kind does not have, such as a TTL after a cache became \
        a database.\n\n\
        Forms do not show it, and nobody keeps it up to date.\n\n\
        Take the value out, or write it into the purpose. The fix takes it out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| element.has("kind")) {
        let kind = element.text("kind");
        for name in element.fields.keys() {
            let Some(field) = element.collection.field(name).filter(|field| !field.applies(kind)) else { continue };
            let what = format!("{} has a {}, which a {kind} does not have.", element.label(), field.title);
            let set = Edit::Set { id: element.id.clone(), field: (*name).into(), value: None };
            findings.field(element, name, what).fix(format!("Take the {} out", field.title), vec![set]);
        }
    }
}

fn bad() -> Case {
    Case::new().element("Store", "database", &[("ttl", "5 minutes")])
}

fn good() -> Case {
    Case::new().element("Sessions", "cache", &[("ttl", "5 minutes")])
}
