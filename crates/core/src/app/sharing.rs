//! Who one is, workspaces, members and invitations.

mod bundles;
mod devices;
mod inviting;
mod joining;
mod leaving;
mod members;
mod posting;
mod preview;
mod recovery;
mod renewing;

use drystone_wire::membership::Role as WireRole;
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, RootKey, WorkspaceId};
use rusqlite::{Connection, Transaction};

use super::App;
use crate::api::*;
use crate::crypto::keys::IdentitySecrets;
use crate::crypto::names::NAME_BYTES;
use crate::crypto::random::Random;
use crate::crypto::records as build;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, workspaces};
use crate::sync::membership::{self, Membership};

/// The name of the workspace that every device starts with.
const FIRST_WORKSPACE: &str = "Personal";

/// Makes keys and the first workspace at the first start. Later it only reads.
pub(crate) fn ensure_identity_and_default_workspace(
    tx: &Transaction<'_>,
    now_ms: u64,
    user_name: &str,
    random: &mut dyn Random,
) -> Result<WorkspaceId> {
    if store::identity(tx)?.is_none() {
        store::insert_identity(tx, &IdentitySecrets::generate(random), user_name)?;
    }
    match workspaces::default(tx)? {
        Some(workspace) => Ok(workspace),
        None => found(tx, FIRST_WORKSPACE, now_ms, random),
    }
}

/// Founds a workspace on this device: a real first record, no relay.
pub(super) fn found(conn: &Connection, name: &str, now_ms: u64, random: &mut dyn Random) -> Result<WorkspaceId> {
    let own = store::own(conn)?;
    let created = build::create(&own.identity, name, &own.user_name, now_ms, random).map_err(Error::internal)?;
    let bytes = created.record.to_bytes();
    let membership = Membership::create(&bytes).map_err(Error::internal)?;
    workspaces::insert(conn, &created.workspace, name)?;
    let first = (1, membership.roster().head, bytes);
    super::syncing::store_records(conn, &membership, &[first], &own.identity)?;
    Ok(created.workspace)
}

/// The workspace that is meant when none is named.
pub(crate) fn default_workspace(conn: &Connection) -> Result<WorkspaceId> {
    workspaces::default(conn)?.ok_or_else(|| Error::internal("there is no workspace"))
}

/// The name other members see.
pub(crate) fn user_name(conn: &Connection) -> Result<String> {
    Ok(store::own(conn)?.user_name)
}

/// Whether this device's member may write to a workspace.
pub(crate) fn may_write(conn: &Connection, workspace: &WorkspaceId) -> Result<bool> {
    // On the way of every keystroke: from the row, not from the records.
    Ok(workspaces::role(conn, workspace)?.is_some_and(|role| role <= WireRole::Editor as u8))
}

/// The name of whoever uses a device: "you" on one's own.
pub(crate) fn author_name(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey) -> Result<String> {
    if *device == DeviceKey::ZERO || *device == store::own_device(conn)? {
        return Ok("you".into());
    }
    let name = store::device_name(conn, workspace, device)?.unwrap_or_default();
    Ok(if name.is_empty() { nameless(&device.to_string()) } else { name })
}

fn nameless(id: &str) -> String {
    format!("Member {}", id.get(..6).unwrap_or(id))
}

/// The validated membership of a workspace.
pub(super) fn load(conn: &Connection, workspace: &WorkspaceId) -> Result<Membership> {
    let list = records::records(conn, workspace, 0)?;
    if list.is_empty() {
        return Err(store::no_such_workspace(workspace));
    }
    Membership::replay(&list).map_err(|error| {
        Error::new(
            ErrorCode::Damaged,
            format!("The membership of workspace {workspace} does not verify: {error}."),
            "Restore the data folder from a backup.",
        )
    })
}

/// How many devices joined a workspace before this one.
pub(super) fn own_rank(conn: &Connection, workspace: &WorkspaceId) -> Result<usize> {
    let device = store::own_device(conn)?;
    load(conn, workspace)?.rank(&device).ok_or_else(|| {
        Error::new(ErrorCode::Refused, "This device is not in the workspace.", "Join the workspace first.")
    })
}

/// This device's key, in hexadecimal digits.
pub(super) fn own_device(conn: &Connection) -> Result<String> {
    Ok(store::own_device(conn)?.to_string())
}

/// The workspace named by an argument, or the default one.
pub(super) fn named(conn: &Connection, id: Option<&str>) -> Result<WorkspaceId> {
    let Some(text) = id else { return default_workspace(conn) };
    let unknown = || {
        Error::new(
            ErrorCode::NotFound,
            format!("There is no workspace {text} on this device."),
            "List the workspaces with `drystone workspace list`.",
        )
    };
    let id: WorkspaceId = text.parse().map_err(|_| unknown())?;
    workspaces::find(conn, &id)?.map(|row| row.id).ok_or_else(unknown)
}

fn checked_name(name: &str, what: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
        return Err(Error::new(
            ErrorCode::Usage,
            format!("The {what} must have 1 to {NAME_BYTES} bytes on one line."),
            "Choose another name.",
        ));
    }
    Ok(name.to_string())
}

fn api_role(role: WireRole) -> Role {
    match role {
        WireRole::Owner => Role::Owner,
        WireRole::Admin => Role::Admin,
        WireRole::Editor => Role::Editor,
        WireRole::Reader => Role::Reader,
    }
}

fn wire_role(role: Role) -> WireRole {
    match role {
        Role::Owner => WireRole::Owner,
        Role::Admin => WireRole::Admin,
        Role::Editor => WireRole::Editor,
        Role::Reader => WireRole::Reader,
    }
}

fn summary(conn: &Connection, id: &WorkspaceId) -> Result<WorkspaceSummary> {
    let row = workspaces::get(conn, id)?;
    let membership = load(conn, id)?;
    let roster = membership.roster();
    let role = roster.role_of(&store::own_device(conn)?).unwrap_or(WireRole::Reader);
    Ok(WorkspaceSummary {
        id: id.to_string(),
        name: row.name.clone(),
        role: api_role(role),
        documents: workspaces::documents(conn, id)?,
        members: roster.members.len() as u32,
        member: roster.devices.contains_key(&store::own_device(conn)?),
        sync: super::syncing::state(conn, &row, false)?,
    })
}

/// The name of a member as others see it here.
fn member_name(own: &store::IdentityRow, own_root: &RootKey, root: &RootKey, recorded: Option<String>) -> String {
    if root == own_root && !own.user_name.is_empty() {
        return own.user_name.clone();
    }
    recorded.filter(|name| !name.is_empty()).unwrap_or_else(|| nameless(&root.to_string()))
}

/// The names of all members of a workspace.
pub(super) fn member_names(conn: &Connection, roster: &Roster) -> Result<impl Fn(&RootKey) -> String + use<>> {
    let own = store::own(conn)?;
    let keys = records::epoch_keys(conn, &roster.workspace)?;
    let own_root = membership::own_root(roster, &own.identity);
    let roster = roster.clone();
    Ok(move |root: &RootKey| member_name(&own, &own_root, root, membership::member_name(&roster, root, &keys)))
}

fn refused(message: impl Into<String>, advice: impl Into<String>) -> Error {
    Error::new(ErrorCode::Refused, message, advice)
}

impl App {
    pub(crate) async fn set_user_name(&self, args: SetUserName) -> Result<Empty> {
        let name = checked_name(&args.name, "name")?;
        let shared = self
            .blocking(move |app| {
                app.db().write(|tx| {
                    store::set_user_name(tx, &name)?;
                    Ok(workspaces::all(tx)?.into_iter().filter(|row| row.relay.is_some()).collect::<Vec<_>>())
                })
            })
            .await?;
        for row in shared {
            if let Err(error) = self.publish_name(&row.id).await {
                // The name is set here; the next round tells the others.
                tracing::info!(code = ?error.code, "the new name is not published yet: {error}");
            }
        }
        self.emit(Event::WorkspacesChanged {});
        Ok(Empty {})
    }

    /// Tells the other members of a workspace the own name, when they know
    /// another one or none: a default workspace is older than anyone's name.
    pub(super) async fn publish_name(&self, id: &WorkspaceId) -> Result<()> {
        let workspace = *id;
        let (own, root, recorded) = self.db().read(|conn| {
            let own = store::own(conn)?;
            let membership = load(conn, &workspace)?;
            let keys = records::epoch_keys(conn, &workspace)?;
            let root = membership::own_root(membership.roster(), &own.identity);
            let recorded = membership::member_name(membership.roster(), &root, &keys);
            Ok((own, root, recorded))
        })?;
        if own.user_name.is_empty() || recorded.as_ref() == Some(&own.user_name) {
            return Ok(());
        }
        self.post_record(id, |now| {
            build::set_name(&own.identity, root, &now.next(), now.key()?, &own.user_name, &mut self.random())
                .map(Some)
                .map_err(Error::internal)
        })
        .await
        .map(|_| ())
    }

    pub(crate) async fn workspace_list(&self, _: Empty) -> Result<Vec<WorkspaceSummary>> {
        self.blocking(|app| {
            app.db().read(|conn| workspaces::all(conn)?.iter().map(|row| summary(conn, &row.id)).collect())
        })
        .await
    }

    pub(crate) async fn workspace_create(&self, args: CreateWorkspace) -> Result<WorkspaceSummary> {
        let name = checked_name(&args.name, "workspace's name")?;
        let now = self.now_ms();
        let created = self
            .blocking(move |app| {
                app.db().write(|tx| {
                    let id = found(tx, &name, now, &mut app.random())?;
                    summary(tx, &id)
                })
            })
            .await?;
        self.emit(Event::WorkspacesChanged {});
        Ok(created)
    }
}
