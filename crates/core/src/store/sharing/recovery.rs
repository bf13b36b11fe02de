//! The recovery kit as this device knows it, which is its public half, and the
//! roots that this device has.

use drystone_wire::membership::RecoveryKeys;
use drystone_wire::{RootKey, canonical};
use rusqlite::{Connection, OptionalExtension};

use super::{signed, unsigned};
use crate::crypto::keys::{Secret, SigningPair};
use crate::error::{Error, Result};

/// The longest public half, in bytes; it has a fixed form.
const KEYS_BYTES: usize = 1024;

/// The kit that this device's person made last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRow {
    /// Its public half.
    pub keys: RecoveryKeys,
    /// When it was made, milliseconds since 1970.
    pub made_ms: u64,
    /// When it was last proven to work, milliseconds since 1970; 0 never.
    pub rehearsed_ms: u64,
}

/// The kit, if there is one.
///
/// # Errors
/// When it cannot be read.
pub fn get(conn: &Connection) -> Result<Option<RecoveryRow>> {
    let row = conn
        .prepare_cached("SELECT keys, made_ms, rehearsed_ms FROM recovery")?
        .query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, unsigned(row, 1)?, unsigned(row, 2)?)))
        .optional()?;
    let Some((keys, made_ms, rehearsed_ms)) = row else { return Ok(None) };
    let keys = canonical::decode(&keys, KEYS_BYTES).map_err(Error::internal)?;
    Ok(Some(RecoveryRow { keys, made_ms, rehearsed_ms }))
}

/// Takes the place of the kit before.
///
/// # Errors
/// When the write fails.
pub fn put(conn: &Connection, row: &RecoveryRow) -> Result<()> {
    conn.execute(
        "INSERT OR REPLACE INTO recovery (id, keys, made_ms, rehearsed_ms) VALUES (1, ?1, ?2, ?3)",
        (canonical::encode(&row.keys), signed(row.made_ms), signed(row.rehearsed_ms)),
    )?;
    Ok(())
}

/// The secret of a root, if this device has it.
///
/// # Errors
/// When it cannot be read.
pub fn root_secret(conn: &Connection, root: &RootKey) -> Result<Option<Secret>> {
    let own: Secret = conn.query_row("SELECT root FROM identity", [], |row| super::secret(row, 0))?;
    if SigningPair::new(&own).public() == root.0 {
        return Ok(Some(own));
    }
    let former = conn
        .prepare_cached("SELECT secret FROM former_roots WHERE root = ?1")?
        .query_row([root.as_bytes()], |row| super::secret(row, 0))
        .optional()?;
    Ok(former)
}

/// Makes this device one of another person's, whose root's secret this is. The
/// root it had stays for the workspaces that were begun with it.
///
/// # Errors
/// When the write fails.
pub fn adopt_root(conn: &Connection, secret: &Secret) -> Result<()> {
    let own: Secret = conn.query_row("SELECT root FROM identity", [], |row| super::secret(row, 0))?;
    if own == *secret {
        return Ok(());
    }
    conn.execute(
        "INSERT OR IGNORE INTO former_roots (root, secret) VALUES (?1, ?2)",
        (&SigningPair::new(&own).public()[..], &own.expose()[..]),
    )?;
    conn.execute("UPDATE identity SET root = ?1", [&secret.expose()[..]])?;
    Ok(())
}
