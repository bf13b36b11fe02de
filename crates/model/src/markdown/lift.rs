//! From text to model: what a section says in the notations of the templates
//! becomes records, and the text refers to them.
//!
//! The rule that nothing may break: a changed text, its references replaced by
//! what they show, is the old text byte for byte. A section that would not be
//! stays as it is, with a note that says why.

mod blocks;
mod concerns;
mod decisions;
mod draft;
mod elements;
mod fields;
mod flows;
mod kinds;
mod labels;
mod lists;
mod mentions;
mod roles;
mod rounds;
mod sections;
mod titles;
mod work;

#[cfg(test)]
mod tests;

use crate::edit::Edit;
use crate::graph::Model;
use crate::markdown::ParsedSection;
use crate::record::Record;
use crate::reference::{self, OPEN};
use crate::schema::Collection;

pub(crate) use fields::{comma_parts, takes_commas};
pub(crate) use flows::ends;
pub(crate) use kinds::guess_kind;
pub(crate) use labels::{begins_with_label, field_called, is_plain_text};
pub(crate) use lists::main_field;
pub(crate) use roles::{Kinds, collection_of_title};
pub use rounds::{lift, lift_as_shown};

/// A section as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectionText {
    /// Its id.
    pub id: String,
    /// The section it is nested in, by index; it stands before.
    pub parent: Option<usize>,
    /// Heading level; 0 for text before the first heading.
    pub level: u8,
    /// The heading, which may hold references.
    pub title: String,
    /// The place of the template that it fills.
    pub key: Option<String>,
    /// The text below the heading, which may hold references.
    pub body: String,
}

impl SectionText {
    /// The sections of a file that is in no document: their places are their
    /// ids, and none of their characters are taken for references.
    pub fn of_file(sections: &[ParsedSection], keys: impl IntoIterator<Item = Option<String>>) -> Vec<SectionText> {
        let texts = sections.iter().zip(keys).enumerate().map(|(place, (section, key))| SectionText {
            id: place.to_string(),
            parent: section.parent,
            level: section.level,
            title: reference::clean(&section.title),
            key,
            body: reference::clean(&section.body),
        });
        texts.collect()
    }
}

/// What is lifted.
#[derive(Debug, Clone, Default)]
pub struct LiftOptions {
    /// Only these sections, by id; all of them when there are none.
    pub sections: Option<Vec<String>>,
    /// Diagrams as well. They are read by `notation`, on the model with the
    /// edits of this lifting.
    pub diagrams: bool,
    /// Names of elements in prose become mentions.
    pub mentions: bool,
}

/// What lifting would do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lifting {
    /// Records that come, and fields that are filled.
    pub edits: Vec<Edit>,
    /// Sections whose text refers to records now.
    pub sections: Vec<SectionChange>,
    /// What was lifted, what was left, and why, in the order of the document.
    pub notes: Vec<LiftNote>,
}

/// The new text of a section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectionChange {
    /// The section.
    pub id: String,
    /// The new heading, where it changes.
    pub title: Option<String>,
    /// The new text, where it changes.
    pub body: Option<String>,
}

/// What became of a part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the model.
    Lifted,
    /// It is text as before.
    Left,
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiftNote {
    /// The section's id.
    pub section: String,
    /// What it is about, such as “Purpose of Frontend”.
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was left; empty where it was not.
    pub why: String,
    /// The line of the section's text, from 1; 0 for the heading.
    pub line: u32,
}

impl Lifting {
    /// The model with the edits made. They need no further checks, since every
    /// value is in its one form.
    pub fn model(&self, before: &Model) -> Model {
        let mut after = before.clone();
        let mut changed: Vec<Record> = Vec::new();
        let mut places: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
        for edit in &self.edits {
            match edit {
                Edit::Add { collection, id: Some(id), fields, .. } => {
                    let Some(collection) = Collection::find(collection) else { continue };
                    let mut record = Record::new(collection, id.as_str());
                    record.order = format!("{:08}", changed.len());
                    for (name, value) in fields {
                        record = record.with(name, value.clone());
                    }
                    places.insert(id, changed.len());
                    changed.push(record);
                }
                Edit::Set { id, field, value: Some(value) } => {
                    let place = places.get(id.as_str()).copied().or_else(|| {
                        changed.push(before.get(id)?.clone());
                        places.insert(id, changed.len() - 1);
                        Some(changed.len() - 1)
                    });
                    let record = place.and_then(|place| changed.get_mut(place));
                    if let Some((record, field)) =
                        record.and_then(|it| Some((it.collection.field(field)?, it)).map(|(f, r)| (r, f)))
                    {
                        record.fields.insert(field.name, value.clone());
                    }
                }
                _ => {}
            }
        }
        after.put_all(changed);
        after
    }
}

/// Whether a text refers to records.
fn refers(text: &str) -> bool {
    text.contains(OPEN)
}
