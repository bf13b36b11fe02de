//! Coming back: a device that knows nothing but a kit becomes one of its person's.

use drystone_wire::{RelayKey, WorkspaceId};

use super::page::{Given, wiped};
use super::trying::Opened;
use super::{kit_of, standing};
use crate::api::*;
use crate::app::App;
use crate::app::sharing::joining::corrected;
use crate::app::sharing::posting::{PAUSE, TRIES};
use crate::app::sharing::{api_role, summary};
use crate::crypto::address::RelayAddress;
use crate::crypto::keys::{SigningPair, certify};
use crate::crypto::records::{self as build, Next};
use crate::crypto::recovery::KitKeys;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::recovery::{self as store, RecoveryRow};
use crate::store::sharing::{self as sharing, workspaces};
use crate::sync::client::Client;
use crate::sync::membership;
use crate::sync::request::{FailureKind, Request};
use crate::sync::trust;

/// A workspace that a kit leads to, with the way there.
struct Found {
    client: Client,
    opened: Opened,
}

impl App {
    pub(crate) async fn recovery_preview(&self, args: UseRecovery) -> Result<RecoveryPreview> {
        let (_, found, problems) = self.look_for(args).await?;
        let here = self.db().read(workspaces::all)?;
        let workspaces = found
            .iter()
            .filter_map(|Found { opened, .. }| {
                let roster = opened.fetched.membership.roster();
                let (role, _) = standing(roster, &opened.root)?;
                Some(RecoverableWorkspace {
                    id: roster.workspace.to_string(),
                    name: membership::workspace_name(roster, &opened.keys).unwrap_or_default(),
                    relay: opened.target.relay.to_string(),
                    role: api_role(role),
                    members: roster.members.len() as u32,
                    here: here.iter().any(|row| row.id == roster.workspace),
                })
            })
            .collect();
        Ok(RecoveryPreview { person: person(&found), workspaces, problems })
    }

    pub(crate) async fn recovery_use(&self, args: UseRecovery) -> Result<Recovered> {
        let (keys, found, mut problems) = self.look_for(args).await?;
        let person = person(&found);
        let (mut back, mut other_devices) = (Vec::new(), 0);
        for Found { client, opened } in found {
            match self.come_back(&client, &keys, opened).await {
                Ok((id, others)) => {
                    back.push(id);
                    other_devices = other_devices.max(others);
                }
                Err(error) => problems.push(error),
            }
        }
        if back.is_empty() {
            return Err(problems.into_iter().next().unwrap_or_else(nothing_found));
        }
        self.emit(Event::WorkspacesChanged {});
        self.outbox_signal().notify_one();
        let workspaces = self
            .blocking(move |app| app.db().read(|conn| back.iter().map(|id| summary(conn, id)).collect::<Result<_>>()))
            .await?;
        Ok(Recovered { person, workspaces, other_devices, problems })
    }

    /// Asks the relays where a kit leads to.
    async fn look_for(&self, args: UseRecovery) -> Result<(KitKeys, Vec<Found>, Vec<Error>)> {
        let words = wiped(args.words);
        let Given { keys, relays } = Given::read(&words, &args.relays)?;
        if relays.is_empty() {
            return Err(Error::new(
                ErrorCode::Usage,
                "The words do not say which relay has your workspaces.",
                "Give its address, such as https://relay.example.org; the printed kit names it.",
            ));
        }
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for (relay, key) in relays {
            match self.look_at(&relay, key, &keys).await {
                Ok(each) => {
                    for one in each {
                        match one {
                            Ok(one) => found.push(one),
                            Err(error) => problems.push(error),
                        }
                    }
                }
                Err(error) => problems.push(error),
            }
        }
        if found.is_empty() {
            return Err(problems.into_iter().next().unwrap_or_else(nothing_found));
        }
        Ok((keys, found, problems))
    }

    async fn look_at(
        &self,
        relay: &RelayAddress,
        pinned: Option<RelayKey>,
        keys: &KitKeys,
    ) -> Result<Vec<Result<Found>>> {
        let roots = trust::read(self.data_dir())?;
        let asking = self.new_client(relay.clone(), pinned, keys.signing.clone(), &roots)?;
        let ids = asking.recoverable().await.map_err(|failure| failure.error)?;
        let mut found = Vec::new();
        for id in ids {
            let client = self.new_client(relay.clone(), asking.relay_key(), keys.signing.clone(), &roots)?;
            client.greet().await.map_err(|failure| failure.error)?;
            found.push(self.open_with_kit(&client, &id, keys).await.map(|opened| Found { client, opened }));
        }
        Ok(found)
    }

    /// Brings this device into one workspace, and stores it. How many other
    /// devices its person has there comes back with its id.
    async fn come_back(&self, client: &Client, keys: &KitKeys, found: Opened) -> Result<(WorkspaceId, u32)> {
        let id = found.target.workspace;
        let identity = self.db().read(sharing::own)?.identity;
        let device = identity.device_key();
        let mut opened = found;
        for _ in 0..TRIES {
            let roster = opened.fetched.membership.roster();
            if roster.devices.contains_key(&device) {
                let others = standing(roster, &opened.root).map_or(0, |(_, devices)| devices.saturating_sub(1));
                self.store_recovered(opened).await?;
                return Ok((id, others));
            }
            let key = opened.keys.get(&roster.epoch).ok_or_else(|| Error::internal("no epoch key"))?;
            let next = Next::after(roster, corrected(self.now_ms(), client));
            let root = SigningPair::new(&opened.secret);
            let certificate = certify(&root, device, identity.agreement().public());
            let record = build::recover(&identity, &next, key, keys, certificate, &mut self.random())
                .map_err(Error::internal)?;
            match client.send(&id, Request::Record(record.to_bytes())).await {
                Ok(_) => {}
                Err(failure) if failure.kind == FailureKind::MembershipMoved => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Err(failure.error),
            }
            opened = self.open_with_kit(client, &id, keys).await?;
        }
        Err(Error::new(ErrorCode::Busy, "The workspace's membership changes too fast.", "Try again in a moment."))
    }

    async fn store_recovered(&self, opened: Opened) -> Result<()> {
        let Opened { fetched, target, root, secret, keys } = opened;
        let rehearsed_ms = self.now_ms();
        let roster = fetched.membership.roster();
        let kit = kit_of(roster, &root).cloned();
        let recorded = membership::member_name(roster, &root, &keys);
        let named = self
            .blocking(move |app| {
                app.db().write(|tx| {
                    store::adopt_root(tx, &secret)?;
                    if let Some(kit) = kit {
                        store::put(tx, &RecoveryRow { keys: kit.keys, made_ms: kit.since_ms, rehearsed_ms })?;
                    }
                    Ok(!sharing::own(tx)?.user_name.is_empty())
                })
            })
            .await?;
        self.store_joined(&target, fetched, recorded.filter(|name| !named && !name.is_empty())).await
    }
}

/// Whom the kit brings back, by the name that the workspaces have.
fn person(found: &[Found]) -> String {
    let name = |Found { opened, .. }: &Found| {
        membership::member_name(opened.fetched.membership.roster(), &opened.root, &opened.keys)
    };
    found.iter().filter_map(name).find(|name| !name.is_empty()).unwrap_or_default()
}

fn nothing_found() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The relay knows no workspace that this kit leads back into.",
        "Check the relay's address, and that these are the words of the kit that was made last.",
    )
}
