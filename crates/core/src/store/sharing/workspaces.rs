//! Workspaces and where each stands with its relay.

use drystone_wire::{Hash, RelayKey, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{hash, no_such_workspace, relay_key, signed, unsigned, workspace_id};
use crate::crypto::address::RelayAddress;
use crate::error::{Error, Result};
use crate::sync::page::Cursor;

/// A workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkspaceRow {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its relay's address, `None` when it stays on this device.
    pub relay: Option<RelayAddress>,
    /// The relay's key, zeros until first contact.
    pub relay_key: RelayKey,
    /// The relay's log must be at least this generation.
    pub least_generation: u32,
    /// How far the log was received.
    pub cursor: Cursor,
    /// This device's last sealed envelope.
    pub sequence: u64,
    /// Its id.
    pub previous: Hash,
    /// When the relay last confirmed changes of this device; 0 never.
    pub last_stored_ms: u64,
    /// When the relay last answered; 0 never.
    pub last_contact_ms: u64,
    /// When it is tried again; 0 when nothing is planned.
    pub next_try_ms: u64,
    /// The relay's clock minus ours.
    pub clock_offset_ms: i64,
    /// What is wrong.
    pub problem: Option<Error>,
}

const COLUMNS: &str = "id, name, relay, relay_key, least_generation, generation, position, chain, sequence, previous, \
    last_stored_ms, last_contact_ms, next_try_ms, clock_offset_ms, problem";

fn read_row(row: &Row<'_>) -> rusqlite::Result<WorkspaceRow> {
    Ok(WorkspaceRow {
        id: workspace_id(row, 0)?,
        name: row.get(1)?,
        // Only addresses that were parsed are stored; an unreadable one counts as none.
        relay: row.get::<_, String>(2)?.parse().ok(),
        relay_key: relay_key(row, 3)?,
        least_generation: row.get(4)?,
        cursor: Cursor { generation: row.get(5)?, position: unsigned(row, 6)?, chain: hash(row, 7)? },
        sequence: unsigned(row, 8)?,
        previous: hash(row, 9)?,
        last_stored_ms: unsigned(row, 10)?,
        last_contact_ms: unsigned(row, 11)?,
        next_try_ms: unsigned(row, 12)?,
        clock_offset_ms: row.get(13)?,
        problem: serde_json::from_str(&row.get::<_, String>(14)?).ok(),
    })
}

/// All workspaces, the default one first.
///
/// # Errors
/// When they cannot be read.
pub fn all(conn: &Connection) -> Result<Vec<WorkspaceRow>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM workspaces ORDER BY ordinal"))?;
    let rows = statement.query_map([], read_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One workspace.
///
/// # Errors
/// `not-found` when it is not on this device.
pub fn get(conn: &Connection, id: &WorkspaceId) -> Result<WorkspaceRow> {
    find(conn, id)?.ok_or_else(|| no_such_workspace(id))
}

/// One workspace, if it is here.
///
/// # Errors
/// When it cannot be read.
pub fn find(conn: &Connection, id: &WorkspaceId) -> Result<Option<WorkspaceRow>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM workspaces WHERE id = ?1"))?;
    Ok(statement.query_row([id.as_bytes()], read_row).optional()?)
}

/// The default workspace, `None` before the first start.
///
/// # Errors
/// When it cannot be read.
pub fn default(conn: &Connection) -> Result<Option<WorkspaceId>> {
    let mut statement = conn.prepare_cached("SELECT id FROM workspaces ORDER BY ordinal LIMIT 1")?;
    Ok(statement.query_row([], |row| workspace_id(row, 0)).optional()?)
}

/// Adds a workspace at the end.
///
/// # Errors
/// When it is here already, or the write fails.
pub fn insert(conn: &Connection, id: &WorkspaceId, name: &str) -> Result<()> {
    conn.execute(
        "INSERT INTO workspaces (id, ordinal, name, role, relay, relay_key, least_generation, generation, position, chain,
             sequence, previous, last_stored_ms, last_contact_ms, next_try_ms, clock_offset_ms, problem)
         VALUES (?1, (SELECT coalesce(max(ordinal), 0) + 1 FROM workspaces), ?2, 3, '', zeroblob(32), 0, 0, 0,
             zeroblob(32), 0, zeroblob(32), 0, 0, 0, 0, '')",
        (id.as_bytes(), name),
    )?;
    Ok(())
}

/// Stores what this device's member may do: 0 owner to 3 reader.
///
/// # Errors
/// When the write fails.
pub fn set_role(conn: &Connection, id: &WorkspaceId, role: u8) -> Result<()> {
    conn.execute("UPDATE workspaces SET role = ?2 WHERE id = ?1", (id.as_bytes(), role))?;
    Ok(())
}

/// What this device's member may do, `None` for a workspace that is not here.
///
/// # Errors
/// When it cannot be read.
pub fn role(conn: &Connection, id: &WorkspaceId) -> Result<Option<u8>> {
    let mut statement = conn.prepare_cached("SELECT role FROM workspaces WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
}

/// Changes the name as shown here.
///
/// # Errors
/// When the write fails.
pub fn set_name(conn: &Connection, id: &WorkspaceId, name: &str) -> Result<()> {
    conn.execute("UPDATE workspaces SET name = ?2 WHERE id = ?1", (id.as_bytes(), name))?;
    Ok(())
}

/// Sets the relay and forgets everything about the log of the one before, if
/// one was read. Everything this device wrote waits to be sent again.
///
/// # Errors
/// When the write fails.
pub fn set_relay(conn: &Connection, id: &WorkspaceId, relay: Option<&RelayAddress>, key: &RelayKey) -> Result<()> {
    let address = relay.map(ToString::to_string).unwrap_or_default();
    conn.execute(
        "UPDATE workspaces SET relay = ?2, relay_key = ?3, least_generation = 0, problem = '', next_try_ms = 0
         WHERE id = ?1",
        (id.as_bytes(), address, key.as_bytes()),
    )?;
    // Where no log was read yet, the devices' own chains go on: what bundles
    // carried is sent as it is.
    let goes_on: bool = conn.query_row(
        "SELECT generation = 0 AND EXISTS (SELECT 1 FROM kept WHERE workspace = ?1) FROM workspaces WHERE id = ?1",
        [id.as_bytes()],
        |row| row.get(0),
    )?;
    if goes_on {
        return Ok(());
    }
    start_anew(conn, id)
}

/// Forgets the log as received so far and what was sealed for it; everything
/// this device wrote waits to be sent again.
///
/// # Errors
/// When the write fails.
pub fn start_anew(conn: &Connection, id: &WorkspaceId) -> Result<()> {
    conn.execute(
        "UPDATE workspaces SET generation = 0, position = 0, chain = zeroblob(32), sequence = 0,
             previous = zeroblob(32)
         WHERE id = ?1",
        [id.as_bytes()],
    )?;
    conn.execute("UPDATE devices SET sequence = 0, last_id = zeroblob(32) WHERE workspace = ?1", [id.as_bytes()])?;
    for table in ["chain", "inbox", "sealed", "kept"] {
        conn.execute(&format!("DELETE FROM {table} WHERE workspace = ?1"), [id.as_bytes()])?;
    }
    super::snapshots::forget_all(conn, id)?;
    // What the relay has of attachments is looked at again as well.
    conn.execute("UPDATE blob_places SET relay = zeroblob(32), checked_ms = 0 WHERE workspace = ?1", [id.as_bytes()])?;
    super::outbox::enqueue_own(conn, id)
}

/// This device's member has left: nothing is exchanged any more, and what is
/// here stays to be read.
///
/// # Errors
/// When the write fails.
pub fn leave(conn: &Connection, id: &WorkspaceId) -> Result<()> {
    conn.execute(
        "UPDATE workspaces SET relay = '', problem = '', next_try_ms = 0, role = 3 WHERE id = ?1",
        [id.as_bytes()],
    )?;
    for table in ["sealed", "outbox", "inbox", "invites"] {
        conn.execute(&format!("DELETE FROM {table} WHERE workspace = ?1"), [id.as_bytes()])?;
    }
    Ok(())
}

/// Remembers the relay's key from first contact.
///
/// # Errors
/// When the write fails.
pub fn pin_relay_key(conn: &Connection, id: &WorkspaceId, key: &RelayKey) -> Result<()> {
    conn.execute("UPDATE workspaces SET relay_key = ?2 WHERE id = ?1", [id.as_bytes(), key.as_bytes()])?;
    Ok(())
}

/// Moves the cursor.
///
/// # Errors
/// When the write fails.
pub fn set_cursor(conn: &Connection, id: &WorkspaceId, cursor: &Cursor) -> Result<()> {
    conn.prepare_cached(
        "UPDATE workspaces SET generation = ?2, position = ?3, chain = ?4, least_generation = ?2 WHERE id = ?1",
    )?
    .execute((id.as_bytes(), cursor.generation, signed(cursor.position), cursor.chain.as_bytes()))?;
    Ok(())
}

/// The log was lost at the relay and began again: only a younger one counts.
///
/// # Errors
/// When the write fails.
pub fn expect_younger_log(conn: &Connection, id: &WorkspaceId) -> Result<()> {
    conn.execute(
        "UPDATE workspaces SET least_generation = generation + 1 WHERE id = ?1 AND generation > 0",
        [id.as_bytes()],
    )?;
    start_anew(conn, id)
}

/// Sets this device's last sealed envelope.
///
/// # Errors
/// When the write fails.
pub fn set_sequence(conn: &Connection, id: &WorkspaceId, sequence: u64, last: &Hash) -> Result<()> {
    conn.prepare_cached("UPDATE workspaces SET sequence = ?2, previous = ?3 WHERE id = ?1")?.execute((
        id.as_bytes(),
        signed(sequence),
        last.as_bytes(),
    ))?;
    Ok(())
}

/// How a round went.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoundOutcome {
    /// When the relay answered, if it did.
    pub contact_ms: Option<u64>,
    /// When it is tried again; 0 when nothing is planned.
    pub next_try_ms: u64,
    /// The relay's clock minus ours, if known.
    pub clock_offset_ms: Option<i64>,
    /// What is wrong.
    pub problem: Option<Error>,
}

/// Stores how a round went, so that every process and a restart can show it.
///
/// # Errors
/// When the write fails.
pub fn set_outcome(conn: &Connection, id: &WorkspaceId, outcome: &RoundOutcome) -> Result<()> {
    let problem = match &outcome.problem {
        Some(error) => serde_json::to_string(error).map_err(Error::internal)?,
        None => String::new(),
    };
    conn.execute(
        "UPDATE workspaces SET last_contact_ms = coalesce(?2, last_contact_ms), next_try_ms = ?3,
             clock_offset_ms = coalesce(?4, clock_offset_ms), problem = ?5
         WHERE id = ?1",
        (id.as_bytes(), outcome.contact_ms.map(signed), signed(outcome.next_try_ms), outcome.clock_offset_ms, problem),
    )?;
    Ok(())
}

/// How many documents it has that are not deleted.
///
/// # Errors
/// When they cannot be counted.
pub fn documents(conn: &Connection, id: &WorkspaceId) -> Result<u32> {
    let sql = "SELECT count(*) FROM documents WHERE workspace = ?1 AND deleted_ms = 0";
    Ok(conn.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0))?)
}
