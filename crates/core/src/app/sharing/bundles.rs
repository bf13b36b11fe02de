//! Bundles: everything a relay would pass on, in a file that is carried by
//! hand. Here is what goes out; `importing` is what comes in.

mod files;
mod importing;
mod passing;
mod plan;

pub(super) use plan::forked;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::slug;
use drystone_wire::bundle::{Bundle, BundleError, DeviceHead, FileInvitation, Heads, Known, RelayHint};
use drystone_wire::ids::Bytes;
use drystone_wire::membership::Role as WireRole;
use drystone_wire::{DeviceKey, Hash, WorkspaceId, limits};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::{App, load, refused, wire_role};
use crate::api::*;
use crate::app::syncing;
use crate::crypto::invite::{InviteKeys, Seed};
use crate::crypto::keys::Identity;
use crate::crypto::random::{OsRandom, Random};
use crate::crypto::records as build;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::invites::{self, InviteRow};
use crate::store::sharing::kept::{self, Kept};
use crate::store::sharing::{self as store, carrying, membership as records, outbox, workspaces};
use crate::sync::membership::{self, Membership};

/// What a bundle has besides its envelopes, at most, in bytes.
const FRAME_BYTES: usize = 64 << 20;

impl App {
    pub(crate) async fn bundle_export(&self, args: ExportBundle) -> Result<ExportedBundle> {
        self.blocking(|app| app.settle_all()).await?;
        let id = self.db().read(|conn| super::named(conn, args.workspace.as_deref()))?;
        let since = args.since.as_deref().map(read).transpose()?;
        let invitation = match args.invite {
            Some(invite) => Some(self.invite_by_file(&id, invite).await?),
            None => None,
        };
        let now_ms = self.now_ms();
        self.blocking(move |app| {
            let (mut bundle, identity, name) = app.db().write(|tx| {
                let identity = store::own(tx)?.identity;
                let bundle = assemble(tx, &id, &identity, since.as_ref(), invitation, now_ms)?;
                Ok((bundle, identity, workspaces::get(tx, &id)?.name))
            })?;
            let left_out = if args.attachments { app.carry_files(&mut bundle)? } else { 0 };
            let file = bundle.to_bytes(|hash| identity.device().sign(hash));
            let info = app.db().read(|conn| plan::describe(conn, &bundle, now_ms))?;
            let kind = match info.kind {
                BundleKind::Changes => "",
                BundleKind::Invitation => "-invitation",
                BundleKind::Answer => "-answer",
            };
            let stem = slug(&name);
            let stem = if stem.is_empty() { "workspace" } else { stem.as_str() };
            let name = format!("{stem}{kind}.drystone");
            Ok(ExportedBundle { name, content: BASE64.encode(file), bundle: info, left_out })
        })
        .await
    }

    /// Records an invitation whose secret goes into the file.
    async fn invite_by_file(&self, id: &WorkspaceId, invite: BundleInvite) -> Result<FileInvitation> {
        super::inviting::check_hours(invite.hours)?;
        let row = self.db().read(|conn| workspaces::get(conn, id))?;
        if row.relay.is_some() {
            return Err(Error::new(
                ErrorCode::Usage,
                format!("The workspace \"{}\" has a relay, which decides who is let in.", row.name),
                "Invite with a link: `drystone workspace invite`, or in the sharing panel.",
            ));
        }
        let identity = self.db().read(|conn| {
            super::inviting::check_inviting(conn, id, invite.role)?;
            Ok(store::own(conn)?.identity)
        })?;
        self.publish_name(id).await?;
        let mut seed = Zeroizing::new([0; 16]);
        OsRandom.fill(seed.as_mut());
        let keys = InviteKeys::derive(&seed, id).map_err(Error::internal)?;
        let membership = self
            .post_record(id, |now| {
                let expires_ms = now.now_ms + u64::from(invite.hours) * super::inviting::HOUR_MS;
                let role = wire_role(invite.role);
                build::invite(&identity, &now.next(), now.key()?, &keys, role, expires_ms, &mut OsRandom)
                    .map(Some)
                    .map_err(Error::internal)
            })
            .await?;
        let file = FileInvitation { seed: *seed };
        let row = InviteRow { seed: Seed(seed), position: membership.position(), hash: membership.roster().head };
        self.db().write(|tx| invites::insert(tx, id, &DeviceKey(keys.signing.public()), &row))?;
        self.emit(Event::WorkspacesChanged {});
        Ok(file)
    }
}

/// Reads a bundle that came in Base64.
fn read(content: &str) -> Result<Bundle> {
    let most = limits::BUNDLE_BYTES / 3 * 4 + 4;
    let bytes = (content.len() <= most).then(|| BASE64.decode(content).ok());
    let bytes = bytes.ok_or_else(|| problem(&BundleError::TooLarge(limits::BUNDLE_BYTES)))?;
    let bytes = bytes.ok_or_else(|| problem(&BundleError::NotABundle))?;
    Bundle::open(&bytes).map_err(|error| problem(&error))
}

/// Why a file is not accepted, in words for people.
fn problem(error: &BundleError) -> Error {
    let again = "Nothing was taken in. Copy the file again from where it was made.";
    let (code, advice) = match error {
        BundleError::NotABundle => (ErrorCode::BadInput, "Choose a file that Drystone exported as a bundle."),
        BundleError::Newer => (ErrorCode::TooNew, "Nothing was taken in. Install the newest version of Drystone."),
        BundleError::TooLarge(_) => (ErrorCode::TooLarge, "Make a smaller one: since a bundle that was carried."),
        BundleError::Length { .. } => (ErrorCode::Damaged, again),
        BundleError::Changed(_) | BundleError::Format(_) | BundleError::Envelope(..) => (ErrorCode::Integrity, again),
    };
    Error::new(code, format!("The bundle cannot be read: {error}."), advice)
}

fn assemble(
    conn: &Connection,
    id: &WorkspaceId,
    identity: &Identity,
    since: Option<&Bundle>,
    invitation: Option<FileInvitation>,
    time_ms: u64,
) -> Result<Bundle> {
    let membership = load(conn, id)?;
    let author = identity.device_key();
    let request = match carrying::joining(conn, id)? {
        Some(seed) => Some(answer(conn, &membership, identity, &seed)?),
        None if membership.roster().role_of(&author).is_none() => return Err(super::posting::not_a_member()),
        None => None,
    };
    if membership.roster().may_write(&author) {
        seal_all(conn, id, identity, &membership)?;
    }
    let head = membership.roster().head;
    let to = Known { membership: membership.position(), hash: head, devices: kept::heads(conn, id)? };
    let from = match (since, request.is_some()) {
        (None, false) => Known::NOTHING,
        (Some(since), false) => common(conn, id, &membership, since, &to)?,
        (_, true) => to.clone(),
    };
    let known = from.heads();
    let (mut envelopes, mut size) = (Vec::new(), 0);
    kept::each(conn, id, |kept| {
        if known.get(&kept.device).is_none_or(|(sequence, _)| *sequence < kept.sequence) {
            size += kept.envelope.len();
            envelopes.push(Bytes(kept.envelope));
        }
        if size > limits::BUNDLE_BYTES - FRAME_BYTES || envelopes.len() > limits::BUNDLE_ENVELOPES {
            return Err(problem(&BundleError::TooLarge(limits::BUNDLE_BYTES)));
        }
        Ok(())
    })?;
    let span = |heads: &Known| heads.devices.iter().map(|head| head.sequence).sum::<u64>();
    if span(&to).saturating_sub(span(&from)) != envelopes.len() as u64 {
        return Err(only_a_snapshot());
    }
    let records = carrying::records(conn, id, from.membership)?;
    let row = workspaces::get(conn, id)?;
    let relay = row.relay.filter(|_| row.cursor.generation > 0);
    let relay = relay.map(|relay| RelayHint { address: relay.to_string(), key: row.relay_key });
    let heads = Heads { from, to };
    let files = Vec::new();
    Ok(Bundle { workspace: *id, author, time_ms, heads, records, envelopes, relay, invitation, request, files })
}

/// A bundle carries entries as they were signed, and some are here in a snapshot only.
fn only_a_snapshot() -> Error {
    Error::new(
        ErrorCode::Usage,
        "This device knows the beginning of the workspace's history from a snapshot, which bundles do not carry.",
        "Export since a bundle that was carried before, or on a device that was there from the beginning.",
    )
}

/// What both an earlier bundle and this device hold.
fn common(conn: &Connection, id: &WorkspaceId, membership: &Membership, since: &Bundle, own: &Known) -> Result<Known> {
    let other = || {
        refused(
            "The bundle to go on from is not one that this workspace has been in.",
            "Choose a bundle of this workspace, or export everything.",
        )
    };
    if since.workspace != *id {
        return Err(other());
    }
    let position = since.heads.to.membership.min(membership.position());
    if position == since.heads.to.membership && membership.hash_at(position) != Some(since.heads.to.hash) {
        return Err(other());
    }
    let own_heads = own.heads();
    let mut devices = Vec::new();
    for head in &since.heads.to.devices {
        let Some((last, last_id)) = own_heads.get(&head.device).copied() else { continue };
        if last < head.sequence {
            devices.push(DeviceHead { device: head.device, sequence: last, id: last_id });
            continue;
        }
        if !kept::holds(conn, id, &head.device, head.sequence, &head.id)? {
            return Err(other());
        }
        devices.push(*head);
    }
    let hash = membership.hash_at(position).unwrap_or(Hash::ZERO);
    Ok(Known { membership: position, hash, devices })
}

/// Seals all that waits. What goes out stays as it is from now on.
fn seal_all(conn: &Connection, id: &WorkspaceId, identity: &Identity, membership: &Membership) -> Result<()> {
    let device = identity.device_key();
    let keys = records::epoch_keys(conn, id)?;
    let loaded = syncing::Loaded { membership: membership.clone(), keys };
    if outbox::oldest_epoch(conn, id)?.is_some_and(|sealed| sealed != membership.roster().epoch) {
        syncing::rewind(conn, id, &device).map_err(|failure| failure.error)?;
    }
    loop {
        let before = workspaces::get(conn, id)?.sequence;
        let too_large = syncing::seal(conn, id, identity, &loaded, &mut OsRandom)?;
        if workspaces::get(conn, id)?.sequence == before {
            if let Some(error) = too_large {
                return Err(error);
            }
            break;
        }
    }
    for sealed in outbox::unsent(conn, id, usize::MAX >> 1, usize::MAX)? {
        let outbox::Sealed { sequence, id: envelope_id, envelope, .. } = sealed;
        kept::insert(conn, id, &Kept { device, sequence, id: envelope_id, envelope }, false)?;
        records::set_device_head(conn, id, &device, sequence, &envelope_id)?;
    }
    carrying::set_carried(conn, id)
}

/// The answer to an invitation that came in a file.
fn answer(
    conn: &Connection,
    membership: &Membership,
    identity: &Identity,
    seed: &Seed,
) -> Result<drystone_wire::bundle::AdmissionRequest> {
    let roster = membership.roster();
    let keys = InviteKeys::derive(&seed.0, &roster.workspace).map_err(Error::internal)?;
    if !roster.invites.contains_key(&DeviceKey(keys.signing.public())) {
        return Err(super::joining::no_longer());
    }
    let known: BTreeMap<_, _> = records::epoch_keys(conn, &roster.workspace)?;
    let key = known.get(&roster.epoch).ok_or_else(super::joining::no_longer)?;
    let name = store::own(conn)?.user_name;
    build::request(identity, &roster.workspace, (roster.epoch, key), &keys, &name, &mut OsRandom)
        .map_err(Error::internal)
}

/// Whether a device may say which relay a workspace uses.
fn speaks_for(membership: &Membership, device: &DeviceKey) -> bool {
    membership.roster().role_of(device).is_some_and(|role| role <= WireRole::Admin)
}

/// The device that keeps the membership while there is no relay: the one that
/// wrote the first record.
pub(super) fn keeper(conn: &Connection, id: &WorkspaceId) -> Result<Option<DeviceKey>> {
    let list = records::records(conn, id, 0)?;
    Ok(membership::bodies(list.get(..1).unwrap_or_default()).first().map(|body| body.author))
}
