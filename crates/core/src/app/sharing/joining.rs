//! Joining by an invitation or by a link to a device of one's own.

use drystone_wire::membership::Record;
use drystone_wire::{DeviceKey, Hash, RelayKey, WorkspaceId};

use super::App;
use super::posting::{PAUSE, TRIES};
use crate::crypto::address::RelayAddress;
use crate::crypto::device_link::DeviceLink;
use crate::crypto::invite::{InviteKeys, InviteLink};
use crate::crypto::keys::EpochKey;
use crate::crypto::link::LinkError;
use crate::crypto::records::{self as build, Next};
use crate::crypto::wrap;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, workspaces};
use crate::sync::client::Client;
use crate::sync::membership::Membership;
use crate::sync::request::{Attempt, Failure, FailureKind, Reply, Request};
use crate::sync::trust;

/// The longest file that holds an invitation, in bytes.
const FILE_BYTES: usize = 64 << 10;

/// A membership log as a relay gave it, every record validated.
pub(super) struct Fetched {
    pub membership: Membership,
    pub records: Vec<(u64, Hash, Vec<u8>)>,
}

/// What a link says about a workspace, whatever kind of link it is.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub relay: RelayAddress,
    pub relay_key: RelayKey,
    pub workspace: WorkspaceId,
    /// A record that must be in its membership, with its position.
    pub checkpoint: Option<(u64, Hash)>,
}

/// A link that leads into a workspace.
#[derive(Debug, Clone)]
pub(super) enum Entrance {
    /// An invitation.
    Invite(InviteLink),
    /// To a device that was added already.
    Device(DeviceLink),
}

impl Entrance {
    /// Reads a link, or a file's text with one on a line of its own.
    pub fn read(text: &str) -> Result<Entrance> {
        let holds = |line: &&str| line.contains("/join#") || line.contains("/device#");
        let line = if text.len() > FILE_BYTES { "" } else { text.lines().find(holds).unwrap_or(text) };
        let read = match line.contains("/device#") {
            true => line.parse().map(Entrance::Device),
            false => line.parse().map(Entrance::Invite),
        };
        read.map_err(|error| link_error(&error))
    }

    pub fn target(&self) -> Target {
        match self {
            Entrance::Invite(link) => Target {
                relay: link.relay.clone(),
                relay_key: link.relay_key,
                workspace: link.workspace,
                checkpoint: Some((link.checkpoint_position, link.checkpoint_hash)),
            },
            Entrance::Device(link) => Target {
                relay: link.relay.clone(),
                relay_key: link.relay_key,
                workspace: link.workspace,
                checkpoint: Some((link.checkpoint_position, link.checkpoint_hash)),
            },
        }
    }
}

/// Why a link was not accepted, in words for people.
fn link_error(error: &LinkError) -> Error {
    let advice = match error {
        LinkError::Newer => "Update Drystone to the newest version.",
        _ => "Copy the whole link again, from `https://` to its end, or ask for a new invitation.",
    };
    Error::new(ErrorCode::Invite, format!("The invitation cannot be read: {error}."), advice)
}

impl App {
    /// Joins with a link; everything is stored in one transaction.
    pub(super) async fn join(&self, link: InviteLink, name: Option<String>) -> Result<()> {
        let target = Entrance::Invite(link.clone()).target();
        let own = self.db().read(store::own)?;
        let user_name = name.clone().unwrap_or_else(|| own.user_name.clone());
        let keys = InviteKeys::derive(&link.seed.0, &link.workspace).map_err(Error::internal)?;
        let roots = trust::read(self.data_dir())?;
        let pinned = Some(link.relay_key);
        let invited = self.new_client(link.relay.clone(), pinned, keys.signing.clone(), &roots)?;
        let device = own.identity.device_key();
        for _ in 0..TRIES {
            let fetched = match fetch(&invited, &target).await {
                // Perhaps a try before was heard by the relay and its answer lost.
                Err(failure) if failure.kind == FailureKind::NotFound => {
                    let member = self.new_client(link.relay.clone(), pinned, own.identity.device().clone(), &roots)?;
                    fetch(&member, &target).await.map_err(|_| no_longer())?
                }
                other => other.map_err(|failure| failure.error)?,
            };
            if fetched.membership.roster().devices.contains_key(&device) {
                return self.store_joined(&target, fetched, name).await;
            }
            let key = invited_key(&fetched, &keys)?;
            let now_ms = corrected(self.now_ms(), &invited);
            let next = Next::after(fetched.membership.roster(), now_ms);
            let record = build::join(&own.identity, &next, &key, &keys, &user_name, &mut self.random())
                .map_err(Error::internal)?;
            match invited.send(&link.workspace, Request::Record(record.to_bytes())).await {
                Ok(_) => {}
                Err(failure) if failure.kind == FailureKind::MembershipMoved => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Err(failure.error),
            }
        }
        Err(Error::new(ErrorCode::Busy, "The workspace's membership changes too fast.", "Try again in a moment."))
    }

    /// Takes a workspace in that this device was added to by another of its person.
    pub(super) async fn join_as_own_device(&self, link: &DeviceLink) -> Result<()> {
        let (fetched, target) = self.fetch_as_own_device(link).await?;
        self.store_joined(&target, fetched, None).await
    }

    /// The membership of the workspace that a link to a device leads to.
    pub(super) async fn fetch_as_own_device(&self, link: &DeviceLink) -> Result<(Fetched, Target)> {
        let own = self.db().read(store::own)?;
        if link.device != own.identity.device_key() {
            return Err(Error::new(
                ErrorCode::Invite,
                "This link was made for another device.",
                "Give this device's code to the other one: `drystone device request`.",
            ));
        }
        let target = Entrance::Device(link.clone()).target();
        let roots = trust::read(self.data_dir())?;
        let client =
            self.new_client(link.relay.clone(), Some(link.relay_key), own.identity.device().clone(), &roots)?;
        let fetched = fetch(&client, &target).await.map_err(|failure| failure.error)?;
        if fetched.membership.roster().devices.get(&link.device) == Some(&link.member) {
            return Ok((fetched, target));
        }
        Err(Error::new(
            ErrorCode::Invite,
            "This device is not in the workspace that the link leads to.",
            "Add it again on the other device.",
        ))
    }

    pub(super) async fn store_joined(&self, link: &Target, fetched: Fetched, name: Option<String>) -> Result<()> {
        let link = link.clone();
        self.blocking(move |app| {
            app.db().write(|tx| {
                if workspaces::find(tx, &link.workspace)?.is_some() {
                    return Ok(());
                }
                if let Some(name) = &name {
                    store::set_user_name(tx, name)?;
                }
                let own = store::own(tx)?;
                workspaces::insert(tx, &link.workspace, "")?;
                crate::app::syncing::store_records(tx, &fetched.membership, &fetched.records, &own.identity)?;
                let keys = records::epoch_keys(tx, &link.workspace)?;
                let roster = fetched.membership.roster();
                let title = crate::sync::membership::workspace_name(roster, &keys).unwrap_or_default();
                workspaces::set_name(tx, &link.workspace, &title)?;
                workspaces::set_relay(tx, &link.workspace, Some(&link.relay), &link.relay_key)
            })
        })
        .await
    }
}

/// The relay's time, since the relay decides what has expired.
pub(super) fn corrected(now_ms: u64, client: &Client) -> u64 {
    now_ms.saturating_add_signed(client.clock_offset_ms().unwrap_or(0))
}

/// Reads and validates a whole membership log, down to the link's checkpoint.
pub(super) async fn fetch(client: &Client, link: &Target) -> Attempt<Fetched> {
    let id = &link.workspace;
    let wrong = |what: &dyn std::fmt::Display| Failure::integrity(what, id);
    let mut fetched: Option<Fetched> = None;
    loop {
        let after = fetched.as_ref().map_or(0, |fetched| fetched.membership.position());
        let Reply::Records(page) = client.send(id, Request::Records { after }).await? else {
            return Err(wrong(&"it answered something else"));
        };
        for countersigned in &page.records {
            let bytes = &countersigned.record.0;
            let membership = match fetched.take() {
                None => Membership::create(bytes).map(|membership| Fetched { membership, records: Vec::new() }),
                Some(mut before) => before.membership.apply(bytes).map(|_| before),
            };
            let mut next = membership.map_err(|error| wrong(&error))?;
            let (at, hash) = (next.membership.position(), next.membership.roster().head);
            if next.membership.roster().workspace != *id || !countersigned.verify(&link.relay_key, id, at, &hash) {
                return Err(wrong(&format_args!("membership record {at} is not the workspace's")));
            }
            next.records.push((at, hash, bytes.clone()));
            fetched = Some(next);
        }
        match fetched {
            Some(whole) if whole.membership.position() >= page.total => {
                let there = |(position, hash)| whole.membership.hash_at(position) == Some(hash);
                if !link.checkpoint.is_none_or(there) {
                    return Err(wrong(&"its membership is another than the one the invitation was made in"));
                }
                return Ok(whole);
            }
            Some(part) if !page.records.is_empty() => fetched = Some(part),
            _ => return Err(wrong(&"its membership has no records")),
        }
    }
}

/// The current epoch's key, wrapped for the invitation: when it was made, or by
/// a rotation since.
pub(super) fn invited_key(fetched: &Fetched, keys: &InviteKeys) -> Result<EpochKey> {
    let roster = fetched.membership.roster();
    if !roster.invites.contains_key(&DeviceKey(keys.signing.public())) {
        return Err(no_longer());
    }
    let bodies = fetched.records.iter().rev().filter_map(|(_, _, bytes)| Record::open(bytes).ok());
    for (_, body) in bodies {
        if let Some((epoch, binding, wrapped)) = build::wrap_for(&body, &roster.workspace, &keys.agreement.public())
            && epoch == roster.epoch
            && let Ok(key) = wrap::unwrap(wrapped, &binding, epoch, &keys.agreement)
        {
            return Ok(key);
        }
    }
    Err(Error::new(ErrorCode::Invite, "The invitation holds no key that can be used.", "Ask for a new invitation."))
}

pub(super) fn no_longer() -> Error {
    Error::new(
        ErrorCode::Invite,
        "This invitation cannot be used any more: it was used already, taken back, or never existed.",
        "Each invitation works once. Ask for a new one.",
    )
}
