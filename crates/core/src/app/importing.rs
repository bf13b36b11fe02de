//! Files in: documents from Markdown and JSON. A file is imported as a whole
//! or not at all.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::edit::{self, Edit};
use drystone_model::markdown::{self, ParsedSection};
use drystone_model::templates::{self, Template};
use drystone_model::{Collection, Model, json};
use drystone_wire::{DocumentHandle, WorkspaceId};

use super::App;
use super::documents::handle;
use super::lifting::{Lift, Lifting, Plan, lift_summary, section_texts};
use super::model::number_decisions;
use super::persist::lock;
use super::project::{known_template, project};
use super::template::{chosen_template, template_file};
use crate::api::{ApplyEdits, ImportDocument, Imported, LiftReport};
use crate::document::{Document, HeadingStyle, NewSection, Origin, Place, Section};
use crate::error::{Error, ErrorCode, Result};
use crate::export;
use crate::store::documents::SectionRow;

impl App {
    pub(crate) async fn document_import(&self, args: ImportDocument) -> Result<Imported> {
        self.blocking(move |app| {
            let bytes = BASE64.decode(&args.content).map_err(|error| {
                Error::new(ErrorCode::BadInput, format!("The content is not Base64: {error}."), "Send it as Base64.")
            })?;
            app.import(&args, &bytes)
        })
        .await
    }

    fn import(&self, args: &ImportDocument, bytes: &[u8]) -> Result<Imported> {
        let json = args.name.to_lowercase().ends_with(".json");
        match (args.format.as_deref(), &args.into) {
            (Some("json"), None) => self.import_json(args, bytes),
            (None, None) if json => self.import_json(args, bytes),
            (Some("markdown") | None, Some(document)) if !json => self.import_into(args, document, bytes),
            (Some("markdown") | None, None) => self.import_markdown(args, bytes),
            (Some("json") | None, Some(_)) => Err(Error::new(
                ErrorCode::Usage,
                "A JSON document is imported as a new document.",
                "Leave out the document to add it to.",
            )),
            (Some(other), _) => Err(Error::new(
                ErrorCode::Usage,
                format!("There is no import format “{other}”."),
                "Take markdown or json; decision records are imported by their folder.",
            )),
        }
    }

    fn import_markdown(&self, args: &ImportDocument, bytes: &[u8]) -> Result<Imported> {
        let name = &args.name;
        let parsed = markdown::parse(bytes, name)?;
        let template = match (&args.template, &args.template_file) {
            (None, None) => Cow::Borrowed(templates::suggest(&parsed.sections).0),
            (id, file) => chosen_template(id.as_deref().unwrap_or_default(), file.as_deref())?,
        };
        let title = document_title(&parsed.sections, name);
        let workspace = self.workspace_or_default(args.workspace.as_deref())?;
        let id = DocumentHandle(self.fresh_id()?);
        let now = self.now_ms();
        let mut document = self.new_document(&title, &template)?;
        document.set_source_form(parsed.crlf, parsed.bom)?;
        let (sections, parents) = self.imported_sections(&parsed.sections)?;
        document.add_all(&sections, &parents)?;
        if export::markdown::export(&document, &Model::default(), &[]) != bytes {
            return Err(Error::internal(format_args!("{name} would not come out as it went in")));
        }
        let mut changes = document.commit(&format!("Imported {}", file_name(name)), now);
        let rows = project(&document, &Model::default(), id, workspace, now).map(|(_, rows)| rows).unwrap_or_default();
        let matched = rows.iter().filter(|row| !row.key.is_empty()).count();
        let lifting = self.lift_new(&document, &rows, args.lift, bytes)?;
        if !lifting.plan.is_nothing() {
            document.begin(now);
            lifting.write(&mut document)?;
            changes.extend(document.commit(&lift_summary(&lifting.plan), now));
        }
        let report = lifting.plan.report;
        self.persist_new(id, workspace, document, changes)?;
        self.imported(id, rows.len(), matched, report)
    }

    pub(super) fn new_document(&self, title: &str, template: &Template) -> Result<Document> {
        let mut document = Document::create(title, &template.id, self.now_ms(), self.fresh_id()?)?;
        document.set_creator(&self.db().read(super::sharing::own_device)?)?;
        document.set_template(&template.id, &template_file(template))?;
        Ok(document)
    }

    pub(super) fn imported(
        &self,
        id: DocumentHandle,
        sections: usize,
        matched: usize,
        lift: LiftReport,
    ) -> Result<Imported> {
        let row = self.summary_of(id)?;
        Ok(Imported {
            id: row.id,
            title: row.title,
            slug: row.slug,
            template: row.template,
            sections: u32::try_from(sections).unwrap_or(u32::MAX),
            matched: u32::try_from(matched).unwrap_or(u32::MAX),
            lift,
        })
    }

    /// What a new document's text says, for the model. The file has to come out
    /// as it went in: what would change that is left, and the report says so.
    fn lift_new(&self, document: &Document, rows: &[SectionRow], diagrams: bool, bytes: &[u8]) -> Result<Lifting> {
        let template = known_template(&document.template(), &document.template_file());
        let template = template.as_deref();
        let attempts: &[bool] = if diagrams { &[true, false] } else { &[false] };
        for (attempt, diagrams) in attempts.iter().enumerate() {
            let lift = Lift { sections: None, diagrams: *diagrams, template };
            let mut plan = self.plan_lift(rows, &Model::default(), &lift)?;
            if attempt > 0 {
                plan.leave("Diagrams", "with what they show the file would not come out as it went in");
            }
            number_decisions(&Model::default(), &mut plan.edits, "");
            let orders = edit::orders(&Model::default(), &plan.edits);
            let lifting = Lifting { plan, orders };
            if lifting.plan.is_nothing() || self.comes_out(document, &lifting, template, bytes)? {
                return Ok(lifting);
            }
        }
        let mut plan = Plan::default();
        plan.leave("The document", "with what it says in the model the file would not come out as it went in");
        Ok(Lifting { plan, orders: Vec::new() })
    }

    /// Whether a document is exported as its file was, with all that is lifted.
    fn comes_out(
        &self,
        document: &Document,
        lifting: &Lifting,
        template: Option<&Template>,
        bytes: &[u8],
    ) -> Result<bool> {
        let mut trial = Document::load(Some(&document.clone_bytes()), &[], self.fresh_id()?)?;
        lifting.write(&mut trial)?;
        let model = trial.model();
        let rows = project(&trial, &model, DocumentHandle([0; 16]), WorkspaceId([0; 32]), 0).map(|(_, rows)| rows);
        let texts = section_texts(&rows.unwrap_or_default());
        Ok(export::markdown::complete(&trial, &texts, &model, template) == bytes)
    }

    /// Adds a file's sections to a document, below its title.
    fn import_into(&self, args: &ImportDocument, document: &str, bytes: &[u8]) -> Result<Imported> {
        let id = handle(document)?;
        let parsed = markdown::parse(bytes, &args.name)?;
        let (new, parents) = self.imported_sections(&parsed.sections)?;
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        let before = self.loaded(&mut open)?.sections();
        let titles: Vec<&Section> = before.iter().filter(|section| section.level == 1).collect();
        let top = match titles[..] {
            [title] => Some(title.id.clone()),
            _ => None,
        };
        let mut last = before.iter().rev().find(|section| section.parent == top).map(|section| section.id.clone());
        self.edit_locked(&mut open, &format!("Imported {}", file_name(&args.name)), |document| {
            let mut below: HashMap<usize, String> = HashMap::new();
            for (index, (section, parent)) in new.iter().zip(&parents).enumerate() {
                let mut section = section.clone();
                section.origin = Origin::Made;
                section.style = if section.style == HeadingStyle::None { section.style } else { HeadingStyle::Atx };
                section.tail = "\n\n".into();
                let place = match parent {
                    Some(parent) => Place {
                        parent: Some(new[*parent].id.clone()),
                        after: below.insert(*parent, section.id.clone()),
                    },
                    None => Place { parent: top.clone(), after: last.replace(new[index].id.clone()) },
                };
                document.add_section(&section, &place)?;
            }
            Ok(())
        })?;
        let ids: Vec<String> = new.iter().map(|section| section.id.clone()).collect();
        let matched = open.rows.iter().filter(|row| ids.contains(&row.section) && !row.key.is_empty()).count();
        self.model(&mut open)?;
        let model = open.model.clone().unwrap_or_default();
        let template = open.document.as_ref().and_then(|it| known_template(&it.template(), &it.template_file()));
        let lift = Lift { sections: Some(&ids), diagrams: args.lift, template: template.as_deref() };
        let plan = self.plan_lift(&open.rows, &model, &lift)?;
        let mut report = plan.report.clone();
        if !plan.edits.is_empty() || !plan.sections.is_empty() {
            let summary = Some(lift_summary(&plan));
            let request = ApplyEdits {
                document: document.to_owned(),
                edits: plan.edits,
                sections: plan.sections,
                summary,
                confirm: true,
            };
            report.applied = Some(self.apply_locked_edits(&mut open, request)?);
        }
        drop(open);
        self.imported(id, ids.len(), matched, report)
    }

    /// A document that was exported as JSON, with its records and their ids.
    fn import_json(&self, args: &ImportDocument, bytes: &[u8]) -> Result<Imported> {
        let read = json::read(bytes, &args.name)?;
        let template = match (&args.template, &args.template_file) {
            (None, None) => known_template(&read.template, "").or_else(|| known_template("full", "")),
            (id, file) => Some(chosen_template(id.as_deref().unwrap_or_default(), file.as_deref())?),
        };
        let template = template.ok_or_else(|| Error::internal("a built-in template is missing"))?;
        let workspace = self.workspace_or_default(args.workspace.as_deref())?;
        let id = DocumentHandle(self.fresh_id()?);
        let mut document = self.new_document(&read.title, &template)?;
        let levels: HashMap<&str, (usize, u8)> =
            read.sections.iter().enumerate().map(|(i, section)| (section.id.as_str(), (i, section.level))).collect();
        let mut sections = Vec::with_capacity(read.sections.len());
        let mut parents = Vec::with_capacity(read.sections.len());
        for section in &read.sections {
            let parent = section.parent.as_deref().and_then(|parent| levels.get(parent));
            let mut new = NewSection::made(section.id.clone(), &section.title, &section.text);
            new.jump = section.level.saturating_sub(parent.map_or(0, |(_, level)| *level));
            new.key = section.key.clone().unwrap_or_default();
            match &section.form {
                Some(form) => new.take_form(form),
                None if section.level == 0 => {
                    new.style = HeadingStyle::None;
                    new.tail = String::new();
                }
                None => {}
            }
            sections.push(new);
            parents.push(parent.map(|(index, _)| *index));
        }
        document.set_source_form(read.crlf, read.bom)?;
        document.add_all(&sections, &parents)?;
        let mut edits: Vec<Edit> = Vec::with_capacity(read.model.len());
        let mut numberless = Vec::new();
        for record in read.model.all() {
            let fields = record.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let (collection, id) = (record.collection.name().to_owned(), Some(record.id.clone()));
            let add = Edit::Add { collection, id, fields, after: None };
            match record.collection == Collection::Decisions && !record.has("number") {
                true => numberless.push(add),
                false => edits.push(add),
            }
        }
        number_decisions(&read.model, &mut numberless, "");
        edits.extend(numberless);
        let gone = read.model.all().filter(|record| record.deleted);
        edits.extend(gone.map(|record| Edit::Delete { id: record.id.clone() }));
        let orders = edit::orders(&Model::default(), &edits);
        document.edit_records(&edits, &orders)?;
        let changes = document.commit(&format!("Imported {}", file_name(&args.name)), self.now_ms());
        self.persist_new(id, workspace, document, changes)?;
        let matched = read.sections.iter().filter(|section| section.key.is_some()).count();
        self.imported(id, read.sections.len(), matched, LiftReport::default())
    }

    /// The sections of a document that begins with decisions: a title, and the
    /// place of decisions.
    pub(super) fn decision_sections(&self, title: &str) -> Result<(Vec<NewSection>, Vec<Option<usize>>)> {
        let mut decisions = NewSection::made(self.section_id()?, "Technology Decisions", "");
        decisions.key = "decisions".into();
        Ok((vec![NewSection::made(self.section_id()?, title, ""), decisions], vec![None, Some(0)]))
    }

    fn imported_sections(&self, parsed: &[ParsedSection]) -> Result<(Vec<NewSection>, Vec<Option<usize>>)> {
        let mut sections = Vec::with_capacity(parsed.len());
        for (index, section) in parsed.iter().enumerate() {
            let last = index + 1 == parsed.len();
            let above = section.parent.map_or(0, |parent| parsed[parent].level);
            sections.push(NewSection {
                id: self.section_id()?,
                jump: section.level.saturating_sub(above),
                style: section.style,
                lead: section.lead.clone(),
                gap: section.gap.clone(),
                title: section.title.clone(),
                tail: section.tail.clone(),
                body: section.body.clone(),
                foot: section.foot.clone(),
                origin: if last { Origin::ImportedLast } else { Origin::Imported },
                key: String::new(),
            });
        }
        Ok((sections, parsed.iter().map(|section| section.parent).collect()))
    }
}

fn document_title(sections: &[ParsedSection], name: &str) -> String {
    let heading = sections.iter().find(|section| section.level == 1).map(|section| templates::plain(&section.title));
    heading.filter(|title| !title.is_empty()).unwrap_or_else(|| {
        let file = file_name(name);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Ids that look random and are all different, from one random seed.
pub(super) struct Ids {
    seed: [u8; 16],
    count: u64,
}

impl Ids {
    /// The next one: 16 hexadecimal digits.
    pub(super) fn next(&mut self) -> String {
        self.count += 1;
        let mut hasher = blake3::Hasher::new_keyed(blake3::hash(&self.seed).as_bytes());
        hasher.update(&self.count.to_le_bytes());
        data_encoding::HEXLOWER.encode(&hasher.finalize().as_bytes()[..8])
    }
}

/// Ids from a random seed.
pub(super) fn new_ids(seed: [u8; 16]) -> Ids {
    Ids { seed, count: 0 }
}
