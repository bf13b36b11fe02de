//! Invitations: making them, listing those that are open, taking them back.

use drystone_wire::membership::Role as WireRole;
use drystone_wire::roster::OpenInvite;
use drystone_wire::{DeviceKey, RelayKey, WorkspaceId};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::{App, api_role, load, member_names, refused, wire_role};
use crate::api::*;
use crate::app::rfc3339;
use crate::crypto::address::RelayAddress;
use crate::crypto::invite::{InviteKeys, InviteLink, Seed};
use crate::crypto::qr;
use crate::crypto::random::Random;
use crate::crypto::records as build;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::invites::{self, InviteRow};
use crate::store::sharing::{self as store, workspaces};
use crate::sync::membership;

/// The longest time an invitation can be used, in hours.
const INVITE_HOURS: u32 = 24 * 90;
pub(super) const HOUR_MS: u64 = 60 * 60 * 1000;

impl App {
    pub(crate) async fn workspace_invite(&self, args: Invite) -> Result<Invitation> {
        check_hours(args.hours)?;
        let id = self.blocking(move |app| app.may_invite(args.workspace.as_deref(), args.role)).await?;
        self.publish_name(&id).await?;
        let mut seed = Zeroizing::new([0; 16]);
        self.random().fill(seed.as_mut());
        let keys = InviteKeys::derive(&seed, &id).map_err(Error::internal)?;
        let identity = self.db().read(store::own)?.identity;
        let (hours, mut expires_ms) = (u64::from(args.hours), 0);
        let membership = self
            .post_record(&id, |now| {
                expires_ms = now.now_ms + hours * HOUR_MS;
                let role = wire_role(args.role);
                build::invite(&identity, &now.next(), now.key()?, &keys, role, expires_ms, &mut self.random())
                    .map(Some)
                    .map_err(Error::internal)
            })
            .await?;
        let row = InviteRow { seed: Seed(seed), position: membership.position(), hash: membership.roster().head };
        let invite = DeviceKey(keys.signing.public());
        let invitation = self.db().write(|tx| {
            invites::insert(tx, &id, &invite, &row)?;
            let shown = workspaces::get(tx, &id)?;
            let relay = shown.relay.ok_or_else(|| Error::internal("the workspace has no relay"))?;
            invitation(&id, relay, shown.relay_key, row, api_role(wire_role(args.role)), expires_ms)
        })?;
        self.emit(Event::WorkspacesChanged {});
        Ok(invitation)
    }

    fn may_invite(&self, workspace: Option<&str>, role: Role) -> Result<WorkspaceId> {
        self.db().read(|conn| {
            let id = super::named(conn, workspace)?;
            let row = workspaces::get(conn, &id)?;
            if row.relay.is_none() {
                return Err(Error::new(
                    ErrorCode::Usage,
                    format!("The workspace \"{}\" has no relay yet, so nobody could join it.", row.name),
                    "Set one first: `drystone relay set https://…`. Without any, invite by file: `drystone bundle export \
                     --invite editor FILE`.",
                ));
            }
            check_inviting(conn, &id, role)?;
            Ok(id)
        })
    }

    pub(crate) async fn workspace_invitations(&self, args: WorkspaceRef) -> Result<Vec<OpenInvitation>> {
        let now_ms = self.now_ms();
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = super::named(conn, args.workspace.as_deref())?;
                open_invitations(conn, &id, now_ms)
            })
        })
        .await
    }

    pub(crate) async fn workspace_revoke_invitation(&self, args: InvitationRef) -> Result<Vec<OpenInvitation>> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let invite: DeviceKey = args.invitation.parse().map_err(|_| no_such_invitation())?;
        let mut there = false;
        self.post_record(&id, |now| {
            if now.own(&identity)?.1 > WireRole::Admin {
                return Err(refused(
                    "Only owners and admins take invitations back.",
                    "Ask one of them; `drystone workspace members` lists them.",
                ));
            }
            there |= now.roster().invites.contains_key(&invite);
            let open = now.roster().invites.contains_key(&invite);
            Ok(open.then(|| build::revoke_invite(&identity, &now.next(), invite)))
        })
        .await?;
        if !there {
            return Err(no_such_invitation());
        }
        self.emit(Event::WorkspacesChanged {});
        self.workspace_invitations(WorkspaceRef { workspace: Some(id.to_string()) }).await
    }
}

/// How long an invitation may be open.
pub(super) fn check_hours(hours: u32) -> Result<()> {
    if (1..=INVITE_HOURS).contains(&hours) {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Usage,
        format!("An invitation can be used for 1 to {INVITE_HOURS} hours."),
        "Choose a time in between.",
    ))
}

/// Whether one may invite to this role.
pub(super) fn check_inviting(conn: &Connection, id: &WorkspaceId, role: Role) -> Result<()> {
    let own = load(conn, id)?.roster().role_of(&store::own_device(conn)?);
    if own.is_none_or(|own| own > WireRole::Admin || wire_role(role) < own) {
        return Err(refused(
            "Only owners and admins invite, and not to a role above their own.",
            "Ask the workspace's owner to invite, or choose a lesser role.",
        ));
    }
    Ok(())
}

/// The invitation as its maker passes it on.
fn invitation(
    id: &WorkspaceId,
    relay: RelayAddress,
    relay_key: RelayKey,
    row: InviteRow,
    role: Role,
    expires_ms: u64,
) -> Result<Invitation> {
    let link = InviteLink {
        relay,
        relay_key,
        workspace: *id,
        seed: row.seed,
        checkpoint_position: row.position,
        checkpoint_hash: row.hash,
    }
    .to_string();
    let expires = rfc3339(expires_ms);
    let qr_svg = qr::svg(&link).map_err(Error::internal)?;
    let file = format!(
        "An invitation to a workspace of Drystone. Open this file with Drystone, run\n\
         `drystone workspace join` with it, or paste the line below where Drystone asks\n\
         for an invitation. One person can join with it, until {expires}.\n\
         Whoever has it can join: pass it on in a way that only they can read.\n\n{link}\n"
    );
    Ok(Invitation { link, qr_svg, expires, role, file })
}

fn open_invitations(conn: &Connection, id: &WorkspaceId, now_ms: u64) -> Result<Vec<OpenInvitation>> {
    let membership = load(conn, id)?;
    let roster = membership.roster();
    let own_root = membership::own_root(roster, &store::own(conn)?.identity);
    let name = member_names(conn, roster)?;
    let mut open: Vec<(&DeviceKey, &OpenInvite)> = roster.invites.iter().collect();
    open.sort_by_key(|(key, invite)| (invite.expires_ms, **key));
    let row = workspaces::get(conn, id)?;
    open.into_iter()
        .map(|(key, invite)| {
            let known = invites::find(conn, id, key)?.zip(row.relay.clone());
            let role = api_role(invite.role);
            let again =
                known.map(|(known, relay)| invitation(id, relay, row.relay_key, known, role, invite.expires_ms));
            Ok(OpenInvitation {
                id: key.to_string(),
                role,
                expires: rfc3339(invite.expires_ms),
                expired: now_ms.saturating_add_signed(row.clock_offset_ms) > invite.expires_ms,
                made_by: name(&invite.by),
                yours: invite.by == own_root,
                invitation: again.transpose()?,
            })
        })
        .collect()
}

fn no_such_invitation() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "There is no such open invitation: it was used or taken back already.",
        "`drystone workspace invitations` lists those that are open.",
    )
}
