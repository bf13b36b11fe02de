//! What a field holds: how it merges, how it is read from text and written.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Model;
use crate::refusal::{Refusal, Result};
use crate::schema::Collection;
use crate::value::Value;

/// The longest line, in bytes.
const LINE: usize = 2_000;
/// The longest text, in bytes.
const TEXT: usize = 1 << 20;
/// The most items of a list or entries of a map.
const ITEMS: usize = 10_000;

/// One word of a choice.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// As it is stored, such as `web-client`.
    pub value: &'static str,
    /// As it is shown, such as “Web client”.
    pub title: &'static str,
    /// Other words that mean it.
    pub aliases: &'static [&'static str],
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line. The last writer wins, and both values are kept until someone
    /// picks.
    Line,
    /// Markdown. Merges word by word.
    Text,
    /// A whole number from 0.
    Number,
    /// A day, `2026-11-24`.
    Date,
    /// One of these words.
    Choice(&'static [Choice]),
    /// Lines in order. Merges item by item.
    List,
    /// A set of words. Adding and taking away merge word by word.
    Tags,
    /// Names with values. Merges name by name.
    Map,
    /// One record of these collections, by its id; of any when there are none.
    Ref(&'static [Collection]),
    /// A set of records of these collections; of any when there are none.
    Refs(&'static [Collection]),
    /// Not stored: the elements that relationships lead to.
    Targets,
}

impl Shape {
    /// For documentation and for the interface.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Line => "line",
            Shape::Text => "text",
            Shape::Number => "number",
            Shape::Date => "date",
            Shape::Choice(_) => "choice",
            Shape::List => "list",
            Shape::Tags => "tags",
            Shape::Map => "map",
            Shape::Ref(_) => "ref",
            Shape::Refs(_) => "refs",
            Shape::Targets => "targets",
        }
    }

    /// The words of a choice; none for every other.
    pub fn choices(self) -> &'static [Choice] {
        match self {
            Shape::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// The collections a reference may lead to; empty for all of them, and for
    /// every other shape.
    pub fn targets(self) -> &'static [Collection] {
        match self {
            Shape::Ref(collections) | Shape::Refs(collections) => collections,
            Shape::Targets => &[Collection::Elements],
            _ => &[],
        }
    }

    /// Reads a value from its text form.
    ///
    /// # Errors
    /// Says what the field takes.
    pub fn parse(self, text: &str, model: &Model) -> Result<Value> {
        let trimmed = text.trim();
        match self {
            Shape::Text => self.check(Value::text(text.trim_end_matches(['\n', '\r'])), model),
            Shape::Line | Shape::Date | Shape::Choice(_) => self.check(Value::text(trimmed), model),
            Shape::Number => match trimmed.parse() {
                Ok(number) => self.check(Value::Number(number), model),
                Err(_) => Err(Refusal::bad(format!("“{trimmed}” is not a whole number."), "Write digits only.")),
            },
            Shape::List => self.check(Value::list(lines(text)), model),
            Shape::Tags => self.check(Value::list(words(text)), model),
            Shape::Map => self.check(Value::Map(entries(text)?), model),
            Shape::Ref(_) => self.check(Value::text(trimmed), model),
            Shape::Refs(_) | Shape::Targets => self.check(Value::list(words(text)), model),
        }
    }

    /// Checks a value and brings it into its one form: a choice's word, sets
    /// sorted, names of records replaced by ids.
    ///
    /// # Errors
    /// Says what the field takes.
    pub fn check(self, value: Value, model: &Model) -> Result<Value> {
        match (self, value) {
            (Shape::Line, Value::Text(text)) => {
                let line = text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty());
                limited(line.collect::<Vec<_>>().join(" "), LINE).map(Value::text)
            }
            (Shape::Line, Value::Number(number)) => Ok(Value::text(number.to_string())),
            (Shape::Text, Value::Text(text)) => limited(text.replace("\r\n", "\n"), TEXT).map(Value::text),
            (Shape::Number, Value::Number(number)) if number >= 0 => Ok(Value::Number(number)),
            (Shape::Date, Value::Text(text)) => date(&text).map(Value::text),
            (Shape::Choice(choices), Value::Text(text)) => choose(choices, &text).map(Value::text),
            (Shape::List, Value::List(items)) => {
                let items: Vec<String> = items.into_iter().filter(|item| !item.trim().is_empty()).collect();
                counted(items).map(Value::List)
            }
            (Shape::Tags, Value::List(items)) => {
                let set: BTreeSet<String> =
                    items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
                counted(set.into_iter().collect()).map(Value::List)
            }
            (Shape::Map, Value::Map(map)) if map.len() <= ITEMS => Ok(Value::Map(map)),
            (Shape::Ref(collections), Value::Text(name)) => {
                if name.is_empty() {
                    return Ok(Value::text(""));
                }
                model.name_to_id(collections, &name).map(Value::text)
            }
            (Shape::Refs(_) | Shape::Targets, Value::List(names)) => {
                let ids = names.iter().map(|name| model.name_to_id(self.targets(), name));
                let set: BTreeSet<String> = ids.collect::<Result<_>>()?;
                Ok(Value::List(set.into_iter().collect()))
            }
            (_, Value::Text(text)) if !matches!(self, Shape::Line | Shape::Text | Shape::Number) => {
                self.parse(&text, model)
            }
            (shape, _) => Err(Refusal::bad(
                format!("This is not a {}.", shape.name()),
                format!("The field takes {}.", shape.expected()),
            )),
        }
    }

    /// What a field takes, for messages.
    pub fn expected(self) -> String {
        match self {
            Shape::Line => "one line of text".into(),
            Shape::Text => "Markdown".into(),
            Shape::Number => "a whole number from 0".into(),
            Shape::Date => "a day such as 2026-11-24".into(),
            Shape::Choice(choices) => {
                let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
                format!("one of {}", words.join(", "))
            }
            Shape::List => "lines, one item each".into(),
            Shape::Tags => "words with commas between".into(),
            Shape::Map => "lines of the form name = value".into(),
            Shape::Ref(_) => "the name, slug or id of one record".into(),
            Shape::Refs(_) | Shape::Targets => "names, slugs or ids with commas between".into(),
        }
    }

    /// A value as text: what Markdown shows and `parse` reads.
    pub fn format(self, value: &Value, model: &Model) -> String {
        match (self, value) {
            (_, Value::Number(number)) => number.to_string(),
            (Shape::Choice(_) | Shape::Ref(_), Value::Text(text)) => self.item(text, model),
            (_, Value::Text(text)) => text.to_string(),
            (Shape::List, Value::List(items)) => items.join("\n"),
            (_, Value::List(items)) => items.iter().map(|item| self.item(item, model)).collect::<Vec<_>>().join(", "),
            (_, Value::Map(entries)) => {
                entries.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// One item of a value as text: a record's name, a choice's title.
    pub fn item(self, item: &str, model: &Model) -> String {
        match self {
            Shape::Choice(choices) => {
                let choice = choices.iter().find(|choice| choice.value == item);
                choice.map_or(item, |choice| choice.title).to_owned()
            }
            Shape::Ref(_) | Shape::Refs(_) | Shape::Targets => {
                model.get(item).map_or_else(|| "(?)".into(), crate::record::Record::label)
            }
            _ => item.to_owned(),
        }
    }
}

fn limited(text: String, limit: usize) -> Result<String> {
    if text.len() <= limit {
        return Ok(text);
    }
    let what = format!("This has {} bytes; the field takes {limit}.", text.len());
    Err(Refusal::new(crate::RefusalKind::TooLarge, what, "Make it shorter, or write it in a section."))
}

fn counted(items: Vec<String>) -> Result<Vec<String>> {
    if items.len() <= ITEMS {
        return items.into_iter().map(|item| limited(item, TEXT)).collect();
    }
    let what = format!("This has {} items; a field takes {ITEMS}.", items.len());
    Err(Refusal::new(crate::RefusalKind::TooLarge, what, "Take some out."))
}

/// Items, one a line; a list's marks are not part of them.
fn lines(text: &str) -> Vec<String> {
    let mark = |line: &str| {
        let line = line.trim();
        let bare = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line);
        bare.trim().to_owned()
    };
    text.lines().map(mark).filter(|line| !line.is_empty()).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn entries(text: &str) -> Result<BTreeMap<String, String>> {
    let mut map = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let entry = line.split_once('=').or_else(|| line.split_once(": "));
        let Some((name, value)) = entry else {
            return Err(Refusal::bad(format!("“{line}” has no value."), "Write lines of the form name = value."));
        };
        map.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(map)
}

fn choose(choices: &[Choice], text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let plain =
        |word: &str| -> String { word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let wanted = plain(text);
    let means = |choice: &&Choice| {
        plain(choice.value) == wanted
            || plain(choice.title) == wanted
            || choice.aliases.iter().any(|alias| plain(alias) == wanted)
    };
    choices.iter().find(means).map(|choice| choice.value.to_owned()).ok_or_else(|| {
        let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
        Refusal::bad(
            format!("“{}” is not among the choices.", text.trim()),
            format!("Take one of {}.", words.join(", ")),
        )
    })
}

/// A day that exists, in the form of ISO 8601; other orders are not guessed.
fn date(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || is_day(text) {
        return Ok(text.to_owned());
    }
    Err(Refusal::bad(format!("“{text}” is not a day."), "Write it as 2026-11-24."))
}

/// Whether this is a day of the calendar, `YYYY-MM-DD`.
pub fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>()) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert!(is_day("2024-02-29") && is_day("2026-12-31"));
        for wrong in ["2026-02-29", "2026-13-01", "26-01-01", "2026/01/01", "2026-1-1", "", "2026-00-10", "2026-04-31"]
        {
            assert!(!is_day(wrong), "{wrong}");
        }
    }

    #[test]
    fn values_are_read_from_text_in_their_one_form() {
        let model = Model::default();
        let read = |shape: Shape, text: &str| shape.parse(text, &model);
        assert_eq!(read(Shape::Line, " a\n b ").unwrap(), Value::text("a b"));
        assert_eq!(read(Shape::Tags, "b, a,, b").unwrap(), Value::list(["a", "b"]));
        assert_eq!(read(Shape::List, "- b\n* a\n\nc").unwrap(), Value::list(["b", "a", "c"]));
        assert_eq!(read(Shape::Number, "7").unwrap(), Value::Number(7));
        assert!(read(Shape::Number, "-7").is_err() && read(Shape::Number, "x").is_err());
        assert!(read(Shape::Map, "a").is_err());
        assert!(read(Shape::Ref(&[Collection::Elements]), "nobody").is_err());
        let kind = Collection::Elements.field("kind").unwrap().shape;
        assert_eq!(read(kind, "Web Client").unwrap(), Value::text("web-client"));
        assert!(read(kind, "spaceship").unwrap_err().advice.contains("web-client"));
    }
}
