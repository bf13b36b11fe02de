//! What sharing keeps: identity, workspaces, membership, and the tables
//! between documents and relays.

pub mod carrying;
pub mod inbox;
pub mod invites;
pub mod kept;
pub mod membership;
pub mod outbox;
pub mod quarantine;
pub mod recovery;
pub mod requests;
pub mod snapshots;
pub mod workspaces;

use drystone_wire::{DeviceKey, Hash, RelayKey, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::crypto::keys::{Identity, IdentitySecrets, Secret};
use crate::error::{Error, ErrorCode, Result};

/// Who this device is.
#[derive(Debug, Clone)]
pub struct IdentityRow {
    /// The keys.
    pub identity: Identity,
    /// The name other members see.
    pub user_name: String,
}

/// Reads the identity, `None` before the first start.
///
/// # Errors
/// When it cannot be read.
pub fn identity(conn: &Connection) -> Result<Option<IdentityRow>> {
    let row = conn
        .prepare_cached("SELECT root, signing, agreement, user_name FROM identity")?
        .query_row([], |row| Ok(((secret(row, 0)?, secret(row, 1)?, secret(row, 2)?), row.get::<_, String>(3)?)))
        .optional()?;
    let Some(((root, signing, agreement), user_name)) = row else { return Ok(None) };
    let identity = Identity::new(&IdentitySecrets { root, signing, agreement }).map_err(Error::internal)?;
    Ok(Some(IdentityRow { identity, user_name }))
}

/// The identity, which exists once the app is open.
///
/// # Errors
/// When it cannot be read.
pub fn own(conn: &Connection) -> Result<IdentityRow> {
    identity(conn)?.ok_or_else(|| Error::internal("this device has no identity"))
}

/// This device's key.
///
/// # Errors
/// When it cannot be read.
pub fn own_device(conn: &Connection) -> Result<DeviceKey> {
    let device = conn.prepare_cached("SELECT device FROM identity")?.query_row([], |row| device_key(row, 0));
    Ok(device?)
}

/// Stores a new identity.
///
/// # Errors
/// When there is one already, or the write fails.
pub fn insert_identity(conn: &Connection, secrets: &IdentitySecrets, user_name: &str) -> Result<Identity> {
    let identity = Identity::new(secrets).map_err(Error::internal)?;
    conn.execute(
        "INSERT INTO identity (id, root, signing, agreement, device, user_name) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        (
            &secrets.root.expose()[..],
            &secrets.signing.expose()[..],
            &secrets.agreement.expose()[..],
            identity.device_key().as_bytes(),
            user_name,
        ),
    )?;
    Ok(identity)
}

/// Changes the name other members see.
///
/// # Errors
/// When the write fails.
pub fn set_user_name(conn: &Connection, user_name: &str) -> Result<()> {
    conn.execute("UPDATE identity SET user_name = ?1", [user_name])?;
    Ok(())
}

/// The name of whoever uses a device, in a workspace.
///
/// # Errors
/// When it cannot be read.
pub fn device_name(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey) -> Result<Option<String>> {
    let name = conn
        .prepare_cached("SELECT name FROM devices WHERE workspace = ?1 AND device = ?2")?
        .query_row([workspace.as_bytes(), device.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(name)
}

fn secret(row: &Row<'_>, index: usize) -> rusqlite::Result<Secret> {
    Ok(Secret::new(row.get(index)?))
}

pub(crate) fn device_key(row: &Row<'_>, index: usize) -> rusqlite::Result<DeviceKey> {
    Ok(DeviceKey(row.get(index)?))
}

pub(crate) fn hash(row: &Row<'_>, index: usize) -> rusqlite::Result<Hash> {
    Ok(Hash(row.get(index)?))
}

pub(crate) fn workspace_id(row: &Row<'_>, index: usize) -> rusqlite::Result<WorkspaceId> {
    Ok(WorkspaceId(row.get(index)?))
}

pub(crate) fn relay_key(row: &Row<'_>, index: usize) -> rusqlite::Result<RelayKey> {
    Ok(RelayKey(row.get(index)?))
}

/// SQLite's integers are signed; ours never come near their end.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(index)?.unsigned_abs())
}

/// The error for a workspace that is not here.
pub(crate) fn no_such_workspace(id: &WorkspaceId) -> Error {
    Error::new(
        ErrorCode::NotFound,
        format!("There is no workspace {id} on this device."),
        "List the workspaces with `drystone workspace list`.",
    )
}
