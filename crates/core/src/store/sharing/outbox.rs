//! Changes on their way to the relay: the outbox, and the envelopes they were
//! sealed into. An envelope is durable before it is sent, so that after a
//! crash the very same bytes are sent again.

use drystone_wire::{DocumentHandle, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension};

use super::{hash, signed, unsigned};
use crate::error::Result;

/// A change that is not sealed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its row in `changes`.
    pub change: i64,
    /// Its document.
    pub document: DocumentHandle,
    /// Its Automerge chunk.
    pub bytes: Vec<u8>,
}

/// A sealed envelope that the relay has not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The device's count.
    pub sequence: u64,
    /// The envelope's id.
    pub id: Hash,
    /// The epoch it was sealed in.
    pub epoch: u32,
    /// Its bytes.
    pub envelope: Vec<u8>,
}

/// How many changes of a workspace the relay has not confirmed.
///
/// # Errors
/// When they cannot be counted.
pub fn waiting(conn: &Connection, workspace: &WorkspaceId) -> Result<u32> {
    let sql = "SELECT count(*) FROM outbox WHERE workspace = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0))?)
}

/// The newest change that waits; grows with every local change.
///
/// # Errors
/// When it cannot be read.
pub fn newest(conn: &Connection, workspace: &WorkspaceId) -> Result<i64> {
    let sql = "SELECT coalesce(max(change_seq), 0) FROM outbox WHERE workspace = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0))?)
}

/// The oldest changes that are not sealed yet.
///
/// # Errors
/// When they cannot be read.
pub fn unsealed(conn: &Connection, workspace: &WorkspaceId, limit: usize) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(
        "SELECT outbox.change_seq, outbox.document, changes.bytes
         FROM outbox JOIN changes ON changes.seq = outbox.change_seq
         WHERE outbox.workspace = ?1 AND outbox.envelope = x''
         ORDER BY outbox.change_seq LIMIT ?2",
    )?;
    let rows = statement.query_map((workspace.as_bytes(), signed(limit as u64)), |row| {
        Ok(Waiting { change: row.get(0)?, document: DocumentHandle(row.get(1)?), bytes: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Stores a sealed envelope and which changes are in it.
///
/// # Errors
/// When the write fails.
pub fn insert_sealed(conn: &Connection, workspace: &WorkspaceId, sealed: &Sealed, changes: &[i64]) -> Result<()> {
    conn.prepare_cached("INSERT INTO sealed (workspace, sequence, id, epoch, envelope) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((
            workspace.as_bytes(),
            signed(sealed.sequence),
            sealed.id.as_bytes(),
            sealed.epoch,
            &sealed.envelope,
        ))?;
    let mut statement = conn.prepare_cached("UPDATE outbox SET envelope = ?2 WHERE change_seq = ?1")?;
    for change in changes {
        statement.execute((change, sealed.id.as_bytes()))?;
    }
    Ok(())
}

/// The oldest envelopes that the relay has not confirmed, up to a number and a
/// size together; always at least one when there is one.
///
/// # Errors
/// When they cannot be read.
pub fn unsent(conn: &Connection, workspace: &WorkspaceId, limit: usize, bytes: usize) -> Result<Vec<Sealed>> {
    let mut statement = conn.prepare_cached(
        "SELECT sequence, id, epoch, envelope FROM sealed WHERE workspace = ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let mut rows = statement.query((workspace.as_bytes(), signed(limit as u64)))?;
    let (mut batch, mut total) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let sealed =
            Sealed { sequence: unsigned(row, 0)?, id: hash(row, 1)?, epoch: row.get(2)?, envelope: row.get(3)? };
        total += sealed.envelope.len() + ENTRY_OVERHEAD;
        if total > bytes && !batch.is_empty() {
            break;
        }
        batch.push(sealed);
    }
    Ok(batch)
}

/// What a byte string costs in CBOR besides its bytes, at most.
pub(super) const ENTRY_OVERHEAD: usize = 9;

/// The relay has an envelope: what is in it waits no longer.
///
/// # Errors
/// When the write fails.
pub fn confirm(conn: &Connection, workspace: &WorkspaceId, id: &Hash, now_ms: u64) -> Result<bool> {
    let known = conn
        .prepare_cached("DELETE FROM sealed WHERE workspace = ?1 AND id = ?2")?
        .execute([workspace.as_bytes(), id.as_bytes()])?;
    if known == 0 {
        return Ok(false);
    }
    conn.prepare_cached(
        "UPDATE changes SET stored = 1
         WHERE seq IN (SELECT change_seq FROM outbox WHERE workspace = ?1 AND envelope = ?2)",
    )?
    .execute([workspace.as_bytes(), id.as_bytes()])?;
    conn.prepare_cached("DELETE FROM outbox WHERE workspace = ?1 AND envelope = ?2")?
        .execute([workspace.as_bytes(), id.as_bytes()])?;
    conn.prepare_cached("UPDATE workspaces SET last_stored_ms = ?2 WHERE id = ?1")?
        .execute((workspace.as_bytes(), signed(now_ms)))?;
    Ok(true)
}

/// The epoch of the oldest unconfirmed envelope that is in no bundle.
///
/// # Errors
/// When it cannot be read.
pub fn oldest_epoch(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<u32>> {
    let sql = "SELECT epoch FROM sealed WHERE workspace = ?1 AND carried = 0 ORDER BY sequence LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0)).optional()?)
}

/// Takes unconfirmed envelopes apart: their changes wait to be sealed again.
/// Those that went out in a bundle stay as they are.
///
/// # Errors
/// When the write fails.
pub fn unseal(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    conn.execute("DELETE FROM sealed WHERE workspace = ?1 AND carried = 0", [workspace.as_bytes()])?;
    conn.execute(
        "UPDATE outbox SET envelope = x''
         WHERE workspace = ?1 AND envelope <> x'' AND envelope NOT IN (SELECT id FROM sealed WHERE workspace = ?1)",
        [workspace.as_bytes()],
    )?;
    Ok(())
}

/// A change that waits to be sealed is in the log already, as a snapshot shows.
///
/// # Errors
/// When the write fails.
pub fn is_stored(conn: &Connection, document: &DocumentHandle, change: &[u8; 32]) -> Result<()> {
    let seq: Option<i64> = conn
        .prepare_cached("SELECT seq FROM changes WHERE document = ?1 AND hash = ?2 AND stored = 0")?
        .query_row((document.as_bytes(), change), |row| row.get(0))
        .optional()?;
    let Some(seq) = seq else { return Ok(()) };
    // One that is sealed is confirmed, or sent again, with its envelope.
    let gone = conn.prepare_cached("DELETE FROM outbox WHERE change_seq = ?1 AND envelope = x''")?.execute([seq])?;
    if gone > 0 {
        conn.prepare_cached("UPDATE changes SET stored = 1 WHERE seq = ?1")?.execute([seq])?;
    }
    Ok(())
}

/// A change that this device was told is stored, and is not, waits again.
///
/// # Errors
/// When the write fails.
pub fn enqueue(conn: &Connection, workspace: &WorkspaceId, document: &DocumentHandle, change: i64) -> Result<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO outbox (change_seq, workspace, document, envelope) VALUES (?1, ?2, ?3, x'')",
    )?
    .execute((change, workspace.as_bytes(), document.as_bytes()))?;
    conn.prepare_cached("UPDATE changes SET stored = 0 WHERE seq = ?1")?.execute([change])?;
    Ok(())
}

/// Everything this device wrote in a workspace waits to be sent, from the start.
///
/// # Errors
/// When the write fails.
pub fn enqueue_own(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    conn.execute("DELETE FROM outbox WHERE workspace = ?1", [workspace.as_bytes()])?;
    conn.execute(
        "INSERT INTO outbox (change_seq, workspace, document, envelope)
         SELECT changes.seq, documents.workspace, changes.document, x''
         FROM changes JOIN documents ON documents.id = changes.document
         WHERE documents.workspace = ?1 AND changes.author IN (zeroblob(32), (SELECT device FROM identity))",
        [workspace.as_bytes()],
    )?;
    conn.execute(
        "UPDATE changes SET stored = 0
         WHERE author IN (zeroblob(32), (SELECT device FROM identity))
             AND document IN (SELECT id FROM documents WHERE workspace = ?1)",
        [workspace.as_bytes()],
    )?;
    Ok(())
}
