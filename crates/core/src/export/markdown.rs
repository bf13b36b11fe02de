//! Markdown out. What was imported and not changed comes out byte for byte.

use std::collections::HashMap;

use drystone_model::markdown::generate::{self, CompleteOptions, Generated};
use drystone_model::markdown::lift::SectionText;
use drystone_model::markdown::told_by_diagrams;
use drystone_model::templates::Template;
use drystone_model::{Model, notation, parallel, reference};

use crate::document::{Document, HeadingStyle, Origin, Section};

/// How many additions are written in one go.
const AT_ONCE: usize = 256;

/// Markdown that is written at a place of the document.
pub struct Addition {
    /// Where.
    pub at: At,
    /// What is written, blank lines around it left out.
    pub markdown: String,
}

/// A place that text can be added at.
#[derive(Debug, PartialEq, Eq)]
pub enum At {
    /// After a section's own text.
    Text(String),
    /// After a section and everything nested in it.
    Section(String),
    /// At the end of the document.
    End,
}

/// The document as a Markdown file: what its text shows of the model, and
/// `additions` for what it does not show.
pub fn export(document: &Document, model: &Model, additions: &[Addition]) -> Vec<u8> {
    let mut sections = document.sections();
    for section in &mut sections {
        section.title = reference::render(&section.title, model);
        section.body = reference::render(&section.body, model);
    }
    let text = join(&sections, additions);
    let text = if document.crlf() { text.replace('\n', "\r\n") } else { text };
    let mut bytes = Vec::with_capacity(text.len() + 3);
    if document.bom() {
        bytes.extend_from_slice("\u{feff}".as_bytes());
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// The document as a Markdown file with all that its model holds: what no
/// section shows yet is added where the template has its place.
pub fn complete(document: &Document, sections: &[SectionText], model: &Model, template: Option<&Template>) -> Vec<u8> {
    let shown: Vec<(String, String)> = sections
        .iter()
        .map(|section| (reference::render(&section.title, model), reference::render(&section.body, model)))
        .collect();
    let told = told_by_diagrams(shown.iter().map(|(title, body)| (title.as_str(), body.as_str())), model);
    let options = CompleteOptions { template, diagram: Some(&|| notation::mermaid_flowchart(model, None)), told };
    let lacking = generate::complete(sections, model, &options);
    let parts: Vec<&[Generated]> = lacking.chunks(AT_ONCE).collect();
    let additions = parallel::map(&parts, model.len(), |part| {
        part.iter().map(|generated| addition(generated, model)).collect::<Vec<_>>()
    });
    export(document, model, &additions.into_iter().flatten().collect::<Vec<_>>())
}

fn addition(generated: &Generated, model: &Model) -> Addition {
    let mut markdown = String::new();
    if let Some(heading) = &generated.heading {
        let marks = "#".repeat(usize::from(generated.level.clamp(1, 6)));
        markdown = format!("{marks} {}\n\n", reference::render(heading, model));
    }
    markdown.push_str(&reference::render(&generated.body, model));
    let at = match (&generated.within, &generated.heading) {
        (Some(section), None) => At::Text(section.clone()),
        (Some(section), Some(_)) => At::Section(section.clone()),
        (None, _) => At::End,
    };
    Addition { at, markdown }
}

/// Puts sections together. Where two parts stand together as they did in the
/// imported file, the file's own white space is between them, whatever it is;
/// elsewhere a blank line is, and one line end closes the file.
pub fn join(sections: &[Section], additions: &[Addition]) -> String {
    let mut out = String::new();
    let ends = ends(sections);
    let mut due: Vec<Vec<&Addition>> = vec![Vec::new(); sections.len()];
    let mut last: Vec<&Addition> = Vec::new();
    let places: HashMap<&str, usize> = sections.iter().enumerate().map(|(i, s)| (s.id.as_str(), i)).collect();
    // What belongs to a section's own text comes before what follows the section.
    for own in [true, false] {
        for addition in additions.iter().filter(|addition| matches!(addition.at, At::Text(_)) == own) {
            let place = match &addition.at {
                At::Text(id) => places.get(id.as_str()),
                At::Section(id) => ends.get(id.as_str()),
                At::End => None,
            };
            place.map_or(&mut last, |place| &mut due[*place]).push(addition);
        }
    }
    for (index, section) in sections.iter().enumerate() {
        let end = index + 1 == sections.len();
        one(&mut out, section, end, !due[index].is_empty());
        for addition in &due[index] {
            add(&mut out, addition, end);
        }
    }
    for addition in last {
        add(&mut out, addition, true);
    }
    out
}

/// The last section of what is nested in each, by index.
fn ends(sections: &[Section]) -> HashMap<&str, usize> {
    let mut ends: HashMap<&str, usize> = HashMap::new();
    for (index, section) in sections.iter().enumerate().rev() {
        let end = *ends.entry(&section.id).or_insert(index);
        if let Some(parent) = section.parent.as_deref() {
            let known = ends.entry(parent).or_insert(end);
            *known = end.max(*known);
        }
    }
    ends
}

fn add(out: &mut String, addition: &Addition, last: bool) {
    if !out.is_empty() {
        end_with(out, "\n\n");
    }
    out.push_str(addition.markdown.trim_matches('\n'));
    out.push_str(if last { "\n" } else { "\n\n" });
}

fn one(out: &mut String, section: &Section, last: bool, followed: bool) {
    let as_in_file = !followed
        && match section.origin {
            Origin::Made => false,
            Origin::Imported => !last,
            Origin::ImportedLast => last,
        };
    let end = if last { "\n" } else { "\n\n" };
    heading(out, section);
    if section.body.is_empty() {
        if !as_in_file && section.style != HeadingStyle::None {
            end_with(out, end);
        }
        return;
    }
    if section.style != HeadingStyle::None && !section.tail.contains(['\n', '\r']) {
        out.push_str("\n\n");
    }
    out.push_str(&section.body);
    // Text typed where the file had none has no white space of its own.
    if as_in_file && (last || section.foot.contains(['\n', '\r'])) {
        out.push_str(&section.foot);
    } else {
        end_with(out, end);
    }
}

fn end_with(out: &mut String, end: &str) {
    out.truncate(out.trim_end_matches(['\n', '\r']).len());
    out.push_str(end);
}

fn heading(out: &mut String, section: &Section) {
    // Without a heading there still are blank lines before the text.
    if section.style == HeadingStyle::None {
        out.push_str(&section.tail);
        return;
    }
    out.push_str(&section.lead);
    let setext = section.style == HeadingStyle::Setext && section.level <= 2;
    if !setext {
        out.push_str(&"#".repeat(usize::from(section.level)));
        let gap = if section.gap.is_empty() && !section.title.is_empty() { " " } else { &section.gap };
        out.push_str(gap);
    }
    // Only a heading with a line below may have several lines.
    if setext {
        out.push_str(&section.title)
    } else {
        out.push_str(&section.title.replace(['\n', '\r'], " "))
    }
    if section.style == HeadingStyle::Setext {
        setext_tail(out, section, setext);
    } else {
        out.push_str(&section.tail);
    }
}

/// The line below a setext heading says its level; a heading that has moved
/// too deep for it is written with `#`.
fn setext_tail(out: &mut String, section: &Section, keep: bool) {
    let mark = if section.level == 1 { '=' } else { '-' };
    for c in section.tail.chars() {
        match c {
            '=' | '-' if keep => out.push(mark),
            '=' | '-' => {}
            other => out.push(other),
        }
    }
}
