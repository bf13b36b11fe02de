//! The secrets of invitations that this device made and that can still be
//! used, so that their links can be shown again.

use drystone_wire::{DeviceKey, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use super::{hash, signed, unsigned};
use crate::crypto::invite::Seed;
use crate::error::Result;

/// What a link holds besides the relay's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// The seed.
    pub seed: Seed,
    /// The membership's end when it was made.
    pub position: u64,
    /// And the hash of the last record there.
    pub hash: Hash,
}

/// Remembers an invitation.
///
/// # Errors
/// When the write fails.
pub fn insert(conn: &Connection, workspace: &WorkspaceId, invite: &DeviceKey, row: &InviteRow) -> Result<()> {
    conn.execute(
        "INSERT OR REPLACE INTO invites (workspace, invite, seed, position, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        (workspace.as_bytes(), invite.as_bytes(), &row.seed.0[..], signed(row.position), row.hash.as_bytes()),
    )?;
    Ok(())
}

/// The invitation, if this device made it.
///
/// # Errors
/// When it cannot be read.
pub fn find(conn: &Connection, workspace: &WorkspaceId, invite: &DeviceKey) -> Result<Option<InviteRow>> {
    let sql = "SELECT seed, position, hash FROM invites WHERE workspace = ?1 AND invite = ?2";
    let row = conn.prepare_cached(sql)?.query_row([workspace.as_bytes(), invite.as_bytes()], |row| {
        let seed = Seed(Zeroizing::new(row.get(0)?));
        Ok(InviteRow { seed, position: unsigned(row, 1)?, hash: hash(row, 2)? })
    });
    Ok(row.optional()?)
}

/// Forgets the secrets of invitations that are no longer open.
///
/// # Errors
/// When the write fails.
pub fn keep_only(conn: &Connection, workspace: &WorkspaceId, open: impl Fn(&DeviceKey) -> bool) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT invite FROM invites WHERE workspace = ?1")?;
    let known = statement.query_map([workspace.as_bytes()], |row| super::device_key(row, 0))?;
    for invite in known.collect::<rusqlite::Result<Vec<_>>>()? {
        if !open(&invite) {
            conn.execute(
                "DELETE FROM invites WHERE workspace = ?1 AND invite = ?2",
                [workspace.as_bytes(), invite.as_bytes()],
            )?;
        }
    }
    Ok(())
}
