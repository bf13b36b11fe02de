//! From a drawing to edits of the model: what is there already is found by its
//! name and only completed, the rest is added.

mod deployment;
mod steps;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Drawing, End, Form};
use crate::edit::Edit;
use crate::graph::Model;
use crate::kinds::guess_kind;
use crate::record::Record;
use crate::reference;
use crate::schema::Collection;
use crate::value::Value;

/// The longest line of a model, in bytes.
const LINE: usize = 2_000;

/// Edits that would take a drawing into the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// What would be done, in this order.
    pub edits: Vec<Edit>,
    /// What is taken otherwise than drawn, or left out, and why.
    pub notes: Vec<String>,
}

/// Proposes edits for what a drawing shows and the model lacks. Lifting the
/// same drawing a second time proposes nothing.
pub fn to_edits(drawing: &Drawing, model: &Model, fresh_id: &mut dyn FnMut() -> String) -> Proposal {
    let mut lifting = Lifting::new(drawing, model, fresh_id);
    if drawing.form == Form::Deployment {
        lifting.lift_machines();
    } else {
        lifting.lift_groups();
        lifting.lift_nodes();
    }
    lifting.lift_edges();
    lifting.lift_steps();
    lifting.proposal
}

/// Where the contents of a group go.
#[derive(Debug, Clone, Default, PartialEq)]
struct Place {
    parent: String,
    group: String,
}

/// What a box says of an element.
struct Said<'a> {
    name: &'a str,
    kind: &'static str,
    technology: &'a str,
    description: &'a str,
}

struct Lifting<'a> {
    drawing: &'a Drawing,
    model: &'a Model,
    fresh_id: &'a mut dyn FnMut() -> String,
    proposal: Proposal,
    by_name: HashMap<String, Vec<&'a Record>>,
    /// Elements that a box stands for already.
    claimed: HashSet<String>,
    /// Names that were added, to say when it is done twice.
    added: HashSet<String>,
    /// Parents that would be set, by element.
    parents: HashMap<String, String>,
    /// For each group, where its contents go.
    places: Vec<Place>,
    ends: HashMap<End, String>,
    /// Relationships by their ends, with those that would be added.
    relationships: HashMap<(String, String), Vec<String>>,
}

impl<'a> Lifting<'a> {
    fn new(drawing: &'a Drawing, model: &'a Model, fresh_id: &'a mut dyn FnMut() -> String) -> Self {
        let mut by_name: HashMap<String, Vec<&Record>> = HashMap::new();
        for element in model.list(Collection::Elements) {
            by_name.entry(plain(&element.label())).or_default().push(element);
        }
        let mut relationships: HashMap<(String, String), Vec<String>> = HashMap::new();
        for record in model.list(Collection::Relationships) {
            let ends = (record.text("from").to_owned(), record.text("to").to_owned());
            relationships.entry(ends).or_default().push(record.id.clone());
        }
        Lifting {
            drawing,
            model,
            fresh_id,
            proposal: Proposal::default(),
            by_name,
            claimed: HashSet::new(),
            added: HashSet::new(),
            parents: HashMap::new(),
            places: Vec::new(),
            ends: HashMap::new(),
            relationships,
        }
    }

    fn note(&mut self, note: String) {
        self.proposal.notes.push(note);
    }

    fn add(&mut self, collection: Collection, fields: Vec<(&str, String)>) -> String {
        let id = (self.fresh_id)();
        let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let fields: BTreeMap<String, Value> =
            filled.map(|(name, value)| (name.to_owned(), Value::text(value))).collect();
        let collection = collection.name().to_owned();
        self.proposal.edits.push(Edit::Add { collection, id: Some(id.clone()), fields, after: None });
        id
    }

    /// A group becomes an element when it says so, when arrows lead to it, or
    /// when there is one of its name; otherwise it is a frame around elements.
    fn lift_groups(&mut self) {
        let touched: HashSet<End> = self.drawing.edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
        for (index, group) in self.drawing.groups.iter().enumerate() {
            let around = group.parent.and_then(|parent| self.places.get(parent)).cloned().unwrap_or_default();
            let is_known = self.by_name.contains_key(&plain(&group.label));
            let end = End::Group(index);
            let place = if plain(&group.label).is_empty() {
                around
            } else if !group.hint.is_empty() || touched.contains(&end) || is_known {
                let said = Said {
                    name: &group.label,
                    kind: group.hint,
                    technology: &group.technology,
                    description: &group.description,
                };
                let id = self.element(&said, &around);
                self.ends.insert(end, id.clone());
                Place { parent: id, group: String::new() }
            } else {
                let own = line(&group.label.replace('/', "-"));
                let path = if around.group.is_empty() { own } else { format!("{}/{own}", around.group) };
                Place { parent: around.parent, group: line(&path) }
            };
            self.places.push(place);
        }
    }

    fn lift_nodes(&mut self) {
        for (index, node) in self.drawing.nodes.iter().enumerate() {
            let place = node.group.and_then(|group| self.places.get(group)).cloned().unwrap_or_default();
            let said = Said {
                name: &node.label,
                kind: node.hint,
                technology: &node.technology,
                description: &node.description,
            };
            let group = node.group.filter(|group| plain(&self.drawing.groups[*group].label) == plain(&node.label));
            let is_boundary = self.drawing.form == Form::C4 && group.is_some();
            let own = group.and_then(|group| self.ends.get(&End::Group(group))).filter(|_| is_boundary).cloned();
            match own {
                // In C4, what has the name of the boundary around it is the same thing.
                Some(id) => drop(self.ends.insert(End::Node(index), id)),
                None if plain(said.name).is_empty() => {}
                None => {
                    let id = self.element(&said, &place);
                    self.ends.insert(End::Node(index), id);
                }
            }
        }
    }

    /// The element that a box stands for: one that is there, or a new one.
    fn element(&mut self, said: &Said<'_>, place: &Place) -> String {
        let name = line(said.name);
        let known = self.by_name.get(&plain(&name)).map_or(&[][..], Vec::as_slice);
        let free: Vec<&Record> = known.iter().filter(|record| !self.claimed.contains(&record.id)).copied().collect();
        let at_home = |record: &&&Record| self.model.parent(&record.id).unwrap_or_default() == place.parent;
        let Some(record) = free.iter().find(at_home).or(free.first()).copied() else {
            return self.new_element(&name, said, place);
        };
        if free.len() > 1 {
            self.note(format!("“{name}” names {} elements; one of them is taken.", free.len()));
        }
        self.claimed.insert(record.id.clone());
        self.complete(record, said, place);
        record.id.clone()
    }

    fn new_element(&mut self, name: &str, said: &Said<'_>, place: &Place) -> String {
        if !self.added.insert(plain(name)) {
            self.note(format!("The diagram has several boxes named “{name}”; each becomes an element."));
        }
        let kind = if said.kind.is_empty() { guess_kind(name) } else { said.kind };
        let id = self.add(
            Collection::Elements,
            vec![
                ("name", name.to_owned()),
                ("kind", kind.to_owned()),
                ("parent", place.parent.clone()),
                ("group", place.group.clone()),
                ("purpose", reference::clean(said.description)),
            ],
        );
        if !said.technology.is_empty()
            && let Some(Edit::Add { fields, .. }) = self.proposal.edits.last_mut()
        {
            fields.insert("technologies".into(), technologies(said.technology));
        }
        self.parents.insert(id.clone(), place.parent.clone());
        id
    }

    /// Fills what an element leaves open. What it says stays.
    fn complete(&mut self, record: &Record, said: &Said<'_>, place: &Place) {
        let mut set = |field: &str, value: Value| {
            if !record.has(field) && !value.is_empty() {
                let (id, field) = (record.id.clone(), field.to_owned());
                self.proposal.edits.push(Edit::Set { id, field, value: Some(value) });
            }
        };
        set("technologies", technologies(said.technology));
        set("purpose", Value::text(reference::clean(said.description)));
        if !record.has("parent") && !record.has("group") {
            set("group", Value::text(place.group.clone()));
            if self.is_inside(&place.parent, &record.id) {
                let name = record.label();
                self.note(format!("“{name}” is not moved, since it holds what the diagram draws around it."));
            } else if !place.parent.is_empty() {
                let (id, value) = (record.id.clone(), Some(Value::text(place.parent.as_str())));
                self.proposal.edits.push(Edit::Set { id, field: "parent".into(), value });
                self.parents.insert(record.id.clone(), place.parent.clone());
            }
        } else if !place.parent.is_empty() && record.text("parent") != place.parent {
            self.note(format!("“{}” stays where it is; the diagram draws it elsewhere.", record.label()));
        }
    }

    /// Whether an element is, or would be, the other or inside of it.
    fn is_inside(&self, inner: &str, outer: &str) -> bool {
        let mut at = inner;
        for _ in 0..=self.model.len() + self.parents.len() {
            if at.is_empty() || at == outer {
                break;
            }
            let planned = self.parents.get(at).map(String::as_str);
            at = planned.or_else(|| self.model.parent(at)).unwrap_or_default();
        }
        at == outer
    }

    fn lift_edges(&mut self) {
        let known: HashSet<(String, String)> = self.relationships.keys().cloned().collect();
        let mut said: HashSet<(String, String, String)> = self
            .model
            .list(Collection::Relationships)
            .map(|record| {
                (record.text("from").to_owned(), record.text("to").to_owned(), record.text("description").to_owned())
            })
            .collect();
        for edge in &self.drawing.edges {
            let (Some(a), Some(b)) = (self.ends.get(&edge.from).cloned(), self.ends.get(&edge.to).cloned()) else {
                self.note(format!("The arrow of line {} begins or ends at nothing that has a name.", edge.line));
                continue;
            };
            let mut directions = vec![(a.clone(), b.clone())];
            if edge.both {
                directions.push((b, a));
            }
            for (from, to) in directions {
                let description = line(&edge.label);
                // An arrow without words says no more than a relationship that is there.
                let is_told = description.is_empty() && known.contains(&(from.clone(), to.clone()));
                if is_told || !said.insert((from.clone(), to.clone(), description.clone())) {
                    continue;
                }
                let interaction = if edge.asynchronous { "asynchronous" } else { "" };
                let id = self.add(
                    Collection::Relationships,
                    vec![
                        ("from", from.clone()),
                        ("to", to.clone()),
                        ("description", description),
                        ("technology", line(&edge.technology)),
                        ("interaction", interaction.to_owned()),
                    ],
                );
                self.relationships.entry((from, to)).or_default().push(id);
            }
        }
    }
}

/// A name for comparing: lower case, single spaces.
fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A text that fits a line of the model.
fn line(text: &str) -> String {
    let joined = reference::clean(text).lines().map(str::trim).collect::<Vec<_>>().join(" ");
    joined[..joined.floor_char_boundary(LINE)].trim().to_owned()
}

fn technologies(text: &str) -> Value {
    Value::list(text.split(',').map(line).filter(|part| !part.is_empty()))
}
