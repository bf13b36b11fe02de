//! From a labelled value to a field: the value in its one form, and a
//! reference that reads exactly as the text did.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::graph::Model;
use crate::reference::{self, Hint, OPEN, Reference};
use crate::schema::{Collection, Field, Shape};
use crate::value::Value;

use super::blocks::{Item, trimmed};
use super::labels::{field_called, is_advice};
use super::mentions::{Reach, mention};
use super::work::Work;

/// What stands behind a label. Bytes of the section's text.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// On its line and the lines that continue it.
    pub text: Range<usize>,
    /// The list below it.
    pub items: Vec<usize>,
    /// All of it.
    pub whole: Range<usize>,
}

/// A value, where it stands, and how it is written there.
#[derive(Debug)]
pub(super) struct Reading {
    pub value: Value,
    pub at: Range<usize>,
    pub hint: Hint,
}

type Read = Result<Reading, String>;

/// Fields whose one line is a list with commas.
const WITH_COMMAS: &[&str] = &["technologies", "deciders", "consulted", "informed", "data", "attachments"];

impl Work<'_, '_> {
    /// Lifts what stands behind a label into a field, or notes why not.
    pub fn lift_field(&mut self, id: &str, field: &'static Field, found: &Found) -> bool {
        let what = format!("{} of {}", field.title, self.label(id));
        if self.is_lifted(id, field, found) || found.whole.is_empty() {
            return false;
        }
        let result = self.read_field(field, found).and_then(|reading| {
            self.draft.fill(id, field, reading.value.clone())?;
            Ok(reading)
        });
        match result {
            Ok(reading) => {
                self.place(reading.at.clone(), id, field.name, reading.hint);
                self.lifted(what, found.whole.start);
                true
            }
            Err(why) => {
                self.left(what, why, found.whole.start);
                false
            }
        }
    }

    /// Whether a reference to the field stands there already.
    fn is_lifted(&self, id: &str, field: &Field, found: &Found) -> bool {
        let text = &self.body.text[found.whole.clone()];
        let refers = |(_, reference): &(Range<usize>, Reference)| reference.id == id && reference.field == field.name;
        text.contains(OPEN) && reference::find(text).iter().any(refers)
    }

    /// Reads a value as the field takes it.
    pub fn read_field(&self, field: &Field, found: &Found) -> Read {
        let text = &self.body.text[found.text.clone()];
        if is_advice(text) && found.items.is_empty() {
            return Err("it is the template's advice".into());
        }
        let advice = |item: &usize| is_advice(&self.body.text[self.body.own(&self.body.items[*item])]);
        if !found.items.is_empty() && found.items.iter().any(advice) {
            return Err("some of it is the template's advice".into());
        }
        if field.shape == Shape::Text {
            return self.read_text(found.whole.clone());
        }
        let reading = match (found.text.is_empty(), found.items.is_empty()) {
            (true, false) => self.read_items(field, &found.items),
            (false, true) if found.whole.end == found.text.end => self.read_line(field, found.text.clone()),
            _ => Err("it is more than the field takes".into()),
        }?;
        let shown = field.shape.check(reading.value.clone(), &Model::default());
        let is_ref = matches!(field.shape, Shape::Ref(_) | Shape::Refs(_));
        if !is_ref && shown.as_ref() != Ok(&reading.value) {
            return Err(format!("the field takes {}", field.shape.expected()));
        }
        Ok(reading)
    }

    /// A text, its further lines without their common indentation.
    pub fn read_text(&self, range: Range<usize>) -> Read {
        let range = trimmed(self.body.text, range);
        let line = self.body.text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        // A text that begins on a line of its own is indented as a whole.
        let lead = Some(&self.body.text[line..range.start]).filter(|lead| lead.trim().is_empty());
        let prefix = common_indent(&self.body.text[range.clone()], lead);
        let range = if lead.is_some() { line + prefix.len()..range.end } else { range };
        let source = &self.body.text[range.clone()];
        if !self.only_mentions(source) {
            return Err("it shows other fields".into());
        }
        let mut value = String::new();
        for (index, line) in source.split('\n').enumerate() {
            if index > 0 {
                value.push('\n');
                value.push_str(line.strip_prefix(prefix).unwrap_or(line.trim_start()));
            } else {
                value.push_str(line);
            }
        }
        if reference::hang(&value, prefix) != source {
            return Err("its lines are not indented evenly".into());
        }
        if Shape::Text.check(Value::text(value.clone()), &Model::default()) != Ok(Value::text(value.clone())) {
            return Err("it is too long, or its lines end differently".into());
        }
        let hint = if value.contains('\n') { Hint::Hanging(prefix.to_owned()) } else { Hint::Plain };
        let value = if self.mentions { mention(&value, self.draft, Reach::Bold).text } else { value };
        Ok(Reading { value: Value::text(value), at: range, hint })
    }

    /// Whether the references of a text are all to names.
    fn only_mentions(&self, text: &str) -> bool {
        let names = |(_, reference): &(Range<usize>, Reference)| {
            let record = self.draft.get(&reference.id);
            record.is_some_and(|record| {
                record.collection.table().label == reference.field && record.collection != Collection::Steps
            })
        };
        !text.contains(OPEN) || reference::find(text).iter().all(names)
    }

    fn read_line(&self, field: &Field, range: Range<usize>) -> Read {
        let text = &self.body.text[range.clone()];
        if text.contains('\n') {
            return Err("it is more than one line".into());
        }
        if text.contains(OPEN) {
            return Err("it shows other fields".into());
        }
        let parsed = |hint| {
            let value = field.shape.parse(text, &Model::default());
            value.map(|value| Reading { value, at: range.clone(), hint }).map_err(|refusal| refusal.message)
        };
        match field.shape {
            Shape::Line | Shape::Number | Shape::Date | Shape::Text => parsed(Hint::Plain),
            Shape::Choice(_) => {
                let reading = parsed(Hint::Plain)?;
                let same = field.shape.format(&reading.value, &Model::default()) == text;
                let hint = if same { Hint::Plain } else { Hint::Spelled(text.to_owned()) };
                Ok(Reading { hint, ..reading })
            }
            Shape::Tags => {
                let reading = parsed(Hint::Plain)?;
                let same = reading.value.items().join(", ") == text;
                let hint = if same { Hint::Joined(", ".into()) } else { Hint::Spelled(text.to_owned()) };
                Ok(Reading { hint, ..reading })
            }
            Shape::List => {
                let parts = comma_parts(text).into_iter().map(|part| &text[part]);
                let items: Vec<&str> = if takes_commas(field.name) { parts.collect() } else { vec![text] };
                if items.join(", ") != text {
                    return Err("its commas are not spaced evenly".into());
                }
                Ok(Reading { value: Value::list(items), at: range, hint: Hint::Joined(", ".into()) })
            }
            Shape::Map => {
                let reading = parsed(Hint::Plain)?;
                let same = field.shape.format(&reading.value, &Model::default()) == text;
                if same { Ok(reading) } else { Err("it is not written as name = value".into()) }
            }
            Shape::Ref(collections) => self.read_name(collections, range),
            Shape::Refs(collections) => self.read_names(collections, range),
            Shape::Targets => Err("it follows from relationships".into()),
        }
    }

    fn read_name(&self, collections: &[Collection], range: Range<usize>) -> Read {
        let range = self.without_bold(range);
        let name = &self.body.text[range.clone()];
        match self.draft.called(collections, name) {
            Some(id) => Ok(Reading { value: Value::text(id), at: range, hint: Hint::Plain }),
            None => Err(format!("nothing is called exactly “{name}”, or several are")),
        }
    }

    fn without_bold(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.body.text[range.clone()];
        let is_bold = text.len() > 4 && text.starts_with("**") && text.ends_with("**");
        if is_bold { range.start + 2..range.end - 2 } else { range }
    }

    fn read_names(&self, collections: &[Collection], range: Range<usize>) -> Read {
        let bare = self.without_bold(range.clone());
        let separator = if bare == range { ", " } else { "**, **" };
        let text = &self.body.text[bare.clone()];
        let ids = text.split(separator).map(|name| {
            let id = self.draft.called(collections, name);
            id.map(str::to_owned).ok_or_else(|| format!("nothing is called exactly “{name}”, or several are"))
        });
        let written = ids.collect::<Result<Vec<String>, String>>()?;
        set_of(written, separator, bare)
    }

    fn read_items(&self, field: &Field, items: &[usize]) -> Read {
        let list: Vec<&Item> = items.iter().map(|item| &self.body.items[*item]).collect();
        let (Some(first), Some(last)) = (list.first(), list.last()) else { return Err("it is empty".into()) };
        if list.iter().any(|item| item.more || item.dead || !item.children.is_empty()) {
            return Err("its items hold more than a line".into());
        }
        let texts: Vec<&str> = list.iter().map(|item| &self.body.text[self.body.own(item)]).collect();
        if texts.iter().any(|text| text.contains('\n') || text.contains(OPEN) || text.is_empty()) {
            return Err("its items are not one line each".into());
        }
        let at = first.start..self.body.own(last).end;
        let source = &self.body.text[at.clone()];
        let prefix = match list.get(1) {
            Some(second) => self.body.text[self.body.own(first).end..second.start].strip_prefix('\n').unwrap_or(""),
            None => self.prefix_of(first),
        };
        let joined = format!("\n{prefix}");
        let even =
            |shown: String| if shown == source { Ok(()) } else { Err("its items are not marked evenly".to_owned()) };
        match field.shape {
            Shape::List if first.ordered => {
                let prefix = if list.len() == 1 { next_number(prefix) } else { prefix.to_owned() };
                let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
                even(reference::count(&texts, &prefix))?;
                Ok(Reading { value: Value::List(texts), at, hint: Hint::Counted(prefix) })
            }
            Shape::List => {
                even(texts.join(&joined))?;
                Ok(Reading { value: Value::list(texts), at, hint: Hint::Items(prefix.to_owned()) })
            }
            Shape::Map => {
                let entries = texts.iter().map(|text| text.split_once(" = "));
                let entries: Option<Vec<(&str, &str)>> = entries.collect();
                let entries = entries.ok_or("its items are not written as name = value")?;
                if field.name == "links" {
                    return Err("links are written for reading only".into());
                }
                let map: BTreeMap<String, String> =
                    entries.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                let value = Value::Map(map);
                even(Shape::Map.format(&value, &Model::default()).replace('\n', &joined))?;
                Ok(Reading { value, at, hint: Hint::Items(prefix.to_owned()) })
            }
            Shape::Refs(collections) => {
                even(texts.join(&joined))?;
                let ids = texts.iter().map(|name| self.draft.called(collections, name).map(str::to_owned));
                let written = ids.collect::<Option<Vec<String>>>().ok_or("some of them are not known")?;
                set_of(written, &joined, at)
            }
            _ => Err("it is a list".into()),
        }
    }

    /// What stands before an item's text in its line.
    fn prefix_of(&self, item: &Item) -> &str {
        &self.body.text[self.body.lines[item.first].start..item.start]
    }

    /// Lifts the labelled items that are nested in an item into its record's
    /// fields. Those that are none are given back.
    pub fn lift_nested(&mut self, id: &str, collection: Collection, children: &[usize]) -> Vec<usize> {
        let mut others = Vec::new();
        for child in children {
            match self.nested_field(collection, *child) {
                Some((field, found)) => {
                    self.lift_field(id, field, &found);
                }
                None => others.push(*child),
            }
        }
        others
    }

    /// The field that an item is about by its label.
    pub fn nested_field(&self, collection: Collection, item: usize) -> Option<(&'static Field, Found)> {
        let (name, found) = self.labelled(item)?;
        let field = field_called(collection, &self.body.text[name])?;
        Some((field, found)).filter(|(field, _)| !field.is_derived())
    }
}

/// Whether a list field is read from a line with commas.
pub(crate) fn takes_commas(field: &str) -> bool {
    WITH_COMMAS.contains(&field)
}

/// A set of records, and the order in which they are written.
fn set_of(written: Vec<String>, separator: &str, at: Range<usize>) -> Read {
    let mut ids = written.clone();
    ids.sort();
    ids.dedup();
    if ids.len() != written.len() {
        return Err("it names one of them twice".into());
    }
    let hint = Hint::Ordered(written, separator.to_owned());
    Ok(Reading { value: Value::List(ids), at, hint })
}

/// The white space that every line begins with, the first one only where it is
/// given.
fn common_indent<'t>(source: &'t str, first: Option<&'t str>) -> &'t str {
    let lines = source.split('\n').skip(1).filter(|line| !line.trim().is_empty());
    let indents = lines.map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
    let common = first.into_iter().chain(indents).reduce(|common, indent| {
        let same = common.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
        &common[..same]
    });
    common.unwrap_or_default()
}

/// `1. ` as `2. `.
fn next_number(prefix: &str) -> String {
    let digits = |c: char| c.is_ascii_digit();
    let start = prefix.find(digits).unwrap_or(prefix.len());
    let end = prefix[start..].find(|c| !digits(c)).map_or(prefix.len(), |end| start + end);
    let number: u64 = prefix[start..end].parse().unwrap_or(1);
    format!("{}{}{}", &prefix[..start], number.saturating_add(1), &prefix[end..])
}

/// Parts between commas that are in no brackets, without white space around.
pub(crate) fn comma_parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_i32);
    let trim = |range: Range<usize>| {
        let part = &text[range.clone()];
        let start = range.start + part.len() - part.trim_start().len();
        start..start.max(range.start + part.trim_end().len())
    };
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(trim(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(trim(start..text.len()));
    parts
}
