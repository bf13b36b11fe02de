//! The model as it will be: what was there, and what lifting has added so far.
//! A section that cannot be lifted is taken back as a whole.

use std::collections::{HashMap, HashSet};

use crate::edit::Edit;
use crate::graph::Model;
use crate::record::Record;
use crate::reference::{self, Reference};
use crate::schema::{Collection, Field};
use crate::value::Value;

pub(super) struct Draft<'m> {
    model: &'m Model,
    fresh_id: &'m mut dyn FnMut() -> String,
    /// Records that were added or changed, as they are now.
    records: HashMap<String, Record>,
    log: Vec<Entry>,
    /// By collection, owner and name in lower case.
    named: HashMap<(Collection, String, String), Vec<String>>,
    /// Elements by their exact names.
    elements: HashMap<String, Vec<String>>,
    /// Relationships by their ends.
    between: HashMap<(String, String), Vec<String>>,
    /// Decision numbers that are taken.
    numbers: HashSet<String>,
    /// Fields that a text showed before: filling one would change that text.
    shown: HashSet<(String, String)>,
}

enum Entry {
    Add { id: String, after: Option<String> },
    Set { id: String, field: &'static str, before: Option<Value> },
}

impl<'m> Draft<'m> {
    pub fn new(
        model: &'m Model,
        fresh_id: &'m mut dyn FnMut() -> String,
        texts: impl IntoIterator<Item = &'m str>,
    ) -> Self {
        let mut draft = Draft {
            model,
            fresh_id,
            records: HashMap::new(),
            log: Vec::new(),
            named: HashMap::new(),
            elements: HashMap::new(),
            between: HashMap::new(),
            numbers: HashSet::new(),
            shown: HashSet::new(),
        };
        for record in model.all() {
            if record.collection == Collection::Decisions {
                draft.numbers.insert(record.text("number").to_owned());
            }
            if !model.is_hidden(&record.id) {
                draft.index(record);
            }
        }
        for text in texts {
            let found = reference::find(text).into_iter();
            draft.shown.extend(found.map(|(_, reference)| (reference.id, reference.field)));
        }
        draft
    }

    /// A record as it is now.
    pub fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id).or_else(|| self.model.get(id))
    }

    /// A record's name as it is now; "" when there is none.
    pub fn name(&self, id: &str) -> &str {
        self.get(id).map_or("", |record| record.text(record.collection.table().label))
    }

    /// Whether a record is there and not in the trash.
    pub fn is_live(&self, id: &str) -> bool {
        self.records.contains_key(id) || self.model.live(id).is_some()
    }

    fn key(&self, record: &Record) -> Option<(Collection, String, String)> {
        let table = record.collection.table();
        let owner = match record.collection {
            Collection::Concerns => record.text("topic"),
            _ => table.owner.map_or("", |owner| record.text(owner)),
        };
        let name = match record.collection {
            Collection::Steps | Collection::Relationships | Collection::Evidence => return None,
            Collection::Concerns if !record.has("name") => record.text("statement"),
            _ => record.text(table.label),
        };
        Some((record.collection, owner.to_owned(), self.plain(name).trim().to_lowercase()))
    }

    fn index(&mut self, record: &Record) {
        let id = &record.id;
        if let Some(key) = self.key(record) {
            self.named.entry(key).or_default().push(id.clone());
        }
        if record.collection == Collection::Elements {
            self.elements.entry(record.text("name").to_owned()).or_default().push(id.clone());
        }
        if record.collection == Collection::Relationships {
            let ends = (record.text("from").to_owned(), record.text("to").to_owned());
            self.between.entry(ends).or_default().push(id.clone());
        }
    }

    /// Takes a record out of the indexes; it is usually the last that came in.
    fn forget(&mut self, record: &Record) {
        let remove = |ids: Option<&mut Vec<String>>| {
            let Some(ids) = ids else { return };
            if let Some(at) = ids.iter().rposition(|id| *id == record.id) {
                ids.remove(at);
            }
        };
        if let Some(key) = self.key(record) {
            remove(self.named.get_mut(&key));
        }
        match record.collection {
            Collection::Elements => remove(self.elements.get_mut(record.text("name"))),
            Collection::Relationships => {
                remove(self.between.get_mut(&(record.text("from").to_owned(), record.text("to").to_owned())));
            }
            Collection::Decisions => drop(self.numbers.remove(record.text("number"))),
            _ => {}
        }
    }

    /// Adds a record.
    pub fn add(&mut self, collection: Collection, fields: &[(&str, Value)], after: Option<String>) -> String {
        let id = (self.fresh_id)();
        let mut record = Record::new(collection, id.clone());
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            record = record.with(name, value.clone());
        }
        if record.has("number") {
            self.numbers.insert(record.text("number").to_owned());
        }
        self.index(&record);
        self.records.insert(id.clone(), record);
        self.log.push(Entry::Add { id: id.clone(), after });
        id
    }

    /// Whether a decision can have this number.
    pub fn is_free(&self, number: &str) -> bool {
        !self.numbers.contains(number)
    }

    /// Gives a field a value if it has none.
    ///
    /// # Errors
    /// Why it cannot have it.
    pub fn fill(&mut self, id: &str, field: &'static Field, value: Value) -> Result<(), String> {
        let Some(record) = self.get(id) else { return Err("its record is gone".into()) };
        if let Some(there) = record.get(field.name).filter(|there| !there.is_empty()) {
            let same = match (there, &value) {
                (Value::Text(there), Value::Text(value)) => self.plain(there) == self.plain(value),
                (there, value) => there == value,
            };
            return if same { Ok(()) } else { Err("the model already says something else".into()) };
        }
        if self.shown.contains(&(id.to_owned(), field.name.to_owned())) {
            return Err("another text shows this field, which is empty".into());
        }
        let mut record = record.clone();
        let before = record.fields.insert(field.name, value);
        self.records.insert(id.to_owned(), record);
        self.log.push(Entry::Set { id: id.to_owned(), field: field.name, before });
        Ok(())
    }

    /// Puts a name into the place of each mention, for comparing.
    pub fn plain(&self, text: &str) -> String {
        reference::render_with(text, |reference| self.name(&reference.id).to_owned())
    }

    /// Records of one name, whatever its case, in the order they came.
    pub fn namesakes(&self, collection: Collection, owner: &str, name: &str) -> &[String] {
        let key = (collection, owner.to_owned(), name.trim().to_lowercase());
        self.named.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The one element with exactly this name.
    pub fn element(&self, name: &str) -> Option<&str> {
        match self.elements.get(name)?.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The one record of these collections with exactly this name.
    pub fn called(&self, collections: &[Collection], name: &str) -> Option<&str> {
        let mut found = None;
        for collection in collections {
            for id in self.namesakes(*collection, "", name).iter().filter(|id| self.name(id) == name) {
                if found.replace(id.as_str()).is_some() {
                    return None;
                }
            }
        }
        found
    }

    /// Relationships between two elements.
    pub fn between(&self, from: &str, to: &str) -> &[String] {
        self.between.get(&(from.to_owned(), to.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// How far the draft has come, to go back to.
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// Takes back what came after a mark.
    pub fn go_back(&mut self, mark: usize) {
        while self.log.len() > mark {
            match self.log.pop() {
                Some(Entry::Add { id, .. }) => {
                    if let Some(record) = self.records.remove(&id) {
                        self.forget(&record);
                    }
                }
                Some(Entry::Set { id, field, before }) => {
                    if let Some(record) = self.records.get_mut(&id) {
                        match before {
                            Some(before) => record.fields.insert(field, before),
                            None => record.fields.remove(field),
                        };
                    }
                }
                None => return,
            }
        }
    }

    /// Whether a changed text reads as the old one did, now and as it is going
    /// to be.
    pub fn reads_the_same(&self, before: &str, after: &str) -> bool {
        reference::render(before, self.model) == reference::render(after, &self.extract(after))
    }

    /// The records that a text shows, as they are going to be.
    fn extract(&self, text: &str) -> Model {
        let mut wanted: HashSet<String> = HashSet::new();
        for (_, Reference { id, field, .. }) in reference::find(text) {
            let Some(record) = self.get(&id) else { continue };
            match record.get(&field) {
                Some(Value::Text(value)) if value.contains(reference::OPEN) => {
                    wanted.extend(reference::find(value).into_iter().map(|(_, reference)| reference.id));
                }
                Some(Value::Text(value)) => drop(wanted.insert(value.to_string())),
                Some(Value::List(items)) => wanted.extend(items.iter().cloned()),
                _ => {}
            }
            if record.collection.field(&field).is_some_and(Field::is_derived) {
                let leaving = self.model.list(Collection::Relationships).filter(|other| other.text("from") == id);
                wanted.extend(leaving.flat_map(|other| [other.id.clone(), other.text("to").to_owned()]));
            }
            wanted.insert(id);
        }
        Model::of(wanted.iter().filter_map(|id| self.get(id)).cloned())
    }

    /// Everything that was done, as edits.
    pub fn into_edits(self) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut added: HashSet<&str> = HashSet::new();
        let mut set: HashSet<(&str, &str)> = HashSet::new();
        for entry in &self.log {
            match entry {
                Entry::Add { id, after } => {
                    let Some(record) = self.records.get(id) else { continue };
                    added.insert(id);
                    let fields = record.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
                    edits.push(Edit::Add {
                        collection: record.collection.name().to_owned(),
                        id: Some(id.clone()),
                        fields: fields.collect(),
                        after: after.clone(),
                    });
                }
                Entry::Set { id, field, .. } if !added.contains(id.as_str()) && set.insert((id, field)) => {
                    let value = self.records.get(id).and_then(|record| record.get(field)).cloned();
                    edits.push(Edit::Set { id: id.clone(), field: (*field).to_owned(), value });
                }
                Entry::Set { .. } => {}
            }
        }
        edits
    }
}
