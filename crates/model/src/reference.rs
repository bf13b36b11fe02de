//! References in prose: a place in a text that shows a field of a record.
//! A mention of an element is a reference to its name, so it follows a rename;
//! `**Purpose**: …` of a lifted component is a reference to its purpose, so
//! that the text stays as it was written and the value is stored once.
//!
//! In a stored text a reference is `U+E020 id . field hint U+E021`. The hint
//! says how the value is spelled there, so that what was lifted is written out
//! as it was read. Nobody types these characters; a text from outside that
//! holds one has it replaced before it is stored.

use std::ops::Range;

use crate::graph::Model;
use crate::schema::Shape;
use crate::value::Value;

/// Begins a reference.
pub const OPEN: char = '\u{e020}';
/// Ends a reference.
pub const CLOSE: char = '\u{e021}';

/// How a value is written at a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Hint {
    /// In its canonical form.
    #[default]
    Plain,
    /// `~text`: as this text, as long as it says the same value.
    Spelled(String),
    /// `-prefix`: a list, one item a line, each after this prefix; the first
    /// prefix stands in the text before the reference.
    Items(String),
    /// `,separator`: a list on one line.
    Joined(String),
    /// `>prefix`: a text whose further lines begin with this.
    Hanging(String),
    /// `#prefix`: a numbered list, one item a line. The prefix is that of the
    /// second item, with its number; it counts on from there.
    Counted(String),
    /// `&id,id;separator`: records on one line in this order; what came in
    /// since follows, what went is left out.
    Ordered(Vec<String>, String),
}

/// A place in a text that shows a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The record.
    pub id: String,
    /// The field's name.
    pub field: String,
    /// How it is written there.
    pub hint: Hint,
}

impl Reference {
    /// A mention of a record by its name.
    pub fn mention(id: &str, field: &str) -> Self {
        Reference { id: id.to_owned(), field: field.to_owned(), hint: Hint::Plain }
    }

    /// As it stands in a stored text.
    pub fn encode(&self) -> String {
        let hint = match &self.hint {
            Hint::Plain => String::new(),
            Hint::Spelled(text) => format!("~{text}"),
            Hint::Items(prefix) => format!("-{prefix}"),
            Hint::Joined(separator) => format!(",{separator}"),
            Hint::Hanging(prefix) => format!(">{prefix}"),
            Hint::Counted(prefix) => format!("#{prefix}"),
            Hint::Ordered(ids, separator) => format!("&{};{separator}", ids.join(",")),
        };
        format!("{OPEN}{}.{}{hint}{CLOSE}", self.id, self.field)
    }

    fn decode(inside: &str) -> Option<Reference> {
        let (id, rest) = inside.split_once('.')?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (field, hint) = rest.split_at(end);
        let mut chars = hint.chars();
        let hint = match chars.next() {
            None => Hint::Plain,
            Some('~') => Hint::Spelled(chars.as_str().to_owned()),
            Some('-') => Hint::Items(chars.as_str().to_owned()),
            Some(',') => Hint::Joined(chars.as_str().to_owned()),
            Some('>') => Hint::Hanging(chars.as_str().to_owned()),
            Some('#') => Hint::Counted(chars.as_str().to_owned()),
            Some('&') => {
                let (ids, separator) = chars.as_str().split_once(';')?;
                Hint::Ordered(ids.split(',').map(str::to_owned).collect(), separator.to_owned())
            }
            Some(_) => return None,
        };
        let valid = !id.is_empty() && id.chars().all(|c| c.is_ascii_hexdigit()) && !field.is_empty();
        valid.then(|| Reference { id: id.to_owned(), field: field.to_owned(), hint })
    }
}

/// Every reference of a text with where it stands, in bytes.
pub fn find(text: &str) -> Vec<(Range<usize>, Reference)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(OPEN).map(|start| at + start) {
        let inside = start + OPEN.len_utf8();
        let Some(end) = text[inside..].find([OPEN, CLOSE]).map(|end| inside + end) else { break };
        if text[end..].starts_with(OPEN) {
            at = end;
            continue;
        }
        let stop = end + CLOSE.len_utf8();
        if let Some(reference) = Reference::decode(&text[inside..end]) {
            found.push((start..stop, reference));
        }
        at = stop;
    }
    found
}

/// The text as people read it: every reference replaced by what it shows.
pub fn render(text: &str, model: &Model) -> String {
    render_with(text, |reference| show(reference, model))
}

/// The text with every reference replaced by what the function makes of it.
pub fn render_with(text: &str, mut show: impl FnMut(&Reference) -> String) -> String {
    if !text.contains(OPEN) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, reference) in find(text) {
        out.push_str(&text[at..range.start]);
        out.push_str(&show(&reference));
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Text from outside without characters that only references may hold.
pub fn clean(text: &str) -> String {
    text.replace([OPEN, CLOSE], "\u{fffd}")
}

/// What a reference shows. A record that is in the trash still shows, so that
/// prose stays whole; the checks name it. One that never was here shows `(?)`.
/// A value may itself mention records by their names.
pub fn show(reference: &Reference, model: &Model) -> String {
    let shown = show_value(reference, model);
    render_with(&shown, |mention| name_of(mention, model))
}

/// What a mention inside of a value shows: a name and nothing else, so that
/// values cannot show each other without end.
fn name_of(mention: &Reference, model: &Model) -> String {
    let named = model.get(&mention.id).filter(|record| record.collection.table().label == mention.field);
    match named.map(|record| record.get(&mention.field)) {
        Some(Some(Value::Text(name))) => clean(name),
        _ => "(?)".into(),
    }
}

fn show_value(reference: &Reference, model: &Model) -> String {
    let Some(record) = model.get(&reference.id) else { return "(?)".into() };
    let Some(field) = record.collection.field(&reference.field) else { return "(?)".into() };
    let derived;
    let value = if field.is_derived() {
        derived = model.derived(record, field);
        derived.as_ref()
    } else {
        record.get(field.name)
    };
    let Some(value) = value else {
        return if field.name == record.collection.table().label { record.label() } else { String::new() };
    };
    match (&reference.hint, value) {
        (Hint::Spelled(text), value) if field.shape.parse(text, model).is_ok_and(|said| said == *value) => text.clone(),
        (Hint::Items(prefix), Value::Map(entries)) => {
            // Links are kept by id and read by name.
            let named = |key: &String| model.get(key).map_or_else(|| key.clone(), crate::record::Record::label);
            let lines = entries.iter().map(|(key, value)| format!("{} = {value}", named(key)));
            lines.collect::<Vec<_>>().join(&format!("\n{prefix}"))
        }
        (Hint::Counted(prefix), Value::List(items)) => count(&spoken(items, field.shape, model), prefix),
        (Hint::Ordered(ids, separator), Value::List(items)) => {
            spoken(&in_order(items, ids), field.shape, model).join(separator)
        }
        (Hint::Items(prefix), Value::List(items)) => spoken(items, field.shape, model).join(&format!("\n{prefix}")),
        (Hint::Joined(separator), Value::List(items)) => spoken(items, field.shape, model).join(separator),
        (Hint::Hanging(prefix), Value::Text(text)) => hang(text, prefix),
        _ => field.shape.format(value, model),
    }
}

/// A text whose further lines begin with a prefix.
pub(crate) fn hang(text: &str, prefix: &str) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(prefix);
            out.push_str(line);
        }
    }
    out
}

/// Items, each but the first after its number.
pub(crate) fn count(items: &[String], prefix: &str) -> String {
    let start = prefix.find(|c: char| c.is_ascii_digit()).unwrap_or(prefix.len());
    let end = prefix[start..].find(|c: char| !c.is_ascii_digit()).map_or(prefix.len(), |end| start + end);
    let mut number: u64 = prefix[start..end].parse().unwrap_or(2);
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(&format!("\n{}{number}{}", &prefix[..start], &prefix[end..]));
            number = number.saturating_add(1);
        }
        out.push_str(item);
    }
    out
}

/// Ids in the order in which they were written; those that came in since last.
fn in_order(items: &[String], wanted: &[String]) -> Vec<String> {
    let there: std::collections::HashSet<&String> = items.iter().collect();
    let written: std::collections::HashSet<&String> = wanted.iter().collect();
    let first = wanted.iter().filter(|id| there.contains(id));
    first.chain(items.iter().filter(|id| !written.contains(id))).cloned().collect()
}

fn spoken(items: &[String], shape: Shape, model: &Model) -> Vec<String> {
    items.iter().map(|item| shape.item(item, model)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::schema::Collection;

    fn model() -> Model {
        let mut model = Model::default();
        model.put(
            Record::new(Collection::Elements, "0a")
                .with("name", Value::text("Front door"))
                .with("purpose", Value::text("one\ntwo"))
                .with("status", Value::text("live"))
                .with("responsibilities", Value::list(["a", "b"])),
        );
        model
    }

    fn shown(field: &str, hint: Hint) -> String {
        let reference = Reference { id: "0a".into(), field: field.into(), hint };
        assert_eq!(find(&reference.encode())[0].1, reference);
        render(&format!("<{}>", reference.encode()), &model())
    }

    #[test]
    fn references_show_fields_as_their_hints_say() {
        assert_eq!(shown("name", Hint::Plain), "<Front door>");
        assert_eq!(shown("purpose", Hint::Hanging("  ".into())), "<one\n  two>");
        assert_eq!(shown("responsibilities", Hint::Items("- ".into())), "<a\n- b>");
        assert_eq!(shown("responsibilities", Hint::Joined(", ".into())), "<a, b>");
        assert_eq!(shown("responsibilities", Hint::Counted(" 10) ".into())), "<a\n 10) b>");
        assert_eq!(shown("status", Hint::Spelled("LIVE".into())), "<LIVE>");
        assert_eq!(shown("status", Hint::Spelled("Proposed".into())), "<Live>", "a spelling that is no longer true");
    }

    #[test]
    fn records_are_shown_in_the_order_they_were_written_in() {
        let mut model = model();
        let named = |id: &str, name: &str| Record::new(Collection::Elements, id).with("name", Value::text(name));
        model.put_all([named("0b", "Bay"), named("0c", "Cellar")]);
        let concern = Record::new(Collection::Concerns, "1a");
        model.put(concern.with("elements", Value::list(["0a", "0b", "0c"])));
        let hint = Hint::Ordered(vec!["0c".into(), "0d".into(), "0a".into()], " + ".into());
        let reference = Reference { id: "1a".into(), field: "elements".into(), hint };
        assert_eq!(find(&reference.encode())[0].1, reference);
        assert_eq!(render(&reference.encode(), &model), "Cellar + Front door + Bay");
    }

    #[test]
    fn a_value_mentions_names_and_nothing_else() {
        let mut model = model();
        let mention = |id: &str, field: &str| Reference::mention(id, field).encode();
        let text = format!("{} opens {} {}", mention("0a", "name"), mention("0b", "purpose"), mention("0c", "name"));
        model.put(Record::new(Collection::Elements, "0b").with("purpose", Value::text(text)));
        assert_eq!(render(&mention("0b", "purpose"), &model), "Front door opens (?) (?)");
    }

    #[test]
    fn damaged_references_are_text() {
        for text in ["\u{e020}", "\u{e020}zz.name\u{e021}", "\u{e020}0a\u{e021}", "\u{e020}\u{e020}0a.name"] {
            assert_eq!(render(text, &model()), text);
        }
        assert_eq!(render("\u{e020}x\u{e020}0a.name\u{e021}", &model()), "\u{e020}xFront door");
    }
}
