//! Files that nothing refers to any more go in two phases: after a while the
//! relay is told, which waits as long again; then they go from here too.

use std::time::SystemTime;

use drystone_wire::{Hash, WorkspaceId};

use crate::app::App;
use crate::error::Result;
use crate::store::attachments as store;
use crate::store::attachments::places::{self, Place};
use crate::store::sharing::workspaces;

/// A deleted attachment counts as a reference for so long: until then it can be
/// restored with its file anywhere.
pub(super) const TRASH_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// After so long without a reference the file goes from this device: as long
/// again as the relay keeps what was marked.
const KEPT_MS: u64 = 2 * TRASH_MS;

impl App {
    /// Notes since when files are without a reference, and takes those away that
    /// have been for long enough. Returns those that the relay is to be told of.
    pub(super) fn collect(&self, workspace: &WorkspaceId) -> Result<Vec<Hash>> {
        self.refresh_references(workspace)?;
        let now = self.now_ms();
        let all = self.db().read(|conn| places::brief(conn, workspace))?;
        let changed: Vec<(Hash, u64)> = all
            .iter()
            .filter(|place| place.live == (place.unused_ms > 0))
            .map(|place| (place.blob, if place.live { 0 } else { now.max(1) }))
            .collect();
        if !changed.is_empty() {
            self.db().write(|tx| {
                changed.iter().try_for_each(|(blob, since)| places::set_unused(tx, workspace, blob, *since))
            })?;
        }
        let unused = |place: &Place, time: u64| {
            !place.live && place.unused_ms > 0 && now.saturating_sub(place.unused_ms) >= time
        };
        for place in all.iter().filter(|place| unused(place, KEPT_MS)) {
            let last = self.db().write(|tx| {
                let last = places::remove(tx, workspace, &place.blob)?;
                if last {
                    store::remove(tx, &place.blob)?;
                }
                Ok(last)
            })?;
            if last {
                self.chunks().remove(&place.blob)?;
            }
        }
        let due = all.iter().filter(|place| unused(place, TRASH_MS) && !unused(place, KEPT_MS) && !place.marked);
        Ok(due.map(|place| place.blob).collect())
    }

    /// The same for all workspaces, and what processes that ended in the middle
    /// left behind; once, when a data folder is opened to stay open.
    pub(in crate::app) fn collect_all(&self) {
        let known = |id: &Hash| Ok(self.db().read(|conn| store::blob(conn, id))?.is_some());
        let collected = self.db().read(workspaces::all).and_then(|rows| {
            rows.iter().try_for_each(|row| self.collect(&row.id).map(|_| ()))?;
            self.chunks().sweep(SystemTime::now(), known)
        });
        if let Err(error) = collected {
            tracing::warn!(code = ?error.code, "files without a reference stay for now: {error}");
        }
    }
}
