//! New keys: by hand, with time, and what waited for one.

use drystone_wire::membership::Operation;

use super::*;

const DAY: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn keys_are_renewed_after_ninety_days_and_open_invitations_live_on() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    alice.app().shift_clock(50 * DAY);
    let invite = Invite { workspace: None, role: Role::Editor, hours: 24 * 80 };
    let link = alice.call::<Invitation>(Request::WorkspaceInvite(invite)).await.unwrap().link;
    let before = alice.keys().await;
    assert_eq!((before.epoch, before.renewable), (1, true));
    alice.app().shift_clock(89 * DAY);
    alice.sync().await;
    assert_eq!(alice.keys().await.epoch, 1);
    // An editor's device does not renew them.
    bob.app().shift_clock(91 * DAY);
    bob.sync().await;
    assert_eq!((bob.keys().await.epoch, bob.keys().await.renewable), (1, false));
    bob.app().shift_clock(0);
    alice.app().shift_clock(90 * DAY);
    alice.sync().await;
    let after = alice.keys().await;
    assert_eq!(after.epoch, 2);
    assert!(after.since > before.since && after.due > before.due);
    alice.app().shift_clock(0);
    bob.sync().await;
    bob.prepend(id, "new ").await.unwrap();
    bob.sync().await;
    alice.sync().await;
    assert_eq!(alice.export(id).await, "# A\n\nnew x\n");
    let late = Device::new().await;
    late.join(&link, "Late").await.unwrap();
    late.sync().await;
    assert_eq!(late.export(id).await, "# A\n\nnew x\n", "with the history of both keys");
}

#[tokio::test]
async fn a_member_who_may_renews_by_hand() {
    let shared = Shared::new().await;
    let bob = shared.join("Bob", Role::Editor).await;
    let by_bob = bob.call::<WorkspaceKeys>(Request::WorkspaceRotate(bob.shared().await)).await;
    assert_eq!(by_bob.unwrap_err().code, ErrorCode::Refused);
    let alice = &shared.alice;
    let keys: WorkspaceKeys = alice.call(Request::WorkspaceRotate(alice.shared().await)).await.unwrap();
    assert_eq!(keys.epoch, 2);
}

#[tokio::test]
async fn unsent_envelopes_are_sealed_anew_after_a_new_key_made_elsewhere() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let proxy = Proxy::to(shared.relay.address()).await;
    let bob = Device::new().await;
    let link = alice.invite(Role::Editor).await.replace(&shared.relay.url(), &proxy.url());
    bob.join(&link, "Bob").await.unwrap();
    bob.sync().await;
    let watcher = Raw::join(&alice.invite(Role::Reader).await, "Watcher").await;
    let mut resealed = 0;
    for (round, cut) in (500..6000).step_by(500).enumerate() {
        bob.prepend(id, &format!("w{round} ")).await.unwrap();
        let before = watcher.log().await.unwrap().len();
        proxy.cut_after(cut);
        bob.sync().await;
        let arrived = watcher.log().await.unwrap().len() > before;
        let keys: WorkspaceKeys = alice.call(Request::WorkspaceRotate(alice.shared().await)).await.unwrap();
        proxy.mend();
        bob.sync().await;
        let newest = watcher.log().await.unwrap().pop().unwrap();
        if !arrived {
            assert_eq!(newest.epoch, keys.epoch, "cut after {cut} bytes");
            resealed += 1;
        }
    }
    assert!(resealed > 0, "some were cut before they arrived");
    let state = &alice.sync().await[0];
    assert_eq!((state.phase, state.quarantined), (SyncPhase::Idle, 0));
    assert_eq!(alice.export(id).await, bob.export(id).await);
    assert!(alice.export(id).await.contains("w0 "));
}

#[tokio::test]
async fn what_was_set_aside_for_want_of_a_key_is_applied_when_the_key_comes() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    let mut dana = Raw::join(&alice.invite(Role::Admin).await, "Dana").await;
    alice.sync().await;
    // Dana's new key reaches Bob and not Alice, whose wrap is spoilt.
    let mut rotation = dana.rotation().await;
    let Operation::Rotate { epoch } = &mut rotation else { panic!() };
    let roster = dana.membership().roster().clone();
    let owner = roster.members.values().find(|member| member.role == drystone_wire::membership::Role::Owner).unwrap();
    let spoilt = owner.devices.values().next().unwrap();
    let wrap = epoch.wraps.iter_mut().find(|wrap| wrap.to == *spoilt).unwrap();
    wrap.ciphertext.0[0] ^= 1;
    dana.post(rotation).await.unwrap();
    bob.sync().await;
    for word in ["one ", "two ", "three "] {
        bob.prepend(id, word).await.unwrap();
        bob.sync().await;
    }
    let state = &alice.sync().await[0];
    assert_eq!(state.quarantined, 3, "{state:?}");
    assert!(alice.refused().await.iter().all(|entry| entry.author == "Bob" && entry.reason.contains("key of epoch 2")));
    assert_eq!(alice.export(id).await, "# A\n\nx\n");
    // She cannot write either, and is told what helps.
    alice.prepend(id, "hers ").await.unwrap();
    let problem = alice.sync().await[0].problem.clone().unwrap();
    assert!(problem.advice.contains("renew its keys"), "{problem:?}");
    let good = dana.rotation().await;
    dana.post(good).await.unwrap();
    let state = &alice.sync().await[0];
    assert_eq!((state.quarantined, state.waiting, state.phase), (0, 0, SyncPhase::Idle), "{state:?}");
    bob.sync().await;
    assert_eq!(alice.export(id).await, bob.export(id).await);
    let text = alice.export(id).await;
    for word in ["one", "two", "three", "hers"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}
