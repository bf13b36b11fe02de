//! Snapshots as a changed program could make and confirm them.

use std::collections::{BTreeMap, BTreeSet};

use drystone_core::crypto::envelope::{self, Place};
use drystone_core::crypto::keys::Secret;
use drystone_core::crypto::payload;
use drystone_core::crypto::random::OsRandom;
use drystone_core::crypto::snapshot::{self as sealed, DocumentHeads, Manifest, Packer, Part, Run};
use drystone_core::document::scan::{Limits, ScanSummary, scan_change};
use drystone_core::sync::request::Failure;
use drystone_core::sync::snapshot::{Book, Counted};
use drystone_wire::blob::{self, CHUNK_BYTES};
use drystone_wire::bundle::DeviceHead;
use drystone_wire::envelope::{Envelope, Kind};
use drystone_wire::ids::Bytes;
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::snapshot::{Offer, Statement, VERSION, Verdict};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, canonical};

use super::{Raw, Reply, Request, now_ms};

/// A change in a snapshot: of which document, by whom, its bytes.
type Change = (DocumentHandle, DeviceKey, Vec<u8>);

/// How a snapshot differs from the log that it says it stands for.
#[derive(Default)]
pub struct Tampered {
    /// Leaves out a device's changes but the first so many.
    pub cut: Option<(DeviceKey, usize)>,
    /// Adds changes.
    pub more: Vec<Change>,
}

/// A snapshot that was made.
pub struct Made {
    id: Hash,
    position: u64,
    chain: Hash,
}

impl Raw {
    /// Makes a snapshot of the whole log, with something wrong about it, and
    /// offers it to the relay.
    ///
    /// # Errors
    /// The relay's.
    pub async fn make_snapshot(&mut self, tampered: Tampered) -> Result<Made, Failure> {
        self.refresh().await?;
        let request = Request::Page { generation: None, after: 0, limit: 1000 };
        let Reply::Page(page) = self.client.send(&self.workspace, request).await? else { panic!("no page") };
        let keys = self.keys_of(&self.identity);
        let mut chain = chain_start(&self.workspace, page.head.generation);
        let (mut heads, mut changes) = (BTreeMap::new(), Vec::new());
        for entry in &page.entries {
            let (envelope, header) = Envelope::open(&entry.envelope.0).unwrap();
            chain = chain_next(&chain, &envelope.id());
            heads.insert(header.device, (header.sequence, envelope.id()));
            let plain = envelope::open(&envelope, &header, &keys[&header.epoch]).unwrap();
            let chunks = payload::unpack(&plain).unwrap();
            changes.extend(chunks.into_iter().map(|chunk| (header.document, header.device, chunk)));
        }
        let mut seen = 0;
        changes.retain(|(_, device, _)| {
            seen += usize::from(tampered.cut.is_some_and(|(cut, _)| cut == *device));
            tampered.cut.is_none_or(|(cut, first)| cut != *device || seen <= first)
        });
        changes.extend(tampered.more);
        let position = page.entries.len() as u64;
        let (content, book) = content(heads, changes);
        let key = Secret::generate(&mut OsRandom);
        let chunks = sealed::seal_content(&content, &key, &mut OsRandom).unwrap();
        let blob = blob::Manifest::of(&chunks.concat());
        self.client.announce_content(&self.workspace, &blob).await?;
        for (index, chunk) in chunks.concat().chunks(CHUNK_BYTES).enumerate() {
            self.client.put_content(&self.workspace, &blob.id(), index, chunk).await?;
        }
        let membership = self.membership();
        let roster = membership.roster();
        let (sequence, previous) = book.heads.get(&self.identity.device_key()).copied().unwrap_or((0, Hash::ZERO));
        let place = Place {
            workspace: self.workspace,
            kind: Kind::Snapshot,
            document: DocumentHandle::ZERO,
            sequence,
            previous,
            epoch: roster.epoch,
            membership_position: roster.position,
            membership_hash: roster.head,
            seen_position: position,
            seen_chain: chain,
        };
        let manifest = Manifest {
            version: sealed::VERSION,
            generation: page.head.generation,
            blob: blob.id(),
            key: *key.expose(),
            entries: position,
            changes: book.changes.len() as u64,
            digest: book.digest(),
        };
        let device = self.identity.device();
        let envelope = sealed::seal_manifest(&manifest, &place, &keys[&roster.epoch], device, &mut OsRandom).unwrap();
        let id = envelope.id();
        let offer = Offer { generation: page.head.generation, blob: blob.id(), envelope: Bytes(envelope.to_bytes()) };
        self.client.offer_snapshot(&self.workspace, &canonical::encode(&offer)).await?;
        Ok(Made { id, position, chain })
    }

    /// Confirms a snapshot without looking at it.
    ///
    /// # Errors
    /// The relay's.
    pub async fn confirm_snapshot(&mut self, made: &Made) -> Result<(), Failure> {
        self.refresh().await?;
        let membership = self.membership();
        let statement = Statement {
            version: VERSION,
            workspace: self.workspace,
            snapshot: made.id,
            position: made.position,
            chain: made.chain,
            device: self.identity.device_key(),
            sequence: self.head.0,
            membership_position: membership.position(),
            membership_hash: membership.roster().head,
            contained: true,
            time_ms: now_ms(),
        };
        let verdict = Verdict::of(&statement, |bytes| self.identity.device().sign(bytes));
        self.client.judge_snapshot(&self.workspace, &made.id, &canonical::encode(&verdict)).await
    }
}

/// A content that fits its own manifest, whatever is in it.
fn content(heads: BTreeMap<DeviceKey, (u64, Hash)>, changes: Vec<Change>) -> (Vec<u8>, Book) {
    let mut book = Book { heads, ..Book::default() };
    let mut documents: BTreeMap<DocumentHandle, Vec<(ScanSummary, Run)>> = BTreeMap::new();
    for (document, device, bytes) in changes {
        let limits = Limits { free_operations: u64::MAX, operations: u64::MAX, ..Limits::default() };
        let summary = scan_change(&bytes, &limits).unwrap();
        book.changes.insert((document, summary.hash), Counted { device, position: 0 });
        let run = Run { device, chunks: vec![Bytes(bytes)] };
        documents.entry(document).or_default().push((summary, run));
    }
    let mut packer = Packer::default();
    let devices =
        book.heads.iter().map(|(device, (sequence, id))| DeviceHead { device: *device, sequence: *sequence, id: *id });
    let open = |list: &Vec<(ScanSummary, Run)>| -> Vec<Hash> {
        let all: BTreeSet<[u8; 32]> = list.iter().map(|(summary, _)| summary.hash).collect();
        let built_on: BTreeSet<[u8; 32]> = list.iter().flat_map(|(summary, _)| summary.dependencies.clone()).collect();
        all.difference(&built_on).map(|hash| Hash(*hash)).collect()
    };
    let heads = documents.iter().map(|(document, list)| DocumentHeads { document: *document, heads: open(list) });
    packer.push(&Part::Summary { devices: devices.collect(), documents: heads.collect() }).unwrap();
    for (document, list) in documents {
        let runs = list.into_iter().map(|(_, run)| run).collect();
        packer.push(&Part::Changes { document, runs }).unwrap();
    }
    (packer.finish(), book)
}
