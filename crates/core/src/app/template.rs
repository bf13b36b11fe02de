//! Templates of documents: built-in ones and those that come as files.

use std::borrow::Cow;

use drystone_model::templates::{self, Slot, Template};

use drystone_wire::DocumentHandle;

use super::App;
use super::documents::handle;
use super::persist::{lock, unknown};
use super::project::known_template;
use crate::api::{ChangeTemplate, DocumentSummary, TemplateInfo, TemplateSlot};
use crate::document::NewSection;
use crate::error::{Error, ErrorCode, Result};
use crate::store::documents;

impl App {
    /// The template of a document.
    pub(super) fn template_of(&self, id: DocumentHandle) -> Result<Option<Cow<'static, Template>>> {
        let row = self.db().read(|conn| documents::find(conn, &id.0))?.ok_or_else(|| unknown(id))?.0;
        Ok(known_template(&row.template, &row.template_file))
    }

    pub(crate) async fn document_set_template(&self, args: ChangeTemplate) -> Result<DocumentSummary> {
        self.blocking(move |app| {
            let id = handle(&args.document)?;
            let template = chosen_template(args.template.as_deref().unwrap_or_default(), args.file.as_deref())?;
            let open = app.open_document(id)?;
            let mut open = lock(&open);
            app.check_may_edit(&mut open)?;
            app.settle(&mut open)?;
            app.catch_up(&mut open)?;
            // A section that fills a place by its heading keeps the place's
            // key, so that going back finds it even where the new template
            // does not have the place.
            let keys: Vec<(String, String)> = open
                .rows
                .iter()
                .filter(|row| !row.key.is_empty())
                .map(|row| (row.section.clone(), row.key.clone()))
                .collect();
            app.edit_locked(&mut open, &format!("Changed the template to {}", template.title), |document| {
                for (section, key) in &keys {
                    if document.section_key(section).is_some_and(|stored| stored.is_empty()) {
                        document.set_section_key(section, key)?;
                    }
                }
                document.set_template(&template.id, &template_file(&template))
            })?;
            drop(open);
            app.summary_of(id)
        })
        .await
    }

    /// A new document has the template's headings and no text: what to write
    /// is shown beside it and never becomes part of it by itself.
    pub(super) fn template_sections(
        &self,
        title: &str,
        template: &Template,
    ) -> Result<(Vec<NewSection>, Vec<Option<usize>>)> {
        let mut sections = vec![NewSection::made(self.section_id()?, title, "")];
        let mut parents = vec![None];
        let mut positions: Vec<(&str, usize)> = Vec::new();
        for slot in template.slots.iter().filter(|slot| !slot.repeatable) {
            let parent = slot
                .parent_key()
                .and_then(|key| positions.iter().find(|(other, _)| *other == key))
                .map_or(0, |(_, position)| *position);
            let mut section = NewSection::made(self.section_id()?, &slot.title, "");
            section.key = slot.key.clone();
            positions.push((&slot.key, sections.len()));
            sections.push(section);
            parents.push(Some(parent));
        }
        Ok((sections, parents))
    }
}

/// The template that is asked for: the one a file describes, or a built-in one.
pub(super) fn chosen_template(id: &str, file: Option<&str>) -> Result<Cow<'static, Template>> {
    match file {
        Some(text) => Ok(Cow::Owned(templates::parse_file(text, if id.is_empty() { "template" } else { id })?)),
        None => known_template(id, "").ok_or_else(|| no_template(id)),
    }
}

/// What a document keeps of its template besides the id.
pub(super) fn template_file(template: &Template) -> String {
    if templates::find(&template.id).is_some() { String::new() } else { templates::to_file(template) }
}

fn no_template(id: &str) -> Error {
    let known: Vec<&str> = templates::all().iter().map(|template| template.id.as_str()).collect();
    Error::new(
        ErrorCode::NotFound,
        format!("There is no template “{id}”."),
        format!("Choose one of {}, or give a template file.", known.join(", ")),
    )
}

/// As plain data.
pub(super) fn info(template: &Template) -> TemplateInfo {
    TemplateInfo {
        id: template.id.clone(),
        title: template.title.clone(),
        description: template.description.clone(),
        slots: template.slots.iter().map(slot_info).collect(),
    }
}

/// As plain data.
pub(super) fn slot_info(slot: &Slot) -> TemplateSlot {
    TemplateSlot {
        key: slot.key.clone(),
        title: slot.title.clone(),
        guidance: slot.guidance.clone(),
        level: slot.level,
        repeatable: slot.repeatable,
        skeleton: slot.skeleton.clone(),
    }
}
