//! Fields of records, each by what it holds, and records as cards.

use std::fmt::Write;

use super::Page;
use super::escape::escape;
use super::prose::is_harmless;
use crate::naming::{label, shown};
use crate::record::Record;
use crate::reference::OPEN;
use crate::schema::{Collection, Field, Shape};
use crate::value::Value;

/// The longest name, in characters.
const NAME: usize = 120;
/// Fields that stand as a badge beside the name.
const BADGES: [&str; 5] = ["kind", "status", "outcome", "basis", "level"];

/// What a card of a record leaves out, because it stands elsewhere.
#[derive(Default, Clone, Copy)]
pub(super) struct Card<'a> {
    pub level: u8,
    /// Fields shown by what is around the card.
    pub without: &'a [&'static str],
    /// What stands before the name, such as a decision's number.
    pub before: &'a str,
}

impl<'a> Page<'a> {
    /// A record's name with badges, and its fields. What is inside of it comes
    /// between `open_card` and `close_card`.
    pub(super) fn open_card(&mut self, record: &'a Record, card: Card) {
        self.done.insert(&record.id);
        let table = record.collection.table();
        let (anchor, name) = (self.anchor(record), escape(&short(&label(record, self.model))));
        let (badges, level) = (self.badges(record), card.level.clamp(2, super::HEADINGS));
        let before = card.before;
        self.add(&format!(
            "<article class=\"card {}\" id=\"{anchor}\" aria-labelledby=\"{anchor}-name\">\n<header><h{level} id=\"{anchor}-name\">{before}{name}</h{level}>{badges}</header>\n",
            table.name
        ));
        let mut without = card.without.to_vec();
        without.extend(BADGES);
        if !matches!(record.collection, Collection::Relationships | Collection::Instances) && is_whole_name(record) {
            without.push(table.label);
        }
        self.fields(record, &without, level);
    }

    pub(super) fn close_card(&mut self) {
        self.add("</article>\n");
    }

    pub(super) fn card(&mut self, record: &'a Record, card: Card) {
        self.open_card(record, card);
        self.close_card();
    }

    /// Choices that say what a thing is and where it stands, and how sure one
    /// is of it.
    pub(super) fn badges(&self, record: &'a Record) -> String {
        let mut out = String::new();
        for name in BADGES {
            let Some(field) = record.collection.field(name).filter(|field| field.name == name) else { continue };
            if let (Shape::Choice(_), Some(Value::Text(word))) = (field.shape, record.get(name)) {
                let title = escape(&field.shape.item(word, self.model));
                let _ = write!(out, " <span class=\"badge {name} is-{}\">{title}</span>", super::anchor(word));
            }
        }
        out.push_str(&self.evidence(record));
        if out.is_empty() { out } else { format!("<span class=\"badges\">{out}</span>") }
    }

    /// One badge for each basis that evidence on a record has.
    pub(super) fn evidence(&self, record: &'a Record) -> String {
        let Some(field) = Collection::Evidence.field("basis") else { return String::new() };
        let about = self.index.about(&record.id);
        let evidence: Vec<&Record> =
            about.iter().copied().filter(|one| one.collection == Collection::Evidence).collect();
        let mut out = String::new();
        for choice in field.shape.choices() {
            let of: Vec<&&Record> = evidence.iter().filter(|one| one.text("basis") == choice.value).collect();
            if let Some(first) = of.first() {
                let times = if of.len() > 1 { format!(" × {}", of.len()) } else { String::new() };
                let _ = write!(
                    out,
                    " <a class=\"badge basis is-{}\" href=\"#{}\">{}{times}</a>",
                    choice.value,
                    self.anchor(first),
                    choice.title
                );
            }
        }
        out
    }

    /// All fields but these, as a list of names with values.
    pub(super) fn fields(&mut self, record: &'a Record, without: &[&str], level: u8) {
        let rows = self.rows(record, without, level);
        if !rows.is_empty() {
            self.add(&format!("<dl class=\"fields\">\n{rows}</dl>\n"));
        }
    }

    pub(super) fn rows(&mut self, record: &'a Record, without: &[&str], level: u8) -> String {
        let mut rows = String::new();
        for field in record.collection.table().fields {
            if without.contains(&field.name) || field.internal {
                continue;
            }
            let derived;
            let value = if field.is_derived() {
                derived = self.dependencies(record);
                Some(&derived)
            } else {
                record.get(field.name)
            };
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let html = self.value(field, value, level);
                let _ = writeln!(rows, "<div><dt>{}</dt><dd>{html}</dd></div>", field.title);
            }
        }
        for (name, values) in &record.conflicts {
            let Some(field) = record.collection.field(name).filter(|field| !field.internal) else { continue };
            for value in values {
                let html = self.value(field, value, level);
                let _ = writeln!(rows, "<div class=\"conflict\"><dt>Other {}</dt><dd>{html}</dd></div>", field.title);
            }
        }
        rows
    }

    fn dependencies(&self, record: &Record) -> Value {
        let mut targets: Vec<String> =
            self.index.leaving(&record.id).iter().map(|one| one.text("to").to_owned()).collect();
        let mut seen = std::collections::HashSet::new();
        targets.retain(|target| seen.insert(target.clone()));
        Value::List(targets)
    }

    /// A value as HTML.
    pub(super) fn value(&mut self, field: &Field, value: &Value, level: u8) -> String {
        match (field.shape, value) {
            (_, Value::Number(number)) => number.to_string(),
            (Shape::Text, Value::Text(text)) => {
                let html = self.blocks(text, level);
                let trimmed = html.trim();
                let single = trimmed.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
                single.filter(|inner| !inner.contains("<p>")).unwrap_or(trimmed).to_owned()
            }
            (Shape::Ref(_), Value::Text(id)) => self.link(id),
            (Shape::Date, Value::Text(day)) => format!("<time>{}</time>", escape(day)),
            (Shape::Choice(_), Value::Text(word)) => escape(&field.shape.item(word, self.model)),
            (_, Value::Text(text)) if field.name == "url" => self.address(text),
            (_, Value::Text(text)) => escape(&shown(text, self.model)),
            (Shape::Refs(_) | Shape::Targets, Value::List(ids)) => {
                ids.iter().map(|id| self.link(id)).collect::<Vec<_>>().join(", ")
            }
            (Shape::List, Value::List(items)) if field.name == "technologies" => {
                let items: Vec<String> =
                    items.iter().map(|item| format!("<span class=\"tag\">{}</span>", self.inline(item))).collect();
                items.join(" ")
            }
            (Shape::Tags, Value::List(tags)) => {
                let tags: Vec<String> =
                    tags.iter().map(|tag| format!("<span class=\"tag\">{}</span>", escape(tag))).collect();
                tags.join(" ")
            }
            (_, Value::List(items)) => {
                let items: Vec<String> = items.iter().map(|item| format!("<li>{}</li>\n", self.inline(item))).collect();
                format!("<ul>\n{}</ul>", items.concat())
            }
            (_, Value::Map(entries)) => {
                let entries: Vec<String> = entries.iter().map(|(name, value)| self.entry(field, name, value)).collect();
                format!("<ul class=\"map\">\n{}</ul>", entries.concat())
            }
        }
    }

    /// An entry of a map; that of a decision's links is about another record.
    fn entry(&self, field: &Field, name: &str, value: &str) -> String {
        let name = if field.name == "links" { self.link_or_text(name) } else { escape(&shown(name, self.model)) };
        format!("<li><span class=\"key\">{name}</span> {}</li>\n", escape(&shown(value, self.model)))
    }

    fn link_or_text(&self, id: &str) -> String {
        if self.model.get(id).is_some() { self.link(id) } else { self.address(id) }
    }

    fn address(&self, text: &str) -> String {
        let shown = escape(&shown(text, self.model));
        let is_web = ["http://", "https://", "mailto:"].iter().any(|scheme| text.starts_with(scheme));
        if is_web && is_harmless(text) { format!("<a href=\"{shown}\">{shown}</a>") } else { shown }
    }
}

/// Whether the name shows all there is of the field that names a record, so
/// that the field need not be repeated.
fn is_whole_name(record: &Record) -> bool {
    match record.get(record.collection.table().label) {
        Some(Value::Text(text)) => text.trim() == short(&record.label()) && !text.contains(['*', '`', '[', '<', OPEN]),
        _ => true,
    }
}

/// A name of a length that fits a heading or a link: its first line, and not
/// all of that when it is long.
pub(super) fn short(name: &str) -> String {
    let line = name.lines().next().unwrap_or_default();
    match line.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}
