//! What members may do, as every device sees it for itself.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT};
use drystone_wire::DocumentHandle;

use super::*;

#[tokio::test]
async fn a_role_decides_what_ones_own_app_takes() {
    let shared = Shared::new().await;
    let (alice, id) = (&shared.alice, shared.document.as_str());
    let bob = shared.join("Bob", Role::Editor).await;
    bob.prepend(id, "one ").await.unwrap();
    bob.sync().await;
    alice.set_role("Bob", Role::Reader).await.unwrap();
    bob.sync().await;
    // The role is looked up anew after a moment.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(bob.prepend(id, "no ").await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(bob.app().set(id, "title", "no").await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(bob.import("b.md", b"# B\n").await.unwrap().id.len(), 32, "into a workspace of their own");
    alice.set_role("Bob", Role::Editor).await.unwrap();
    bob.sync().await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    bob.prepend(id, "two ").await.unwrap();
    bob.sync().await;
    alice.sync().await;
    assert_eq!(alice.export(id).await, "# A\n\ntwo one x\n");
}

#[tokio::test]
async fn a_window_hears_of_new_members_and_roles_without_asking() {
    let relay = Relay::start();
    let (alice, bob) = (Device::in_background().await, Device::in_background().await);
    alice.share(&relay.url()).await;
    let link = alice.invite(Role::Editor).await;
    let mut events = alice.app().subscribe();
    bob.join(&link, "Bob").await.unwrap();
    let told = async {
        loop {
            let changed = matches!(events.recv().await, Ok(Event::WorkspacesChanged {}));
            if changed && alice.members().await.len() == 2 {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), told).await.unwrap();
    let mut events = bob.app().subscribe();
    alice.set_role("Bob", Role::Reader).await.unwrap();
    let told = async {
        loop {
            let changed = matches!(events.recv().await, Ok(Event::WorkspacesChanged {}));
            let all: Vec<WorkspaceSummary> = bob.call(Request::WorkspaceList(Empty {})).await.unwrap();
            if changed && all.iter().any(|one| one.role == Role::Reader) {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), told).await.unwrap();
}

#[tokio::test]
async fn roles_are_given_by_those_who_may() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let (bob, dana) = (shared.join("Bob", Role::Editor).await, shared.join("Dana", Role::Admin).await);
    bob.sync().await;
    assert_eq!(bob.set_role("Dana", Role::Reader).await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(bob.remove("Dana").await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(dana.set_role("Alice", Role::Reader).await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(dana.remove("Alice").await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(dana.set_role("Bob", Role::Owner).await.unwrap_err().code, ErrorCode::Refused);
    assert_eq!(alice.set_role("Alice", Role::Editor).await.unwrap_err().code, ErrorCode::Refused, "the last owner");
    let offered = |list: Vec<Member>, name: &str| list.into_iter().find(|member| member.name == name).unwrap();
    let by_dana = offered(dana.members().await, "Bob");
    assert_eq!(by_dana.may_become, [Role::Admin, Role::Editor, Role::Reader]);
    assert!(by_dana.removable && !offered(dana.members().await, "Alice").removable);
    assert!(offered(bob.members().await, "Dana").may_become.is_empty());
    dana.set_role("Bob", Role::Admin).await.unwrap();
    bob.sync().await;
    assert_eq!(bob.set_role("Dana", Role::Reader).await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_entry_made_by_hand_as_a_reader_is_refused_by_others() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let mut rita = Raw::join(&alice.invite(Role::Reader).await, "Rita").await;
    let as_reader = rita.membership();
    let mut doc = AutoCommit::new();
    doc.put(ROOT, "key", "value").unwrap();
    let chunk = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
    let document = DocumentHandle([7; 16]);
    let chunks = [chunk];
    assert!(rita.write(&as_reader, document, &chunks).await.is_err(), "the relay lets no reader write");
    // It does not look at what the author knew; the others do.
    alice.sync().await;
    alice.set_role("Rita", Role::Editor).await.unwrap();
    rita.write(&as_reader, document, &chunks).await.unwrap();
    let state = &alice.sync().await[0];
    assert_eq!(state.quarantined, 1, "{state:?}");
    let refused = alice.refused().await;
    assert_eq!(refused[0].author, "Rita");
    assert!(refused[0].reason.contains("not a member who may write"), "{refused:?}");
    // Under the membership in which she may, the same changes are taken.
    rita.refresh().await.unwrap();
    let as_editor = rita.membership();
    let mut again = Raw::join(&alice.invite(Role::Editor).await, "Ed").await;
    let known = again.membership();
    again.write(&known, document, &chunks).await.unwrap();
    assert!(as_editor.position() < known.position());
    assert_eq!(alice.sync().await[0].quarantined, 1);
}

#[tokio::test]
async fn ownership_is_given_away_and_then_the_owner_may_go() {
    let shared = Shared::new().await;
    let alice = &shared.alice;
    let bob = shared.join("Bob", Role::Editor).await;
    let early = alice.call::<WorkspaceSummary>(Request::WorkspaceLeave(alice.shared().await)).await;
    assert_eq!(early.unwrap_err().code, ErrorCode::Refused, "the last owner stays");
    let to_bob = alice.member("Bob").await;
    let list: Vec<Member> = alice.call(Request::WorkspaceTransfer(to_bob)).await.unwrap();
    let role = |name: &str| list.iter().find(|member| member.name == name).unwrap().role;
    assert_eq!((role("Bob"), role("Alice")), (Role::Owner, Role::Admin));
    assert_eq!(alice.set_role("Bob", Role::Reader).await.unwrap_err().code, ErrorCode::Refused);
    bob.sync().await;
    bob.set_role("Alice", Role::Reader).await.unwrap();
    let left: WorkspaceSummary = alice.call(Request::WorkspaceLeave(alice.shared().await)).await.unwrap();
    assert!(!left.member);
    bob.sync().await;
    assert_eq!(bob.members().await.len(), 1);
}
