//! Boundary with nothing inside.

use foldhash::HashSet;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;

/// Boundary with nothing inside.
pub static RULE: Rule = Rule {
    id: "boundary-without-elements",
    title: "Boundary with nothing inside",
    severity: Severity::Info,
    area: Area::Security,
    scope: Scope::Document,
    explanation: "\
        A boundary has no element and no other boundary in it.\n\n\
        It says that something is kept apart and not what.\n\n\
        Choose it on the elements that are inside, or delete it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    if subject.list(Collection::Boundaries).next().is_none() {
        return;
    }
    let used: HashSet<&str> = subject.elements().map(|element| element.text("boundary")).collect();
    for boundary in subject.list(Collection::Boundaries) {
        if !used.contains(boundary.id.as_str()) && subject.index.children(&boundary.id).is_empty() {
            let delete = vec![Edit::Delete { id: boundary.id.clone() }];
            let name = boundary.label();
            findings
                .record(boundary, format!("Nothing is inside of {name}."))
                .fix(format!("Delete the boundary {name}"), delete);
        }
    }
}

fn bad() -> Case {
    Case::new().add("boundaries", &[("name", "Own network")])
}

fn good() -> Case {
    Case::new().add("boundaries", &[("name", "Own network")]).element("Shop", "system", &[("boundary", "Own network")])
}
