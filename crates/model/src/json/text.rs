//! JSON as text, always the same bytes for the same value: what names a thing
//! comes first, lists come in the order of exports, all else by name.

use serde_json::{Map, Value as Json};

use crate::schema::Collection;

const FIRST: [&str; 18] = [
    "$schema",
    "$id",
    "$ref",
    "format",
    "version",
    "type",
    "id",
    "slug",
    "path",
    "label",
    "collection",
    "number",
    "name",
    "title",
    "description",
    "template",
    "created",
    "updated",
];

/// Indented by two, with a line end at the end.
pub fn text(value: &Json) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Json, depth: usize, out: &mut String) {
    match value {
        Json::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                line(at, depth + 1, out);
                write(item, depth + 1, out);
            }
            line(0, depth, out);
            out.push(']');
        }
        Json::Object(entries) if !entries.is_empty() => {
            out.push('{');
            for (at, (name, item)) in sorted(entries).into_iter().enumerate() {
                line(at, depth + 1, out);
                out.push_str(&Json::String(name.clone()).to_string());
                out.push_str(": ");
                write(item, depth + 1, out);
            }
            line(0, depth, out);
            out.push('}');
        }
        flat => out.push_str(&flat.to_string()),
    }
}

fn line(at: usize, depth: usize, out: &mut String) {
    out.push_str(if at > 0 { ",\n" } else { "\n" });
    out.extend(std::iter::repeat_n("  ", depth));
}

fn sorted(entries: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let rank = |name: &str| {
        let first = FIRST.iter().position(|first| *first == name);
        let collection = Collection::find(name).filter(|_| entries.contains_key("sections"));
        match (first, collection) {
            (Some(at), _) => (0, at, None),
            (None, None) if name == "sections" => (1, 0, None),
            (None, Some(collection)) => (2, 0, Some(collection)),
            _ => (3, 0, None),
        }
    };
    let mut sorted: Vec<(&String, &Json)> = entries.iter().collect();
    sorted.sort_by_key(|(name, _)| (rank(name), *name));
    sorted
}
