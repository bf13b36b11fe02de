//! What is shown of a document, derived from it: rows for the library, the
//! outline and the search.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use drystone_model::templates::{self, Heading, Template};
use drystone_model::{Collection, Model, reference, slug};
use drystone_wire::{DocumentHandle, WorkspaceId};

use crate::api::SectionState;
use crate::document::{Document, Section};
use crate::store::documents::{DocumentRow, SectionRow};

/// Characters of an excerpt.
const EXCERPT: usize = 200;

/// The rows of a document; `None` while its first change is still missing.
pub(super) fn project(
    document: &Document,
    model: &Model,
    id: DocumentHandle,
    workspace: WorkspaceId,
    updated_ms: u64,
) -> Option<(DocumentRow, Vec<SectionRow>)> {
    if document.schema() == 0 {
        return None;
    }
    let (template, template_file) = (document.template(), document.template_file());
    let known = known_template(&template, &template_file);
    let known = known.as_deref();
    let rows = section_rows(&document.sections(), known, model);
    let (written, expected) = completeness(&rows, known);
    let title = document.title();
    let row = DocumentRow {
        id: id.0,
        workspace: workspace.0,
        slug: slug(&title),
        title,
        template,
        template_file,
        created_ms: document.created_ms(),
        updated_ms,
        deleted_ms: document.deleted_ms(),
        written,
        expected,
        excerpt: excerpt(&rows),
        projected: 0,
    };
    Some((row, rows))
}

/// A document's template: a built-in one, or the one its own file describes.
pub(super) fn known_template(id: &str, file: &str) -> Option<Cow<'static, Template>> {
    if file.is_empty() {
        return templates::find(id).map(Cow::Borrowed);
    }
    templates::parse_file(file, id).ok().map(Cow::Owned)
}

/// Whether a section shows one of these records.
pub(super) fn shows_any(rows: &[SectionRow], touched: &BTreeSet<(Collection, String)>) -> bool {
    let touches = |id: &str| touched.iter().any(|(_, touched)| touched == id);
    rows.iter().any(|row| {
        let shows = |text: &str| {
            text.contains(reference::OPEN)
                && reference::find(text).iter().any(|(_, reference)| {
                    // What an element depends on follows from relationships.
                    touches(&reference.id) || reference.field == "dependencies"
                })
        };
        shows(&row.source_title) || shows(&row.text)
    })
}

struct Outline<'a> {
    section: &'a Section,
    title: String,
    parent: Option<usize>,
}

impl Heading for Outline<'_> {
    fn title(&self) -> &str {
        &self.title
    }
    fn parent(&self) -> Option<usize> {
        self.parent
    }
    fn has_heading(&self) -> bool {
        self.section.level > 0
    }
    fn key(&self) -> &str {
        &self.section.key
    }
}

fn section_rows(sections: &[Section], template: Option<&Template>, model: &Model) -> Vec<SectionRow> {
    let positions: HashMap<&str, usize> = sections.iter().enumerate().map(|(i, s)| (s.id.as_str(), i)).collect();
    let outline: Vec<Outline<'_>> = sections
        .iter()
        .map(|section| Outline {
            section,
            title: reference::render(&section.title, model),
            parent: section.parent.as_deref().and_then(|parent| positions.get(parent).copied()),
        })
        .collect();
    let matched = match template {
        Some(template) => templates::match_sections_with(template, &outline),
        None => templates::match_sections(&outline),
    };
    let heading = document_heading(sections);
    let mut rows: Vec<SectionRow> = Vec::with_capacity(sections.len());
    let mut paths: HashSet<String> = HashSet::new();
    for (index, section) in sections.iter().enumerate() {
        let key = matched[index].clone().unwrap_or_else(|| section.key.clone());
        let above = outline[index].parent.filter(|parent| Some(*parent) != heading);
        let prefix = above.map_or("sections", |parent| rows[parent].path.as_str());
        let segment = path_segment(section, &outline[index].title, &key, template);
        let path = unique(&mut paths, format!("{prefix}.{segment}"));
        rows.push(SectionRow {
            section: section.id.clone(),
            parent: section.parent.clone().unwrap_or_default(),
            level: section.level,
            title: outline[index].title.clone(),
            key,
            path,
            rendered: rendered(&section.body, model),
            source_title: if section.title.contains(reference::OPEN) { section.title.clone() } else { String::new() },
            text: section.body.clone(),
        });
    }
    rows
}

/// The heading that names the whole document: the first one, when it is the
/// only one of the first level. It does not count in paths.
fn document_heading(sections: &[Section]) -> Option<usize> {
    let first = sections.iter().position(|section| section.level > 0)?;
    let alone = sections.iter().filter(|section| section.level == 1).count() == 1;
    (alone && sections[first].level == 1).then_some(first)
}

fn path_segment(section: &Section, title: &str, key: &str, template: Option<&Template>) -> String {
    if section.level == 0 {
        return "preamble".into();
    }
    let last = key.rsplit('.').next().unwrap_or_default();
    if last.is_empty() || templates::is_repeatable(template, key) {
        slug(&templates::plain(title))
    } else {
        last.to_owned()
    }
}

fn unique(taken: &mut HashSet<String>, path: String) -> String {
    let mut candidate = path.clone();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{path}-{number}");
        number += 1;
    }
    candidate
}

/// The text as people read it, "" where that is the text itself.
fn rendered(text: &str, model: &Model) -> String {
    if text.contains(reference::OPEN) { reference::render(text, model) } else { String::new() }
}

/// The record whose name a heading shows.
pub(super) fn bound_record(title: &str) -> Option<String> {
    reference::find(title).into_iter().next().map(|(_, reference)| reference.id)
}

/// How far a section's text is.
pub(super) fn state(text: &str) -> SectionState {
    if text.trim().is_empty() {
        SectionState::Empty
    } else if templates::is_placeholder(text) {
        SectionState::Placeholder
    } else {
        SectionState::Written
    }
}

/// Counts units: every place that the template expects, and every other
/// section that the document has besides its heading.
fn completeness(rows: &[SectionRow], template: Option<&Template>) -> (u32, u32) {
    let (mut written, mut expected) = (0, 0);
    let mut counted: HashSet<&str> = HashSet::new();
    for slot in template.map(templates::expected).unwrap_or_default() {
        expected += 1;
        if let Some(row) = rows.iter().find(|row| row.key == slot.key) {
            counted.insert(&row.section);
            written += u32::from(is_written(rows, row));
        }
    }
    let others =
        rows.iter().filter(|row| row.key.is_empty() && row.level > 1 && !counted.contains(row.section.as_str()));
    for row in others {
        expected += 1;
        written += u32::from(is_written(rows, row));
    }
    (written, expected)
}

/// Whether a section or anything nested in it has text.
fn is_written(rows: &[SectionRow], row: &SectionRow) -> bool {
    let start = rows.iter().position(|other| other.section == row.section).unwrap_or(0);
    let nested = rows[start + 1..].iter().take_while(|other| other.level > row.level);
    std::iter::once(row).chain(nested).any(|row| state(row.shown()) == SectionState::Written)
}

fn excerpt(rows: &[SectionRow]) -> String {
    let paragraph = rows.iter().filter(|row| state(row.shown()) == SectionState::Written).find_map(|row| {
        row.shown()
            .split("\n\n")
            .find(|block| block.trim().starts_with(|c: char| c.is_alphanumeric() || "*_\"[`".contains(c)))
    });
    let words = paragraph.map(templates::plain).unwrap_or_default();
    let mut cut: String = words.chars().take(EXCERPT).collect();
    if cut.len() < words.len() {
        cut.push('…');
    }
    cut
}
