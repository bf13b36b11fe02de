//! What snapshots leave behind: what this device knows from one, one that was
//! made here, chunks on their way, and what was found about others.

use std::collections::BTreeMap;

use drystone_wire::blob::Manifest;
use drystone_wire::bundle::DeviceHead;
use drystone_wire::snapshot::Listing;
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId, canonical, limits};
use minicbor::{Decode, Encode};
use rusqlite::{Connection, OptionalExtension};

use super::{hash, signed, unsigned};
use crate::error::{Error, Result};
use crate::sync::snapshot::{Book, Counted};

/// What is known of the log up to some entry, from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The log's generation.
    pub generation: u32,
    /// The last entry.
    pub position: u64,
    /// The chain value there.
    pub chain: Hash,
    /// What the log comes to there.
    pub book: Book,
    /// When it was loaded in the place of entries; 0 where the entries were here to compare with.
    pub loaded_ms: u64,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct BookForm {
    #[n(0)]
    changes: Vec<ChangesForm>,
    #[n(1)]
    set_aside: Vec<SetAsideForm>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct ChangesForm {
    #[n(0)]
    document: DocumentHandle,
    #[n(1)]
    device: DeviceKey,
    #[n(2)]
    changes: Vec<Hash>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct SetAsideForm {
    #[n(0)]
    position: u64,
    #[n(1)]
    id: Hash,
}

fn heads_form(book: &Book) -> Vec<DeviceHead> {
    let head = |(device, (sequence, id)): (&DeviceKey, &(u64, Hash))| DeviceHead {
        device: *device,
        sequence: *sequence,
        id: *id,
    };
    book.heads.iter().map(head).collect()
}

fn heads_of(bytes: &[u8]) -> Result<BTreeMap<DeviceKey, (u64, Hash)>> {
    let heads: Vec<DeviceHead> = canonical::decode(bytes, usize::MAX).map_err(Error::internal)?;
    Ok(heads.into_iter().map(|head| (head.device, (head.sequence, head.id))).collect())
}

fn to_form(book: &Book) -> BookForm {
    let mut changes: BTreeMap<(DocumentHandle, DeviceKey), Vec<Hash>> = BTreeMap::new();
    for ((document, change), counted) in &book.changes {
        changes.entry((*document, counted.device)).or_default().push(Hash(*change));
    }
    let changes =
        changes.into_iter().map(|((document, device), changes)| ChangesForm { document, device, changes }).collect();
    let set_aside = book.set_aside.iter().map(|(position, id)| SetAsideForm { position: *position, id: *id });
    BookForm { changes, set_aside: set_aside.collect() }
}

fn from_form(form: BookForm) -> Book {
    let mut book = Book::default();
    for ChangesForm { document, device, changes } in form.changes {
        // Which entry brought it is not kept.
        let counted = Counted { device, position: 0 };
        book.changes.extend(changes.into_iter().map(|change| ((document, change.0), counted)));
    }
    book.set_aside = form.set_aside.into_iter().map(|entry| (entry.position, entry.id)).collect();
    book
}

/// What is known from a snapshot, if anything is.
///
/// # Errors
/// When it cannot be read.
pub fn base(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<Base>> {
    let sql = "SELECT generation, position, chain, book, loaded_ms, heads FROM snapshot_bases WHERE workspace = ?1";
    let row = conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| {
        let place = (row.get(0)?, unsigned(row, 1)?, hash(row, 2)?, unsigned(row, 4)?);
        Ok((place, row.get::<_, Vec<u8>>(3)?, row.get::<_, Vec<u8>>(5)?))
    });
    let Some(((generation, position, chain, loaded_ms), book, heads)) = row.optional()? else { return Ok(None) };
    let form: BookForm = canonical::decode(&book, usize::MAX).map_err(Error::internal)?;
    let book = Book { heads: heads_of(&heads)?, ..from_form(form) };
    Ok(Some(Base { generation, position, chain, book, loaded_ms }))
}

/// Keeps what is known from a snapshot. That entries were replaced by one once
/// is not forgotten.
///
/// # Errors
/// When the write fails.
pub fn set_base(conn: &Connection, workspace: &WorkspaceId, base: &Base) -> Result<()> {
    conn.execute(
        "INSERT INTO snapshot_bases (workspace, generation, position, chain, book, loaded_ms, heads)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (workspace) DO UPDATE SET generation = ?2, position = ?3, chain = ?4, book = ?5,
             loaded_ms = max(loaded_ms, ?6), heads = ?7",
        (
            workspace.as_bytes(),
            base.generation,
            signed(base.position),
            base.chain.as_bytes(),
            canonical::encode(&to_form(&base.book)),
            signed(base.loaded_ms),
            canonical::encode(&heads_form(&base.book)),
        ),
    )?;
    Ok(())
}

/// Where a device's envelopes ended in the snapshot that this device loaded.
///
/// # Errors
/// When it cannot be read.
pub fn base_heads(conn: &Connection, workspace: &WorkspaceId) -> Result<BTreeMap<DeviceKey, (u64, Hash)>> {
    let sql = "SELECT heads FROM snapshot_bases WHERE workspace = ?1";
    let heads: Option<Vec<u8>> =
        conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0)).optional()?;
    heads.map_or(Ok(BTreeMap::new()), |heads| heads_of(&heads))
}

/// A snapshot that was made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is offered to the relay.
    pub offer: Vec<u8>,
    /// What its content consists of.
    pub manifest: Manifest,
}

/// Keeps a snapshot that was made here, with its content, in the place of one
/// that was not offered yet.
///
/// # Errors
/// When the write fails.
pub fn set_draft(conn: &Connection, workspace: &WorkspaceId, draft: &Draft, chunks: &[Vec<u8>]) -> Result<()> {
    forget_draft(conn, workspace)?;
    conn.execute(
        "INSERT INTO snapshot_drafts (workspace, offer, manifest) VALUES (?1, ?2, ?3)",
        (workspace.as_bytes(), &draft.offer, canonical::encode(&draft.manifest)),
    )?;
    let blob = draft.manifest.id();
    for (number, bytes) in chunks.iter().enumerate() {
        put_chunk(conn, workspace, &blob, number, bytes)?;
    }
    Ok(())
}

/// The snapshot that is on its way to the relay, if there is one.
///
/// # Errors
/// When it cannot be read.
pub fn draft(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<Draft>> {
    let sql = "SELECT offer, manifest FROM snapshot_drafts WHERE workspace = ?1";
    let row = conn
        .prepare_cached(sql)?
        .query_row([workspace.as_bytes()], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    let Some((offer, manifest)) = row else { return Ok(None) };
    Ok(Some(Draft { offer, manifest: Manifest::open(&manifest).map_err(Error::internal)? }))
}

/// It is at the relay, or of no use any more.
///
/// # Errors
/// When the write fails.
pub fn forget_draft(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    if let Some(draft) = draft(conn, workspace)? {
        forget_chunks(conn, workspace, &draft.manifest.id())?;
    }
    conn.execute("DELETE FROM snapshot_drafts WHERE workspace = ?1", [workspace.as_bytes()])?;
    Ok(())
}

/// Keeps a sealed chunk.
///
/// # Errors
/// When the write fails.
pub fn put_chunk(conn: &Connection, workspace: &WorkspaceId, blob: &Hash, number: usize, bytes: &[u8]) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO snapshot_chunks (workspace, blob, number, bytes) VALUES (?1, ?2, ?3, ?4)";
    conn.prepare_cached(sql)?.execute((workspace.as_bytes(), blob.as_bytes(), signed(number as u64), bytes))?;
    Ok(())
}

/// A sealed chunk, if it is here.
///
/// # Errors
/// When it cannot be read.
pub fn chunk(conn: &Connection, workspace: &WorkspaceId, blob: &Hash, number: usize) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes FROM snapshot_chunks WHERE workspace = ?1 AND blob = ?2 AND number = ?3";
    let key = (workspace.as_bytes(), blob.as_bytes(), signed(number as u64));
    Ok(conn.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?)
}

/// A content is needed no longer.
///
/// # Errors
/// When the write fails.
pub fn forget_chunks(conn: &Connection, workspace: &WorkspaceId, blob: &Hash) -> Result<()> {
    let sql = "DELETE FROM snapshot_chunks WHERE workspace = ?1 AND blob = ?2";
    conn.execute(sql, (workspace.as_bytes(), blob.as_bytes()))?;
    Ok(())
}

/// What was found about a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It lacks something, or holds what the log does not have.
    Wrong = 0,
    /// It holds exactly what the log holds.
    Right = 1,
    /// Neither could be said.
    Unclear = 2,
}

/// Remembers what was found about a snapshot.
///
/// # Errors
/// When the write fails.
pub fn set_found(conn: &Connection, workspace: &WorkspaceId, snapshot: &Hash, found: Found) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO snapshot_verdicts (workspace, snapshot, verdict) VALUES (?1, ?2, ?3)";
    conn.execute(sql, (workspace.as_bytes(), snapshot.as_bytes(), found as i64))?;
    Ok(())
}

/// What was found about a snapshot, if it was looked at.
///
/// # Errors
/// When it cannot be read.
pub fn found(conn: &Connection, workspace: &WorkspaceId, snapshot: &Hash) -> Result<Option<Found>> {
    let sql = "SELECT verdict FROM snapshot_verdicts WHERE workspace = ?1 AND snapshot = ?2";
    let found = conn
        .prepare_cached(sql)?
        .query_row((workspace.as_bytes(), snapshot.as_bytes()), |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(found.map(|found| match found {
        0 => Found::Wrong,
        1 => Found::Right,
        _ => Found::Unclear,
    }))
}

/// Keeps what the relay says of its snapshots; forgets what was found about
/// those that are no longer there.
///
/// # Errors
/// When the write fails.
pub fn set_listing(conn: &Connection, workspace: &WorkspaceId, listing: &Listing, there: &[Hash]) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO snapshot_listings (workspace, listing) VALUES (?1, ?2)";
    conn.execute(sql, (workspace.as_bytes(), canonical::encode(listing)))?;
    let mut statement = conn.prepare("SELECT snapshot FROM snapshot_verdicts WHERE workspace = ?1")?;
    let known = statement.query_map([workspace.as_bytes()], |row| hash(row, 0))?;
    for snapshot in known.collect::<rusqlite::Result<Vec<Hash>>>()? {
        if !there.contains(&snapshot) {
            let sql = "DELETE FROM snapshot_verdicts WHERE workspace = ?1 AND snapshot = ?2";
            conn.execute(sql, (workspace.as_bytes(), snapshot.as_bytes()))?;
        }
    }
    Ok(())
}

/// What the relay said last of its snapshots.
///
/// # Errors
/// When it cannot be read.
pub fn listing(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<Listing>> {
    let sql = "SELECT listing FROM snapshot_listings WHERE workspace = ?1";
    let bytes: Option<Vec<u8>> =
        conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0)).optional()?;
    Ok(bytes.and_then(|bytes| canonical::decode(&bytes, limits::SNAPSHOT_LIST_BYTES).ok()))
}

/// The log begins anew, or is another relay's: nothing of it is known from snapshots.
///
/// # Errors
/// When the write fails.
pub fn forget_all(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    for table in ["snapshot_bases", "snapshot_drafts", "snapshot_chunks", "snapshot_verdicts", "snapshot_listings"] {
        conn.execute(&format!("DELETE FROM {table} WHERE workspace = ?1"), [workspace.as_bytes()])?;
    }
    Ok(())
}
