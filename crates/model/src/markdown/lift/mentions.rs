//! Names of elements in prose, to be replaced by references.

use std::collections::HashMap;
use std::ops::Range;

use crate::reference::{CLOSE, OPEN, Reference};

use super::draft::Draft;

/// The longest name that is looked for, in bytes and in words.
const LONGEST: usize = 200;
const WORDS: usize = 6;
/// The longest address or tag that is skipped as a whole, in bytes.
const ADDRESS: usize = 500;

/// Which names count.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Reach {
    /// Those in bold.
    Bold,
    /// Those of more than one word as well.
    Phrases,
    /// Every one, and those in links.
    Names,
}

/// A text with references in the place of names.
#[derive(Debug)]
pub(super) struct Mentions {
    pub text: String,
    /// The elements, each once, in the order of the text.
    pub ids: Vec<String>,
    /// Whether there is anything that was not a reference before.
    pub changed: bool,
}

/// A part of a text, and the name in it when there is one.
struct Part {
    length: usize,
    name: Option<(Range<usize>, String)>,
}

/// Replaces names by references. Code, addresses and HTML are not looked at.
pub(super) fn mention(text: &str, draft: &Draft, reach: Reach) -> Mentions {
    let code = code_spans(text);
    let mut found = Mentions { text: String::with_capacity(text.len()), ids: Vec::new(), changed: false };
    let mut at = 0;
    let mut before = None;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let skip = |length: usize| Part { length, name: None };
        let part = match c {
            '`' => skip(code.get(&at).copied().unwrap_or(1)),
            '\\' => skip(1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
            '<' if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') => skip(until(rest, '>')),
            ']' if rest.starts_with("](") => skip(until(rest, ')')),
            OPEN => {
                let length = reference_at(rest);
                found.add(known(&rest[..length], draft));
                skip(length)
            }
            '*' | '_' => bold(rest, draft).unwrap_or_else(|| skip(1)),
            '[' if reach == Reach::Names => link(rest, draft).unwrap_or_else(|| skip(1)),
            _ if reach > Reach::Bold && c.is_alphanumeric() && stands_alone(before) => {
                name(rest, draft, reach).unwrap_or_else(|| skip(c.len_utf8()))
            }
            _ => skip(c.len_utf8()),
        };
        match part.name {
            Some((range, id)) => {
                found.text.push_str(&rest[..range.start]);
                found.text.push_str(&Reference::mention(&id, "name").encode());
                found.text.push_str(&rest[range.end..part.length]);
                found.changed = true;
                found.add(Some(id));
            }
            None => found.text.push_str(&rest[..part.length]),
        }
        before = rest[..part.length].chars().next_back();
        at += part.length;
    }
    found
}

impl Mentions {
    fn add(&mut self, id: Option<String>) {
        self.ids.extend(id.filter(|id| !self.ids.contains(id)));
    }
}

/// The element that a reference already names.
fn known(reference: &str, draft: &Draft) -> Option<String> {
    let (_, reference) = crate::reference::find(reference).pop()?;
    let is_element = draft.get(&reference.id).is_some_and(|it| it.collection == crate::Collection::Elements);
    (is_element && reference.field == "name").then_some(reference.id)
}

/// Up to and including a character in the same line, as long as it is near;
/// one character when it is not.
fn until(rest: &str, end: char) -> usize {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    near(rest, ADDRESS).find(end).map_or(first, |at| at + end.len_utf8())
}

/// A reference that begins here; one character when it is damaged.
fn reference_at(rest: &str) -> usize {
    let inside = OPEN.len_utf8();
    match rest[inside..].find([OPEN, CLOSE]) {
        Some(end) if rest[inside + end..].starts_with(CLOSE) => inside + end + CLOSE.len_utf8(),
        _ => inside,
    }
}

/// The beginning of a text, within its line.
fn near(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..text[..end].find('\n').unwrap_or(end)]
}

fn bold(rest: &str, draft: &Draft) -> Option<Part> {
    let marks = ["**", "__"].into_iter().find(|marks| rest.starts_with(marks))?;
    let inside = &near(rest, LONGEST)[2..];
    let name = &inside[..inside.find(marks)?];
    if name.starts_with(OPEN) && reference_at(name) == name.len() {
        return Some(Part { length: name.len() + 4, name: None });
    }
    let id = draft.element(name)?.to_owned();
    Some(Part { length: name.len() + 4, name: Some((2..2 + name.len(), id)) })
}

/// `[Name](address)`, the name in bold or not.
fn link(rest: &str, draft: &Draft) -> Option<Part> {
    let inside = &near(rest, LONGEST)[1..];
    let text = &inside[..inside.find("](")?];
    let bare = text.strip_prefix("**").and_then(|text| text.strip_suffix("**"));
    let (start, name) = bare.map_or((1, text), |name| (3, name));
    let id = draft.element(name)?.to_owned();
    Some(Part { length: 1 + text.len(), name: Some((start..start + name.len(), id)) })
}

/// The longest name that begins here and ends where a word ends.
fn name(rest: &str, draft: &Draft, reach: Reach) -> Option<Part> {
    let near = near(rest, LONGEST);
    let mut ends = Vec::new();
    let mut inside = false;
    for (at, c) in near.char_indices().chain([(near.len(), ' ')]) {
        let word = c.is_alphanumeric();
        if inside && !word && ends_name(&rest[at..]) {
            ends.push(at);
            if ends.len() == WORDS {
                break;
            }
        }
        inside = word || matches!(c, ')' | '+' | '#');
    }
    let found = ends.iter().rev().find_map(|end| draft.element(&rest[..*end]).map(|id| (*end, id.to_owned())));
    match found {
        Some((end, id)) if reach == Reach::Names || rest[..end].contains(' ') => {
            Some(Part { length: end, name: Some((0..end, id)) })
        }
        _ => None,
    }
}

/// Whether a name can begin after this character.
fn stands_alone(before: Option<char>) -> bool {
    before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '"' | '“' | '„' | '‘' | '\'' | '*' | '→' | '>'))
}

/// Whether a name can end before this text.
fn ends_name(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        None => true,
        Some('.') => chars.next().is_none_or(char::is_whitespace),
        Some(c) => {
            c.is_whitespace()
                || matches!(c, ',' | ';' | ':' | '!' | '?' | ')' | '"' | '“' | '”' | '’' | '\'' | '*' | '→')
        }
    }
}

/// Code between backticks: where each begins, and how long it is.
fn code_spans(text: &str) -> HashMap<usize, usize> {
    let bytes = text.as_bytes();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|start| at + start) {
        let length = bytes[start..].iter().take_while(|byte| **byte == b'`').count();
        runs.push((start, length));
        at = start + length;
    }
    let mut next: HashMap<usize, usize> = HashMap::new();
    let mut spans = HashMap::new();
    for (start, length) in runs.into_iter().rev() {
        // Without its end a run is only backticks.
        let end = next.insert(length, start).map_or(start + length, |close| close + length);
        spans.insert(start, end - start);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Model;
    use crate::record::Record;
    use crate::schema::Collection;
    use crate::value::Value;

    fn read(text: &str, reach: Reach) -> String {
        let element = |id: &str, name: &str| Record::new(Collection::Elements, id).with("name", Value::text(name));
        let model = Model::of([
            element("a", "API"),
            element("b", "API Gateway"),
            element("c", "Größe"),
            element("d", "Twin"),
            element("e", "Twin"),
        ]);
        let mut fresh = || "f".to_owned();
        let found = mention(text, &Draft::new(&model, &mut fresh, []), reach);
        assert_eq!(crate::reference::render(&found.text, &model), text);
        crate::reference::render_with(&found.text, |reference| format!("<{}>", reference.id))
    }

    #[test]
    fn bold_names_are_mentions_and_others_where_they_are_asked_for() {
        assert_eq!(
            read("**API** calls __API Gateway__ and **Twin**", Reach::Bold),
            "**<a>** calls __<b>__ and **Twin**"
        );
        assert_eq!(read("API and API Gateway", Reach::Bold), "API and API Gateway");
        assert_eq!(read("API and API Gateway.", Reach::Phrases), "API and <b>.");
        assert_eq!(read("API → Größe, APIs (API Gateway)", Reach::Names), "<a> → <c>, APIs (<b>)");
        assert_eq!(read("see [API](#api) and [**API**](x)", Reach::Names), "see [<a>](#api) and [**<a>**](x)");
    }

    #[test]
    fn code_addresses_and_html_are_left_alone() {
        for text in
            ["`**API**` ``a`API`", "[x](http://API/API)", "<a title=\"API\">", "http://API/x", "my-API", "API.md"]
        {
            assert_eq!(read(text, Reach::Names).matches("<a>").count(), 0, "{text}");
        }
        let long = "`".repeat(20_000) + &" `x".repeat(20_000) + &"**".repeat(20_000) + &"[".repeat(20_000);
        assert_eq!(read(&long, Reach::Names), long);
    }
}
