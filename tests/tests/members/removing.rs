//! Removing members.

use super::*;

#[tokio::test]
async fn a_removed_member_reads_nothing_new() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    let mut mallory = Raw::join(&alice.invite(Role::Editor).await, "Mallory").await;
    let mut carol = Raw::join(&alice.invite(Role::Reader).await, "Carol").await;
    alice.sync().await;
    alice.prepend(id, "before ").await.unwrap();
    alice.sync().await;
    bob.sync().await;
    alice.remove("Bob").await.unwrap();
    let left = alice.remove("Mallory").await.unwrap();
    assert_eq!(left.len(), 2, "{left:?}");
    alice.prepend(id, "after ").await.unwrap();
    alice.sync().await;
    let state = &bob.sync().await[0];
    let problem = state.problem.as_ref().unwrap();
    assert_eq!((state.phase, problem.code), (SyncPhase::Attention, ErrorCode::Refused), "{problem:?}");
    assert_eq!(bob.export(id).await, "# A\n\nbefore x\n", "what was read stays, and nothing comes");
    // Neither does a changed program get anything, nor would the records help it.
    assert!(mallory.refresh().await.is_err() && mallory.log().await.is_err());
    carol.refresh().await.unwrap();
    assert_eq!(carol.keys_of(&mallory.identity).keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(carol.keys_of(&carol.identity).keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    let newest = carol.log().await.unwrap().pop().unwrap();
    assert_eq!(newest.epoch, 3, "what is new is sealed under the key that only those who stay have");
}

#[tokio::test]
async fn unsent_work_of_a_removed_member_stays_with_them_and_is_said_so() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    bob.prepend(id, "unsent ").await.unwrap();
    alice.remove("Bob").await.unwrap();
    let state = &bob.sync().await[0];
    assert!(state.waiting >= 1, "{state:?}");
    let problem = state.problem.as_ref().unwrap();
    assert!(problem.message.contains("not sent"), "{problem:?}");
    assert_eq!(bob.export(id).await, "# A\n\nunsent x\n");
    alice.sync().await;
    assert_eq!(alice.export(id).await, "# A\n\nx\n");
}

#[tokio::test]
async fn what_a_removed_member_wrote_past_the_last_accepted_entry_is_set_aside_for_all_to_see() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    let mut dana = Raw::join(&alice.invite(Role::Admin).await, "Dana").await;
    bob.prepend(id, "counts ").await.unwrap();
    bob.sync().await;
    alice.sync().await;
    dana.refresh().await.unwrap();
    let device = dana.log().await.unwrap().pop().unwrap();
    // Dana removes Bob without having seen what he sends now.
    bob.prepend(id, "later ").await.unwrap();
    bob.sync().await;
    let removal = dana.removal(&[(device.device, device.sequence)]).await;
    dana.post(removal).await.unwrap();
    let late = shared.join("Late", Role::Reader).await;
    for reader in [alice, &late] {
        let state = &reader.sync().await[0];
        assert_eq!((state.phase, state.quarantined), (SyncPhase::Attention, 1), "{state:?}");
        let refused = reader.refused().await;
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(refused[0].author, "Bob");
        assert!(refused[0].reason.contains("removed"), "{refused:?}");
        assert_eq!(reader.export(id).await, "# A\n\ncounts x\n", "applied up to the last accepted entry");
    }
    let noted: SyncState = alice.call(Request::SyncNoteRefused(alice.shared().await)).await.unwrap();
    assert_eq!((noted.phase, noted.quarantined), (SyncPhase::Idle, 1), "no longer a problem, and still there");
    assert!(alice.refused().await[0].noted);
}

#[tokio::test]
async fn two_admins_remove_different_members_at_once() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let dana = shared.join("Dana", Role::Admin).await;
    for name in ["Bob", "Carol", "Eve"] {
        Raw::join(&alice.invite(Role::Editor).await, name).await;
    }
    for device in [alice, &dana] {
        device.sync().await;
        assert_eq!(device.members().await.len(), 5);
    }
    // Both want Eve gone as well: whoever comes second finds it done.
    let (one, two) = tokio::join!(async { (alice.remove("Bob").await, alice.remove("Eve").await) }, async {
        (
            dana.remove("Carol").await,
            dana.call::<Vec<Member>>(Request::WorkspaceRemove(dana.member("Dana").await)).await,
        )
    },);
    one.0.unwrap();
    one.1.unwrap();
    two.0.unwrap();
    assert_eq!(two.1.unwrap_err().code, ErrorCode::Refused, "nobody removes themselves");
    for device in [alice, &dana] {
        device.sync().await;
        let mut names: Vec<String> = device.members().await.into_iter().map(|member| member.name).collect();
        names.sort();
        assert_eq!(names, ["Alice", "Dana"]);
        assert_eq!(device.keys().await.epoch, 4, "one new key for each removal");
    }
    let id = shared.document.as_str();
    dana.prepend(id, "still ").await.unwrap();
    dana.sync().await;
    alice.sync().await;
    assert_eq!(alice.export(id).await, "# A\n\nstill x\n");
}

#[tokio::test]
async fn the_same_member_removed_by_two_admins_at_once_is_removed_once() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let dana = shared.join("Dana", Role::Admin).await;
    Raw::join(&alice.invite(Role::Editor).await, "Bob").await;
    alice.sync().await;
    dana.sync().await;
    let (one, two) = tokio::join!(alice.remove("Bob"), dana.remove("Bob"));
    for result in [one, two] {
        match result {
            Ok(left) => assert_eq!(left.len(), 2),
            Err(error) => assert_eq!(error.code, ErrorCode::NotFound, "{error:?}"),
        }
    }
    alice.sync().await;
    assert_eq!(alice.keys().await.epoch, 2);
}

#[tokio::test]
async fn removing_takes_open_invitations_back() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let _bob = shared.join("Bob", Role::Editor).await;
    let link = alice.invite(Role::Editor).await;
    alice.remove("Bob").await.unwrap();
    let late = Device::new().await;
    assert_eq!(late.join(&link, "Late").await.unwrap_err().code, ErrorCode::Invite);
}

/// A relay sees to it that whoever is removed in the middle of writing is cut
/// off at one place for everyone.
#[tokio::test]
async fn who_writes_while_being_removed_divides_nobody() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let (bob, carol) = (shared.join("Bob", Role::Editor).await, shared.join("Carol", Role::Editor).await);
    let writing = async {
        let mut written = 0;
        while bob.prepend(id, "b ").await.is_ok() && bob.sync().await[0].phase == SyncPhase::Idle {
            written += 1;
            carol.sync().await;
            assert!(written < 10_000, "Bob is never removed");
        }
        written
    };
    let removing = async {
        // Bob is well under way by then.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        alice.remove("Bob").await.unwrap()
    };
    let (written, left) = tokio::join!(writing, removing);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(written > 0, "Bob wrote nothing");
    for device in [alice, &carol, alice, &carol] {
        let state = &device.sync().await[0];
        assert_eq!((state.phase, state.quarantined), (SyncPhase::Idle, 0), "{state:?}");
    }
    let text = alice.export(id).await;
    assert_eq!(text, carol.export(id).await);
    assert_eq!(text.matches("b ").count(), written, "what the relay took before the removal counts, and nothing else");
}
