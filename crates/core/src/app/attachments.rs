//! Attachments: files on sections and records. Records of them are part of the
//! document; what is in them lies sealed beside the database, and comes from
//! and goes to the relay after everything else.

mod adding;
mod collecting;
mod fetching;
mod reading;
mod sending;
mod transfers;

use std::sync::Arc;

use drystone_model::path::{self, Target};
use drystone_model::schema::Collection;
use drystone_model::{Model, Record, RefusalKind, Value, reference};
use drystone_wire::{RelayKey, WorkspaceId};
use rusqlite::Connection;

pub(super) use adding::Intakes;
pub(super) use transfers::Transfers;

use super::App;
use super::documents::handle;
use super::paths::nothing_at;
use crate::api::*;
use crate::attachments::files::Chunks;
use crate::attachments::private::Form;
use crate::error::{Error, ErrorCode, Result};
use crate::store::attachments::places::{self, Place};
use crate::store::attachments::references::{self, Content};
use crate::store::sharing::workspaces::{self, WorkspaceRow};

/// Pictures whose file is larger are not made small, in bytes.
pub(super) const PICTURE_BYTES: u64 = 64 << 20;

/// An attachment's file, as needed to get at it.
pub(super) struct Found {
    pub workspace: WorkspaceId,
    pub record: Record,
    pub content: Content,
}

impl App {
    pub(crate) async fn attachment_list(&self, args: ListAttachments) -> Result<Vec<AttachmentView>> {
        self.blocking(move |app| app.attachments(&args)).await
    }

    fn attachments(&self, args: &ListAttachments) -> Result<Vec<AttachmentView>> {
        let (workspace, records) = self.with_model(handle(&args.document)?, |model, open| {
            let on = |record: &&Record| {
                args.about.as_deref().is_none_or(|about| record.text("about") == about)
                    && args.section.as_deref().is_none_or(|section| record.text("section") == section)
            };
            let records: Vec<(Record, String)> = model
                .list(Collection::Attachments)
                .filter(on)
                .map(|record| (record.clone(), reference::render(record.text("caption"), model)))
                .collect();
            Ok((open.workspace, records))
        })?;
        self.refresh_references(&workspace)?;
        let chunks = self.chunks();
        self.db().read(|conn| {
            let row = workspaces::find(conn, &workspace)?;
            records.iter().map(|(record, caption)| view(conn, &chunks, row.as_ref(), record, caption)).collect()
        })
    }

    /// One attachment as it is shown.
    pub(super) fn attachment_view(&self, document: &str, id: &str) -> Result<AttachmentView> {
        let args = ListAttachments { document: document.to_owned(), about: None, section: None };
        self.attachments(&args)?.into_iter().find(|view| view.id == id).ok_or_else(|| no_attachment(id))
    }

    /// An attachment with what opens its file.
    pub(super) fn attachment(&self, document: &str, id: &str) -> Result<Found> {
        self.with_model(handle(document)?, |model, open| {
            let record = known(model, id)?;
            let content = Content::parse(record.text("content")).ok_or_else(no_file)?;
            Ok(Found { workspace: open.workspace, record: record.clone(), content })
        })
    }

    pub(super) fn chunks(&self) -> Chunks {
        Chunks::of(self.data_dir())
    }

    /// Brings what is known of references up to what documents say.
    pub(super) fn refresh_references(&self, workspace: &WorkspaceId) -> Result<()> {
        if self.db().read(|conn| references::are_due(conn, workspace))? {
            self.db().write(|tx| references::refresh(tx, workspace))?;
        }
        Ok(())
    }

    /// An attachment by its id, its name, its slug or its path, for the command line.
    ///
    /// # Errors
    /// `not-found`, or `ambiguous` when several fit.
    pub async fn attachment_named(&self, document: &str, name: &str) -> Result<String> {
        let (document, name) = (document.to_owned(), name.to_owned());
        self.blocking(move |app| {
            app.with_model(handle(&document)?, |model, _| match model.name_to_id(&[Collection::Attachments], &name) {
                Err(refusal) if refusal.kind == RefusalKind::NotFound => match path::resolve(model, &name) {
                    Ok(Target::Record(id)) if known(model, &id).is_ok() => Ok(id),
                    _ => Err(refusal.into()),
                },
                other => Ok(other?),
            })
        })
        .await
    }

    /// What is at a path, as attachments name it: a record, or a section.
    ///
    /// # Errors
    /// `not-found` when nothing that can have attachments is there.
    pub async fn attachment_place(&self, document: &str, at: &str) -> Result<(Option<String>, Option<String>)> {
        let (document, at) = (document.to_owned(), at.to_owned());
        self.blocking(move |app| {
            let view = app.view(handle(&document)?)?;
            if let Some(section) = view.sections.iter().find(|section| section.path == at) {
                return Ok((None, Some(section.id.clone())));
            }
            app.with_model(handle(&document)?, |model, _| match path::resolve(model, &at) {
                Ok(Target::Record(id)) => Ok((Some(id), None)),
                Ok(Target::New { collection, slug, .. }) => Err(path::missing(model, &at, collection, &slug).into()),
                _ => Err(nothing_at(&view, &at)),
            })
        })
        .await
    }
}

fn known<'a>(model: &'a Model, id: &str) -> Result<&'a Record> {
    model.get(id).filter(|record| record.collection == Collection::Attachments).ok_or_else(|| no_attachment(id))
}

fn view(
    conn: &Connection,
    chunks: &Chunks,
    workspace: Option<&WorkspaceRow>,
    record: &Record,
    caption: &str,
) -> Result<AttachmentView> {
    let text = |name: &str| record.text(name).to_owned();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let content = Content::parse(record.text("content"));
    let place = match (&content, workspace) {
        (Some(content), Some(row)) => places::find(conn, &row.id, &content.blob)?,
        _ => None,
    };
    let size = u32::try_from(record.number("size")).unwrap_or(0);
    let relay = workspace.filter(|row| row.relay.is_some()).map(|row| row.relay_key);
    let whole = place.as_ref().is_some_and(|place| place.whole);
    let stored = place.as_ref().is_some_and(|place| is_stored(place, relay));
    let total = place.as_ref().and_then(|place| place.manifest.as_ref()).map_or(0, |manifest| manifest.chunks.len());
    let done = match (&place, whole) {
        (_, true) => total,
        (Some(place), false) => chunks.present(&place.blob, total).iter().filter(|here| **here).count(),
        (None, false) => 0,
    };
    let state = match &place {
        Some(place) if place.whole => AttachmentState::Here,
        Some(place) if relay.is_some() && is_fetched(place) => AttachmentState::Arriving,
        Some(_) if relay.is_some() => AttachmentState::Remote,
        _ => AttachmentState::Missing,
    };
    Ok(AttachmentView {
        id: record.id.clone(),
        name: text("name"),
        about: some("about"),
        section: some("section"),
        caption: caption.to_owned(),
        media_type: text("mediaType"),
        size,
        by: text("by"),
        date: text("date"),
        state,
        stored,
        waits: whole && relay.is_some() && !stored,
        done: u32::try_from(done).unwrap_or(u32::MAX),
        total: u32::try_from(total).unwrap_or(u32::MAX),
        picture: is_picture(record.text("mediaType")),
        problem: place.and_then(|place| place.problem),
    })
}

/// Whether a relay is known to have all of a blob.
fn is_stored(place: &Place, relay: Option<RelayKey>) -> bool {
    relay.is_some_and(|relay| relay != RelayKey::ZERO && place.relay == relay)
}

/// Whether a blob that is not here comes by itself.
fn is_fetched(place: &Place) -> bool {
    place.live && (place.wanted || place.size <= FETCHED_BYTES)
}

fn is_picture(media_type: &str) -> bool {
    [Form::Jpeg, Form::Png, Form::Webp, Form::Gif].iter().any(|form| form.media_type() == Some(media_type))
}

/// Where sending and fetching of a workspace's files stands, for its state.
pub(super) fn standing(conn: &Connection, row: &WorkspaceRow) -> Result<AttachmentSync> {
    let relay = row.relay.as_ref().map(|_| row.relay_key);
    let Some(relay) = relay else { return Ok(AttachmentSync::default()) };
    let all = places::brief(conn, &row.id)?;
    let may_write = super::sharing::may_write(conn, &row.id)?;
    let count = |wanted: &dyn Fn(&Place) -> bool| {
        u32::try_from(all.iter().filter(|place| place.live && wanted(place)).count()).unwrap_or(u32::MAX)
    };
    Ok(AttachmentSync {
        sending: count(&|place| may_write && place.whole && !is_stored(place, Some(relay))),
        fetching: count(&|place| !place.whole && is_fetched(place)),
        problem: places::standing(conn, &row.id)?.problem,
    })
}

/// Tells everyone how far a file is.
fn announce(app: &App, workspace: &WorkspaceId, blob: &drystone_wire::Hash, done: usize, total: usize) {
    app.emit(Event::AttachmentProgress {
        workspace: workspace.to_string(),
        file: blob.to_string(),
        done: u32::try_from(done).unwrap_or(u32::MAX),
        total: u32::try_from(total).unwrap_or(u32::MAX),
    });
}

fn no_attachment(id: &str) -> Error {
    Error::new(
        ErrorCode::NotFound,
        format!("There is no attachment {id}."),
        "List the attachments of the document to see which there are.",
    )
}

fn no_file() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "This attachment came without its file: it was imported from a text that only names it.",
        "Add the file again, or ask whoever has the document with its files.",
    )
}

/// A field of a record that is to be added.
fn field(name: &str, text: impl AsRef<str>) -> (String, Value) {
    (name.to_owned(), Value::text(text.as_ref()))
}

/// Shares an app's access to a relay.
type Relay = Arc<crate::sync::client::Client>;
