//! Models for tests: one with every field filled, and any at random.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::graph::Model;
use crate::record::Record;
use crate::reference::{Hint, Reference};
use crate::schema::{COLLECTIONS, Collection, Field, Shape, element_kinds};
use crate::value::Value;

/// The id of one of the records of `full`.
pub fn id(collection: Collection, number: usize) -> String {
    let place = COLLECTIONS.iter().position(|one| *one == collection).unwrap();
    format!("{place:02x}{number:02x}")
}

/// Two records of every collection with a value in every stored field, the
/// second nested in the first; and an element of every kind.
pub fn full() -> Model {
    let mut records = Vec::new();
    for collection in COLLECTIONS {
        for number in 1..=2 {
            records.push(filled(collection, number));
        }
    }
    for (at, kind) in element_kinds().iter().enumerate() {
        records.push(filled(Collection::Elements, 10 + at).with("kind", Value::text(kind.value)));
    }
    Model::of(records)
}

fn filled(collection: Collection, number: usize) -> Record {
    let mut record = Record::new(collection, id(collection, number));
    record.order = format!("{number:02}");
    let table = collection.table();
    for field in table.fields.iter().filter(|field| !field.is_derived() && !field.internal) {
        if table.nesting == Some(field.name) && number == 1 {
            continue;
        }
        let words = format!("Words of {} {} {number}", table.name, field.name);
        let value = match field.shape {
            Shape::Line if field.name == "number" => Value::text(number.to_string()),
            Shape::Line if field.name == "url" => {
                Value::text(format!("https://example.invalid/{}/{number}", table.name))
            }
            Shape::Line => Value::text(words),
            Shape::Text => Value::text(format!("{words}, as *Markdown*.")),
            Shape::Number => Value::Number(4_000 + number as i32),
            Shape::Date => Value::text(format!("2026-01-{number:02}")),
            Shape::Choice(choices) => Value::text(choices[number % choices.len()].value),
            Shape::List => Value::list([format!("{words} first"), format!("{words} second")]),
            Shape::Tags => Value::list([format!("{words} tag")]),
            Shape::Map if field.name == "links" => Value::Map(BTreeMap::from([(id(Collection::Decisions, 1), words)])),
            Shape::Map => Value::Map(BTreeMap::from([(format!("{words} name"), format!("{words} value"))])),
            Shape::Ref(_) => Value::text(target(field)),
            Shape::Refs(_) => Value::list([target(field)]),
            Shape::Targets => continue,
        };
        record.fields.insert(field.name, value);
    }
    record
}

fn target(field: &Field) -> String {
    id(field.shape.targets().first().copied().unwrap_or(Collection::Elements), 1)
}

/// Any model with these words in its texts, some of it in the trash.
pub fn any_model(words: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = Model> {
    let record = (0..COLLECTIONS.len(), any::<u8>(), vec((words, any::<u16>()), 26));
    vec(record, 0..14).prop_map(|drafts| build(&drafts))
}

type Draft = (usize, u8, Vec<(String, u16)>);

fn build(drafts: &[Draft]) -> Model {
    let id = |at: usize| format!("{:016x}", at + 1);
    let bare = |(at, draft): (usize, &Draft)| Record::new(COLLECTIONS[draft.0], id(at));
    let known = Model::of(drafts.iter().enumerate().map(bare));
    let records = drafts.iter().enumerate().map(|(at, draft)| {
        let mut record = bare((at, draft));
        record.deleted = draft.1 < 40;
        record.order = format!("{:02x}", draft.1);
        for (field, (words, pick)) in record.collection.table().fields.iter().zip(&draft.2) {
            if field.is_derived() || field.internal || (!field.required && pick % 3 == 0) {
                continue;
            }
            let value = value(field, words, usize::from(*pick), &known);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                record.fields.insert(field.name, value);
            }
        }
        if draft.1 % 7 == 0 {
            record.conflicts.insert(record.collection.table().fields[0].name, Vec::new());
        }
        record
    });
    Model::of(records)
}

fn value(field: &Field, words: &str, pick: usize, known: &Model) -> Option<Value> {
    let filled = if words.trim().is_empty() { "x" } else { words };
    let ids: Vec<&str> = known
        .all()
        .filter(|one| field.shape.targets().is_empty() || field.shape.targets().contains(&one.collection))
        .map(|one| one.id.as_str())
        .collect();
    let one = ids.get(pick % ids.len().max(1)).copied().unwrap_or("ffff");
    let value = match field.shape {
        Shape::Line => Value::text(filled),
        Shape::Text => Value::text(with_reference(filled, one, pick)),
        Shape::Number => Value::Number(pick as i32),
        Shape::Date => Value::text(format!("20{:02}-{:02}-{:02}", pick % 100, 1 + pick % 12, 1 + pick % 28)),
        Shape::Choice(choices) => Value::text(choices[pick % choices.len()].value),
        Shape::List => Value::list([filled.to_owned(), with_reference("b", one, pick)]),
        Shape::Tags => Value::list([filled, "tag"]),
        Shape::Map => Value::Map(BTreeMap::from([(filled.to_owned(), words.to_owned()), (one.into(), "c".into())])),
        Shape::Ref(_) => return Some(Value::text(one)),
        Shape::Refs(_) => return Some(Value::list([one])),
        Shape::Targets => return None,
    };
    field.shape.check(value, known).ok()
}

/// A text that ends with a mention, now and then.
pub fn with_reference(text: &str, id: &str, pick: usize) -> String {
    let hint = match pick % 9 {
        0 => Hint::Plain,
        1 => Hint::Spelled("Other".into()),
        2 => Hint::Items("- ".into()),
        3 => Hint::Joined("; ".into()),
        4 => Hint::Hanging("  ".into()),
        _ => return text.to_owned(),
    };
    format!("{text}{}", Reference { id: id.into(), field: ["name", "data", "tags"][pick % 3].into(), hint }.encode())
}
