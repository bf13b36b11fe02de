//! The shapes of nodes, and the text in them.

use crate::notation::label_part;
use crate::notation::mermaid::Cursor;

/// How shapes begin and end, longer ones first, and the kind of element they
/// speak of.
const SHAPES: &[(&str, &[&str], &str)] = &[
    ("(((", &[")))"], ""),
    ("((", &["))"], ""),
    ("([", &["])"], ""),
    ("(-", &["-)"], ""),
    ("[[", &["]]"], ""),
    ("[(", &[")]"], "database"),
    ("[|", &["|]"], ""),
    ("[/", &["/]", "\\]"], ""),
    ("[\\", &["/]", "\\]"], ""),
    ("{{", &["}}"], ""),
    ("(", &[")"], ""),
    ("[", &["]"], ""),
    ("{", &["}"], ""),
    (">", &["]"], ""),
];

/// Names of shapes that speak of a kind.
const NAMED: &[(&str, &[&str])] = &[
    (
        "database",
        &["cyl", "cylinder", "db", "database", "datastore", "data-store", "disk", "lin-cyl", "lined-cylinder"],
    ),
    ("queue", &["das", "h-cyl", "horizontal-cylinder"]),
];

/// Reads a shape; the text in it and the kind it speaks of.
pub(super) fn take<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'static str)> {
    for (open, closes, hint) in SHAPES {
        let Some(inside) = cursor.rest().strip_prefix(open) else { continue };
        let found = quoted(inside, closes).or_else(|| bare(inside, closes));
        if let Some((text, length)) = found {
            cursor.advance(open.len() + length);
            return Some((text, hint));
        }
    }
    None
}

/// Text in quotes; it may run over lines.
fn quoted<'a>(inside: &'a str, closes: &[&str]) -> Option<(&'a str, usize)> {
    let start = inside.len() - inside.trim_start().len();
    let text = inside[start..].strip_prefix('"')?;
    let end = start + text.find('"')? + 2;
    let after = inside[end..].trim_start();
    let close = closes.iter().find(|close| after.starts_with(**close))?;
    Some((&inside[start..end], inside.len() - after.len() + close.len()))
}

/// Text without quotes: to the end of the shape in the same line, or over
/// lines as long as nothing else begins.
fn bare<'a>(inside: &'a str, closes: &[&str]) -> Option<(&'a str, usize)> {
    let inside = label_part(inside);
    let line = inside.find('\n').map_or(inside, |end| &inside[..end]);
    let first = closes.iter().filter_map(|close| line.find(close).map(|at| (at, close.len()))).min();
    let over_lines = || {
        let at = inside.find(['[', ']', '(', ')', '{', '}', '|', '"'])?;
        let close = closes.iter().find(|close| inside[at..].starts_with(**close))?;
        Some((at, close.len()))
    };
    let (at, close) = first.or_else(over_lines)?;
    Some((&inside[..at], at + close))
}

/// What `@{ … }` says of a node.
pub(super) struct Data {
    pub hint: &'static str,
    pub label: Option<String>,
}

/// Reads `@{ shape: cyl, label: "…" }`.
pub(super) fn take_data(cursor: &mut Cursor<'_>) -> Option<Data> {
    let inside = label_part(cursor.rest().strip_prefix("@{")?);
    let mut is_quoted = false;
    let end = inside.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'}' && !is_quoted
    })?;
    let mut data = Data { hint: "", label: None };
    let mut rest = &inside[..end];
    while let Some((name, after)) = rest.split_once(':') {
        let value = after.trim_start();
        let length = match value.strip_prefix('"').and_then(|text| text.find('"')) {
            Some(end) => end + 2,
            None => value.find([',', '\n']).unwrap_or(value.len()),
        };
        let said = value[..length].trim();
        match name.trim_matches(|c: char| c.is_whitespace() || c == ',' || c == '"') {
            "shape" => {
                let shape = said.trim_matches('"');
                data.hint = NAMED.iter().find(|(_, names)| names.contains(&shape)).map_or("", |(hint, _)| hint);
            }
            "label" => data.label = Some(said.to_owned()),
            _ => {}
        }
        rest = &value[length..];
    }
    cursor.advance(2 + end + 1);
    Some(data)
}
