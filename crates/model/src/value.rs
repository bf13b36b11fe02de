//! The values of fields, and their one text form, as the command line takes
//! them and Markdown shows them.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A field's value. Which form a field takes, its [`crate::Shape`] says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Number(i32),
    /// A line, a text, a date, the word of a choice, or a record's id.
    Text(#[ts(type = "string")] CompactString),
    /// Lines in order, or a set in sorted order: tags, or records' ids.
    List(Vec<String>),
    /// Names with values.
    Map(BTreeMap<String, String>),
}

impl Value {
    /// A text, for short.
    pub fn text(text: impl Into<CompactString>) -> Self {
        Value::Text(text.into())
    }

    /// A list, for short.
    pub fn list<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }

    /// The text of a text value, "" for every other.
    pub fn as_str(&self) -> &str {
        match self {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// The items of a list, none for every other.
    pub fn items(&self) -> &[String] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Number(_) => false,
            Value::Text(text) => text.trim().is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
        }
    }
}
