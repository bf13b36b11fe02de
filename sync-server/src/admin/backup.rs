//! `backup`: one file, whole or not there.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;

use super::check::{all, opened, sound};
use super::fault::{Code, Fault};
use super::size::readable;
use super::{Said, Store};
use crate::state::now_ms;
use crate::storage::StoreError;
use crate::storage::chunks::Chunks;
use crate::storage::folder;
use crate::storage::sqlite::verify::Report;
use crate::storage::sqlite::{self, transfer};

pub fn write(store: &Store, file: &Path) -> Result<Said, Fault> {
    if file.exists() {
        let message = format!("{} is there already: give a new name, backups are never overwritten", file.display());
        return Err(Fault::new(Code::Exists, message));
    }
    // Written aside, verified, and only then given its name: a crash leaves no file that looks like a backup.
    let part = beside(file, ".part");
    let result = made(store, &part).and_then(|done| {
        fs::rename(&part, file).and_then(|()| folder::sync_beside(file)).map_err(|error| Fault::file(file, &error))?;
        Ok(done)
    });
    if result.is_err() {
        // What is left of it holds the key; when it cannot be removed, the fault says more than that would.
        let _ = removed(&part);
    }
    let (report, bytes) = result?;
    let json = json!({ "backup": {
        "file": file.display().to_string(), "bytes": bytes, "workspaces": report.workspaces,
        "records": report.records, "entries": report.entries, "attachments": report.attachments,
    } });
    let text = format!(
        "{}: {}, {} workspaces, {} membership records, {} entries, {} attachments; written and verified. It holds the relay's key: keep it secret.",
        file.display(),
        readable(bytes),
        report.workspaces,
        report.records,
        report.entries,
        report.attachments
    );
    Ok(Said::new(json, text))
}

/// Makes the file and verifies it; gives what is in it and its size.
fn made(store: &Store, part: &Path) -> Result<(Report, u64), Fault> {
    let key = folder::existing_key(&store.data)?;
    removed(part).and_then(|()| folder::private_file(part).map(drop)).map_err(|error| Fault::file(part, &error))?;
    let mut copy = Connection::open(part).map_err(|error| Fault::file(part, &error))?;
    transfer::copy(&sqlite::open_beside(&folder::existing_database(&store.data)?)?, &mut copy)?;
    if sqlite::owner(&copy)?.0 != key.verifying_key().to_bytes() {
        let message = "the relay's key does not belong to the database: restore both from the same backup";
        return Err(Fault::new(Code::Integrity, message));
    }
    transfer::seal(&copy, key.as_bytes(), now_ms())?;
    transfer::pack(&copy, &Chunks::of(&store.data))?;
    copy.close().map_err(|(_, error)| StoreError::from(error))?;
    let synced = fs::File::open(part).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
    let bytes = synced.map_err(|error| Fault::file(part, &error))?.len();
    let report = all(&opened(part)?)?;
    sound(&report, "what is stored, and so the backup of it,")?;
    Ok((report, bytes))
}

/// Removes a file that may be there, with SQLite's journal beside it.
fn removed(file: &Path) -> std::io::Result<()> {
    for path in [file.to_path_buf(), beside(file, "-journal")] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
