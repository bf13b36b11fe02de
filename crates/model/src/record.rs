//! One thing of the model: an element, a decision, a flow's step.

use litemap::LiteMap;

use crate::schema::Collection;
use crate::value::Value;

/// A record as it stands, merged from what everyone wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Random, 16 hexadecimal digits; unique over all collections.
    pub id: String,
    /// What it is.
    pub collection: Collection,
    /// In the trash by itself. One can be hidden without it: in a deleted one.
    pub deleted: bool,
    /// The record it went into the trash with, which brings it back too; ""
    /// when it was deleted for itself.
    pub deleted_with: String,
    /// Fractional index among the records it stands with.
    pub order: String,
    /// Fields that have a value, by name; what is empty is not there.
    pub fields: LiteMap<&'static str, Value>,
    /// Fields that several people set at once, with every value but the one
    /// that counts until someone picks.
    pub conflicts: LiteMap<&'static str, Vec<Value>>,
}

impl Record {
    /// A record without fields.
    pub fn new(collection: Collection, id: impl Into<String>) -> Self {
        Record {
            id: id.into(),
            collection,
            deleted: false,
            deleted_with: String::new(),
            order: String::new(),
            fields: LiteMap::new(),
            conflicts: LiteMap::new(),
        }
    }

    /// The same with a field set; for building.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        if let Some(field) = self.collection.field(field) {
            self.fields.insert(field.name, value);
        }
        self
    }

    /// A field's value.
    pub fn get(&self, field: &str) -> Option<&Value> {
        #[cfg(test)]
        crate::work::count();
        // There are few, and most differ in length: going through them asks
        // for fewer comparisons of bytes than cutting them in halves.
        self.fields.iter().find(|(name, _)| **name == field).map(|(_, value)| value)
    }

    /// A line, text, choice, date or reference; "" when there is none.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).map_or("", Value::as_str)
    }

    /// The items of a list or set; none when there are none.
    pub fn list(&self, field: &str) -> &[String] {
        self.get(field).map_or(&[], Value::items)
    }

    /// A number; 0 when there is none.
    pub fn number(&self, field: &str) -> i32 {
        match self.get(field) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        }
    }

    /// Whether a field has something in it.
    pub fn has(&self, field: &str) -> bool {
        self.get(field).is_some_and(|value| !value.is_empty())
    }

    /// Gives back the room that its fields do not need: of many records, that
    /// decides how many of them are at hand.
    pub(crate) fn shrink(&mut self) {
        let mut fields = std::mem::take(&mut self.fields).into_tuple_vec();
        fields.shrink_to_fit();
        // They are as sorted as they were.
        self.fields = LiteMap::from_sorted_store_unchecked(fields);
    }

    /// Its name, title or first words, as people call it; never empty.
    pub fn label(&self) -> String {
        let own = self.text(self.collection.table().label).trim();
        if !own.is_empty() {
            return own.to_owned();
        }
        for fallback in ["statement", "text", "description", "claim", "topic", "reason"] {
            let first = self.text(fallback).lines().next().unwrap_or_default().trim();
            if !first.is_empty() {
                let words: Vec<&str> = first.split_whitespace().take(8).collect();
                return words.join(" ");
            }
        }
        format!("Unnamed {}", self.collection.table().singular)
    }
}
