//! Trying a kit: everything that coming back does, up to the record that would
//! bring a device in.

use drystone_wire::{DeviceKey, RootKey, WorkspaceId};

use super::page::{Given, wiped};
use super::{another_kit, kit_of};
use crate::api::*;
use crate::app::App;
use crate::app::sharing::joining::{Fetched, Target, fetch};
use crate::app::sharing::load;
use crate::crypto::keys::{EpochKey, Secret};
use crate::crypto::recovery::KitKeys;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::recovery::{self as store, RecoveryRow};
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::store::sharing::{self as sharing};
use crate::sync::client::Client;
use crate::sync::membership;
use crate::sync::trust;

/// A workspace as its recovery kit opens it.
pub struct Opened {
    pub fetched: Fetched,
    pub target: Target,
    /// Whom it brings back.
    pub root: RootKey,
    /// The root's secret.
    pub secret: Secret,
    /// The keys of all epochs.
    pub keys: std::collections::BTreeMap<u32, EpochKey>,
}

impl App {
    pub(crate) async fn recovery_rehearse(&self, args: RehearseRecovery) -> Result<RecoveryRehearsal> {
        let words = wiped(args.words);
        let given = Given::read(&words, &[])?;
        let signing = DeviceKey(given.keys.signing.public());
        let own = self.db().read(store::get)?;
        if own.as_ref().is_some_and(|own| own.keys.signing != signing) {
            return Err(another_kit());
        }
        let rows = self.db().read(workspaces::all)?;
        let mut workspaces = Vec::new();
        for row in rows.iter().filter(|row| row.relay.is_some()) {
            if !self.is_member(&row.id)? {
                continue;
            }
            let problem = self.rehearse_in(row, &given.keys).await.err();
            workspaces.push(RecoveryTrial { workspace: row.id.to_string(), name: row.name.clone(), problem });
        }
        let works = !workspaces.is_empty() && workspaces.iter().all(|trial| trial.problem.is_none());
        if works && let Some(own) = own {
            let rehearsed_ms = self.now_ms();
            self.blocking(move |app| app.db().write(|tx| store::put(tx, &RecoveryRow { rehearsed_ms, ..own }))).await?;
        }
        if workspaces.is_empty() {
            return Err(Error::new(
                ErrorCode::Usage,
                "The words are right, and there is nothing they could bring back: no workspace has a relay.",
                "Set a relay, or keep a copy of a whole bundle: `drystone bundle export`.",
            ));
        }
        Ok(RecoveryRehearsal { works, workspaces })
    }

    fn is_member(&self, id: &WorkspaceId) -> Result<bool> {
        self.db().read(|conn| Ok(load(conn, id)?.roster().devices.contains_key(&sharing::own_device(conn)?)))
    }

    async fn rehearse_in(&self, row: &WorkspaceRow, keys: &KitKeys) -> Result<()> {
        let relay = row.relay.clone().ok_or_else(|| Error::internal("the workspace has no relay"))?;
        let roots = trust::read(self.data_dir())?;
        let pinned = (row.relay_key != drystone_wire::RelayKey::ZERO).then_some(row.relay_key);
        let client = self.new_client(relay, pinned, keys.signing.clone(), &roots)?;
        let found = client.recoverable().await.map_err(|failure| failure.error)?;
        if !found.contains(&row.id) {
            return Err(Error::new(
                ErrorCode::Refused,
                format!("The relay does not know this kit for the workspace “{}” yet.", row.name),
                "Synchronise and try again.",
            ));
        }
        let opened = self.open_with_kit(&client, &row.id, keys).await?;
        let (here, own) = self.db().read(|conn| {
            let membership = load(conn, &row.id)?;
            let own = membership::own_root(membership.roster(), &sharing::own(conn)?.identity);
            Ok((membership.position(), own))
        })?;
        if opened.root != own {
            return Err(another_kit());
        }
        if opened.fetched.membership.position() < here {
            return Err(Error::new(
                ErrorCode::Integrity,
                "The relay shows the kit an older membership than it showed this device.",
                "Ask who runs the relay whether it was restored from a backup.",
            ));
        }
        Ok(())
    }

    /// Reads a workspace's membership with a kit, and opens everything that
    /// coming back needs.
    pub(super) async fn open_with_kit(&self, client: &Client, id: &WorkspaceId, keys: &KitKeys) -> Result<Opened> {
        let target = Target {
            relay: client.relay().clone(),
            relay_key: client.relay_key().ok_or_else(|| Error::internal("the relay has no key"))?,
            workspace: *id,
            checkpoint: None,
        };
        let fetched = fetch(client, &target).await.map_err(|failure| failure.error)?;
        let roster = fetched.membership.roster();
        let root = roster.recovery_of(&DeviceKey(keys.signing.public())).ok_or_else(another_kit)?;
        let known = kit_of(roster, &root).ok_or_else(another_kit)?;
        let broken = |what: &dyn std::fmt::Display| {
            Error::new(
                ErrorCode::Integrity,
                format!("The workspace {id} does not open with this kit: {what}."),
                "Another owner or admin of it can renew its keys and invite you.",
            )
        };
        let secret = keys.open_root(&known.keys, &root).map_err(|error| broken(&error))?;
        let epochs = self.keys_of(&fetched, &keys.agreement);
        for epoch in 1..=roster.epoch {
            if !epochs.contains_key(&epoch) {
                return Err(broken(&format_args!("the key of epoch {epoch} is missing")));
            }
        }
        Ok(Opened { target, root, secret, keys: epochs, fetched })
    }
}
