//! Two environments side by side: what runs in one and not in the other, how
//! often, and where.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::graph::{Model, slug};
use crate::record::Record;
use crate::schema::Collection;

/// How deep nodes are followed upwards.
const DEPTH: usize = 64;

/// In what two environments differ for one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// In nothing.
    Same,
    /// It is only in the first.
    OnlyA,
    /// It is only in the second.
    OnlyB,
    /// There is another number of them.
    Counts,
    /// There are as many, on other nodes.
    Nodes,
    /// A node is of another technology.
    Technology,
}

/// An element in both environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ElementRow {
    /// The element's id.
    pub element: String,
    /// Its name.
    pub label: String,
    /// How many run in the first; nodes that are there several times count.
    pub in_a: u64,
    /// How many run in the second.
    pub in_b: u64,
    /// The nodes it runs on in the first, such as `Europe / Cluster`, sorted.
    pub nodes_a: Vec<String>,
    /// The nodes it runs on in the second.
    pub nodes_b: Vec<String>,
    /// What is different.
    pub difference: Difference,
}

/// A node in both environments: two nodes are the same one when they and those
/// around them are named alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRow {
    /// The names from the outside in, such as `Europe / Cluster`.
    pub path: String,
    /// How many there are in the first.
    pub in_a: u64,
    /// How many there are in the second.
    pub in_b: u64,
    /// What it is in the first.
    pub technology_a: String,
    /// What it is in the second.
    pub technology_b: String,
    /// What is different.
    pub difference: Difference,
}

/// Two environments side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Elements that run in either, in the order of elements.
    pub elements: Vec<ElementRow>,
    /// Nodes of either: the first one's in their order, then the other's.
    pub nodes: Vec<NodeRow>,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.elements.iter().all(|row| row.difference == Difference::Same)
            && self.nodes.iter().all(|row| row.difference == Difference::Same)
    }
}

/// What runs in an environment, by element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Running {
    /// How many.
    pub count: u64,
    /// On which nodes, sorted.
    pub nodes: Vec<String>,
}

/// Compares two environments by their ids. One that is not there is empty.
pub fn environments(model: &Model, a: &str, b: &str) -> Comparison {
    let (in_a, in_b) = (running(model, a), running(model, b));
    let elements = model.every(Collection::Elements).filter_map(|element| {
        let (a, b) = (in_a.get(&element.id), in_b.get(&element.id));
        let present = a.is_some() || b.is_some();
        present.then(|| element_row(element, a, b))
    });
    Comparison { elements: elements.collect(), nodes: node_rows(model, a, b) }
}

/// What runs in an environment, by the element's id.
pub fn running(model: &Model, environment: &str) -> BTreeMap<String, Running> {
    let mut out: BTreeMap<String, Running> = BTreeMap::new();
    let known: HashMap<&str, Place> =
        model.owned(environment, Collection::Nodes).map(|node| (node.id.as_str(), place(model, node))).collect();
    for instance in model.list(Collection::Instances) {
        let Some(place) = known.get(instance.text("node")) else { continue };
        let found = out.entry(instance.text("element").to_owned()).or_default();
        found.count = found.count.saturating_add(place.count.saturating_mul(count(instance)));
        found.nodes.push(place.names.clone());
    }
    for found in out.values_mut() {
        found.nodes.sort();
        found.nodes.dedup();
    }
    out
}

/// How an element that runs in either of two environments differs in them.
pub(crate) fn difference(a: Option<&Running>, b: Option<&Running>) -> Difference {
    let key = |running: &Running| running.nodes.iter().map(|node| slug(node)).collect::<Vec<_>>();
    match (a, b) {
        (None, None) => Difference::Same,
        (Some(_), None) => Difference::OnlyA,
        (None, Some(_)) => Difference::OnlyB,
        (Some(a), Some(b)) if a.count != b.count => Difference::Counts,
        (Some(a), Some(b)) if key(a) != key(b) => Difference::Nodes,
        _ => Difference::Same,
    }
}

fn element_row(element: &Record, a: Option<&Running>, b: Option<&Running>) -> ElementRow {
    let nodes = |running: Option<&Running>| running.map(|running| running.nodes.clone()).unwrap_or_default();
    ElementRow {
        element: element.id.clone(),
        label: element.label(),
        in_a: a.map_or(0, |running| running.count),
        in_b: b.map_or(0, |running| running.count),
        nodes_a: nodes(a),
        nodes_b: nodes(b),
        difference: difference(a, b),
    }
}

fn node_rows(model: &Model, a: &str, b: &str) -> Vec<NodeRow> {
    let mut rows: Vec<NodeRow> = Vec::new();
    let mut sides: Vec<(bool, bool)> = Vec::new();
    let mut found: HashMap<String, usize> = HashMap::new();
    for (environment, second) in [(a, false), (b, true)] {
        for node in model.owned(environment, Collection::Nodes) {
            let place = place(model, node);
            let at = *found.entry(place.key).or_insert_with(|| {
                rows.push(NodeRow {
                    path: place.names,
                    in_a: 0,
                    in_b: 0,
                    technology_a: String::new(),
                    technology_b: String::new(),
                    difference: Difference::Same,
                });
                sides.push((false, false));
                rows.len() - 1
            });
            let (row, side) = (&mut rows[at], &mut sides[at]);
            let (here, technology, there) = match second {
                false => (&mut row.in_a, &mut row.technology_a, &mut side.0),
                true => (&mut row.in_b, &mut row.technology_b, &mut side.1),
            };
            *here = here.saturating_add(place.count);
            if technology.is_empty() {
                technology.push_str(node.text("technology"));
            }
            *there = true;
        }
    }
    for (row, side) in rows.iter_mut().zip(sides) {
        row.difference = match side {
            (true, false) => Difference::OnlyA,
            (false, true) => Difference::OnlyB,
            _ if row.in_a != row.in_b => Difference::Counts,
            _ if slug(&row.technology_a) != slug(&row.technology_b) => Difference::Technology,
            _ => Difference::Same,
        };
    }
    rows
}

struct Place {
    /// For people.
    names: String,
    /// For comparing: capitals and punctuation make no other node.
    key: String,
    /// How many there are, those around it counted.
    count: u64,
}

fn place(model: &Model, node: &Record) -> Place {
    let (mut names, mut total) = (Vec::new(), 1u64);
    let mut at = Some(node);
    while let Some(node) = at.filter(|_| names.len() < DEPTH) {
        names.push(node.label());
        total = total.saturating_mul(count(node));
        at = model.parent(&node.id).and_then(|id| model.get(id));
    }
    names.reverse();
    let key = names.iter().map(|name| slug(name)).collect::<Vec<_>>().join("/");
    Place { names: names.join(" / "), key, count: total }
}

/// How many there are; one when nothing is said.
fn count(record: &Record) -> u64 {
    if record.has("count") { u64::try_from(record.number("count")).unwrap_or(0) } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn made(collection: Collection, id: &str, fields: &[(&str, &str)]) -> Record {
        let mut record = Record::new(collection, id);
        record.order = id.to_owned();
        for (name, value) in fields {
            let number = value.parse().ok().filter(|_| *name == "count").map(Value::Number);
            record = record.with(name, number.unwrap_or_else(|| Value::text(*value)));
        }
        record
    }

    fn two_environments() -> Model {
        let mut records = vec![made(Collection::Environments, "a", &[("name", "Staging")])];
        records.push(made(Collection::Environments, "b", &[("name", "Production")]));
        for (id, name) in [("1", "Web"), ("2", "Orders"), ("3", "Store"), ("4", "Cache"), ("5", "Idle")] {
            records.push(made(Collection::Elements, id, &[("name", name)]));
        }
        let nodes: [(&str, &[(&str, &str)]); 4] = [
            ("c1", &[("environment", "a"), ("name", "Cluster"), ("count", "2"), ("technology", "k3s")]),
            ("c2", &[("environment", "b"), ("name", "cluster"), ("count", "2"), ("technology", "Kubernetes")]),
            ("c3", &[("environment", "b"), ("name", "Node"), ("parent", "c2"), ("count", "3")]),
            ("c4", &[("environment", "a"), ("name", "Old machine")]),
        ];
        records.extend(nodes.map(|(id, fields)| made(Collection::Nodes, id, fields)));
        let instances = [
            ("d1", "c1", "1", ""),
            ("d2", "c2", "1", ""),
            ("d3", "c1", "2", "3"),
            ("d4", "c3", "2", ""),
            ("d5", "c4", "3", ""),
            ("d6", "c3", "4", "0"),
        ];
        for (id, node, element, count) in instances {
            let mut fields = vec![("node", node), ("element", element)];
            fields.extend((!count.is_empty()).then_some(("count", count)));
            records.push(made(Collection::Instances, id, &fields));
        }
        Model::of(records)
    }

    #[test]
    fn what_differs_between_environments_is_named() {
        let compared = environments(&two_environments(), "a", "b");
        let rows: Vec<(&str, u64, u64, Difference)> =
            compared.elements.iter().map(|row| (row.label.as_str(), row.in_a, row.in_b, row.difference)).collect();
        assert_eq!(
            rows,
            [
                ("Web", 2, 2, Difference::Same),
                ("Orders", 6, 6, Difference::Nodes),
                ("Store", 1, 0, Difference::OnlyA),
                ("Cache", 0, 0, Difference::OnlyB),
            ]
        );
        assert_eq!(compared.elements[1].nodes_b, ["cluster / Node"]);
        let nodes: Vec<(&str, Difference)> =
            compared.nodes.iter().map(|row| (row.path.as_str(), row.difference)).collect();
        assert_eq!(
            nodes,
            [
                ("Cluster", Difference::Technology),
                ("Old machine", Difference::OnlyA),
                ("cluster / Node", Difference::OnlyB),
            ]
        );
        assert!(!compared.is_same());
    }

    #[test]
    fn turned_around_it_says_the_opposite_and_with_itself_nothing() {
        let model = two_environments();
        assert!(environments(&model, "a", "a").is_same());
        let (there, back) = (environments(&model, "a", "b"), environments(&model, "b", "a"));
        for (one, other) in there.elements.iter().zip(&back.elements) {
            assert_eq!((one.in_a, one.in_b, &one.nodes_a), (other.in_b, other.in_a, &other.nodes_b));
            assert_eq!(one.difference == Difference::OnlyA, other.difference == Difference::OnlyB);
        }
        assert!(environments(&model, "a", "nowhere").elements.iter().all(|row| row.difference == Difference::OnlyA));
    }

    #[test]
    fn what_is_in_the_trash_does_not_run() {
        let mut model = two_environments();
        let mut cluster = model.get("c2").unwrap().clone();
        cluster.deleted = true;
        model.put(cluster);
        assert!(running(&model, "b").is_empty(), "the inner node went with the outer one");
    }
}
