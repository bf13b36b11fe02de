//! Membership records, epoch keys, and the devices they name.

use std::collections::BTreeMap;

use drystone_wire::{DeviceKey, Hash, RootKey, WorkspaceId};
use rusqlite::Connection;

use super::{device_key, hash, signed, unsigned};
use crate::crypto::keys::{EpochKey, Secret};
use crate::error::{Error, ErrorCode, Result};

/// The records after a position, in order.
///
/// # Errors
/// When they cannot be read.
pub fn records(conn: &Connection, workspace: &WorkspaceId, after: u64) -> Result<Vec<Vec<u8>>> {
    let mut statement =
        conn.prepare_cached("SELECT record FROM membership WHERE workspace = ?1 AND position > ?2 ORDER BY position")?;
    let rows = statement.query_map((workspace.as_bytes(), signed(after)), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many records there are.
///
/// # Errors
/// When they cannot be counted.
pub fn count(conn: &Connection, workspace: &WorkspaceId) -> Result<u64> {
    let sql = "SELECT coalesce(max(position), 0) FROM membership WHERE workspace = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| unsigned(row, 0))?)
}

/// Stores a record that was validated. That it is there already, stored by
/// another process, is fine.
///
/// # Errors
/// `integrity` when another record has its position; or when the write fails.
pub fn insert(conn: &Connection, workspace: &WorkspaceId, position: u64, hash: &Hash, record: &[u8]) -> Result<()> {
    let key = (workspace.as_bytes(), signed(position));
    conn.prepare_cached(
        "INSERT OR IGNORE INTO membership (workspace, position, hash, record) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((key.0, key.1, hash.as_bytes(), record))?;
    let there = conn
        .prepare_cached("SELECT hash FROM membership WHERE workspace = ?1 AND position = ?2")?
        .query_row(key, |row| super::hash(row, 0))?;
    if there == *hash {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Integrity,
        format!("There are two membership records at position {position} of workspace {workspace}."),
        "Ask the members which relay shows which; nothing was changed here.",
    ))
}

/// The epoch keys this device has.
///
/// # Errors
/// When they cannot be read.
pub fn epoch_keys(conn: &Connection, workspace: &WorkspaceId) -> Result<BTreeMap<u32, EpochKey>> {
    let mut statement = conn.prepare_cached("SELECT epoch, key FROM epoch_keys WHERE workspace = ?1")?;
    let rows = statement
        .query_map([workspace.as_bytes()], |row| Ok((row.get(0)?, EpochKey::new(Secret::new(row.get(1)?)))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Stores an epoch's key.
///
/// # Errors
/// When the write fails.
pub fn insert_epoch_key(conn: &Connection, workspace: &WorkspaceId, epoch: u32, key: &EpochKey) -> Result<()> {
    conn.execute(
        "INSERT OR IGNORE INTO epoch_keys (workspace, epoch, key) VALUES (?1, ?2, ?3)",
        (workspace.as_bytes(), epoch, &key.expose()[..]),
    )?;
    Ok(())
}

/// Stores a device that a record named, and the member's name if it has it.
///
/// # Errors
/// When the write fails.
pub fn insert_device(
    conn: &Connection,
    workspace: &WorkspaceId,
    device: &DeviceKey,
    member: &RootKey,
    name: Option<&str>,
) -> Result<()> {
    let key = (workspace.as_bytes(), device.as_bytes(), member.as_bytes());
    // A device added later is called what its member is called.
    conn.execute(
        "INSERT OR IGNORE INTO devices (workspace, device, member, name, sequence, last_id)
         VALUES (?1, ?2, ?3, coalesce(
             (SELECT name FROM devices WHERE workspace = ?1 AND member = ?3 LIMIT 1), ''), 0, zeroblob(32))",
        key,
    )?;
    if let Some(name) = name {
        conn.execute("UPDATE devices SET name = ?3 WHERE workspace = ?1 AND member = ?2", (key.0, key.2, name))?;
    }
    Ok(())
}

/// A device wrote something at this time by its own clock.
///
/// # Errors
/// When the write fails.
pub fn seen(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey, time_ms: u64) -> Result<()> {
    conn.prepare_cached("UPDATE devices SET seen_ms = max(seen_ms, ?3) WHERE workspace = ?1 AND device = ?2")?
        .execute((workspace.as_bytes(), device.as_bytes(), signed(time_ms)))?;
    Ok(())
}

/// When each device wrote last by its own clock, as far as it is known; 0 unknown.
///
/// # Errors
/// When they cannot be read.
pub fn last_seen(conn: &Connection, workspace: &WorkspaceId) -> Result<BTreeMap<DeviceKey, u64>> {
    let mut statement = conn.prepare_cached("SELECT device, seen_ms FROM devices WHERE workspace = ?1")?;
    let rows = statement.query_map([workspace.as_bytes()], |row| Ok((device_key(row, 0)?, unsigned(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How far the envelopes of each device were followed.
///
/// # Errors
/// When they cannot be read.
pub fn device_heads(conn: &Connection, workspace: &WorkspaceId) -> Result<BTreeMap<DeviceKey, (u64, Hash)>> {
    let mut statement = conn.prepare_cached("SELECT device, sequence, last_id FROM devices WHERE workspace = ?1")?;
    let rows = statement
        .query_map([workspace.as_bytes()], |row| Ok((device_key(row, 0)?, (unsigned(row, 1)?, hash(row, 2)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Moves on how far a device's envelopes were followed; never back.
///
/// # Errors
/// When the write fails.
pub fn set_device_head(
    conn: &Connection,
    workspace: &WorkspaceId,
    device: &DeviceKey,
    sequence: u64,
    last: &Hash,
) -> Result<()> {
    conn.prepare_cached(
        "UPDATE devices SET sequence = ?3, last_id = ?4
         WHERE workspace = ?1 AND device = ?2 AND sequence < ?3",
    )?
    .execute((workspace.as_bytes(), device.as_bytes(), signed(sequence), last.as_bytes()))?;
    Ok(())
}
