//! JSON as text, always the same bytes for the same value: what names a thing
//! comes first, lists come in the order of exports, all else by name.

use std::borrow::Borrow;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::{Entry, Item};
use crate::graph::Index;
use crate::parallel;
use crate::schema::Collection;

/// How many items are written in one go.
const AT_ONCE: usize = 1_024;

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
    let mut out = Vec::new();
    write(value, 0, &mut out);
    finished(out)
}

/// The same for a document whose entries are made while they are written.
pub(super) fn document<'a>(mut entries: Vec<(&'static str, Entry<'a>)>, index: &Index<'a>) -> String {
    entries.sort_by_key(|(name, _)| (rank(name, true), *name));
    let mut out = vec![b'{'];
    for (at, (name, entry)) in entries.into_iter().enumerate() {
        begin(at, 1, name, &mut out);
        match entry {
            Entry::Value(value) => write(&value, 1, &mut out),
            Entry::List(items) => {
                let parts: Vec<&[Item]> = items.chunks(AT_ONCE).collect();
                let parts = parallel::map(&parts, items.len(), |part| {
                    let mut out = Vec::new();
                    self::items(part.iter().map(|item| item.to_value(index)), 2, &mut out);
                    out
                });
                enclosed(!items.is_empty(), 1, &mut out, |out| {
                    for (at, part) in parts.iter().enumerate() {
                        out.extend_from_slice(if at > 0 { b"," } else { b"" });
                        out.extend_from_slice(part);
                    }
                });
            }
        }
    }
    line(0, 0, &mut out);
    out.push(b'}');
    finished(out)
}

fn finished(mut out: Vec<u8>) -> String {
    out.push(b'\n');
    // What serde_json writes is UTF-8, as is the rest.
    String::from_utf8(out).unwrap_or_default()
}

fn write(value: &Json, depth: usize, out: &mut Vec<u8>) {
    match value {
        Json::Array(list) => enclosed(!list.is_empty(), depth, out, |out| items(list.iter(), depth + 1, out)),
        Json::Object(entries) if !entries.is_empty() => {
            out.push(b'{');
            for (at, (name, item)) in sorted(entries).into_iter().enumerate() {
                begin(at, depth + 1, name, out);
                write(item, depth + 1, out);
            }
            line(0, depth, out);
            out.push(b'}');
        }
        flat => plain(flat, out),
    }
}

/// A list around what is written of its items.
fn enclosed(any: bool, depth: usize, out: &mut Vec<u8>, items: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'[');
    if any {
        items(out);
        line(0, depth, out);
    }
    out.push(b']');
}

/// Items on lines of their own, with commas between them.
fn items(items: impl Iterator<Item = impl Borrow<Json>>, depth: usize, out: &mut Vec<u8>) {
    for (at, item) in items.enumerate() {
        line(at, depth, out);
        write(item.borrow(), depth, out);
    }
}

/// The next entry's line and name.
fn begin(at: usize, depth: usize, name: &str, out: &mut Vec<u8>) {
    line(at, depth, out);
    plain(name, out);
    out.extend_from_slice(b": ");
}

/// Something flat; writing to memory does not fail.
fn plain(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let _written = serde_json::to_writer(out, value);
}

fn line(at: usize, depth: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(if at > 0 { b",\n" } else { b"\n" });
    out.extend(std::iter::repeat_n(b' ', depth * 2));
}

fn sorted(entries: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let whole = entries.contains_key("sections");
    let mut sorted: Vec<(&String, &Json)> = entries.iter().collect();
    sorted.sort_by_cached_key(|(name, _)| (rank(name, whole), *name));
    sorted
}

/// Where an entry stands; `whole` in the object of a document.
fn rank(name: &str, whole: bool) -> (u8, usize, Option<Collection>) {
    let first = FIRST.iter().position(|first| *first == name);
    match (first, Collection::find(name).filter(|_| whole)) {
        (Some(at), _) => (0, at, None),
        (None, None) if name == "sections" => (1, 0, None),
        (None, Some(collection)) => (2, 0, Some(collection)),
        _ => (3, 0, None),
    }
}
