//! Step between two elements that have nothing to do with each other.

use std::collections::BTreeMap;

use foldhash::HashSet;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// Step between two elements that have nothing to do with each other.
pub static RULE: Rule = Rule {
    id: "step-without-relationship",
    title: "Step between two elements that have nothing to do with each other",
    severity: Severity::Warning,
    area: Area::Flow,
    scope: Scope::Document,
    explanation: "\
        A step leads from one element to another, and the model has no relationship between the two, nor \
        between parts of them.\n\n\
        Either the flow shows something that cannot happen, or a relationship was forgotten. Structurizr \
        refuses such steps.\n\n\
        Add the relationship, or correct the step. The fix adds it with the step's words.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let steps: Vec<&Record> = subject.list(Collection::Steps).filter(|step| leads_on(subject, step)).collect();
    let ends = |step: &Record| match step.text("kind") {
        "return" => (step.text("to").to_owned(), step.text("from").to_owned()),
        _ => (step.text("from").to_owned(), step.text("to").to_owned()),
    };
    let mut wanted: HashSet<(String, String)> = steps.iter().map(|step| ends(step)).collect();
    for relationship in subject.relationships() {
        if wanted.is_empty() {
            return;
        }
        // A relationship between parts is one between what they are in.
        for from in subject.upwards(relationship.text("from")).take(LEVELS) {
            for to in subject.upwards(relationship.text("to")).take(LEVELS) {
                wanted.remove(&(from.to_owned(), to.to_owned()));
            }
        }
    }
    for step in steps {
        let (from, to) = ends(step);
        if wanted.contains(&(from.clone(), to.clone())) {
            let (source, target) = (subject.name(&from), subject.name(&to));
            let what = format!("Nothing leads from {source} to {target}.");
            let title = format!("Add the relationship from {source} to {target}");
            findings.record(step, what).fix(title, vec![add(step, from, to)]);
        }
    }
}

/// How far around its ends a relationship still counts.
const LEVELS: usize = 8;

/// Whether a step goes between two elements and names no relationship.
fn leads_on(subject: &Checked<'_>, step: &Record) -> bool {
    let (from, to) = (step.text("from"), step.text("to"));
    let known = subject.element(from).is_some() && subject.element(to).is_some() && from != to;
    known && subject.model.live(step.text("relationship")).is_none()
}

fn add(step: &Record, from: String, to: String) -> Edit {
    let words = if step.text("kind") == "return" { "" } else { step.text("text").lines().next().unwrap_or_default() };
    let mut fields = BTreeMap::from([("from".to_owned(), Value::text(from)), ("to".to_owned(), Value::text(to))]);
    if !words.is_empty() && words.len() < 200 && !words.contains(crate::reference::OPEN) {
        fields.insert("description".to_owned(), Value::text(words));
    }
    Edit::Add { collection: "relationships".into(), id: None, fields, after: None }
}

fn bad() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .element("Orders", "service", &[])
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("from", "Web"), ("to", "Orders"), ("text", "places the order")])
}

fn good() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .element("Shop", "system", &[])
        .element("Orders", "service", &[("parent", "Shop")])
        .relate("Web", "Orders", &[])
        .add("flows", &[("name", "Check out")])
        .add("steps", &[("flow", "Check out"), ("from", "Web"), ("to", "Shop"), ("text", "places the order")])
        .add(
            "steps",
            &[("flow", "Check out"), ("from", "Orders"), ("to", "Web"), ("kind", "return"), ("text", "its number")],
        )
}
