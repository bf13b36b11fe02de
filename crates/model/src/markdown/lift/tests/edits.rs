//! One field is edited: the export differs in the lines that show it and in
//! nothing else.

use super::*;
use crate::edit::Edit;
use crate::markdown::weave::weave;
use crate::markdown::{ParsedSection, drawing, told_by_diagrams};
use crate::notation;
use crate::schema::Shape;

/// What is put into a value; no document has it.
const MARK: &str = "⟦anew⟧";

/// A file as the importer takes it, diagrams and all.
struct Imported {
    parsed: Vec<ParsedSection>,
    sections: Vec<SectionText>,
    model: Model,
}

impl Imported {
    fn read(text: &str) -> Imported {
        let parsed = split(text);
        let document = Document::read(text);
        let mut ids = 0_u64;
        let mut fresh = || {
            ids += 1;
            format!("{ids:016x}")
        };
        let options = LiftOptions { mentions: true, ..LiftOptions::default() };
        let lifting = lift_as_shown(&document.sections, &document.model, &options, None, &mut fresh);
        let mut sections = document.sections;
        lifting.put_into(&mut sections);
        let mut model = lifting.model(&Model::default());
        for section in &parsed {
            for found in notation::find(&section.body) {
                let edits = notation::to_edits(&drawing(&section.title, &section.body, &found), &model, &mut fresh);
                edit::apply_all(&mut model, &edits.edits);
            }
        }
        Imported { parsed, sections, model }
    }

    /// The file as an export writes it, and what it adds.
    fn export(&self, model: &Model) -> (String, Vec<String>) {
        let show = |text: &str| reference::render(text, model);
        let shown: Vec<(String, String)> = self.sections.iter().map(|it| (show(&it.title), show(&it.body))).collect();
        let mut out = String::new();
        for (section, (title, body)) in self.parsed.iter().zip(&shown) {
            let atx = section.style == crate::markdown::HeadingStyle::Atx;
            let marks = if atx { "#".repeat(section.level.into()) } else { String::new() };
            out.extend(
                [&section.lead, &marks, &section.gap, title, &section.tail, body, &section.foot].map(String::as_str),
            );
        }
        let told = told_by_diagrams(shown.iter().map(|(title, body)| (title.as_str(), body.as_str())), model);
        let added = complete(&self.sections, model, &CompleteOptions { told, ..CompleteOptions::default() });
        let added = added.iter().map(|part| format!("{:?} {}", part.heading, show(&part.body)));
        (out, added.collect())
    }

    /// Every field that the document shows, of records in the order of ids.
    fn shown(&self) -> BTreeSet<(String, String)> {
        let texts = self.sections.iter().flat_map(|section| [&section.title, &section.body]);
        let found = texts.flat_map(|text| reference::find(text)).map(|(_, found)| (found.id, found.field));
        found.filter(|(id, field)| self.model.get(id).is_some_and(|record| record.has(field))).collect()
    }
}

/// The value with a mark in it, in the place of a text, or of an item.
fn marked(value: &Value, shape: Shape) -> Option<Value> {
    let put = |text: &str| match text.split_once('\n') {
        Some((first, rest)) => format!("{first}{MARK}\n{rest}"),
        None => format!("{text}{MARK}"),
    };
    Some(match (shape, value) {
        (Shape::Line | Shape::Text, Value::Text(text)) => Value::text(put(text)),
        (Shape::List, Value::List(items)) => {
            let middle = items.len() / 2;
            Value::list(items.iter().enumerate().map(|(at, item)| if at == middle { put(item) } else { item.clone() }))
        }
        _ => return None,
    })
}

/// Edits every shown text field of a file by itself; gives back how many.
fn edit_each(name: &str, text: &str) -> usize {
    let imported = Imported::read(text);
    let (export, added) = imported.export(&imported.model);
    assert_eq!(added, Vec::<String>::new(), "{name} unedited");
    assert!(export == text, "{name} unedited");
    let mut tried = 0;
    for (id, field) in imported.shown() {
        let record = imported.model.get(&id).unwrap();
        let shape = record.collection.field(&field).unwrap().shape;
        let Some(value) = record.get(&field).and_then(|value| marked(value, shape)) else { continue };
        let wanted = vec![Edit::Set { id: id.clone(), field: field.clone(), value: Some(value) }];
        let edits = edit::check(&imported.model, wanted.clone()).unwrap();
        let mut model = imported.model.clone();
        edit::apply_all(&mut model, &edits);
        let (edited, added) = imported.export(&model);
        let what = format!("{name}: {field} of {} {:?}", record.collection.name(), record.label());
        assert_eq!(added, Vec::<String>::new(), "{what}");
        assert!(edited.contains(MARK), "{what} is not shown");
        assert_eq!(edited.replace(MARK, ""), text, "{what} changes more than it says");
        let changed = text.lines().zip(edited.lines()).filter(|(old, new)| old != new).count();
        let is_name = field == record.collection.table().label;
        assert!(changed == 1 || is_name || imported.places(&id, &field) == changed, "{what}: {changed} lines");
        imported.edit_as_text(&model, &what);
        tried += 1;
    }
    tried
}

impl Imported {
    fn places(&self, id: &str, field: &str) -> usize {
        let texts = self.sections.iter().flat_map(|section| [&section.title, &section.body]);
        texts.flat_map(|text| reference::find(text)).filter(|(_, it)| it.id == id && it.field == field).count()
    }

    /// The same change made in the text leads to the same document.
    fn edit_as_text(&self, edited: &Model, what: &str) {
        for section in &self.sections {
            let new = reference::render(&section.body, edited);
            if new == reference::render(&section.body, &self.model) {
                continue;
            }
            let woven = weave(&section.body, &new, &self.model);
            let mut model = self.model.clone();
            edit::apply_all(&mut model, &edit::check(&self.model, woven.edits).unwrap());
            assert_eq!(reference::render(&woven.text, &model), new, "{what}, edited as text");
        }
    }
}

#[test]
fn one_edit_changes_the_lines_that_show_it() {
    let mut tried = 0;
    for (name, text) in [("compact", COMPACT), ("full", FULL)] {
        tried += edit_each(name, text);
    }
    assert!(tried > 50, "{tried}");
}

#[test]
#[allow(clippy::print_stderr)]
fn one_edit_changes_the_lines_that_show_it_in_real_documents() {
    let files = corpus();
    let mut tried = 0;
    for file in &files {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).replace("\r\n", "\n");
        let text = text.trim_start_matches('\u{feff}');
        let edits = edit_each(&file.display().to_string(), text);
        eprintln!("{edits:5} fields of {}", file.file_name().unwrap_or_default().display());
        tried += edits;
    }
    assert!(files.is_empty() || tried > 100, "{tried}");
}
