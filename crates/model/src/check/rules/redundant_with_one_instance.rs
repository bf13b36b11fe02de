//! Redundant element that runs once.

use std::collections::BTreeMap;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Redundant element that runs once.
pub static RULE: Rule = Rule {
    id: "redundant-with-one-instance",
    title: "Redundant element that runs once",
    severity: Severity::Warning,
    area: Area::Resilience,
    scope: Scope::Document,
    explanation: "\
        An element is marked as redundant, and an environment that runs several of other things runs one of \
        it.\n\n\
        Somebody relies on a second one that is not there.\n\n\
        Correct how many there are, or mark the element as single.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for environment in subject.list(Collection::Environments) {
        let mut running: BTreeMap<&str, (i64, &Record)> = BTreeMap::new();
        for node in subject.index.owned(&environment.id) {
            let times = |record: &Record| i64::from(record.number("count").max(1));
            for instance in subject.index.owned(&node.id) {
                let here = times(node) * times(instance);
                let sum = running.entry(instance.text("element")).or_insert((0, instance));
                sum.0 += here;
            }
        }
        // Where everything runs once, as on a developer's machine, that is meant.
        if running.values().all(|(count, _)| *count < 2) {
            continue;
        }
        for (id, (_, instance)) in running.into_iter().filter(|(_, (count, _))| *count < 2) {
            let element = subject.element(id).filter(|element| element.text("redundancy") == "redundant");
            if let Some(element) = element {
                let what = format!("{} is redundant, and {} runs one of it.", element.label(), environment.label());
                findings.field(instance, "count", what);
            }
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[("redundancy", "redundant")])
        .element("Web", "service", &[])
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Cluster")])
        .add("instances", &[("node", "Cluster"), ("element", "Orders")])
        .add("instances", &[("node", "Cluster"), ("element", "Web"), ("count", "3")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[("redundancy", "redundant")])
        .element("Web", "service", &[])
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Cluster"), ("count", "2")])
        .add("instances", &[("node", "Cluster"), ("element", "Orders")])
        .add("instances", &[("node", "Cluster"), ("element", "Web"), ("count", "3")])
}
