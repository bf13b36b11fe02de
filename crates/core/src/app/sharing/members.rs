//! Members: who they are, what they may do, and removing them.

use drystone_wire::membership::{LastAccepted, Role as WireRole};
use drystone_wire::roster::{Member as RosterMember, Roster};
use drystone_wire::{DeviceKey, RootKey, WorkspaceId};
use rusqlite::Connection;

use super::{App, api_role, load, member_names, refused, wire_role};
use crate::api::*;
use crate::crypto::records as build;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, workspaces};
use crate::sync::membership;

const ROLES: [WireRole; 4] = [WireRole::Owner, WireRole::Admin, WireRole::Editor, WireRole::Reader];

impl App {
    pub(crate) async fn workspace_members(&self, args: WorkspaceRef) -> Result<Vec<Member>> {
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = super::named(conn, args.workspace.as_deref())?;
                members(conn, &id)
            })
        })
        .await
    }

    pub(crate) async fn workspace_set_role(&self, args: SetRole) -> Result<Vec<Member>> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let (member, role) = (root_key(&args.member)?, wire_role(args.role));
        self.post_record(&id, |now| {
            let (_, own) = now.own(&identity)?;
            let target = now.roster().members.get(&member).ok_or_else(no_such_member)?;
            if target.role == role {
                return Ok(None);
            }
            if !may_become(now.roster(), own, target).contains(&role) {
                return Err(not_to_this_role(now.roster(), target));
            }
            Ok(Some(build::set_role(&identity, &now.next(), member, role)))
        })
        .await?;
        self.members_changed(&id).await
    }

    /// Ownership goes to another member, and oneself stays as an admin.
    pub(crate) async fn workspace_transfer(&self, args: MemberRef) -> Result<Vec<Member>> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let member = root_key(&args.member)?;
        self.post_record(&id, |now| {
            let (root, own) = now.own(&identity)?;
            if own != WireRole::Owner {
                return Err(refused("Only an owner can give ownership away.", "Ask the workspace's owner."));
            }
            if member == root {
                return Err(Error::new(ErrorCode::Usage, "You own this workspace already.", "Name another member."));
            }
            let target = now.roster().members.get(&member).ok_or_else(no_such_member)?;
            let due = target.role != WireRole::Owner;
            Ok(due.then(|| build::set_role(&identity, &now.next(), member, WireRole::Owner)))
        })
        .await?;
        self.post_record(&id, |now| {
            let (root, own) = now.own(&identity)?;
            // Another device may have stepped down, or the new owner may have gone.
            let other = now.roster().members.iter().any(|(key, row)| *key != root && row.role == WireRole::Owner);
            let due = own == WireRole::Owner && other;
            Ok(due.then(|| build::set_role(&identity, &now.next(), root, WireRole::Admin)))
        })
        .await?;
        self.members_changed(&id).await
    }

    pub(crate) async fn workspace_remove(&self, args: MemberRef) -> Result<Vec<Member>> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let member = root_key(&args.member)?;
        self.read_to_the_end(&id).await?;
        let mut there = false;
        self.post_record(&id, |now| {
            let (root, own) = now.own(&identity)?;
            if member == root {
                return Err(refused(
                    "Nobody removes themselves: who makes the new key would know it.",
                    "Leave the workspace instead: `drystone workspace leave`.",
                ));
            }
            // Another admin may have been first, which is just as well.
            let Some(target) = now.roster().members.get(&member) else {
                return if there { Ok(None) } else { Err(no_such_member()) };
            };
            there = true;
            check_power(own, target.role, "removes others")?;
            let devices = self.last_accepted(&id, target.devices.keys().copied())?;
            build::remove(&identity, now.roster(), now.now_ms, now.key()?, vec![member], devices, &mut self.random())
                .map(Some)
                .map_err(Error::internal)
        })
        .await?;
        self.members_changed(&id).await
    }

    /// What the relay has of a removed device until now counts. Who has not read
    /// it would name an earlier entry as the last one, and differ for ever from
    /// those who had taken later ones in.
    pub(super) async fn read_to_the_end(&self, id: &WorkspaceId) -> Result<()> {
        use ErrorCode as E;
        self.round_now(Some(*id)).await?;
        let problem = self.db().read(|conn| Ok(workspaces::get(conn, id)?.problem))?;
        // A refusal of what is sent, as by a full quota, comes after reading.
        let unread = [E::Unreachable, E::RateLimited, E::Busy, E::Certificate, E::Unauthorized, E::Integrity];
        match problem.filter(|problem| unread.contains(&problem.code)) {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    /// How far each of these devices is believed: as far as this one followed it.
    pub(super) fn last_accepted(
        &self,
        id: &WorkspaceId,
        devices: impl Iterator<Item = DeviceKey>,
    ) -> Result<Vec<LastAccepted>> {
        let heads = self.db().read(|conn| records::device_heads(conn, id))?;
        let sequence = |device: &DeviceKey| heads.get(device).map_or(0, |(sequence, _)| *sequence);
        Ok(devices.map(|device| LastAccepted { device, sequence: sequence(&device) }).collect())
    }

    async fn members_changed(&self, id: &WorkspaceId) -> Result<Vec<Member>> {
        self.emit(Event::WorkspacesChanged {});
        let id = *id;
        self.blocking(move |app| app.db().read(|conn| members(conn, &id))).await
    }
}

fn members(conn: &Connection, id: &WorkspaceId) -> Result<Vec<Member>> {
    let membership = load(conn, id)?;
    let roster = membership.roster();
    let identity = store::own(conn)?.identity;
    let own_root = membership::own_root(roster, &identity);
    let own = roster.role_of(&identity.device_key());
    let name = member_names(conn, roster)?;
    let mut list: Vec<Member> = roster
        .members
        .iter()
        .map(|(root, member)| Member {
            id: root.to_string(),
            name: name(root),
            role: api_role(member.role),
            you: *root == own_root,
            devices: member.devices.len() as u32,
            may_become: own
                .map(|own| may_become(roster, own, member).into_iter().map(api_role).collect())
                .unwrap_or_default(),
            removable: *root != own_root && own.is_some_and(|own| check_power(own, member.role, "").is_ok()),
        })
        .collect();
    list.sort_by(|a, b| b.you.cmp(&a.you).then(a.name.cmp(&b.name)).then(a.id.cmp(&b.id)));
    Ok(list)
}

/// The roles a member with this role may give to another, as the roster has it.
fn may_become(roster: &Roster, own: WireRole, target: &RosterMember) -> Vec<WireRole> {
    if own > WireRole::Admin || target.role < own || is_last_owner(roster, target) {
        return Vec::new();
    }
    ROLES.into_iter().filter(|role| *role >= own).collect()
}

fn is_last_owner(roster: &Roster, target: &RosterMember) -> bool {
    target.role == WireRole::Owner && roster.members.values().filter(|row| row.role == WireRole::Owner).count() == 1
}

fn not_to_this_role(roster: &Roster, target: &RosterMember) -> Error {
    if is_last_owner(roster, target) {
        return refused(
            "The last owner stays owner.",
            "Make someone else owner first, or give ownership away with `drystone workspace transfer`.",
        );
    }
    refused(
        "Only owners and admins change roles, not those of people above them, and not to a role above their own.",
        "Ask the workspace's owner.",
    )
}

/// Whether someone with this role may remove a member or a device of another.
pub(super) fn check_power(own: WireRole, target: WireRole, what: &str) -> Result<()> {
    if own <= WireRole::Admin && target >= own {
        return Ok(());
    }
    Err(refused(
        format!("Only an owner or admin {what}, and an admin no owner."),
        "Ask the workspace's owner; `drystone workspace members` says who that is.",
    ))
}

pub(super) fn root_key(text: &str) -> Result<RootKey> {
    text.parse().map_err(|_| no_such_member())
}

fn no_such_member() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "There is no such member in the workspace.",
        "`drystone workspace members` lists its members.",
    )
}
