//! Which attachments there are, and which are on their way out. Removing one has
//! two phases: a member marks it, and when the grace is over its files go, then its row.

use drystone_wire::blob::Manifest;
use drystone_wire::{Hash, WorkspaceId, canonical};
use rusqlite::{Connection, OptionalExtension, params};

use super::{admin, int, read, snapshots, uint, write};
use crate::storage::chunks::Chunks;
use crate::storage::{Quotas, StoreError};

/// How long a marked attachment stays, so that a device which still needs it can say so.
pub const GRACE_MS: u64 = 30 * 24 * 3_600_000;

/// What is done to an attachment.
#[derive(Debug, Clone)]
pub enum BlobChange {
    /// It will be stored, or is needed again.
    Announce(Manifest),
    /// All its chunks are there.
    Whole(Hash),
    /// A member needs it no longer.
    Mark(Hash),
}

/// An attachment as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRow {
    pub blob: Hash,
    pub manifest: Manifest,
    pub whole: bool,
    pub announced_ms: u64,
    /// 0 while it is in use.
    pub marked_ms: u64,
    pub removing: bool,
}

/// One attachment; one that is being removed is gone.
pub fn blob(connection: &Connection, id: &WorkspaceId, blob: &Hash) -> Result<BlobRow, StoreError> {
    let number = read::workspace(connection, id)?.number;
    row(connection, number, blob)?.filter(|row| !row.removing).ok_or(StoreError::NoBlob)
}

const COLUMNS: &str = "blob, manifest, whole, announced_ms, marked_ms, removing";

fn row(connection: &Connection, number: i64, blob: &Hash) -> Result<Option<BlobRow>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM blobs WHERE workspace = ?1 AND blob = ?2"))?;
    statement.query_row(params![number, blob.as_bytes()], |row| Ok(opened(row))).optional()?.transpose()
}

/// All attachments of a workspace.
pub fn of_workspace(connection: &Connection, id: &WorkspaceId) -> Result<Vec<BlobRow>, StoreError> {
    let number = read::workspace(connection, id)?.number;
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM blobs WHERE workspace = ?1 ORDER BY blob"))?;
    let mut rows = statement.query(params![number])?;
    let mut blobs = Vec::new();
    while let Some(row) = rows.next()? {
        blobs.push(opened(row)?);
    }
    Ok(blobs)
}

fn opened(row: &rusqlite::Row<'_>) -> Result<BlobRow, StoreError> {
    let manifest: Vec<u8> = row.get(1)?;
    let manifest = Manifest::open(&manifest).map_err(|error| StoreError::Damaged(format!("an attachment: {error}")))?;
    let (announced_ms, marked_ms) = (uint(row.get(3)?), uint(row.get(4)?));
    Ok(BlobRow {
        blob: Hash(row.get(0)?),
        manifest,
        whole: row.get(2)?,
        announced_ms,
        marked_ms,
        removing: row.get(5)?,
    })
}

/// Changes what is known of an attachment.
pub fn change(
    connection: &Connection,
    id: &WorkspaceId,
    change: &BlobChange,
    quotas: &Quotas,
    now_ms: u64,
) -> Result<(), StoreError> {
    let workspace = read::workspace(connection, id)?.open()?;
    let number = workspace.number;
    let blob = match change {
        BlobChange::Announce(manifest) => manifest.id(),
        BlobChange::Whole(blob) | BlobChange::Mark(blob) => *blob,
    };
    let known = row(connection, number, &blob)?;
    if known.as_ref().is_some_and(|known| known.removing) {
        return Err(StoreError::Removing);
    }
    let set = |what: &str, value: i64| {
        let update = format!("UPDATE blobs SET {what} = ?3 WHERE workspace = ?1 AND blob = ?2");
        connection.prepare_cached(&update)?.execute(params![number, blob.as_bytes(), value])
    };
    match (change, known) {
        (BlobChange::Announce(_), Some(_)) => set("marked_ms", 0)?,
        (BlobChange::Announce(manifest), None) => {
            let quotas = admin::quotas_of(connection, number, &quotas.each)?;
            write::check("bytes of attachments", workspace.attachments, manifest.size, quotas.attachments)?;
            insert(connection, number, manifest, false, now_ms, 0)?;
            1
        }
        (_, None) => return Err(StoreError::NoBlob),
        (BlobChange::Whole(_), Some(_)) => set("whole", 1)?,
        (BlobChange::Mark(_), Some(_)) if snapshots::holds(connection, number, &blob)? => {
            return Err(StoreError::InUse);
        }
        // The first mark counts.
        (BlobChange::Mark(_), Some(known)) if known.marked_ms > 0 => 0,
        (BlobChange::Mark(_), Some(_)) => set("marked_ms", int(now_ms))?,
    };
    Ok(())
}

fn insert(
    connection: &Connection,
    number: i64,
    manifest: &Manifest,
    whole: bool,
    announced_ms: u64,
    marked_ms: u64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO blobs (workspace, blob, size, manifest, whole, announced_ms, marked_ms, removing)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
        )?
        .execute(params![
            number,
            manifest.id().as_bytes(),
            int(manifest.size),
            canonical::encode(manifest),
            whole,
            int(announced_ms),
            int(marked_ms)
        ])?;
    count(connection, number)
}

/// Puts an attachment back as a backup knows it, unless it is here.
pub fn put_back(connection: &Connection, id: &WorkspaceId, blob: &BlobRow) -> Result<(), StoreError> {
    let number = read::workspace(connection, id)?.number;
    match row(connection, number, &blob.blob)? {
        Some(known) if known.removing => Err(StoreError::Removing),
        Some(_) => {
            let update = "UPDATE blobs SET whole = max(whole, ?3) WHERE workspace = ?1 AND blob = ?2";
            connection.execute(update, params![number, blob.blob.as_bytes(), blob.whole])?;
            Ok(())
        }
        None => insert(connection, number, &blob.manifest, blob.whole, blob.announced_ms, blob.marked_ms),
    }
}

/// Forgets an attachment whose files are gone.
pub fn forget(connection: &Connection, id: &WorkspaceId, blob: &Hash) -> Result<(), StoreError> {
    let number = read::workspace(connection, id)?.number;
    let delete = "DELETE FROM blobs WHERE workspace = ?1 AND blob = ?2";
    connection.execute(delete, params![number, blob.as_bytes()])?;
    count(connection, number)
}

fn count(connection: &Connection, number: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE workspaces SET attachments = (SELECT coalesce(sum(size), 0) FROM blobs WHERE workspace = ?1)
         WHERE number = ?1",
        params![number],
    )?;
    Ok(())
}

/// The id of a workspace by its number.
pub(super) fn workspace_id(connection: &Connection, number: i64) -> Result<WorkspaceId, StoreError> {
    let select = "SELECT id FROM workspaces WHERE number = ?1";
    Ok(WorkspaceId(connection.query_row(select, params![number], |row| row.get(0))?))
}

/// One step of removing attachments that were marked, or never became whole, and whose grace is over.
pub fn collect(connection: &Connection, chunks: &Chunks, now_ms: u64) -> Result<bool, StoreError> {
    let due = connection
        .prepare_cached(
            "SELECT w.id, b.blob, b.removing FROM blobs AS b JOIN workspaces AS w ON w.number = b.workspace
             WHERE b.removing = 1 OR (((b.marked_ms > 0 AND b.marked_ms <= ?1) OR (b.whole = 0 AND b.announced_ms <= ?1))
                 AND NOT EXISTS (SELECT 1 FROM snapshots AS s WHERE s.workspace = b.workspace AND s.blob = b.blob))
             LIMIT 1",
        )?
        .query_row(params![int(now_ms.saturating_sub(GRACE_MS))], |row| {
            Ok((WorkspaceId(row.get(0)?), Hash(row.get(1)?), row.get::<_, bool>(2)?))
        })
        .optional()?;
    let Some((id, blob, removing)) = due else { return Ok(false) };
    if removing {
        chunks.remove(&id, &blob)?;
        forget(connection, &id, &blob)?;
    } else {
        let number = read::workspace(connection, &id)?.number;
        let update = "UPDATE blobs SET removing = 1 WHERE workspace = ?1 AND blob = ?2";
        connection.execute(update, params![number, blob.as_bytes()])?;
    }
    Ok(true)
}
