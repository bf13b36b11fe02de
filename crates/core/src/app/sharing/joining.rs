//! Posting membership records and joining by invitation.

use std::time::Duration;

use drystone_wire::membership::{Operation, Record};
use drystone_wire::{DeviceKey, Hash, WorkspaceId};

use super::App;
use crate::crypto::invite::{InviteKeys, InviteLink};
use crate::crypto::keys::EpochKey;
use crate::crypto::random::OsRandom;
use crate::crypto::records::{self as build, Next};
use crate::crypto::wrap;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, workspaces};
use crate::sync::client::Client;
use crate::sync::membership::Membership;
use crate::sync::request::{Attempt, Failure, FailureKind, Reply, Request};
use crate::sync::trust;

/// How often another's record may come first.
const TRIES: u32 = 10;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// A membership log as a relay gave it, every record validated.
struct Fetched {
    membership: Membership,
    records: Vec<(u64, Hash, Vec<u8>)>,
}

impl App {
    /// Posts a membership record that `make` builds from the newest membership,
    /// the current key and the relay's time; again when another was first.
    pub(super) async fn post_record(
        &self,
        id: &WorkspaceId,
        mut make: impl FnMut(&Membership, &EpochKey, u64) -> Result<Record>,
    ) -> Result<Membership> {
        let id = *id;
        for _ in 0..TRIES {
            let client = self.refresh_membership(&id).await?;
            let (membership, key) = self.db().read(|conn| {
                let membership = super::load(conn, &id)?;
                let epoch = membership.roster().epoch;
                let key = records::epoch_keys(conn, &id)?.remove(&epoch);
                Ok((membership, key.ok_or_else(|| Error::internal("the current key is not here"))?))
            })?;
            let now_ms = corrected(self.now_ms(), &client);
            let record = make(&membership, &key, now_ms)?;
            match client.send(&id, Request::Record(record.to_bytes())).await {
                Ok(_) => {
                    self.refresh_membership(&id).await?;
                    return self.db().read(|conn| super::load(conn, &id));
                }
                Err(failure) if failure.kind == FailureKind::MembershipMoved => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Err(failure.error),
            }
        }
        Err(Error::new(ErrorCode::Busy, "The workspace's membership changes too fast.", "Try again in a moment."))
    }

    /// Joins with a link; everything is stored in one transaction.
    pub(super) async fn join(&self, link: InviteLink, name: Option<String>) -> Result<()> {
        let own = self.db().read(store::own)?;
        let user_name = name.clone().unwrap_or_else(|| own.user_name.clone());
        let keys = InviteKeys::derive(&link.seed.0, &link.workspace).map_err(Error::internal)?;
        let roots = trust::read(self.data_dir())?;
        let pinned = Some(link.relay_key);
        let invited = Client::new(link.relay.clone(), pinned, keys.signing.clone(), &roots)?;
        let device = own.identity.device_key();
        for _ in 0..TRIES {
            let fetched = match fetch(&invited, &link).await {
                // Perhaps a try before was heard by the relay and its answer lost.
                Err(failure) if failure.kind == FailureKind::NotFound => {
                    let member = Client::new(link.relay.clone(), pinned, own.identity.device().clone(), &roots)?;
                    fetch(&member, &link).await.map_err(|_| no_longer())?
                }
                other => other.map_err(|failure| failure.error)?,
            };
            if fetched.membership.roster().devices.contains_key(&device) {
                return self.store_joined(&link, fetched, name).await;
            }
            let key = invited_key(&fetched, &keys)?;
            let now_ms = corrected(self.now_ms(), &invited);
            let next = Next::after(fetched.membership.roster(), now_ms);
            let record =
                build::join(&own.identity, &next, &key, &keys, &user_name, &mut OsRandom).map_err(Error::internal)?;
            match invited.send(&link.workspace, Request::Record(record.to_bytes())).await {
                Ok(_) => {}
                Err(failure) if failure.kind == FailureKind::MembershipMoved => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Err(failure.error),
            }
        }
        Err(Error::new(ErrorCode::Busy, "The workspace's membership changes too fast.", "Try again in a moment."))
    }

    async fn store_joined(&self, link: &InviteLink, fetched: Fetched, name: Option<String>) -> Result<()> {
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
fn corrected(now_ms: u64, client: &Client) -> u64 {
    now_ms.saturating_add_signed(client.clock_offset_ms().unwrap_or(0))
}

/// Reads and validates a whole membership log, down to the link's checkpoint.
async fn fetch(client: &Client, link: &InviteLink) -> Attempt<Fetched> {
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
                if whole.membership.hash_at(link.checkpoint_position) != Some(link.checkpoint_hash) {
                    return Err(wrong(&"its membership is another than the one the invitation was made in"));
                }
                return Ok(whole);
            }
            Some(part) if !page.records.is_empty() => fetched = Some(part),
            _ => return Err(wrong(&"its membership has no records")),
        }
    }
}

/// The current epoch's key, wrapped for the invitation.
fn invited_key(fetched: &Fetched, keys: &InviteKeys) -> Result<EpochKey> {
    let roster = fetched.membership.roster();
    let invite = DeviceKey(keys.signing.public());
    if !roster.invites.contains_key(&invite) {
        return Err(no_longer());
    }
    let bodies = fetched.records.iter().rev().filter_map(|(_, _, bytes)| Record::open(bytes).ok());
    for (_, body) in bodies {
        if !matches!(&body.operation, Operation::Invite { invite: known, .. } if *known == invite) {
            continue;
        }
        if let Some((epoch, binding, wrapped)) = build::wrap_for(&body, &roster.workspace, &keys.agreement.public())
            && epoch == roster.epoch
            && let Ok(key) = wrap::unwrap(wrapped, &binding, epoch, &keys.agreement)
        {
            return Ok(key);
        }
    }
    Err(Error::new(ErrorCode::Invite, "The invitation holds no key that can be used.", "Ask for a new invitation."))
}

fn no_longer() -> Error {
    Error::new(
        ErrorCode::Invite,
        "This invitation cannot be used any more: it was used already, taken back, or never existed.",
        "Each invitation works once. Ask for a new one.",
    )
}
