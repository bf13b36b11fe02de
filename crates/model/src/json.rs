//! The complete document as JSON, in and out. Everything that is stored is in
//! it; what follows from the rest (`slug`, `path`, `label`, `dependencies`) is
//! written too, for readers that have no model.

mod parse;
mod read;
mod schema;
mod text;

use serde_json::{Map, Value as Json, json};

use crate::graph::{Index, Model};
use crate::naming::{label, shown};
use crate::record::Record;
use crate::reference::{self, Hint, OPEN, Reference};
use crate::schema::{COLLECTIONS, Collection, Shape};
use crate::value::Value;

pub use read::read;
pub use schema::{schema, schema_text};
pub use text::text;

/// The `format` of every file.
pub const FORMAT: &str = "drystone-document";
/// The version that is written; the ones before are read as well.
pub const VERSION: u32 = 2;
/// The largest file that is read, in bytes.
pub const LIMIT: usize = 64 << 20;
/// How deep values may be nested in each other.
pub const NESTING: usize = 16;
/// The most records of a file, those in the trash included.
pub const RECORDS: usize = 500_000;
/// The most sections of a file.
pub const SECTIONS: usize = 100_000;

/// A document, as it is written to JSON and read from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonDocument {
    /// The document's id; empty when the file has none.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its slug; empty when the file has none.
    pub slug: String,
    /// Its template's id; empty when the file has none.
    pub template: String,
    /// When it was created.
    pub created: Option<String>,
    /// When it was last changed.
    pub updated: Option<String>,
    /// In document order, each after the one it is nested in.
    pub sections: Vec<JsonSection>,
    /// All records, those in the trash included.
    pub model: Model,
    /// Whether the Markdown file it came from has `\r\n` at its lines' ends.
    pub crlf: bool,
    /// Whether that file begins with a byte order mark.
    pub bom: bool,
}

/// A section. Title and text are as stored, references included.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonSection {
    /// Stable id.
    pub id: String,
    /// The section it is nested in.
    pub parent: Option<String>,
    /// Heading level, 1 to 6; 0 is text before the first heading.
    pub level: u8,
    /// The heading, as stored.
    pub title: String,
    /// The template's place it fills.
    pub key: Option<String>,
    /// Its path for the command line.
    pub path: String,
    /// The Markdown below the heading, as stored.
    pub text: String,
    /// What stands around heading and text in the file it came from; `None`
    /// for a section that was made in Drystone.
    pub form: Option<SectionForm>,
}

/// What stands around a heading and its text, so that a file is written out
/// as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectionForm {
    /// `atx`, `setext` or `none`.
    pub style: String,
    /// Before the heading.
    pub lead: String,
    /// Between `#` and title.
    pub gap: String,
    /// From the title's end to the text.
    pub tail: String,
    /// White space after the text.
    pub foot: String,
    /// `imported` or `imported-last`.
    pub origin: String,
}

impl SectionForm {
    /// Names and values, as in a file.
    fn parts(&self) -> [(&'static str, &String); 6] {
        [
            ("style", &self.style),
            ("lead", &self.lead),
            ("gap", &self.gap),
            ("tail", &self.tail),
            ("foot", &self.foot),
            ("origin", &self.origin),
        ]
    }
}

/// An entry of a document's object: a value, or a list whose items are made
/// when they are written, so that not all are there at once.
enum Entry<'a> {
    Value(Json),
    List(Vec<Item<'a>>),
}

/// An item of a list.
#[derive(Clone, Copy)]
enum Item<'a> {
    Section(&'a JsonSection),
    Record(&'a Record),
    Trashed(&'a Record),
}

impl<'a> Item<'a> {
    fn to_value(self, index: &Index<'a>) -> Json {
        match self {
            Item::Section(section) => section.to_value(index.model),
            Item::Record(one) => record(one, index),
            Item::Trashed(one) => trashed(one, index),
        }
    }
}

impl JsonDocument {
    /// The whole document.
    pub fn to_value(&self) -> Json {
        let index = Index::new(&self.model);
        let entries = self.entries().into_iter().map(|(name, entry)| match entry {
            Entry::Value(value) => (name.to_owned(), value),
            Entry::List(items) => (name.to_owned(), items.into_iter().map(|item| item.to_value(&index)).collect()),
        });
        Json::Object(entries.collect())
    }

    /// The whole document as [`text`] has it.
    pub fn to_text(&self) -> String {
        text::document(self.entries(), &Index::new(&self.model))
    }

    fn entries(&self) -> Vec<(&'static str, Entry<'_>)> {
        let model = &self.model;
        let mut out = vec![("format", Entry::Value(json!(FORMAT))), ("version", Entry::Value(json!(VERSION)))];
        for (name, value) in
            [("id", &self.id), ("title", &self.title), ("slug", &self.slug), ("template", &self.template)]
        {
            out.push((name, Entry::Value(json!(value))));
        }
        for (name, value) in [("created", &self.created), ("updated", &self.updated)] {
            out.extend(value.iter().map(|value| (name, Entry::Value(json!(value)))));
        }
        for (name, value) in [("crlf", self.crlf), ("bom", self.bom)] {
            out.extend(value.then_some((name, Entry::Value(json!(true)))));
        }
        out.push(("sections", Entry::List(self.sections.iter().map(Item::Section).collect())));
        for collection in COLLECTIONS {
            out.push((collection.name(), Entry::List(model.list(collection).map(Item::Record).collect())));
        }
        let hidden = model.all().filter(|one| model.is_hidden(&one.id));
        out.push(("trash", Entry::List(hidden.map(Item::Trashed).collect())));
        out
    }
}

impl JsonSection {
    fn to_value(&self, model: &Model) -> Json {
        let mut out = Map::new();
        out.insert("id".into(), json!(self.id));
        out.insert("parent".into(), json!(self.parent));
        out.insert("level".into(), json!(self.level));
        out.insert("key".into(), json!(self.key));
        out.insert("path".into(), json!(self.path));
        for (name, source, stored) in [("title", "titleSource", &self.title), ("text", "source", &self.text)] {
            out.insert(name.into(), json!(shown(stored, model)));
            if stored.contains(OPEN) {
                out.insert(source.into(), parts(stored));
            }
        }
        if let Some(form) = &self.form {
            let parts = form.parts().map(|(name, value)| (name.to_owned(), json!(value)));
            out.insert("form".into(), Json::Object(parts.into_iter().collect()));
        }
        Json::Object(out)
    }
}

/// One record with all stored fields by name. References to records are ids;
/// every record says its `slug`, `path` and `label`, so that an id can be
/// looked up.
pub fn record<'a>(record: &'a Record, index: &Index<'a>) -> Json {
    Json::Object(fields(record, index))
}

fn trashed<'a>(record: &'a Record, index: &Index<'a>) -> Json {
    let mut out = fields(record, index);
    out.insert("collection".into(), json!(record.collection.name()));
    out.insert("deleted".into(), json!(record.deleted));
    Json::Object(out)
}

fn fields<'a>(record: &'a Record, index: &Index<'a>) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("id".into(), json!(record.id));
    out.insert("slug".into(), json!(index.model.slug_of(record)));
    out.insert("path".into(), json!(index.model.path_of(record)));
    out.insert("label".into(), json!(label(record, index.model)));
    if !record.order.is_empty() {
        out.insert("order".into(), json!(record.order));
    }
    for field in record.collection.table().fields {
        if field.is_derived() {
            let targets = dependencies(record, index);
            if !targets.is_empty() {
                out.insert(field.name.into(), json!(targets));
            }
        } else if let Some(value) = record.get(field.name).filter(|_| !field.secret) {
            out.insert(field.name.into(), value_of(value, field.shape, index.model));
        }
    }
    let conflicts: Map<String, Json> = record
        .conflicts
        .iter()
        .filter_map(|(name, values)| {
            let shape = record.collection.field(name).filter(|field| !field.secret)?.shape;
            Some(((*name).to_owned(), values.iter().map(|value| value_of(value, shape, index.model)).collect()))
        })
        .collect();
    if !conflicts.is_empty() {
        out.insert("conflicts".into(), Json::Object(conflicts));
    }
    out
}

/// Where an element's relationships lead, each once, sorted by id.
fn dependencies<'a>(record: &Record, index: &Index<'a>) -> Vec<&'a str> {
    if record.collection != Collection::Elements {
        return Vec::new();
    }
    let mut targets: Vec<&str> = index.leaving(&record.id).iter().map(|one| one.text("to")).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

fn value_of(value: &Value, shape: Shape, model: &Model) -> Json {
    match value {
        Value::Number(number) => json!(number),
        Value::Text(text) if shape == Shape::Text => prose(text, model),
        Value::Text(text) => json!(text),
        Value::List(items) if shape == Shape::List => items.iter().map(|item| prose(item, model)).collect(),
        Value::List(items) => json!(items),
        Value::Map(entries) => json!(entries),
    }
}

/// A text; one with references says what it shows and what is stored.
fn prose(stored: &str, model: &Model) -> Json {
    if !stored.contains(OPEN) {
        return json!(stored);
    }
    json!({ "text": shown(stored, model), "source": parts(stored) })
}

/// A stored text in pieces: strings, and objects for references.
fn parts(stored: &str) -> Json {
    let mut out: Vec<Json> = Vec::new();
    let mut at = 0;
    for (range, reference) in reference::find(stored) {
        if range.start > at {
            out.push(json!(stored[at..range.start]));
        }
        at = range.end;
        out.push(reference_value(&reference));
    }
    if at < stored.len() {
        out.push(json!(stored[at..]));
    }
    Json::Array(out)
}

/// The hints by the names they have in a file.
fn reference_value(reference: &Reference) -> Json {
    let mut out = Map::new();
    out.insert("id".into(), json!(reference.id));
    out.insert("field".into(), json!(reference.field));
    let hint = match &reference.hint {
        Hint::Plain => None,
        Hint::Spelled(text) => Some(("spelled", text.clone())),
        Hint::Items(prefix) => Some(("items", prefix.clone())),
        Hint::Joined(separator) => Some(("joined", separator.clone())),
        Hint::Hanging(prefix) => Some(("hanging", prefix.clone())),
        Hint::Counted(prefix) => Some(("counted", prefix.clone())),
        Hint::Ordered(ids, separator) => Some(("ordered", format!("{};{separator}", ids.join(",")))),
    };
    if let Some((name, text)) = hint {
        out.insert(name.into(), json!(text));
    }
    Json::Object(out)
}

#[cfg(test)]
mod tests;
