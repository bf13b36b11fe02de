//! Who is in a workspace and what they may do, with a real relay and real devices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

#[path = "members/devices.rs"]
mod devices;
#[path = "members/leaving.rs"]
mod leaving;
#[path = "members/removing.rs"]
mod removing;
#[path = "members/renewing.rs"]
mod renewing;
#[path = "members/roles.rs"]
mod roles;

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::ErrorCode;
use drystone_tests::*;

/// A document that Alice shares through a relay.
struct Shared {
    relay: Relay,
    alice: Device,
    document: String,
}

impl Shared {
    async fn new() -> Shared {
        let (relay, alice) = (Relay::start(), Device::new().await);
        let named = SetUserName { name: "Alice".into() };
        alice.call::<Empty>(Request::SetUserName(named)).await.unwrap();
        let document = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
        alice.share(&relay.url()).await;
        Shared { relay, alice, document }
    }

    /// Someone who joins and has read everything.
    async fn join(&self, name: &str, role: Role) -> Device {
        let device = Device::new().await;
        device.join(&self.alice.invite(role).await, name).await.unwrap();
        device.sync().await;
        self.alice.sync().await;
        device
    }
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_leads_nowhere() {
    let shared = Shared::new().await;
    let (alice, bob) = (&shared.alice, Device::new().await);
    let (link, kept) = (alice.invite(Role::Editor).await, alice.invite(Role::Reader).await);
    let open: Vec<OpenInvitation> = alice.call(Request::WorkspaceInvitations(alice.shared().await)).await.unwrap();
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|one| one.yours && one.made_by == "Alice" && !one.expired));
    let revoked = open.iter().find(|one| one.invitation.as_ref().is_some_and(|shown| shown.link == link)).unwrap();
    let revoke = InvitationRef { workspace: None, invitation: revoked.id.clone() };
    let left: Vec<OpenInvitation> = alice.call(Request::WorkspaceRevokeInvitation(revoke.clone())).await.unwrap();
    assert_eq!(left.len(), 1, "the other one stays open");
    assert_eq!(bob.join(&link, "Bob").await.unwrap_err().code, ErrorCode::Invite);
    let look = InspectInvite { link };
    let preview = bob.call::<InvitePreview>(Request::WorkspacePreview(look)).await;
    assert_eq!(preview.unwrap_err().code, ErrorCode::Invite);
    let twice = alice.call::<Vec<OpenInvitation>>(Request::WorkspaceRevokeInvitation(revoke)).await;
    assert_eq!(twice.unwrap_err().code, ErrorCode::NotFound);
    bob.join(&kept, "Bob").await.unwrap();
    alice.sync().await;
    let open: Vec<OpenInvitation> = alice.call(Request::WorkspaceInvitations(alice.shared().await)).await.unwrap();
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn an_invitation_that_has_expired_leads_nowhere() {
    const HOUR: i64 = 60 * 60 * 1000;
    let shared = Shared::new().await;
    let (alice, bob) = (&shared.alice, Device::new().await);
    // Made two days ago, for one day.
    alice.app().shift_clock(-48 * HOUR);
    let link = alice.invite(Role::Editor).await;
    alice.app().shift_clock(0);
    let open: Vec<OpenInvitation> = alice.call(Request::WorkspaceInvitations(alice.shared().await)).await.unwrap();
    assert!(open[0].expired, "{open:?}");
    assert_eq!(bob.join(&link, "Bob").await.unwrap_err().code, ErrorCode::Invite);
    assert_eq!(alice.members().await.len(), 1);
}

#[tokio::test]
async fn a_look_at_an_invitation_says_who_invites_to_what_and_does_not_use_it() {
    let shared = Shared::new().await;
    let (alice, bob) = (&shared.alice, Device::new().await);
    let invite = Invite { workspace: None, role: Role::Reader, hours: 24 };
    let invitation: Invitation = alice.call(Request::WorkspaceInvite(invite)).await.unwrap();
    let look = InspectInvite { link: invitation.file.clone() };
    let preview: InvitePreview = bob.call(Request::WorkspacePreview(look.clone())).await.unwrap();
    assert_eq!((preview.name.as_str(), preview.invited_by.as_str()), ("Personal", "Alice"));
    assert_eq!((preview.role, preview.members, preview.member), (Role::Reader, 1, false));
    assert_eq!(preview.expires.as_ref(), Some(&invitation.expires));
    assert_eq!(preview.relay, shared.relay.url());
    let all: Vec<WorkspaceSummary> = bob.call(Request::WorkspaceList(Empty {})).await.unwrap();
    assert_eq!(all.len(), 1, "nothing was joined");
    // The text of the file is as good as the link in it, and works once.
    bob.join(&invitation.file, "Bob").await.unwrap();
    let again = Device::new().await.call::<InvitePreview>(Request::WorkspacePreview(look)).await;
    assert_eq!(again.unwrap_err().code, ErrorCode::Invite);
}
