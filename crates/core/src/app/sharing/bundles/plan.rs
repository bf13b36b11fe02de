//! What taking in a bundle would do, found out without doing any of it.

use std::collections::BTreeMap;

use drystone_wire::bundle::{AdmissionRequest, Bundle, CarriedRecord};
use drystone_wire::ids::{Bytes, verify};
use drystone_wire::membership::{Countersigned, Record, signed_bytes};
use drystone_wire::{DeviceKey, Hash, RelayKey, WorkspaceId};
use rusqlite::Connection;

use super::speaks_for;
use crate::api::{BundleInfo, BundleKind};
use crate::app::rfc3339;
use crate::app::sharing::{api_role, load, nameless, refused};
use crate::crypto::invite::{InviteKeys, Seed};
use crate::crypto::keys::EpochKey;
use crate::crypto::names::{self, Whose};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, carrying, kept, membership as records, workspaces};
use crate::sync::membership::{self, Membership};
use zeroize::Zeroizing;

/// What a bundle would change.
pub(super) struct Plan {
    /// The membership afterwards.
    pub membership: Membership,
    /// Records that are not here yet: position, hash, bytes.
    pub fresh: Vec<(u64, Hash, Vec<u8>)>,
    /// Countersignatures of records, by position.
    pub signatures: Vec<(u64, Vec<u8>)>,
    /// Which of the envelopes are not here yet.
    pub entries: Vec<usize>,
    /// The invitation that this device takes up.
    pub invitation: Option<Seed>,
    /// Who is to be let in, and the name they give.
    pub admitted: Option<(AdmissionRequest, String)>,
    /// The epoch keys that can be had.
    pub keys: BTreeMap<u32, EpochKey>,
}

/// Whose word counts for a record that is not here yet.
struct Trust {
    /// The device that keeps the membership while there is no relay.
    keeper: Option<DeviceKey>,
    /// The relay, whose log was read.
    relay: Option<RelayKey>,
    workspace: WorkspaceId,
}

impl Trust {
    fn of(conn: &Connection, bundle: &Bundle, before: Option<&Membership>) -> Result<Trust> {
        let workspace = bundle.workspace;
        let row = workspaces::find(conn, &workspace)?;
        let read = row.filter(|row| row.relay.is_some() && row.cursor.generation > 0);
        if let Some(row) = read {
            return Ok(Trust { keeper: None, relay: Some(row.relay_key), workspace });
        }
        let keeper = match before {
            Some(_) => super::keeper(conn, &workspace)?,
            None => {
                bundle.records.first().and_then(|one| Record::open(&one.record.0).ok()).map(|(_, body)| body.author)
            }
        };
        let named = bundle.relay.as_ref().filter(|_| before.is_some_and(|before| speaks_for(before, &bundle.author)));
        Ok(Trust { keeper, relay: named.map(|relay| relay.key), workspace })
    }

    /// Whether a record is confirmed: by the relay, or by who keeps the log.
    fn accepts(&self, one: &CarriedRecord, position: u64) -> bool {
        let Ok((record, body)) = Record::open(&one.record.0) else { return false };
        let hash = record.hash();
        if !verify(&body.author.0, signed_bytes(&hash).as_bytes(), &record.signature) {
            return false;
        }
        let countersigned = self.relay.zip(one.confirmation()).is_some_and(|(relay, signature)| {
            let whole = Countersigned { record: Bytes(one.record.0.clone()), signature };
            whole.verify(&relay, &self.workspace, position, &hash)
        });
        countersigned || self.keeper == Some(body.author)
    }
}

/// The first record that stands at a position where another one stands here,
/// although it is confirmed: proof of a fork.
pub(super) fn fork(conn: &Connection, bundle: &Bundle) -> Result<Option<(u64, CarriedRecord)>> {
    if workspaces::find(conn, &bundle.workspace)?.is_none() {
        return Ok(None);
    }
    let membership = load(conn, &bundle.workspace)?;
    let trust = Trust::of(conn, bundle, Some(&membership))?;
    for (one, position) in bundle.records.iter().zip(bundle.heads.from.membership + 1..) {
        let Some(here) = membership.hash_at(position) else { break };
        let same = Record::open(&one.record.0).is_ok_and(|(record, _)| record.hash() == here);
        if !same && trust.accepts(one, position) {
            return Ok(Some((position, one.clone())));
        }
    }
    Ok(None)
}

pub(in crate::app::sharing) fn forked(workspace: &WorkspaceId, position: u64) -> Error {
    Error::new(
        ErrorCode::Integrity,
        format!("There are two membership records {position} of workspace {workspace}: its membership was forked."),
        "Both are kept as proof, and its membership stays as it is. Ask who keeps the workspace's membership which \
         data folder was copied or restored.",
    )
}

fn not_right(what: &str) -> Error {
    Error::new(
        ErrorCode::Integrity,
        format!("The bundle does not fit this workspace: {what}."),
        "Nothing was taken in. Ask who made it for a new one.",
    )
}

fn not_known() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The bundle belongs to a workspace that is not on this device, and invites nobody to it.",
        "Ask one of its members for an invitation: `drystone bundle export --invite editor`.",
    )
}

/// Looks through a bundle.
pub(super) fn plan(conn: &Connection, bundle: &Bundle, now_ms: u64) -> Result<Plan> {
    let id = bundle.workspace;
    if let Some(position) = carrying::fork(conn, &id)? {
        return Err(forked(&id, position));
    }
    let before = match workspaces::find(conn, &id)? {
        Some(_) => Some(load(conn, &id)?),
        None => None,
    };
    let mut plan = with_records(conn, bundle, before.as_ref())?;
    let own = store::own(conn)?.identity;
    let (roster, device) = (plan.membership.roster().clone(), own.device_key());
    let known_author = roster.devices.contains_key(&bundle.author) || roster.removed.contains_key(&bundle.author);
    if !known_author && bundle.request.is_none() {
        return Err(not_right("who made it is not in the workspace"));
    }
    let mut seed = carrying::joining(conn, &id)?;
    if before.is_none() {
        let file = bundle.invitation.as_ref().ok_or_else(not_known)?;
        if !speaks_for(&plan.membership, &bundle.author) {
            return Err(not_right("who made it may not invite"));
        }
        seed = Some(Seed(Zeroizing::new(file.seed)));
        plan.invitation.clone_from(&seed);
    }
    let was = before.is_some_and(|before| before.roster().devices.contains_key(&device));
    if !was && !roster.devices.contains_key(&device) && seed.is_none() {
        return Err(refused("You are not a member of the bundle's workspace.", "Ask one of its owners to invite you."));
    }
    plan.keys = keys(conn, &plan, own.agreement(), seed.as_ref())?;
    if let Some(seed) = plan.invitation.as_ref() {
        check_invitation(&plan.membership, seed, now_ms)?;
    }
    new_entries(conn, bundle, &mut plan)?;
    plan.admitted = admitted(conn, bundle, &plan)?;
    Ok(plan)
}

/// Applies the records that are not here to the membership.
fn with_records(conn: &Connection, bundle: &Bundle, before: Option<&Membership>) -> Result<Plan> {
    let from = &bundle.heads.from;
    let trust = Trust::of(conn, bundle, before)?;
    let mut membership = before.cloned();
    let here = before.map_or(0, Membership::position);
    if from.membership > here {
        return Err(if before.is_none() { not_known() } else { gap() });
    }
    if from.membership > 0 && before.and_then(|before| before.hash_at(from.membership)) != Some(from.hash) {
        return Err(not_right("it goes on from another membership"));
    }
    let (mut fresh, mut signatures) = (Vec::new(), Vec::new());
    for (one, position) in bundle.records.iter().zip(from.membership + 1..) {
        let bytes = &one.record.0;
        let known = before.and_then(|before| before.hash_at(position));
        if !trust.accepts(one, position) && known.is_none() {
            return Err(not_right("a record of its membership is not confirmed by whoever keeps it"));
        }
        if let Some(known) = known {
            if !Record::open(bytes).is_ok_and(|(record, _)| record.hash() == known) {
                return Err(not_right("its membership is another"));
            }
        } else {
            let wrong = |error: drystone_wire::roster::RosterError| not_right(&error.to_string());
            match &mut membership {
                None => membership = Some(Membership::create(bytes).map_err(wrong)?),
                Some(membership) => membership.apply(bytes).map(|_| ()).map_err(wrong)?,
            }
            let hash = membership.as_ref().map_or(Hash::ZERO, |membership| membership.roster().head);
            fresh.push((position, hash, bytes.clone()));
        }
        let confirmed = trust.relay.is_some() && one.confirmation().is_some() && trust.accepts(one, position);
        if confirmed {
            signatures.push((position, one.countersignature.0.clone()));
        }
    }
    let membership = membership.ok_or_else(not_known)?;
    if membership.roster().workspace != bundle.workspace {
        return Err(not_right("its first record is another workspace's"));
    }
    let (entries, keys) = (Vec::new(), BTreeMap::new());
    Ok(Plan { membership, fresh, signatures, entries, invitation: None, admitted: None, keys })
}

fn gap() -> Error {
    Error::new(
        ErrorCode::BadInput,
        "The bundle goes on from one that was not taken in here.",
        "Import the bundle before it first, or ask for a whole one. Nothing was taken in.",
    )
}

fn keys(
    conn: &Connection,
    plan: &Plan,
    agreement: &crate::crypto::keys::AgreementPair,
    seed: Option<&Seed>,
) -> Result<BTreeMap<u32, EpochKey>> {
    let roster = plan.membership.roster();
    let mut list = records::records(conn, &roster.workspace, 0)?;
    list.extend(plan.fresh.iter().map(|(_, _, bytes)| bytes.clone()));
    let bodies = membership::bodies(&list);
    let mut keys = membership::epoch_keys(&bodies, roster, agreement);
    if let Some(seed) = seed {
        let invited = InviteKeys::derive(&seed.0, &roster.workspace).map_err(Error::internal)?;
        keys.extend(membership::epoch_keys(&bodies, roster, &invited.agreement));
    }
    Ok(keys)
}

fn check_invitation(membership: &Membership, seed: &Seed, now_ms: u64) -> Result<()> {
    let roster = membership.roster();
    let keys = InviteKeys::derive(&seed.0, &roster.workspace).map_err(Error::internal)?;
    match roster.invites.get(&DeviceKey(keys.signing.public())) {
        Some(open) if now_ms <= open.expires_ms => Ok(()),
        Some(_) => Err(Error::new(ErrorCode::Invite, "This invitation has expired.", "Ask for a new one.")),
        None => Err(crate::app::sharing::joining::no_longer()),
    }
}

/// Which envelopes are not here, and whether those before them are.
fn new_entries(conn: &Connection, bundle: &Bundle, plan: &mut Plan) -> Result<()> {
    let id = &bundle.workspace;
    let heads: BTreeMap<DeviceKey, (u64, Hash)> =
        kept::heads(conn, id)?.into_iter().map(|head| (head.device, (head.sequence, head.id))).collect();
    let roster = plan.membership.roster();
    let last = |device: &DeviceKey| heads.get(device).map_or(0, |(sequence, _)| *sequence);
    let twice = || not_right("a device wrote two different entries with one number: its data folder was used twice");
    for head in &bundle.heads.from.devices {
        if last(&head.device) < head.sequence {
            if roster.removed.contains_key(&head.device) {
                continue;
            }
            return Err(gap());
        }
        if !kept::holds(conn, id, &head.device, head.sequence, &head.id)? {
            return Err(twice());
        }
    }
    for (index, bytes) in bundle.envelopes.iter().enumerate() {
        let (envelope, header) =
            drystone_wire::envelope::Envelope::open(&bytes.0).map_err(|error| not_right(&error.to_string()))?;
        if header.sequence > last(&header.device) {
            if !carrying::is_set_aside(conn, id, &bytes.0)? {
                plan.entries.push(index);
            }
        } else if !kept::holds(conn, id, &header.device, header.sequence, &envelope.id())? {
            return Err(twice());
        }
    }
    Ok(())
}

/// Who answers to an invitation of this workspace, unless they are in already.
fn admitted(conn: &Connection, bundle: &Bundle, plan: &Plan) -> Result<Option<(AdmissionRequest, String)>> {
    let Some(request) = &bundle.request else { return Ok(None) };
    let roster = plan.membership.roster();
    let own = store::own_device(conn)?;
    // One's own answer is nothing to decide about.
    if roster.devices.contains_key(&request.device.signing) || request.device.signing == own {
        return Ok(None);
    }
    if bundle.author != request.device.signing {
        return Err(not_right("the answer in it is another device's"));
    }
    if super::keeper(conn, &bundle.workspace)? != Some(own) {
        return Err(refused(
            "Only the device that founded the workspace lets people in while there is no relay.",
            "Carry the answer to that device.",
        ));
    }
    if !roster.invites.contains_key(&request.invite) {
        return Err(crate::app::sharing::joining::no_longer());
    }
    let whose = Whose::Member(request.root);
    let name = plan.keys.get(&request.epoch).and_then(|key| names::open(&request.member_name.0, whose, key).ok());
    Ok(Some((request.clone(), name.unwrap_or_default())))
}

/// What a bundle is, in the words of the interface. Fails where taking it in
/// would fail.
pub(super) fn describe(conn: &Connection, bundle: &Bundle, now_ms: u64) -> Result<BundleInfo> {
    let plan = plan(conn, bundle, now_ms)?;
    Ok(info(bundle, &plan))
}

pub(super) fn info(bundle: &Bundle, plan: &Plan) -> BundleInfo {
    let roster = plan.membership.roster();
    let own_name =
        |name: Option<String>, id: &str| name.filter(|name| !name.is_empty()).unwrap_or_else(|| nameless(id));
    let name_of = |device: &DeviceKey| {
        let root = membership::owner_of(roster, device)?;
        membership::member_name(roster, &root, &plan.keys)
    };
    let invite = bundle.invitation.as_ref().and_then(|file| {
        let keys = InviteKeys::derive(&file.seed, &roster.workspace).ok()?;
        roster.invites.get(&DeviceKey(keys.signing.public()))
    });
    let asks = bundle.request.as_ref().map(|request| {
        let key = plan.keys.get(&request.epoch);
        let name = key.and_then(|key| names::open(&request.member_name.0, Whose::Member(request.root), key).ok());
        own_name(name, &request.root.to_string())
    });
    let author = asks.clone().unwrap_or_else(|| own_name(name_of(&bundle.author), &bundle.author.to_string()));
    let role = invite.or_else(|| roster.invites.get(&bundle.request.as_ref()?.invite)).map(|open| api_role(open.role));
    BundleInfo {
        kind: match (&bundle.invitation, &bundle.request) {
            (Some(_), _) => BundleKind::Invitation,
            (None, Some(_)) => BundleKind::Answer,
            (None, None) => BundleKind::Changes,
        },
        workspace: bundle.workspace.to_string(),
        name: membership::workspace_name(roster, &plan.keys).unwrap_or_default(),
        author,
        time: rfc3339(bundle.time_ms),
        complete: bundle.heads.from.membership == 0,
        entries: bundle.envelopes.len() as u32,
        new_entries: plan.entries.len() as u32,
        records: bundle.records.len() as u32,
        new_records: plan.fresh.len() as u32,
        files: bundle.files.len() as u32,
        joins: plan.invitation.is_some(),
        role,
        expires: invite.map(|open| rfc3339(open.expires_ms)),
        relay: bundle.relay.as_ref().map(|relay| relay.address.clone()),
    }
}
