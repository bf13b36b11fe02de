//! Other processes on this data folder ask the one that synchronises for a round.

use rusqlite::Connection;

use super::{signed, unsigned};
use crate::error::Result;

/// Asks for a round; returns the number to wait for.
///
/// # Errors
/// When the write fails.
pub fn ask(conn: &Connection) -> Result<u64> {
    let sql = "UPDATE sync_requests SET requested = requested + 1 RETURNING requested";
    Ok(conn.query_row(sql, [], |row| unsigned(row, 0))?)
}

/// What was asked for and what was served last.
///
/// # Errors
/// When it cannot be read.
pub fn standing(conn: &Connection) -> Result<(u64, u64)> {
    let mut statement = conn.prepare_cached("SELECT requested, served FROM sync_requests")?;
    Ok(statement.query_row([], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?)
}

/// A round that began after this request has ended.
///
/// # Errors
/// When the write fails.
pub fn served(conn: &Connection, request: u64) -> Result<()> {
    conn.execute("UPDATE sync_requests SET served = max(served, ?1)", [signed(request)])?;
    Ok(())
}
