//! Snapshots and what is deleted behind them. Nothing is deleted before two
//! snapshots that stand for it are confirmed by others than their authors, and
//! the grace since then is over. Deleting has two phases that each are whole
//! transactions: first the log is closed up to a position, then its envelopes go.

use drystone_wire::ids::Bytes;
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::roster::Roster;
use drystone_wire::snapshot::{Listed, Listing, Mark, Opened, Statement, Writers, may_confirm, writers};
use drystone_wire::{DeviceKey, Hash, RootKey, WorkspaceId, limits};
use rusqlite::{Connection, OptionalExtension, params};

use super::read::{self, WorkspaceRow};
use super::{blobs, int, uint};
use crate::storage::chunks::Chunks;
use crate::storage::{Standing, StoreError};

/// How long envelopes stay once they are marked, unless who runs the relay says otherwise.
pub const GRACE_MS: u64 = 30 * 24 * 3_600_000;
/// Confirmed snapshots that stand in for what is deleted.
const KEPT: usize = 2;
/// Envelopes that one step deletes, so that appends wait for no more than that.
const STRIPPED_ROWS: u64 = 256;

/// A snapshot as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    pub snapshot: Hash,
    pub author: DeviceKey,
    pub position: u64,
    pub chain: Hash,
    pub blob: Hash,
    pub offer: Vec<u8>,
    pub bytes: u64,
    pub offered_ms: u64,
    /// 0 until it is confirmed.
    pub confirmed_ms: u64,
}

/// What a device said.
struct Said {
    device: DeviceKey,
    contained: bool,
    verdict: Vec<u8>,
}

/// All snapshots of a workspace, the newest first.
pub fn of_workspace(connection: &Connection, number: i64) -> Result<Vec<SnapshotRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT snapshot, author, position, chain, blob, offer, bytes, offered_ms, confirmed_ms FROM snapshots
         WHERE workspace = ?1 ORDER BY position DESC, snapshot",
    )?;
    let rows = statement.query_map(params![number], |row| {
        Ok(SnapshotRow {
            snapshot: Hash(row.get(0)?),
            author: DeviceKey(row.get(1)?),
            position: uint(row.get(2)?),
            chain: Hash(row.get(3)?),
            blob: Hash(row.get(4)?),
            offer: row.get(5)?,
            bytes: uint(row.get(6)?),
            offered_ms: uint(row.get(7)?),
            confirmed_ms: uint(row.get(8)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn said_of(connection: &Connection, number: i64, snapshot: &Hash) -> Result<Vec<Said>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT device, contained, verdict FROM verdicts WHERE workspace = ?1 AND snapshot = ?2 ORDER BY device",
    )?;
    let rows = statement.query_map(params![number, snapshot.as_bytes()], |row| {
        Ok(Said { device: DeviceKey(row.get(0)?), contained: row.get(1)?, verdict: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Everything that devices said, as it was signed.
pub fn verdicts(connection: &Connection, number: i64) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT verdict FROM verdicts WHERE workspace = ?1")?;
    let rows = statement.query_map(params![number], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whose a device is or was.
fn root_of(roster: &Roster, device: &DeviceKey) -> Option<RootKey> {
    roster.devices.get(device).copied().or_else(|| roster.removed.get(device).map(|removed| removed.member))
}

/// Whether a snapshot may stand in for the log: somebody whose word counts says
/// that it is whole, and nobody who may write says that it is not.
fn counts(
    connection: &Connection,
    number: i64,
    row: &SnapshotRow,
    roster: &Roster,
    writers: &Writers,
) -> Result<bool, StoreError> {
    let Some(root) = root_of(roster, &row.author) else { return Ok(false) };
    let mut confirmed = false;
    for said in said_of(connection, number, &row.snapshot)? {
        match said.contained {
            true => confirmed |= may_confirm(&row.author, &root, &said.device, writers),
            false if writers.contains_key(&said.device) => return Ok(false),
            false => {}
        }
    }
    Ok(confirmed)
}

/// The snapshots that may stand in for the log, the newest first.
fn counting(connection: &Connection, number: i64, roster: &Roster) -> Result<Vec<SnapshotRow>, StoreError> {
    let writers = writers(roster);
    let mut counting = Vec::new();
    for row in of_workspace(connection, number)? {
        if counts(connection, number, &row, roster, &writers)? {
            counting.push(row);
        }
    }
    Ok(counting)
}

/// What the relay has of snapshots.
pub fn listing(connection: &Connection, id: &WorkspaceId) -> Result<Listing, StoreError> {
    let row = read::workspace(connection, id)?;
    let grace_ms = grace(connection)?;
    let mut snapshots = Vec::new();
    for it in of_workspace(connection, row.number)? {
        let said = said_of(connection, row.number, &it.snapshot)?;
        snapshots.push(Listed {
            offer: Bytes(it.offer),
            offered_ms: it.offered_ms,
            confirmed_ms: it.confirmed_ms,
            bytes: it.bytes,
            verdicts: said.into_iter().map(|said| Bytes(said.verdict)).collect(),
        });
    }
    let mut statement =
        connection.prepare_cached("SELECT position, marked_ms FROM marks WHERE workspace = ?1 ORDER BY position")?;
    let marks = statement.query_map(params![row.number], |row| {
        Ok(Mark { position: uint(row.get(0)?), due_ms: uint(row.get(1)?).saturating_add(grace_ms) })
    })?;
    let marks = marks.collect::<Result<_, _>>()?;
    Ok(Listing { compacted: row.compacted, bytes: row.bytes + row.freed, marks, snapshots })
}

/// Ids of consecutive entries after a position.
pub fn ids(
    connection: &Connection,
    id: &WorkspaceId,
    after: u64,
    most: u32,
) -> Result<(Vec<Hash>, Standing), StoreError> {
    let WorkspaceRow { number, standing, .. } = read::workspace(connection, id)?;
    let mut statement = connection
        .prepare_cached("SELECT id FROM entries WHERE workspace = ?1 AND position > ?2 ORDER BY position LIMIT ?3")?;
    let ids = statement.query_map(params![number, int(after), most], |row| row.get(0).map(Hash))?;
    Ok((ids.collect::<Result<_, _>>()?, standing))
}

/// The chain value at a position, counted on from the nearest snapshot before it.
fn chain_at(connection: &Connection, row: &WorkspaceRow, id: &WorkspaceId, position: u64) -> Result<Hash, StoreError> {
    let known = of_workspace(connection, row.number)?.into_iter().find(|it| it.position <= position);
    let (after, mut chain) = match known {
        Some(it) => (it.position, it.chain),
        None => (0, chain_start(id, row.standing.generation)),
    };
    let mut statement = connection.prepare_cached(
        "SELECT id FROM entries WHERE workspace = ?1 AND position > ?2 AND position <= ?3 ORDER BY position",
    )?;
    let mut rows = statement.query(params![row.number, int(after), int(position)])?;
    while let Some(row) = rows.next()? {
        chain = chain_next(&chain, &Hash(row.get(0)?));
    }
    Ok(chain)
}

/// Takes in a snapshot whose author was found to be a member that may write.
pub fn offer(
    connection: &Connection,
    id: &WorkspaceId,
    membership: u64,
    opened: &Opened,
    bytes: &[u8],
    now_ms: u64,
) -> Result<(), StoreError> {
    let row = read::workspace(connection, id)?.open()?;
    if row.standing.membership != membership {
        return Err(StoreError::MembershipMoved);
    }
    let (snapshot, position) = (opened.id(), opened.position());
    let known = of_workspace(connection, row.number)?;
    if known.iter().any(|it| it.snapshot == snapshot) {
        return Ok(());
    }
    let fits = opened.offer.generation == row.standing.generation
        && position <= row.standing.position
        && position >= row.compacted
        && chain_at(connection, &row, id, position)? == opened.chain();
    if !fits {
        return Err(StoreError::Snapshot("it stands for another log than the one here"));
    }
    let blob = blobs::blob(connection, id, &opened.offer.blob)?;
    if !blob.whole || blob.marked_ms > 0 {
        return Err(StoreError::Snapshot("its content is not whole yet"));
    }
    // Of what waits, each device has its last, and all together not too many.
    let waiting: Vec<&SnapshotRow> = known.iter().filter(|it| it.confirmed_ms == 0).collect();
    let author = opened.header.device;
    for it in waiting.iter().filter(|it| it.author == author) {
        remove(connection, row.number, it, now_ms)?;
    }
    let mut others: Vec<&&SnapshotRow> = waiting.iter().filter(|it| it.author != author).collect();
    others.sort_by_key(|it| std::cmp::Reverse(it.offered_ms));
    for it in others.iter().skip(limits::SNAPSHOTS_WAITING - 1) {
        remove(connection, row.number, it, now_ms)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO snapshots
                 (workspace, snapshot, author, position, chain, blob, offer, bytes, offered_ms, confirmed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
        )?
        .execute(params![
            row.number,
            snapshot.as_bytes(),
            author.as_bytes(),
            int(position),
            opened.chain().as_bytes(),
            opened.offer.blob.as_bytes(),
            bytes,
            int(row.bytes + row.freed),
            int(now_ms)
        ])?;
    Ok(())
}

/// Takes in what a device says of a snapshot, and marks what may be deleted.
pub fn judge(
    connection: &Connection,
    id: &WorkspaceId,
    roster: &Roster,
    statement: &Statement,
    verdict: &[u8],
    now_ms: u64,
) -> Result<(), StoreError> {
    let row = read::workspace(connection, id)?.open()?;
    if row.standing.membership != roster.position {
        return Err(StoreError::MembershipMoved);
    }
    let known = of_workspace(connection, row.number)?;
    let it = known.iter().find(|it| it.snapshot == statement.snapshot).ok_or(StoreError::NoSnapshot)?;
    if (it.position, it.chain) != (statement.position, statement.chain) {
        return Err(StoreError::Snapshot("the statement is about another part of the log"));
    }
    let root = root_of(roster, &it.author).ok_or(StoreError::NoSnapshot)?;
    if statement.contained && !may_confirm(&it.author, &root, &statement.device, &writers(roster)) {
        return Err(StoreError::Snapshot("another member has to confirm it, or another device where there is none"));
    }
    connection
        .prepare_cached(
            "INSERT INTO verdicts (workspace, snapshot, device, contained, verdict) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace, snapshot, device) DO UPDATE SET contained = ?4, verdict = ?5",
        )?
        .execute(params![
            row.number,
            it.snapshot.as_bytes(),
            statement.device.as_bytes(),
            statement.contained,
            verdict
        ])?;
    evaluate(connection, &row, roster, now_ms)
}

/// Notes which snapshots are confirmed, and marks what stands behind two of them.
fn evaluate(connection: &Connection, row: &WorkspaceRow, roster: &Roster, now_ms: u64) -> Result<(), StoreError> {
    let counting = counting(connection, row.number, roster)?;
    for it in counting.iter().filter(|it| it.confirmed_ms == 0) {
        let update = "UPDATE snapshots SET confirmed_ms = ?3 WHERE workspace = ?1 AND snapshot = ?2";
        connection.prepare_cached(update)?.execute(params![row.number, it.snapshot.as_bytes(), int(now_ms)])?;
    }
    let Some(older) = counting.get(KEPT - 1) else { return Ok(()) };
    let furthest: i64 = connection.query_row(
        "SELECT coalesce(max(position), 0) FROM marks WHERE workspace = ?1",
        params![row.number],
        |row| row.get(0),
    )?;
    if older.position > uint(furthest) && older.position > row.compacted {
        let insert = "INSERT INTO marks (workspace, position, marked_ms) VALUES (?1, ?2, ?3)";
        connection.execute(insert, params![row.number, int(older.position), int(now_ms)])?;
    }
    // What waits behind them is needed by nobody. What was confirmed before goes
    // when the grace is over: until then somebody may speak against these two.
    for it in of_workspace(connection, row.number)? {
        if it.confirmed_ms == 0 && it.position <= older.position {
            remove(connection, row.number, &it, now_ms)?;
        }
    }
    Ok(())
}

/// Lets go of a snapshot. Its content goes when the grace of attachments is over.
fn remove(connection: &Connection, number: i64, it: &SnapshotRow, now_ms: u64) -> Result<(), StoreError> {
    let delete = "DELETE FROM snapshots WHERE workspace = ?1 AND snapshot = ?2";
    connection.prepare_cached(delete)?.execute(params![number, it.snapshot.as_bytes()])?;
    if !holds(connection, number, &it.blob)? {
        let mark = "UPDATE blobs SET marked_ms = ?3 WHERE workspace = ?1 AND blob = ?2 AND marked_ms = 0";
        connection.prepare_cached(mark)?.execute(params![number, it.blob.as_bytes(), int(now_ms)])?;
    }
    Ok(())
}

/// Whether a blob is the content of a snapshot.
pub fn holds(connection: &Connection, number: i64, blob: &Hash) -> Result<bool, StoreError> {
    let select = "SELECT EXISTS (SELECT 1 FROM snapshots WHERE workspace = ?1 AND blob = ?2)";
    Ok(connection.prepare_cached(select)?.query_row(params![number, blob.as_bytes()], |row| row.get(0))?)
}

/// How long envelopes stay once they are marked.
pub fn grace(connection: &Connection) -> Result<u64, StoreError> {
    let select = "SELECT compaction_grace_ms FROM administration WHERE one = 1";
    Ok(uint(connection.prepare_cached(select)?.query_row([], |row| row.get(0))?))
}

/// Remembers the grace that the relay was started with.
pub fn set_grace(connection: &Connection, grace_ms: u64) -> Result<(), StoreError> {
    connection.execute("UPDATE administration SET compaction_grace_ms = ?1", params![int(grace_ms)])?;
    Ok(())
}

/// Marks whose grace is over: of which workspace, and up to where.
pub fn due(connection: &Connection, now_ms: u64) -> Result<Vec<(WorkspaceId, u64)>, StoreError> {
    let before = now_ms.saturating_sub(grace(connection)?);
    let mut statement = connection.prepare_cached(
        "SELECT w.id, m.position FROM marks AS m JOIN workspaces AS w ON w.number = m.workspace
         WHERE m.marked_ms <= ?1 AND m.workspace NOT IN (SELECT workspace FROM holds)
             AND m.workspace NOT IN (SELECT workspace FROM deletions)
         ORDER BY m.marked_ms, m.position",
    )?;
    let due = statement.query_map(params![int(before)], |row| Ok((WorkspaceId(row.get(0)?), uint(row.get(1)?))))?;
    Ok(due.collect::<Result<_, _>>()?)
}

/// Whether every chunk of the snapshots that would stand in for entries up to
/// here is on the disk, and is what it was.
pub fn contents_verify(
    connection: &Connection,
    chunks: &Chunks,
    id: &WorkspaceId,
    roster: &Roster,
    position: u64,
) -> Result<bool, StoreError> {
    let number = read::workspace(connection, id)?.number;
    let standing: Vec<_> =
        counting(connection, number, roster)?.into_iter().filter(|it| it.position >= position).take(KEPT).collect();
    for it in &standing {
        let blob = match blobs::blob(connection, id, &it.blob) {
            Ok(blob) => blob,
            Err(StoreError::NoBlob) => return Ok(false),
            Err(error) => return Err(error),
        };
        for index in 0..blob.manifest.chunks.len() {
            let chunk = chunks.get(id, &it.blob, index)?;
            if !chunk.is_some_and(|bytes| blob.manifest.fits(index, &bytes)) {
                return Ok(false);
            }
        }
    }
    // Whether there are enough of them is decided where it is written.
    Ok(true)
}

/// The first phase: closes the log up to a mark whose grace is over, if what
/// stands in for it still counts. Returns whether it did.
pub fn close(
    connection: &Connection,
    id: &WorkspaceId,
    roster: &Roster,
    position: u64,
    now_ms: u64,
) -> Result<bool, StoreError> {
    let row = read::workspace(connection, id)?.open()?;
    if row.standing.membership != roster.position {
        return Err(StoreError::MembershipMoved);
    }
    let select = "SELECT marked_ms FROM marks WHERE workspace = ?1 AND position = ?2";
    let marked: Option<i64> =
        connection.query_row(select, params![row.number, int(position)], |row| row.get(0)).optional()?;
    let grace_ms = grace(connection)?;
    let over = marked.is_some_and(|marked| uint(marked).saturating_add(grace_ms) <= now_ms);
    if !over {
        return Ok(false);
    }
    let counting = counting(connection, row.number, roster)?;
    let stands = counting.iter().filter(|it| it.position >= position).count() >= KEPT;
    if !stands {
        // Somebody spoke against it meanwhile, or whoever spoke for it is gone: a new confirmation marks anew.
        connection.execute("DELETE FROM marks WHERE workspace = ?1", params![row.number])?;
        return Ok(false);
    }
    connection
        .execute("DELETE FROM marks WHERE workspace = ?1 AND position <= ?2", params![row.number, int(position)])?;
    let update = "UPDATE workspaces SET compacted = max(compacted, ?2) WHERE number = ?1";
    connection.execute(update, params![row.number, int(position)])?;
    for it in of_workspace(connection, row.number)?.iter().filter(|it| it.position < position) {
        remove(connection, row.number, it, now_ms)?;
    }
    Ok(true)
}

/// The second phase, in bounded steps: deletes envelopes of entries that the
/// log was closed over. True when there may be more.
pub fn strip(connection: &Connection) -> Result<bool, StoreError> {
    let next = connection
        .prepare_cached(
            "SELECT number, stripped, compacted FROM workspaces WHERE stripped < compacted
                 AND number NOT IN (SELECT workspace FROM deletions) AND number NOT IN (SELECT workspace FROM holds)
             LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, uint(row.get(1)?), uint(row.get(2)?))))
        .optional()?;
    let Some((number, stripped, compacted)) = next else { return Ok(false) };
    let until = compacted.min(stripped.saturating_add(STRIPPED_ROWS));
    let range = params![number, int(stripped), int(until)];
    let bytes: i64 = connection.query_row(
        "SELECT coalesce(sum(length(envelope)), 0) FROM entries
         WHERE workspace = ?1 AND position > ?2 AND position <= ?3",
        range,
        |row| row.get(0),
    )?;
    connection.execute(
        "UPDATE entries SET envelope = x'' WHERE workspace = ?1 AND position > ?2 AND position <= ?3",
        range,
    )?;
    connection.execute(
        "UPDATE workspaces SET stripped = ?2, bytes = bytes - ?3, freed = freed + ?3 WHERE number = ?1",
        params![number, int(until), bytes],
    )?;
    Ok(true)
}
