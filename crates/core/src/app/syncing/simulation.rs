//! Devices, a relay and a bad network in one thread, from a seed: the real
//! steps and the real database tables; only sockets, clock and documents are
//! models. The network drops requests and replies, doubles and delays them,
//! devices die between any two steps and in the middle of one; in the end
//! everybody must have every change exactly once, in each author's order.

mod relay;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use automerge::AutoCommit;
use automerge::transaction::Transactable;
use drystone_wire::membership::Role;
use drystone_wire::{DeviceKey, DocumentHandle, WorkspaceId};
use rusqlite::Connection;

use relay::Relay;

use super::exchange::{Data, Exchange, Prepared, Remote, store_records};
use crate::crypto::address::RelayAddress;
use crate::crypto::invite::InviteKeys;
use crate::crypto::keys::{Identity, IdentitySecrets};
use crate::crypto::random::{SeededRandom, array};
use crate::crypto::records::{self, Next};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, outbox, quarantine, workspaces};
use crate::sync::engine::{Action, Engine, Event, Failed, Outcome, Step};
use crate::sync::membership::Membership;
use crate::sync::request::{Attempt, Failure, FailureKind, Request};

/// In every test run; `DRYSTONE_SEEDS` asks for more.
const SEEDS: u64 = 60;
const DEVICES: usize = 3;
const MOVES: usize = 60;

/// A device's database: documents are rows of changes and nothing more.
struct Disk {
    conn: RefCell<Connection>,
    /// Writes until the device dies; negative: it lives.
    dies_in: Cell<i32>,
    /// Where it lies, if not in memory.
    _folder: Option<tempfile::TempDir>,
}

impl Disk {
    fn new() -> Disk {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0001_documents.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0002_sharing.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0003_model.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0004_members.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0005_bundles.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0006_recovery.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0007_attachments.sql")).unwrap();
        conn.execute_batch(include_str!("../../store/migrations/0008_compaction.sql")).unwrap();
        Disk { conn: RefCell::new(conn), dies_in: Cell::new(-1), _folder: None }
    }

    /// A crash rolls a transaction back before it commits.
    fn dies(&self) -> bool {
        match self.dies_in.get() {
            left if left < 0 => false,
            0 => true,
            left => {
                self.dies_in.set(left - 1);
                false
            }
        }
    }
}

fn dead() -> Error {
    Error::new(ErrorCode::Busy, "dead", "")
}

impl Data for Disk {
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        f(&self.conn.borrow())
    }

    fn write<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut conn = self.conn.borrow_mut();
        let transaction = conn.transaction()?;
        let value = f(&transaction)?;
        if self.dies() {
            return Err(dead());
        }
        transaction.commit()?;
        Ok(value)
    }

    fn apply(
        &self,
        workspace: &WorkspaceId,
        changes: Vec<Remote>,
        and_then: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<()> {
        self.write(|conn| {
            for remote in &changes {
                for bytes in &remote.changes {
                    insert_change(conn, workspace, &remote.document, &remote.author, bytes)?;
                }
            }
            and_then(conn)
        })
    }
}

fn insert_change(
    conn: &Connection,
    workspace: &WorkspaceId,
    document: &DocumentHandle,
    author: &DeviceKey,
    bytes: &[u8],
) -> Result<i64> {
    conn.execute(
        "INSERT OR IGNORE INTO documents VALUES (?1, ?2, '', '', '', 0, 0, 0, 0, 0, '', 0, '')",
        [document.as_bytes(), workspace.as_bytes()],
    )?;
    // Unlike the real one this fails on a change that is there already: the
    // steps before must have noticed.
    let hash = automerge::Change::from_bytes(bytes.to_vec()).map_err(Error::internal)?.hash();
    conn.execute(
        "INSERT INTO changes (document, hash, author, time_ms, operations, summary, stored, bytes)
         VALUES (?1, ?2, ?3, 0, 0, '', 0, ?4)",
        (document.as_bytes(), &hash.0, author.as_bytes(), bytes),
    )?;
    Ok(conn.last_insert_rowid())
}

struct Device {
    disk: Disk,
    identity: Identity,
    engine: Engine,
    exchange: Exchange,
    doc: AutoCommit,
    document: DocumentHandle,
    /// A reply that the network holds back.
    delayed: Option<(Step, Request)>,
}

struct World {
    random: SeededRandom,
    now: u64,
    relay: Relay,
    workspace: WorkspaceId,
    devices: Vec<Device>,
    /// Old requests, sent once more by the network.
    echoes: Vec<Request>,
    written: BTreeSet<[u8; 32]>,
    /// Whether the network misbehaves.
    rough: bool,
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = SeededRandom::new(seed);
        let relay = Relay::new();
        let identities: Vec<Identity> =
            (0..DEVICES).map(|_| Identity::new(&IdentitySecrets::generate(&mut random)).unwrap()).collect();
        let created = records::create(&identities[0], "Harbour", "Anna", 1, &mut random).unwrap();
        let workspace = created.workspace;
        let mut list = vec![created.record.to_bytes()];
        let mut membership = Membership::create(&list[0]).unwrap();
        for (index, identity) in identities.iter().enumerate().skip(1) {
            let keys = InviteKeys::derive(&[index as u8; 16], &workspace).unwrap();
            let next = Next::after(membership.roster(), 2);
            let key = &created.epoch_key;
            let invite = records::invite(&identities[0], &next, key, &keys, Role::Editor, 1000, &mut random).unwrap();
            membership.apply(&invite.to_bytes()).unwrap();
            let next = Next::after(membership.roster(), 3);
            let join = records::join(identity, &next, key, &keys, "Ben", &mut random).unwrap();
            membership.apply(&join.to_bytes()).unwrap();
            list.extend([invite.to_bytes(), join.to_bytes()]);
        }
        // Everybody but the owner knows all records; the owner has yet to read them.
        let mut devices = Vec::new();
        for (index, identity) in identities.into_iter().enumerate() {
            let known = if index == 0 { 1 } else { list.len() };
            devices.push(device(identity, workspace, &list[..known], &relay, &mut random));
        }
        let mut world = World {
            random,
            now: 1_000_000,
            relay,
            workspace,
            devices,
            echoes: vec![],
            written: BTreeSet::new(),
            rough: true,
        };
        for (index, record) in list.into_iter().enumerate() {
            let request = if index == 0 { Request::Create(record) } else { Request::Record(record) };
            world.relay.serve(&world.workspace, request).unwrap();
        }
        world
    }

    fn below(&mut self, limit: u64) -> u64 {
        u64::from_le_bytes(array(&mut self.random)) % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.rough && self.below(100) < percent
    }

    /// Something happens to some device.
    fn tick(&mut self) {
        let index = self.below(DEVICES as u64) as usize;
        self.now += self.below(3000);
        match self.below(10) {
            0..=3 => self.edit(index),
            4 if self.rough => {
                let writes = self.below(6) as i32;
                self.devices[index].disk.dies_in.set(writes);
                self.round(index, Event::Hint);
                self.devices[index].disk.dies_in.set(-1);
            }
            5 if self.rough => self.restart(index),
            6 => self.devices[index].listen(self.now, &mut self.random),
            _ => self.round(index, Event::Hint),
        }
    }

    fn edit(&mut self, index: usize) {
        let text = format!("{}", self.below(1_000_000));
        let device = &mut self.devices[index];
        device.doc.put(automerge::ROOT, "value", text).unwrap();
        device.doc.commit();
        let change = device.doc.get_last_local_change().unwrap();
        let (bytes, hash) = (change.raw_bytes().to_vec(), change.hash().0);
        let (workspace, document) = (self.workspace, device.document);
        device
            .disk
            .write(|conn| {
                let seq = insert_change(conn, &workspace, &document, &DeviceKey::ZERO, &bytes)?;
                conn.execute(
                    "INSERT INTO outbox VALUES (?1, ?2, ?3, x'')",
                    (seq, workspace.as_bytes(), document.as_bytes()),
                )?;
                Ok(())
            })
            .unwrap();
        self.written.insert(hash);
        self.round(index, Event::Changed);
    }

    /// The process is gone; what it had committed is there.
    fn restart(&mut self, index: usize) {
        let (workspace, key) = (self.workspace, self.relay.key());
        let device = &mut self.devices[index];
        device.disk.dies_in.set(-1);
        device.engine = Engine::default();
        device.exchange = Exchange::new(workspace, key, device.identity.clone());
        device.delayed = None;
        // A fresh actor after every start.
        device.doc = fresh_document(&mut self.random);
    }

    /// Runs a device's engine until it rests, the network holds it up, or it dies.
    fn round(&mut self, index: usize, event: Event) {
        let now = self.now;
        let mut actions = self.devices[index].engine.handle(now, &mut self.random, event);
        if let Some((step, request)) = self.devices[index].delayed.take() {
            // What was held back arrives now.
            let result = self.ask(index, step, request).map_err(failed);
            actions = self.devices[index].engine.handle(now, &mut self.random, Event::Finished(step, result));
        }
        while let Some(Action::Run(step)) = actions.pop() {
            let outcome = self.step(index, step);
            if self.devices[index].disk.dies_in.get() == 0 {
                return self.restart(index);
            }
            let Some(result) = outcome else { return };
            let result = result.map_err(failed);
            self.now += 20;
            actions = self.devices[index].engine.handle(self.now, &mut self.random, Event::Finished(step, result));
        }
    }

    /// `None` when the network holds the request back.
    fn step(&mut self, index: usize, step: Step) -> Option<Attempt<Outcome>> {
        let device = &mut self.devices[index];
        match device.exchange.prepare(&device.disk, step, self.now, &mut self.random) {
            Err(failure) => Some(Err(failure)),
            Ok(Prepared::Done(outcome)) => Some(Ok(outcome)),
            Ok(Prepared::Ask(request)) if self.chance(8) => {
                self.devices[index].delayed = Some((step, request));
                None
            }
            Ok(Prepared::Ask(request)) => Some(self.ask(index, step, request)),
        }
    }

    fn ask(&mut self, index: usize, step: Step, request: Request) -> Attempt<Outcome> {
        let mut request = request;
        loop {
            let lost = Failure::new(FailureKind::Unreachable, dead());
            if self.chance(10) {
                return Err(lost);
            }
            if self.chance(20) {
                self.echoes.push(request.clone());
            }
            if self.chance(10) && !self.echoes.is_empty() {
                let which = self.below(self.echoes.len() as u64) as usize;
                let echo = self.echoes[which].clone();
                let _whatever = self.relay.serve(&self.workspace, echo);
            }
            let reply = self.relay.serve(&self.workspace, request);
            if self.chance(10) {
                // Heard by the relay, and the reply broken off in the middle.
                return Err(lost);
            }
            let device = &mut self.devices[index];
            let reply = match reply {
                Err(failure) if failure.kind == FailureKind::NotFound && step == Step::Membership => {
                    match device.exchange.found(&device.disk)? {
                        Some(create) => self.relay.serve(&self.workspace, create)?,
                        None => return Err(failure),
                    }
                }
                other => other?,
            };
            match device.exchange.take(&device.disk, reply, self.now)? {
                Prepared::Done(outcome) => return Ok(outcome),
                Prepared::Ask(next) => request = next,
            }
        }
    }

    /// The network is mended; everybody gets their rounds.
    fn settle(&mut self) {
        self.rough = false;
        for index in 0..DEVICES {
            self.devices[index].disk.dies_in.set(-1);
        }
        for _ in 0..12 {
            for index in 0..DEVICES {
                self.now += 400_000;
                self.round(index, Event::Tick);
            }
        }
    }

    fn check(&self, seed: u64) {
        let head = self.relay.head(&self.workspace);
        for (index, device) in self.devices.iter().enumerate() {
            let conn = device.disk.conn.borrow();
            let mut statement = conn.prepare("SELECT hash FROM changes").unwrap();
            let rows = statement.query_map([], |row| row.get::<_, [u8; 32]>(0)).unwrap();
            let have: BTreeSet<[u8; 32]> = rows.map(|row| row.unwrap()).collect();
            assert_eq!(have, self.written, "seed {seed}: device {index} has every change and no other");
            assert_eq!(outbox::waiting(&conn, &self.workspace).unwrap(), 0, "seed {seed}: device {index} waits");
            assert_eq!(quarantine::count(&conn, &self.workspace).unwrap().0, 0, "seed {seed}: device {index} refused");
            let row = workspaces::get(&conn, &self.workspace).unwrap();
            assert_eq!((row.cursor.position, row.cursor.chain), (head.position, head.chain), "seed {seed}: {index}");
            let unstored: u32 = conn
                .query_row("SELECT count(*) FROM changes WHERE author = zeroblob(32) AND stored = 0", [], |r| r.get(0))
                .unwrap();
            assert_eq!(unstored, 0, "seed {seed}: device {index} knows what is stored");
        }
    }
}

fn failed(failure: Failure) -> Failed {
    Failed { kind: failure.kind, retry_after_ms: failure.retry_after_ms }
}

impl Device {
    fn listen(&mut self, now: u64, random: &mut SeededRandom) {
        let on = u64::from_le_bytes(array(random)) % 2 == 0;
        // Only whether wake-ups arrive; a round follows with the next event.
        if !self.engine.is_running() && !on {
            self.engine.handle(now, random, Event::Listening(on));
        }
    }
}

fn device(
    identity: Identity,
    workspace: WorkspaceId,
    list: &[Vec<u8>],
    relay: &Relay,
    random: &mut SeededRandom,
) -> Device {
    let disk = Disk::new();
    let membership = Membership::replay(list).unwrap();
    let address: RelayAddress = "http://relay".parse().unwrap();
    disk.write(|conn| {
        conn.execute(
            "INSERT INTO identity VALUES (1, zeroblob(32), zeroblob(32), zeroblob(32), ?1, '')",
            [identity.device_key().as_bytes()],
        )?;
        workspaces::insert(conn, &workspace, "Harbour")?;
        let fresh: Vec<_> = list
            .iter()
            .enumerate()
            .map(|(index, bytes)| {
                let position = index as u64 + 1;
                (position, membership.hash_at(position).unwrap(), bytes.clone())
            })
            .collect();
        store_records(conn, &membership, &fresh, &identity)?;
        workspaces::set_relay(conn, &workspace, Some(&address), &relay.key())
    })
    .unwrap();
    assert_eq!(disk.read(store::own_device).unwrap(), identity.device_key());
    let exchange = Exchange::new(workspace, relay.key(), identity.clone());
    let (document, doc) = (DocumentHandle([5; 16]), fresh_document(random));
    Device { disk, identity, engine: Engine::default(), exchange, doc, document, delayed: None }
}

fn fresh_document(random: &mut SeededRandom) -> AutoCommit {
    AutoCommit::new().with_actor(automerge::ActorId::from(array::<16>(random)))
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..MOVES {
        world.tick();
    }
    world.settle();
    world.check(seed);
}

/// Over all cores; a failing seed is in the message.
fn run_all(seeds: std::ops::Range<u64>, one: impl Fn(u64) + Sync) {
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    one(seed);
                }
            });
        }
    });
}

#[test]
fn whatever_the_network_does_everybody_ends_with_everything() {
    let seeds = std::env::var("DRYSTONE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    run_all(0..seeds, run);
}

#[test]
fn a_relay_that_lost_its_log_gets_everything_again() {
    run_all(0..15, |seed| {
        let mut world = World::new(seed);
        for _ in 0..MOVES {
            world.tick();
        }
        world.settle();
        world.relay.log.clear();
        world.relay.chain.clear();
        world.relay.devices.clear();
        world.relay.generation += 1;
        // What was sent to the old log cannot reach the new one: tokens end.
        world.echoes.clear();
        world.rough = true;
        for _ in 0..MOVES / 2 {
            world.tick();
        }
        world.settle();
        world.check(seed);
    });
}

#[test]
fn a_restored_backup_goes_on_without_a_fork() {
    run_all(0..15, |seed| {
        let mut world = World::new(seed);
        for _ in 0..MOVES / 2 {
            world.tick();
        }
        let backup = copy(&world.devices[1].disk);
        for _ in 0..MOVES / 2 {
            world.tick();
        }
        world.settle();
        world.devices[1].disk = backup;
        world.restart(1);
        world.edit(1);
        world.settle();
        world.check(seed);
    });
}

fn copy(disk: &Disk) -> Disk {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.db");
    disk.conn.borrow().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("PRAGMA synchronous = OFF").unwrap();
    Disk { conn: RefCell::new(conn), dies_in: Cell::new(-1), _folder: Some(folder) }
}
