//! References that lead nowhere: to a record that is not here, in the trash,
//! or in something that is. Two devices make them without doing wrong: one
//! deletes what the other comes to name.

use std::collections::BTreeMap;

use crate::graph::Model;
use crate::record::Record;
use crate::reference::{self, OPEN, Reference};
use crate::schema::{COLLECTIONS, Collection, Shape};
use crate::value::Value;

impl Model {
    /// Every reference of a record that is not in the trash to one that is or
    /// that is not here: the record, its field, and the id it names. References
    /// within the text of fields count; those of section texts are found by
    /// [`Model::dangling_in`].
    pub fn dangling(&self) -> Vec<(String, &'static str, String)> {
        let mut found = Vec::new();
        for record in COLLECTIONS.into_iter().flat_map(|collection| self.list(collection)) {
            for (field, value) in &record.fields {
                let gone = targets(record, field, value).into_iter().filter(|target| self.live(target).is_none());
                found.extend(gone.map(|target| (record.id.clone(), *field, target)));
            }
        }
        found
    }

    /// The references in a text to records that are in the trash or not here,
    /// or to fields that do not exist.
    pub fn dangling_in(&self, text: &str) -> Vec<Reference> {
        if !text.contains(OPEN) {
            return Vec::new();
        }
        let shown = |reference: &Reference| {
            self.live(&reference.id).is_some_and(|record| record.collection.field(&reference.field).is_some())
        };
        let found = reference::find(text).into_iter().map(|(_, reference)| reference);
        found.filter(|reference| !shown(reference)).collect()
    }
}

/// The records that a field's value names.
fn targets(record: &Record, field: &str, value: &Value) -> Vec<String> {
    let shape = record.collection.field(field).map(|field| field.shape);
    match (shape, value) {
        (Some(Shape::Ref(_)), Value::Text(id)) if !id.is_empty() => vec![id.to_string()],
        (Some(Shape::Refs(_)), Value::List(ids)) => ids.clone(),
        (_, Value::Text(text)) => mentioned(text),
        (_, Value::List(items)) => items.iter().flat_map(|item| mentioned(item)).collect(),
        (_, Value::Map(entries)) => {
            let links = record.collection == Collection::Decisions && field == "links";
            links_of(entries, links)
        }
        (_, Value::Number(_)) => Vec::new(),
    }
}

/// A decision's links are by id, each with what it says of the record.
fn links_of(entries: &BTreeMap<String, String>, keys_are_ids: bool) -> Vec<String> {
    let is_id = |key: &&String| !key.is_empty() && key.chars().all(|c| c.is_ascii_hexdigit());
    let keys = entries.keys().filter(|_| keys_are_ids).filter(is_id).cloned();
    keys.chain(entries.values().flat_map(|value| mentioned(value))).collect()
}

fn mentioned(text: &str) -> Vec<String> {
    if !text.contains(OPEN) {
        return Vec::new();
    }
    reference::find(text).into_iter().map(|(_, reference)| reference.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_nowhere_is_found_in_every_shape() {
        let mut gone = Record::new(Collection::Elements, "0a").with("name", Value::text("Gone"));
        gone.deleted = true;
        let mention = Reference::mention("0a", "name").encode();
        let decision = Record::new(Collection::Decisions, "0d")
            .with("elements", Value::list(["0a", "0c"]))
            .with(
                "links",
                Value::Map(BTreeMap::from([("0e".into(), "see".into()), ("a page".into(), mention.clone())])),
            )
            .with("context", Value::text(format!("As {mention} does.")))
            .with("drivers", Value::list([mention.clone()]));
        let relationship =
            Record::new(Collection::Relationships, "0f").with("from", Value::text("0c")).with("to", Value::text("0b"));
        let here = Record::new(Collection::Elements, "0c").with("name", Value::text("Here"));
        let inside = Record::new(Collection::Elements, "0b").with("parent", Value::text("0a"));
        let model = Model::of([gone, decision, relationship, here, inside]);
        let found: Vec<(String, &str, String)> = model.dangling();
        let found: Vec<String> =
            found.into_iter().map(|(id, field, target)| format!("{id}.{field} {target}")).collect();
        assert_eq!(
            found,
            ["0f.to 0b", "0d.context 0a", "0d.drivers 0a", "0d.elements 0a", "0d.links 0e", "0d.links 0a"]
        );
        assert_eq!(model.dangling_in(&format!("{mention} \u{e020}0c.name\u{e021} \u{e020}0c.nose\u{e021}")).len(), 2);
    }
}
