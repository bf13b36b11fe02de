//! What a process that died had typed becomes a change at the next start.

use std::fs::File;
use std::path::{Path, PathBuf};

use drystone_model::Model;
use drystone_wire::{DocumentHandle, WorkspaceId};

use super::App;
use super::project::project;
use crate::document::Document;
use crate::error::Result;
use crate::store::changes::{self, NewChange};
use crate::store::{documents, journal, records};
use crate::unlock::cannot_write;

fn lock_path(data_dir: &Path, session: &str) -> PathBuf {
    data_dir.join("sessions").join(format!("{session}.lock"))
}

/// Says that this process lives: the lock is released by the operating system
/// when the process ends, however it ends.
pub(super) fn announce(data_dir: &Path, session: &str) -> Result<File> {
    let path = lock_path(data_dir, session);
    let make = || -> std::io::Result<File> {
        std::fs::create_dir_all(data_dir.join("sessions"))?;
        let file = File::create(&path)?;
        file.lock()?;
        Ok(file)
    };
    make().map_err(|error| cannot_write(&path, &error))
}

/// Whether a process is gone. Then its lock is ours and its file removed.
fn is_gone(data_dir: &Path, session: &str) -> bool {
    let path = lock_path(data_dir, session);
    match File::open(&path) {
        Ok(file) => {
            let gone = file.try_lock().is_ok();
            if gone {
                // Left-over files do no harm; the next start tries again.
                let _kept = std::fs::remove_file(&path);
            }
            gone
        }
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

impl App {
    pub(super) fn recover_typing(&self) -> Result<()> {
        self.remove_dead_locks();
        for session in self.db().read(journal::sessions)? {
            if session != self.0.session && is_gone(self.data_dir(), &session) {
                self.recover_session(&session)?;
            }
        }
        Ok(())
    }

    fn remove_dead_locks(&self) {
        let Ok(entries) = std::fs::read_dir(self.data_dir().join("sessions")) else { return };
        let with_typing = self.db().read(journal::sessions).unwrap_or_default();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(session) = name.to_str().and_then(|name| name.strip_suffix(".lock")) else { continue };
            if session != self.0.session && !with_typing.iter().any(|typing| typing == session) {
                is_gone(self.data_dir(), session);
            }
        }
    }

    /// One transaction: the typing becomes changes and leaves the journal, or
    /// nothing happens. A second process that recovers at the same time finds
    /// nothing left.
    fn recover_session(&self, session: &str) -> Result<()> {
        let now = self.now_ms();
        self.db().write(|tx| {
            for typing in journal::of_session(tx, session)? {
                let id = DocumentHandle(typing.document);
                let Some((row, _)) = documents::find(tx, &id.0)? else { continue };
                let before = documents::sections(tx, &id.0)?;
                let chunks = changes::chunks(tx, &id.0, i64::MAX)?;
                let mut document = Document::load(chunks.snapshot.as_deref(), &chunks.tail, self.fresh_id()?)?;
                let records = document.replay(&typing.heads, &typing.edits, now)?;
                let mut last = chunks.last;
                for record in &records {
                    let change = NewChange {
                        document: &id.0,
                        workspace: &row.workspace,
                        hash: &record.hash,
                        author: None,
                        time_ms: record.time_ms,
                        operations: record.operations,
                        summary: &record.summary,
                        bytes: &record.bytes,
                    };
                    last = changes::insert(tx, &change)?.unwrap_or(last);
                }
                let model = Model::of(records::all(tx, &id.0)?);
                if let Some((mut row, rows)) = project(&document, &model, id, WorkspaceId(row.workspace), now) {
                    row.projected = last;
                    documents::put(tx, &row)?;
                    documents::put_sections(tx, &id.0, &before, &rows)?;
                }
                journal::clear(tx, session, &id.0)?;
            }
            Ok(())
        })
    }
}
