//! Environment that lacks what another has.

use std::collections::BTreeMap;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// Environment that lacks what another has.
pub static RULE: Rule = Rule {
    id: "environment-lacks-instance",
    title: "Environment that lacks what another has",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        Something runs in one environment and not in another.\n\n\
        What was tested in one does not hold in the other.\n\n\
        Add the instance, or say in the environment's description how it differs and suppress the finding \
        with that reason. Where a node of the same name is there, the fix adds it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let running: Vec<Running> = subject.list(Collection::Environments).map(|one| Running::of(subject, one)).collect();
    let mut all: BTreeMap<&str, (&Record, &Record)> = BTreeMap::new();
    for one in &running {
        for (element, node) in &one.elements {
            all.entry(element).or_insert((one.environment, node));
        }
    }
    for one in running.iter().filter(|one| !one.elements.is_empty()) {
        for (element, (other, node)) in all.iter().filter(|(element, _)| !one.elements.contains_key(*element)) {
            let (here, there, name) = (one.environment.label(), other.label(), subject.name(element));
            let what = format!("{here} does not run {name}, and {there} does.");
            let finding = findings.record(one.environment, what);
            if let Some(same) = one.nodes.get(&node.label()) {
                finding.fix(format!("Run {name} on {} of {here}", same.label()), vec![add(&same.id, element)]);
            }
        }
    }
}

struct Running<'a> {
    environment: &'a Record,
    /// What runs, with a node that it runs on.
    elements: BTreeMap<&'a str, &'a Record>,
    nodes: BTreeMap<String, &'a Record>,
}

impl<'a> Running<'a> {
    fn of(subject: &Checked<'a>, environment: &'a Record) -> Running<'a> {
        let mut running = Running { environment, elements: BTreeMap::new(), nodes: BTreeMap::new() };
        for node in subject.index.owned(&environment.id) {
            running.nodes.entry(node.label()).or_insert(node);
            let instances = subject.index.owned(&node.id).iter().map(|instance| instance.text("element"));
            for element in instances.filter(|id| subject.element(id).is_some()) {
                running.elements.entry(element).or_insert(node);
            }
        }
        running
    }
}

fn add(node: &str, element: &str) -> Edit {
    let fields = [("node", node), ("element", element)];
    let fields: BTreeMap<String, Value> = fields.map(|(name, id)| (name.to_owned(), Value::text(id))).into();
    Edit::Add { collection: "instances".into(), id: None, fields, after: None }
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Sessions", "cache", &[])
        .add("environments", &[("name", "Staging")])
        .add("nodes", &[("environment", "Staging"), ("name", "Cluster")])
        .add("instances", &[("node", "Cluster"), ("element", "Orders")])
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Servers")])
        .add("nodes", &[("environment", "Production"), ("name", "Cluster B")])
        .add("instances", &[("node", "Servers"), ("element", "Sessions")])
        .add("instances", &[("node", "Cluster B"), ("element", "Orders")])
        .set("Cluster B", "name", "Cluster")
        .set("Servers", "name", "Cluster")
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .add("environments", &[("name", "Laptop")])
        .add("environments", &[("name", "Staging")])
        .add("nodes", &[("environment", "Staging"), ("name", "Server")])
        .add("instances", &[("node", "Server"), ("element", "Orders")])
        .add("environments", &[("name", "Production")])
        .add("nodes", &[("environment", "Production"), ("name", "Cluster")])
        .add("instances", &[("node", "Cluster"), ("element", "Orders"), ("count", "3")])
}
