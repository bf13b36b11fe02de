//! Envelopes as they were signed, one's own and others', so that bundles can
//! pass them on and a relay gets them later.

use drystone_wire::bundle::DeviceHead;
use drystone_wire::{DeviceKey, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension};

use super::{device_key, hash, signed, unsigned};
use crate::error::Result;

/// An envelope that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its device.
    pub device: DeviceKey,
    /// The device's count.
    pub sequence: u64,
    /// Its id.
    pub id: Hash,
    /// Its bytes.
    pub envelope: Vec<u8>,
}

/// Keeps an envelope; `stored` when the relay has it.
///
/// # Errors
/// When the write fails.
pub fn insert(conn: &Connection, workspace: &WorkspaceId, kept: &Kept, stored: bool) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO kept (workspace, device, sequence, id, envelope, stored) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (workspace, device, sequence) DO UPDATE SET stored = max(stored, excluded.stored)
         WHERE id = excluded.id",
    )?
    .execute((
        workspace.as_bytes(),
        kept.device.as_bytes(),
        signed(kept.sequence),
        kept.id.as_bytes(),
        &kept.envelope,
        stored,
    ))?;
    Ok(())
}

/// The id of the envelope with this number of a device.
///
/// # Errors
/// When it cannot be read.
pub fn id_of(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey, sequence: u64) -> Result<Option<Hash>> {
    let sql = "SELECT id FROM kept WHERE workspace = ?1 AND device = ?2 AND sequence = ?3";
    let key = (workspace.as_bytes(), device.as_bytes(), signed(sequence));
    Ok(conn.prepare_cached(sql)?.query_row(key, |row| hash(row, 0)).optional()?)
}

/// The relay has an envelope.
///
/// # Errors
/// When the write fails.
pub fn set_stored(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey, sequence: u64) -> Result<()> {
    let sql = "UPDATE kept SET stored = 1 WHERE workspace = ?1 AND device = ?2 AND sequence = ?3 AND stored = 0";
    conn.prepare_cached(sql)?.execute((workspace.as_bytes(), device.as_bytes(), signed(sequence)))?;
    Ok(())
}

/// Whether this is the envelope with this number of a device, as far as it can
/// be told: one that a snapshot stands for is not here to compare.
///
/// # Errors
/// When it cannot be read.
pub fn holds(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey, sequence: u64, id: &Hash) -> Result<bool> {
    if let Some(known) = id_of(conn, workspace, device, sequence)? {
        return Ok(known == *id);
    }
    let base = super::snapshots::base_heads(conn, workspace)?;
    Ok(base.get(device).is_some_and(|(last, last_id)| *last > sequence || (*last == sequence && last_id == id)))
}

/// Each device's last envelope, ordered by device: one that is kept, or the last
/// that a snapshot stands for.
///
/// # Errors
/// When they cannot be read.
pub fn heads(conn: &Connection, workspace: &WorkspaceId) -> Result<Vec<DeviceHead>> {
    let mut heads: std::collections::BTreeMap<DeviceKey, DeviceHead> =
        last_kept(conn, workspace)?.into_iter().map(|head| (head.device, head)).collect();
    for (device, (sequence, id)) in super::snapshots::base_heads(conn, workspace)? {
        let head = heads.entry(device).or_insert(DeviceHead { device, sequence, id });
        if head.sequence < sequence {
            *head = DeviceHead { device, sequence, id };
        }
    }
    Ok(heads.into_values().filter(|head| head.sequence > 0).collect())
}

fn last_kept(conn: &Connection, workspace: &WorkspaceId) -> Result<Vec<DeviceHead>> {
    // Of a bare column, SQLite takes the value from the row that has the maximum.
    let sql = "SELECT device, max(sequence), id FROM kept WHERE workspace = ?1 GROUP BY device ORDER BY device";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([workspace.as_bytes()], |row| {
        Ok(DeviceHead { device: device_key(row, 0)?, sequence: unsigned(row, 1)?, id: hash(row, 2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Hands all envelopes to `each`, every one after those it may build on.
///
/// # Errors
/// When they cannot be read, or what `each` returns.
pub fn each(conn: &Connection, workspace: &WorkspaceId, mut each: impl FnMut(Kept) -> Result<()>) -> Result<()> {
    let sql = "SELECT device, sequence, id, envelope FROM kept WHERE workspace = ?1 ORDER BY number";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([workspace.as_bytes()])?;
    while let Some(row) = rows.next()? {
        each(read(row)?)?;
    }
    Ok(())
}

/// Hands number and id of all envelopes to `each`.
///
/// # Errors
/// When they cannot be read.
pub fn ids(conn: &Connection, workspace: &WorkspaceId, mut each: impl FnMut(i64, Hash)) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT number, id FROM kept WHERE workspace = ?1")?;
    let mut rows = statement.query([workspace.as_bytes()])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, hash(row, 1)?);
    }
    Ok(())
}

/// Hands all envelopes to `each` in each device's order, with whether the relay has them.
///
/// # Errors
/// When they cannot be read, or what `each` returns.
pub fn each_with_state(
    conn: &Connection,
    workspace: &WorkspaceId,
    mut each: impl FnMut(Kept, bool) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT device, sequence, id, envelope, stored FROM kept WHERE workspace = ?1 ORDER BY device, sequence";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([workspace.as_bytes()])?;
    while let Some(row) = rows.next()? {
        each(read(row)?, row.get(4)?)?;
    }
    Ok(())
}

/// The envelope with this number.
///
/// # Errors
/// When it cannot be read.
pub fn numbered(conn: &Connection, number: i64) -> Result<Kept> {
    let sql = "SELECT device, sequence, id, envelope FROM kept WHERE number = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([number], read)?)
}

/// An envelope by its id, if it is here.
///
/// # Errors
/// When it cannot be read.
pub fn of_id(conn: &Connection, workspace: &WorkspaceId, id: &Hash) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT envelope FROM kept WHERE workspace = ?1 AND id = ?2";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes(), id.as_bytes()], |row| row.get(0)).optional()?)
}

/// The first envelopes that the relay lacks, as far as this knows, up to a
/// number and a size together; at least one when there is one.
///
/// # Errors
/// When they cannot be read.
pub fn unsent(conn: &Connection, workspace: &WorkspaceId, limit: usize, bytes: usize) -> Result<Vec<Kept>> {
    let sql = "SELECT device, sequence, id, envelope FROM kept WHERE workspace = ?1 AND stored = 0
               ORDER BY number LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query((workspace.as_bytes(), signed(limit as u64)))?;
    let (mut batch, mut total) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let kept = read(row)?;
        total += kept.envelope.len() + super::outbox::ENTRY_OVERHEAD;
        if total > bytes && !batch.is_empty() {
            break;
        }
        batch.push(kept);
    }
    Ok(batch)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { device: device_key(row, 0)?, sequence: unsigned(row, 1)?, id: hash(row, 2)?, envelope: row.get(3)? })
}
