//! What is read, and the connections for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use drystone_wire::ids::Bytes;
use drystone_wire::log::Entry;
use drystone_wire::membership::Countersigned;
use drystone_wire::{DeviceKey, Hash, Signature, WorkspaceId, limits};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::Semaphore;

use super::{int, uint};
use crate::storage::{Closure, Standing, StoreError, Stretch};

/// Readers at work at once; more wait for their turn.
const READERS: usize = 4;

/// Connections for reading, each used by one request at a time.
#[derive(Clone)]
pub struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub fn new(path: PathBuf) -> Readers {
        Readers { path: Arc::new(path), idle: Arc::default(), turns: Arc::new(Semaphore::new(READERS)) }
    }

    /// Runs one reading function, in one transaction, on a thread that may block.
    pub async fn read<T, F>(&self, reading: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| StoreError::Stopping)?;
        let readers = self.clone();
        let work = move || {
            let _turn = turn;
            let idle = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => super::open_reader(&readers.path)?,
            };
            let transaction = connection.transaction()?;
            let result = reading(&transaction);
            transaction.finish()?;
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// Closes the idle connections, so that the writer can fold the log in.
    pub fn close(&self) {
        self.turns.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A row of `workspaces`.
pub(super) struct WorkspaceRow {
    pub number: i64,
    pub standing: Standing,
    pub bytes: u64,
    pub devices: u64,
    pub attachments: u64,
    /// Entries up to here have no envelope any more.
    pub compacted: u64,
    /// Bytes of those envelopes.
    pub freed: u64,
    pub closure: Option<Closure>,
    /// Parts of it are gone already.
    pub collecting: bool,
}

impl WorkspaceRow {
    /// The workspace, unless who runs the relay has closed it.
    pub fn open(self) -> Result<WorkspaceRow, StoreError> {
        match self.closure {
            Some(closure) => Err(StoreError::Closed(closure)),
            None => Ok(self),
        }
    }
}

pub(super) fn workspace(connection: &Connection, id: &WorkspaceId) -> Result<WorkspaceRow, StoreError> {
    connection
        .prepare_cached(
            "SELECT w.number, w.generation, w.position, w.chain, w.membership, w.bytes, w.devices, h.reason, d.due_ms,
                 coalesce(d.collecting, 0), w.attachments, w.compacted, w.freed FROM workspaces AS w LEFT JOIN holds AS h ON h.workspace = w.number
             LEFT JOIN deletions AS d ON d.workspace = w.number WHERE w.id = ?1",
        )?
        .query_row(params![id.as_bytes()], |row| {
            Ok(WorkspaceRow {
                number: row.get(0)?,
                standing: Standing {
                    generation: row.get(1)?,
                    position: uint(row.get(2)?),
                    chain: Hash(row.get(3)?),
                    membership: uint(row.get(4)?),
                },
                bytes: uint(row.get(5)?),
                devices: uint(row.get(6)?),
                closure: closure(row.get(7)?, row.get(8)?),
                collecting: row.get(9)?,
                attachments: uint(row.get(10)?),
                compacted: uint(row.get(11)?),
                freed: uint(row.get(12)?),
            })
        })
        .optional()?
        .ok_or(StoreError::NoWorkspace)
}

/// Deletion counts before suspension: it is what can still be undone.
pub(super) fn closure(reason: Option<String>, due_ms: Option<i64>) -> Option<Closure> {
    due_ms.map(|due_ms| Closure::Deleted { due_ms: uint(due_ms) }).or_else(|| reason.map(Closure::Suspended))
}

/// Where a workspace stands. One of which parts are gone is gone.
pub fn standing(connection: &Connection, id: &WorkspaceId) -> Result<Standing, StoreError> {
    match workspace(connection, id)? {
        row if row.collecting => Err(StoreError::NoWorkspace),
        row => Ok(row.standing),
    }
}

/// How many workspaces there are.
pub(super) fn workspaces(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM workspaces")?;
    Ok(uint(statement.query_row([], |row| row.get(0))?))
}

/// The log after a position: at most so many entries, and bytes unless one entry alone has more.
pub fn stretch(
    connection: &Connection,
    id: &WorkspaceId,
    after: u64,
    max_entries: u32,
    max_bytes: usize,
) -> Result<Stretch, StoreError> {
    let WorkspaceRow { number, standing, compacted, .. } = workspace(connection, id)?;
    if after < compacted {
        return Err(StoreError::Compacted { position: compacted });
    }
    let mut entries = Vec::new();
    let mut bytes = 0;
    let mut statement = connection.prepare_cached(
        "SELECT position, envelope FROM entries WHERE workspace = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
    )?;
    let mut rows = statement.query(params![number, int(after), max_entries])?;
    while let Some(row) = rows.next()? {
        let length = blob_length(row, 1)?;
        if !entries.is_empty() && bytes + length > max_bytes {
            break;
        }
        bytes += length;
        entries.push(Entry { position: uint(row.get(0)?), envelope: Bytes(row.get(1)?) });
    }
    Ok(Stretch { entries, standing })
}

/// Membership records from a position on, within the same kind of bounds, and how many there are in all.
pub fn records(
    connection: &Connection,
    id: &WorkspaceId,
    from: u64,
    max_records: u32,
    max_bytes: usize,
) -> Result<(Vec<Countersigned>, u64), StoreError> {
    let WorkspaceRow { number, standing, .. } = workspace(connection, id)?;
    let mut records = Vec::new();
    let mut bytes = 0;
    let mut statement = connection.prepare_cached(
        "SELECT record, countersignature FROM records WHERE workspace = ?1 AND position >= ?2
         ORDER BY position LIMIT ?3",
    )?;
    let mut rows = statement.query(params![number, int(from), max_records])?;
    while let Some(row) = rows.next()? {
        let length = blob_length(row, 0)?;
        if !records.is_empty() && bytes + length > max_bytes {
            break;
        }
        bytes += length;
        records.push(countersigned(row)?);
    }
    Ok((records, standing.membership))
}

/// The record at a position, with its hash.
pub fn record_at(
    connection: &Connection,
    id: &WorkspaceId,
    position: u64,
) -> Result<Option<(Hash, Countersigned)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.record, r.countersignature, r.hash FROM records AS r
         JOIN workspaces AS w ON w.number = r.workspace WHERE w.id = ?1 AND r.position = ?2",
    )?;
    let found = statement
        .query_row(params![id.as_bytes(), int(position)], |row| Ok((Hash(row.get(2)?), countersigned(row)?)))
        .optional()?;
    Ok(found)
}

/// The workspaces that a recovery kit leads back into, oldest first; closed ones too, since
/// whoever asks is told then why they cannot be read.
pub fn recoverable(connection: &Connection, key: &DeviceKey) -> Result<Vec<WorkspaceId>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT w.id FROM recovery AS r JOIN workspaces AS w ON w.number = r.workspace
         WHERE r.key = ?1 ORDER BY w.number LIMIT ?2",
    )?;
    let limit = limits::RECOVERABLE as i64;
    let rows = query.query_map(params![key.as_bytes(), limit], |row| row.get(0).map(WorkspaceId))?;
    rows.map(|row| row.map_err(StoreError::from)).collect()
}

fn countersigned(row: &Row<'_>) -> Result<Countersigned, rusqlite::Error> {
    Ok(Countersigned { record: Bytes(row.get(0)?), signature: Signature(row.get(1)?) })
}

fn blob_length(row: &Row<'_>, column: usize) -> Result<usize, rusqlite::Error> {
    Ok(row.get_ref(column)?.as_blob()?.len())
}
