//! A member whose program is changed, and who sends what no program of ours
//! would: the others stay up, apply nothing of it, and say whose it was.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::Instant;

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ObjType, ROOT};
use drystone_core::api::*;
use drystone_core::sync::request::FailureKind;
use drystone_tests::measure::{forget_peak, peak_memory};
use drystone_tests::*;
use drystone_wire::DocumentHandle;

#[path = "lying_member/bombs.rs"]
mod bombs;

use bombs::{chunk, inserts};

/// What a hostile member may cost the others.
const MEMORY: u64 = 256 << 20;
const SECONDS: u64 = 30;

/// Alice, her document, and Mallory, who is an editor.
struct Scene {
    _relay: Relay,
    alice: Device,
    id: String,
    mallory: Raw,
}

impl Scene {
    async fn new() -> Scene {
        let (relay, alice) = (Relay::start(), Device::new().await);
        let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
        alice.share(&relay.url()).await;
        let mallory = Raw::join(&alice.invite(Role::Editor).await, "Mallory").await;
        alice.sync().await;
        Scene { _relay: relay, alice, id, mallory }
    }

    fn document(&self) -> DocumentHandle {
        self.id.parse().unwrap()
    }

    async fn sends(&mut self, chunks: &[Vec<u8>]) {
        let (known, document) = (self.mallory.membership(), self.document());
        self.mallory.write(&known, document, chunks).await.unwrap();
    }

    /// Alice syncs within bounds of memory and time, and can go on.
    async fn alice_stays_up(&self, what: &str) {
        forget_peak();
        let (before, started) = (peak_memory(), Instant::now());
        self.alice.sync().await;
        let (grown, took) = (peak_memory().saturating_sub(before), started.elapsed());
        println!("{what}: {} MiB more at the peak, {:.2} s", grown >> 20, took.as_secs_f64());
        assert!(grown < MEMORY, "{what}: {grown} bytes more");
        assert!(took.as_secs() < SECONDS, "{what}: {took:?}");
        self.alice.prepend(&self.id, "still ").await.unwrap();
        assert!(self.alice.export(&self.id).await.contains("still "), "{what}");
    }

    /// The newest entry that was put aside is Mallory's, and it is said why.
    async fn is_put_aside(&self, words: &str) {
        let refused = self.alice.refused().await;
        let newest = refused.first().unwrap_or_else(|| panic!("nothing was put aside: {words}"));
        assert_eq!(newest.author, "Mallory", "{refused:?}");
        assert!(newest.reason.contains(words), "{words:?} is not in {newest:?}");
    }
}

/// A change that inserts a text of this many equal letters.
fn text(actor: u8, letters: usize) -> Vec<u8> {
    let mut document = AutoCommit::new().with_actor(ActorId::from([actor; 16]));
    let object = document.put_object(ROOT, "t", ObjType::Text).unwrap();
    document.splice_text(&object, 0, 0, &"a".repeat(letters)).unwrap();
    document.commit();
    document.get_last_local_change().unwrap().bytes().to_vec()
}

/// A text, and a change to it with one byte that the fuzzer found.
fn contradicting() -> [Vec<u8>; 2] {
    let mut document = AutoCommit::new().with_actor(ActorId::from([41; 16]));
    let object = document.put_object(ROOT, "text", ObjType::Text).unwrap();
    document.splice_text(&object, 0, 0, "drystone").unwrap();
    document.commit();
    let first = document.get_last_local_change().unwrap().raw_bytes().to_vec();
    document.set_actor(ActorId::from([42; 16]));
    document.splice_text(&object, 4, 2, "-wall of text").unwrap();
    document.commit();
    let second = document.get_last_local_change().unwrap().raw_bytes().to_vec();
    let header = 9 + second[9..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let mut body = second[header..].to_vec();
    let place = 341 % body.len();
    body[place] = 1;
    [first, chunk(1, &body, &body)]
}

/// A change by an actor, its first or a later one.
fn change(actor: u8, sequence: usize) -> Vec<u8> {
    let mut document = AutoCommit::new().with_actor(ActorId::from([actor; 16]));
    for number in 0..sequence {
        document.put(ROOT, "from", number as i64).unwrap();
        document.commit();
    }
    document.get_last_local_change().unwrap().raw_bytes().to_vec()
}

/// One after the other: the memory of this process is what is measured.
#[tokio::test]
async fn a_hostile_member_costs_the_others_little_and_is_named() {
    let mut scene = Scene::new().await;

    scene.sends(&[inserts(1, 40_000_000)]).await;
    scene.alice_stays_up("a change of forty million operations in a hundred bytes").await;
    scene.is_put_aside("operations").await;

    let zeros = vec![0; 40 << 20];
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    scene.sends(&[chunk(2, &zeros, &encoder.finish().unwrap())]).await;
    drop(zeros);
    scene.alice_stays_up("forty megabytes of zeros, deflated").await;
    scene.is_put_aside("bytes").await;

    // Each of these is allowed; together they are not.
    let many: Vec<Vec<u8>> = (10..1_010).map(|actor| inserts(actor, 1_900)).collect();
    scene.sends(&many).await;
    scene.alice_stays_up("a thousand changes of 1,900 operations each").await;
    scene.is_put_aside("operations").await;

    // Text pays a byte a character, and then is deflated to next to nothing.
    let long = [11, 12].map(|actor| text(actor, 2_100_000));
    assert!(long[0].len() < 20_000, "{}", long[0].len());
    scene.sends(&long).await;
    drop(long);
    scene.alice_stays_up("two changes of two million letters each").await;
    scene.is_put_aside("operations in an envelope").await;

    scene.sends(&[text(40, 200_000)]).await;
    scene.alice_stays_up("one change of two hundred thousand letters, which is allowed").await;

    let contradiction = contradicting();
    scene.sends(&contradiction).await;
    scene.alice_stays_up("a change that Automerge falls over").await;
    scene.is_put_aside("contradicts the document").await;

    scene.sends(&[b"no change at all".to_vec()]).await;
    scene.alice_stays_up("bytes that are no change").await;
    scene.is_put_aside("malformed").await;
    assert!(scene.alice.export(&scene.id).await.contains('x'), "what was there is there");
}

#[tokio::test]
async fn writing_as_another_and_numbers_used_twice_are_found_and_named() {
    let mut scene = Scene::new().await;
    let (alice, document) = (&scene.alice, scene.document());
    let mut bob = Raw::join(&alice.invite(Role::Editor).await, "Bob").await;
    alice.sync().await;
    scene.mallory.refresh().await.unwrap();
    bob.write(&bob.membership(), document, &[change(7, 1)]).await.unwrap();
    // With Bob's actor; with a change that has none before it; and a change of
    // one's own a second time, with other contents.
    scene.sends(&[change(7, 2)]).await;
    scene.alice.sync().await;
    scene.is_put_aside("pretends to be from another device").await;
    scene.sends(&[change(8, 3)]).await;
    scene.alice.sync().await;
    scene.is_put_aside("missing or there twice").await;
    scene.sends(&[change(9, 1)]).await;
    let mut other = AutoCommit::new().with_actor(ActorId::from([9; 16]));
    other.put(ROOT, "from", "another").unwrap();
    other.commit();
    scene.sends(&[other.get_last_local_change().unwrap().raw_bytes().to_vec()]).await;
    scene.alice.sync().await;
    scene.is_put_aside("missing or there twice").await;
    // A number of its device once more with other bytes does not get past the relay.
    scene.mallory.forget_written();
    let (known, document) = (scene.mallory.membership(), scene.document());
    let again = scene.mallory.write(&known, document, &[change(10, 1)]).await.unwrap_err();
    assert_eq!(again.kind, FailureKind::SequenceConflict, "{again:?}");
    scene.alice_stays_up("all of it").await;
}

#[tokio::test]
async fn what_a_removed_member_sends_is_heard_by_nobody() {
    let mut scene = Scene::new().await;
    let known = scene.mallory.membership();
    scene.sends(&[change(7, 1)]).await;
    scene.alice.remove("Mallory").await.unwrap();
    let document = scene.document();
    let late = scene.mallory.write(&known, document, &[change(7, 2)]).await.unwrap_err();
    assert_eq!(late.kind, FailureKind::Forbidden, "{late:?}");
    let state = scene.alice.sync().await.remove(0);
    assert_eq!((state.phase, state.quarantined), (SyncPhase::Idle, 0), "{state:?}");
}
