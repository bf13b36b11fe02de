//! Snapshots: what is offered, its content, and what a device says of one.

use drystone_core::crypto::keys::{EpochKey, Secret, SigningPair};
use drystone_core::crypto::random::SeededRandom;
use drystone_core::crypto::{envelope, snapshot};
use drystone_core::sync::snapshot::{Book, Counted};
use drystone_wire::envelope::Kind;
use drystone_wire::ids::Bytes;
use drystone_wire::snapshot::{Offer, Statement, Verdict};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId, canonical};
use serde_json::json;

use super::{check, hex, unhex};

/// Compressed bytes may differ between versions of zstd, so chunks are of plain bytes.
#[test]
fn snapshots() {
    let key = EpochKey::new(Secret::new([5; 32]));
    let (author, confirmer) = (SigningPair::new(&Secret::new([2; 32])), SigningPair::new(&Secret::new([22; 32])));
    let mut random = SeededRandom::new(9);
    let content = Secret::new([4; 32]);
    let chunks = snapshot::seal_content(b"drystone", &content, &mut random).unwrap();
    let blob = drystone_wire::blob::Manifest::of(&chunks[0]).id();
    let mut book = Book::default();
    for (document, change) in [(6, 21), (6, 20), (7, 19)] {
        let counted = Counted { device: DeviceKey(author.public()), position: 0 };
        book.changes.insert((DocumentHandle([document; 16]), [change; 32]), counted);
    }
    let (generation, entries, changes, digest) = (1, 300, book.changes.len() as u64, book.digest());
    let manifest = snapshot::Manifest { version: 1, generation, blob, key: [4; 32], entries, changes, digest };
    let place = envelope::Place {
        workspace: WorkspaceId([8; 32]),
        kind: Kind::Snapshot,
        document: DocumentHandle::ZERO,
        sequence: 24,
        previous: Hash([10; 32]),
        epoch: 3,
        membership_position: 7,
        membership_hash: Hash([11; 32]),
        seen_position: entries,
        seen_chain: Hash([12; 32]),
    };
    let sealed = snapshot::seal_manifest(&manifest, &place, &key, &author, &mut random).unwrap();
    let offer = Offer { generation, blob, envelope: Bytes(sealed.to_bytes()) };
    let statement = Statement {
        version: 1,
        workspace: place.workspace,
        snapshot: sealed.id(),
        position: entries,
        chain: place.seen_chain,
        device: DeviceKey(confirmer.public()),
        sequence: 5,
        membership_position: 7,
        membership_hash: Hash([11; 32]),
        contained: true,
        time_ms: 1_700_000_000_000,
    };
    let verdict = Verdict::of(&statement, |bytes| confirmer.sign(bytes));
    let file = check(
        "snapshots",
        &json!({
            "epochKey": hex(key.expose()),
            "authorSecret": hex([2; 32]),
            "confirmerSecret": hex([22; 32]),
            "contentKey": hex(content.expose()),
            "chunk": hex(&chunks[0]),
            "chunkPlain": hex(b"drystone"),
            "blob": blob,
            "digestOfThree": digest,
            "snapshot": sealed.id(),
            "offer": hex(canonical::encode(&offer)),
            "verdict": hex(canonical::encode(&verdict)),
        }),
    );
    let opened = Offer::open(&unhex(&file["offer"])).unwrap();
    assert_eq!(snapshot::open_manifest(&opened.envelope, &opened.header, &key).unwrap(), manifest);
    assert_eq!(Verdict::open(&unhex(&file["verdict"])).unwrap(), statement);
    assert_eq!(snapshot::open_chunk(&unhex(&file["chunk"]), 0, 1, &content).unwrap().to_vec(), b"drystone");
    check_every_byte(&unhex(&file["offer"]), &key);
}

/// No byte of an offer can be changed, and none be missing.
fn check_every_byte(bytes: &[u8], key: &EpochKey) {
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        // Generation and blob lie outside of the envelope; the sealed manifest repeats them.
        let sound = Offer::open(&changed).is_ok_and(|changed| {
            let inside = snapshot::open_manifest(&changed.envelope, &changed.header, key).unwrap();
            (inside.generation, inside.blob) == (changed.offer.generation, changed.offer.blob)
        });
        assert!(!sound && Offer::open(&bytes[..at]).is_err(), "byte {at}");
    }
}
