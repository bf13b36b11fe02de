//! One record as lines: labels with values, and list items.

use crate::markdown::lift::{comma_parts, is_plain_text, main_field};
use crate::record::Record;
use crate::reference::{Hint, Reference};
use crate::schema::{Collection, Field, Shape};
use crate::value::Value;

/// Items nested deeper than this stand at this depth.
pub(super) const DEPTH: usize = 20;

/// A value as it is going to be written.
pub(super) enum Written {
    /// Behind the label, in its line.
    Inline(String),
    /// Below the label, indented; every line of it begins with the prefix.
    Below(String),
}

fn refer(record: &Record, field: &Field, hint: Hint) -> String {
    Reference { id: record.id.clone(), field: field.name.to_owned(), hint }.encode()
}

/// A value for a label that stands at an indentation. Lists go four columns
/// further in, blocks of text two.
pub(super) fn value(record: &Record, field: &Field, indent: usize, nested_lists: bool) -> Written {
    let place = |hint| refer(record, field, hint);
    let further = " ".repeat(indent + 2);
    let list = || {
        let prefix = format!("{}- ", " ".repeat(if nested_lists { indent + 4 } else { indent }));
        Written::Below(format!("\n{prefix}{}", place(Hint::Items(prefix.clone()))))
    };
    match (field.shape, record.get(field.name)) {
        (Shape::Text, Some(Value::Text(text))) if !is_plain_text(text) => {
            Written::Below(format!("\n\n{further}{}", place(Hint::Hanging(further.clone()))))
        }
        (Shape::Text, Some(Value::Text(text))) if text.contains('\n') => {
            let prefix = if nested_lists { further } else { String::new() };
            Written::Inline(place(Hint::Hanging(prefix)))
        }
        (Shape::List, Some(Value::List(items))) if fits_a_line(field, items) => {
            Written::Inline(place(Hint::Joined(", ".into())))
        }
        (Shape::List, _) | (Shape::Map, _) => list(),
        (Shape::Tags | Shape::Refs(_), _) => Written::Inline(place(Hint::Joined(", ".into()))),
        _ => Written::Inline(place(Hint::Plain)),
    }
}

/// Whether a list is read again from one line with commas.
fn fits_a_line(field: &Field, items: &[String]) -> bool {
    if !crate::markdown::lift::takes_commas(field.name) || items.iter().any(|item| item.contains('\n')) {
        return false;
    }
    let line = items.join(", ");
    let parts = comma_parts(&line).into_iter().map(|part| &line[part]);
    parts.eq(items.iter().map(String::as_str)) && !line.starts_with('[')
}

/// Whether a value needs an item of its own: it has blocks in it.
pub(super) fn needs_item(record: &Record, field: &Field) -> bool {
    matches!((field.shape, record.get(field.name)), (Shape::Text, Some(Value::Text(text))) if !is_plain_text(text))
}

/// A labelled value: a paragraph, or an item at an indentation.
pub(super) fn labelled(label: &str, record: &Record, field: &Field, item: Option<usize>) -> String {
    let indent = item.unwrap_or(0);
    let mark = if item.is_some() { format!("{}- ", " ".repeat(indent)) } else { String::new() };
    match value(record, field, indent, item.is_some()) {
        Written::Inline(text) => format!("{mark}{label}: {text}"),
        Written::Below(text) => format!("{mark}{label}:{text}"),
    }
}

/// The field that names a record in a list.
pub(super) fn name_field(collection: Collection) -> &'static str {
    match collection {
        Collection::Suppressions => "rule",
        Collection::Relationships => "to",
        // Its claim stands after the word.
        Collection::Evidence => "",
        _ => collection.table().label,
    }
}

/// The beginning of an item: its name, and the text after it where that is a
/// paragraph. Says whether the text is in it.
pub(super) fn head(record: &Record, fields: &[&'static Field], indent: usize) -> (String, Option<&'static Field>) {
    let collection = record.collection;
    let mark = format!("{}- ", " ".repeat(indent));
    let name = match collection {
        Collection::Evidence => "**Evidence**".to_owned(),
        Collection::Instances => format!("Runs **{}**", Reference::mention(&record.id, "element").encode()),
        _ => format!("**{}**", Reference::mention(&record.id, name_field(collection)).encode()),
    };
    let main = fields.iter().find(|field| field.name == main_field(collection) && !needs_item(record, field));
    match main {
        Some(field) => match value(record, field, indent, true) {
            Written::Inline(text) => (format!("{mark}{name}: {text}"), Some(field)),
            Written::Below(_) => (format!("{mark}{name}:"), None),
        },
        None => (format!("{mark}{name}:"), None),
    }
}
