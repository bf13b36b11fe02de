//! Between a document in memory and the database: loading, taking in what
//! others committed, committing what was edited here.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use drystone_model::{Collection, Model};
use drystone_wire::{DeviceKey, DocumentHandle, WorkspaceId};
use rusqlite::Transaction;

use super::open_document::OpenDocument;
use super::project::{project, shows_any};
use super::{App, sharing};
use crate::api::Event;
use crate::document::{ChangeRecord, Document, Effect};
use crate::error::{Error, ErrorCode, Result};
use crate::store::changes::{self, NewChange};
use crate::store::{documents, journal, records};

/// Tries to write on top of the newest state before giving up; each failure
/// means that another process committed in between.
const WRITE_TRIES: usize = 20;

/// Changes after which a new snapshot makes loading faster …
const SNAPSHOT_AFTER: usize = 200;
/// … and bytes of them: few large changes load as slowly as many small ones.
const SNAPSHOT_AFTER_BYTES: usize = 64 << 10;

/// A role is looked up again after this long, and not with every keystroke.
const ROLE_KNOWN_FOR: Duration = Duration::from_secs(1);

/// Changes of one document that came from another device, scanned.
pub(crate) struct RemoteChanges {
    /// The document.
    pub document: DocumentHandle,
    /// The device that made them.
    pub author: DeviceKey,
    /// Change chunks.
    pub changes: Vec<Vec<u8>>,
}

/// What to write for one document.
struct Write<'a> {
    open: &'a OpenDocument,
    document: &'a Document,
    records: &'a [(ChangeRecord, Option<DeviceKey>)],
    clear_journal: bool,
    touched: &'a Touched,
}

/// What changes did, as far as the projection is concerned.
pub(super) struct Touched {
    /// Sections or the document's own fields.
    pub sections: bool,
    /// Records of the model.
    pub records: BTreeSet<(Collection, String)>,
}

impl Touched {
    fn by(effect: &Effect) -> Self {
        Touched { sections: effect.structure || !effect.texts.is_empty(), records: effect.records.clone() }
    }

    fn typing() -> Self {
        Touched { sections: true, records: BTreeSet::new() }
    }
}

/// A document that is locked, and what comes in for it.
type Locked<'a> = (MutexGuard<'a, OpenDocument>, &'a [(ChangeRecord, Option<DeviceKey>)]);

/// What was written for one document.
struct Written {
    rows: Option<Vec<documents::SectionRow>>,
    seen: i64,
}

impl App {
    /// A document of this data folder.
    pub(super) fn open_document(&self, id: DocumentHandle) -> Result<Arc<Mutex<OpenDocument>>> {
        let mut all = self.0.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = all.get(&id) {
            return Ok(open.clone());
        }
        let (row, rows) = self.db().read(|conn| {
            let (row, _) = documents::find(conn, &id.0)?.ok_or_else(|| unknown(id))?;
            Ok((row, documents::sections(conn, &id.0)?))
        })?;
        let open = OpenDocument::new(id, WorkspaceId(row.workspace), rows, row.projected);
        Ok(all.entry(id).or_insert_with(|| Arc::new(Mutex::new(open))).clone())
    }

    /// Edits the structure of a document: takes in what others committed, runs
    /// the edit, commits it as one change and tells everyone.
    pub(super) fn edit<T>(
        &self,
        id: DocumentHandle,
        summary: &str,
        edit: impl FnOnce(&mut Document) -> Result<T>,
    ) -> Result<T> {
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        self.edit_locked(&mut open, summary, edit)
    }

    /// The same for a document that is locked, settled and caught up.
    pub(super) fn edit_locked<T>(
        &self,
        open: &mut OpenDocument,
        summary: &str,
        edit: impl FnOnce(&mut Document) -> Result<T>,
    ) -> Result<T> {
        let now = self.now_ms();
        self.model(open)?;
        let document = self.loaded(open)?;
        document.begin(now);
        let value = match edit(document) {
            Ok(value) => value,
            Err(error) => {
                // Half an edit may be in memory.
                open.forget();
                return Err(error);
            }
        };
        let records: Vec<_> = document.commit(summary, now).into_iter().map(|record| (record, None)).collect();
        if !records.is_empty() {
            let effect = document.effect();
            open.take_in(&effect.records);
            if let Err(error) = self.persist(open, &records, false, &Touched::by(&effect)) {
                // Not acknowledged: forget it, so that what is shown is what is stored.
                open.forget();
                return Err(error);
            }
            self.announce(open.publish(effect));
        }
        Ok(value)
    }

    /// The records of a document, from the projection unless they are at hand.
    pub(super) fn model<'a>(&self, open: &'a mut OpenDocument) -> Result<&'a Model> {
        if open.model.is_none() {
            let records = self.db().read(|conn| records::all(conn, &open.id.0))?;
            open.model = Some(Model::of(records));
        }
        open.model.as_ref().ok_or_else(|| Error::internal("a model that was just loaded is gone"))
    }

    /// A reader's edits would never leave this device: they are refused here.
    pub(super) fn check_may_edit(&self, open: &mut OpenDocument) -> Result<()> {
        let known = open.may_write.filter(|(since, _)| since.elapsed() < ROLE_KNOWN_FOR);
        let may = match known {
            Some((_, may)) => may,
            None => self.db().read(|conn| sharing::may_write(conn, &open.workspace))?,
        };
        open.may_write = known.or(Some((Instant::now(), may)));
        if may { Ok(()) } else { Err(only_reader()) }
    }

    /// The document, loaded up to what is shown of it.
    pub(super) fn loaded<'a>(&self, open: &'a mut OpenDocument) -> Result<&'a mut Document> {
        if open.document.is_none() {
            let chunks = self.db().read(|conn| changes::chunks(conn, &open.id.0, open.seen))?;
            let mut document = Document::load(chunks.snapshot.as_deref(), &chunks.tail, self.fresh_id()?)
                .map_err(|error| error.at(open.id.to_string()))?;
            let tail_bytes: usize = chunks.tail.iter().map(Vec::len).sum();
            if chunks.tail.len() > SNAPSHOT_AFTER || tail_bytes > SNAPSHOT_AFTER_BYTES {
                let bytes = document.save();
                self.db().write(|tx| changes::put_snapshot(tx, &open.id.0, chunks.last, &bytes))?;
            }
            open.document = Some(document);
        }
        open.document.as_mut().ok_or_else(|| Error::internal("a document that was just loaded is gone"))
    }

    /// Makes a change of what was typed and writes it.
    pub(super) fn settle(&self, open: &mut OpenDocument) -> Result<()> {
        if open.typing.is_none() && open.unsaved.is_empty() {
            return Ok(());
        }
        let summary = open.typing_summary();
        let now = self.now_ms();
        if let Some(document) = open.document.as_mut() {
            open.unsaved.extend(document.commit(&summary, now));
        }
        open.typing = None;
        let records: Vec<_> = open.unsaved.iter().map(|record| (record.clone(), None)).collect();
        self.persist(open, &records, true, &Touched::typing())?;
        open.unsaved.clear();
        Ok(())
    }

    /// Takes in what other processes committed. Typing must be settled.
    pub(super) fn catch_up(&self, open: &mut OpenDocument) -> Result<()> {
        let (newer, rows) = self.db().read(|conn| {
            let newer = changes::between(conn, &open.id.0, open.seen, i64::MAX)?;
            let rows = if newer.is_empty() { Vec::new() } else { documents::sections(conn, &open.id.0)? };
            Ok((newer, rows))
        })?;
        let Some((last, _)) = newer.last() else { return Ok(()) };
        let last = *last;
        if open.document.is_some() || open.shown {
            let bytes: Vec<Vec<u8>> = newer.into_iter().map(|(_, bytes)| bytes).collect();
            let effect = self.loaded(open)?.apply(&bytes)?;
            open.take_in(&effect.records);
            self.announce(open.publish(effect));
        } else {
            open.model = None;
        }
        open.rows = rows;
        open.seen = last;
        Ok(())
    }

    /// Writes changes made here, on top of whatever others have committed.
    fn persist(
        &self,
        open: &mut OpenDocument,
        records: &[(ChangeRecord, Option<DeviceKey>)],
        clear_journal: bool,
        touched: &Touched,
    ) -> Result<()> {
        self.model(open)?;
        for _ in 0..WRITE_TRIES {
            let document = open.document.take();
            let Some(document) = document else { return Err(Error::internal("an edited document is not loaded")) };
            let write = Write { open, document: &document, records, clear_journal, touched };
            let outcome = self.db().write(|tx| self.write_document(tx, &write));
            open.document = Some(document);
            if let Some(written) = outcome? {
                if let Some(rows) = written.rows {
                    open.rows = rows;
                }
                open.seen = written.seen;
                self.outbox_signal().notify_one();
                return Ok(());
            }
            self.catch_up(open)?;
        }
        Err(too_busy())
    }

    /// Writes one document in a running transaction; `None` when another
    /// process has committed changes that are not taken in yet.
    fn write_document(&self, tx: &Transaction<'_>, write: &Write<'_>) -> Result<Option<Written>> {
        let open = write.open;
        if changes::last(tx, &open.id.0)? > open.seen {
            return Ok(None);
        }
        let mut seen = open.seen;
        for (record, author) in write.records {
            let inserted = changes::insert(
                tx,
                &NewChange {
                    document: &open.id.0,
                    workspace: &open.workspace.0,
                    hash: &record.hash,
                    author: author.as_ref().map(|author| &author.0),
                    time_ms: record.time_ms,
                    operations: record.operations,
                    summary: &record.summary,
                    bytes: &record.bytes,
                },
            )?;
            seen = inserted.unwrap_or(seen);
        }
        if write.clear_journal {
            journal::clear(tx, &self.0.session, &open.id.0)?;
        }
        let newest = write.records.iter().map(|(record, _)| record.time_ms).max();
        let before = documents::find(tx, &open.id.0)?.map(|(row, _)| row);
        let updated = newest.unwrap_or(0).max(before.as_ref().map_or(0, |row| row.updated_ms));
        let model = open.model.as_ref().ok_or_else(|| Error::internal("a document's records are not loaded"))?;
        for record in write.touched.records.iter().filter_map(|(_, id)| model.get(id)) {
            records::put(tx, &open.id.0, record)?;
        }
        if let Some(mut row) =
            before.filter(|_| !write.touched.sections && !shows_any(&open.rows, &write.touched.records))
        {
            (row.updated_ms, row.projected) = (updated, seen);
            documents::put(tx, &row)?;
            return Ok(Some(Written { rows: None, seen }));
        }
        let Some((mut row, rows)) = project(write.document, model, open.id, open.workspace, updated) else {
            return Ok(Some(Written { rows: None, seen }));
        };
        row.projected = seen;
        documents::put(tx, &row)?;
        documents::put_sections(tx, &open.id.0, &open.rows, &rows)?;
        Ok(Some(Written { rows: Some(rows), seen }))
    }

    /// Writes a document that was just made.
    pub(super) fn persist_new(
        &self,
        id: DocumentHandle,
        workspace: WorkspaceId,
        document: Document,
        changes: Vec<ChangeRecord>,
    ) -> Result<()> {
        if !self.db().read(|conn| sharing::may_write(conn, &workspace))? {
            return Err(only_reader());
        }
        let records: Vec<_> = changes.into_iter().map(|change| (change, None)).collect();
        let mut open = OpenDocument::new(id, workspace, Vec::new(), 0);
        let model = document.model();
        let touched = Touched {
            sections: true,
            records: model.all().map(|record| (record.collection, record.id.clone())).collect(),
        };
        open.model = Some(model);
        open.document = Some(document);
        self.persist(&mut open, &records, false, &touched)?;
        self.0.documents.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(Mutex::new(open)));
        self.emit(Event::LibraryChanged {});
        Ok(())
    }

    /// Applies changes from other devices, in one batch a document and one
    /// transaction for all, in which `and_then` runs too.
    ///
    /// # Errors
    /// Nothing is applied then, in memory or on disk.
    pub(crate) fn apply_remote(
        &self,
        workspace: &WorkspaceId,
        batches: Vec<RemoteChanges>,
        and_then: impl FnOnce(&Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut by_document: std::collections::BTreeMap<DocumentHandle, Vec<(ChangeRecord, Option<DeviceKey>)>> =
            std::collections::BTreeMap::new();
        for batch in batches {
            let records = by_document.entry(batch.document).or_default();
            for bytes in &batch.changes {
                records.push((Document::describe(bytes)?, Some(batch.author)));
            }
        }
        // Locked in the order of their ids, so that two of these never wait for each other.
        let opened: Vec<(Arc<Mutex<OpenDocument>>, Vec<_>)> = by_document
            .into_iter()
            .map(|(id, records)| Ok((self.open_or_expect(id, workspace)?, records)))
            .collect::<Result<_>>()?;
        let mut guards: Vec<Locked<'_>> =
            opened.iter().map(|(open, records)| (lock(open), records.as_slice())).collect();
        let outcome = self.apply_locked(&mut guards, and_then);
        match outcome {
            Ok(effects) => {
                let small = effects.iter().all(|effect| !effect.structure);
                let mut events = Vec::new();
                for ((open, _), effect) in guards.iter_mut().zip(effects) {
                    events.extend(open.publish(effect));
                }
                self.announce(events);
                self.arrived(&guards.iter().map(|(open, _)| open.id).collect::<Vec<_>>(), small);
                Ok(())
            }
            Err(error) => {
                for (open, _) in &mut guards {
                    open.forget();
                }
                Err(error)
            }
        }
    }

    fn apply_locked(
        &self,
        guards: &mut [Locked<'_>],
        and_then: impl FnOnce(&Transaction<'_>) -> Result<()>,
    ) -> Result<Vec<Effect>> {
        for (open, _) in guards.iter_mut() {
            self.settle(open)?;
            self.catch_up(open)?;
        }
        let mut effects = Vec::with_capacity(guards.len());
        for (open, records) in guards.iter_mut() {
            let bytes: Vec<Vec<u8>> = records.iter().map(|(record, _)| record.bytes.clone()).collect();
            self.model(open)?;
            let effect = self.loaded(open)?.apply(&bytes)?;
            open.take_in(&effect.records);
            effects.push(effect);
        }
        let touched: Vec<Touched> = effects.iter().map(Touched::by).collect();
        let mut and_then = Some(and_then);
        for _ in 0..WRITE_TRIES {
            let written = self.db().write(|tx| {
                let mut written = Vec::with_capacity(guards.len());
                for ((open, records), touched) in guards.iter().zip(&touched) {
                    let Some(document) = &open.document else {
                        return Err(Error::internal("an edited document is not loaded"));
                    };
                    let write = Write { open, document, records, clear_journal: false, touched };
                    match self.write_document(tx, &write)? {
                        Some(one) => written.push(one),
                        None => return Ok(None),
                    }
                }
                if let Some(and_then) = and_then.take() {
                    and_then(tx)?;
                }
                Ok(Some(written))
            })?;
            let Some(written) = written else {
                for (open, _) in guards.iter_mut() {
                    self.catch_up(open)?;
                }
                continue;
            };
            for ((open, _), one) in guards.iter_mut().zip(written) {
                if let Some(rows) = one.rows {
                    open.rows = rows;
                }
                open.seen = one.seen;
            }
            return Ok(effects);
        }
        Err(too_busy())
    }

    /// A document that may not exist here yet.
    fn open_or_expect(&self, id: DocumentHandle, workspace: &WorkspaceId) -> Result<Arc<Mutex<OpenDocument>>> {
        match self.open_document(id) {
            Err(error) if error.code == ErrorCode::NotFound => {
                // Changes may be here whose predecessors are not: nothing is projected of them yet.
                let new = OpenDocument::new(id, *workspace, Vec::new(), 0);
                let mut all = self.0.documents.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(all.entry(id).or_insert_with(|| Arc::new(Mutex::new(new))).clone())
            }
            other => other,
        }
    }

    pub(super) fn announce(&self, events: Vec<Event>) {
        for event in events {
            self.emit(event);
        }
    }

    /// Settles all typing, for a clean end.
    pub(super) fn settle_all(&self) -> Result<()> {
        for open in self.all_open() {
            self.settle(&mut lock(&open))?;
        }
        Ok(())
    }

    pub(super) fn all_open(&self) -> Vec<Arc<Mutex<OpenDocument>>> {
        self.0.documents.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// A poisoned document is one whose edit panicked; it is loaded again from
/// disk, which is the truth.
pub(super) fn lock(open: &Mutex<OpenDocument>) -> MutexGuard<'_, OpenDocument> {
    open.lock().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        guard.forget();
        guard.typing = None;
        guard
    })
}

pub(super) fn unknown(id: DocumentHandle) -> Error {
    Error::new(
        ErrorCode::NotFound,
        format!("There is no document {id}."),
        "List the documents to see which there are; it may not have arrived from the relay yet.",
    )
}

fn only_reader() -> Error {
    Error::new(
        ErrorCode::Refused,
        "You may read this workspace, not write to it.",
        "Ask its owner for the role of an editor.",
    )
}

fn too_busy() -> Error {
    Error::new(
        ErrorCode::Busy,
        "Other Drystone processes keep writing to this document.",
        "Try again in a moment; nothing was lost.",
    )
}
