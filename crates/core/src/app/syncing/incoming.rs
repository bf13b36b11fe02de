//! From the inbox into documents: entries are opened, checked and applied in
//! batches; what is refused is set aside.

use std::collections::{BTreeMap, BTreeSet};

use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};
use rusqlite::Connection;

use super::exchange::{Data, Loaded, Remote};
use crate::document::scan::Limits;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::carrying;
use crate::store::sharing::inbox::{self, ActorRow, Received, Refused};
use crate::store::sharing::kept::{self, Kept};
use crate::store::sharing::membership as records;
use crate::store::sharing::outbox;
use crate::store::sharing::quarantine;
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::sync::engine::Outcome;
use crate::sync::membership::Standing;
use crate::sync::opening::{Actors, DeviceHeads, Opened, Placed, RETRIED, Refusal, Verifier, check_actors};
use crate::sync::request::Attempt;

/// Entries that are applied together.
const BATCH_ENTRIES: usize = 256;
/// And their bytes.
const BATCH_BYTES: usize = 4 << 20;

/// What is remembered from one batch to the next.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Entries still to be applied one by one, since a batch of them failed.
    singly: usize,
    /// The entry whose author knew a membership that is not here, and was
    /// waited for once.
    waited_for: Option<u64>,
    /// The membership with which what is set aside was tried again.
    retried_at: u64,
    /// The membership with which trying again began, and how far in the log it
    /// has come.
    retrying: Option<(u64, (u32, u64))>,
}

/// What a batch comes to, to be written together with its changes.
#[derive(Debug, Default)]
struct Settlement {
    generation: u32,
    /// Positions that are dealt with.
    applied: Vec<u64>,
    refused: Vec<Refused>,
    /// Own envelopes found in the log.
    confirmed: Vec<Hash>,
    heads: DeviceHeads,
    actors: Actors,
    /// When devices wrote, by their own clocks.
    seen: BTreeMap<DeviceKey, u64>,
    /// Envelopes to be kept as they were signed, and whether the relay has them.
    kept: Vec<(Kept, bool)>,
    /// Envelopes that are kept and were found in the log.
    known: Vec<(DeviceKey, u64)>,
    /// Entries set aside before that were tried again, with why they stay.
    retried: Vec<(i64, Option<(String, &'static str)>)>,
    /// The device went on elsewhere, as after a restored backup: its last envelope there.
    own: Option<(u64, Hash)>,
}

struct Batch {
    remote: Vec<Remote>,
    settlement: Settlement,
    entries: usize,
    membership_behind: bool,
}

impl Incoming {
    /// Applies one batch.
    pub fn step(
        &mut self,
        data: &impl Data,
        workspace: &WorkspaceId,
        loaded: &Loaded,
        device: &DeviceKey,
        now_ms: u64,
    ) -> Attempt<Outcome> {
        if self.retry(data, workspace, loaded, device, now_ms)? {
            return Ok(Outcome::More);
        }
        let limit = if self.singly > 0 { 1 } else { BATCH_ENTRIES };
        let batch = data.read(|conn| self.collect(conn, workspace, loaded, device, limit))?;
        if batch.entries == 0 {
            self.singly = 0;
            return Ok(if batch.membership_behind { Outcome::MembershipBehind } else { Outcome::Done });
        }
        let Batch { remote, mut settlement, entries, membership_behind } = batch;
        let applied = if remote.is_empty() {
            data.write(|conn| settle(conn, workspace, &settlement, now_ms))
        } else {
            data.apply(workspace, remote, |conn| settle(conn, workspace, &settlement, now_ms))
        };
        match applied {
            Ok(()) => self.singly = self.singly.saturating_sub(entries),
            Err(error) if is_environment(&error) => return Err(error.into()),
            Err(_) if entries > 1 => self.singly = entries,
            Err(error) => {
                settlement.refuse_all(&error);
                data.write(|conn| settle(conn, workspace, &settlement, now_ms))?;
                self.singly = self.singly.saturating_sub(1);
            }
        }
        if membership_behind && self.singly == 0 {
            return Ok(Outcome::MembershipBehind);
        }
        let empty = data.read(|conn| inbox::is_empty(conn, workspace))?;
        Ok(if empty { Outcome::Done } else { Outcome::More })
    }

    /// After the membership moved on, with which keys and records may have come,
    /// tries what was set aside for want of them again: one entry a step, in the
    /// order of the log. Returns whether there may be another.
    fn retry(
        &mut self,
        data: &impl Data,
        workspace: &WorkspaceId,
        loaded: &Loaded,
        device: &DeviceKey,
        now_ms: u64,
    ) -> Attempt<bool> {
        let position = loaded.membership.position();
        if self.retried_at == position {
            return Ok(false);
        }
        let (began, after) = self.retrying.unwrap_or((position, (0, 0)));
        let Some((generation, entry, bytes)) = data.read(|conn| quarantine::next(conn, workspace, after, &RETRIED))?
        else {
            (self.retried_at, self.retrying) = (began, None);
            return Ok(began != position);
        };
        let (remote, mut settlement) = data.read(|conn| {
            let row = workspaces::get(conn, workspace)?;
            let mut heads = records::device_heads(conn, workspace)?;
            let before = heads.clone();
            let mut collector = Collector::new(conn, &row, loaded, device);
            let refusal = collector.take_again(&entry.code, &bytes, &mut heads)?;
            let Collector { mut settlement, remote, .. } = collector;
            heads.retain(|device, head| before.get(device) != Some(head));
            settlement.heads = heads;
            settlement.retried = vec![(entry.id, refusal.map(|reason| (reason.to_string(), reason.code())))];
            Ok((remote, settlement))
        })?;
        let applied = if remote.is_empty() {
            data.write(|conn| settle(conn, workspace, &settlement, now_ms))
        } else {
            data.apply(workspace, remote, |conn| settle(conn, workspace, &settlement, now_ms))
        };
        match applied {
            Ok(()) => {}
            Err(error) if is_environment(&error) => return Err(error.into()),
            Err(error) => {
                let reason = Refusal::Apply(error.message.clone());
                settlement.actors.clear();
                settlement.retried = vec![(entry.id, Some((reason.to_string(), reason.code())))];
                data.write(|conn| settle(conn, workspace, &settlement, now_ms))?;
            }
        }
        self.retrying = Some((began, (generation, entry.position)));
        Ok(true)
    }

    fn collect(
        &mut self,
        conn: &Connection,
        workspace: &WorkspaceId,
        loaded: &Loaded,
        device: &DeviceKey,
        limit: usize,
    ) -> Result<Batch> {
        let row = workspaces::get(conn, workspace)?;
        let mut heads = records::device_heads(conn, workspace)?;
        let before = heads.clone();
        let mut collector = Collector::new(conn, &row, loaded, device);
        let (mut entries, mut membership_behind) = (0, false);
        for entry in inbox::oldest(conn, workspace, limit, BATCH_BYTES)? {
            match collector.take(&entry, &mut heads)? {
                Ok(()) => {}
                Err((Refusal::Author(Standing::Ahead(_)), _)) if self.waited_for != Some(entry.position) => {
                    self.waited_for = Some(entry.position);
                    membership_behind = true;
                    break;
                }
                Err((reason, author)) => {
                    tracing::warn!(position = entry.position, %reason, "an entry of the log is refused");
                    let (position, code) = (entry.position, reason.code());
                    let refused = Refused { position, device: author, reason: reason.to_string(), code };
                    collector.settlement.refused.push(refused);
                }
            }
            entries += 1;
        }
        let Collector { mut settlement, remote, .. } = collector;
        heads.retain(|device, head| before.get(device) != Some(head));
        settlement.heads = heads;
        Ok(Batch { remote, settlement, entries, membership_behind })
    }
}

struct Collector<'a> {
    conn: &'a Connection,
    row: &'a WorkspaceRow,
    device: &'a DeviceKey,
    verifier: Verifier<'a>,
    settlement: Settlement,
    remote: Vec<Remote>,
    /// Changes taken into this batch: a device may send one twice in it, as
    /// after its relay was set anew, and the database does not have it yet.
    taken: BTreeSet<(DocumentHandle, [u8; 32])>,
    /// Ids of own unconfirmed envelopes by number, read when first needed.
    unconfirmed: Option<BTreeMap<u64, Hash>>,
}

type Taken = std::result::Result<(), (Refusal, Option<DeviceKey>)>;

impl<'a> Collector<'a> {
    fn new(conn: &'a Connection, row: &'a WorkspaceRow, loaded: &'a Loaded, device: &'a DeviceKey) -> Self {
        let verifier = Verifier {
            workspace: row.id,
            membership: &loaded.membership,
            keys: &loaded.keys,
            limits: Limits::default(),
        };
        let settlement = Settlement { generation: row.cursor.generation, ..Settlement::default() };
        Collector {
            conn,
            row,
            device,
            verifier,
            settlement,
            remote: Vec::new(),
            taken: BTreeSet::new(),
            unconfirmed: None,
        }
    }

    /// Takes an entry that was set aside once more. When it was refused for its
    /// contents, its device's head has moved on over it.
    fn take_again(&mut self, code: &str, bytes: &[u8], heads: &mut DeviceHeads) -> Result<Option<Refusal>> {
        let placed = match code {
            "no-key" | "actor-sequence" => self.verifier.place_again(bytes),
            _ => self.place(bytes, heads, true),
        };
        match placed {
            Ok(placed) => Ok(self.open(placed)?.err()),
            Err(reason) => Ok(Some(reason)),
        }
    }

    /// Whether an entry came another way before: by a bundle and from the relay.
    fn is_known(&mut self, entry: &Received, heads: &DeviceHeads) -> Result<bool> {
        let Some((id, device, sequence)) = named_in(&entry.envelope) else { return Ok(false) };
        let followed = heads.get(&device).is_some_and(|(last, _)| *last >= sequence);
        // What a snapshot stands for may still come in a bundle.
        let known = match entry.position >= carrying::FIRST {
            true => kept::holds(self.conn, &self.row.id, &device, sequence, &id)?,
            false => kept::id_of(self.conn, &self.row.id, &device, sequence)? == Some(id),
        };
        if !followed || !known {
            return Ok(false);
        }
        if entry.position < carrying::FIRST {
            self.settlement.known.push((device, sequence));
            if device == *self.device {
                self.settlement.confirmed.push(id);
            }
        }
        self.settlement.applied.push(entry.position);
        Ok(true)
    }

    /// Verifies an entry's place; when its device's head moves on over it, it is kept.
    fn place(&mut self, bytes: &[u8], heads: &mut DeviceHeads, stored: bool) -> std::result::Result<Placed, Refusal> {
        let (conn, workspace) = (self.conn, &self.row.id);
        let chain_at = |position| inbox::chain_at(conn, workspace, position).ok().flatten();
        let placed = self.verifier.place(bytes, heads, &chain_at);
        if let Some((id, device, sequence)) = named_in(bytes)
            && heads.get(&device) == Some(&(sequence, id))
        {
            self.settlement.kept.push((Kept { device, sequence, id, envelope: bytes.to_vec() }, stored));
        }
        placed
    }

    /// Takes one entry into the batch, or says why it is refused.
    fn take(&mut self, entry: &Received, heads: &mut DeviceHeads) -> Result<Taken> {
        if self.is_known(entry, heads)? {
            return Ok(Ok(()));
        }
        let placed = match self.place(&entry.envelope, heads, entry.position < carrying::FIRST) {
            Ok(placed) => placed,
            Err(reason) => return Ok(Err((reason, author_of(&entry.envelope)))),
        };
        let author = placed.header.device;
        if author == *self.device && self.is_ours(&placed)? {
            self.settlement.confirmed.push(placed.id);
            self.settlement.applied.push(entry.position);
            return Ok(Ok(()));
        }
        let own = (author == *self.device).then_some((placed.header.sequence, placed.id));
        match self.open(placed)? {
            Ok(()) => {
                if let Some(head) = own {
                    self.settlement.own = Some(head);
                }
                self.settlement.applied.push(entry.position);
                Ok(Ok(()))
            }
            Err(reason) => Ok(Err((reason, Some(author)))),
        }
    }

    /// Whether this database made the envelope. One of this device that it did
    /// not make was made after the state that a restored backup holds.
    fn is_ours(&mut self, placed: &Placed) -> Result<bool> {
        let sequence = placed.header.sequence;
        if sequence > self.row.sequence || self.settlement.own.is_some() {
            return Ok(false);
        }
        if self.unconfirmed.is_none() {
            let sealed = outbox::unsent(self.conn, &self.row.id, usize::MAX >> 1, usize::MAX)?;
            self.unconfirmed = Some(sealed.into_iter().map(|sealed| (sealed.sequence, sealed.id)).collect());
        }
        let unconfirmed = self.unconfirmed.as_ref().and_then(|known| known.get(&sequence));
        Ok(unconfirmed.is_none_or(|id| *id == placed.id))
    }

    fn open(&mut self, placed: Placed) -> Result<std::result::Result<(), Refusal>> {
        let opened = match self.verifier.open(placed) {
            Ok(opened) => opened,
            Err(reason) => return Ok(Err(reason)),
        };
        let document = opened.header.document;
        if inbox::workspace_of(self.conn, &document)?.is_some_and(|workspace| workspace != self.row.id) {
            return Ok(Err(Refusal::Document));
        }
        match self.fresh_changes(&opened) {
            Ok(changes) => {
                let newest = opened.changes.iter().map(|(summary, _)| milliseconds(summary.time)).max().unwrap_or(0);
                let seen = self.settlement.seen.entry(opened.header.device).or_default();
                *seen = newest.max(*seen);
                self.add(Remote { document, author: opened.header.device, changes });
                Ok(Ok(()))
            }
            Err(reason) => Ok(Err(reason)),
        }
    }

    fn fresh_changes(&mut self, opened: &Opened) -> std::result::Result<Vec<Vec<u8>>, Refusal> {
        let document = opened.header.document;
        let conn = self.conn;
        let stored =
            |actor: &[u8]| inbox::actor(conn, &document, actor).ok().flatten().map(|row| (row.device, row.sequence));
        let taken = &self.taken;
        let has_change = |hash: &[u8; 32]| {
            taken.contains(&(document, *hash)) || inbox::has_change(conn, &document, hash).unwrap_or(false)
        };
        let fresh = check_actors(opened, &mut self.settlement.actors, &stored, &has_change)?;
        self.taken.extend(opened.changes.iter().map(|(summary, _)| (document, summary.hash)));
        Ok(fresh)
    }

    /// Consecutive changes of one author to one document become one batch.
    fn add(&mut self, remote: Remote) {
        if remote.changes.is_empty() {
            return;
        }
        match self.remote.iter_mut().rev().find(|last| last.document == remote.document) {
            Some(last) if last.author == remote.author => last.changes.extend(remote.changes),
            _ => self.remote.push(remote),
        }
    }
}

impl Settlement {
    /// The document did not take the changes of the one entry in this batch.
    fn refuse_all(&mut self, error: &Error) {
        let reason = Refusal::Apply(error.message.clone());
        for position in std::mem::take(&mut self.applied) {
            let device = self.heads.keys().next().copied();
            self.refused.push(Refused { position, device, reason: reason.to_string(), code: reason.code() });
        }
        self.actors.clear();
    }
}

fn settle(conn: &Connection, workspace: &WorkspaceId, settlement: &Settlement, now_ms: u64) -> Result<()> {
    for position in &settlement.applied {
        inbox::remove(conn, workspace, *position)?;
    }
    for refused in &settlement.refused {
        quarantine::refuse(conn, workspace, settlement.generation, refused, now_ms)?;
    }
    for (envelope, stored) in &settlement.kept {
        kept::insert(conn, workspace, envelope, *stored)?;
    }
    for (device, sequence) in &settlement.known {
        kept::set_stored(conn, workspace, device, *sequence)?;
    }
    for id in &settlement.confirmed {
        outbox::confirm(conn, workspace, id, now_ms)?;
    }
    for (device, (sequence, id)) in &settlement.heads {
        records::set_device_head(conn, workspace, device, *sequence, id)?;
    }
    for ((document, actor), (device, sequence)) in &settlement.actors {
        inbox::set_actor(conn, document, actor, &ActorRow { device: *device, sequence: *sequence })?;
    }
    for (device, time_ms) in &settlement.seen {
        records::seen(conn, workspace, device, (*time_ms).min(now_ms))?;
    }
    for (id, refusal) in &settlement.retried {
        match refusal {
            None => quarantine::readmit(conn, *id)?,
            Some((reason, code)) => quarantine::explain(conn, *id, reason, code)?,
        }
    }
    if let Some((sequence, id)) = &settlement.own {
        outbox::unseal(conn, workspace)?;
        workspaces::set_sequence(conn, workspace, *sequence, id)?;
    }
    Ok(())
}

/// Times of changes are in seconds or milliseconds, as their author chose.
fn milliseconds(time: i64) -> u64 {
    const SECONDS_BELOW: u64 = 100_000_000_000;
    let time = u64::try_from(time).unwrap_or(0);
    if time < SECONDS_BELOW { time * 1000 } else { time }
}

/// The device an envelope says it is from, when that much can be read.
fn author_of(bytes: &[u8]) -> Option<DeviceKey> {
    named_in(bytes).map(|(_, device, _)| device)
}

/// Its id, and the device and number it says it has, when that much can be read.
fn named_in(bytes: &[u8]) -> Option<(Hash, DeviceKey, u64)> {
    use drystone_wire::envelope::{Envelope, Header};
    use drystone_wire::{canonical, limits};
    let envelope: Envelope = canonical::decode(bytes, limits::ENVELOPE_BYTES).ok()?;
    let header: Header = canonical::decode(&envelope.header.0, limits::ENVELOPE_BYTES).ok()?;
    Some((envelope.id(), header.device, header.sequence))
}

/// Whether an error is about this computer and not about what was to be applied.
pub(in crate::app) fn is_environment(error: &Error) -> bool {
    use ErrorCode as E;
    matches!(error.code, E::DiskFull | E::Permission | E::Busy | E::Keychain | E::WrongKey | E::TooNew)
}
