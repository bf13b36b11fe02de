//! Change chunks and snapshots of documents.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::Result;

/// A change to insert.
pub struct NewChange<'a> {
    /// The document.
    pub document: &'a [u8; 16],
    /// The workspace it is shared in.
    pub workspace: &'a [u8; 32],
    /// The change's hash.
    pub hash: &'a [u8; 32],
    /// The device that made it; `None` for this one.
    pub author: Option<&'a [u8; 32]>,
    /// By its author's clock.
    pub time_ms: u64,
    /// Operations in it.
    pub operations: u32,
    /// What was done.
    pub summary: &'a str,
    /// Its chunk.
    pub bytes: &'a [u8],
}

/// A row of the log.
pub struct LogRow {
    /// The change's hash.
    pub hash: [u8; 32],
    /// The device that made it; zeros for this one.
    pub author: [u8; 32],
    /// By its author's clock.
    pub time_ms: u64,
    /// Operations in it.
    pub operations: u32,
    /// What was done.
    pub summary: String,
    /// Whether the relay has it.
    pub stored: bool,
}

/// What a document is loaded from.
#[derive(Default)]
pub struct Chunks {
    /// The snapshot.
    pub snapshot: Option<Vec<u8>>,
    /// The changes after it.
    pub tail: Vec<Vec<u8>>,
    /// The last change's sequence number.
    pub last: i64,
}

/// Inserts a change that is not there yet; one made here also goes to the
/// outbox. Returns its sequence number, or `None` when it was there.
///
/// # Errors
/// SQLite's.
pub fn insert(tx: &Transaction<'_>, change: &NewChange<'_>) -> Result<Option<i64>> {
    let inserted = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO changes (document, hash, author, time_ms, operations, summary, stored, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            change.document,
            change.hash,
            change.author.unwrap_or(&[0; 32]),
            i64::try_from(change.time_ms).unwrap_or(i64::MAX),
            change.operations,
            change.summary,
            change.author.is_some(),
            change.bytes,
        ])?;
    if inserted == 0 {
        return Ok(None);
    }
    let seq = tx.last_insert_rowid();
    if change.author.is_none() {
        tx.prepare_cached("INSERT INTO outbox (change_seq, workspace, document, envelope) VALUES (?1, ?2, ?3, x'')")?
            .execute(params![seq, change.workspace, change.document])?;
    }
    Ok(Some(seq))
}

/// What a document is loaded from, up to and including `until`.
///
/// # Errors
/// SQLite's.
pub fn chunks(conn: &Connection, document: &[u8; 16], until: i64) -> Result<Chunks> {
    let snapshot: Option<(i64, Vec<u8>)> = conn
        .prepare_cached("SELECT seq, bytes FROM snapshots WHERE document = ?1 AND seq <= ?2")?
        .query_row(params![document, until], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let from = snapshot.as_ref().map_or(0, |(seq, _)| *seq);
    let mut chunks = Chunks { snapshot: snapshot.map(|(_, bytes)| bytes), tail: Vec::new(), last: from };
    for (seq, bytes) in between(conn, document, from, until)? {
        chunks.last = seq;
        chunks.tail.push(bytes);
    }
    Ok(chunks)
}

/// Changes with `from < seq <= until`, in order.
///
/// # Errors
/// SQLite's.
pub fn between(conn: &Connection, document: &[u8; 16], from: i64, until: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let mut statement = conn
        .prepare_cached("SELECT seq, bytes FROM changes WHERE document = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq")?;
    let rows = statement.query_map(params![document, from, until], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The sequence number of a document's last change, 0 when there is none.
///
/// # Errors
/// SQLite's.
pub fn last(conn: &Connection, document: &[u8; 16]) -> Result<i64> {
    Ok(conn
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM changes WHERE document = ?1")?
        .query_row([document], |row| row.get(0))?)
}

/// Which documents have changes after `seq`, and the last one's number.
///
/// # Errors
/// SQLite's.
pub fn touched_since(conn: &Connection, seq: i64) -> Result<(Vec<[u8; 16]>, i64)> {
    let mut statement =
        conn.prepare_cached("SELECT document, max(seq) FROM changes WHERE seq > ?1 GROUP BY document")?;
    let mut touched = Vec::new();
    let mut newest = seq;
    let mut rows = statement.query([seq])?;
    while let Some(row) = rows.next()? {
        touched.push(row.get(0)?);
        newest = newest.max(row.get(1)?);
    }
    Ok((touched, newest))
}

/// Keeps a snapshot that holds every change up to `seq`.
///
/// # Errors
/// SQLite's.
pub fn put_snapshot(tx: &Transaction<'_>, document: &[u8; 16], seq: i64, bytes: &[u8]) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO snapshots (document, seq, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (document) DO UPDATE SET seq = ?2, bytes = ?3 WHERE seq < ?2",
    )?
    .execute(params![document, seq, bytes])?;
    Ok(())
}

/// The hashes of all changes of a document.
///
/// # Errors
/// SQLite's.
pub fn hashes(conn: &Connection, document: &[u8; 16]) -> Result<Vec<[u8; 32]>> {
    let mut statement = conn.prepare_cached("SELECT hash FROM changes WHERE document = ?1")?;
    let rows = statement.query_map(params![document], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The changes of a document, newest first.
///
/// # Errors
/// SQLite's.
pub fn log(conn: &Connection, document: &[u8; 16], limit: u32) -> Result<Vec<LogRow>> {
    let mut statement = conn.prepare_cached(
        "SELECT hash, author, time_ms, operations, summary, stored FROM changes
         WHERE document = ?1 ORDER BY seq DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![document, limit], |row| {
        Ok(LogRow {
            hash: row.get(0)?,
            author: row.get(1)?,
            time_ms: row.get::<_, i64>(2)?.max(0) as u64,
            operations: row.get(3)?,
            summary: row.get(4)?,
            stored: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
