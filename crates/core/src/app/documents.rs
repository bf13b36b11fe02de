//! Commands on whole documents.

use drystone_model::templates::{self, Template};
use drystone_wire::{DocumentHandle, WorkspaceId};

use super::persist::{lock, unknown};
use super::project::{bound_record, known_template, state};
use super::sections::one_line;
use super::template::{self, chosen_template};
use super::{App, rfc3339, sharing};
use crate::api::{
    Completeness, CreateDocument, DocumentRef, DocumentSummary, DocumentView, Empty, Event, ListDocuments, LogEntry,
    RenameDocument, Search, SearchHit, SectionView, TemplateInfo, TemplateSlot,
};
use crate::error::{Error, ErrorCode, Result};
use crate::store::changes;
use crate::store::documents::{self, DocumentRow, SectionRow};
use crate::store::search::{self, Place};
use drystone_model::{Collection, reference};

/// Entries of a log that are shown.
const LOG_ENTRIES: u32 = 2000;
/// Hits a search may ask for.
const HITS: u32 = 500;

/// A document's id from its text form.
pub(super) fn handle(id: &str) -> Result<DocumentHandle> {
    id.parse().map_err(|_| {
        Error::new(
            ErrorCode::BadInput,
            format!("“{id}” is not a document's id."),
            "Take the id from the list of documents.",
        )
    })
}

impl App {
    pub(crate) async fn template_list(&self, _: Empty) -> Result<Vec<TemplateInfo>> {
        Ok(templates::all().iter().map(template::info).collect())
    }

    pub(crate) async fn document_list(&self, args: ListDocuments) -> Result<Vec<DocumentSummary>> {
        self.blocking(move |app| {
            let rows = app.db().read(documents::list)?;
            let wanted = |row: &DocumentRow| {
                (args.deleted || row.deleted_ms == 0)
                    && args.workspace.as_ref().is_none_or(|id| *id == WorkspaceId(row.workspace).to_string())
            };
            Ok(rows.into_iter().filter(|(row, _)| wanted(row)).map(|(row, waiting)| summary(row, waiting)).collect())
        })
        .await
    }

    pub(crate) async fn document_create(&self, args: CreateDocument) -> Result<DocumentSummary> {
        self.blocking(move |app| {
            let title = one_line(&args.title)?;
            let template = chosen_template(&args.template, args.template_file.as_deref())?;
            let workspace = app.workspace_or_default(args.workspace.as_deref())?;
            let id = DocumentHandle(app.fresh_id()?);
            let mut document = app.new_document(&title, &template)?;
            let (sections, parents) = app.template_sections(&title, &template)?;
            document.add_all(&sections, &parents)?;
            let changes = document.commit(&format!("Created {title}"), app.now_ms());
            app.persist_new(id, workspace, document, changes)?;
            app.summary_of(id)
        })
        .await
    }

    pub(crate) async fn document_open(&self, args: DocumentRef) -> Result<DocumentView> {
        self.blocking(move |app| app.view(handle(&args.document)?)).await
    }

    pub(crate) async fn document_rename(&self, args: RenameDocument) -> Result<DocumentSummary> {
        self.blocking(move |app| {
            let id = handle(&args.document)?;
            let title = one_line(&args.title)?;
            app.edit(id, &format!("Renamed the document to {title}"), |document| {
                // The heading that repeats the document's name follows it.
                let old = document.title();
                let heading = document.sections().into_iter().find(|section| section.level == 1);
                if let Some(heading) = heading.filter(|heading| templates::plain(&heading.title) == old) {
                    document.set_section_title(&heading.id, &title)?;
                }
                document.set_title(&title)
            })?;
            app.emit(Event::LibraryChanged {});
            app.summary_of(id)
        })
        .await
    }

    pub(crate) async fn document_delete(&self, args: DocumentRef) -> Result<Empty> {
        self.set_deleted(args, true).await
    }

    pub(crate) async fn document_restore(&self, args: DocumentRef) -> Result<Empty> {
        self.set_deleted(args, false).await
    }

    async fn set_deleted(&self, args: DocumentRef, deleted: bool) -> Result<Empty> {
        self.blocking(move |app| {
            let id = handle(&args.document)?;
            let (when, summary) =
                if deleted { (app.now_ms(), "Deleted the document") } else { (0, "Restored the document") };
            app.edit(id, summary, |document| document.set_deleted(when))?;
            app.emit(Event::LibraryChanged {});
            Ok(Empty {})
        })
        .await
    }

    pub(crate) async fn document_log(&self, args: DocumentRef) -> Result<Vec<LogEntry>> {
        self.blocking(move |app| {
            let id = handle(&args.document)?;
            app.settled(id)?;
            app.db().read(|conn| {
                let (row, _) = documents::find(conn, &id.0)?.ok_or_else(|| unknown(id))?;
                let workspace = WorkspaceId(row.workspace);
                changes::log(conn, &id.0, LOG_ENTRIES)?
                    .into_iter()
                    .map(|row| {
                        let author = match row.author {
                            own if own == [0; 32] => "you".to_owned(),
                            device => sharing::author_name(conn, &workspace, &drystone_wire::DeviceKey(device))?,
                        };
                        Ok(LogEntry {
                            hash: drystone_wire::Hash(row.hash).to_string(),
                            time: rfc3339(row.time_ms),
                            author,
                            summary: row.summary,
                            operations: row.operations,
                            stored: row.stored,
                        })
                    })
                    .collect()
            })
        })
        .await
    }

    pub(crate) async fn search(&self, args: Search) -> Result<Vec<SearchHit>> {
        self.blocking(move |app| {
            let within = args.document.as_deref().map(handle).transpose()?;
            app.settle_all()?;
            let limit = args.limit.min(HITS);
            let hits =
                app.db().read(|conn| search::search(conn, &args.query, within.as_ref().map(|id| &id.0), limit))?;
            let mut found = Vec::with_capacity(hits.len());
            for hit in hits {
                let id = DocumentHandle(hit.document);
                let (section, record, path) = match hit.place {
                    Place::Section { id, path } => (id, None, path),
                    Place::Record { collection, id: record } => {
                        let path = app.record_path(id, collection, &record)?;
                        (String::new(), Some((collection, record)), path)
                    }
                };
                let (collection, record) = record.map(|(collection, id)| (collection.name().to_owned(), id)).unzip();
                found.push(SearchHit {
                    document: id.to_string(),
                    document_title: hit.document_title,
                    record,
                    collection,
                    section,
                    section_title: app.without_references(id, hit.name)?,
                    path,
                    excerpt: app.without_references(id, hit.excerpt)?,
                });
            }
            Ok(found)
        })
        .await
    }

    /// A found text as people read it; what was cut off of a reference is left
    /// out.
    fn without_references(&self, id: DocumentHandle, text: String) -> Result<String> {
        if !text.contains([reference::OPEN, reference::CLOSE]) {
            return Ok(text);
        }
        let shown = self.with_model(id, |model, _| Ok(reference::render(&text, model)))?;
        Ok(shown.replace([reference::OPEN, reference::CLOSE], ""))
    }

    /// A record's path. It follows from the names of many others, so it is not
    /// stored; the records are in memory after the first question.
    fn record_path(&self, id: DocumentHandle, collection: Collection, record: &str) -> Result<String> {
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        let model = self.model(&mut open)?;
        let path = model.get(record).map(|record| model.path_of(record));
        Ok(path.unwrap_or_else(|| format!("{}.{record}", collection.name())))
    }

    /// Everything the editor shows, from the projection: this never waits for
    /// Automerge.
    pub(super) fn view(&self, id: DocumentHandle) -> Result<DocumentView> {
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        open.shown = true;
        App::touch(&mut open);
        let (row, waiting) = self.db().read(|conn| documents::find(conn, &id.0))?.ok_or_else(|| unknown(id))?;
        let template = known_template(&row.template, &row.template_file);
        let template = template.as_deref();
        let sections = open.rows.iter().map(|row| section_view(row, open.version(&row.section), template)).collect();
        let missing = missing(&open.rows, template);
        Ok(DocumentView { summary: summary(row, waiting), sections, missing })
    }

    /// What was typed in this process becomes visible to readers of the database.
    fn settled(&self, id: DocumentHandle) -> Result<()> {
        let open = self.open_document(id)?;
        self.settle(&mut lock(&open))
    }

    pub(super) fn summary_of(&self, id: DocumentHandle) -> Result<DocumentSummary> {
        let (row, waiting) = self.db().read(|conn| documents::find(conn, &id.0))?.ok_or_else(|| unknown(id))?;
        Ok(summary(row, waiting))
    }

    pub(super) fn workspace_or_default(&self, workspace: Option<&str>) -> Result<WorkspaceId> {
        match workspace {
            None => self.db().read(sharing::default_workspace),
            Some(id) => id.parse().map_err(|_| {
                Error::new(
                    ErrorCode::BadInput,
                    format!("“{id}” is not a workspace's id."),
                    "Take the id from the list of workspaces.",
                )
            }),
        }
    }

    pub(super) fn section_id(&self) -> Result<String> {
        Ok(data_encoding::HEXLOWER.encode(&self.fresh_id()?[..8]))
    }
}

fn summary(row: DocumentRow, waiting: u32) -> DocumentSummary {
    DocumentSummary {
        id: DocumentHandle(row.id).to_string(),
        title: row.title,
        slug: row.slug,
        template: row.template,
        workspace: WorkspaceId(row.workspace).to_string(),
        created: rfc3339(row.created_ms),
        updated: rfc3339(row.updated_ms),
        deleted: (row.deleted_ms > 0).then(|| rfc3339(row.deleted_ms)),
        completeness: Completeness { written: row.written, expected: row.expected },
        waiting,
        excerpt: row.excerpt,
    }
}

fn section_view(row: &SectionRow, version: u32, template: Option<&Template>) -> SectionView {
    let slot = template.and_then(|template| template.slot(&row.key));
    SectionView {
        id: row.section.clone(),
        parent: Some(row.parent.clone()).filter(|parent| !parent.is_empty()),
        level: row.level,
        title: row.title.clone(),
        key: Some(row.key.clone()).filter(|key| !key.is_empty()),
        path: row.path.clone(),
        guidance: slot.map(|slot| slot.guidance.clone()).filter(|guidance| !guidance.is_empty()),
        state: state(row.shown()),
        record: bound_record(&row.source_title),
        text: row.text.clone(),
        rendered: Some(row.rendered.clone()).filter(|rendered| !rendered.is_empty()),
        version,
    }
}

fn missing(rows: &[SectionRow], template: Option<&Template>) -> Vec<TemplateSlot> {
    let slots = template.map(|template| template.slots.as_slice()).unwrap_or_default();
    slots
        .iter()
        .filter(|slot| slot.repeatable || !rows.iter().any(|row| row.key == slot.key))
        .map(template::slot_info)
        .collect()
}
