//! A recorded session of two people who wrote at once, replayed by two devices
//! through a relay: each edit is made on exactly what its author saw.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::trace::Trace;
use drystone_tests::*;

/// How many transactions of each author every transaction was made on top of.
fn seen(trace: &Trace) -> Vec<[usize; 2]> {
    let mut after: Vec<[usize; 2]> = Vec::with_capacity(trace.txns.len());
    let mut before = Vec::with_capacity(trace.txns.len());
    for txn in &trace.txns {
        let mut known = [0, 0];
        for parent in &txn.parents {
            for agent in 0..2 {
                known[agent] = known[agent].max(after[*parent][agent]);
            }
        }
        before.push(known);
        known[txn.agent] += 1;
        after.push(known);
    }
    before
}

struct Writer {
    device: Device,
    section: String,
    version: u32,
    /// Edits that are not sent to the device yet.
    batch: Vec<Splice>,
    /// How many of the own and of the other's transactions are in.
    made: usize,
    taken: usize,
    /// Log position after so many own transactions.
    positions: BTreeMap<usize, u64>,
}

impl Writer {
    async fn write(&mut self, id: &str) {
        if self.batch.is_empty() {
            return;
        }
        let args = EditSection {
            document: id.into(),
            section: self.section.clone(),
            version: self.version,
            client: "trace".into(),
            splices: std::mem::take(&mut self.batch),
        };
        let edited: Edited = self.device.call(Request::SectionEdit(args)).await.unwrap();
        assert!(edited.accepted);
        self.version = edited.version;
    }

    /// Sends what was written, without taking in anything.
    async fn send(&mut self, id: &str, at: u64) -> u64 {
        self.write(id).await;
        let position = self.device.sync_until(at).await;
        self.positions.insert(self.made, position);
        position
    }

    async fn take(&mut self, id: &str, position: u64) {
        self.write(id).await;
        self.device.sync_until(position).await;
        let request = SectionUpdates { document: id.into(), section: self.section.clone(), since: self.version };
        let reply: SectionUpdatesReply = self.device.call(Request::SectionUpdates(request)).await.unwrap();
        self.version = reply.version;
    }
}

#[tokio::test]
async fn two_people_who_wrote_at_once_end_with_the_recorded_text() {
    let Some(trace) = trace::load("friendsforever.json.gz") else { return };
    let relay = Relay::start();
    let (alice, bob) = (Device::new().await, Device::new().await);
    let id = alice.import("trace.md", b"# T\n\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    let link = alice.invite(Role::Editor).await;
    bob.join(&link, "Bob").await.unwrap();
    bob.sync().await;
    let section = bob.open(&id).await.sections[0].id.clone();
    alice.open(&id).await;
    let start = alice.sync_until(u64::MAX).await;
    bob.sync_until(u64::MAX).await;
    let writer = |device| Writer {
        device,
        section: section.clone(),
        version: 0,
        batch: Vec::new(),
        made: 0,
        taken: 0,
        positions: BTreeMap::new(),
    };
    let mut writers = [writer(alice), writer(bob)];
    let seen = seen(&trace);
    // Where the other one took something in, there is an end of a message.
    let mut ends = [BTreeSet::new(), BTreeSet::new()];
    for (txn, known) in trace.txns.iter().zip(&seen) {
        ends[1 - txn.agent].insert(known[1 - txn.agent]);
    }
    let mut last = start;
    for (txn, known) in trace.txns.iter().zip(&seen) {
        let (me, other) = (txn.agent, 1 - txn.agent);
        if known[other] > writers[me].taken {
            let position = writers[other].positions[&known[other]];
            writers[me].take(&id, position).await;
            writers[me].taken = known[other];
        }
        assert_eq!(writers[me].made, known[me], "each author goes on from the own last edit");
        // The trace is in the basic plane: code points are UTF-16 units.
        writers[me].batch.extend(txn.patches.iter().map(|(at, delete, insert)| Splice {
            at: *at as u32,
            delete: *delete as u32,
            insert: insert.clone(),
        }));
        writers[me].made += 1;
        if ends[me].contains(&writers[me].made) {
            last = last.max(writers[me].send(&id, 0).await);
        }
    }
    for _ in 0..2 {
        for writer in &mut writers {
            writer.write(&id).await;
            writer.device.sync_until(u64::MAX).await;
        }
    }
    for writer in &writers {
        let text = writer.device.open(&id).await.sections[0].text.clone();
        assert!(text == trace.end_content, "{} characters instead of {}", text.len(), trace.end_content.len());
    }
}
