//! Leaving.

use super::*;

#[tokio::test]
async fn who_leaves_keeps_what_they_have_and_those_who_stay_get_a_new_key() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Admin).await;
    let link = bob.call::<Invitation>(Request::WorkspaceInvite(Invite {
        workspace: bob.shared().await.workspace,
        role: Role::Reader,
        hours: 24,
    }));
    let link = link.await.unwrap().link;
    bob.prepend(id, "mine ").await.unwrap();
    let workspace = bob.shared().await;
    let left: WorkspaceSummary = bob.call(Request::WorkspaceLeave(workspace)).await.unwrap();
    assert_eq!((left.member, left.sync.relay.as_ref()), (false, None), "{left:?}");
    assert_eq!(bob.export(id).await, "# A\n\nmine x\n", "to be read");
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(bob.prepend(id, "no ").await.unwrap_err().code, ErrorCode::Refused);
    let outsider = Device::new().await;
    assert_eq!(outsider.join(&link, "Out").await.unwrap_err().code, ErrorCode::Invite, "his invitations go with him");

    assert_eq!(alice.keys().await.epoch, 1);
    alice.sync().await;
    assert_eq!(alice.members().await.len(), 1);
    assert_eq!(alice.export(id).await, "# A\n\nmine x\n", "what he wrote before counts");
    let keys = alice.keys().await;
    assert_eq!(keys.epoch, 2, "the owner's device made it by itself");
    alice.sync().await;
    assert_eq!(alice.keys().await.epoch, 2, "once");
}

#[tokio::test]
async fn who_leaves_does_not_know_the_next_key() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let mut bob = Raw::join(&alice.invite(Role::Editor).await, "Bob").await;
    let mut carol = Raw::join(&alice.invite(Role::Editor).await, "Carol").await;
    let devices = vec![drystone_wire::membership::LastAccepted { device: bob.identity.device_key(), sequence: 0 }];
    // After the record the relay does not let him read it back.
    assert!(bob.post(drystone_wire::membership::Operation::Leave { devices }).await.is_err());
    alice.sync().await;
    carol.refresh().await.unwrap();
    let known = |identity| carol.keys_of(identity).into_keys().collect::<Vec<_>>();
    assert_eq!((known(&bob.identity), known(&carol.identity)), (vec![1], vec![1, 2]));
}

#[tokio::test]
async fn a_window_that_is_open_renews_the_keys_as_soon_as_someone_has_left() {
    let relay = Relay::start();
    let alice = Device::in_background().await;
    alice.share(&relay.url()).await;
    let mut bob = Raw::join(&alice.invite(Role::Editor).await, "Bob").await;
    alice.sync().await;
    let devices = vec![drystone_wire::membership::LastAccepted { device: bob.identity.device_key(), sequence: 0 }];
    assert!(bob.post(drystone_wire::membership::Operation::Leave { devices }).await.is_err());
    let started = std::time::Instant::now();
    while alice.keys().await.epoch == 1 {
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "nobody asked, and nothing happened");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn nobody_leaves_with_unsent_work() {
    let mut shared = Shared::new().await;
    let bob = shared.join("Bob", Role::Editor).await;
    bob.prepend(&shared.document, "unsent ").await.unwrap();
    let workspace = bob.shared().await;
    shared.relay.kill();
    let early = bob.call::<WorkspaceSummary>(Request::WorkspaceLeave(workspace.clone())).await;
    assert_eq!(early.unwrap_err().code, ErrorCode::Refused);
    shared.relay.resume();
    bob.call::<WorkspaceSummary>(Request::WorkspaceLeave(workspace)).await.unwrap();
    shared.alice.sync().await;
    assert_eq!(shared.alice.export(&shared.document).await, "# A\n\nunsent x\n");
}
