//! What the sections of a document show of its model already.

use std::collections::{HashMap, HashSet};

use crate::graph::Model;
use crate::markdown::lift::{Kinds, SectionText, ends};
use crate::markdown::told::Told;
use crate::record::Record;
use crate::reference::{self, OPEN, Reference};
use crate::schema::{COLLECTIONS, Collection, Field, Shape};
use crate::value::Value;

pub(super) struct Shown<'a> {
    fields: HashMap<String, HashSet<String>>,
    /// The section that is about a record, by index.
    homes: HashMap<String, usize>,
    /// Records of whose names there are mentions.
    named: HashSet<String>,
    told: &'a Told,
    /// For each record the fields that are missing, worked out once.
    missing: HashMap<String, Vec<&'static Field>>,
}

impl<'a> Shown<'a> {
    pub fn read(sections: &[SectionText], model: &Model, kinds: &Kinds, told: &'a Told) -> Self {
        let mut shown = Shown {
            fields: HashMap::new(),
            homes: HashMap::new(),
            named: HashSet::new(),
            told,
            missing: HashMap::new(),
        };
        // A heading counts more than a text that comes before it.
        for (index, section) in sections.iter().enumerate() {
            for (_, reference) in reference::find(&section.title) {
                let Some(record) = model.get(&reference.id) else { continue };
                if kinds.collection(index) == Some(record.collection) {
                    shown.homes.entry(reference.id.clone()).or_insert(index);
                }
                shown.add(reference, model);
            }
        }
        for (index, section) in sections.iter().enumerate() {
            for (_, reference) in reference::find(&section.body) {
                let Some(record) = model.get(&reference.id) else { continue };
                let mention = record.collection == Collection::Elements && reference.field == "name";
                if !mention {
                    shown.homes.entry(reference.id.clone()).or_insert(index);
                }
                shown.add(reference, model);
            }
        }
        for record in COLLECTIONS.into_iter().flat_map(|collection| model.list(collection)) {
            let missing = shown.find_missing(record);
            if !missing.is_empty() {
                shown.missing.insert(record.id.clone(), missing);
            }
        }
        shown
    }

    fn add(&mut self, reference: Reference, model: &Model) {
        if let Some(record) = model.get(&reference.id) {
            match record.get(&reference.field) {
                Some(Value::Text(text)) if text.contains(OPEN) => {
                    self.named.extend(reference::find(text).into_iter().map(|(_, mention)| mention.id));
                }
                Some(Value::Text(id)) if is_ref(record, &reference.field) => drop(self.named.insert(id.to_string())),
                Some(Value::List(ids)) if is_ref(record, &reference.field) => self.named.extend(ids.iter().cloned()),
                _ => {}
            }
        }
        self.named.insert(reference.id.clone());
        self.fields.entry(reference.id).or_default().insert(reference.field);
    }

    /// The section that is about a record.
    pub fn home(&self, id: &str) -> Option<usize> {
        self.homes.get(id).copied()
    }

    /// Whether a field is shown somewhere.
    pub fn has(&self, id: &str, field: &str) -> bool {
        self.fields.get(id).is_some_and(|fields| fields.contains(field)) || self.told.says(id, field)
    }

    /// Whether anything of a record is shown.
    pub fn any(&self, id: &str) -> bool {
        self.fields.contains_key(id) || self.told.any(id)
    }

    /// Whether a record is at least named.
    pub fn is_named(&self, id: &str) -> bool {
        self.named.contains(id) || self.told.any(id)
    }

    /// The fields of a record that have a value and are not shown, but for
    /// those that go without saying.
    pub fn missing(&self, record: &Record) -> &[&'static Field] {
        self.missing.get(&record.id).map_or(&[], Vec::as_slice)
    }

    fn find_missing(&self, record: &Record) -> Vec<&'static Field> {
        let fields = record.collection.table().fields.iter();
        fields
            .filter(|field| record.has(field.name) && !field.is_derived() && !field.internal)
            .filter(|field| !self.has(&record.id, field.name) && !goes_without_saying(record, field))
            .collect()
    }
}

fn is_ref(record: &Record, field: &str) -> bool {
    let shape = record.collection.field(field).map(|field| field.shape);
    matches!(shape, Some(Shape::Ref(_) | Shape::Refs(_)))
}

/// Whether a field follows from where its record stands, or from its text.
/// What an element is and is a part of is looked at where its section is.
fn goes_without_saying(record: &Record, field: &Field) -> bool {
    let table = record.collection.table();
    let nests = matches!(record.collection, Collection::Elements | Collection::Steps | Collection::Nodes);
    // Attachments stand in a list of their own, which says what they are on.
    let owned = Some(field.name) == table.owner && record.collection != Collection::Attachments;
    if owned || (nests && Some(field.name) == table.nesting) {
        return true;
    }
    let mentioned = |ids: &[String]| {
        let text = record.text("statement");
        let found = reference::find(text);
        ids.iter().all(|id| found.iter().any(|(_, mention)| mention.id == *id))
    };
    match (record.collection, field.name) {
        (Collection::Elements, "kind" | "formerNames")
        | (Collection::Relationships, "from" | "to")
        | (Collection::Evidence, "about") => true,
        (Collection::Concerns, "topic") | (Collection::Instances, "element") | (Collection::Decisions, "number") => {
            true
        }
        (Collection::Concerns, "elements") => mentioned(record.list("elements")),
        (Collection::Steps, "kind") => record.text("kind") == "message",
        (Collection::Steps, "from" | "to") => {
            ends(record.text("text")).is_some_and(|(from, to)| from == record.text("from") && to == record.text("to"))
        }
        _ => false,
    }
}
