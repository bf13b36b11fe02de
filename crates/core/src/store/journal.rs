//! Keystrokes that are durable before they are part of a change.

use rusqlite::{Connection, Transaction, params};

use crate::api::Splice;
use crate::error::{Error, Result};

/// Typing that a process left behind: edits in order, all on the same heads.
pub struct Abandoned {
    /// The document.
    pub document: [u8; 16],
    /// The version the edits stand on.
    pub heads: Vec<[u8; 32]>,
    /// Section and replacements.
    pub edits: Vec<(String, Vec<Splice>)>,
}

/// Writes edits of one section, with one statement.
///
/// # Errors
/// SQLite's; nothing is written then.
pub fn append(
    conn: &Connection,
    session: &str,
    document: &[u8; 16],
    heads: &[[u8; 32]],
    section: &str,
    splices: &[Splice],
) -> Result<()> {
    let rows: Vec<(u32, u32, &str)> = splices.iter().map(|s| (s.at, s.delete, s.insert.as_str())).collect();
    let text = serde_json::to_string(&rows).map_err(Error::internal)?;
    conn.prepare_cached(
        "INSERT INTO journal (session, document, heads, section, splices) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![session, document, heads.concat(), section, text])?;
    Ok(())
}

/// Forgets what has become a change.
///
/// # Errors
/// SQLite's.
pub fn clear(tx: &Transaction<'_>, session: &str, document: &[u8; 16]) -> Result<()> {
    tx.prepare_cached("DELETE FROM journal WHERE session = ?1 AND document = ?2")?
        .execute(params![session, document])?;
    Ok(())
}

/// Processes that have typing in the journal.
///
/// # Errors
/// SQLite's.
pub fn sessions(conn: &Connection) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached("SELECT DISTINCT session FROM journal")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The typing of a process, by document.
///
/// # Errors
/// SQLite's, or `damaged` when a row cannot be read.
pub fn of_session(conn: &Connection, session: &str) -> Result<Vec<Abandoned>> {
    let mut statement = conn.prepare_cached(
        "SELECT document, heads, section, splices FROM journal WHERE session = ?1 ORDER BY document, id",
    )?;
    let mut rows = statement.query([session])?;
    let mut found: Vec<Abandoned> = Vec::new();
    while let Some(row) = rows.next()? {
        let document: [u8; 16] = row.get(0)?;
        let heads: Vec<u8> = row.get(1)?;
        let heads = heads.as_chunks::<32>().0.to_vec();
        let section: String = row.get(2)?;
        let splices: Vec<(u32, u32, String)> =
            serde_json::from_str(&row.get::<_, String>(3)?).map_err(Error::internal)?;
        let splices = splices.into_iter().map(|(at, delete, insert)| Splice { at, delete, insert }).collect();
        match found.last_mut() {
            Some(last) if last.document == document && last.heads == heads => last.edits.push((section, splices)),
            _ => found.push(Abandoned { document, heads, edits: vec![(section, splices)] }),
        }
    }
    Ok(found)
}
