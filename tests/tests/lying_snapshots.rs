//! Members who make snapshots of another history than there was. Two of them
//! together are found out too: by every other member within the grace, and by
//! whoever comes late.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::Instant;

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ROOT};
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::*;
use drystone_wire::DocumentHandle;

#[path = "lying_member/bombs.rs"]
mod bombs;

/// What looking at a hostile snapshot may take.
const SECONDS: u64 = 30;

/// Alice, her document, and two who work together.
struct Plot {
    relay: Relay,
    alice: Device,
    late: Device,
    id: String,
    one: Raw,
    other: Raw,
}

impl Plot {
    async fn new() -> Plot {
        let relay = Relay::start_with_grace(0);
        let (alice, late) = (Device::new().await, Device::new().await);
        let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
        alice.share(&relay.url()).await;
        late.join(&alice.invite(Role::Editor).await, "Late").await.unwrap();
        let one = Raw::join(&alice.invite(Role::Editor).await, "Mallory").await;
        let other = Raw::join(&alice.invite(Role::Editor).await, "Moira").await;
        alice.prepend(&id, "early ").await.unwrap();
        alice.sync().await;
        late.sync().await;
        late.prepend(&id, "late ").await.unwrap();
        late.sync().await;
        alice.sync().await;
        Plot { relay, alice, late, id, one, other }
    }

    fn document(&self) -> DocumentHandle {
        self.id.parse().unwrap()
    }

    /// The key of a member's device.
    async fn key(&self, name: &str) -> drystone_wire::DeviceKey {
        let devices = self.alice.devices().await;
        let fits = |device: &&MemberDevice| if name == "you" { device.yours } else { device.member_name == name };
        let found = devices.iter().find(fits).unwrap();
        found.id.parse().unwrap()
    }

    /// Two such snapshots, each confirmed by the other of the two, while all
    /// others are away or, if so wanted, Alice looks at each.
    async fn plotted(&mut self, tampered: impl Fn() -> Tampered, alice_is_there: bool) {
        self.alice.prepend(&self.id, "more ").await.unwrap();
        self.alice.sync().await;
        for one_is_first in [true, false] {
            let (author, confirmer) =
                if one_is_first { (&mut self.one, &mut self.other) } else { (&mut self.other, &mut self.one) };
            let made = author.make_snapshot(tampered()).await.unwrap();
            confirmer.confirm_snapshot(&made).await.unwrap();
            if alice_is_there {
                self.alice.sync().await;
            }
        }
        self.relay.collect();
        self.relay.collect();
    }

    async fn shown(&self) -> Compaction {
        let workspace = self.alice.shared().await;
        self.alice.sync().await;
        self.alice.call(Request::WorkspaceCompaction(workspace)).await.unwrap()
    }

    async fn late_finds(&self, words: &str) {
        let before = self.late.export(&self.id).await;
        let state = self.late.sync().await.remove(0);
        let problem = state.problem.clone().unwrap_or_else(|| panic!("nothing found: {state:?}"));
        assert!(problem.message.contains(words), "{words:?} is not in {problem:?}");
        assert_eq!(self.late.export(&self.id).await, before);
    }
}

#[tokio::test]
async fn what_two_leave_out_together_is_missed_by_whoever_wrote_it() {
    let mut plot = Plot::new().await;
    let alice = plot.key("you").await;
    plot.plotted(|| Tampered { cut: Some((alice, 1)), ..Tampered::default() }, false).await;
    plot.late_finds("it lacks").await;
    // Alice has everything, says so, and makes a good one, which needs somebody else's word.
    plot.alice.sync().await;
    let workspace = plot.alice.shared().await;
    plot.alice.prepend(&plot.id, "good ").await.unwrap();
    let made: Compaction = plot.alice.call(Request::WorkspaceCompact(workspace)).await.unwrap();
    assert!(made.snapshots.iter().any(|it| !it.contradicted_by.is_empty()), "{made:?}");
    plot.late_finds("no member whose word counts has confirmed it").await;
}

#[tokio::test]
async fn a_word_against_it_within_the_grace_keeps_the_log() {
    let mut plot = Plot::new().await;
    let late = plot.key("Late").await;
    plot.plotted(|| Tampered { cut: Some((late, 0)), ..Tampered::default() }, true).await;
    let shown = plot.shown().await;
    assert_eq!(shown.compacted, 0, "{shown:?}");
    assert!(shown.snapshots.iter().all(|it| it.contradicted_by == ["you"]), "{shown:?}");
    let state = plot.late.sync().await.remove(0);
    assert_eq!(state.phase, SyncPhase::Idle, "{state:?}");
    assert_eq!(plot.late.export(&plot.id).await, plot.alice.export(&plot.id).await);
}

#[tokio::test]
async fn what_two_put_into_somebodys_mouth_is_found_by_whose_name_it_bears() {
    let mut plot = Plot::new().await;
    let (late, document) = (plot.key("Late").await, plot.document());
    let forged = || {
        let mut doc = AutoCommit::new().with_actor(ActorId::from([9; 16]));
        doc.put(ROOT, "said", "never").unwrap();
        doc.commit();
        let change = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
        Tampered { more: vec![(document, late, change)], ..Tampered::default() }
    };
    plot.plotted(forged, false).await;
    plot.late_finds("changes that the log does not have").await;
}

#[tokio::test]
async fn a_bomb_in_a_snapshot_is_found_before_it_goes_off() {
    let mut plot = Plot::new().await;
    let (mallory, document) = (plot.key("Mallory").await, plot.document());
    let bomb = || Tampered { more: vec![(document, mallory, bombs::inserts(1, 40_000_000))], ..Tampered::default() };
    let started = Instant::now();
    plot.plotted(bomb, true).await;
    let took = started.elapsed();
    assert!(took.as_secs() < SECONDS, "{took:?}");
    let shown = plot.shown().await;
    assert!(shown.compacted == 0 && shown.snapshots.iter().all(|it| it.contradicted_by == ["you"]), "{shown:?}");
}
