//! Renewing a workspace's keys: by hand, after someone left, and every so often.

use drystone_wire::WorkspaceId;
use drystone_wire::membership::Role as WireRole;
use drystone_wire::roster::Roster;
use rusqlite::Connection;

use super::{App, load, refused};
use crate::api::*;
use crate::app::rfc3339;
use crate::crypto::records as build;
use crate::error::{Error, Result};
use crate::store::sharing as store;

/// How old an epoch becomes before an owner or admin who is online renews it.
const EPOCH_LIFE_MS: u64 = 90 * 24 * 60 * 60 * 1000;

impl App {
    pub(crate) async fn workspace_keys(&self, args: WorkspaceRef) -> Result<WorkspaceKeys> {
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = super::named(conn, args.workspace.as_deref())?;
                keys(conn, &id)
            })
        })
        .await
    }

    pub(crate) async fn workspace_rotate(&self, args: WorkspaceRef) -> Result<WorkspaceKeys> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        self.post_record(&id, |now| {
            if now.own(&identity)?.1 > WireRole::Admin {
                return Err(refused(
                    "Only owners and admins renew the keys.",
                    "Ask one of them; `drystone workspace members` lists them.",
                ));
            }
            build::rotate(&identity, now.roster(), now.now_ms, now.key()?, &mut self.random())
                .map(Some)
                .map_err(Error::internal)
        })
        .await?;
        self.emit(Event::WorkspacesChanged {});
        self.blocking(move |app| app.db().read(|conn| keys(conn, &id))).await
    }

    /// Renews the keys when it is time and this device may. Of several that may,
    /// one is first; the others find that nothing is due any more.
    pub(in crate::app) async fn renew_if_due(&self, id: &WorkspaceId) -> Result<()> {
        let (workspace, now_ms) = (*id, self.now_ms());
        let (due, identity) = self.db().read(|conn| {
            let (membership, identity) = (load(conn, &workspace)?, store::own(conn)?.identity);
            let may = membership.roster().role_of(&identity.device_key()).is_some_and(|role| role <= WireRole::Admin);
            Ok((may && is_due(membership.roster(), now_ms), identity))
        })?;
        if !due {
            return Ok(());
        }
        self.post_record(id, |now| {
            let may = now.own(&identity)?.1 <= WireRole::Admin;
            if !may || !is_due(now.roster(), now.now_ms) {
                return Ok(None);
            }
            build::rotate(&identity, now.roster(), now.now_ms, now.key()?, &mut self.random())
                .map(Some)
                .map_err(Error::internal)
        })
        .await?;
        self.emit(Event::WorkspacesChanged {});
        Ok(())
    }
}

fn is_due(roster: &Roster, now_ms: u64) -> bool {
    roster.departed || now_ms.saturating_sub(roster.epoch_ms) >= EPOCH_LIFE_MS
}

fn keys(conn: &Connection, id: &WorkspaceId) -> Result<WorkspaceKeys> {
    let membership = load(conn, id)?;
    let roster = membership.roster();
    let role = roster.role_of(&store::own_device(conn)?);
    let due_ms = if roster.departed { roster.epoch_ms } else { roster.epoch_ms + EPOCH_LIFE_MS };
    Ok(WorkspaceKeys {
        epoch: roster.epoch,
        since: rfc3339(roster.epoch_ms),
        due: rfc3339(due_ms),
        renewable: role.is_some_and(|role| role <= WireRole::Admin),
    })
}
