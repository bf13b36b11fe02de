//! Things that are inside each other.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::COLLECTIONS;

/// Things that are inside each other.
pub static RULE: Rule = Rule {
    id: "containment-cycle",
    title: "Things that are inside each other",
    severity: Severity::Error,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        Two or more records are nested in each other in a circle.\n\n\
        This happens when two people each move one into the other at the same time. Until it is resolved, \
        one of them is shown at the top.\n\n\
        Decide which one is outside. The fix leaves the outermost one where it is shown, at the top.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for collection in COLLECTIONS {
        let Some(nesting) = collection.table().nesting else { continue };
        for record in subject.list(collection) {
            // The model cuts a circle at one record: its parent is named and does not count.
            let cut = subject.model.parent(&record.id).is_none();
            let Some(parent) = subject.model.live(record.text(nesting)).filter(|_| cut) else { continue };
            if !subject.upwards(&parent.id).any(|id| id == record.id) {
                continue;
            }
            let what = format!("{} is inside of {}, which is inside of it.", record.label(), parent.label());
            let set = Edit::Set { id: record.id.clone(), field: nesting.into(), value: None };
            findings.field(record, nesting, what).fix(format!("Leave {} at the top", record.label()), vec![set]);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .set("Shop", "parent", "Orders")
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("Orders", "service", &[("parent", "Shop")])
}
