//! What who runs the relay decides about workspaces, and what is told about
//! them: sizes and counts, never content. Each function runs inside its
//! caller's transaction, which the running relay and the command line both make.

use drystone_wire::WorkspaceId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{blobs, int, read, roster, snapshots, uint};
use crate::storage::chunks::Chunks;
use crate::storage::{Closure, StoreError, WorkspaceQuotas};

/// Entries or records that one step of collecting deletes, so that appends wait
/// for no more than that.
const COLLECTED_ROWS: u32 = 128;

/// A quota that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    Bytes,
    Entries,
    Devices,
    Attachments,
}

impl Quota {
    fn name(self) -> &'static str {
        match self {
            Quota::Bytes => "bytes",
            Quota::Entries => "entries",
            Quota::Devices => "devices",
            Quota::Attachments => "attachments",
        }
    }
}

/// Whether a workspace is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Open,
    Suspended,
    /// A restore fills it, or broke off while it did.
    Restoring,
    /// Deleted, and can be had back until it is due.
    Deleted,
    /// Deleted and being removed for good.
    Collecting,
}

/// What is told about a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub workspace: String,
    pub state: State,
    /// Why it is suspended; empty where it is not.
    pub reason: String,
    /// When a deleted one is removed for good, milliseconds since 1970.
    pub due_ms: Option<u64>,
    pub bytes: u64,
    pub entries: u64,
    pub records: u64,
    pub members: u64,
    pub devices: u64,
    /// Bytes of attachments.
    pub attachments: u64,
    pub generation: u32,
    /// Entries up to here have no envelope any more.
    pub compacted: u64,
    /// Bytes of those envelopes.
    pub freed: u64,
    /// Snapshots, and how many of them are confirmed.
    pub snapshots: u64,
    pub confirmed: u64,
    /// Up to where envelopes will be deleted next, and since when; 0 when nothing is marked.
    pub marked: u64,
    pub marked_ms: u64,
    pub created_ms: u64,
    /// When something was last written.
    pub active_ms: u64,
    pub quota: Allowed,
}

/// The quotas that count for a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Allowed {
    pub bytes: u64,
    pub entries: u64,
    pub devices: u64,
    pub attachments: u64,
    /// Which of them are the workspace's own.
    pub own: Vec<String>,
}

/// How often something here was changed.
pub fn version(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT version FROM administration WHERE one = 1")?;
    Ok(uint(statement.query_row([], |row| row.get(0))?))
}

/// Says that something was changed.
pub fn changed(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("UPDATE administration SET version = version + 1", [])?;
    Ok(())
}

/// Remembers the quotas that the relay was started with, for whoever asks while it runs.
pub fn set_defaults(connection: &Connection, each: &WorkspaceQuotas) -> Result<(), StoreError> {
    let update = "UPDATE administration SET default_bytes = ?1, default_entries = ?2, default_devices = ?3,
        default_attachments = ?4";
    connection
        .execute(update, params![int(each.bytes), int(each.entries), int(each.devices), int(each.attachments)])?;
    Ok(())
}

pub fn defaults(connection: &Connection) -> Result<WorkspaceQuotas, StoreError> {
    let select =
        "SELECT default_bytes, default_entries, default_devices, default_attachments FROM administration WHERE one = 1";
    Ok(connection.query_row(select, [], |row| {
        Ok(WorkspaceQuotas {
            bytes: uint(row.get(0)?),
            entries: uint(row.get(1)?),
            devices: uint(row.get(2)?),
            attachments: uint(row.get(3)?),
        })
    })?)
}

/// The quotas of a workspace: its own, or the default's.
pub fn quotas_of(connection: &Connection, number: i64, each: &WorkspaceQuotas) -> Result<WorkspaceQuotas, StoreError> {
    own_quotas(connection, number, each).map(|(quotas, _)| quotas)
}

fn own_quotas(
    connection: &Connection,
    number: i64,
    each: &WorkspaceQuotas,
) -> Result<(WorkspaceQuotas, Vec<String>), StoreError> {
    let (mut quotas, mut own) = (*each, Vec::new());
    let mut statement =
        connection.prepare_cached("SELECT what, most FROM quotas WHERE workspace = ?1 ORDER BY what")?;
    let mut rows = statement.query(params![number])?;
    while let Some(row) = rows.next()? {
        let (what, most): (String, i64) = (row.get(0)?, row.get(1)?);
        match what.as_str() {
            "bytes" => quotas.bytes = uint(most),
            "entries" => quotas.entries = uint(most),
            "devices" => quotas.devices = uint(most),
            _ => quotas.attachments = uint(most),
        }
        own.push(what);
    }
    Ok((quotas, own))
}

/// Sets a quota of a workspace's own, or with `None` the relay's default again.
pub fn set_quota(connection: &Connection, id: &WorkspaceId, quota: Quota, most: Option<u64>) -> Result<(), StoreError> {
    let number = read::workspace(connection, id)?.number;
    match most {
        Some(most) => connection.execute(
            "INSERT INTO quotas (workspace, what, most) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace, what) DO UPDATE SET most = ?3",
            params![number, quota.name(), int(most)],
        )?,
        None => connection
            .execute("DELETE FROM quotas WHERE workspace = ?1 AND what = ?2", params![number, quota.name()])?,
    };
    changed(connection)
}

/// Suspends a workspace, or gives it another reason.
pub fn hold(
    connection: &Connection,
    id: &WorkspaceId,
    reason: &str,
    restoring: bool,
    now_ms: u64,
) -> Result<(), StoreError> {
    let number = read::workspace(connection, id)?.number;
    connection.execute(
        "INSERT INTO holds (workspace, reason, restoring, since_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (workspace) DO UPDATE SET reason = ?2, restoring = ?3",
        params![number, reason, restoring, int(now_ms)],
    )?;
    changed(connection)
}

/// Ends a suspension; false when there was none.
pub fn release(connection: &Connection, id: &WorkspaceId) -> Result<bool, StoreError> {
    let number = read::workspace(connection, id)?.number;
    let ended = connection.execute("DELETE FROM holds WHERE workspace = ?1", params![number])?;
    changed(connection)?;
    Ok(ended > 0)
}

/// Marks a workspace as deleted, or gives it another time.
pub fn delete(connection: &Connection, id: &WorkspaceId, due_ms: u64) -> Result<(), StoreError> {
    let number = read::workspace(connection, id)?.number;
    connection.execute(
        "INSERT INTO deletions (workspace, due_ms, collecting) VALUES (?1, ?2, 0)
         ON CONFLICT (workspace) DO UPDATE SET due_ms = ?2 WHERE collecting = 0",
        params![number, int(due_ms)],
    )?;
    changed(connection)
}

/// Takes a deletion back; false when there was none, or when parts are gone already.
pub fn undelete(connection: &Connection, id: &WorkspaceId) -> Result<bool, StoreError> {
    let number = read::workspace(connection, id)?.number;
    let ended = connection.execute("DELETE FROM deletions WHERE workspace = ?1 AND collecting = 0", params![number])?;
    changed(connection)?;
    Ok(ended > 0)
}

/// Every workspace that is closed, and why.
pub fn closures(connection: &Connection) -> Result<Vec<(WorkspaceId, Closure)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT w.id, h.reason, d.due_ms FROM workspaces AS w LEFT JOIN holds AS h ON h.workspace = w.number
         LEFT JOIN deletions AS d ON d.workspace = w.number
         WHERE h.workspace IS NOT NULL OR d.workspace IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(read::closure(row.get(1)?, row.get(2)?).map(|closure| (row.get(0).map(WorkspaceId), closure)))
    })?;
    let mut closures = Vec::new();
    for row in rows {
        if let Some((id, closure)) = row? {
            closures.push((id?, closure));
        }
    }
    Ok(closures)
}

/// Generation and last position in which the log of a workspace ended that is gone.
pub fn gone(connection: &Connection, id: &WorkspaceId) -> Result<Option<(u32, u64)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT generation, position FROM gone WHERE id = ?1")?;
    Ok(statement.query_row(params![id.as_bytes()], |row| Ok((row.get(0)?, uint(row.get(1)?)))).optional()?)
}

const SUMMARY: &str = "SELECT w.id, w.bytes, w.position, w.membership, w.members, w.devices, w.generation,
    w.created_ms, w.active_ms, h.reason, coalesce(h.restoring, 0), d.due_ms, coalesce(d.collecting, 0), w.number, w.attachments, w.compacted, w.freed,
    (SELECT count(*) FROM snapshots AS s WHERE s.workspace = w.number),
    (SELECT count(*) FROM snapshots AS s WHERE s.workspace = w.number AND s.confirmed_ms > 0),
    (SELECT coalesce(min(position), 0) FROM marks AS m WHERE m.workspace = w.number),
    (SELECT coalesce(min(marked_ms), 0) FROM marks AS m WHERE m.workspace = w.number)
    FROM workspaces AS w LEFT JOIN holds AS h ON h.workspace = w.number
    LEFT JOIN deletions AS d ON d.workspace = w.number";

/// Every workspace, the largest first.
pub fn summaries(connection: &Connection) -> Result<Vec<Summary>, StoreError> {
    let each = defaults(connection)?;
    let mut statement = connection.prepare(&format!("{SUMMARY} ORDER BY w.bytes DESC, w.id"))?;
    let mut rows = statement.query([])?;
    let mut summaries = Vec::new();
    while let Some(row) = rows.next()? {
        summaries.push(summary_of(connection, row, &each)?);
    }
    Ok(summaries)
}

/// One workspace.
pub fn summary(connection: &Connection, id: &WorkspaceId) -> Result<Summary, StoreError> {
    let each = defaults(connection)?;
    let mut statement = connection.prepare(&format!("{SUMMARY} WHERE w.id = ?1"))?;
    let mut rows = statement.query(params![id.as_bytes()])?;
    let row = rows.next()?.ok_or(StoreError::NoWorkspace)?;
    summary_of(connection, row, &each)
}

fn summary_of(connection: &Connection, row: &Row<'_>, each: &WorkspaceQuotas) -> Result<Summary, StoreError> {
    let reason: Option<String> = row.get(9)?;
    let due: Option<i64> = row.get(11)?;
    let (restoring, collecting): (bool, bool) = (row.get(10)?, row.get(12)?);
    let state = match (&reason, due) {
        (_, Some(_)) if collecting => State::Collecting,
        (_, Some(_)) => State::Deleted,
        (Some(_), None) if restoring => State::Restoring,
        (Some(_), None) => State::Suspended,
        (None, None) => State::Open,
    };
    let (quotas, own) = own_quotas(connection, row.get(13)?, each)?;
    let WorkspaceQuotas { bytes, entries, devices, attachments } = quotas;
    Ok(Summary {
        workspace: WorkspaceId(row.get(0)?).to_string(),
        state,
        reason: reason.unwrap_or_default(),
        due_ms: due.map(uint),
        bytes: uint(row.get(1)?),
        entries: uint(row.get(2)?),
        records: uint(row.get(3)?),
        members: uint(row.get(4)?),
        devices: uint(row.get(5)?),
        attachments: uint(row.get(14)?),
        generation: row.get(6)?,
        compacted: uint(row.get(15)?),
        freed: uint(row.get(16)?),
        snapshots: uint(row.get(17)?),
        confirmed: uint(row.get(18)?),
        marked: uint(row.get(19)?),
        marked_ms: uint(row.get(20)?),
        created_ms: uint(row.get(7)?),
        active_ms: uint(row.get(8)?),
        quota: Allowed { bytes, entries, devices, attachments, own },
    })
}

/// The ids of all workspaces that are not being removed.
pub fn ids(connection: &Connection) -> Result<Vec<WorkspaceId>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id FROM workspaces WHERE number NOT IN (SELECT workspace FROM deletions WHERE collecting = 1)
         ORDER BY id",
    )?;
    let ids = statement.query_map([], |row| row.get(0).map(WorkspaceId))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// The ids of all workspaces.
pub fn all_ids(connection: &Connection) -> Result<Vec<WorkspaceId>, StoreError> {
    let mut statement = connection.prepare("SELECT id FROM workspaces")?;
    let ids = statement.query_map([], |row| row.get(0).map(WorkspaceId))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Counts members and devices where that was never done: in databases from before they were counted.
pub fn count_members(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT id FROM workspaces WHERE members = 0")?;
    let uncounted: Vec<WorkspaceId> =
        statement.query_map([], |row| row.get(0).map(WorkspaceId))?.collect::<Result<_, _>>()?;
    for id in uncounted {
        let (roster, _) = roster::load(connection, &id)?;
        connection.execute(
            "UPDATE workspaces SET members = ?2, devices = ?3 WHERE id = ?1",
            params![id.as_bytes(), int(roster.members.len() as u64), int(roster.devices.len() as u64)],
        )?;
    }
    Ok(())
}

/// Removes a bounded part of one workspace whose grace is over. True when there may be more to do.
pub fn collect(connection: &Connection, chunks: &Chunks, now_ms: u64) -> Result<bool, StoreError> {
    let due = connection
        .prepare_cached("SELECT workspace, collecting FROM deletions WHERE due_ms <= ?1 ORDER BY workspace LIMIT 1")?
        .query_row(params![int(now_ms)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)))
        .optional()?;
    let Some((number, collecting)) = due else {
        return Ok(snapshots::strip(connection)? || blobs::collect(connection, chunks, now_ms)?);
    };
    if !collecting {
        connection.execute(
            "INSERT OR REPLACE INTO gone (id, generation, position, gone_ms)
             SELECT id, generation, position, ?2 FROM workspaces WHERE number = ?1",
            params![number, int(now_ms)],
        )?;
        connection.execute("UPDATE deletions SET collecting = 1 WHERE workspace = ?1", params![number])?;
        changed(connection)?;
        // What cannot be taken back waits until this is on disk.
        return Ok(true);
    }
    chunks.remove_workspace(&blobs::workspace_id(connection, number)?)?;
    for table in ["entries", "records"] {
        let delete = format!(
            "DELETE FROM {table} WHERE workspace = ?1
             AND position > (SELECT max(position) - ?2 FROM {table} WHERE workspace = ?1)"
        );
        if connection.prepare_cached(&delete)?.execute(params![number, COLLECTED_ROWS])? > 0 {
            return Ok(true);
        }
    }
    for table in ["verdicts", "snapshots", "marks", "blobs", "devices", "quotas", "holds", "deletions", "recovery"] {
        connection.execute(&format!("DELETE FROM {table} WHERE workspace = ?1"), params![number])?;
    }
    connection.execute("DELETE FROM workspaces WHERE number = ?1", params![number])?;
    changed(connection)?;
    Ok(true)
}
