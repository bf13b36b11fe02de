//! Any bytes as a snapshot: what is offered, what is said of one, what a relay
//! lists, and as a content, with and without the frame around its parts. What is
//! accepted is spelled in one way only, and nothing costs more than its limits.
#![no_main]

use drystone_core::crypto::snapshot::{Manifest, Packer, Part, Parts};
use drystone_core::sync::membership::Membership;
use drystone_core::sync::snapshot::read_content;
use drystone_wire::roster::Roster;
use drystone_wire::snapshot::{Ids, Listing, Offer, Verdict};
use drystone_wire::{Hash, canonical, limits};
use libfuzzer_sys::fuzz_target;

fn read(content: &[u8]) {
    let Some(membership) = membership() else { return };
    let manifest = Manifest {
        version: 1,
        generation: 1,
        blob: Hash::ZERO,
        key: [0; 32],
        entries: 100,
        changes: 100,
        digest: Hash::ZERO,
    };
    assert!(read_content(content, &manifest, &membership).is_err(), "nothing has this digest");
}

/// A workspace with one member, from the vectors.
fn membership() -> Option<Membership> {
    const VECTORS: &str = include_str!("../../crates/core/tests/vectors/membership.json");
    let list = &VECTORS[VECTORS.find("\"records\": [")? + 12..];
    let hex = list.split('"').nth(1)?;
    let bytes: Option<Vec<u8>> =
        (0..hex.len() / 2).map(|index| u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).ok()).collect();
    let bytes = bytes?;
    Roster::create(&bytes).ok()?;
    Membership::create(&bytes).ok()
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(opened) = Offer::open(bytes) {
        assert_eq!(canonical::encode(&opened.offer), bytes);
    }
    let _statement = Verdict::open(bytes);
    if let Ok(listing) = canonical::decode::<Listing>(bytes, limits::SNAPSHOT_LIST_BYTES) {
        assert_eq!(canonical::encode(&listing), bytes);
    }
    if let Ok(ids) = canonical::decode::<Ids>(bytes, limits::ID_PAGE_BYTES) {
        assert_eq!(canonical::encode(&ids), bytes);
    }
    read(bytes);
    if let Ok(parts) = Parts::of(bytes) {
        parts.take(64).for_each(|part| drop(part));
    }
    // As one part, so that what is in parts is reached without compressing first.
    if let Ok(part) = canonical::decode::<Part>(bytes, 1 << 20) {
        let mut packer = Packer::default();
        let summary = Part::Summary { devices: vec![], documents: vec![] };
        if packer.push(&summary).is_ok() && packer.push(&part).is_ok() {
            read(&packer.finish());
        }
    }
});
