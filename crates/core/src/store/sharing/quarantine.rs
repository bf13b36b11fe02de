//! Entries that were refused: set aside with who wrote them and why, never
//! applied, never dropped. Some are tried again when keys or records arrive.

use drystone_wire::{DeviceKey, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::carrying;
use super::inbox::{self, Refused};
use super::{signed, unsigned};
use crate::error::Result;
use crate::sync::page::entry_id;

/// An entry that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its row.
    pub id: i64,
    /// Its position in the log.
    pub position: u64,
    /// Who signed it, if that can be read.
    pub device: Option<DeviceKey>,
    /// Why, for people.
    pub reason: String,
    /// Why, for programs.
    pub code: String,
    /// When it was set aside.
    pub time_ms: u64,
    /// Whether a person has taken note of it.
    pub noted: bool,
}

const COLUMNS: &str = "id, position, device, reason, code, time_ms, noted";

fn read_row(row: &Row<'_>) -> rusqlite::Result<SetAside> {
    let device: Vec<u8> = row.get(2)?;
    Ok(SetAside {
        id: row.get(0)?,
        position: unsigned(row, 1)?,
        device: DeviceKey::from_slice(&device),
        reason: row.get(3)?,
        code: row.get(4)?,
        time_ms: unsigned(row, 5)?,
        noted: row.get(6)?,
    })
}

/// Moves an entry from the inbox to those set aside.
///
/// # Errors
/// When the write fails.
pub fn refuse(
    conn: &Connection,
    workspace: &WorkspaceId,
    generation: u32,
    refused: &Refused,
    now_ms: u64,
) -> Result<()> {
    let sql = "SELECT envelope FROM inbox WHERE workspace = ?1 AND position = ?2";
    let envelope: Option<Vec<u8>> = conn
        .prepare_cached(sql)?
        .query_row((workspace.as_bytes(), signed(refused.position)), |row| row.get(0))
        .optional()?;
    // Another process was first.
    let Some(envelope) = envelope else { return Ok(()) };
    // An entry from a bundle has no position.
    let position = if refused.position < carrying::FIRST { refused.position } else { 0 };
    conn.prepare_cached(
        "INSERT OR IGNORE INTO quarantine
             (workspace, generation, position, device, reason, time_ms, hash, envelope, code)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        workspace.as_bytes(),
        generation,
        signed(position),
        refused.device.map(|device| device.0.to_vec()).unwrap_or_default(),
        &refused.reason,
        signed(now_ms),
        blake3::hash(&envelope).as_bytes(),
        &envelope,
        refused.code,
    ))?;
    inbox::remove(conn, workspace, refused.position)
}

/// How many entries are set aside, and how many of them nobody took note of.
///
/// # Errors
/// When they cannot be counted.
pub fn count(conn: &Connection, workspace: &WorkspaceId) -> Result<(u32, u32)> {
    let sql = "SELECT count(*), count(*) - coalesce(sum(noted), 0) FROM quarantine WHERE workspace = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The latest entries that were set aside, newest first.
///
/// # Errors
/// When they cannot be read.
pub fn latest(conn: &Connection, workspace: &WorkspaceId, limit: u32) -> Result<Vec<SetAside>> {
    let sql = format!("SELECT {COLUMNS} FROM quarantine WHERE workspace = ?1 ORDER BY id DESC LIMIT ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map((workspace.as_bytes(), limit), read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A person has taken note of all that is set aside so far.
///
/// # Errors
/// When the write fails.
pub fn note(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    conn.execute("UPDATE quarantine SET noted = 1 WHERE workspace = ?1", [workspace.as_bytes()])?;
    Ok(())
}

/// The first entry after a place in the order of the log whose code is one of
/// these, with its bytes.
///
/// # Errors
/// When it cannot be read.
pub fn next(
    conn: &Connection,
    workspace: &WorkspaceId,
    after: (u32, u64),
    codes: &[&str],
) -> Result<Option<(u32, SetAside, Vec<u8>)>> {
    let sql = format!(
        "SELECT {COLUMNS}, generation, envelope FROM quarantine
         WHERE workspace = ?1 AND (generation, position) > (?2, ?3) ORDER BY generation, position"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query((workspace.as_bytes(), after.0, signed(after.1)))?;
    while let Some(row) = rows.next()? {
        let entry = read_row(row)?;
        if codes.contains(&entry.code.as_str()) {
            return Ok(Some((row.get(7)?, entry, row.get(8)?)));
        }
    }
    Ok(None)
}

/// Hands code and bytes of all entries that are set aside to `each`.
///
/// # Errors
/// When they cannot be read.
pub fn each(conn: &Connection, workspace: &WorkspaceId, mut each: impl FnMut(&str, &[u8])) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT code, envelope FROM quarantine WHERE workspace = ?1")?;
    let mut rows = statement.query([workspace.as_bytes()])?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str().unwrap_or_default(), row.get_ref(1)?.as_blob().unwrap_or_default());
    }
    Ok(())
}

/// The bytes of an entry that is set aside, by its position and id.
///
/// # Errors
/// When they cannot be read.
pub fn of_id(conn: &Connection, workspace: &WorkspaceId, position: u64, id: &Hash) -> Result<Option<Vec<u8>>> {
    let mut statement =
        conn.prepare_cached("SELECT envelope FROM quarantine WHERE workspace = ?1 AND position IN (?2, 0)")?;
    let mut rows = statement.query((workspace.as_bytes(), signed(position)))?;
    while let Some(row) = rows.next()? {
        let envelope: Vec<u8> = row.get(0)?;
        if entry_id(&envelope) == *id {
            return Ok(Some(envelope));
        }
    }
    Ok(None)
}

/// Why an entry is set aside, for programs and for people; `None` when it is not.
///
/// # Errors
/// When it cannot be read.
pub fn why(conn: &Connection, workspace: &WorkspaceId, envelope: &[u8]) -> Result<Option<(String, String)>> {
    let sql = "SELECT code, reason FROM quarantine WHERE workspace = ?1 AND hash = ?2";
    let key = (workspace.as_bytes(), *blake3::hash(envelope).as_bytes());
    Ok(conn.prepare_cached(sql)?.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Sets aside an entry that others refused, and that is in a snapshot.
///
/// # Errors
/// When the write fails.
pub fn adopt(
    conn: &Connection,
    workspace: &WorkspaceId,
    generation: u32,
    refused: &Refused,
    code: &str,
    envelope: &[u8],
    now_ms: u64,
) -> Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO quarantine
             (workspace, generation, position, device, reason, time_ms, hash, envelope, code)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        workspace.as_bytes(),
        generation,
        signed(refused.position),
        refused.device.map(|device| device.0.to_vec()).unwrap_or_default(),
        &refused.reason,
        signed(now_ms),
        blake3::hash(envelope).as_bytes(),
        envelope,
        code,
    ))?;
    Ok(())
}

/// An entry was applied after all.
///
/// # Errors
/// When the write fails.
pub fn readmit(conn: &Connection, id: i64) -> Result<()> {
    conn.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// An entry stays set aside, for another reason than before.
///
/// # Errors
/// When the write fails.
pub fn explain(conn: &Connection, id: i64, reason: &str, code: &str) -> Result<()> {
    conn.prepare_cached("UPDATE quarantine SET reason = ?2, code = ?3 WHERE id = ?1")?.execute((id, reason, code))?;
    Ok(())
}
