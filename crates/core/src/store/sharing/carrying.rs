//! What bundles leave behind: entries that wait to be opened, invitations that
//! came in a file, proofs of forks, and what went out.

use drystone_wire::WorkspaceId;
use drystone_wire::bundle::CarriedRecord;
use drystone_wire::ids::Bytes;
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use super::{signed, unsigned};
use crate::crypto::invite::Seed;
use crate::error::Result;

/// Entries that came in a bundle have no position in a log; in the inbox they
/// stand from here on, behind all that have one.
pub const FIRST: u64 = 1 << 62;

/// Puts an entry from a bundle into the inbox.
///
/// # Errors
/// When the write fails.
pub fn insert_entry(conn: &Connection, workspace: &WorkspaceId, envelope: &[u8]) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO inbox (workspace, position, envelope)
         VALUES (?1, (SELECT max(coalesce(max(position) + 1, 0), ?2) FROM inbox WHERE workspace = ?1), ?3)",
    )?
    .execute((workspace.as_bytes(), signed(FIRST), envelope))?;
    Ok(())
}

/// How many entries wait to be opened.
///
/// # Errors
/// When they cannot be counted.
pub fn waiting(conn: &Connection, workspace: &WorkspaceId) -> Result<u64> {
    let sql = "SELECT count(*) FROM inbox WHERE workspace = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| unsigned(row, 0))?)
}

/// Whether entries from a bundle wait to be opened.
///
/// # Errors
/// When they cannot be read.
pub fn waits(conn: &Connection, workspace: &WorkspaceId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM inbox WHERE workspace = ?1 AND position >= ?2)";
    let key = (workspace.as_bytes(), signed(FIRST));
    Ok(conn.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
}

/// Whether an entry was set aside before.
///
/// # Errors
/// When it cannot be read.
pub fn is_set_aside(conn: &Connection, workspace: &WorkspaceId, envelope: &[u8]) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM quarantine WHERE workspace = ?1 AND hash = ?2)";
    let key = (workspace.as_bytes(), *blake3::hash(envelope).as_bytes());
    Ok(conn.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
}

/// What this device sealed so far goes out in a bundle and stays as it is.
///
/// # Errors
/// When the write fails.
pub fn set_carried(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    conn.execute("UPDATE sealed SET carried = 1 WHERE workspace = ?1", [workspace.as_bytes()])?;
    Ok(())
}

/// The records after a position, with their countersignatures.
///
/// # Errors
/// When they cannot be read.
pub fn records(conn: &Connection, workspace: &WorkspaceId, after: u64) -> Result<Vec<CarriedRecord>> {
    let mut statement = conn.prepare_cached(
        "SELECT record, countersignature FROM membership WHERE workspace = ?1 AND position > ?2 ORDER BY position",
    )?;
    let rows = statement.query_map((workspace.as_bytes(), signed(after)), |row| {
        Ok(CarriedRecord { record: Bytes(row.get(0)?), countersignature: Bytes(row.get(1)?) })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Keeps a record's countersignature.
///
/// # Errors
/// When the write fails.
pub fn confirm_record(conn: &Connection, workspace: &WorkspaceId, position: u64, signature: &[u8]) -> Result<()> {
    conn.prepare_cached("UPDATE membership SET countersignature = ?3 WHERE workspace = ?1 AND position = ?2")?
        .execute((workspace.as_bytes(), signed(position), signature))?;
    Ok(())
}

/// The position of the first record without a countersignature.
///
/// # Errors
/// When it cannot be read.
pub fn first_unconfirmed(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<u64>> {
    let sql = "SELECT min(position) FROM membership WHERE workspace = ?1 AND countersignature = x''";
    let position: Option<i64> = conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0))?;
    Ok(position.map(i64::unsigned_abs))
}

/// Keeps the proof that the membership was forked.
///
/// # Errors
/// When the write fails.
pub fn insert_fork(conn: &Connection, workspace: &WorkspaceId, position: u64, record: &CarriedRecord) -> Result<()> {
    conn.execute(
        "INSERT OR IGNORE INTO forks (workspace, position, record, countersignature) VALUES (?1, ?2, ?3, ?4)",
        (workspace.as_bytes(), signed(position), &record.record.0, &record.countersignature.0),
    )?;
    Ok(())
}

/// Where the membership was forked, if it was.
///
/// # Errors
/// When it cannot be read.
pub fn fork(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<u64>> {
    let sql = "SELECT min(position) FROM forks WHERE workspace = ?1";
    let position: Option<i64> = conn.prepare_cached(sql)?.query_row([workspace.as_bytes()], |row| row.get(0))?;
    Ok(position.map(i64::unsigned_abs))
}

/// Remembers an invitation that came in a file.
///
/// # Errors
/// When the write fails.
pub fn insert_joining(conn: &Connection, workspace: &WorkspaceId, seed: &[u8; 16]) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO joining (workspace, seed) VALUES (?1, ?2)";
    conn.execute(sql, (workspace.as_bytes(), &seed[..]))?;
    Ok(())
}

/// The invitation with which this device waits to be let in.
///
/// # Errors
/// When it cannot be read.
pub fn joining(conn: &Connection, workspace: &WorkspaceId) -> Result<Option<Seed>> {
    let mut statement = conn.prepare_cached("SELECT seed FROM joining WHERE workspace = ?1")?;
    let seed = statement.query_row([workspace.as_bytes()], |row| row.get::<_, [u8; 16]>(0)).optional()?;
    Ok(seed.map(|seed| Seed(Zeroizing::new(seed))))
}

/// The device was let in, or will not be.
///
/// # Errors
/// When the write fails.
pub fn end_joining(conn: &Connection, workspace: &WorkspaceId) -> Result<()> {
    conn.execute("DELETE FROM joining WHERE workspace = ?1", [workspace.as_bytes()])?;
    Ok(())
}
