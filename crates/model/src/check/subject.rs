//! What is checked, and the questions that several rules ask of it.

use std::collections::BTreeMap;
use std::ops::{Deref, Range};
use std::sync::OnceLock;

use foldhash::HashSet;

use super::ProjectRules;
use super::prose::folded;
use crate::graph::{Index, Model};
use crate::markdown::ParsedMarkdown;
use crate::record::Record;
use crate::reference::{self, Reference};
use crate::schema::{COLLECTIONS, Collection, Field, Shape};
use crate::templates::{Template, match_sections, plain};
use crate::value::Value;

/// How far up a rule looks from an element; deeper nesting is not meant.
pub const NESTING: usize = 64;

/// A section as the checks see it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckedSection {
    /// Its id in the document.
    pub id: String,
    /// As on the command line, such as `sections.security`.
    pub path: String,
    /// The heading's words; empty for text before the first heading.
    pub title: String,
    /// The place of the template that it fills.
    pub key: Option<String>,
    /// Heading level; 0 for text before the first heading.
    pub level: u8,
    /// The section it is nested in, by index; always an earlier one.
    pub parent: Option<usize>,
    /// As stored, with references.
    pub text: String,
    /// As people read it.
    pub rendered: String,
    /// What the template says to write there.
    pub guidance: Option<String>,
    /// Line of the heading in the file, from 1; for files.
    pub line: Option<u32>,
    /// Line of the text's first line in the file, from 1; for files.
    pub text_line: Option<u32>,
}

/// What is checked.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The model.
    pub model: &'a Model,
    /// Of the same model.
    pub index: &'a Index<'a>,
    /// In the document's order.
    pub sections: &'a [CheckedSection],
    /// The document's template.
    pub template: Option<&'a Template>,
    /// The day of checking, `2026-11-24`.
    pub today: &'a str,
    /// The project's own rules.
    pub project: &'a ProjectRules,
    /// The file's name, when a file is checked.
    pub file: Option<&'a str>,
    /// Names that elements had before, by the element's id.
    pub former_names: &'a BTreeMap<String, Vec<String>>,
}

/// A text that people write: a section's, or that of a field.
#[derive(Clone, Copy)]
pub enum Prose<'a> {
    /// A section's text, as stored.
    Section(&'a CheckedSection),
    /// A field's text.
    Field(&'a Record, &'static Field),
}

impl<'a> Prose<'a> {
    /// The text as stored.
    pub fn text(&self) -> &'a str {
        match self {
            Prose::Section(section) => &section.text,
            Prose::Field(record, field) => record.text(field.name),
        }
    }
}

impl CheckedSection {
    /// The sections of a file that was not lifted into the model, with lines.
    pub fn of_file(parsed: &ParsedMarkdown, template: Option<&Template>) -> Vec<CheckedSection> {
        let keys = match_sections(&parsed.sections);
        let mut line = 1;
        let mut sections: Vec<CheckedSection> = Vec::with_capacity(parsed.sections.len());
        for (place, (section, key)) in parsed.sections.iter().zip(keys).enumerate() {
            let title = plain(&section.title);
            let own = key.clone().unwrap_or_else(|| crate::graph::slug(&title));
            let text_line = line + lines_in(&section.title) + lines_in(&section.tail);
            let guidance = key.as_deref().and_then(|key| template?.slot(key)).map(|slot| slot.guidance.clone());
            sections.push(CheckedSection {
                id: place.to_string(),
                path: format!("sections.{own}"),
                title: if section.level == 0 { String::new() } else { title },
                key,
                level: section.level,
                parent: section.parent,
                text: reference::clean(&section.body),
                rendered: section.body.clone(),
                guidance,
                line: Some(line),
                text_line: Some(text_line),
            });
            line = text_line + lines_in(&section.body) + lines_in(&section.foot);
        }
        sections
    }
}

/// The fields of a record that hold prose.
fn texts(record: &Record) -> impl Iterator<Item = Prose<'_>> {
    let fields = record.fields.iter().filter(|(_, value)| matches!(value, Value::Text(text) if !text.is_empty()));
    let fields = fields.filter_map(|(name, _)| record.collection.field(name));
    let prose = fields.filter(|field| field.shape == Shape::Text || field.name == "description");
    prose.map(move |field| Prose::Field(record, field))
}

/// How many lines end in a text.
pub fn lines_in(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

/// What is checked, with what many rules ask for worked out once.
pub struct Checked<'a> {
    subject: Subject<'a>,
    /// Live records, in the order of [`COLLECTIONS`].
    live: Vec<Vec<&'a Record>>,
    elements: Vec<&'a Record>,
    relationships: Vec<&'a Record>,
    prose: Vec<Prose<'a>>,
    mentions: Vec<(Prose<'a>, Range<usize>, Reference)>,
    /// Worked out when it is first asked for.
    connected: OnceLock<HashSet<&'a str>>,
}

impl<'a> Deref for Checked<'a> {
    type Target = Subject<'a>;

    fn deref(&self) -> &Subject<'a> {
        &self.subject
    }
}

impl<'a> Checked<'a> {
    /// Looks through the document once.
    pub(super) fn new(subject: Subject<'a>) -> Checked<'a> {
        let model = subject.model;
        let live: Vec<Vec<&Record>> =
            COLLECTIONS.into_iter().map(|collection| model.list(collection).collect()).collect();
        let there = |id: &str| model.live(id).is_some_and(|element| element.text("status") != "removed");
        let stays = |record: &Record| record.text("status") != "removed";
        let of = |collection| model.list(collection).filter(|record| stays(record));
        let elements = of(Collection::Elements).collect();
        let both = |one: &&Record| there(one.text("from")) && there(one.text("to"));
        let relationships = of(Collection::Relationships).filter(both).collect();
        let fields = live.iter().flatten().flat_map(|record| texts(record));
        let prose: Vec<Prose> = subject.sections.iter().map(Prose::Section).chain(fields).collect();
        let mentions = prose.iter().flat_map(|prose| {
            reference::find(prose.text()).into_iter().map(|(range, reference)| (*prose, range, reference))
        });
        let mentions = mentions.collect();
        Checked { subject, live, elements, relationships, prose, mentions, connected: OnceLock::new() }
    }

    /// The same document, some records at a time: what rules go through holds
    /// those alone, in the same order; what they look up is the whole. No
    /// section and no text is in any part.
    pub(super) fn parts(&self, at_once: usize) -> impl Iterator<Item = Checked<'a>> {
        let (mut elements, mut relationships) = (self.elements.iter().peekable(), self.relationships.iter().peekable());
        let parts =
            self.live.iter().enumerate().flat_map(move |(collection, records)| {
                records.chunks(at_once).map(move |records| (collection, records))
            });
        parts.map(move |(collection, records)| {
            let within = |ahead: &mut std::iter::Peekable<std::slice::Iter<'_, &'a Record>>| {
                let mut own = Vec::new();
                for record in records {
                    own.extend(ahead.next_if(|next| std::ptr::eq(**next, *record)).copied());
                }
                own
            };
            let mut live = vec![Vec::new(); self.live.len()];
            live[collection] = records.to_vec();
            Checked {
                subject: Subject { sections: &[], ..self.subject },
                live,
                elements: within(&mut elements),
                relationships: within(&mut relationships),
                prose: Vec::new(),
                mentions: Vec::new(),
                connected: OnceLock::new(),
            }
        })
    }

    /// The ends of all relationships, and all that they are in.
    pub fn connected(&self) -> &HashSet<&'a str> {
        self.connected.get_or_init(|| {
            let mut connected = HashSet::default();
            for relationship in self.relationships() {
                for end in [relationship.text("from"), relationship.text("to")] {
                    // What is around something that was seen was seen with it.
                    let new = self.upwards(end).take_while(|id| !connected.contains(id)).collect::<Vec<_>>();
                    connected.extend(new);
                }
            }
            connected
        })
    }

    /// The records of a collection that are not in the trash, in their order.
    pub fn list(&self, collection: Collection) -> impl Iterator<Item = &'a Record> {
        let place = COLLECTIONS.iter().position(|other| *other == collection);
        place.and_then(|place| self.live.get(place)).into_iter().flatten().copied()
    }

    /// All records that are not in the trash, by collection and order.
    pub fn all(&self) -> impl Iterator<Item = &'a Record> {
        self.live.iter().flatten().copied()
    }

    /// Elements that are there: neither in the trash nor marked as removed.
    pub fn elements(&self) -> impl Iterator<Item = &'a Record> {
        self.elements.iter().copied()
    }

    /// Relationships that are there, as both their ends are.
    pub fn relationships(&self) -> impl Iterator<Item = &'a Record> {
        self.relationships.iter().copied()
    }

    /// All sections, then all fields of live records that hold a text.
    pub fn prose(&self) -> impl Iterator<Item = Prose<'a>> {
        self.prose.iter().copied()
    }

    /// All references in prose, with where they stand in it.
    pub fn mentions(&self) -> &[(Prose<'a>, Range<usize>, Reference)] {
        &self.mentions
    }

    /// An element that is not in the trash.
    pub fn element(&self, id: &str) -> Option<&'a Record> {
        self.model.live(id).filter(|record| record.collection == Collection::Elements)
    }

    /// A record's name.
    pub fn name(&self, id: &str) -> String {
        self.model.get(id).map_or_else(|| "(?)".into(), |record| self.title(record))
    }

    /// A record as it is spoken of: a relationship by its ends.
    pub fn title(&self, record: &Record) -> String {
        match record.collection {
            Collection::Relationships => {
                format!("{} → {}", self.name(record.text("from")), self.name(record.text("to")))
            }
            Collection::Instances => self.name(record.text("element")),
            Collection::Decisions if record.has("number") => format!("{} {}", record.text("number"), record.label()),
            _ => record.label(),
        }
    }

    /// The record itself, then what it is nested in, from the inside out.
    pub fn upwards(&self, id: &'a str) -> impl Iterator<Item = &'a str> {
        self.model.upwards(id).take(NESTING)
    }

    /// A field of the element, or of the nearest one around it that has it.
    pub fn inherited(&self, element: &'a Record, field: &str) -> &'a str {
        let around = self.upwards(&element.id).filter_map(|id| self.model.get(id));
        around.map(|record| record.text(field)).find(|value| !value.is_empty()).unwrap_or_default()
    }

    /// Elements that concerns of one of these topics name.
    pub fn concerned(&self, topics: &[&str]) -> HashSet<&'a str> {
        let concerns = self.list(Collection::Concerns);
        let fitting = concerns.filter(|concern| topics.contains(&concern.text("topic")));
        fitting.flat_map(|concern| concern.list("elements")).map(String::as_str).collect()
    }

    /// Whether the element, or one around it, is in the set.
    pub fn is_within(&self, id: &'a str, set: &HashSet<&str>) -> bool {
        self.upwards(id).any(|id| set.contains(id))
    }

    /// The line in a section's text where a place of the stored text is shown,
    /// from 0.
    pub fn line_at(&self, section: &CheckedSection, offset: usize) -> u32 {
        let before = section.text.get(..offset).unwrap_or_default();
        lines_in(&reference::render(before, self.model))
    }

    /// Whether the model holds what this place of a template is for.
    pub fn holds(&self, key: &str) -> bool {
        let some = |collection| self.list(collection).next().is_some();
        let topic = |topic: &str| self.list(Collection::Concerns).any(|one| one.text("topic") == topic);
        match key {
            "diagram" => some(Collection::Views),
            "components" => some(Collection::Elements),
            "data-flow" => some(Collection::Flows),
            "decisions" => some(Collection::Decisions),
            "future" => some(Collection::Considerations),
            "deployment.environments" => some(Collection::Environments),
            "security.network" => topic("network-security"),
            "scalability.horizontal" => topic("horizontal-scaling"),
            "scalability.vertical" => topic("vertical-scaling"),
            "scalability.bottlenecks" => topic("bottleneck"),
            "resilience.circuit-breakers" => topic("circuit-breaker"),
            _ => key.rsplit_once('.').is_some_and(|(_, last)| topic(last)),
        }
    }

    /// Names of all elements as they are compared.
    pub fn normal_names(&self) -> HashSet<String> {
        self.list(Collection::Elements).map(|element| folded(&element.label())).collect()
    }
}
