//! `backup`: one file, whole or not there.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::json;

use super::check::{opened, sound};
use super::fault::{Code, Fault};
use super::size::readable;
use super::{Said, Store};
use crate::state::now_ms;
use crate::storage::StoreError;
use crate::storage::folder;
use crate::storage::sqlite::{self, transfer, verify};

pub fn write(store: &Store, file: &Path) -> Result<Said, Fault> {
    if file.exists() {
        let message = format!("{} is there already: give a new name, backups are never overwritten", file.display());
        return Err(Fault::new(Code::Exists, message));
    }
    let key = folder::existing_key(&store.data)?;
    // Written aside, verified, and only then given its name: a crash leaves no file that looks like a backup.
    let part = aside(file);
    for leftover in [part.clone(), journal(&part)] {
        match fs::remove_file(&leftover) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Fault::file(&leftover, &error)),
            _ => {}
        }
    }
    folder::private_file(&part).map_err(|error| Fault::file(&part, &error))?;
    let mut copy = Connection::open(&part).map_err(|error| Fault::file(&part, &error))?;
    transfer::copy(&sqlite::open_beside(&folder::existing_database(&store.data)?)?, &mut copy)?;
    if sqlite::owner(&copy)?.0 != key.verifying_key().to_bytes() {
        let message = "the relay's key does not belong to the database: restore both from the same backup";
        return Err(Fault::new(Code::Integrity, message));
    }
    transfer::seal(&copy, key.as_bytes(), now_ms())?;
    copy.close().map_err(|(_, error)| StoreError::from(error))?;
    let finish = || {
        fs::File::open(&part)?.sync_all()?;
        fs::metadata(&part).map(|metadata| metadata.len())
    };
    let bytes = finish().map_err(|error| Fault::file(&part, &error))?;
    let report = verify::all(&opened(&part)?)?;
    sound(&report, "what is stored, and so the backup of it,")?;
    fs::rename(&part, file).and_then(|()| folder::sync_beside(file)).map_err(|error| Fault::file(file, &error))?;
    let json = json!({ "backup": {
        "file": file.display().to_string(), "bytes": bytes, "workspaces": report.workspaces,
        "records": report.records, "entries": report.entries,
    } });
    let text = format!(
        "{}: {}, {} workspaces, {} membership records, {} entries; written and verified. It holds the relay's key: keep it secret.",
        file.display(),
        readable(bytes),
        report.workspaces,
        report.records,
        report.entries
    );
    Ok(Said::new(json, text))
}

fn aside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn journal(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-journal");
    name.into()
}
