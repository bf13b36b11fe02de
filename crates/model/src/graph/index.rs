//! What leads where.

use foldhash::HashMap;

use super::Model;
use crate::record::Record;
use crate::schema::{COLLECTIONS, Collection};

/// What leads where, worked out once for many questions.
pub struct Index<'a> {
    /// The model.
    pub model: &'a Model,
    children: HashMap<&'a str, Vec<&'a Record>>,
    owned: HashMap<&'a str, Vec<&'a Record>>,
    leaving: HashMap<&'a str, Vec<&'a Record>>,
    arriving: HashMap<&'a str, Vec<&'a Record>>,
    about: HashMap<&'a str, Vec<&'a Record>>,
}

impl<'a> Index<'a> {
    /// Looks through a model once.
    pub fn new(model: &'a Model) -> Self {
        let mut index = Index {
            model,
            children: HashMap::default(),
            owned: HashMap::default(),
            leaving: HashMap::default(),
            arriving: HashMap::default(),
            about: HashMap::default(),
        };
        for record in COLLECTIONS.into_iter().flat_map(|collection| model.list(collection)) {
            if let Some(parent) = model.parent(&record.id) {
                index.children.entry(parent).or_default().push(record);
            }
            // Attachments belong to whatever they show, and are no part of it.
            if let Some(owner) = model.owner_of(record).filter(|_| record.collection != Collection::Attachments) {
                index.owned.entry(owner).or_default().push(record);
            }
            if record.collection == Collection::Relationships {
                index.leaving.entry(record.text("from")).or_default().push(record);
                index.arriving.entry(record.text("to")).or_default().push(record);
            }
            if record.collection == Collection::Evidence {
                index.about.entry(record.text("about")).or_default().push(record);
            }
            for name in ["elements", "relationships"] {
                for id in record.list(name) {
                    index.about.entry(id).or_default().push(record);
                }
            }
        }
        index
    }

    /// Records nested directly in this one.
    pub fn children(&self, id: &str) -> &[&'a Record] {
        self.children.get(id).map_or(&[], Vec::as_slice)
    }

    /// Records that belong to this one, of all collections but attachments.
    pub fn owned(&self, id: &str) -> &[&'a Record] {
        self.owned.get(id).map_or(&[], Vec::as_slice)
    }

    /// Relationships from an element.
    pub fn leaving(&self, id: &str) -> &[&'a Record] {
        self.leaving.get(id).map_or(&[], Vec::as_slice)
    }

    /// Relationships to an element.
    pub fn arriving(&self, id: &str) -> &[&'a Record] {
        self.arriving.get(id).map_or(&[], Vec::as_slice)
    }

    /// Concerns, decisions, risks, views and evidence that name this record.
    pub fn about(&self, id: &str) -> &[&'a Record] {
        self.about.get(id).map_or(&[], Vec::as_slice)
    }
}
