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
    /// Reads a file; `place` is where its sections of the second level stand in
    /// the template, whatever their headings say.
    fn read(text: &str, place: Option<&str>) -> Imported {
        let parsed = split(text);
        let mut document = Document::read(text);
        for section in document.sections.iter_mut().filter(|section| section.level == 2) {
            section.key = place.map(str::to_owned).or(section.key.take());
        }
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
fn edit_each(name: &str, text: &str, place: Option<&str>) -> usize {
    let imported = Imported::read(text, place);
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
        imported.add_item(record, &field, text, &what);
        tried += 1;
    }
    tried
}

impl Imported {
    /// One more item of a list is one more line, or a word in its line.
    fn add_item(&self, record: &Record, field: &str, text: &str, what: &str) {
        let Some(Value::List(items)) = record.get(field) else { return };
        let items = items.iter().cloned().chain([MARK.to_owned()]);
        let mut model = self.model.clone();
        let set = Edit::Set { id: record.id.clone(), field: field.to_owned(), value: Some(Value::list(items)) };
        edit::apply(&mut model, &set);
        let (edited, added) = self.export(&model);
        assert_eq!(added, Vec::<String>::new(), "{what}, one more");
        let lines = edited.split('\n').filter(|line| !line.contains(MARK)).collect::<Vec<_>>().join("\n");
        assert!(lines == text || edited.replace(&format!(", {MARK}"), "") == text, "{what}, one more");
    }

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
        tried += edit_each(name, text, None);
    }
    assert!(tried > 50, "{tried}");
}

/// Places of templates, for texts that nobody wrote for them.
const PLACES: &[&str] = &[
    "components",
    "components.component",
    "data-flow.flow",
    "security.network",
    "scalability",
    "deployment.environments",
    "decisions.decision",
    "glossary",
    "risks",
];

#[test]
#[allow(clippy::print_stderr)]
fn one_edit_changes_the_lines_that_show_it_in_real_documents() {
    let files = corpus();
    let (mut tried, mut elsewhere) = (0, 0);
    for file in &files {
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).replace("\r\n", "\n");
        let text = text.trim_start_matches('\u{feff}');
        let name = file.display().to_string();
        tried += edit_each(&name, text, None);
        for place in PLACES {
            elsewhere += edit_each(&format!("{name} at {place}"), text, Some(place));
        }
    }
    eprintln!("{tried} fields of {} files were edited, and {elsewhere} at places of templates.", files.len());
    assert!(files.is_empty() || (tried > 50 && elsewhere > 200), "{tried} {elsewhere}");
}

#[test]
fn a_new_heading_over_a_drawing_without_a_title_says_nothing_of_its_flow() {
    let text = "# S\n\n## Components\n\n### Start\n\n**Purpose**: x\n\n```mermaid\nsequenceDiagram\n  Web->>Disk: writes\n```\n";
    let imported = Imported::read(text, None);
    assert_eq!(imported.model.list(Collection::Flows).count(), 1);
    let id = imported.model.list(Collection::Elements).find(|element| element.label() == "Start").unwrap().id.clone();
    let mut model = imported.model.clone();
    edit::apply(&mut model, &Edit::Set { id, field: "name".into(), value: Some(Value::text("Beginning")) });
    assert_eq!(imported.export(&model), (text.replace("### Start", "### Beginning"), vec![]));
}

#[test]
fn a_new_name_is_shown_where_the_old_one_was_and_the_drawing_stays() {
    let text = "# S\n\n## Components\n\n### Web\n\n**Purpose**: sells\n\n### Disk\n\nKeeps what **Web** says.\n\n## Flow\n\n```mermaid\ngraph TD\n  W[Web] -->|writes| D[Disk]\n  D --> T[Tape]\n```\n";
    let imported = Imported::read(text, None);
    assert_eq!(imported.model.list(Collection::Relationships).count(), 2);
    let rename = |old: &str, new: &str| {
        let id = imported.model.list(Collection::Elements).find(|element| element.label() == old).unwrap().id.clone();
        let mut model = imported.model.clone();
        for (field, value) in [("name", Value::text(new)), ("formerNames", Value::list([old]))] {
            edit::apply(&mut model, &Edit::Set { id: id.clone(), field: field.into(), value: Some(value) });
        }
        imported.export(&model)
    };
    let shown = text.replace("### Web", "### Shop").replace("**Web**", "**Shop**");
    assert_eq!(rename("Web", "Shop"), (shown, vec![]));
    // What is only drawn, under a name it has no more, has to be said.
    let (same, added) = rename("Tape", "Vault");
    assert_eq!((same.as_str(), added.len()), (text, 1), "{added:?}");
}
