//! Who one is, workspaces, members and invitations.

mod joining;

use drystone_wire::membership::Role as WireRole;
use drystone_wire::{DeviceKey, RelayKey, RootKey, WorkspaceId};
use rusqlite::{Connection, Transaction};
use zeroize::Zeroizing;

use super::{App, rfc3339};
use crate::api::*;
use crate::crypto::address::RelayAddress;
use crate::crypto::invite::{InviteKeys, InviteLink, LinkError, Seed};
use crate::crypto::keys::{Identity, IdentitySecrets};
use crate::crypto::names::NAME_BYTES;
use crate::crypto::qr;
use crate::crypto::random::{OsRandom, Random};
use crate::crypto::records::{self as build, Next};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, workspaces};
use crate::sync::membership::{self, Membership};

/// The name of the workspace that every device starts with.
const FIRST_WORKSPACE: &str = "Personal";
/// The longest time an invitation can be used, in hours.
const INVITE_HOURS: u32 = 24 * 90;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// Makes keys and the first workspace at the first start. Later it only reads.
pub(crate) fn ensure_identity_and_default_workspace(
    tx: &Transaction<'_>,
    now_ms: u64,
    user_name: &str,
) -> Result<WorkspaceId> {
    if store::identity(tx)?.is_none() {
        store::insert_identity(tx, &IdentitySecrets::generate(&mut OsRandom), user_name)?;
    }
    match workspaces::default(tx)? {
        Some(workspace) => Ok(workspace),
        None => found(tx, FIRST_WORKSPACE, now_ms, &mut OsRandom),
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
        sync: super::syncing::state(conn, &row, false)?,
    })
}

/// Why a link was not accepted, in words for people.
fn link_error(error: &LinkError) -> Error {
    let advice = match error {
        LinkError::Newer => "Update Drystone to the newest version.",
        _ => "Copy the whole link again, from `https://` to its end, or ask for a new invitation.",
    };
    Error::new(ErrorCode::Invite, format!("The invitation cannot be read: {error}."), advice)
}

/// What an invitation is made from.
struct Inviting {
    identity: Identity,
    relay: RelayAddress,
    relay_key: RelayKey,
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
        let (own, recorded) = self.db().read(|conn| {
            let own = store::own(conn)?;
            let membership = load(conn, &workspace)?;
            let keys = records::epoch_keys(conn, &workspace)?;
            let recorded = membership::member_name(membership.roster(), &own.identity.root_key(), &keys);
            Ok((own, recorded))
        })?;
        if own.user_name.is_empty() || recorded.as_ref() == Some(&own.user_name) {
            return Ok(());
        }
        self.post_record(id, |membership, key, now_ms| {
            let next = Next::after(membership.roster(), now_ms);
            build::set_name(&own.identity, &next, key, &own.user_name, &mut OsRandom).map_err(Error::internal)
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
                    let id = found(tx, &name, now, &mut OsRandom)?;
                    summary(tx, &id)
                })
            })
            .await?;
        self.emit(Event::WorkspacesChanged {});
        Ok(created)
    }

    pub(crate) async fn workspace_members(&self, args: WorkspaceRef) -> Result<Vec<Member>> {
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = named(conn, args.workspace.as_deref())?;
                members(conn, &id)
            })
        })
        .await
    }

    pub(crate) async fn workspace_invite(&self, args: Invite) -> Result<Invitation> {
        if args.hours == 0 || args.hours > INVITE_HOURS {
            return Err(Error::new(
                ErrorCode::Usage,
                format!("An invitation can be used for 1 to {INVITE_HOURS} hours."),
                "Choose a time in between.",
            ));
        }
        let (id, inviting) = self.blocking(move |app| app.inviting(args.workspace.as_deref(), args.role)).await?;
        self.publish_name(&id).await?;
        let mut seed = Zeroizing::new([0; 16]);
        OsRandom.fill(seed.as_mut());
        let keys = InviteKeys::derive(&seed, &id).map_err(Error::internal)?;
        let hours = u64::from(args.hours);
        let mut expires_ms = 0;
        let identity = inviting.identity.clone();
        let membership = self
            .post_record(&id, |membership, key, now_ms| {
                expires_ms = now_ms + hours * HOUR_MS;
                let next = Next::after(membership.roster(), now_ms);
                build::invite(&identity, &next, key, &keys, wire_role(args.role), expires_ms, &mut OsRandom)
                    .map_err(Error::internal)
            })
            .await?;
        let relay_key = match inviting.relay_key {
            RelayKey::ZERO => self.db().read(|conn| Ok(workspaces::get(conn, &id)?.relay_key))?,
            known => known,
        };
        let link = InviteLink {
            relay: inviting.relay,
            relay_key,
            workspace: id,
            seed: Seed(seed),
            checkpoint_position: membership.position(),
            checkpoint_hash: membership.roster().head,
        }
        .to_string();
        let qr_svg = qr::svg(&link).map_err(Error::internal)?;
        self.emit(Event::WorkspacesChanged {});
        Ok(Invitation { link, qr_svg, expires: rfc3339(expires_ms), role: args.role })
    }

    fn inviting(&self, workspace: Option<&str>, role: Role) -> Result<(WorkspaceId, Inviting)> {
        self.db().read(|conn| {
            let id = named(conn, workspace)?;
            let row = workspaces::get(conn, &id)?;
            let relay = row.relay.ok_or_else(|| {
                Error::new(
                    ErrorCode::Usage,
                    format!("The workspace \"{}\" has no relay yet, so nobody could join it.", row.name),
                    "Set one first: `drystone relay set https://…`, or in the workspace's settings.",
                )
            })?;
            let identity = store::own(conn)?.identity;
            let own = load(conn, &id)?.roster().role_of(&identity.device_key());
            if own.is_none_or(|own| own > WireRole::Admin || wire_role(role) < own) {
                return Err(Error::new(
                    ErrorCode::Refused,
                    "Only owners and admins invite, and not to a role above their own.",
                    "Ask the workspace's owner to invite, or choose a lesser role.",
                ));
            }
            Ok((id, Inviting { identity, relay, relay_key: row.relay_key }))
        })
    }

    pub(crate) async fn workspace_inspect(&self, args: InspectInvite) -> Result<InviteInfo> {
        let link: InviteLink = args.link.parse().map_err(|error| link_error(&error))?;
        let id = link.workspace;
        let member = self.blocking(move |app| app.db().read(|conn| workspaces::find(conn, &id))).await?.is_some();
        Ok(InviteInfo { workspace: id.to_string(), relay: link.relay.to_string(), member })
    }

    pub(crate) async fn workspace_join(&self, args: Join) -> Result<WorkspaceSummary> {
        let link: InviteLink = args.link.parse().map_err(|error| link_error(&error))?;
        let name = args.user_name.as_deref().map(|name| checked_name(name, "name")).transpose()?;
        let id = link.workspace;
        let here = self.blocking(move |app| app.db().read(|conn| workspaces::find(conn, &id))).await?.is_some();
        if !here {
            self.join(link, name).await?;
            self.emit(Event::WorkspacesChanged {});
            // The workspace is there now; how reading it went is in its state.
            let _state = self.sync_now(WorkspaceRef { workspace: Some(id.to_string()) }).await;
        }
        self.blocking(move |app| app.db().read(|conn| summary(conn, &id))).await
    }
}

fn members(conn: &Connection, id: &WorkspaceId) -> Result<Vec<Member>> {
    let own = store::own(conn)?;
    let membership = load(conn, id)?;
    let keys = records::epoch_keys(conn, id)?;
    let roster = membership.roster();
    let mut list: Vec<Member> = roster
        .members
        .iter()
        .map(|(root, member)| Member {
            id: root.to_string(),
            name: member_name(&own, root, membership::member_name(roster, root, &keys)),
            role: api_role(member.role),
            you: *root == own.identity.root_key(),
            devices: member.devices.len() as u32,
        })
        .collect();
    list.sort_by(|a, b| b.you.cmp(&a.you).then(a.name.cmp(&b.name)).then(a.id.cmp(&b.id)));
    Ok(list)
}

fn member_name(own: &store::IdentityRow, root: &RootKey, recorded: Option<String>) -> String {
    let recorded = recorded.filter(|name| !name.is_empty());
    if *root == own.identity.root_key() && !own.user_name.is_empty() {
        return own.user_name.clone();
    }
    recorded.unwrap_or_else(|| nameless(&root.to_string()))
}
