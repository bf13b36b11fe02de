//! Confidential data across a trust boundary.

use std::collections::BTreeSet;

use foldhash::HashSet;

use super::confidential_data_unprotected::confidential;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Confidential data across a trust boundary.
pub static RULE: Rule = Rule {
    id: "confidential-data-over-boundary",
    title: "Confidential data across a trust boundary",
    severity: Severity::Warning,
    area: Area::Security,
    scope: Scope::Document,
    explanation: "\
        A relationship carries confidential data out of a trust boundary or into one. Protection on the way \
        is not enough there, unless both sides prove who they are.\n\n\
        Behind a trust boundary others decide what happens to the data.\n\n\
        Let both sides authenticate each other (`mutual`), or link a concern on data protection to the \
        relationship that says why it may cross.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let explained: HashSet<&str> = subject
        .list(Collection::Concerns)
        .filter(|concern| TOPICS.contains(&concern.text("topic")))
        .flat_map(|concern| concern.list("relationships"))
        .map(String::as_str)
        .collect();
    let open = |one: &&Record| one.text("protection") != "mutual" && !explained.contains(one.id.as_str());
    for relationship in subject.relationships().filter(open).filter(|one| one.has("classification")) {
        let ends = (subject.element(relationship.text("from")), subject.element(relationship.text("to")));
        let (Some(from), Some(to)) = ends else { continue };
        let Some(class) = confidential(subject, relationship.list("classification")) else { continue };
        let (inside, outside) = (boundaries(subject, from), boundaries(subject, to));
        if let Some(crossed) = inside.symmetric_difference(&outside).next() {
            let title = subject.title(relationship);
            let what =
                format!("{title} carries {} across the trust boundary {}.", class.label(), subject.name(crossed));
            findings.record(relationship, what);
        }
    }
}

/// What may say why data crosses a boundary.
const TOPICS: &[&str] = &["data-protection", "authentication", "authorization", "network-security"];

/// The trust boundaries around an element, by its own and what is around that.
fn boundaries<'a>(subject: &Checked<'a>, element: &'a Record) -> BTreeSet<&'a str> {
    let inner = subject.inherited(element, "boundary");
    let around = subject.upwards(inner).filter_map(|id| subject.model.live(id));
    around.filter(|boundary| matches!(boundary.text("kind"), "" | "trust")).map(|one| one.id.as_str()).collect()
}

fn bad() -> Case {
    Case::new()
        .add("boundaries", &[("name", "Own network"), ("kind", "trust")])
        .add("classes", &[("name", "Payment data"), ("level", "confidential")])
        .element("Shop", "system", &[("boundary", "Own network")])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Bank", "external", &[])
        .relate("Orders", "Bank", &[("classification", "Payment data"), ("protection", "encrypted")])
}

fn good() -> Case {
    Case::new()
        .add("boundaries", &[("name", "Own network"), ("kind", "trust")])
        .add("boundaries", &[("name", "Rack 2"), ("kind", "network"), ("parent", "Own network")])
        .add("classes", &[("name", "Payment data"), ("level", "confidential")])
        .element("Shop", "system", &[("boundary", "Own network")])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Store", "database", &[("boundary", "Rack 2")])
        .element("Bank", "external", &[])
        .relate("Orders", "Store", &[("classification", "Payment data"), ("protection", "encrypted")])
        .relate("Orders", "Bank", &[("classification", "Payment data"), ("protection", "mutual")])
}
