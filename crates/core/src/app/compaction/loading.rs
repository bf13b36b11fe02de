//! Loads a snapshot in the place of entries that the log no longer has: by a
//! device that comes late, and by one that has just joined. Nothing of it is
//! believed before it is compared with what this device has, and everything is
//! stored in one transaction with the cursor behind it.

use std::collections::{BTreeMap, HashSet};

use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};
use rusqlite::{Connection, OptionalExtension};

use super::{App, ledger};
use crate::app::RemoteChanges;
use crate::app::syncing::{Loaded, is_environment};
use crate::crypto::keys::Secret;
use crate::crypto::snapshot::{self as sealed, Manifest};
use crate::error::{Error, Result};
use crate::store::sharing::inbox::{self, ActorRow, Refused};
use crate::store::sharing::snapshots::{self, Base};
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::store::sharing::{self as store, carrying, kept, membership as records, outbox, quarantine};
use crate::sync::client::Client;
use crate::sync::membership::Standing;
use crate::sync::page::Cursor;
use crate::sync::request::{Attempt, Failure, FailureKind};
use crate::sync::snapshot::{Book, Candidate, Content, Problem, compare, read_content};

/// What a snapshot is loaded into.
struct Place {
    row: WorkspaceRow,
    loaded: Loaded,
    base: Option<Base>,
    device: DeviceKey,
    /// Where the ids begin.
    start: (u64, Hash),
    /// Ids of the entries from there to the snapshot's last.
    ids: Vec<Hash>,
    /// What the log comes to as far as this device has read it.
    own: Book,
}

/// What is to be written when a snapshot is taken in.
struct Loading {
    place: Place,
    generation: u32,
    position: u64,
    content: Content,
    /// What this device had been told was stored, and is not in it.
    missing: Vec<(DocumentHandle, [u8; 32])>,
    blob: Hash,
}

impl App {
    /// Loads the newest snapshot that holds.
    pub(in crate::app) async fn load_snapshot(&self, id: &WorkspaceId, client: &Client) -> Attempt<()> {
        let listing = client.snapshots(id).await?;
        let candidates = self.note_listing(id, &listing).await?;
        let mut problem = listing.snapshots.iter().find_map(|listed| Candidate::read(listed, id).err());
        for candidate in &candidates {
            if candidate.opened.position() < listing.compacted {
                problem.get_or_insert(Problem::Stale { got: candidate.opened.position(), due: listing.compacted });
                continue;
            }
            match self.load_one(id, client, candidate).await? {
                Ok(()) => return Ok(()),
                Err(found) if is_behind(&found, candidate, self.membership_of(id).await?) => {
                    return Err(behind());
                }
                Err(found) => {
                    tracing::warn!(position = candidate.opened.position(), "a snapshot is not loaded: {found}");
                    problem.get_or_insert(found);
                }
            }
        }
        Err(not_loaded(id, problem.as_ref()))
    }

    async fn membership_of(&self, id: &WorkspaceId) -> Result<u64> {
        let id = *id;
        self.blocking(move |app| app.db().read(|conn| records::count(conn, &id))).await
    }

    async fn load_one(
        &self,
        id: &WorkspaceId,
        client: &Client,
        candidate: &Candidate,
    ) -> Attempt<std::result::Result<(), Problem>> {
        let (workspace, wanted) = (*id, candidate.clone());
        let prepared = self.blocking(move |app| app.db().read(|conn| prepare(conn, &workspace, &wanted))).await?;
        let (mut place, manifest) = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return Ok(Err(problem)),
        };
        place.ids = ledger::ids(client, id, place.start.0, candidate.opened.position()).await?;
        if ledger::chain(place.start.1, &place.ids).last() != Some(&candidate.opened.chain()) {
            return Ok(Err(Problem::OtherLog));
        }
        let content = match self.fetch_content(id, client, candidate, &manifest).await? {
            Ok(content) => content,
            Err(problem) => return Ok(Err(problem)),
        };
        let candidate = candidate.clone();
        let taken = self
            .blocking(move |app| {
                let loading = app.db().read(|conn| check(conn, place, &candidate, &manifest, &content))?;
                Ok(match loading {
                    Ok(loading) => app.take_in_snapshot(loading)?,
                    Err(problem) => Err(problem),
                })
            })
            .await?;
        Ok(taken)
    }

    /// The content of a snapshot, opened. Chunks that came before a crash are
    /// not asked for again.
    pub(super) async fn fetch_content(
        &self,
        id: &WorkspaceId,
        client: &Client,
        candidate: &Candidate,
        manifest: &Manifest,
    ) -> Attempt<std::result::Result<Vec<u8>, Problem>> {
        let (workspace, blob) = (*id, candidate.opened.offer.blob);
        let state = client.content_state(id, &blob).await?;
        let chunks = state.manifest;
        if chunks.id() != blob {
            return Err(Failure::integrity("it gives another content for a snapshot", id));
        }
        if chunks.chunks.len() > drystone_wire::limits::SNAPSHOT_CHUNKS {
            return Ok(Err(Problem::Content("it is too large")));
        }
        let (mut content, key) = (Vec::new(), Secret::new(manifest.key));
        for index in 0..chunks.chunks.len() {
            let read = move |app: &App| app.db().read(|conn| snapshots::chunk(conn, &workspace, &blob, index));
            let here = self.blocking(read).await?.filter(|bytes| chunks.fits(index, bytes));
            let bytes = match here {
                Some(bytes) => bytes,
                None => {
                    let bytes = client.get_content(id, &blob, index).await?;
                    if !chunks.fits(index, &bytes) {
                        return Err(Failure::integrity("it gives another content for a snapshot", id));
                    }
                    let kept = bytes.clone();
                    self.blocking(move |app| {
                        app.db().write(|tx| snapshots::put_chunk(tx, &workspace, &blob, index, &kept))
                    })
                    .await?;
                    bytes
                }
            };
            match sealed::open_chunk(&bytes, index, chunks.chunks.len(), &key) {
                Ok(plain) => content.extend_from_slice(&plain),
                Err(error) => return Ok(Err(error.into())),
            }
        }
        Ok(Ok(content))
    }

    /// Applies what is new in a snapshot and moves the cursor behind it, in one
    /// transaction.
    fn take_in_snapshot(&self, loading: Loading) -> Result<std::result::Result<(), Problem>> {
        let id = loading.place.row.id;
        let now_ms = self.now_ms();
        let fresh = self.db().read(|conn| fresh(conn, &loading.content))?;
        let applied = if fresh.is_empty() {
            self.db().write(|tx| settle(tx, &loading, now_ms))
        } else {
            self.apply_remote(&id, fresh, |tx| settle(tx, &loading, now_ms))
        };
        match applied {
            Ok(()) => Ok(Ok(())),
            Err(error) if is_environment(&error) => Err(error),
            Err(error) => Ok(Err(Problem::Apply(error.message))),
        }
    }
}

/// Whether somebody who signed knows more of the membership than this device.
fn is_behind(problem: &Problem, candidate: &Candidate, membership: u64) -> bool {
    let newest = candidate.statements.iter().map(|said| said.membership_position).max().unwrap_or(0);
    match problem {
        Problem::Author(Standing::Ahead(_)) => true,
        Problem::Unconfirmed | Problem::NoKey(_) => newest > membership,
        _ => false,
    }
}

/// The membership is read first, then it is tried again.
fn behind() -> Failure {
    let error = Error::new(
        crate::error::ErrorCode::Busy,
        "The membership has moved on since a snapshot was looked at.",
        "It is tried again by itself.",
    );
    Failure::new(FailureKind::MembershipMoved, error)
}

fn not_loaded(id: &WorkspaceId, problem: Option<&Problem>) -> Failure {
    let what = match problem {
        Some(problem) => format!("no snapshot stands in for the entries that its log no longer has: {problem}"),
        None => "its log was compacted, and it has no snapshot".into(),
    };
    let mut failure = Failure::integrity(what, id);
    failure.error.advice = match problem {
        Some(Problem::Contradicted) => {
            "Nothing of it was applied and your documents are intact. `drystone workspace compact --show` says who \
             contradicts it: ask them. Once a member who contradicts wrongly is removed, it is loaded."
        }
        _ => {
            "Nothing of it was applied and your documents are intact. Another member can make a new snapshot with \
             `drystone workspace compact`, which a third one confirms."
        }
    }
    .into();
    failure.kind = FailureKind::Attention;
    failure
}

/// What a snapshot would be loaded into, unless its place or its signers do not hold.
fn prepare(
    conn: &Connection,
    workspace: &WorkspaceId,
    candidate: &Candidate,
) -> Result<std::result::Result<(Place, Manifest), Problem>> {
    let row = workspaces::get(conn, workspace)?;
    let loaded = super::loaded(conn, workspace)?;
    let (position, generation) = (candidate.opened.position(), candidate.opened.offer.generation);
    if inbox::oldest(conn, workspace, 1, 1)?.iter().any(|entry| entry.position < carrying::FIRST) {
        return Err(Error::new(
            crate::error::ErrorCode::Busy,
            "What was received before is not applied yet.",
            "It is tried again by itself.",
        ));
    }
    let known = row.cursor.generation;
    if generation < row.least_generation || (known > 0 && known != generation) {
        return Ok(Err(Problem::OtherLog));
    }
    if position <= row.cursor.position {
        return Ok(Err(Problem::Stale { got: position, due: row.cursor.position + 1 }));
    }
    let manifest = candidate.check_standing(&loaded.membership).and_then(|()| candidate.manifest(&loaded.keys));
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(problem) => return Ok(Err(problem)),
    };
    let base = snapshots::base(conn, workspace)?;
    let start = ledger::start(base.as_ref(), workspace, generation);
    let device = store::own_device(conn)?;
    Ok(Ok((Place { row, loaded, base, device, start, ids: Vec::new(), own: Book::default() }, manifest)))
}

/// Holds a snapshot's content against what this device has.
fn check(
    conn: &Connection,
    mut place: Place,
    candidate: &Candidate,
    manifest: &Manifest,
    content: &[u8],
) -> Result<std::result::Result<Loading, Problem>> {
    let id = place.row.id;
    let content = match read_content(content, manifest, &place.loaded.membership) {
        Ok(content) => content,
        Err(problem) => return Ok(Err(problem)),
    };
    // As far as this device has read, its log and the relay's are one.
    let read = usize::try_from(place.row.cursor.position.saturating_sub(place.start.0)).unwrap_or(usize::MAX);
    if !ledger::is_here(conn, &id, place.start, &place.ids[..read.min(place.ids.len())])? {
        return Ok(Err(Problem::OtherLog));
    }
    if let Err(problem) = check_members(&place, candidate, &content) {
        return Ok(Err(problem));
    }
    for one in &content.changes {
        if inbox::workspace_of(conn, &one.document)?.is_some_and(|workspace| workspace != id) {
            return Ok(Err(Problem::Document));
        }
    }
    for ((document, actor), (device, _)) in &content.actors {
        if inbox::actor(conn, document, actor)?.is_some_and(|known| known.device != *device) {
            return Ok(Err(Problem::Actor));
        }
    }
    // What became of an entry may not be settled here; then only what is settled counts.
    let ids = &place.ids[..read.min(place.ids.len())];
    place.own = ledger::settled(conn, &id, &place.loaded, place.base.as_ref(), ids)?.0;
    if let Err(problem) = check_entries(conn, &place, &content)? {
        return Ok(Err(problem));
    }
    let comparison = compare(&place.own, &content.book, false);
    let (own, others): (Vec<_>, Vec<_>) =
        comparison.lacks.into_iter().partition(|(_, _, device)| *device == place.device);
    if !others.is_empty() {
        return Ok(Err(Problem::Lacks(others.len())));
    }
    let missing = own.into_iter().map(|(document, change, _)| (document, change)).collect();
    let (generation, position) = (manifest.generation, manifest.entries);
    let blob = manifest.blob;
    Ok(Ok(Loading { place, generation, position, content, missing, blob }))
}

/// Whoever confirmed it knew everybody who has written until then: with an older
/// membership, in which fewer could write, one could confirm oneself.
fn check_members(place: &Place, candidate: &Candidate, content: &Content) -> std::result::Result<(), Problem> {
    let membership = &place.loaded.membership;
    let last = content.book.heads.keys().filter_map(|device| membership.brought_in(device)).max().unwrap_or(0);
    let confirmed = candidate.confirmed_by(membership).any(|said| said.membership_position >= last);
    let author = candidate.opened.header.membership_position >= last;
    if confirmed && author { Ok(()) } else { Err(Problem::Unconfirmed) }
}

/// Each device's envelopes end at one of the log's entries, not before where
/// this device followed them; and nothing is in this device's name that it did
/// not write.
fn check_entries(conn: &Connection, place: &Place, content: &Content) -> Result<std::result::Result<(), Problem>> {
    let ids: HashSet<&Hash> = place.ids.iter().collect();
    for (device, (sequence, last)) in &content.book.heads {
        let known = place.own.heads.get(device).copied().unwrap_or((0, Hash::ZERO));
        let sound = *sequence > known.0 && ids.contains(last) || (*sequence, *last) == known;
        // Past a removal, a device may have been followed further here.
        let removed = place.loaded.membership.roster().removed.contains_key(device) && *sequence < known.0;
        if !sound && !removed {
            return Ok(Err(Problem::Heads));
        }
    }
    for (device, (sequence, _)) in &place.own.heads {
        if *sequence > 0 && !content.book.heads.contains_key(device) {
            return Ok(Err(Problem::Heads));
        }
    }
    for entry in &content.set_aside {
        let index = entry.position.checked_sub(place.start.0 + 1).and_then(|index| usize::try_from(index).ok());
        let due = index.map(|index| place.ids.get(index));
        let here = content.book.set_aside.get(&entry.position);
        if due.is_some_and(|due| due != here) {
            return Ok(Err(Problem::Content("a refused entry is another than the log's")));
        }
    }
    let own = content.book.heads.get(&place.device).copied().unwrap_or((0, Hash::ZERO));
    if own.0 > place.row.sequence {
        // This device went on elsewhere, as after a restored backup.
        return Ok(Ok(()));
    }
    let mut invented = 0;
    for one in content.changes.iter().filter(|one| one.device == place.device) {
        for (summary, _) in &one.changes {
            invented += usize::from(!inbox::has_change(conn, &one.document, &summary.hash)?);
        }
    }
    Ok(if invented == 0 { Ok(()) } else { Err(Problem::Invented(invented)) })
}

/// The changes that are not here yet.
fn fresh(conn: &Connection, content: &Content) -> Result<Vec<RemoteChanges>> {
    let mut fresh = Vec::new();
    for one in &content.changes {
        let mut changes = Vec::new();
        for (summary, bytes) in &one.changes {
            if !inbox::has_change(conn, &one.document, &summary.hash)? {
                changes.push(bytes.clone());
            }
        }
        if !changes.is_empty() {
            fresh.push(RemoteChanges { document: one.document, author: one.device, changes });
        }
    }
    Ok(fresh)
}

/// Writes everything that follows from a snapshot.
fn settle(conn: &Connection, loading: &Loading, now_ms: u64) -> Result<()> {
    let Loading { place, content, position, generation, .. } = loading;
    let id = &place.row.id;
    let row = workspaces::get(conn, id)?;
    if row.cursor != place.row.cursor || row.relay_key != place.row.relay_key {
        return Err(Error::new(
            crate::error::ErrorCode::Busy,
            "Another process has read the log meanwhile.",
            "It is tried again by itself.",
        ));
    }
    let values = ledger::chain(place.start.1, &place.ids);
    for (value, at) in values.iter().zip(place.start.0 + 1..).filter(|(_, at)| *at > row.cursor.position) {
        inbox::insert_chain(conn, id, at, value)?;
    }
    let chain = values.last().copied().unwrap_or(place.start.1);
    workspaces::set_cursor(conn, id, &Cursor { generation: *generation, position: *position, chain })?;
    for (device, (sequence, last)) in &content.book.heads {
        records::set_device_head(conn, id, device, *sequence, last)?;
    }
    for ((document, actor), (device, sequence)) in &content.actors {
        inbox::set_actor(conn, document, actor, &ActorRow { device: *device, sequence: *sequence })?;
    }
    settle_own(conn, loading, now_ms)?;
    // Up to the cursor this device has seen for itself what became of each.
    for entry in content.set_aside.iter().filter(|entry| entry.position > row.cursor.position) {
        let here = content.book.set_aside.get(&entry.position).map(|entry| kept::of_id(conn, id, entry)).transpose()?;
        if here.flatten().is_some() {
            // It was taken in here, or it was set aside here too.
            continue;
        }
        let device = drystone_wire::envelope::Envelope::open(&entry.envelope.0).ok().map(|(_, header)| header.device);
        let refused = Refused { position: entry.position, device, reason: entry.reason.clone(), code: "" };
        quarantine::adopt(conn, id, *generation, &refused, &entry.code, &entry.envelope.0, now_ms)?;
    }
    let mut newest: BTreeMap<DeviceKey, u64> = BTreeMap::new();
    for one in &content.changes {
        let time = one.changes.iter().map(|(summary, _)| u64::try_from(summary.time).unwrap_or(0)).max().unwrap_or(0);
        let at = newest.entry(one.device).or_default();
        *at = time.max(*at);
    }
    for (device, time_ms) in newest {
        records::seen(conn, id, &device, time_ms.min(now_ms))?;
    }
    let book = content.book.clone();
    let base = Base { generation: *generation, position: *position, chain, book, loaded_ms: now_ms };
    snapshots::set_base(conn, id, &base)?;
    snapshots::forget_chunks(conn, id, &loading.blob)
}

/// What this device wrote: what the log has waits no longer, what it should
/// have and has not waits again.
fn settle_own(conn: &Connection, loading: &Loading, now_ms: u64) -> Result<()> {
    let (place, content) = (&loading.place, &loading.content);
    let id = &place.row.id;
    let ids: HashSet<&Hash> = place.ids.iter().collect();
    for sealed in outbox::unsent(conn, id, usize::MAX >> 1, usize::MAX)? {
        if ids.contains(&sealed.id) {
            outbox::confirm(conn, id, &sealed.id, now_ms)?;
        }
    }
    if let Some((sequence, last)) = content.book.heads.get(&place.device)
        && *sequence > place.row.sequence
    {
        outbox::unseal(conn, id)?;
        workspaces::set_sequence(conn, id, *sequence, last)?;
    }
    for one in &content.changes {
        for (summary, _) in &one.changes {
            outbox::is_stored(conn, &one.document, &summary.hash)?;
        }
    }
    for (document, change) in &loading.missing {
        let seq: Option<i64> = conn
            .prepare_cached("SELECT seq FROM changes WHERE document = ?1 AND hash = ?2")?
            .query_row((document.as_bytes(), change), |row| row.get(0))
            .optional()?;
        if let Some(seq) = seq {
            outbox::enqueue(conn, id, document, seq)?;
        }
    }
    Ok(())
}
