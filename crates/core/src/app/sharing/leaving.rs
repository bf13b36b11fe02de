//! Leaving a workspace. Who goes must not make the key of those who stay, so
//! this posts that one is gone; the next owner or admin renews the keys.

use drystone_wire::membership::Role as WireRole;

use super::{App, refused, summary};
use crate::api::*;
use crate::crypto::records as build;
use crate::error::{Error, Result};
use crate::store::sharing::{outbox, workspaces};

impl App {
    pub(crate) async fn workspace_leave(&self, args: WorkspaceRef) -> Result<WorkspaceSummary> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let (relay, keeper) =
            self.db().read(|conn| Ok((workspaces::get(conn, &id)?.relay, super::bundles::keeper(conn, &id)?)))?;
        if relay.is_none() && keeper == Some(identity.device_key()) {
            return Err(refused(
                "This device keeps the workspace's membership as long as there is no relay, so it cannot leave.",
                "Set a relay first: `drystone relay set https://…`.",
            ));
        }
        self.round_now(Some(id)).await?;
        let waiting = self.db().read(|conn| outbox::waiting(conn, &id))?;
        let may_write = self.db().read(|conn| super::may_write(conn, &id))?;
        if waiting > 0 && may_write {
            return Err(refused(
                format!(
                    "{waiting} changes made here are not stored at the relay yet, and could not be sent afterwards."
                ),
                "Synchronise first; `drystone status` says what is in the way.",
            ));
        }
        let posted = self
            .send_record(&id, |now| {
                let (root, own) = now.own(&identity)?;
                let roster = now.roster();
                let other = roster.members.iter().any(|(key, row)| *key != root && row.role == WireRole::Owner);
                if own == WireRole::Owner && !other {
                    return Err(refused(
                        "The last owner cannot leave: nobody could look after the workspace any more.",
                        "Give ownership to someone else first: `drystone workspace transfer`.",
                    ));
                }
                let devices = roster.members.get(&root).map(|row| row.devices.clone()).unwrap_or_default();
                let devices = self.last_accepted(&id, devices.into_keys())?;
                Ok(Some(build::leave(&identity, &now.next(), devices)))
            })
            .await?;
        let Some(posted) = posted else { return Err(Error::internal("leaving posted nothing")) };
        let bytes = posted.record.to_bytes();
        let mut membership = posted.before;
        membership.apply(&bytes).map_err(Error::internal)?;
        let record = (membership.position(), membership.roster().head, bytes);
        let left = self
            .blocking(move |app| {
                app.db().write(|tx| {
                    crate::app::syncing::store_records(tx, &membership, &[record], &identity)?;
                    workspaces::leave(tx, &id)?;
                    summary(tx, &id)
                })
            })
            .await?;
        self.emit(Event::WorkspacesChanged {});
        self.emit(Event::SyncChanged { state: left.sync.clone() });
        Ok(left)
    }
}
