//! What is written. Each function runs inside the writer's transaction; when
//! one refuses, the writer takes back what it had done so far.

use drystone_wire::ids::Bytes;
use drystone_wire::log::{Stored, chain_next, chain_start};
use drystone_wire::membership::Countersigned;
use drystone_wire::{DeviceKey, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, params};

use super::read::{self, WorkspaceRow};
use super::{admin, int, uint};
use crate::storage::{AppendedEntries, NewEntry, NewRecord, Placed, Quotas, Standing, StoreError};

/// The generation that a new log starts with.
const FIRST_GENERATION: u32 = 1;

/// Appends envelopes, all or none. `membership` is the number of records that
/// the request was checked against.
pub fn append(
    connection: &Connection,
    id: &WorkspaceId,
    membership: u64,
    entries: &[NewEntry],
    quotas: &Quotas,
    now_ms: u64,
) -> Result<AppendedEntries, StoreError> {
    let WorkspaceRow { number, mut standing, bytes, .. } = read::workspace(connection, id)?.open()?;
    if standing.membership != membership {
        return Err(StoreError::MembershipMoved);
    }
    let quotas = admin::quotas_of(connection, number, &quotas.each)?;
    let before = standing.position;
    let mut new_bytes = 0;
    let mut stored = Vec::with_capacity(entries.len());
    let mut device: Option<DeviceRow> = None;
    for entry in entries {
        let mut row = match device.take().filter(|row| row.device == entry.device) {
            Some(row) => row,
            None => device_row(connection, number, &entry.device)?,
        };
        match already_stored(connection, &row, entry)? {
            Some(position) => stored.push(Stored { id: entry.id, position }),
            None => {
                follows(&row, entry)?;
                standing.position += 1;
                new_bytes += entry.envelope.len() as u64;
                check("envelopes", before, standing.position - before, quotas.entries)?;
                check("bytes", bytes, new_bytes, quotas.bytes)?;
                insert_entry(connection, number, &row, standing.position, entry)?;
                standing.chain = chain_next(&standing.chain, &entry.id);
                (row.sequence, row.last_id) = (entry.sequence, entry.id);
                update_device(connection, &row)?;
                stored.push(Stored { id: entry.id, position: standing.position });
            }
        }
        device = Some(row);
    }
    let new = standing.position - before;
    if new > 0 {
        connection
            .prepare_cached(
                "UPDATE workspaces SET position = ?2, chain = ?3, bytes = ?4, active_ms = ?5 WHERE number = ?1",
            )?
            .execute(params![
                number,
                int(standing.position),
                standing.chain.as_bytes(),
                int(bytes + new_bytes),
                int(now_ms)
            ])?;
    }
    Ok(AppendedEntries { stored, new, new_bytes, standing })
}

/// Where a device's chain of envelopes ends.
struct DeviceRow {
    number: i64,
    device: DeviceKey,
    sequence: u64,
    last_id: Hash,
}

fn device_row(connection: &Connection, workspace: i64, device: &DeviceKey) -> Result<DeviceRow, StoreError> {
    let found = connection
        .prepare_cached("SELECT number, sequence, last_id FROM devices WHERE workspace = ?1 AND device = ?2")?
        .query_row(params![workspace, device.as_bytes()], |row| {
            let (number, sequence, last_id) = (row.get(0)?, uint(row.get(1)?), Hash(row.get(2)?));
            Ok(DeviceRow { number, device: *device, sequence, last_id })
        })
        .optional()?;
    if let Some(row) = found {
        return Ok(row);
    }
    connection
        .prepare_cached("INSERT INTO devices (workspace, device, sequence, last_id) VALUES (?1, ?2, 0, ?3)")?
        .execute(params![workspace, device.as_bytes(), Hash::ZERO.as_bytes()])?;
    Ok(DeviceRow { number: connection.last_insert_rowid(), device: *device, sequence: 0, last_id: Hash::ZERO })
}

/// The position of an envelope that is there already; the id covers every byte that counts.
fn already_stored(connection: &Connection, row: &DeviceRow, entry: &NewEntry) -> Result<Option<u64>, StoreError> {
    if entry.sequence == 0 || entry.sequence > row.sequence {
        return Ok(None);
    }
    let (id, position) = connection
        .prepare_cached("SELECT id, position FROM entries WHERE device = ?1 AND sequence = ?2")?
        .query_row(params![row.number, int(entry.sequence)], |row| Ok((Hash(row.get(0)?), uint(row.get(1)?))))?;
    if id == entry.id {
        Ok(Some(position))
    } else {
        Err(StoreError::SequenceConflict { sequence: entry.sequence, reason: "is taken by another envelope" })
    }
}

fn follows(row: &DeviceRow, entry: &NewEntry) -> Result<(), StoreError> {
    let expected = row.sequence + 1;
    if entry.sequence != expected {
        return Err(StoreError::SequenceGap { got: entry.sequence, expected });
    }
    if entry.previous != row.last_id {
        let reason = "names another envelope before it than the one that is stored";
        return Err(StoreError::SequenceConflict { sequence: entry.sequence, reason });
    }
    Ok(())
}

/// Whether there is room for more under a quota.
pub(super) fn check(what: &'static str, used: u64, more: u64, limit: u64) -> Result<(), StoreError> {
    if used.saturating_add(more) > limit { Err(StoreError::Quota { what, used, more, limit }) } else { Ok(()) }
}

fn insert_entry(
    connection: &Connection,
    workspace: i64,
    row: &DeviceRow,
    position: u64,
    entry: &NewEntry,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO entries (workspace, position, id, device, sequence, envelope) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            workspace,
            int(position),
            entry.id.as_bytes(),
            row.number,
            int(entry.sequence),
            entry.envelope
        ])?;
    Ok(())
}

fn update_device(connection: &Connection, row: &DeviceRow) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE devices SET sequence = ?2, last_id = ?3 WHERE number = ?1")?.execute(params![
        row.number,
        int(row.sequence),
        row.last_id.as_bytes()
    ])?;
    Ok(())
}

/// Creates a workspace from its first record, or finds it.
pub fn create(connection: &Connection, record: &NewRecord, quotas: &Quotas) -> Result<Placed, StoreError> {
    match read::workspace(connection, &record.workspace) {
        Ok(row) => return place_at(connection, &row.open()?, record),
        Err(StoreError::NoWorkspace) => {}
        Err(other) => return Err(other),
    }
    check("workspaces at this relay", read::workspaces(connection)?, 1, quotas.workspaces)?;
    check("devices", 0, record.devices, quotas.each.devices)?;
    check("bytes", 0, record.record.len() as u64, quotas.each.bytes)?;
    // Devices that knew the log before it was deleted must notice that it began anew.
    let generation = admin::gone(connection, &record.workspace)?.map_or(FIRST_GENERATION, |(last, _)| last + 1);
    let standing =
        Standing { generation, position: 0, chain: chain_start(&record.workspace, generation), membership: 1 };
    connection
        .prepare_cached(
            "INSERT INTO workspaces
                 (id, generation, position, chain, membership, bytes, created_ms, active_ms, members, devices)
             VALUES (?1, ?2, 0, ?3, 1, ?4, ?5, ?5, ?6, ?7)",
        )?
        .execute(params![
            record.workspace.as_bytes(),
            standing.generation,
            standing.chain.as_bytes(),
            int(record.record.len() as u64),
            int(record.received_ms),
            int(record.members),
            int(record.devices)
        ])?;
    insert_record(connection, connection.last_insert_rowid(), record)?;
    Ok(Placed::Here { countersigned: countersigned(record), standing })
}

/// What the devices that a record takes out have written, its author has read.
fn check_read(connection: &Connection, workspace: i64, record: &NewRecord) -> Result<(), StoreError> {
    let mut last = connection.prepare_cached(
        "SELECT e.position FROM devices AS d JOIN entries AS e ON e.device = d.number AND e.sequence = d.sequence
         WHERE d.workspace = ?1 AND d.device = ?2",
    )?;
    for device in &record.removed {
        let position: Option<i64> =
            last.query_row(params![workspace, device.as_bytes()], |row| row.get(0)).optional()?;
        if let Some(position) =
            position.map(|position| position.cast_unsigned()).filter(|position| *position > record.seen)
        {
            return Err(StoreError::LogMoved { device: *device, position });
        }
    }
    Ok(())
}

/// Puts a record at its position, if that is the next one, or finds it there.
pub fn place(connection: &Connection, record: &NewRecord, quotas: &Quotas) -> Result<Placed, StoreError> {
    let row = read::workspace(connection, &record.workspace)?.open()?;
    if record.position != row.standing.membership + 1 {
        return place_at(connection, &row, record);
    }
    check_read(connection, row.number, record)?;
    let more = record.record.len() as u64;
    // Taking a device out is always possible: a full workspace must not keep anybody in.
    if record.devices >= row.devices {
        let quotas = admin::quotas_of(connection, row.number, &quotas.each)?;
        check("bytes", row.bytes, more, quotas.bytes)?;
        if record.devices > row.devices {
            check("devices", row.devices, record.devices - row.devices, quotas.devices)?;
        }
    }
    insert_record(connection, row.number, record)?;
    connection
        .prepare_cached(
            "UPDATE workspaces SET membership = ?2, bytes = ?3, members = ?4, devices = ?5, active_ms = ?6
             WHERE number = ?1",
        )?
        .execute(params![
            row.number,
            int(record.position),
            int(row.bytes + more),
            int(record.members),
            int(record.devices),
            int(record.received_ms)
        ])?;
    let standing = Standing { membership: record.position, ..row.standing };
    Ok(Placed::Here { countersigned: countersigned(record), standing })
}

fn place_at(connection: &Connection, row: &WorkspaceRow, record: &NewRecord) -> Result<Placed, StoreError> {
    match read::record_at(connection, &record.workspace, record.position)? {
        Some((hash, countersigned)) if hash == record.hash => {
            Ok(Placed::Here { countersigned, standing: row.standing })
        }
        _ => Ok(Placed::Moved { membership: row.standing.membership }),
    }
}

fn insert_record(connection: &Connection, workspace: i64, record: &NewRecord) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO records (workspace, position, hash, record, countersignature, received_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            workspace,
            int(record.position),
            record.hash.as_bytes(),
            record.record,
            record.countersignature.as_bytes(),
            int(record.received_ms)
        ])?;
    match &record.recovery {
        Some(keys) => replace_recovery(connection, workspace, keys),
        None => Ok(()),
    }
}

fn replace_recovery(connection: &Connection, workspace: i64, keys: &[DeviceKey]) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM recovery WHERE workspace = ?1")?.execute([workspace])?;
    let mut insert = connection.prepare_cached("INSERT INTO recovery (workspace, key) VALUES (?1, ?2)")?;
    for key in keys {
        insert.execute(params![workspace, key.as_bytes()])?;
    }
    Ok(())
}

fn countersigned(record: &NewRecord) -> Countersigned {
    Countersigned { record: Bytes(record.record.clone()), signature: record.countersignature }
}
