//! Templates as files: Markdown with a few lines in front and a comment in
//! those headings that need one. docs/templates.md describes the form.

use std::fmt::Write as _;

use super::front::{self, Front};
use super::matching::{Place, known_places, normalise};
use super::{Slot, Template, plain, skeleton};
use crate::graph::slug;
use crate::markdown::{HeadingStyle, ParsedSection, split};
use crate::refusal::{Refusal, RefusalKind, Result};

/// The largest template, in bytes.
const SIZE: usize = 256 << 10;
/// The most places of a template.
const PLACES: usize = 500;
/// The most aliases of a place.
const ALIASES: usize = 50;
/// The longest heading, alias or key, in characters.
const WORDS: usize = 200;
/// How deep places are nested at most; Markdown has six levels, and the
/// document's title takes one.
const DEPTH: usize = 5;

/// Reads a template from its file. `name` is that of the file, for messages
/// and where the file itself does not say how it is called.
///
/// # Errors
/// Says what cannot be read, with line and column.
pub fn parse_file(text: &str, name: &str) -> Result<Template> {
    let template = read(text, name, &known_places())?;
    if super::find(&template.id).is_some() {
        let what = format!("The id “{}” is that of a built-in template.", template.id);
        return Err(Refusal::bad(what, "Give the template its own: id: NAME in the front matter.").at(name));
    }
    Ok(template)
}

/// Reads a template; headings that go by the name of a known place are that
/// place.
pub(super) fn read(text: &str, name: &str, known: &[&[Place]]) -> Result<Template> {
    if text.len() > SIZE {
        let what = format!("The template has {} KB; at most {} KB can be read.", text.len() >> 10, SIZE >> 10);
        return Err(Refusal::new(RefusalKind::TooLarge, what, "Take out what is not guidance.").at(name));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let (front, rest, line) = front::read(&text, name)?;
    let sections = split(rest);
    let title = title_of(&sections);
    let mut reader = Reader { name, known, slots: Vec::new(), open: Vec::new() };
    let mut at = line;
    for (index, section) in sections.iter().enumerate() {
        let heading = at + newlines(&section.lead);
        at = heading + newlines(&section.title) + newlines(&section.tail);
        if section.level > 0 && Some(index) != title {
            reader.heading(section, heading)?;
        }
        at += newlines(&section.body) + newlines(&section.foot);
    }
    if reader.slots.is_empty() {
        let what = "The template has no places: it has no headings below its title.";
        return Err(Refusal::bad(what, "Write a heading for each place, such as ## Overview.").at(name));
    }
    Ok(named(front, title.map(|index| plain(&sections[index].title)), name, reader.slots))
}

fn named(front: Front, heading: Option<String>, name: &str, slots: Vec<Slot>) -> Template {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let title = front.title.or(heading.map(|title| one_line(&title))).filter(|title| !title.is_empty());
    Template {
        id: front.id.unwrap_or_else(|| slug(stem)),
        title: title.unwrap_or_else(|| stem.to_owned()),
        description: front.description.unwrap_or_default(),
        slots,
    }
}

/// The heading that names the whole document: the first one, when it is the
/// only one of the first level.
fn title_of(sections: &[ParsedSection]) -> Option<usize> {
    let first = sections.iter().position(|section| section.level > 0)?;
    let alone = sections.iter().filter(|section| section.level == 1).count() == 1;
    (alone && sections[first].level == 1).then_some(first)
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

/// White space and control characters as single spaces.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a key can be written down: lower-case words with dots between.
fn is_key(key: &str) -> bool {
    let fits = |c: char| c == '-' || (c.is_alphanumeric() && c.to_lowercase().eq([c]));
    !key.is_empty() && key.split('.').all(|part| !part.is_empty() && part.chars().all(fits))
}

/// What the comment in a heading says.
#[derive(Default)]
struct Marks {
    place: Option<String>,
    required: bool,
    repeatable: bool,
    aliases: Vec<String>,
}

/// An open heading: its level, its place, and whether that was there before.
struct Open {
    level: u8,
    slot: usize,
    again: bool,
}

struct Reader<'a> {
    name: &'a str,
    known: &'a [&'a [Place]],
    slots: Vec<Slot>,
    open: Vec<Open>,
}

impl Reader<'_> {
    fn refuse(&self, line: usize, column: usize, what: impl Into<String>, advice: &str) -> Refusal {
        Refusal::bad(what, advice).at(format!("{}:{line}:{column}", self.name))
    }

    fn heading(&mut self, section: &ParsedSection, line: usize) -> Result<()> {
        let marks = if section.style == HeadingStyle::Atx { usize::from(section.level) } else { 0 };
        let column = 1 + section.lead.chars().count() + marks + section.gap.chars().count();
        let (words, marks) = self.read_marks(&section.title, line, column)?;
        let bracketed = words.strip_prefix('[').and_then(|words| words.strip_suffix(']'));
        let title = one_line(&plain(bracketed.unwrap_or(words)));
        let repeatable = marks.repeatable || bracketed.is_some();
        if title.is_empty() || title.chars().count() > WORDS {
            let what = format!("A heading has from 1 to {WORDS} characters.");
            return Err(self.refuse(line, column, what, "Write the place's name in the heading."));
        }
        while self.open.last().is_some_and(|open| open.level >= section.level) {
            self.open.pop();
        }
        if self.open.len() == DEPTH {
            let what = format!("“{title}” is nested too deep: a document has room for {DEPTH} levels below its title.");
            return Err(self.refuse(line, column, what, "Move it one level up."));
        }
        if self.open.last().is_some_and(|open| open.again) {
            let what = format!("“{title}” is inside of a place that was there before.");
            return Err(self.refuse(line, column, what, "Write its parts where it first occurs."));
        }
        let parent = self.open.last().map(|open| self.slots[open.slot].key.clone());
        let key = marks.place.clone().unwrap_or_else(|| self.key_of(&title, parent.as_deref(), repeatable));
        let guidance = guidance(&section.body);
        let slot = Slot {
            level: u8::try_from(self.open.len() + 2).unwrap_or(u8::MAX),
            skeleton: if repeatable { skeleton(&guidance) } else { String::new() },
            required: marks.required,
            aliases: marks.aliases,
            within: parent.into_iter().collect(),
            title,
            key,
            guidance,
            repeatable,
        };
        self.check_ends(&slot, line, column)?;
        let (slot, again) = self.add(slot, line, column)?;
        self.open.push(Open { level: section.level, slot, again });
        Ok(())
    }

    /// Adds a place, or where it may be there before, what is new of it.
    fn add(&mut self, new: Slot, line: usize, column: usize) -> Result<(usize, bool)> {
        let Some(index) = self.slots.iter().position(|slot| slot.key == new.key) else {
            if self.slots.len() == PLACES {
                let what = format!("The template has more than {PLACES} places.");
                return Err(self.refuse(line, column, what, "Take some out."));
            }
            self.slots.push(new);
            return Ok((self.slots.len() - 1, false));
        };
        let slot = &self.slots[index];
        if !(slot.repeatable && new.repeatable) {
            let what = format!("The place {} is there twice.", new.key);
            let advice = "Name another with <!-- place: KEY -->, or say repeatable in both.";
            return Err(self.refuse(line, column, what, advice));
        }
        if !new.guidance.is_empty() && new.guidance != slot.guidance {
            let what = format!("The place {} has guidance already, and another here.", new.key);
            return Err(self.refuse(line, column, what, "Write all of it at the first one."));
        }
        if new.within.is_empty() != slot.within.is_empty() {
            let what = format!("The place {} stands both among the main headings and inside of another.", new.key);
            return Err(self.refuse(line, column, what, "Give one of the two another key: <!-- place: KEY -->."));
        }
        let slot = &mut self.slots[index];
        slot.required |= new.required;
        let new_within = new.within.into_iter().filter(|key| !slot.within.contains(key)).collect::<Vec<_>>();
        slot.within.extend(new_within);
        let new_aliases = new.aliases.into_iter().filter(|alias| !slot.aliases.contains(alias)).collect::<Vec<_>>();
        slot.aliases.extend(new_aliases);
        slot.aliases.truncate(ALIASES);
        Ok((index, true))
    }

    /// The place that a heading is without saying so: a known one of this
    /// name, or one that is called like it.
    fn key_of(&self, title: &str, parent: Option<&str>, repeatable: bool) -> String {
        let words = normalise(title);
        let known = || self.known.iter().copied().flatten().filter(|place| place.repeatable == repeatable);
        let here = || known().filter(|place| place.stands_in(parent));
        let named = here().find(|place| place.is_called(&words));
        let place = named.or_else(|| here().find(|place| place.any && parent.is_some()));
        match (place, parent) {
            (Some(place), _) => place.key.clone(),
            (None, Some(parent)) => format!("{parent}.{}", slug(title)),
            (None, None) => slug(title),
        }
    }

    /// A fence or comment that stays open would swallow the next place.
    fn check_ends(&self, slot: &Slot, line: usize, column: usize) -> Result<()> {
        if split(&format!("# a\n\n{}\n\n# b\n", slot.guidance)).len() == 2 {
            return Ok(());
        }
        let what = format!("The text of “{}” leaves a code block or a comment open.", slot.title);
        Err(self.refuse(line, column, what, "Close it with ``` or -->."))
    }

    /// Takes the comment off a heading and reads it.
    fn read_marks<'t>(&self, title: &'t str, line: usize, column: usize) -> Result<(&'t str, Marks)> {
        let mut marks = Marks::default();
        let Some((words, comment)) = title.split_once("<!--") else { return Ok((title.trim(), marks)) };
        let column = column + words.chars().count();
        let Some(inside) = comment.trim_end().strip_suffix("-->").filter(|inside| !inside.contains("-->")) else {
            let what = "The comment in this heading does not end where the heading ends.";
            return Err(self.refuse(line, column, what, "Write it last, from <!-- to -->."));
        };
        let mut column = column + "<!--".len();
        for part in inside.split(';') {
            let start = column + part.chars().take_while(|c| c.is_whitespace()).count();
            self.read_mark(part.trim(), &mut marks, line, start)?;
            column += part.chars().count() + 1;
        }
        Ok((words.trim(), marks))
    }

    fn read_mark(&self, part: &str, marks: &mut Marks, line: usize, column: usize) -> Result<()> {
        let (name, value) = part.split_once(':').map_or((part, ""), |(name, value)| (name.trim(), value.trim()));
        match name {
            "required" if value.is_empty() => marks.required = true,
            "repeatable" if value.is_empty() => marks.repeatable = true,
            "place" if is_key(value) && value.chars().count() <= WORDS && marks.place.is_none() => {
                marks.place = Some(value.to_owned());
            }
            "place" => {
                let what = format!("“{value}” is no key of a place.");
                let advice = "Write one key of lower-case words with dots, such as security.authentication.";
                return Err(self.refuse(line, column, what, advice));
            }
            "aliases" => {
                let aliases = value.split(',').map(one_line).filter(|alias| !alias.is_empty());
                marks.aliases.extend(aliases);
                let long = marks.aliases.iter().any(|alias| alias.chars().count() > WORDS);
                if long || marks.aliases.len() > ALIASES {
                    let what = format!("A place has at most {ALIASES} aliases of {WORDS} characters.");
                    return Err(self.refuse(line, column, what, "Take some out."));
                }
            }
            "" => {}
            _ => {
                let what = format!("“{}” is nothing that a template says of a heading.", shortened(part));
                let advice = "Write place: KEY, required, repeatable or aliases: A, B, with ; between.";
                return Err(self.refuse(line, column, what, advice));
            }
        }
        Ok(())
    }
}

pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A heading's text without empty lines around it and rules below it.
fn guidance(body: &str) -> String {
    let mut text = body.trim_end();
    while let Some(rest) = text.strip_suffix("---").filter(|rest| rest.is_empty() || rest.ends_with('\n')) {
        text = rest.trim_end();
    }
    while let Some((_, rest)) = text.split_once('\n').filter(|(first, _)| first.trim().is_empty()) {
        text = rest;
    }
    text.to_owned()
}

/// A template as a file that `parse_file` reads.
pub fn to_file(template: &Template) -> String {
    let mut out = front::write(&template.id, &template.title, &template.description);
    let _ = write!(out, "\n# {}\n", escaped(&template.title));
    let mut written = vec![false; template.slots.len()];
    write_within(template, None, 2, &mut written, &mut out);
    out
}

fn write_within(template: &Template, parent: Option<&str>, level: usize, written: &mut [bool], out: &mut String) {
    if level > DEPTH + 1 {
        return;
    }
    for (index, slot) in template.slots.iter().enumerate() {
        let here = match parent {
            Some(parent) => slot.within.iter().any(|key| key == parent),
            None => slot.within.is_empty(),
        };
        let again = written[index];
        if !here || (again && !slot.repeatable) {
            continue;
        }
        written[index] = true;
        let _ = write!(out, "\n{} {}{}\n", "#".repeat(level), escaped(&slot.title), comment(slot, again));
        if again {
            continue;
        }
        if !slot.guidance.is_empty() {
            let _ = write!(out, "\n{}\n", slot.guidance);
        }
        write_within(template, Some(&slot.key), level + 1, written, out);
    }
}

fn comment(slot: &Slot, again: bool) -> String {
    let mut parts = vec![format!("place: {}", slot.key)];
    if slot.required && !again {
        parts.push("required".into());
    }
    if slot.repeatable {
        parts.push("repeatable".into());
    }
    if !slot.aliases.is_empty() && !again {
        parts.push(format!("aliases: {}", slot.aliases.join(", ")));
    }
    format!(" <!-- {} -->", parts.join("; "))
}

/// Words so that a heading says just them.
fn escaped(words: &str) -> String {
    let mut out = String::new();
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    let mut chars = words.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let marked = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' => true,
            '!' => at > 0,
            '&' => next.is_some_and(|next| next == '#' || next.is_alphanumeric()),
            '#' => at == 0 || next.is_none(),
            '-' | '+' | '>' | '~' | '=' => at == 0 || out.ends_with('!'),
            '.' | ')' => digits > 0 && at == digits,
            _ => false,
        };
        if marked {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
