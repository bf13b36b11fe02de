//! What came from the relay: entries not opened yet, chain values, actors, and
//! entries that were refused.

use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension};

use super::{hash, signed, unsigned};
use crate::error::Result;

/// An entry as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its position in the log.
    pub position: u64,
    /// Its bytes.
    pub envelope: Vec<u8>,
}

/// An entry that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its position in the log.
    pub position: u64,
    /// Who signed it, if that can be read.
    pub device: Option<DeviceKey>,
    /// Why, for people.
    pub reason: String,
    /// Why, for programs.
    pub code: &'static str,
}

/// An actor's device and how far its changes were followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorRow {
    /// The device.
    pub device: DeviceKey,
    /// The last change's count.
    pub sequence: u64,
}

/// Stores an entry and the chain value at its position.
///
/// # Errors
/// When the write fails.
pub fn insert(conn: &Connection, workspace: &WorkspaceId, entry: &Received, chain: &Hash) -> Result<()> {
    conn.prepare_cached("INSERT INTO inbox (workspace, position, envelope) VALUES (?1, ?2, ?3)")?.execute((
        workspace.as_bytes(),
        signed(entry.position),
        &entry.envelope,
    ))?;
    insert_chain(conn, workspace, entry.position, chain)
}

/// Stores the chain value at a position.
///
/// # Errors
/// When the write fails.
pub fn insert_chain(conn: &Connection, workspace: &WorkspaceId, position: u64, chain: &Hash) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO chain (workspace, position, value) VALUES (?1, ?2, ?3)")?.execute((
        workspace.as_bytes(),
        signed(position),
        chain.as_bytes(),
    ))?;
    Ok(())
}

/// The chain value at a position, if that far was read.
///
/// # Errors
/// When it cannot be read.
pub fn chain_at(conn: &Connection, workspace: &WorkspaceId, position: u64) -> Result<Option<Hash>> {
    let sql = "SELECT value FROM chain WHERE workspace = ?1 AND position = ?2";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row((workspace.as_bytes(), signed(position)), |row| hash(row, 0)).optional()?)
}

/// The oldest entries, up to a number and a size; at least one when there is one.
///
/// # Errors
/// When they cannot be read.
pub fn oldest(conn: &Connection, workspace: &WorkspaceId, limit: usize, bytes: usize) -> Result<Vec<Received>> {
    let sql = "SELECT position, envelope FROM inbox WHERE workspace = ?1 ORDER BY position LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query((workspace.as_bytes(), signed(limit as u64)))?;
    let (mut batch, mut total) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let entry = Received { position: unsigned(row, 0)?, envelope: row.get(1)? };
        total += entry.envelope.len();
        if total > bytes && !batch.is_empty() {
            break;
        }
        batch.push(entry);
    }
    Ok(batch)
}

/// Whether entries wait to be opened.
///
/// # Errors
/// When they cannot be read.
pub fn is_empty(conn: &Connection, workspace: &WorkspaceId) -> Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE workspace = ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0))?)
}

/// Deletes an entry that was applied.
///
/// # Errors
/// When the write fails.
pub fn remove(conn: &Connection, workspace: &WorkspaceId, position: u64) -> Result<()> {
    conn.prepare_cached("DELETE FROM inbox WHERE workspace = ?1 AND position = ?2")?
        .execute((workspace.as_bytes(), signed(position)))?;
    Ok(())
}

/// Whose an actor is.
///
/// # Errors
/// When it cannot be read.
pub fn actor(conn: &Connection, document: &DocumentHandle, actor: &[u8]) -> Result<Option<ActorRow>> {
    let mut statement =
        conn.prepare_cached("SELECT device, sequence FROM actors WHERE document = ?1 AND actor = ?2")?;
    let row = statement.query_row((document.as_bytes(), actor), |row| {
        Ok(ActorRow { device: super::device_key(row, 0)?, sequence: unsigned(row, 1)? })
    });
    Ok(row.optional()?)
}

/// Stores whose an actor is and how far its changes were followed.
///
/// # Errors
/// When the write fails.
pub fn set_actor(conn: &Connection, document: &DocumentHandle, actor: &[u8], row: &ActorRow) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO actors (document, actor, device, sequence) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (document, actor) DO UPDATE SET sequence = max(sequence, excluded.sequence)",
    )?
    .execute((document.as_bytes(), actor, row.device.as_bytes(), signed(row.sequence)))?;
    Ok(())
}

/// Whether a change is here already.
///
/// # Errors
/// When it cannot be read.
pub fn has_change(conn: &Connection, document: &DocumentHandle, hash: &[u8; 32]) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM changes WHERE document = ?1 AND hash = ?2)";
    Ok(conn.prepare_cached(sql)?.query_row((document.as_bytes(), hash), |row| row.get(0))?)
}

/// Which workspace a document belongs to, if it is here.
///
/// # Errors
/// When it cannot be read.
pub fn workspace_of(conn: &Connection, document: &DocumentHandle) -> Result<Option<WorkspaceId>> {
    let mut statement = conn.prepare_cached("SELECT workspace FROM documents WHERE id = ?1")?;
    Ok(statement.query_row([document.as_bytes()], |row| super::workspace_id(row, 0)).optional()?)
}
