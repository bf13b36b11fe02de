//! Names and paths of the command line: `DOC` is a title, a slug or an id
//! prefix; paths are dotted.

use drystone_model::path::is_model_path;
use drystone_model::{markdown, reference};
use drystone_wire::DocumentHandle;
use serde_json::{Value, json};

use super::App;
use super::documents::handle;
use super::persist::lock;
use super::sections::one_line;
use crate::api::{
    AddSection, ApplyEdits, DocumentRef, DocumentSummary, DocumentView, ListDocuments, RenameDocument, SectionBody,
    SectionView,
};
use crate::error::{Error, ErrorCode, Result};

/// Digits of an id prefix that are needed at least, so that a short title is
/// not taken for one.
const PREFIX: usize = 4;

impl App {
    /// Finds a document by title, slug or id prefix.
    ///
    /// # Errors
    /// `not-found`, or `ambiguous` with all candidates.
    pub async fn resolve_document(&self, name: &str) -> Result<DocumentSummary> {
        let all = self.document_list(ListDocuments { workspace: None, deleted: false }).await?;
        let lower = name.to_lowercase();
        let tests: [&dyn Fn(&DocumentSummary) -> bool; 4] = [
            &|document| document.id == lower,
            &|document| document.title == name,
            &|document| document.slug == lower || document.title.to_lowercase() == lower,
            &|document| lower.len() >= PREFIX && document.id.starts_with(&lower),
        ];
        for test in tests {
            let mut found: Vec<&DocumentSummary> = all.iter().filter(|document| test(document)).collect();
            match found.len() {
                0 => {}
                1 => return Ok(found.remove(0).clone()),
                _ => return Err(ambiguous(name, &found)),
            }
        }
        Err(Error::new(
            ErrorCode::NotFound,
            format!("There is no document “{name}”."),
            "See `drystone list`; a document is named by its title, its slug or the first digits of its id.",
        ))
    }

    /// What is at a path of a document; the whole document without a path.
    ///
    /// # Errors
    /// `not-found` when there is nothing at the path.
    pub async fn show(&self, document: &str, path: Option<&str>) -> Result<Value> {
        if let Some(path) = path.filter(|path| is_model_path(path)) {
            let (document, path) = (document.to_owned(), path.to_owned());
            return self.blocking(move |app| app.show_model(&document, &path)).await;
        }
        if path == Some("trash") {
            let trash = self.document_trash(DocumentRef { document: document.to_owned() }).await?;
            return Ok(json!({ "trash": trash }));
        }
        let id = handle(document)?;
        let view = self.blocking(move |app| app.view(id)).await?;
        match path {
            None => self.with_document_json(&view.summary).await,
            Some(path) => at_path(&view, path),
        }
    }

    async fn with_document_json(&self, summary: &DocumentSummary) -> Result<Value> {
        let summary = summary.clone();
        self.blocking(move |app| Ok(app.json(&summary, handle(&summary.id)?)?.to_value())).await
    }

    /// Sets what is at a path. A place that a template knows and the document
    /// does not have yet is added, and so are records of the model; their paths
    /// are given.
    ///
    /// # Errors
    /// `not-found` when the path cannot be set.
    pub async fn set(&self, document: &str, path: &str, value: &str) -> Result<Vec<String>> {
        if is_model_path(path) {
            let (document, path, value) = (document.to_owned(), path.to_owned(), value.to_owned());
            return self.blocking(move |app| app.set_model(&document, &path, &value)).await;
        }
        if path == "title" {
            let rename = RenameDocument { document: document.to_owned(), title: value.to_owned() };
            self.document_rename(rename).await?;
            return Ok(Vec::new());
        }
        let id = handle(document)?;
        let view = self.blocking(move |app| app.view(id)).await?;
        if let Some(section) = view.sections.iter().find(|section| section.path == path) {
            let (section, path, value) = (section.id.clone(), path.to_owned(), normal(value));
            self.blocking(move |app| app.set_text(id, &section, &path, &value)).await?;
            return Ok(Vec::new());
        }
        let titled = path.strip_suffix(".title");
        if let Some(section) = titled.and_then(|path| view.sections.iter().find(|section| section.path == path)) {
            let (section, title) = (section.id.clone(), one_line(value)?);
            self.blocking(move |app| app.rename_section(id, &section, &title)).await?;
            return Ok(Vec::new());
        }
        self.set_missing(&view, path, value).await?;
        Ok(Vec::new())
    }

    /// Sets a section's text as people read it: what it shows of the model is
    /// found again in the new text, and changed there where it changed.
    fn set_text(&self, id: DocumentHandle, section: &str, path: &str, value: &str) -> Result<()> {
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        let stored = self.loaded(&mut open)?.body(section).unwrap_or_default();
        let woven = markdown::weave(&stored, &reference::clean(value), self.model(&mut open)?);
        let args = ApplyEdits {
            document: id.to_string(),
            edits: woven.edits,
            sections: vec![SectionBody { section: section.to_owned(), title: None, text: Some(woven.text) }],
            summary: Some(format!("Set {path}")),
            confirm: false,
        };
        self.apply_locked_edits(&mut open, args).map(|_| ())
    }

    async fn set_missing(&self, view: &DocumentView, path: &str, value: &str) -> Result<()> {
        let id = handle(&view.summary.id)?;
        let key = path.strip_prefix("sections.").unwrap_or_default();
        let template = self.template_of(id)?;
        let known = super::sections::find_slot(template.as_deref(), key).filter(|slot| !slot.repeatable);
        let Some(slot) = known else { return Err(nothing_at(view, path)) };
        if let Some(parent) = slot.parent_key()
            && !view.sections.iter().any(|section| section.key.as_deref() == Some(parent))
        {
            self.add_slot(view, parent).await?;
        }
        let section = self.add_slot(view, key).await?;
        let (value, summary) = (reference::clean(&normal(value)), format!("Set {path}"));
        self.blocking(move |app| app.edit(id, &summary, |document| document.set_body(&section.id, &value))).await
    }

    async fn add_slot(&self, view: &DocumentView, key: &str) -> Result<SectionView> {
        self.section_add(AddSection {
            document: view.summary.id.clone(),
            parent: None,
            after: None,
            title: String::new(),
            key: Some(key.to_owned()),
        })
        .await
    }
}

/// Text from outside: line ends as the document has them, none at the end.
fn normal(value: &str) -> String {
    value.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

fn at_path(view: &DocumentView, path: &str) -> Result<Value> {
    let field = match path {
        "title" => Some(json!(view.summary.title)),
        "template" => Some(json!(view.summary.template)),
        "created" => Some(json!(view.summary.created)),
        "updated" => Some(json!(view.summary.updated)),
        "completeness" => Some(json!(view.summary.completeness)),
        "sections" => Some(json!({ "sections": view.sections })),
        _ => None,
    };
    if let Some(value) = field {
        return Ok(value);
    }
    let section = |path: &str| view.sections.iter().find(|section| section.path == path);
    if let Some(section) = section(path) {
        return Ok(json!(section.rendered.as_ref().unwrap_or(&section.text)));
    }
    match path.rsplit_once('.').and_then(|(above, field)| Some((section(above)?, field))) {
        Some((section, "title")) => Ok(json!(section.title)),
        Some((section, "guidance")) => Ok(json!(section.guidance)),
        Some((section, "state")) => Ok(json!(section.state)),
        _ => Err(nothing_at(view, path)),
    }
}

pub(super) fn nothing_at(view: &DocumentView, path: &str) -> Error {
    let last = path.rsplit('.').next().unwrap_or(path);
    let near: Vec<&str> = view
        .sections
        .iter()
        .map(|section| section.path.as_str())
        .filter(|candidate| candidate.contains(last) || path.starts_with(candidate))
        .take(5)
        .collect();
    let advice = if near.is_empty() {
        "See the document's paths with `drystone show DOC sections`.".to_owned()
    } else {
        format!("Did you mean {}?", near.join(" or "))
    };
    Error::new(ErrorCode::NotFound, format!("“{}” has nothing at {path}.", view.summary.title), advice).at(path)
}

fn ambiguous(name: &str, found: &[&DocumentSummary]) -> Error {
    let list: Vec<String> =
        found.iter().map(|document| format!("{} ({})", document.title, &document.id[..12])).collect();
    Error::new(
        ErrorCode::Ambiguous,
        format!("“{name}” names {} documents: {}.", found.len(), list.join(", ")),
        "Name it by the first digits of its id.",
    )
}
