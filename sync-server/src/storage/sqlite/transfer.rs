//! Copies of the database: a whole one while the relay runs, and one workspace
//! back out of it. A workspace comes back in bounded steps, each a whole
//! prefix, so that a restore that breaks off leaves nothing half-done.

use std::time::Duration;

use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, Hash, Signature, WorkspaceId};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use super::roster::recovery_keys;
use super::{admin, blobs, int, read, roster, snapshots, uint, write};
use crate::storage::chunks::Chunks;
use crate::storage::{NewEntry, NewRecord, Placed, Quotas, StoreError, WorkspaceQuotas};

/// Bytes of envelopes or records that one step takes over.
const STEP_BYTES: usize = 4 << 20;
/// Rows that one step takes over.
const STEP_ROWS: u32 = 200;
/// How long a copy waits while the database is locked, before it tries again.
const LOCKED_PAUSE: Duration = Duration::from_millis(50);
/// What one workspace may store while it comes back: it was allowed once.
const UNLIMITED: Quotas = Quotas {
    workspaces: u64::MAX,
    each: WorkspaceQuotas { bytes: u64::MAX, entries: u64::MAX, devices: u64::MAX, attachments: u64::MAX },
};

/// Copies a database as it stands at one moment; it may be written to meanwhile.
pub fn copy(from: &Connection, to: &mut Connection) -> Result<(), StoreError> {
    let backup = Backup::new(from, to)?;
    loop {
        // All pages in one step see one state. In parts, every write between them would start it over.
        match backup.step(-1)? {
            StepResult::Done => return Ok(()),
            _ => std::thread::sleep(LOCKED_PAUSE),
        }
    }
}

/// Makes a copy a backup: one file, with the key that belongs to it.
pub fn seal(copy: &Connection, secret: &[u8; 32], now_ms: u64) -> Result<(), StoreError> {
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))?;
    copy.execute_batch(
        "CREATE TABLE backup (one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1), secret BLOB NOT NULL, \
         made_ms INTEGER NOT NULL) STRICT; \
         CREATE TABLE backup_chunks (workspace BLOB NOT NULL, blob BLOB NOT NULL, chunk INTEGER NOT NULL, \
         bytes BLOB NOT NULL, PRIMARY KEY (workspace, blob, chunk)) STRICT;",
    )?;
    copy.execute("INSERT INTO backup (one, secret, made_ms) VALUES (1, ?1, ?2)", params![secret, int(now_ms)])?;
    Ok(())
}

/// Puts the attachments' chunks into a backup.
pub fn pack(copy: &Connection, chunks: &Chunks) -> Result<(), StoreError> {
    for id in admin::ids(copy)? {
        for row in blobs::of_workspace(copy, &id)? {
            copy.execute_batch("BEGIN")?;
            let mut missing = row.removing;
            for index in 0..row.manifest.chunks.len() {
                match chunks.get(&id, &row.blob, index)? {
                    Some(bytes) => {
                        copy.prepare_cached("INSERT INTO backup_chunks VALUES (?1, ?2, ?3, ?4)")?.execute(params![
                            id.as_bytes(),
                            row.blob.as_bytes(),
                            index as i64,
                            bytes
                        ])?;
                    }
                    None => missing |= row.whole,
                }
            }
            // Its grace ended while this copy was made.
            if missing && (row.removing || row.marked_ms > 0) {
                let delete = "DELETE FROM backup_chunks WHERE workspace = ?1 AND blob = ?2";
                copy.execute(delete, params![id.as_bytes(), row.blob.as_bytes()])?;
                blobs::forget(copy, &id, &row.blob)?;
            }
            copy.execute_batch("COMMIT")?;
        }
    }
    Ok(())
}

/// A chunk in a backup.
pub fn packed(backup: &Connection, id: &WorkspaceId, blob: &Hash, index: usize) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement =
        backup.prepare_cached("SELECT bytes FROM backup_chunks WHERE workspace = ?1 AND blob = ?2 AND chunk = ?3")?;
    Ok(statement.query_row(params![id.as_bytes(), blob.as_bytes(), index as i64], |row| row.get(0)).optional()?)
}

/// Puts a workspace's chunks from a backup into files.
pub fn unpack(backup: &Connection, id: &WorkspaceId, chunks: &Chunks) -> Result<(), StoreError> {
    for row in blobs::of_workspace(backup, id)? {
        for index in 0..row.manifest.chunks.len() {
            if let Some(bytes) = packed(backup, id, &row.blob, index)? {
                chunks.put(id, &row.blob, index, &bytes)?;
            }
        }
    }
    Ok(())
}

/// What makes a copy a backup.
pub struct Sealed {
    /// The relay's signing key.
    pub secret: Zeroizing<[u8; 32]>,
    /// When it was made, milliseconds since 1970.
    pub made_ms: u64,
}

/// The key in a backup and when it was made; `None` when the file is no backup.
pub fn sealed(backup: &Connection) -> Result<Option<Sealed>, StoreError> {
    let there: i64 =
        backup.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'backup'", [], |row| row.get(0))?;
    if there == 0 {
        return Ok(None);
    }
    let select = "SELECT secret, made_ms FROM backup WHERE one = 1";
    let row = backup
        .query_row(select, [], |row| Ok(Sealed { secret: Zeroizing::new(row.get(0)?), made_ms: uint(row.get(1)?) }));
    Ok(row.optional()?)
}

/// Takes the key out of a restored copy again: it lies in a file beside it.
pub fn unseal(copy: &Connection) -> Result<(), StoreError> {
    let chunks: i64 = copy.query_row("SELECT count(*) FROM backup_chunks", [], |row| row.get(0))?;
    copy.execute_batch("DROP TABLE backup_chunks; PRAGMA secure_delete = ON; DROP TABLE backup;")?;
    if chunks > 0 {
        copy.execute_batch("VACUUM;")?;
    }
    Ok(())
}

/// How a workspace in the store compares with the one in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// The store has none.
    Missing,
    /// The store has a beginning of what the backup has.
    Behind,
    /// The store has all of it, perhaps more.
    Whole,
    /// Both went on from a common beginning in different ways.
    Diverged,
}

/// Compares a workspace in the store with the one in a backup.
pub fn compare(store: &Connection, backup: &Connection, id: &WorkspaceId) -> Result<Compared, StoreError> {
    let there = match read::workspace(store, id) {
        Ok(row) => row.standing,
        Err(StoreError::NoWorkspace) => return Ok(Compared::Missing),
        Err(error) => return Err(error),
    };
    let kept = read::standing(backup, id)?;
    let common = there.position.min(kept.position);
    let records = there.membership.min(kept.membership);
    let hash_at = |connection, position| read::record_at(connection, id, position).map(|found| found.map(|it| it.0));
    let same = there.generation == kept.generation
        && chain_at(store, id, there.generation, common)? == chain_at(backup, id, kept.generation, common)?
        && hash_at(store, records)? == hash_at(backup, records)?;
    Ok(match () {
        () if !same => Compared::Diverged,
        () if there.position < kept.position || there.membership < kept.membership => Compared::Behind,
        () => Compared::Whole,
    })
}

fn chain_at(connection: &Connection, id: &WorkspaceId, generation: u32, position: u64) -> Result<Hash, StoreError> {
    let number = read::workspace(connection, id)?.number;
    let mut statement = connection
        .prepare_cached("SELECT id FROM entries WHERE workspace = ?1 AND position <= ?2 ORDER BY position")?;
    let mut rows = statement.query(params![number, int(position)])?;
    let mut chain = chain_start(id, generation);
    while let Some(row) = rows.next()? {
        chain = chain_next(&chain, &Hash(row.get(0)?));
    }
    Ok(chain)
}

/// Puts the first record of a workspace into the store, held back until everything is there.
pub fn begin(store: &Connection, backup: &Connection, id: &WorkspaceId, now_ms: u64) -> Result<(), StoreError> {
    if let Err(StoreError::NoWorkspace) = read::workspace(store, id) {
        let first = record(backup, id, 1, &Roster::create(&stored_record(backup, id, 1)?.0).map_err(damaged)?)?;
        write::create(store, &first, &UNLIMITED)?;
        let kept = read::standing(backup, id)?;
        store.execute(
            "UPDATE workspaces SET generation = ?2, chain = ?3,
                 created_ms = ?4, active_ms = ?4 WHERE id = ?1",
            params![
                id.as_bytes(),
                kept.generation,
                chain_start(id, kept.generation).as_bytes(),
                int(created_ms(backup, id)?)
            ],
        )?;
        store.execute("DELETE FROM gone WHERE id = ?1", params![id.as_bytes()])?;
    }
    admin::hold(store, id, "it is being restored from a backup; try again later", true, now_ms)
}

/// Takes over the next part. False when everything is there.
pub fn step(store: &Connection, backup: &Connection, id: &WorkspaceId) -> Result<bool, StoreError> {
    // The hold is lifted for as long as this transaction lasts, which nobody else sees.
    let held = store.query_row(
        "DELETE FROM holds WHERE workspace = (SELECT number FROM workspaces WHERE id = ?1) RETURNING reason, since_ms",
        params![id.as_bytes()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let more = records_step(store, backup, id)? || entries_step(store, backup, id)?;
    admin::hold(store, id, &held.0, true, uint(held.1))?;
    Ok(more)
}

fn records_step(store: &Connection, backup: &Connection, id: &WorkspaceId) -> Result<bool, StoreError> {
    let (mut after, standing) = roster::load(store, id)?;
    let (next, _) = read::records(backup, id, standing.membership + 1, STEP_ROWS, STEP_BYTES)?;
    for countersigned in &next {
        after.apply(&countersigned.record.0).map_err(damaged)?;
        let record = record(backup, id, after.position, &after)?;
        match write::place(store, &record, &UNLIMITED)? {
            Placed::Here { .. } => {}
            Placed::Moved { .. } => return Err(StoreError::Damaged(format!("record {} moved", after.position))),
        }
    }
    Ok(!next.is_empty())
}

fn entries_step(store: &Connection, backup: &Connection, id: &WorkspaceId) -> Result<bool, StoreError> {
    let standing = read::standing(store, id)?;
    let kept = read::workspace(backup, id)?;
    let mut statement = backup.prepare_cached(
        "SELECT e.id, d.device, e.sequence, e.envelope,
             coalesce((SELECT p.id FROM entries AS p WHERE p.device = e.device AND p.sequence = e.sequence - 1), zeroblob(32))
         FROM entries AS e JOIN devices AS d ON d.number = e.device
         WHERE e.workspace = ?1 AND e.position > ?2 ORDER BY e.position LIMIT ?3",
    )?;
    let mut rows = statement.query(params![kept.number, int(standing.position), STEP_ROWS])?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let entry = NewEntry {
            id: Hash(row.get(0)?),
            device: DeviceKey(row.get(1)?),
            sequence: uint(row.get(2)?),
            previous: Hash(row.get(4)?),
            envelope: row.get(3)?,
        };
        bytes += entry.envelope.len();
        if bytes > STEP_BYTES && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        return Ok(false);
    }
    let active_ms = super::admin::summary(backup, id)?.active_ms;
    write::append(store, id, standing.membership, &entries, &UNLIMITED, active_ms)?;
    Ok(true)
}

/// Puts back how far the log was compacted in a backup, and the snapshots that
/// stand for it. Their contents are there already.
pub fn put_back_snapshots(store: &Connection, backup: &Connection, id: &WorkspaceId) -> Result<(), StoreError> {
    let (here, kept) = (read::workspace(store, id)?, read::workspace(backup, id)?);
    for it in snapshots::of_workspace(backup, kept.number)? {
        store.execute(
            "INSERT OR IGNORE INTO snapshots
                 (workspace, snapshot, author, position, chain, blob, offer, bytes, offered_ms, confirmed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                here.number,
                it.snapshot.as_bytes(),
                it.author.as_bytes(),
                int(it.position),
                it.chain.as_bytes(),
                it.blob.as_bytes(),
                it.offer,
                int(it.bytes),
                int(it.offered_ms),
                int(it.confirmed_ms)
            ],
        )?;
    }
    let mut statement =
        backup.prepare("SELECT snapshot, device, contained, verdict FROM verdicts WHERE workspace = ?1")?;
    let mut rows = statement.query(params![kept.number])?;
    while let Some(row) = rows.next()? {
        let (snapshot, device, contained): ([u8; 32], [u8; 32], bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        store.execute(
            "INSERT OR IGNORE INTO verdicts (workspace, snapshot, device, contained, verdict) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![here.number, snapshot, device, contained, row.get::<_, Vec<u8>>(3)?],
        )?;
    }
    // Marks are made anew by the next confirmation, with a whole grace.
    store.execute(
        "UPDATE workspaces SET compacted = max(compacted, ?2), stripped = max(stripped, ?3), freed = max(freed, ?4)
         WHERE number = ?1",
        params![here.number, int(kept.compacted), int(stripped(backup, kept.number)?), int(kept.freed)],
    )?;
    Ok(())
}

fn stripped(connection: &Connection, number: i64) -> Result<u64, StoreError> {
    let select = "SELECT stripped FROM workspaces WHERE number = ?1";
    Ok(uint(connection.query_row(select, params![number], |row| row.get(0))?))
}

fn stored_record(
    backup: &Connection,
    id: &WorkspaceId,
    position: u64,
) -> Result<(Vec<u8>, Signature, Hash), StoreError> {
    let (hash, countersigned) = read::record_at(backup, id, position)?.ok_or(StoreError::NoWorkspace)?;
    Ok((countersigned.record.0, countersigned.signature, hash))
}

/// A record of a backup on its way back; the roster is the one after it.
fn record(backup: &Connection, id: &WorkspaceId, position: u64, after: &Roster) -> Result<NewRecord, StoreError> {
    let (record, countersignature, hash) = stored_record(backup, id, position)?;
    let received_ms = backup.query_row(
        "SELECT r.received_ms FROM records AS r JOIN workspaces AS w ON w.number = r.workspace
         WHERE w.id = ?1 AND r.position = ?2",
        params![id.as_bytes(), int(position)],
        |row| row.get(0).map(uint),
    )?;
    let (members, devices) = (after.members.len() as u64, after.devices.len() as u64);
    Ok(NewRecord {
        workspace: *id,
        position,
        hash,
        record,
        countersignature,
        received_ms,
        members,
        devices,
        removed: Vec::new(),
        seen: u64::MAX,
        recovery: Some(recovery_keys(after)),
    })
}

fn created_ms(backup: &Connection, id: &WorkspaceId) -> Result<u64, StoreError> {
    Ok(admin::summary(backup, id)?.created_ms)
}

fn damaged(cause: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(cause.to_string())
}
