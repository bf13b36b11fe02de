//! Any bytes as a change on its way to Automerge. The first byte chooses what
//! the rest is: a change's body as it stands, or alterations of a good one, in
//! groups of three bytes. The checksum is made to fit, or nothing would get past it. What
//! the scan lets through the document takes or refuses, and does not fall over.
#![no_main]

use std::sync::{Once, OnceLock};

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjType, ROOT};
use drystone_core::document::Document;
use drystone_core::document::scan::{Limits, scan_change};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

/// Small, so that what a change may cost shows at once.
const LIMITS: Limits = Limits {
    bytes: 64 << 10,
    operations: 20_000,
    free_operations: 500,
    predecessors: 20_000,
    names: 64 << 10,
    dependencies: 100,
    actors: 100,
    actor_bytes: 128,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let body = match samples().get(usize::from(*choice)) {
        Some(sample) => altered(sample, rest),
        None => rest.to_vec(),
    };
    let chunk = chunk(&body);
    let Ok(summary) = scan_change(&chunk, &LIMITS) else { return };
    assert!(summary.operations <= LIMITS.operations);
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let mut document = base();
    if document.apply(&[chunk]).is_ok() {
        assert!(!document.heads().is_empty());
    }
});

/// The document catches Automerge's panics; libFuzzer would end at them.
static QUIET: Once = Once::new();

/// Three bytes each: where (in sixteen bits) and what.
fn altered(sample: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut body = sample.to_vec();
    for group in rest.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([group[0], group[1]]));
        match place % 3 {
            0 => body.insert(place / 3 % (body.len() + 1), group[2]),
            1 if body.len() > 1 => drop(body.remove(place / 3 % body.len())),
            _ => {
                let at = place / 3 % body.len();
                body[at] = group[2];
            }
        }
    }
    body
}

fn chunk(body: &[u8]) -> Vec<u8> {
    let mut counted = vec![1];
    let mut length = body.len();
    while length >= 0x80 {
        counted.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    counted.push(length as u8);
    counted.extend_from_slice(body);
    let hash = Sha256::digest(&counted);
    [&[0x85, 0x6f, 0x4a, 0x83][..], &hash[..4], &counted].concat()
}

fn base() -> Document {
    static SAVED: OnceLock<Vec<u8>> = OnceLock::new();
    let saved = SAVED.get_or_init(|| written().0);
    Document::load(Some(saved), &[], [9; 16]).expect("it was saved just now")
}

fn samples() -> &'static [Vec<u8>] {
    static SAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SAMPLES.get_or_init(|| written().1)
}

/// A document, and the bodies of changes that follow it.
fn written() -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut document = AutoCommit::new().with_actor(ActorId::from([1; 16]));
    let text = document.put_object(ROOT, "text", ObjType::Text).expect("a new key");
    document.splice_text(&text, 0, 0, "drystone").expect("inside");
    document.commit();
    let saved = document.save();
    document.set_actor(ActorId::from([2; 16]));
    let mut bodies = Vec::new();
    let mut keep = |document: &mut AutoCommit| {
        document.commit();
        let change = document.get_last_local_change().expect("just made");
        let bytes = change.raw_bytes();
        let header = 9 + bytes[9..].iter().position(|byte| byte & 0x80 == 0).expect("a length") + 1;
        bodies.push(bytes[header..].to_vec());
    };
    document.splice_text(&text, 4, 2, "-wall of text").expect("inside");
    keep(&mut document);
    document.put(ROOT, "count", 7_i64).expect("a new key");
    document.put(ROOT, "name", "a name").expect("a new key");
    keep(&mut document);
    let list = document.put_object(ROOT, "list", ObjType::List).expect("a new key");
    document.insert(&list, 0, 1.5).expect("inside");
    document.insert(&list, 1, automerge::ScalarValue::counter(3)).expect("inside");
    keep(&mut document);
    document.increment(&list, 1, 2).expect("a counter");
    document.delete(&list, 0).expect("inside");
    keep(&mut document);
    (saved, bodies)
}
