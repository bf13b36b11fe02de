//! A relay that lies to its members, with the key to sign every lie. Each lie is
//! found and named, and nobody applies what is not there by right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::crypto::keys::{Identity, IdentitySecrets};
use drystone_core::crypto::random::OsRandom;
use drystone_core::crypto::records::{self, Next};
use drystone_core::error::ErrorCode;
use drystone_core::sync::membership::Membership;
use drystone_tests::simulator::air::{Letter, Reply};
use drystone_tests::simulator::liar::Liar;
use drystone_tests::simulator::{Story, World};
use drystone_wire::canonical;
use drystone_wire::membership::RecordPage;

#[path = "lying_relay/snapshots.rs"]
mod snapshots;

const ANNA: usize = 0;
const BEN: usize = 1;
const CLEO: usize = 2;

/// Three members who have the same, in calm air, and a relay about to lie.
struct Scene {
    world: World,
    liar: Arc<Liar>,
    /// The log that everybody has read.
    read: Vec<Vec<u8>>,
}

impl Scene {
    async fn new(seed: u64) -> Scene {
        let world = World::new(seed, Story::default()).await;
        world.air.rough.store(false, Ordering::SeqCst);
        let liar = Liar::new(&world.air).await;
        let read = world.air.log.lock().unwrap().clone();
        Scene { world, liar, read }
    }

    /// Somebody writes a word and sends it, in an entry of its own.
    async fn says(&self, who: usize, word: &str) {
        let device = self.world.people[who].device();
        device.prepend(&self.world.documents[0], word).await.unwrap();
        let state = device.sync().await.remove(0);
        assert_eq!(state.waiting, 0, "{state:?}");
    }

    /// What came after everybody had read.
    fn news(&self) -> Vec<Vec<u8>> {
        self.world.air.log.lock().unwrap()[self.read.len()..].to_vec()
    }

    /// From now on this is done to what one device asks of this kind.
    fn lie(&self, to: usize, kind: &'static str, mut lie: impl FnMut(&Letter, Reply) -> Reply + Send + 'static) {
        let lie = move |who: usize, letter: &Letter, reply: Reply| {
            if who == to && letter.kind() == kind { lie(letter, reply) } else { reply }
        };
        *self.world.air.malice.lock().unwrap() = Some(Box::new(lie));
    }

    /// Shows one device another log after what it has read.
    fn show(&self, to: usize, after: Vec<Vec<u8>>) {
        let log: Vec<Vec<u8>> = self.read.iter().cloned().chain(after).collect();
        let liar = self.liar.clone();
        self.lie(to, "GET log", move |letter, reply| liar.page(letter, reply, &log));
    }

    async fn text(&self, who: usize) -> String {
        self.world.people[who].device().export(&self.world.documents[0]).await
    }

    /// A round finds this wrong, in these words, and applies nothing.
    async fn finds(&self, who: usize, words: &str) {
        let before = self.text(who).await;
        let state = self.world.people[who].device().sync().await.remove(0);
        let problem = state.problem.clone().unwrap_or_else(|| panic!("nothing found: {state:?}"));
        assert_eq!((state.phase, problem.code), (SyncPhase::Attention, ErrorCode::Integrity), "{problem:?}");
        assert!(problem.message.contains(words), "{words:?} is not in {problem:?}");
        assert_eq!(self.text(who).await, before, "nothing of it was applied");
    }

    /// A round puts an entry aside with this reason.
    async fn puts_aside(&self, who: usize, words: &str) {
        let device = self.world.people[who].device();
        let state = device.sync().await.remove(0);
        let refused = device.refused().await;
        assert!(refused.iter().any(|entry| entry.reason.contains(words)), "{words:?} is not in {refused:?}, {state:?}");
        let code = state.problem.map(|problem| problem.code);
        assert_eq!((state.phase, code), (SyncPhase::Attention, Some(ErrorCode::Integrity)));
    }
}

#[tokio::test]
async fn a_log_cut_short_is_found() {
    let scene = Scene::new(1).await;
    let (liar, short) = (scene.liar.clone(), scene.read[..scene.read.len() - 1].to_vec());
    scene.lie(CLEO, "GET log", move |letter, reply| liar.page(letter, reply, &short));
    scene.finds(CLEO, "the log ends at").await;
}

#[tokio::test]
async fn a_log_rolled_back_and_continued_otherwise_is_found() {
    let scene = Scene::new(2).await;
    scene.says(ANNA, "one ").await;
    scene.says(ANNA, "two ").await;
    let news = scene.news();
    let log: Vec<Vec<u8>> = scene.read[1..].iter().chain(&news).cloned().collect();
    let liar = scene.liar.clone();
    scene.lie(CLEO, "GET log", move |letter, reply| liar.page(letter, reply, &log));
    scene.finds(CLEO, "the chain of entries does not lead to the signed head").await;
}

#[tokio::test]
async fn entries_in_another_order_are_found() {
    let scene = Scene::new(3).await;
    scene.says(ANNA, "one ").await;
    scene.says(ANNA, "two ").await;
    let mut news = scene.news();
    news.swap(0, 1);
    scene.show(CLEO, news);
    let before = scene.text(CLEO).await;
    scene.puts_aside(CLEO, "something is withheld").await;
    let text = scene.text(CLEO).await;
    assert!(!text.contains("two"), "{before} {text}");
}

#[tokio::test]
async fn an_entry_shown_twice_is_found() {
    let scene = Scene::new(4).await;
    scene.says(ANNA, "one ").await;
    let news = scene.news();
    scene.show(CLEO, [news.clone(), news].concat());
    scene.puts_aside(CLEO, "was there before").await;
    assert_eq!(scene.text(CLEO).await.matches("one").count(), 1);
}

#[tokio::test]
async fn an_entry_left_out_in_the_middle_is_found() {
    let scene = Scene::new(5).await;
    for word in ["one ", "two ", "three "] {
        scene.says(BEN, word).await;
    }
    let mut news = scene.news();
    news.remove(1);
    scene.show(CLEO, news);
    scene.puts_aside(CLEO, "something is withheld").await;
    let text = scene.text(CLEO).await;
    assert!(text.contains("one") && !text.contains("three"), "{text}");
}

#[tokio::test]
async fn a_changed_entry_is_found() {
    let scene = Scene::new(6).await;
    scene.says(BEN, "one ").await;
    let mut news = scene.news();
    // In the ciphertext, before the signature of 64 bytes.
    let place = news[0].len() - 100;
    news[0][place] ^= 1;
    scene.show(CLEO, news);
    scene.puts_aside(CLEO, "signature").await;
    assert!(!scene.text(CLEO).await.contains("one"));
}

#[tokio::test]
async fn two_members_who_are_shown_two_logs_find_out_when_their_views_meet() {
    let scene = Scene::new(7).await;
    scene.says(ANNA, "one ").await;
    // Ben writes without having seen it.
    scene.show(BEN, vec![]);
    scene.says(BEN, "two ").await;
    let news = scene.news();
    // Cleo gets the same entries in another order, which alone proves nothing.
    scene.show(CLEO, vec![news[1].clone(), news[0].clone()]);
    let state = scene.world.people[CLEO].device().sync().await.remove(0);
    assert_eq!(state.problem, None, "{state:?}");
    // Anna's next entry says which log she saw.
    *scene.world.air.malice.lock().unwrap() = None;
    scene.world.people[ANNA].device().sync().await;
    scene.says(ANNA, "three ").await;
    let all = scene.news();
    scene.show(CLEO, vec![all[1].clone(), all[0].clone(), all[2].clone()]);
    scene.puts_aside(CLEO, "the relay shows different logs").await;
    assert!(!scene.text(CLEO).await.contains("three"));
}

#[tokio::test]
async fn an_entry_moved_from_another_workspace_is_found() {
    let (scene, other) = (Scene::new(8).await, Scene::new(9).await);
    other.says(ANNA, "elsewhere ").await;
    let before = scene.text(CLEO).await;
    scene.show(CLEO, other.news());
    scene.puts_aside(CLEO, "it belongs to another workspace").await;
    assert_eq!(scene.text(CLEO).await, before);
}

/// A record that makes somebody owner, by somebody who is nobody here.
async fn forged(scene: &Scene, countersigned: bool) {
    let outsider = Identity::new(&IdentitySecrets::generate(&mut OsRandom)).unwrap();
    let liar = scene.liar.clone();
    let known: Vec<Vec<u8>> = records_of(scene).await;
    let membership = Membership::replay(&known).unwrap();
    let next = Next::after(membership.roster(), 1_700_000_000_000);
    let root = outsider.root_key();
    let record = records::set_role(&outsider, &next, root, drystone_wire::membership::Role::Owner);
    let position = membership.position() + 1;
    scene.lie(CLEO, "GET membership", move |_, reply| liar.record(reply, &record, position, countersigned));
}

/// All membership records, as the relay gives them to Anna's device.
async fn records_of(scene: &Scene) -> Vec<Vec<u8>> {
    let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
    let copy = kept.clone();
    scene.lie(CLEO, "GET membership", move |_, reply| {
        let page: RecordPage = canonical::decode(&reply.body, usize::MAX).unwrap();
        copy.lock().unwrap().extend(page.records.into_iter().map(|one| one.record.0));
        reply
    });
    // A workspace read anew is read from its first record.
    let link = scene.world.people[ANNA].device().invite(Role::Editor).await;
    let asked =
        scene.world.people[CLEO].device().call::<InvitePreview>(Request::WorkspacePreview(InspectInvite { link }));
    asked.await.unwrap();
    scene.world.people[CLEO].device().sync().await;
    let all = kept.lock().unwrap().clone();
    let mut once = Vec::new();
    for record in all {
        if !once.contains(&record) {
            once.push(record);
        }
    }
    once
}

#[tokio::test]
async fn forged_membership_is_found_even_when_it_is_countersigned() {
    let scene = Scene::new(10).await;
    let members = scene.world.people[CLEO].device().members().await;
    forged(&scene, true).await;
    scene.finds(CLEO, "membership: ").await;
    assert_eq!(scene.world.people[CLEO].device().members().await, members);
}

#[tokio::test]
async fn a_record_that_the_relay_did_not_countersign_is_found() {
    let scene = Scene::new(11).await;
    // A good record, by Anna, whose countersignature is withheld.
    scene.world.people[ANNA].device().call::<WorkspaceKeys>(rotate(&scene).await).await.unwrap();
    scene.lie(CLEO, "GET membership", move |_, reply| {
        let mut page: RecordPage = canonical::decode(&reply.body, usize::MAX).unwrap();
        for record in &mut page.records {
            record.signature = drystone_wire::Signature::ZERO;
        }
        Reply { body: canonical::encode(&page), ..reply }
    });
    scene.finds(CLEO, "is not countersigned").await;
}

async fn rotate(scene: &Scene) -> Request {
    Request::WorkspaceRotate(scene.world.people[ANNA].device().shared().await)
}

#[tokio::test]
async fn membership_that_is_taken_back_is_found() {
    let scene = Scene::new(12).await;
    scene.lie(CLEO, "GET membership", |_, reply| {
        let mut page: RecordPage = canonical::decode(&reply.body, usize::MAX).unwrap();
        page.records.clear();
        page.total = 1;
        Reply { body: canonical::encode(&page), ..reply }
    });
    scene.finds(CLEO, "it lacks membership records").await;
}

#[tokio::test]
async fn a_head_that_the_relay_did_not_sign_is_found() {
    let scene = Scene::new(13).await;
    scene.says(ANNA, "one ").await;
    scene.lie(CLEO, "GET log", |_, reply| {
        let mut page: drystone_wire::log::Page = canonical::decode(&reply.body, usize::MAX).unwrap();
        page.head.time_ms += 1;
        Reply { body: canonical::encode(&page), ..reply }
    });
    scene.finds(CLEO, "is not signed with the relay's key").await;
}
