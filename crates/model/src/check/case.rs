//! Small documents to check: the examples of the rules, and their tests.

use std::collections::BTreeMap;

use super::{CheckedSection, ProjectRules, Report, Subject, run};
use crate::graph::{Index, Model};
use crate::record::Record;
use crate::reference::{self, Reference};
use crate::schema::Collection;
use crate::templates;
use crate::value::Value;

/// A document in memory, with what else the checks need to know.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// The model so far.
    pub model: Model,
    /// The sections so far.
    pub sections: Vec<CheckedSection>,
    /// The project's rules.
    pub project: ProjectRules,
    /// Names that elements had before.
    pub former_names: BTreeMap<String, Vec<String>>,
    /// The template's id.
    pub template: Option<&'static str>,
    /// A file's name.
    pub file: Option<&'static str>,
    rules_text: String,
    next: u32,
    line: u32,
}

/// The day on which examples are checked.
pub const TODAY: &str = "2026-11-24";

impl Case {
    /// An empty document.
    pub fn new() -> Case {
        Case { line: 1, ..Case::default() }
    }

    /// Adds a record; values are given in their text form, records by name.
    pub fn add(mut self, collection: &str, fields: &[(&str, &str)]) -> Case {
        let Some(collection) = Collection::find(collection) else { return self };
        self.next += 1;
        let mut record = Record::new(collection, format!("{:016x}", self.next));
        record.order = format!("{:08}", self.next);
        for (name, text) in fields {
            let Some(field) = collection.field(name) else { continue };
            // What names nothing stays as it is: examples of broken references need it.
            let value = field.shape.parse(text, &self.model).unwrap_or_else(|_| Value::text(*text));
            record.fields.insert(field.name, value);
        }
        self.model.put(record);
        self
    }

    /// Adds an element.
    pub fn element(self, name: &str, kind: &str, fields: &[(&str, &str)]) -> Case {
        let all: Vec<_> = [("name", name), ("kind", kind)].into_iter().chain(fields.iter().copied()).collect();
        self.add("elements", &all)
    }

    /// Adds a relationship.
    pub fn relate(self, from: &str, to: &str, fields: &[(&str, &str)]) -> Case {
        let all: Vec<_> = [("from", from), ("to", to)].into_iter().chain(fields.iter().copied()).collect();
        self.add("relationships", &all)
    }

    /// Sets a field of the record with a name.
    pub fn set(self, name: &str, field: &str, text: &str) -> Case {
        let value = |case: &Case, record: &Record| {
            let shape = record.collection.field(field).map(|field| field.shape)?;
            Some(shape.parse(text, &case.model).unwrap_or_else(|_| Value::text(text)))
        };
        self.change(name, |case, record| match value(case, &record) {
            Some(value) => record.with(field, value),
            None => record,
        })
    }

    /// Puts the record with a name into the trash.
    pub fn delete(self, name: &str) -> Case {
        self.change(name, |_, mut record| {
            record.deleted = true;
            record
        })
    }

    /// Somebody else gave a field another value at the same time.
    pub fn conflict(self, name: &str, field: &str, other: &str) -> Case {
        self.change(name, |_, mut record| {
            if let Some(field) = record.collection.field(field) {
                record.conflicts.insert(field.name, vec![Value::text(other)]);
            }
            record
        })
    }

    fn change(mut self, name: &str, change: impl FnOnce(&Case, Record) -> Record) -> Case {
        let record = self.model.name_to_id(&[], name).ok().and_then(|id| self.model.get(&id).cloned());
        if let Some(record) = record {
            let record = change(&self, record);
            self.model.put(record);
        }
        self
    }

    /// The element with this name had another one before.
    pub fn formerly(mut self, name: &str, old: &str) -> Case {
        if let Ok(id) = self.model.name_to_id(&[Collection::Elements], name) {
            self.former_names.entry(id).or_default().push(old.to_owned());
        }
        self
    }

    /// A section at the top. In its text `{{Name}}` mentions an element, and
    /// `{{#id}}` one by its id.
    pub fn section(self, key: &str, title: &str, text: &str) -> Case {
        self.part(None, key, title, text)
    }

    /// A section in the last one at the top.
    pub fn inner(self, key: &str, title: &str, text: &str) -> Case {
        let parent = self.sections.iter().rposition(|section| section.parent.is_none());
        self.part(parent, key, title, text)
    }

    fn part(mut self, parent: Option<usize>, key: &str, title: &str, text: &str) -> Case {
        let text = self.mentions(text);
        let rendered = reference::render(&text, &self.model);
        let template = self.template.and_then(templates::find);
        let lines = super::subject::lines_in(&rendered);
        let slug = if key.is_empty() { crate::graph::slug(title) } else { key.to_owned() };
        self.sections.push(CheckedSection {
            id: format!("5ec{:013x}", self.sections.len()),
            path: format!("sections.{slug}"),
            title: title.to_owned(),
            key: (!key.is_empty()).then(|| key.to_owned()),
            level: if parent.is_some() { 3 } else { 2 },
            parent,
            text,
            rendered,
            guidance: template.and_then(|template| template.slot(key)).map(|slot| slot.guidance.clone()),
            line: self.file.map(|_| self.line),
            text_line: self.file.map(|_| self.line + 2),
        });
        self.line += lines + 4;
        self
    }

    fn mentions(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            let named = self.model.name_to_id(&[], name).ok();
            let id = name.strip_prefix('#').map(str::to_owned).or(named).unwrap_or_default();
            let label = self.model.get(&id).map_or("name", |record| record.collection.table().label);
            out.push_str(before);
            out.push_str(&Reference::mention(&id, label).encode());
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The document's template.
    pub fn template(mut self, id: &'static str) -> Case {
        self.template = Some(id);
        self
    }

    /// What follows is in a file.
    pub fn file(mut self, name: &'static str) -> Case {
        self.file = Some(name);
        self
    }

    /// The project's rules, as its file has them.
    pub fn project(mut self, text: &str) -> Case {
        if let Ok(project) = ProjectRules::parse(text, "drystone.toml") {
            self.project = project;
            self.rules_text = text.to_owned();
        }
        self
    }

    /// Checks it.
    pub fn check(&self) -> Report {
        let index = Index::new(&self.model);
        run(&Subject {
            model: &self.model,
            index: &index,
            sections: &self.sections,
            template: self.template.and_then(templates::find),
            today: TODAY,
            project: &self.project,
            file: self.file,
            former_names: &self.former_names,
        })
    }

    /// What is in it, for the documentation.
    pub fn describe(&self) -> String {
        let index = Index::new(&self.model);
        let mut out = String::new();
        for record in self.model.all() {
            let gone = if record.deleted { " (in the trash)" } else { "" };
            out.push_str(&format!("{}{gone}\n", index.model.path_of(record)));
            for field in record.collection.table().fields {
                let Some(value) = record.get(field.name) else { continue };
                let shown = field.shape.format(value, &self.model).replace('\n', " / ");
                out.push_str(&format!("    {} = {shown}\n", field.dashed()));
                for other in record.conflicts.get(field.name).into_iter().flatten() {
                    let shown = field.shape.format(other, &self.model);
                    out.push_str(&format!("    {} = {shown} (at the same time)\n", field.dashed()));
                }
            }
            for old in self.former_names.get(&record.id).into_iter().flatten() {
                out.push_str(&format!("    formerly {old}\n"));
            }
        }
        for section in &self.sections {
            let marks = "#".repeat(usize::from(section.level));
            out.push_str(&format!("{marks} {}\n", section.title));
            for line in section.rendered.lines() {
                out.push_str(&format!("    {line}\n"));
            }
        }
        if !self.rules_text.is_empty() {
            out.push_str("drystone.toml\n");
            for line in self.rules_text.lines() {
                out.push_str(&format!("    {line}\n"));
            }
        }
        if out.is_empty() { "(an empty document)\n".into() } else { out }
    }
}
