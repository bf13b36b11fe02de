//! One record's file, understood: its fields, options and relations.

use crate::schema::{Field, Shape};
use crate::value::Value;

use super::dates::day;
use super::front::{Front, Values};
use super::inline::{uncommented, words};
use super::lists::{Block, blocks, first_paragraph, items, unpadded};
use super::outcome::{Fields, arguments, chosen, matching, option, stated};
use super::page::{Kind, Page, Section, field, join, join_value};
use super::status::{self, Related};
use super::verbatim::{Held, is_token};

/// The most options of a record.
pub(super) const OPTIONS: usize = 500;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// In the heading or in a line of its own.
    pub number: Option<String>,
    /// The heading without the number; empty when there is none.
    pub title: String,
    /// The heading's line, from 1.
    pub line: usize,
    /// Fields with a value, as in the schema.
    pub fields: Fields,
    /// The options, in their order.
    pub alternatives: Vec<Fields>,
    /// What it has to do with other records.
    pub related: Vec<Related>,
    /// Elements by name, each with its line.
    pub elements: Vec<(String, usize)>,
    /// Whether there is a line for the date, even if it is empty.
    pub dated: bool,
    /// What could not be taken as it is, with its line.
    pub notes: Vec<(usize, String)>,
    /// The line of an option that is one too many.
    pub crowded: Option<usize>,
}

/// Reads a file's text, whose line ends are `\n`. The number is that of the
/// file's name.
pub(super) fn parse(text: &str, number: Option<&str>, titled: bool) -> Parsed {
    let page = Page::cut(text);
    let mut reading = Reading::new(&page.held);
    reading.front(&page.front, page.title.is_none());
    reading.more(&page.before);
    if let Some(title) = &page.title {
        // An enclosed text right above an underlined heading is no part of it.
        let (above, title): (Vec<&str>, Vec<&str>) = title.split('\n').map(str::trim).partition(|line| is_token(line));
        reading.more(&above.join("\n"));
        let title = title.join(" ");
        let (found, rest) = if titled { super::naming::of_title(&title, number) } else { (None, title.as_str()) };
        reading.parsed.number = found;
        reading.parsed.title = rest.to_owned();
        reading.parsed.line = page.line;
    }
    reading.header(&page);
    for section in &page.sections {
        reading.section(section);
    }
    reading.finish()
}

struct Reading<'a> {
    held: &'a Held,
    parsed: Parsed,
    more: Vec<String>,
    options: Vec<Choice>,
    chosen: Option<(String, usize)>,
    /// The section before was about options, or is one.
    arguing: bool,
}

#[derive(Default)]
struct Choice {
    name: String,
    fields: Fields,
    stated: Option<&'static str>,
    /// It had a heading of its own.
    headed: bool,
}

impl<'a> Reading<'a> {
    fn new(held: &'a Held) -> Self {
        let parsed = Parsed { line: 1, ..Parsed::default() };
        Reading { held, parsed, more: Vec::new(), options: Vec::new(), chosen: None, arguing: false }
    }

    fn more(&mut self, text: &str) {
        let text = self.held.restore(text);
        if !text.trim().is_empty() {
            self.more.push(text);
        }
    }

    fn note(&mut self, line: usize, what: impl Into<String>) {
        self.parsed.notes.push((line, what.into()));
    }

    /// What is at the top between `---`. Keys that say nothing here stay
    /// together as they are.
    fn front(&mut self, front: &Front, untitled: bool) {
        let mut left: Vec<&str> = Vec::new();
        for entry in &front.entries {
            let taken = match (&entry.value, field(&entry.key)) {
                (Some(Values::One(text)), None) if untitled && entry.key == "title" => {
                    self.parsed.title = text.clone();
                    true
                }
                (Some(Values::One(text)), Some(field)) => {
                    let fits = matches!(field.shape, Shape::List | Shape::Tags | Shape::Date | Shape::Choice(_));
                    fits && self.set_line(field, text, entry.line)
                }
                (Some(Values::Many(list)), Some(field)) => {
                    matches!(field.shape, Shape::List | Shape::Tags) && self.extend(field.name, list.clone())
                }
                _ => false,
            };
            if !taken {
                left.push(&entry.raw);
            }
        }
        if !left.is_empty() {
            self.more.push(format!("```yaml\n{}\n```", left.join("\n")));
        }
    }

    /// The lines between the title and the first section.
    fn header(&mut self, page: &Page) {
        let mut left: Vec<&str> = Vec::new();
        let base = page.header_line;
        for block in blocks(&page.header) {
            let (text, raw, at) = match block {
                Block::Item { text, raw, line } => (text, raw, line),
                Block::Line(line, at) => (line.trim().to_owned(), vec![line], at),
            };
            if !self.meta(&text, base + at) {
                left.extend(raw);
            }
        }
        self.more(&left.join("\n"));
    }

    /// `Key: value` of a line under the title.
    fn meta(&mut self, text: &str, line: usize) -> bool {
        let Some((key, value)) = pair(text) else { return false };
        if key.eq_ignore_ascii_case("number") {
            let number = super::naming::number(value).filter(|(_, rest)| rest.is_empty());
            self.parsed.number = number.map(|(number, _)| number);
            return self.parsed.number.is_some();
        }
        let Some(field) = field(key) else { return false };
        self.parsed.dated |= field.name == "date";
        let (list, _) = items(value);
        match field.shape {
            Shape::List | Shape::Tags if field.name != "drivers" && value.contains('\n') && !list.is_empty() => {
                self.extend(field.name, list)
            }
            Shape::List | Shape::Tags if field.name != "drivers" => self.set_line(field, value, line),
            Shape::Date | Shape::Choice(_) if !value.contains('\n') => self.set_line(field, value, line),
            _ => false,
        }
    }

    /// A field from one line. False if it stays where it is.
    fn set_line(&mut self, field: &'static Field, text: &str, line: usize) -> bool {
        let text = uncommented(text);
        if text.is_empty() {
            return true;
        }
        match field.shape {
            Shape::Date => match day(text).filter(|_| !self.parsed.fields.contains_key("date")) {
                Some(day) => {
                    self.parsed.fields.insert(field.name, Value::text(day));
                    true
                }
                None => {
                    self.note(line, format!("“{text}” could be more than one day; it is kept as text."));
                    false
                }
            },
            Shape::Choice(_) => self.status(text, line),
            _ => {
                let words = text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty());
                self.extend(field.name, words.map(str::to_owned).collect())
            }
        }
    }

    fn extend(&mut self, name: &'static str, more: Vec<String>) -> bool {
        let more = more.into_iter().filter(|item| !item.trim().is_empty());
        if let Value::List(all) = self.parsed.fields.entry(name).or_insert_with(|| Value::List(Vec::new())) {
            all.extend(more);
        }
        true
    }

    /// One line of a status. False if it is to be kept as text.
    fn status(&mut self, text: &str, line: usize) -> bool {
        let said = status::read(text);
        let known = self.parsed.fields.get("status").map(|value| value.as_str().to_owned());
        let mut whole = said.whole;
        match (said.status, known.as_deref()) {
            (Some(status), None) => drop(self.parsed.fields.insert("status", Value::text(status))),
            (Some(status), Some(_)) if status == "superseded" => {
                self.parsed.fields.insert("status", Value::text(status));
            }
            (Some(status), Some(known)) => whole &= status == known,
            (None, _) => {}
        }
        for (relation, target) in said.related {
            let keep = if whole { format!("Status: {text}") } else { String::new() };
            self.parsed.related.push(Related { relation, target, keep, line });
        }
        if !whole {
            self.note(line, format!("The status “{text}” is not one of a decision; it is kept as text."));
        }
        whole
    }

    fn section(&mut self, section: &Section) {
        let kind = section.kind();
        let was_arguing = std::mem::replace(&mut self.arguing, matches!(kind, Kind::Arguments));
        if uncommented(&section.title) != section.title.trim() && !matches!(kind, Kind::Unknown) {
            self.note(section.line, format!("The comment in the heading “{}” is left out.", section.title));
        }
        match kind {
            Kind::Field(field) => self.field(field, section),
            Kind::Considered => self.considered(section),
            Kind::Arguments => self.arguments(section),
            Kind::Links => self.links(section),
            Kind::Negative => self.negative(&section.text(), section),
            Kind::More => self.more(&section.text()),
            Kind::Unknown if was_arguing && self.find(&section.title).is_some() => {
                self.arguing = true;
                self.option(section, &section.below);
            }
            Kind::Unknown => self.more(&section.whole()),
        }
    }

    fn field(&mut self, field: &'static Field, section: &Section) {
        let text = section.text();
        match (field.name, field.shape) {
            ("decision", _) => self.outcome(section),
            ("status", _) => self.status_section(section),
            ("date", _) => {
                if !self.set_line(field, text.trim(), section.line) {
                    self.more(&section.whole());
                }
            }
            ("elements", _) => {
                let (names, rest) = items(&text);
                self.parsed.elements.extend(names.into_iter().map(|name| (name, section.line)));
                self.left(section, &rest);
            }
            (_, Shape::Text) => self.text(field.name, &text, section),
            _ => self.list(field, &text, section),
        }
    }

    /// What of a section's text fits nowhere, with its heading.
    fn left(&mut self, section: &Section, rest: &str) {
        if rest.trim().is_empty() {
            return;
        }
        self.note(section.line, format!("Text under “{}” that is no list is kept as text.", section.title));
        let mut text = section.source.clone();
        join(&mut text, rest);
        self.more(&text);
    }

    fn list(&mut self, field: &'static Field, text: &str, section: &Section) {
        let (list, rest) = items(text);
        if list.is_empty()
            && field.name != "drivers"
            && field.name != "tradeOffs"
            && !rest.contains('\n')
            && !is_token(&rest)
        {
            self.set_line(field, &rest, section.line);
            return;
        }
        self.extend(field.name, list);
        self.left(section, &rest);
    }

    /// A text; a second one for the same field keeps its heading.
    fn text(&mut self, name: &'static str, text: &str, section: &Section) {
        let text = self.held.restore(text);
        if text.trim().is_empty() {
            return;
        }
        match self.parsed.fields.get_mut(name) {
            Some(Value::Text(all)) => join_value(all, &format!("### {}\n\n{text}", section.title.trim())),
            _ => drop(self.parsed.fields.insert(name, Value::text(text))),
        }
    }

    fn status_section(&mut self, section: &Section) {
        let mut left: Vec<String> = Vec::new();
        for block in blocks(&section.text()) {
            let (text, at) = match block {
                Block::Item { text, line, .. } => (text, line),
                Block::Line(text, line) => (text.trim().to_owned(), line),
            };
            if !text.is_empty() && !self.status(&text, section.text_line + at) {
                left.push(text);
            }
        }
        match &left[..] {
            [] => {}
            // What is enclosed stands in lines of its own.
            [one] if !is_token(one) => self.more(&format!("Status: {one}")),
            several => self.more(&format!("Status:\n\n{}", several.join("\n"))),
        }
    }

    fn outcome(&mut self, section: &Section) {
        let mut main = section.body.clone();
        let mut parts: Vec<(Kind, &Section, String)> = Vec::new();
        let mut inside = false;
        for below in &section.below {
            let kind = below.kind();
            let known = match kind {
                Kind::Negative => true,
                Kind::Field(field) => {
                    ["rationale", "decision", "consequences", "confirmation", "tradeOffs"].contains(&field.name)
                }
                _ => false,
            };
            match parts.last_mut() {
                _ if known => {
                    parts.push((kind, below, below.body.clone()));
                    inside = true;
                }
                Some((_, part, text)) if inside && below.level > part.level => join(text, &below.whole()),
                _ => {
                    join(&mut main, &below.whole());
                    inside = false;
                }
            }
        }
        let own = parts.iter().any(|(kind, ..)| matches!(kind, Kind::Field(field) if field.name == "decision"));
        match chosen(unpadded(&main)) {
            Some((name, why)) => {
                if !own {
                    self.text("decision", &name, section);
                }
                self.text("rationale", &why, section);
                self.chosen.get_or_insert((name, section.line));
            }
            None => self.text("decision", &main, section),
        }
        for (kind, part, text) in parts {
            match kind {
                Kind::Field(field) if field.shape == Shape::Text => self.text(field.name, &text, part),
                Kind::Field(field) => self.list(field, &text, part),
                _ => self.negative(&text, part),
            }
        }
    }

    /// Bad consequences: what is given up, if it is a plain list.
    fn negative(&mut self, text: &str, section: &Section) {
        let (list, rest) = items(text);
        if rest.is_empty() {
            self.extend("tradeOffs", list);
            return;
        }
        let text = format!("### {}\n\n{}", section.title.trim(), self.held.restore(text));
        if let Value::Text(all) = self.parsed.fields.entry("consequences").or_insert_with(|| Value::text("")) {
            join_value(all, &text);
        }
    }

    fn considered(&mut self, section: &Section) {
        let (list, rest) = items(&section.body);
        for item in list {
            let (first, below) = first_paragraph(&item);
            self.add_option(&first, &below, section.line);
        }
        self.left(section, &rest);
        self.headed(&section.below);
    }

    fn arguments(&mut self, section: &Section) {
        self.left(section, &section.body);
        self.headed(&section.below);
    }

    /// Options with a heading each; deeper headings belong to the one before.
    fn headed(&mut self, below: &[Section]) {
        let Some(level) = below.iter().map(|section| section.level).min() else { return };
        let mut at = 0;
        while at < below.len() {
            let deeper = below[at + 1..].iter().take_while(|section| section.level > level).count();
            self.option(&below[at], &below[at + 1..at + 1 + deeper]);
            at += 1 + deeper;
        }
    }

    fn find(&self, title: &str) -> Option<usize> {
        let open = self.options.iter().enumerate().filter(|(_, choice)| !choice.headed);
        let names: Vec<(usize, &str)> = open.map(|(at, choice)| (at, choice.name.as_str())).collect();
        let (name, ..) = option(&title.replace('\n', " "));
        matching(&names, &name)
    }

    /// An option by its first line and what follows it; `None` if there are
    /// too many.
    fn add_option(&mut self, first: &str, below: &str, line: usize) -> Option<usize> {
        if self.options.len() >= OPTIONS {
            self.parsed.crowded.get_or_insert(line);
            return None;
        }
        let (name, url, mut description) = option(first);
        if !below.trim().is_empty() {
            description = format!("{description}\n{below}").trim_start_matches('\n').to_owned();
        }
        let mut choice = Choice { name, ..Choice::default() };
        for (field, text) in [("url", url), ("description", description)] {
            if !text.is_empty() {
                choice.fields.insert(field, Value::text(text));
            }
        }
        self.options.push(choice);
        Some(self.options.len() - 1)
    }

    fn option(&mut self, section: &Section, below: &[Section]) {
        if self.parsed.crowded.is_some() {
            return;
        }
        let known = self.find(&section.title);
        let title = section.title.replace('\n', " ");
        let Some(at) = known.or_else(|| self.add_option(&title, "", section.line)) else { return };
        let mut main = section.body.clone();
        let mut why: Option<(u8, String)> = None;
        for part in below {
            match &mut why {
                None if words(&part.title) == "why not" => why = Some((part.level, part.body.clone())),
                Some((level, text)) if part.level > *level => join(text, &part.whole()),
                _ => join(&mut main, &part.whole()),
            }
        }
        let held = self.held;
        let choice = &mut self.options[at];
        choice.headed = true;
        let rest = arguments(&main, &mut choice.fields);
        let (outcome, rest) = stated(&rest);
        choice.stated = outcome;
        let why = why.map(|(_, text)| text).unwrap_or_default();
        for (name, text) in [("description", held.restore(rest)), ("whyNot", held.restore(&why))] {
            if text.trim().is_empty() {
                continue;
            }
            let mut all = choice.fields.get(name).map_or_else(String::new, |value| value.as_str().to_owned());
            join(&mut all, &text);
            choice.fields.insert(name, Value::text(all));
        }
    }

    /// A list of relations. What names no record stays, under its heading.
    fn links(&mut self, section: &Section) {
        let mut left: Vec<&str> = Vec::new();
        let text = section.text();
        for block in blocks(&text) {
            let (item, raw, at) = match block {
                Block::Item { text, raw, line } => (text, raw, line),
                Block::Line(line, _) => {
                    left.push(line);
                    continue;
                }
            };
            let (relation, targets, whole) = status::relation(uncommented(&item));
            let line = section.text_line + at;
            let Some(relation) = relation.filter(|_| !item.contains('\n')) else {
                left.extend(raw);
                continue;
            };
            let keep = if whole { format!("{}\n\n{}", section.source, raw.join("\n")) } else { String::new() };
            let related = |target| Related { relation: relation.clone(), target, keep: keep.clone(), line };
            self.parsed.related.extend(targets.into_iter().map(related));
            if !whole {
                left.extend(raw);
            }
        }
        let rest = left.join("\n");
        if !rest.trim().is_empty() {
            let mut text = section.source.clone();
            join(&mut text, unpadded(&rest));
            self.more(&text);
        }
    }

    fn finish(mut self) -> Parsed {
        let names: Vec<(usize, &str)> =
            self.options.iter().enumerate().map(|(at, choice)| (at, choice.name.as_str())).collect();
        let found = self.chosen.as_ref().and_then(|(name, _)| matching(&names, name));
        if let (Some((name, line)), None, false) = (&self.chosen, found, names.is_empty()) {
            let what = format!("The chosen option “{name}” is none of those considered.");
            self.parsed.notes.push((*line, what));
        }
        for (at, mut choice) in self.options.into_iter().enumerate() {
            let implied = found.map(|found| if found == at { "chosen" } else { "rejected" });
            if let Some(outcome) = choice.stated.or(implied).filter(|outcome| !outcome.is_empty()) {
                choice.fields.insert("outcome", Value::text(outcome));
            }
            choice.fields.insert("name", Value::text(choice.name));
            self.parsed.alternatives.push(choice.fields);
        }
        let mut more = String::new();
        for part in &self.more {
            join(&mut more, part);
        }
        if !more.is_empty() {
            self.parsed.fields.insert("more", Value::text(more));
        }
        self.parsed.fields.retain(|_, value| !value.is_empty());
        self.parsed
    }
}

/// `Key: value` of a line, the key perhaps emphasised.
fn pair(text: &str) -> Option<(&str, &str)> {
    let bare = text.trim_start_matches(['*', '_']);
    let marks = &text[..text.len() - bare.len()];
    let (key, value) = bare.split_once(':')?;
    let closed = key.trim_end_matches(['*', '_']);
    let value = if closed == key { value.strip_prefix(marks).unwrap_or(value) } else { value };
    (!value.starts_with("//")).then(|| (closed.trim(), value.trim()))
}
