//! What a person set for this data folder, by name.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;

/// Whether others see where this device is: `off` when they do not.
pub const PRESENCE: &str = "presence";

/// Whether devices on the local network are exchanged with: `on` when they are.
pub const NEARBY: &str = "nearby";

/// A setting, `None` where nobody set it.
///
/// # Errors
/// When it cannot be read.
pub fn get(conn: &Connection, name: &str) -> Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// Changes a setting.
///
/// # Errors
/// When the write fails.
pub fn put(conn: &Connection, name: &str, value: &str) -> Result<()> {
    conn.execute(
        "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}
