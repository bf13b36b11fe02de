//! What is shown of a document, derived from it: rows for the library, the
//! outline and the search.

use std::collections::{HashMap, HashSet};

use drystone_wire::{DocumentHandle, WorkspaceId};

use crate::api::SectionState;
use crate::document::{Document, Section};
use crate::store::documents::{DocumentRow, SectionRow};
use drystone_model::templates::{self, Heading, Template};

/// Characters of an excerpt.
const EXCERPT: usize = 200;

/// The rows of a document; `None` while its first change is still missing.
pub(super) fn project(
    document: &Document,
    id: DocumentHandle,
    workspace: WorkspaceId,
    updated_ms: u64,
) -> Option<(DocumentRow, Vec<SectionRow>)> {
    if document.schema() == 0 {
        return None;
    }
    let template = document.template();
    let known = templates::find(&template);
    let rows = section_rows(&document.sections(), known);
    let (written, expected) = completeness(&rows, known);
    let title = document.title();
    let row = DocumentRow {
        id: id.0,
        workspace: workspace.0,
        slug: slug(&title),
        title,
        template,
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

struct Outline<'a> {
    section: &'a Section,
    parent: Option<usize>,
}

impl Heading for Outline<'_> {
    fn title(&self) -> &str {
        &self.section.title
    }
    fn parent(&self) -> Option<usize> {
        self.parent
    }
    fn has_heading(&self) -> bool {
        self.section.level > 0
    }
}

fn section_rows(sections: &[Section], template: Option<&Template>) -> Vec<SectionRow> {
    let positions: HashMap<&str, usize> = sections.iter().enumerate().map(|(i, s)| (s.id.as_str(), i)).collect();
    let outline: Vec<Outline<'_>> = sections
        .iter()
        .map(|section| Outline {
            section,
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
        let key = if section.key.is_empty() { matched[index].clone().unwrap_or_default() } else { section.key.clone() };
        let above = outline[index].parent.filter(|parent| Some(*parent) != heading);
        let prefix = above.map_or("sections", |parent| rows[parent].path.as_str());
        let path = unique(&mut paths, format!("{prefix}.{}", path_segment(section, &key, template)));
        rows.push(SectionRow {
            section: section.id.clone(),
            parent: section.parent.clone().unwrap_or_default(),
            level: section.level,
            title: section.title.clone(),
            key,
            path,
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

fn path_segment(section: &Section, key: &str, template: Option<&Template>) -> String {
    if section.level == 0 {
        return "preamble".into();
    }
    let last = key.rsplit('.').next().unwrap_or_default();
    if last.is_empty() || templates::is_repeatable(template, key) {
        slug(&templates::plain(&section.title))
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

/// Lower case, letters and digits, dashes between.
pub(super) fn slug(title: &str) -> String {
    let spaced: String =
        title.chars().flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let slug = spaced.split_whitespace().collect::<Vec<_>>().join("-");
    if slug.is_empty() { "untitled".into() } else { slug }
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
    std::iter::once(row).chain(nested).any(|row| state(&row.text) == SectionState::Written)
}

fn excerpt(rows: &[SectionRow]) -> String {
    let paragraph = rows.iter().filter(|row| state(&row.text) == SectionState::Written).find_map(|row| {
        row.text
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
