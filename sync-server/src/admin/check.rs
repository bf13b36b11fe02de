//! `check`: whether everything that is stored verifies.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use super::fault::{Code, Fault};
use super::{Said, Store, check_format};
use crate::storage::folder;
use crate::storage::sqlite::transfer;
use crate::storage::sqlite::verify::{self, Report};
use crate::storage::sqlite::{self, owner};

/// The exit code when something does not hold.
const DOES_NOT_HOLD: u8 = 4;

pub fn store(store: &Store) -> Result<Said, Fault> {
    let key = folder::existing_key(&store.data)?.verifying_key().to_bytes();
    if store.read(owner)?.0 != key {
        let message = "the relay's key does not belong to the database: restore both from the same backup";
        return Err(Fault::new(Code::Integrity, message));
    }
    Ok(said(&store.read(|connection| verify::all(connection, &store.chunk_of()))?))
}

pub fn backup(file: &Path) -> Result<Said, Fault> {
    Ok(said(&all(&opened(file)?)?))
}

/// Verifies a whole backup.
pub fn all(backup: &rusqlite::Connection) -> Result<Report, Fault> {
    Ok(verify::all(backup, &|id, blob, index| transfer::packed(backup, id, blob, index))?)
}

/// Opens a file that has to be a backup.
pub fn opened(file: &Path) -> Result<rusqlite::Connection, Fault> {
    if !file.is_file() {
        return Err(Fault::file(file, &"there is no such file"));
    }
    let not_a_backup =
        || Fault::new(Code::NotABackup, format!("{} is no backup made by `drystone-relay backup`", file.display()));
    let connection = sqlite::open_still(file).map_err(|_| not_a_backup())?;
    match transfer::sealed(&connection) {
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return Err(not_a_backup()),
    }
    check_format(&connection, "restore it with the program that made it, then start this one on the folder")?;
    Ok(connection)
}

fn said(report: &Report) -> Said {
    let Report { workspaces, records, entries, attachments, snapshots, problems, told } = report;
    let mut text = format!(
        "{workspaces} workspaces, {records} membership records, {entries} entries, {attachments} attachments, {snapshots} snapshots: "
    );
    text.push_str(if *problems == 0 { "everything verifies." } else { "something does not hold." });
    for problem in told {
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "\n{}: {}",
            if problem.workspace.is_empty() { "database" } else { &problem.workspace },
            problem.what
        );
    }
    if *problems > 0 {
        let _ = write!(text, "\n{problems} problems. Keep a copy of the folder, and restore a backup.");
    }
    let exit = if *problems == 0 { 0 } else { DOES_NOT_HOLD };
    Said { json: json!({ "check": report }), text, exit }
}

/// Refuses what does not verify.
pub fn sound(report: &Report, what: &str) -> Result<(), Fault> {
    match report.told.first() {
        None => Ok(()),
        Some(first) => Err(Fault::new(
            Code::Integrity,
            format!(
                "{what} does not verify ({} problems; the first: {} {})",
                report.problems, first.workspace, first.what
            ),
        )),
    }
}
