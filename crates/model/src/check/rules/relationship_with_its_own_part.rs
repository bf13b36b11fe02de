//! Relationship between a whole and its part.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Relationship between a whole and its part.
pub static RULE: Rule = Rule {
    id: "relationship-with-its-own-part",
    title: "Relationship between a whole and its part",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A relationship leads from an element to something that is inside of it, or the other way round.\n\n\
        The part is the whole, as seen from outside: the arrow says nothing, and no view can show it. LikeC4 \
        refuses such relationships.\n\n\
        Choose the part that is really meant on both sides.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for relationship in subject.relationships() {
        let (from, to) = (relationship.text("from"), relationship.text("to"));
        let is_in = |part, whole| subject.upwards(part).skip(1).any(|id| id == whole);
        if is_in(from, to) {
            let what = format!("{} is itself a part of {}.", subject.name(from), subject.name(to));
            findings.record(relationship, what);
        } else if is_in(to, from) {
            let what = format!("{} is itself a part of {}.", subject.name(to), subject.name(from));
            findings.record(relationship, what);
        }
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[]).element("Orders", "service", &[("parent", "Shop")]).relate(
        "Orders",
        "Shop",
        &[],
    )
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .element("Mail", "external", &[])
        .relate("Orders", "Mail", &[])
}
