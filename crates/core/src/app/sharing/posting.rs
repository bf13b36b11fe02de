//! Posting membership records. The log is one line: when another record was
//! first, the membership is read again, what was to be done is looked at once
//! more, and only if it still makes sense is it posted.

use std::collections::BTreeMap;
use std::time::Duration;

use drystone_wire::membership::{Operation, Record, Role};
use drystone_wire::roster::Roster;
use drystone_wire::{RootKey, WorkspaceId};
use rusqlite::Connection;

use super::joining::corrected;
use super::{App, refused};
use crate::crypto::keys::{EpochKey, Identity};
use crate::crypto::records::Next;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, carrying, inbox, membership as records, workspaces};
use crate::sync::membership::{self, Membership};
use crate::sync::request::{FailureKind, Request};

/// How often another's record may come first.
pub(super) const TRIES: u32 = 10;
/// How many of them wait for what a device that is removed has written since.
/// One that writes without end would else never be out; what it wrote between
/// the last look and the record may then be applied on one device and set
/// aside on another.
const TRIES_THAT_WAIT: u32 = TRIES - 2;
/// Between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// The newest membership, as a record is built from it.
pub(super) struct Standing {
    pub membership: Membership,
    pub now_ms: u64,
    keys: BTreeMap<u32, EpochKey>,
}

impl Standing {
    pub fn roster(&self) -> &Roster {
        self.membership.roster()
    }

    /// Where the next record goes.
    pub fn next(&self) -> Next {
        Next::after(self.roster(), self.now_ms)
    }

    /// The current epoch's key.
    pub fn key(&self) -> Result<&EpochKey> {
        let epoch = self.roster().epoch;
        self.keys.get(&epoch).ok_or_else(|| {
            Error::new(
                ErrorCode::Integrity,
                format!("The key of epoch {epoch} is not on this device."),
                "Ask an owner or admin of the workspace to renew its keys: `drystone workspace rotate`.",
            )
        })
    }

    /// Who one is in this workspace, and what one may do.
    pub fn own(&self, identity: &Identity) -> Result<(RootKey, Role)> {
        let root = membership::own_root(self.roster(), identity);
        let role = self.roster().role_of(&identity.device_key()).ok_or_else(not_a_member)?;
        Ok((root, role))
    }
}

/// A record that was accepted, and the membership before it.
pub(super) struct Posted {
    pub record: Record,
    pub before: Membership,
}

impl App {
    /// Posts the record that `make` builds from the newest membership, and reads
    /// it back. `make` is asked again when another's record was first; `None`
    /// says that there is nothing left to do.
    pub(super) async fn post_record(
        &self,
        id: &WorkspaceId,
        make: impl FnMut(&Standing) -> Result<Option<Record>>,
    ) -> Result<Membership> {
        let id = *id;
        let local = self.db().read(|conn| workspaces::get(conn, &id))?.relay.is_none();
        if self.send_record(&id, make).await?.is_some() && !local {
            self.refresh_membership(&id).await?;
        }
        self.db().read(|conn| super::load(conn, &id))
    }

    /// The same without reading back, which is not possible for who has left.
    pub(super) async fn send_record(
        &self,
        id: &WorkspaceId,
        mut make: impl FnMut(&Standing) -> Result<Option<Record>>,
    ) -> Result<Option<Posted>> {
        let id = *id;
        if self.db().read(|conn| workspaces::get(conn, &id))?.relay.is_none() {
            return self.record_here(&id, make);
        }
        for count in 0..TRIES {
            let client = self.refresh_membership(&id).await?;
            // How far devices are believed is read after this: it covers all up to here.
            let seen = self.db().read(|conn| read_and_applied(conn, &id))?;
            let (membership, keys) =
                self.db().read(|conn| Ok((super::load(conn, &id)?, records::epoch_keys(conn, &id)?)))?;
            let now_ms = corrected(self.now_ms(), &client);
            let standing = Standing { membership, now_ms, keys };
            let Some(record) = make(&standing)? else { return Ok(None) };
            let bytes = record.to_bytes();
            let request = match seen.filter(|_| count < TRIES_THAT_WAIT && takes_out(&bytes)) {
                Some(seen) => Request::Removal { record: bytes, seen },
                None => Request::Record(bytes),
            };
            match client.send(&id, request).await {
                Ok(_) => return Ok(Some(Posted { record, before: standing.membership })),
                Err(failure) if failure.kind == FailureKind::MembershipMoved => tokio::time::sleep(PAUSE).await,
                Err(failure) if failure.kind == FailureKind::LogMoved => Box::pin(self.round_now(Some(id))).await?,
                Err(failure) => return Err(failure.error),
            }
        }
        Err(Error::new(ErrorCode::Busy, "The workspace's membership changes too fast.", "Try again in a moment."))
    }

    /// Without a relay the device that founded a workspace keeps its membership:
    /// one writer, so that there is one line.
    fn record_here(
        &self,
        id: &WorkspaceId,
        mut make: impl FnMut(&Standing) -> Result<Option<Record>>,
    ) -> Result<Option<Posted>> {
        let now_ms = self.now_ms();
        self.db().write(|tx| {
            let own = store::own(tx)?.identity;
            if super::bundles::keeper(tx, id)? != Some(own.device_key()) {
                return Err(not_the_keeper(&workspaces::get(tx, id)?));
            }
            if let Some(position) = carrying::fork(tx, id)? {
                return Err(super::bundles::forked(id, position));
            }
            let keys = records::epoch_keys(tx, id)?;
            let standing = Standing { membership: super::load(tx, id)?, now_ms, keys };
            let Some(record) = make(&standing)? else { return Ok(None) };
            let before = standing.membership;
            let (bytes, mut membership) = (record.to_bytes(), before.clone());
            membership.apply(&bytes).map_err(|error| {
                refused(format!("The workspace's rules do not allow this: {error}."), "Look at its members and roles.")
            })?;
            let fresh = (membership.position(), membership.roster().head, bytes);
            crate::app::syncing::store_records(tx, &membership, &[fresh], &own)?;
            Ok(Some(Posted { record, before }))
        })
    }

    /// The workspace an argument names, and who one is on this device.
    pub(super) fn acting(&self, workspace: Option<&str>) -> Result<(WorkspaceId, Identity)> {
        self.db().read(|conn| Ok((super::named(conn, workspace)?, store::own(conn)?.identity)))
    }
}

/// The position up to which everything of the log was read and looked at;
/// `None` while something of it still waits.
fn read_and_applied(conn: &Connection, id: &WorkspaceId) -> Result<Option<u64>> {
    if !inbox::is_empty(conn, id)? {
        return Ok(None);
    }
    Ok(Some(workspaces::get(conn, id)?.cursor.position))
}

/// Whether a record takes other people's devices out.
fn takes_out(record: &[u8]) -> bool {
    Record::open(record).is_ok_and(|(_, body)| matches!(body.operation, Operation::Remove { .. }))
}

fn not_the_keeper(row: &workspaces::WorkspaceRow) -> Error {
    Error::new(
        ErrorCode::Usage,
        format!("The workspace “{}” has no relay: the device that founded it keeps its membership.", row.name),
        "Do it on that device and carry a bundle from there, or set a relay: `drystone relay set https://…`.",
    )
}

pub(super) fn not_a_member() -> Error {
    refused("This device is not in the workspace.", "Ask one of its owners for an invitation.")
}
