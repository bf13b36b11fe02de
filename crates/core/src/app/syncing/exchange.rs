//! The steps of a round, from the database to a request and from a reply back
//! into the database. No sockets: what travels comes in as an argument.

use std::collections::{BTreeMap, BTreeSet};

use drystone_wire::bundle::CarriedRecord;
use drystone_wire::ids::Bytes;
use drystone_wire::log::{Append, Appended, Page, chain_next};
use drystone_wire::membership::{Record, RecordPage, Role};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, RelayKey, WorkspaceId, canonical, limits};
use rusqlite::Connection;

use super::incoming::Incoming;
use crate::crypto::keys::{EpochKey, Identity};
use crate::crypto::random::Random;
use crate::document::scan::{Cost, Limits, scan_change};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::carrying;
use crate::store::sharing::inbox::{self, ActorRow};
use crate::store::sharing::invites;
use crate::store::sharing::kept::{self, Kept};
use crate::store::sharing::membership as records;
use crate::store::sharing::outbox::{self, Sealed};
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::store::sharing::{self};
use crate::sync::engine::{Outcome, Step};
use crate::sync::membership::{self, Membership};
use crate::sync::page;
use crate::sync::request::{Attempt, Failure, FailureKind, Reply, Request};
use crate::sync::sealing::{self, Sealer};

/// Changes that are sealed in one go, so that the database is not held for long.
const SEAL_CHANGES: usize = 1024;
/// What an append's frame costs besides its envelopes.
const APPEND_FRAME: usize = 64;

/// Changes from other devices, ready for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    pub document: DocumentHandle,
    pub author: DeviceKey,
    pub changes: Vec<Vec<u8>>,
}

/// The database and the documents, as steps need them.
pub(super) trait Data {
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T>;
    fn write<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T>;
    /// Applies changes and runs `and_then` in one transaction.
    fn apply(
        &self,
        workspace: &WorkspaceId,
        changes: Vec<Remote>,
        and_then: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<()>;
}

/// What a step needs from the relay.
#[derive(Debug)]
pub(super) enum Prepared {
    /// A reply to this.
    Ask(Request),
    /// Nothing: it is done.
    Done(Outcome),
}

/// Membership and keys as loaded.
#[derive(Debug, Clone)]
pub(in crate::app) struct Loaded {
    pub membership: Membership,
    pub keys: BTreeMap<u32, EpochKey>,
}

/// One workspace's side of the conversation with its relay.
pub(super) struct Exchange {
    pub workspace: WorkspaceId,
    pub relay_key: RelayKey,
    /// Reads the log up to this position only.
    pub until: Option<u64>,
    identity: Identity,
    loaded: Option<Loaded>,
    /// After which record the relay was asked for records.
    asked_after: u64,
    sent: Sent,
    incoming: Incoming,
}

/// What an append that was not answered yet holds.
#[derive(Debug)]
enum Sent {
    /// What this device sealed.
    Own(Vec<Sealed>),
    /// What bundles carried, by this device and others.
    Carried(Vec<Kept>),
}

impl Exchange {
    pub fn new(workspace: WorkspaceId, relay_key: RelayKey, identity: Identity) -> Self {
        let (loaded, sent, incoming) = (None, Sent::Own(Vec::new()), Incoming::default());
        Exchange { workspace, relay_key, until: None, identity, loaded, asked_after: 0, sent, incoming }
    }

    /// Does what a step does without the relay, or says what to ask.
    pub fn prepare(&mut self, data: &impl Data, step: Step, now_ms: u64, random: &mut dyn Random) -> Attempt<Prepared> {
        self.load(data)?;
        match step {
            Step::Membership => self.prepare_membership(data),
            Step::Pull => self.prepare_pull(data),
            Step::Apply => self.apply(data, now_ms).map(Prepared::Done),
            Step::Rewind => write(data, |conn| rewind(conn, &self.workspace, &self.identity.device_key()))
                .map(|()| Prepared::Done(Outcome::Done)),
            Step::Push => self.prepare_push(data, random),
            // Loaded by the app: see `app/compaction/loading.rs`.
            Step::Snapshot => Ok(Prepared::Done(Outcome::Done)),
            Step::StartAnew => write(data, |conn| Ok(workspaces::expect_younger_log(conn, &self.workspace)?))
                .map(|()| Prepared::Done(Outcome::Done)),
        }
    }

    /// Takes in a reply.
    pub fn take(&mut self, data: &impl Data, reply: Reply, now_ms: u64) -> Attempt<Prepared> {
        match reply {
            // What was posted is read back with its countersignature.
            Reply::Recorded => Ok(Prepared::Done(Outcome::More)),
            Reply::Records(page) => self.take_records(data, &page),
            Reply::Page(page) => self.take_page(data, &page).map(Prepared::Done),
            Reply::Appended(appended) => self.take_appended(data, &appended, now_ms).map(Prepared::Done),
        }
    }

    /// What to ask when the relay does not know the workspace: to found it, if
    /// it is ours and was never there.
    pub fn found(&mut self, data: &impl Data) -> Attempt<Option<Request>> {
        self.load(data)?;
        let (row, first) = data.read(|conn| {
            let row = workspaces::get(conn, &self.workspace)?;
            Ok((row, records::records(conn, &self.workspace, 0)?.into_iter().next()))
        })?;
        let ours = first.filter(|record| self.is_own(record));
        Ok(ours.filter(|_| row.cursor.generation == 0).map(Request::Create))
    }

    /// How many membership records are taken in, as far as this knows.
    pub fn membership_position(&self) -> u64 {
        self.loaded.as_ref().map_or(0, |loaded| loaded.membership.position())
    }

    fn is_own(&self, record: &[u8]) -> bool {
        Record::open(record).is_ok_and(|(_, body)| body.author == self.identity.device_key())
    }

    fn membership(&self) -> Attempt<&Membership> {
        self.loaded().map(|loaded| &loaded.membership)
    }

    fn loaded(&self) -> Attempt<&Loaded> {
        self.loaded.as_ref().ok_or_else(|| Error::internal("membership is not loaded").into())
    }

    /// Loads membership and keys unless they are the newest.
    fn load(&mut self, data: &impl Data) -> Attempt<()> {
        let known = self.loaded.as_ref().map_or(0, |loaded| loaded.membership.position());
        let newer = data.read(|conn| {
            if known > 0 && records::count(conn, &self.workspace)? == known {
                return Ok(None);
            }
            Ok(Some((records::records(conn, &self.workspace, 0)?, records::epoch_keys(conn, &self.workspace)?)))
        })?;
        if let Some((list, keys)) = newer {
            let membership = Membership::replay(&list)
                .map_err(|error| Failure::integrity(format_args!("stored membership: {error}"), &self.workspace))?;
            self.loaded = Some(Loaded { membership, keys });
        }
        Ok(())
    }

    /// Asks for the records that are not here, or not confirmed by the relay yet.
    fn prepare_membership(&mut self, data: &impl Data) -> Attempt<Prepared> {
        let position = self.membership()?.position();
        let unconfirmed = data.read(|conn| carrying::first_unconfirmed(conn, &self.workspace))?;
        self.asked_after = unconfirmed.map_or(position, |first| position.min(first.saturating_sub(1)));
        Ok(Prepared::Ask(Request::Records { after: self.asked_after }))
    }

    /// Takes confirmations of records that are here; returns how many there were.
    fn confirm_records(&self, data: &impl Data, page: &RecordPage) -> Attempt<usize> {
        let membership = self.membership()?;
        let here = membership.position().saturating_sub(self.asked_after) as usize;
        let confirmed = page.records.iter().take(here).zip(self.asked_after + 1..);
        let mut fork = None;
        let count = write(data, |conn| {
            let mut count = 0;
            for (record, at) in confirmed {
                let hash = Record::open(&record.record.0).map(|(record, _)| record.hash());
                let sound = hash.as_ref().is_ok_and(|hash| record.verify(&self.relay_key, &self.workspace, at, hash));
                let known = membership.hash_at(at);
                if sound && hash.ok() == known {
                    carrying::confirm_record(conn, &self.workspace, at, record.signature.as_bytes())?;
                } else {
                    if sound {
                        let signature = Bytes(record.signature.as_bytes().to_vec());
                        let proof = CarriedRecord { record: record.record.clone(), countersignature: signature };
                        carrying::insert_fork(conn, &self.workspace, at, &proof)?;
                    }
                    fork = Some(at);
                    break;
                }
                count += 1;
            }
            Ok(count)
        })?;
        match fork {
            None => Ok(count),
            Some(at) => Err(Failure::integrity(
                format_args!("its membership record {at} is another than the one here"),
                &self.workspace,
            )),
        }
    }

    /// Validates new records and stores them, or posts one that the relay lacks.
    fn take_records(&mut self, data: &impl Data, page: &RecordPage) -> Attempt<Prepared> {
        let position = self.membership()?.position();
        if let Some(at) = data.read(|conn| carrying::fork(conn, &self.workspace))? {
            return Err(Failure::integrity(format_args!("there are two membership records {at}"), &self.workspace));
        }
        if page.total < position {
            let missing = self.missing_record(data, page.total)?;
            return missing.map(|record| Prepared::Ask(Request::Record(record))).ok_or_else(|| {
                Failure::integrity(
                    "it lacks membership records that others wrote, and only they can send them",
                    &self.workspace,
                )
            });
        }
        let confirmed = self.confirm_records(data, page)?;
        let mut membership = self.membership()?.clone();
        let (mut fresh, mut signatures) = (Vec::new(), Vec::new());
        for countersigned in page.records.iter().skip(confirmed) {
            membership
                .apply(&countersigned.record.0)
                .map_err(|error| Failure::integrity(format_args!("membership: {error}"), &self.workspace))?;
            let (at, hash) = (membership.position(), membership.roster().head);
            if !countersigned.verify(&self.relay_key, &self.workspace, at, &hash) {
                return Err(Failure::integrity(format_args!("record {at} is not countersigned"), &self.workspace));
            }
            fresh.push((at, hash, countersigned.record.0.clone()));
            signatures.push((at, countersigned.signature));
        }
        if fresh.is_empty() {
            let read = self.asked_after + confirmed as u64;
            let more = confirmed > 0 && read < page.total;
            return Ok(Prepared::Done(if more { Outcome::More } else { Outcome::Done }));
        }
        let (identity, workspace) = (&self.identity, &self.workspace);
        write(data, |conn| {
            store_records(conn, &membership, &fresh, identity)?;
            for (at, signature) in &signatures {
                carrying::confirm_record(conn, workspace, *at, signature.as_bytes())?;
            }
            Ok(())
        })?;
        self.loaded = None;
        self.load(data)?;
        let more = membership.position() < page.total;
        Ok(Prepared::Done(if more { Outcome::More } else { Outcome::Done }))
    }

    /// The first record that the relay lacks, when it is ours to post.
    fn missing_record(&self, data: &impl Data, total: u64) -> Result<Option<Vec<u8>>> {
        let next = data.read(|conn| Ok(records::records(conn, &self.workspace, total)?.into_iter().next()))?;
        Ok(next.filter(|record| self.is_own(record)))
    }

    fn prepare_pull(&mut self, data: &impl Data) -> Attempt<Prepared> {
        let row = data.read(|conn| workspaces::get(conn, &self.workspace))?;
        let left = self.until.map_or(u64::MAX, |until| until.saturating_sub(row.cursor.position));
        let limit = u64::from(limits::PAGE_ENTRIES).min(left) as u32;
        if limit == 0 {
            return Ok(Prepared::Done(Outcome::Done));
        }
        let generation = (row.cursor.generation > 0).then_some(row.cursor.generation);
        Ok(Prepared::Ask(Request::Page { generation, after: row.cursor.position, limit }))
    }

    /// Stores a verified page and the cursor after it in one transaction.
    fn take_page(&mut self, data: &impl Data, page: &Page) -> Attempt<Outcome> {
        let (workspace, relay_key) = (self.workspace, self.relay_key);
        let known = data.read(|conn| workspaces::get(conn, &workspace))?;
        let unmoved = page::verify_page(&known.cursor, known.least_generation, page, &workspace, &relay_key)
            .is_ok_and(|verified| verified.cursor == known.cursor);
        let news = page.head.membership > self.membership()?.position();
        if unmoved && !news {
            // Nothing new costs no write.
            return Ok(Outcome::Done);
        }
        let verified = write(data, |conn| {
            let row = current(conn, &workspace, &relay_key)?;
            let verified = page::verify_page(&row.cursor, row.least_generation, page, &workspace, &relay_key)
                .map_err(|error| Failure::integrity(error, &workspace))?;
            for (entry, chain) in page.entries.iter().zip(&verified.chain) {
                let received = inbox::Received { position: entry.position, envelope: entry.envelope.0.clone() };
                inbox::insert(conn, &workspace, &received, chain)?;
            }
            workspaces::set_cursor(conn, &workspace, &verified.cursor)?;
            Ok(verified)
        })?;
        if page.head.membership > self.membership()?.position() {
            return Ok(Outcome::MembershipBehind);
        }
        let limited = self.until.is_some_and(|until| verified.cursor.position >= until);
        Ok(if verified.complete || limited { Outcome::Done } else { Outcome::More })
    }

    fn apply(&mut self, data: &impl Data, now_ms: u64) -> Attempt<Outcome> {
        let device = self.identity.device_key();
        let Some(loaded) = &self.loaded else { return Err(Error::internal("membership is not loaded").into()) };
        self.incoming.step(data, &self.workspace, loaded, &device, now_ms)
    }

    /// Seals what waits and takes the next batch to send.
    fn prepare_push(&mut self, data: &impl Data, random: &mut dyn Random) -> Attempt<Prepared> {
        let loaded = self.loaded()?;
        let (workspace, identity) = (&self.workspace, &self.identity);
        let device = identity.device_key();
        if loaded.membership.roster().may_write(&device) {
            let (limit, bytes) = (limits::APPEND_ENTRIES, limits::APPEND_BYTES - APPEND_FRAME);
            let carried = data.read(|conn| kept::unsent(conn, workspace, limit, bytes))?;
            if !carried.is_empty() {
                let envelopes = carried.iter().map(|kept| Bytes(kept.envelope.clone())).collect();
                self.sent = Sent::Carried(carried);
                return Ok(Prepared::Ask(Request::Append(canonical::encode(&Append { envelopes }))));
            }
        }
        let waits = data.read(|conn| outbox::waiting(conn, workspace))? > 0;
        if !waits {
            return Ok(Prepared::Done(Outcome::Done));
        }
        if !loaded.membership.roster().may_write(&device) {
            return Err(may_not_write());
        }
        let too_large = write(data, |conn| {
            let epoch = loaded.membership.roster().epoch;
            if outbox::oldest_epoch(conn, workspace)?.is_some_and(|sealed| sealed != epoch) {
                rewind(conn, workspace, &device)?;
            }
            Ok(seal(conn, workspace, identity, loaded, random)?)
        })?;
        let batch = data.read(|conn| {
            outbox::unsent(conn, workspace, limits::APPEND_ENTRIES, limits::APPEND_BYTES - APPEND_FRAME)
        })?;
        match (batch.is_empty(), too_large) {
            (true, Some(error)) => Err(Failure::new(FailureKind::Attention, error)),
            (true, None) => Ok(Prepared::Done(Outcome::Done)),
            (false, _) => {
                let envelopes = batch.iter().map(|sealed| Bytes(sealed.envelope.clone())).collect();
                self.sent = Sent::Own(batch);
                Ok(Prepared::Ask(Request::Append(canonical::encode(&Append { envelopes }))))
            }
        }
    }

    fn take_appended(&mut self, data: &impl Data, reply: &Appended, now_ms: u64) -> Attempt<Outcome> {
        let sent = match std::mem::replace(&mut self.sent, Sent::Own(Vec::new())) {
            Sent::Own(sent) => sent,
            Sent::Carried(sent) => return self.take_carried(data, &sent, reply, now_ms),
        };
        let (workspace, relay_key, device) = (self.workspace, self.relay_key, self.identity.device_key());
        let fits = sent.len() == reply.stored.len() && sent.iter().zip(&reply.stored).all(|(a, b)| a.id == b.id);
        if !fits {
            return Err(Failure::integrity("it confirms other envelopes than were sent", &workspace));
        }
        let limited = self.until.is_some();
        write(data, |conn| {
            let row = current(conn, &workspace, &relay_key)?;
            page::verify_head(&row.cursor, row.least_generation, &reply.head, &workspace, &relay_key)
                .map_err(|error| Failure::integrity(error, &workspace))?;
            for Sealed { sequence, id, envelope, .. } in &sent {
                outbox::confirm(conn, &workspace, id, now_ms)?;
                let kept = Kept { device, sequence: *sequence, id: *id, envelope: envelope.clone() };
                kept::insert(conn, &workspace, &kept, true)?;
            }
            let behind = !follow_own(conn, &row, &device, &sent, reply)?;
            let more = outbox::waiting(conn, &workspace)? > 0;
            Ok(match (behind && !limited, more) {
                (true, _) => Outcome::Behind,
                (false, true) => Outcome::More,
                (false, false) => Outcome::Done,
            })
        })
    }
}

/// What bundles carried goes to the relay as it was signed.
impl Exchange {
    fn take_carried(&self, data: &impl Data, sent: &[Kept], reply: &Appended, now_ms: u64) -> Attempt<Outcome> {
        let (workspace, relay_key) = (self.workspace, self.relay_key);
        let fits = sent.len() == reply.stored.len() && sent.iter().zip(&reply.stored).all(|(a, b)| a.id == b.id);
        if !fits {
            return Err(Failure::integrity("it confirms other envelopes than were sent", &workspace));
        }
        write(data, |conn| {
            let row = current(conn, &workspace, &relay_key)?;
            page::verify_head(&row.cursor, row.least_generation, &reply.head, &workspace, &relay_key)
                .map_err(|error| Failure::integrity(error, &workspace))?;
            for kept in sent {
                kept::set_stored(conn, &workspace, &kept.device, kept.sequence)?;
                outbox::confirm(conn, &workspace, &kept.id, now_ms)?;
            }
            let more = !kept::unsent(conn, &workspace, 1, 1)?.is_empty();
            Ok(if more { Outcome::More } else { Outcome::Behind })
        })
    }
}

/// The workspace's row, unless it was given another relay while this one answered.
fn current(conn: &Connection, workspace: &WorkspaceId, relay_key: &RelayKey) -> Attempt<WorkspaceRow> {
    let row = workspaces::get(conn, workspace)?;
    if row.relay_key == *relay_key {
        return Ok(row);
    }
    let error = Error::new(ErrorCode::Busy, "The workspace was given another relay.", "It is tried again by itself.");
    Err(Failure::new(FailureKind::Unreachable, error))
}

/// When nothing but what was just sent is new in the log, moves the cursor
/// over it without reading it back. Returns whether the log was read to its end.
fn follow_own(
    conn: &Connection,
    row: &WorkspaceRow,
    device: &DeviceKey,
    sent: &[Sealed],
    reply: &Appended,
) -> Result<bool> {
    let mut cursor = row.cursor;
    let mut chain = Vec::with_capacity(sent.len());
    for stored in &reply.stored {
        if stored.position != cursor.position + 1 {
            return Ok(false);
        }
        cursor.position = stored.position;
        cursor.chain = chain_next(&cursor.chain, &stored.id);
        chain.push((cursor.position, cursor.chain));
    }
    let heads = records::device_heads(conn, &row.id)?;
    let own = heads.get(device).map_or(0, |(sequence, _)| *sequence);
    let (Some(first), Some(last)) = (sent.first(), sent.last()) else { return Ok(false) };
    let whole = cursor.position == reply.head.position && cursor.chain == reply.head.chain;
    if !whole || first.sequence != own + 1 || cursor.generation != reply.head.generation {
        return Ok(false);
    }
    for (position, value) in &chain {
        inbox::insert_chain(conn, &row.id, *position, value)?;
    }
    records::set_device_head(conn, &row.id, device, last.sequence, &last.id)?;
    workspaces::set_cursor(conn, &row.id, &cursor)?;
    Ok(true)
}

/// Stores validated records with the keys, devices and names they bring.
pub(in crate::app) fn store_records(
    conn: &Connection,
    membership: &Membership,
    fresh: &[(u64, Hash, Vec<u8>)],
    identity: &Identity,
) -> Result<()> {
    let roster = membership.roster();
    let workspace = &roster.workspace;
    for (position, hash, record) in fresh {
        records::insert(conn, workspace, *position, hash, record)?;
    }
    // A device that is no longer a member may read what it has.
    let role = roster.role_of(&identity.device_key()).map_or(Role::Reader as u8, |role| role as u8);
    workspaces::set_role(conn, workspace, role)?;
    let all = membership::bodies(&records::records(conn, workspace, 0)?);
    let mut keys = records::epoch_keys(conn, workspace)?;
    for (epoch, key) in membership::epoch_keys(&all, roster, identity.agreement()) {
        records::insert_epoch_key(conn, workspace, epoch, &key)?;
        keys.entry(epoch).or_insert(key);
    }
    let own = membership::own_root(roster, identity);
    for body in &all[all.len().saturating_sub(fresh.len())..] {
        if let Some(named) = membership::named(body, roster, &keys) {
            records::insert_device(conn, workspace, &named.device, &named.member, named.name.as_deref())?;
            let elsewhere = named.member == own && named.device != identity.device_key();
            if let Some(name) = named.name.filter(|name| elsewhere && !name.is_empty()) {
                // One person has one name, whichever of their devices it was given on.
                sharing::set_user_name(conn, &name)?;
            }
        }
        records::seen(conn, workspace, &body.author, body.time_ms)?;
    }
    invites::keep_only(conn, workspace, |invite| roster.invites.contains_key(invite))
}

/// Takes unconfirmed envelopes apart; the device goes on after its last entry
/// that is in the log.
pub(in crate::app) fn rewind(conn: &Connection, workspace: &WorkspaceId, device: &DeviceKey) -> Attempt<()> {
    outbox::unseal(conn, workspace)?;
    let heads = records::device_heads(conn, workspace)?;
    let (sequence, last) = heads.get(device).copied().unwrap_or((0, Hash::ZERO));
    workspaces::set_sequence(conn, workspace, sequence, &last)?;
    Ok(())
}

/// Seals changes that wait, as many as in one go. Returns what is wrong with
/// those that cannot be sealed.
pub(in crate::app) fn seal(
    conn: &Connection,
    workspace: &WorkspaceId,
    identity: &Identity,
    loaded: &Loaded,
    random: &mut dyn Random,
) -> Result<Option<Error>> {
    let row = workspaces::get(conn, workspace)?;
    let waiting = outbox::unsealed(conn, workspace, SEAL_CHANGES)?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let epoch = loaded.membership.roster().epoch;
    let key = loaded.keys.get(&epoch).ok_or_else(|| no_key(epoch))?;
    let (sequence, previous) = (row.sequence, row.previous);
    let mut sealer = Sealer { identity, membership: &loaded.membership, key, cursor: row.cursor, sequence, previous };
    let (mut too_large, mut scanned) = (None, Vec::with_capacity(waiting.len()));
    let mut stuck = BTreeSet::new();
    for change in &waiting {
        // What others would refuse is not sent, nor what comes after it.
        match scan_change(&change.bytes, &Limits::default()) {
            Ok(summary) if !stuck.contains(&change.document) => scanned.push((change, summary)),
            _ => {
                stuck.insert(change.document);
                too_large = Some(cannot_be_sent(&change.document));
            }
        }
    }
    let costs: Vec<(DocumentHandle, usize, Cost)> =
        scanned.iter().map(|(change, summary)| (change.document, change.bytes.len(), summary.cost)).collect();
    for group in sealing::group(&costs, &Limits::default()) {
        let members = || group.members.iter().map(|index| &scanned[*index]);
        let chunks: Vec<Vec<u8>> = members().map(|(change, _)| change.bytes.clone()).collect();
        let Ok((id, envelope)) = sealer.seal(group.document, &chunks, random) else {
            too_large = Some(cannot_be_sent(&group.document));
            continue;
        };
        for (_, summary) in members() {
            let row = ActorRow { device: identity.device_key(), sequence: summary.sequence };
            inbox::set_actor(conn, &group.document, &summary.actor, &row)?;
        }
        let changes: Vec<i64> = members().map(|(change, _)| change.change).collect();
        outbox::insert_sealed(conn, workspace, &Sealed { sequence: sealer.sequence, id, epoch, envelope }, &changes)?;
    }
    workspaces::set_sequence(conn, workspace, sealer.sequence, &sealer.previous)?;
    Ok(too_large)
}

fn cannot_be_sent(document: &DocumentHandle) -> Error {
    Error::new(
        ErrorCode::TooLarge,
        format!("A change of document {document} is too large to be sent: more than about 1 MB after compression."),
        "It is safe on this device. Export the document and import it in parts to share it.",
    )
}

fn no_key(epoch: u32) -> Error {
    Error::new(
        ErrorCode::Integrity,
        format!("The key of epoch {epoch} is not on this device."),
        "Ask an owner or admin of the workspace to renew its keys: `drystone workspace rotate`.",
    )
}

fn may_not_write() -> Failure {
    let error = Error::new(
        ErrorCode::Refused,
        "You may read this workspace and not write: changes made here stay on this device.",
        "Ask the workspace's owner to make you an editor.",
    );
    Failure::new(FailureKind::Attention, error)
}

/// A write that may end in a failure of the conversation; nothing is written then.
pub(super) fn write<T>(data: &impl Data, f: impl FnOnce(&Connection) -> Attempt<T>) -> Attempt<T> {
    let mut failure = None;
    let result = data.write(|conn| {
        f(conn).map_err(|failed| {
            let error = failed.error.clone();
            failure = Some(failed);
            error
        })
    });
    result.map_err(|error| failure.unwrap_or_else(|| error.into()))
}
