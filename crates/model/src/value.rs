//! The values of fields, and their one text form, as the command line takes
//! them and Markdown shows them.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

/// A field's value. Which form a field takes, its [`crate::Shape`] says.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
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

// By hand: derived, an untagged value is tried as each form in turn, with an
// error made for every one that it is not.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Value;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a whole number, a text, a list of texts, or names with texts")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                i32::try_from(number).map(Value::Number).map_err(|_| E::custom(format!("{number} is too large")))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                i32::try_from(number).map(Value::Number).map_err(|_| E::custom(format!("{number} is too large")))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::text(text))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
                Ok(Value::text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry()? {
                    map.insert(name, value);
                }
                Ok(Value::Map(map))
            }
        }
        deserializer.deserialize_any(Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        let map = Value::Map(BTreeMap::from([("a".into(), "b".into())]));
        let long = Value::text("longer than what lies in a value itself");
        for value in [Value::Number(-3), Value::text("é\n"), long, Value::list(["a", "b"]), Value::list([""; 0]), map]
        {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value, "{json}");
        }
        for wrong in ["true", "null", "1.5", "3000000000", "[1]", "{\"a\":1}", "[[]]"] {
            assert!(serde_json::from_str::<Value>(wrong).is_err(), "{wrong}");
        }
    }
}
