//! Templates: what places a document has, what to write there, and under which
//! other headings the same place is known. Three are built in; a user's own
//! comes from a file.

mod fields;
mod file;
mod front;
mod full_and_compact;
mod matching;
mod topics;
mod translation;

use std::sync::LazyLock;

use comrak::nodes::NodeValue;

use crate::markdown::{ParsedSection, split};

pub use fields::{FieldPlace, bracketed_fields, fields_table};
pub use file::{parse_file, to_file};
pub use matching::{match_sections, match_sections_with, normalise, suggest};
pub use topics::{place_of_topic, topic_of_place};
pub use translation::{Move, Translation, translate};

use matching::above;

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// `full`, `compact`, `arc42`, or what a file says.
    pub id: String,
    /// Its name.
    pub title: String,
    /// One sentence on when to take it.
    pub description: String,
    /// Its places in order.
    pub slots: Vec<Slot>,
}

/// A place of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Dotted, such as `security.authentication`. Templates that have the same
    /// place have it under the same key.
    pub key: String,
    /// The heading in this template.
    pub title: String,
    /// What to write, as Markdown.
    pub guidance: String,
    /// Heading level.
    pub level: u8,
    /// Whether any number may be added.
    pub repeatable: bool,
    /// Whether the template asks for it by name; see [`expected`].
    pub required: bool,
    /// Other headings it goes by.
    pub aliases: Vec<String>,
    /// The keys of the places it is nested in, the first of them where a new
    /// one goes; several only where it is repeatable.
    pub within: Vec<String>,
    /// The Markdown a new section starts with.
    pub skeleton: String,
}

/// How a place is recognised: its key, the headings it goes by (the template's
/// own first), and whether it may occur often. Nested places follow their
/// parent, with the parent's key in front.
pub(crate) struct Known {
    pub key: &'static str,
    pub headings: &'static [&'static str],
    pub repeatable: bool,
}

const COMPACT: &str = include_str!("templates/compact.md");
const FULL: &str = include_str!("templates/full.md");
const ARC42: &str = include_str!("templates/arc42.md");

/// All built-in templates.
pub fn all() -> &'static [Template] {
    static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
        vec![
            parse(
                "compact",
                "Compact",
                "Seven sections with worked examples of what to write in each; for one system and a small team.",
                COMPACT,
            ),
            parse(
                "full",
                "Full",
                "Every concern with its parts, from components to observability and decisions; for systems that many people run.",
                FULL,
            ),
            arc42(),
        ]
    });
    &TEMPLATES
}

/// The third template is a file like those of users; a test reads it, so it is
/// never empty.
fn arc42() -> Template {
    let empty = || Template { id: "arc42".into(), title: "arc42".into(), description: String::new(), slots: vec![] };
    file::read(ARC42, "arc42.md", &[&matching::SEED_PLACES]).unwrap_or_else(|_| empty())
}

/// The Markdown that a built-in template is made from.
pub fn source(id: &str) -> Option<&'static str> {
    match id {
        "compact" => Some(COMPACT),
        "full" => Some(FULL),
        "arc42" => Some(ARC42),
        _ => None,
    }
}

/// A built-in template by its id.
pub fn find(id: &str) -> Option<&'static Template> {
    all().iter().find(|template| template.id == id)
}

/// Whether a key is that of a place that Drystone knows by itself.
pub fn is_place(key: &str) -> bool {
    matching::known_places().into_iter().flatten().any(|place| place.key == key)
}

/// Whether there may be any number of sections at a place, in a template or,
/// where that does not have it, by itself.
pub fn is_repeatable(template: Option<&Template>, key: &str) -> bool {
    let slot = template.and_then(|template| template.slot(key));
    slot.map(|slot| slot.repeatable).unwrap_or_else(|| {
        matching::known_places().into_iter().flatten().any(|place| place.key == key && place.repeatable)
    })
}

/// The places that count when it is said how complete a document is: those
/// that the template requires. Where it requires none: every innermost place
/// that is not repeatable.
pub fn expected(template: &Template) -> Vec<&Slot> {
    if template.slots.iter().any(|slot| slot.required) {
        return template.slots.iter().filter(|slot| slot.required).collect();
    }
    let has_parts = |slot: &Slot| {
        template.slots.iter().any(|other| other.parent_key() == Some(slot.key.as_str()) && !other.repeatable)
    };
    template.slots.iter().filter(|slot| !slot.repeatable && !has_parts(slot)).collect()
}

impl Template {
    /// A place by its key.
    pub fn slot(&self, key: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.key == key)
    }

    /// Whether it is one of the two that Drystone began with.
    fn is_seed(&self) -> bool {
        matches!(self.id.as_str(), "full" | "compact")
    }
}

impl Slot {
    /// The key of the place it is nested in.
    pub fn parent_key(&self) -> Option<&str> {
        self.within.first().map(String::as_str)
    }
}

/// A template from its Markdown: every heading below the title that is a known
/// place becomes a slot, and its text the guidance. Where a repeatable place is
/// shown more than once, every example counts as guidance of the one slot.
fn parse(id: &str, title: &str, description: &str, source: &str) -> Template {
    let mut slots: Vec<Slot> = Vec::new();
    let sections = split(source);
    let keys = match_sections(&sections);
    for (section, key) in sections.iter().zip(keys) {
        let Some(key) = key else { continue };
        let known = full_and_compact::find(&key);
        let repeatable = known.is_some_and(|known| known.repeatable);
        let body = section.body.trim().trim_end_matches("---").trim_end().to_owned();
        if let Some(slot) = slots.iter_mut().find(|slot| slot.key == key) {
            if slot.guidance != body {
                slot.guidance.push_str(&format!("\n\n**{}**\n\n{body}", plain(&section.title)));
            }
            continue;
        }
        let title = if repeatable { known.map_or("", |known| known.headings[0]).into() } else { plain(&section.title) };
        slots.push(Slot {
            aliases: known.map(|known| aliases(known, &title)).unwrap_or_default(),
            title,
            guidance: body.clone(),
            level: section.level,
            repeatable,
            required: false,
            within: above(&key).map(str::to_owned).into_iter().collect(),
            skeleton: if repeatable { skeleton(&body) } else { String::new() },
            key,
        });
    }
    Template { id: id.into(), title: title.into(), description: description.into(), slots }
}

fn aliases(known: &Known, title: &str) -> Vec<String> {
    known
        .headings
        .iter()
        .filter(|heading| **heading != "*" && **heading != title)
        .map(|heading| (*heading).to_owned())
        .collect()
}

/// The lines of a repeatable place with their bracketed advice taken out:
/// `**Purpose**: [What it does]` becomes `**Purpose**: `.
fn skeleton(body: &str) -> String {
    let mut out = String::new();
    for line in body.lines() {
        let kept = match (line.find('['), line.rfind(']')) {
            (Some(start), Some(end)) if start < end => line[..start].trim_end(),
            _ => line.trim_end(),
        };
        if kept.trim() == "-" || kept.trim().ends_with("1.") {
            continue;
        }
        out.push_str(kept);
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// A heading's words without emphasis and code marks.
pub fn plain(title: &str) -> String {
    if title.chars().all(|c| c.is_alphabetic() || c == ' ') {
        return title.trim().to_owned();
    }
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, title, &comrak::Options::default());
    let mut words = String::new();
    for node in root.descendants() {
        match &node.data.borrow().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push(' '),
            _ => {}
        }
    }
    if words.trim().is_empty() { title.trim().to_owned() } else { words.trim().to_owned() }
}

/// Whether a text holds nothing but a template's bracketed advice.
pub fn is_placeholder(text: &str) -> bool {
    let mut some = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "---") {
        let value = line.trim_start_matches(['-', '*', ' ']);
        let value = value.split_once("**:").map_or(value, |(_, value)| value).trim();
        let digits = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim();
        let bracketed = digits.starts_with('[') && digits.ends_with(']');
        if !bracketed && !digits.is_empty() && !line.ends_with("**:") {
            return false;
        }
        some = true;
    }
    some
}

/// What matching needs to know of a section.
pub trait Heading {
    /// The heading's source.
    fn title(&self) -> &str;
    /// The section it is nested in, by index.
    fn parent(&self) -> Option<usize>;
    /// Whether it is not the text before the first heading.
    fn has_heading(&self) -> bool;
    /// The key that is kept with it; empty when there is none.
    fn key(&self) -> &str {
        ""
    }
}

impl Heading for ParsedSection {
    fn title(&self) -> &str {
        &self.title
    }
    fn parent(&self) -> Option<usize> {
        self.parent
    }
    fn has_heading(&self) -> bool {
        self.level > 0
    }
}

#[cfg(test)]
mod tests;
