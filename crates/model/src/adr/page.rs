//! A record's file, cut into what stands at its top and its sections.

use std::collections::HashMap;
use std::sync::LazyLock;

use compact_str::CompactString;

use crate::markdown::{HeadingStyle, ParsedSection, split};
use crate::reference;
use crate::schema::{Collection, Field};

use super::front::{self, Front};
use super::inline::{read_heading, uncommented, words};
use super::verbatim::{Held, hold};

/// A file.
pub(super) struct Page {
    /// What stands between `---` at the top.
    pub front: Front,
    /// Text between that and the title.
    pub before: String,
    /// The first heading.
    pub title: Option<String>,
    /// Its line, from 1.
    pub line: usize,
    /// The text between title and first section.
    pub header: String,
    /// The line it begins in.
    pub header_line: usize,
    /// In the file's order.
    pub sections: Vec<Section>,
    /// Texts that were taken out.
    pub held: Held,
}

/// A heading with all that belongs to it.
pub(super) struct Section {
    /// As it is written.
    pub title: String,
    /// The heading as it stands.
    pub source: String,
    /// Of the heading.
    pub level: u8,
    /// Of the heading, from 1.
    pub line: usize,
    /// The line that its text begins in.
    pub text_line: usize,
    /// The text up to the next heading.
    pub body: String,
    /// Headings of deeper levels, each with its own text only.
    pub below: Vec<Section>,
}

/// What a section's heading says is in it.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A field of the decision.
    Field(&'static Field),
    /// The options that were considered.
    Considered,
    /// What speaks for and against each of them.
    Arguments,
    /// Relations to other records.
    Links,
    /// What came of it that is bad.
    Negative,
    /// Anything else, as Markdown.
    More,
    /// Something else.
    Unknown,
}

impl Page {
    /// Cuts a text, whose line ends are `\n`.
    pub(super) fn cut(text: &str) -> Page {
        let text = reference::clean(text.strip_prefix('\u{feff}').unwrap_or(text));
        let (text, held) = hold(&text);
        let (front, rest) = front::take(&text);
        // The line before keeps a second line across the page from being
        // taken for front matter.
        let mut line = front.lines;
        let mut flat: Vec<Section> = Vec::new();
        let mut before = String::new();
        for part in split(&format!("\n{rest}")) {
            let text = part.body.clone() + &part.foot;
            if part.style == HeadingStyle::None {
                line += lines(&part.tail) + lines(&text);
                before = text;
                continue;
            }
            let source = heading(&part);
            let start = line.max(1);
            let text_line = start + lines(&part.title) + lines(&part.tail);
            line = text_line + lines(&text);
            flat.push(Section {
                title: read_heading(&part.title),
                level: part.level,
                line: held.line(start),
                text_line: held.line(text_line),
                body: text,
                below: Vec::new(),
                source,
            });
        }
        let mut flat = flat.into_iter();
        let title = flat.next();
        let sections = nest(flat.collect());
        let header_line = title.as_ref().map_or(1, |title| title.text_line);
        let (title, line, header) = match title {
            Some(title) => (Some(title.title), title.line, title.body),
            None => (None, 1, String::new()),
        };
        Page { front, before, title, line, header, header_line, sections, held }
    }
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

/// A heading as it stands, without the end of its line.
fn heading(part: &ParsedSection) -> String {
    let end = part.tail.len() - part.tail.trim_start_matches([' ', '\t', '#']).len();
    match part.style {
        HeadingStyle::Setext => {
            let under = part.tail.trim_start_matches(['\n', '\r']);
            let under = under.lines().next().unwrap_or_default().trim_end();
            format!("{}{}\n{under}", part.lead, part.title)
        }
        _ => {
            let marks = "#".repeat(usize::from(part.level));
            format!("{}{marks}{}{}{}", part.lead, part.gap, part.title, part.tail[..end].trim_end())
        }
    }
}

/// Sections are level 2 where there are any, else the highest level there is.
fn nest(flat: Vec<Section>) -> Vec<Section> {
    let level = if flat.iter().any(|section| section.level == 2) {
        2
    } else {
        flat.iter().map(|section| section.level).min().unwrap_or(2)
    };
    let mut nested: Vec<Section> = Vec::new();
    for section in flat {
        match nested.last_mut() {
            Some(above) if section.level > level => above.below.push(section),
            _ => nested.push(section),
        }
    }
    nested
}

impl Section {
    /// What is in it.
    pub(super) fn kind(&self) -> Kind {
        kind(&self.title)
    }

    /// All text below the heading.
    pub(super) fn text(&self) -> String {
        let mut text = self.body.clone();
        for section in &self.below {
            join(&mut text, &section.whole());
        }
        text
    }

    /// The same with the heading.
    pub(super) fn whole(&self) -> String {
        let mut text = self.source.clone();
        join(&mut text, &self.text());
        text
    }
}

/// Puts a text behind another one, with one line between; the blank lines
/// that stand there already stay.
pub(super) fn join(text: &mut String, more: &str) {
    if more.trim().is_empty() {
        return;
    }
    if !text.trim().is_empty() {
        while !text.ends_with("\n\n") {
            text.push('\n');
        }
    }
    text.push_str(more);
}

/// The same behind a field's value.
pub(super) fn join_value(value: &mut CompactString, more: &str) {
    let mut text = std::mem::take(value).into_string();
    join(&mut text, more);
    *value = text.into();
}

/// What a heading says.
pub(super) fn kind(title: &str) -> Kind {
    let title = words(uncommented(title));
    match title.as_str() {
        "considered options" | "options" | "alternatives" | "alternatives considered" | "considered alternatives" => {
            Kind::Considered
        }
        "pros and cons of the options" | "pros and cons" | "pros and cons of the alternatives" => Kind::Arguments,
        "links" | "related decisions" | "related" => Kind::Links,
        "negative consequences" => Kind::Negative,
        "more information" | "more" => Kind::More,
        "affected elements" => Collection::Decisions.field("elements").map_or(Kind::Unknown, Kind::Field),
        _ => field(&title).map_or(Kind::Unknown, Kind::Field),
    }
}

/// Whether a heading's words are those of a decision record.
pub(super) fn is_known(title: &str) -> bool {
    !matches!(kind(title), Kind::Unknown)
}

/// Fields by the words of their headings and keys.
static FIELDS: LazyLock<HashMap<String, &'static Field>> = LazyLock::new(|| {
    let apart = ["number", "title", "supersedes", "links", "source", "more"];
    let fields = Collection::Decisions.table().fields.iter().filter(|field| !apart.contains(&field.name));
    let mut names = HashMap::new();
    for field in fields {
        for name in field.labels.iter().chain([&field.title, &field.name]) {
            names.entry(words(name)).or_insert(field);
        }
    }
    names
});

/// The field that a heading or a key names.
pub(super) fn field(name: &str) -> Option<&'static Field> {
    FIELDS.get(&words(name)).copied()
}
