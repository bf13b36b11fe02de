//! Snapshots and compaction: who makes a snapshot and when, who confirms it, and
//! what happens on a device that comes after the log was compacted.
//!
//! The rules that keep everything: a snapshot is made of what the log comes to,
//! entry by entry, and of nothing else; nobody confirms what they have not
//! compared with what they read themselves; nobody loads what lacks something
//! they have; and history is never dropped, only the envelopes it came in.

mod judging;
mod ledger;
mod loading;
mod making;

use std::sync::atomic::{AtomicU64, Ordering};

use drystone_wire::WorkspaceId;
use drystone_wire::snapshot::Listing;
use rusqlite::Connection;

use super::syncing::Loaded;
use super::{App, rfc3339, sharing};
use crate::api::*;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::membership as records;
use crate::store::sharing::snapshots;
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::sync::client::Client;
use crate::sync::request::Attempt;
use crate::sync::snapshot::Candidate;

/// A snapshot is made once the log has grown by so many entries …
const ENTRIES: u64 = 5_000;
/// … or bytes since the last one.
const BYTES: u64 = 64 << 20;
/// Each device waits for this part of it longer than the one that joined before
/// it, so that not all make one at once.
const STAGGER: u64 = 20;
/// Up to so many devices.
const STAGGERED: u64 = 10;

/// When a snapshot is made.
pub(super) struct Thresholds {
    entries: AtomicU64,
    bytes: AtomicU64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { entries: ENTRIES.into(), bytes: BYTES.into() }
    }
}

/// Membership and keys as they are stored.
fn loaded(conn: &Connection, id: &WorkspaceId) -> Result<Loaded> {
    Ok(Loaded { membership: sharing::load(conn, id)?, keys: records::epoch_keys(conn, id)? })
}

impl App {
    /// Makes snapshots after so many entries or bytes of the log; lets tests
    /// see what happens in a long log without writing one.
    pub fn snapshot_after(&self, entries: u64, bytes: u64) {
        self.0.compaction.entries.store(entries, Ordering::Relaxed);
        self.0.compaction.bytes.store(bytes, Ordering::Relaxed);
    }

    /// What is due about snapshots, once a round has ended well.
    pub(super) async fn compact_if_due(&self, id: &WorkspaceId) -> Result<()> {
        let workspace = *id;
        let (row, may_write) = self
            .blocking(move |app| {
                app.db().read(|conn| Ok((workspaces::get(conn, &workspace)?, sharing::may_write(conn, &workspace)?)))
            })
            .await?;
        if row.relay.is_none() || row.cursor.position == 0 || !may_write {
            return Ok(());
        }
        let client = self.relay_of(&row)?;
        self.compact_chores(&row, &client).await.map_err(|failure| failure.error)
    }

    async fn compact_chores(&self, row: &WorkspaceRow, client: &Client) -> Attempt<()> {
        let id = &row.id;
        let listing = client.snapshots(id).await?;
        let mut candidates = self.note_listing(id, &listing).await?;
        self.judge_snapshots(id, client, &candidates).await?;
        let newest = candidates.first().map_or((0, 0), |it| (it.opened.position(), it.listed.bytes));
        let grown = row.cursor.position.saturating_sub(newest.0);
        let bytes = listing.bytes.saturating_sub(newest.1);
        if grown > 0 && self.is_patience_over(id, grown, bytes).await? {
            self.draft_snapshot(id, client).await?;
        }
        if self.offer_draft(id, client).await? {
            candidates = self.note_listing(id, &client.snapshots(id).await?).await?;
            // Where nobody else may write, its author reads it back and confirms it.
            self.judge_snapshots(id, client, &candidates).await?;
            self.note_listing(id, &client.snapshots(id).await?).await?;
        }
        Ok(())
    }

    /// Whether the log has grown enough for this device to make a snapshot.
    async fn is_patience_over(&self, id: &WorkspaceId, grown: u64, bytes: u64) -> Result<bool> {
        let thresholds = &self.0.compaction;
        let (entries, most) = (thresholds.entries.load(Ordering::Relaxed), thresholds.bytes.load(Ordering::Relaxed));
        if grown < entries && bytes < most {
            return Ok(false);
        }
        let workspace = *id;
        let rank = self.blocking(move |app| app.db().read(|conn| sharing::own_rank(conn, &workspace))).await?;
        let patience = (rank as u64).min(STAGGERED);
        let due = |grown: u64, enough: u64| grown >= enough.saturating_add(patience.saturating_mul(enough / STAGGER));
        Ok(due(grown, entries) || due(bytes, most))
    }

    /// Keeps what the relay lists, to be shown; returns what can be read of it,
    /// the newest first.
    async fn note_listing(&self, id: &WorkspaceId, listing: &Listing) -> Result<Vec<Candidate>> {
        let (workspace, listing) = (*id, listing.clone());
        self.blocking(move |app| {
            let read = |listed| Candidate::read(listed, &workspace).ok();
            let mut candidates: Vec<Candidate> = listing.snapshots.iter().filter_map(read).collect();
            candidates.sort_by_key(|it| (std::cmp::Reverse(it.opened.position()), it.opened.id()));
            let there: Vec<_> = candidates.iter().map(|it| it.opened.id()).collect();
            if app.db().read(|conn| snapshots::listing(conn, &workspace))?.as_ref() != Some(&listing) {
                app.db().write(|tx| snapshots::set_listing(tx, &workspace, &listing, &there))?;
            }
            Ok(candidates)
        })
        .await
    }

    pub(crate) async fn workspace_compaction(&self, args: WorkspaceRef) -> Result<Compaction> {
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = sharing::named(conn, args.workspace.as_deref())?;
                compaction(conn, &id)
            })
        })
        .await
    }

    pub(crate) async fn workspace_compact(&self, args: WorkspaceRef) -> Result<Compaction> {
        let id = self.db().read(|conn| sharing::named(conn, args.workspace.as_deref()))?;
        self.check_may_compact(&id).await?;
        self.round_now(Some(id)).await?;
        let row = self.db().read(|conn| workspaces::get(conn, &id))?;
        if let Some(problem) = row.problem {
            return Err(problem);
        }
        let client = self.relay_of(&row)?;
        self.compact_by_hand(&row, &client).await.map_err(|failure| failure.error)?;
        self.emit(Event::WorkspacesChanged {});
        self.workspace_compaction(args).await
    }

    async fn check_may_compact(&self, id: &WorkspaceId) -> Result<()> {
        let id = *id;
        let (row, may) = self
            .blocking(move |app| {
                app.db().read(|conn| Ok((workspaces::get(conn, &id)?, sharing::may_write(conn, &id)?)))
            })
            .await?;
        if row.relay.is_none() {
            return Err(Error::new(
                ErrorCode::Usage,
                format!("The workspace \"{}\" has no relay, so there is no log to compact.", row.name),
                "Set a relay first: `drystone relay set URL`.",
            ));
        }
        if may { Ok(()) } else { Err(may_not()) }
    }

    async fn compact_by_hand(&self, row: &WorkspaceRow, client: &Client) -> Attempt<()> {
        let id = &row.id;
        let candidates = self.note_listing(id, &client.snapshots(id).await?).await?;
        // One that stands for everything is there already.
        let newest = candidates.first().map_or(0, |it| it.opened.position());
        if row.cursor.position > newest && !self.draft_snapshot(id, client).await? {
            return Err(not_settled().into());
        }
        self.offer_draft(id, client).await?;
        let candidates = self.note_listing(id, &client.snapshots(id).await?).await?;
        self.judge_snapshots(id, client, &candidates).await?;
        self.note_listing(id, &client.snapshots(id).await?).await?;
        Ok(())
    }
}

fn may_not() -> Error {
    Error::new(
        ErrorCode::Refused,
        "You may read this workspace and not write: a snapshot is made by somebody who may write.",
        "Ask one of its editors; `drystone workspace members` lists them.",
    )
}

fn not_settled() -> Error {
    Error::new(
        ErrorCode::Busy,
        "No snapshot can be made now: something of the log is not here or not applied.",
        "Synchronise and try again; `drystone workspace refused` says what is set aside and may still arrive.",
    )
}

/// Where compaction stands, as far as the relay said last.
fn compaction(conn: &Connection, id: &WorkspaceId) -> Result<Compaction> {
    let row = workspaces::get(conn, id)?;
    let membership = sharing::load(conn, id)?;
    let listing = snapshots::listing(conn, id)?;
    let count = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let time = |ms: u64| (ms > 0).then(|| rfc3339(ms));
    let name = |device: &drystone_wire::DeviceKey| sharing::author_name(conn, id, device);
    let mut shown = Vec::new();
    for listed in listing.iter().flat_map(|listing| &listing.snapshots) {
        let Ok(candidate) = Candidate::read(listed, id) else { continue };
        let confirmed_by = candidate.confirmed_by(&membership).map(|said| name(&said.device)).collect::<Result<_>>()?;
        let against = candidate.statements.iter().filter(|said| !said.contained);
        let contradicted_by = against.map(|said| name(&said.device)).collect::<Result<_>>()?;
        shown.push(SnapshotInfo {
            id: candidate.opened.id().to_string(),
            entries: count(candidate.opened.position()),
            made_by: name(&candidate.opened.header.device)?,
            made: rfc3339(listed.offered_ms),
            confirmed: time(listed.confirmed_ms),
            confirmed_by,
            contradicted_by,
        });
    }
    shown.sort_by_key(|it| std::cmp::Reverse(it.entries));
    let base = snapshots::base(conn, id)?;
    let marks = listing.iter().flat_map(|listing| &listing.marks);
    let next = marks.min_by_key(|mark| mark.due_ms);
    Ok(Compaction {
        workspace: id.to_string(),
        entries: count(row.cursor.position),
        compacted: count(listing.as_ref().map_or(0, |listing| listing.compacted)),
        due: next.map(|mark| rfc3339(mark.due_ms)),
        due_entries: next.map_or(0, |mark| count(mark.position)),
        loaded: base.and_then(|base| time(base.loaded_ms)),
        uploading: snapshots::draft(conn, id)?.is_some(),
        snapshots: shown,
    })
}
