//! Bundles between real devices: no server, then a real relay.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::crypto::random::{Random, SeededRandom};
use drystone_core::error::{Error, ErrorCode};
use drystone_tests::*;

/// People who share one workspace by files only.
struct Site {
    workspace: String,
    document: String,
    alice: Device,
}

impl Site {
    async fn new() -> Site {
        let alice = Device::new().await;
        alice.call::<Empty>(Request::SetUserName(SetUserName { name: "Alice".into() })).await.unwrap();
        let document = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
        let all: Vec<WorkspaceSummary> = alice.call(Request::WorkspaceList(Empty {})).await.unwrap();
        Site { workspace: all[0].id.clone(), document, alice }
    }

    async fn export(&self, device: &Device, since: Option<&str>) -> String {
        let args = ExportBundle {
            workspace: Some(self.workspace.clone()),
            since: since.map(str::to_owned),
            invite: None,
            attachments: false,
        };
        device.call::<ExportedBundle>(Request::BundleExport(args)).await.unwrap().content
    }

    async fn invite(&self, role: Role) -> String {
        let invite = Some(BundleInvite { role, hours: 24 });
        let args = ExportBundle { workspace: Some(self.workspace.clone()), since: None, invite, attachments: false };
        self.alice.call::<ExportedBundle>(Request::BundleExport(args)).await.unwrap().content
    }

    /// A new device that was invited, answered and was let in.
    async fn join(&self, name: &str, role: Role) -> Device {
        let device = Device::new().await;
        let invitation = self.invite(role).await;
        let taken = import_as(&device, &invitation, Some(name)).await.unwrap();
        assert!(taken.waiting, "{taken:?}");
        let answer = self.export(&device, None).await;
        let let_in = import(&self.alice, &answer).await.unwrap();
        assert_eq!(let_in.admitted.as_deref(), Some(name), "{let_in:?}");
        let whole = self.export(&self.alice, None).await;
        let taken = import(&device, &whole).await.unwrap();
        assert!(!taken.waiting, "{taken:?}");
        device
    }

    async fn carry(&self, from: &Device, to: &Device) -> ImportedBundle {
        import(to, &self.export(from, None).await).await.unwrap()
    }

    async fn members(&self, device: &Device) -> Vec<String> {
        let here = WorkspaceRef { workspace: Some(self.workspace.clone()) };
        let members: Vec<Member> = device.call(Request::WorkspaceMembers(here)).await.unwrap();
        let mut names: Vec<String> = members.into_iter().map(|member| member.name).collect();
        names.sort();
        names
    }
}

async fn import_as(device: &Device, content: &str, name: Option<&str>) -> Result<ImportedBundle, Error> {
    let args = ImportBundle { content: content.into(), user_name: name.map(str::to_owned) };
    device.call(Request::BundleImport(args)).await
}

async fn import(device: &Device, content: &str) -> Result<ImportedBundle, Error> {
    import_as(device, content, None).await
}

async fn inspect(device: &Device, content: &str) -> Result<BundleInfo, Error> {
    device.call(Request::BundleInspect(BundleFile { content: content.into() })).await
}

#[tokio::test]
async fn two_devices_that_never_meet_a_relay_invite_and_exchange_by_file() {
    let site = Site::new().await;
    let (alice, id) = (&site.alice, site.document.as_str());
    let bob = Device::new().await;
    let invitation = site.invite(Role::Editor).await;
    let look = inspect(&bob, &invitation).await.unwrap();
    assert_eq!((look.kind, look.name.as_str(), look.author.as_str()), (BundleKind::Invitation, "Personal", "Alice"));
    assert_eq!((look.role, look.joins), (Some(Role::Editor), true));
    let all: Vec<WorkspaceSummary> = bob.call(Request::WorkspaceList(Empty {})).await.unwrap();
    assert_eq!(all.len(), 1, "looking joins nothing");
    assert!(import_as(&bob, &invitation, Some("Bob")).await.unwrap().waiting);
    assert_eq!(bob.export(id).await, "# A\n\nx\n", "he reads at once");
    bob.prepend(id, "bob ").await.unwrap();
    let answer = site.export(&bob, None).await;
    let look = inspect(alice, &answer).await.unwrap();
    assert_eq!((look.kind, look.author.as_str(), look.role), (BundleKind::Answer, "Bob", Some(Role::Editor)));
    assert_eq!(site.members(alice).await, ["Alice"], "looking lets nobody in");
    alice.prepend(id, "alice ").await.unwrap();
    assert_eq!(import(alice, &answer).await.unwrap().admitted.as_deref(), Some("Bob"));
    assert_eq!(import(alice, &answer).await.unwrap().admitted, None, "once");
    site.carry(alice, &bob).await;
    site.carry(&bob, alice).await;
    let (one, two) = (alice.export(id).await, bob.export(id).await);
    assert_eq!(one, two);
    assert!(one.contains("alice ") && one.contains("bob "), "{one}");
    assert_eq!(site.members(&bob).await, ["Alice", "Bob"]);
}

#[tokio::test]
async fn three_devices_carry_for_each_other_and_all_converge_at_a_relay_without_duplicates() {
    let site = Site::new().await;
    let (alice, id) = (&site.alice, site.document.as_str());
    let (bob, carol) = (site.join("Bob", Role::Editor).await, site.join("Carol", Role::Editor).await);
    // Bob does not know of Carol; what he carries from Alice to her is Alice's.
    site.carry(alice, &bob).await;
    alice.prepend(id, "one ").await.unwrap();
    site.carry(alice, &bob).await;
    bob.prepend(id, "two ").await.unwrap();
    site.carry(&bob, &carol).await;
    carol.prepend(id, "three ").await.unwrap();
    site.carry(&carol, &bob).await;
    site.carry(&bob, alice).await;
    let text = "# A\n\nthree two one x\n";
    for device in [alice, &bob, &carol] {
        assert_eq!(device.export(id).await, text);
    }
    // Twice and in any order changes nothing.
    let (first, second) = (site.export(&bob, None).await, site.export(&carol, None).await);
    for content in [&second, &first, &second] {
        let taken = import(alice, content).await.unwrap();
        assert_eq!((taken.bundle.new_entries, taken.set_aside), (0, 0), "{taken:?}");
    }
    // Carol has the last word before everybody gets a relay, on paper only.
    carol.prepend(id, "four ").await.unwrap();
    site.carry(&carol, &bob).await;
    let relay = Relay::start();
    let entries = [(alice, "Alice"), (&bob, "Bob"), (&carol, "Carol")];
    for (device, name) in entries {
        let args = SetRelay { workspace: Some(site.workspace.clone()), url: relay.url() };
        let state: SyncState = device.call(Request::RelaySet(args)).await.unwrap();
        assert_eq!((state.phase, state.quarantined), (SyncPhase::Idle, 0), "{name}: {state:?}");
    }
    for _ in 0..2 {
        for (device, name) in entries {
            let state = &device.sync().await[0];
            assert_eq!((state.phase, state.waiting, state.quarantined), (SyncPhase::Idle, 0, 0), "{name}: {state:?}");
        }
    }
    for (device, name) in entries {
        assert_eq!(device.export(id).await, "# A\n\nfour three two one x\n", "{name}");
        assert_eq!(site.members(device).await, ["Alice", "Bob", "Carol"]);
    }
    // Each signed envelope is in the log once, and whoever comes by link reads all.
    let args = Invite { workspace: Some(site.workspace.clone()), role: Role::Editor, hours: 24 };
    let link = alice.call::<Invitation>(Request::WorkspaceInvite(args)).await.unwrap().link;
    let dave = Raw::join(&link, "Dave").await;
    let mut places: Vec<_> = dave.log().await.unwrap().iter().map(|one| (one.device, one.sequence)).collect();
    let count = places.len();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), count);
    alice.prepend(id, "five ").await.unwrap();
    for (device, _) in entries {
        device.sync().await;
        assert_eq!(device.export(id).await, "# A\n\nfive four three two one x\n");
    }
    // And a bundle still works beside the relay.
    bob.prepend(id, "six ").await.unwrap();
    site.carry(&bob, &carol).await;
    assert_eq!(carol.export(id).await, "# A\n\nsix five four three two one x\n");
    for device in [&carol, &bob, alice] {
        let state = &device.sync().await[0];
        assert_eq!((state.phase, state.quarantined), (SyncPhase::Idle, 0), "{state:?}");
        assert_eq!(device.export(id).await, "# A\n\nsix five four three two one x\n");
    }
}

#[tokio::test]
async fn a_bundle_since_another_is_smaller_and_needs_it() {
    let site = Site::new().await;
    let (alice, id) = (&site.alice, site.document.as_str());
    let bob = site.join("Bob", Role::Editor).await;
    let late = site.join("Late", Role::Reader).await;
    alice.prepend(id, &"many words ".repeat(2000)).await.unwrap();
    let first = site.export(alice, None).await;
    alice.prepend(id, "few ").await.unwrap();
    let (since, whole) = (site.export(alice, Some(&first)).await, site.export(alice, None).await);
    assert!(since.len() * 3 < whole.len(), "{} and {}", since.len(), whole.len());
    let gap = import(&late, &since).await.unwrap_err();
    assert_eq!(gap.code, ErrorCode::BadInput, "{gap:?}");
    assert!(!late.export(id).await.contains("few"), "nothing of it was taken in");
    import(&bob, &first).await.unwrap();
    import(&bob, &since).await.unwrap();
    assert_eq!(bob.export(id).await, alice.export(id).await);
    import(&late, &whole).await.unwrap();
    assert_eq!(import(&late, &since).await.unwrap().bundle.new_entries, 0);
    assert_eq!(late.export(id).await, alice.export(id).await);
}

#[tokio::test]
async fn a_file_that_was_cut_or_changed_anywhere_is_refused_and_leaves_nothing() {
    let site = Site::new().await;
    let id = site.document.as_str();
    let bob = site.join("Bob", Role::Editor).await;
    site.alice.prepend(id, "new ").await.unwrap();
    let content = site.export(&site.alice, None).await;
    let bytes = BASE64.decode(&content).unwrap();
    let seed = 20_261_124;
    let mut random = SeededRandom::new(seed);
    let mut number = |below: usize| {
        let mut raw = [0; 8];
        random.fill(&mut raw);
        (u64::from_le_bytes(raw) % below as u64) as usize
    };
    let mut broken: Vec<(String, Vec<u8>)> = Vec::new();
    for _ in 0..60 {
        let end = number(bytes.len());
        broken.push((format!("cut at {end}"), bytes[..end].to_vec()));
        let (at, bit) = (number(bytes.len()), number(8));
        let mut changed = bytes.clone();
        changed[at] ^= 1 << bit;
        broken.push((format!("bit {bit} of byte {at}"), changed));
    }
    broken.push(("longer".into(), [&bytes[..], b"x"].concat()));
    broken.push(("empty".into(), Vec::new()));
    for (what, file) in broken {
        let error = import(&bob, &BASE64.encode(file)).await.unwrap_err();
        let due = [ErrorCode::Damaged, ErrorCode::Integrity, ErrorCode::BadInput, ErrorCode::TooNew];
        assert!(due.contains(&error.code), "{what}, seed {seed}: {error:?}");
    }
    assert_eq!(bob.export(id).await, "# A\n\nx\n");
    assert_eq!(inspect(&bob, &content).await.unwrap().new_entries, 1);
    import(&bob, &content).await.unwrap();
    assert_eq!(bob.export(id).await, "# A\n\nnew x\n");
}

#[tokio::test]
async fn what_a_removed_member_carries_later_is_set_aside() {
    let site = Site::new().await;
    let (alice, id) = (&site.alice, site.document.as_str());
    let bob = site.join("Bob", Role::Editor).await;
    bob.prepend(id, "counts ").await.unwrap();
    site.carry(&bob, alice).await;
    let here = Some(site.workspace.clone());
    let members: Vec<Member> =
        alice.call(Request::WorkspaceMembers(WorkspaceRef { workspace: here.clone() })).await.unwrap();
    let member = members.iter().find(|member| member.name == "Bob").unwrap().id.clone();
    alice.call::<Vec<Member>>(Request::WorkspaceRemove(MemberRef { workspace: here.clone(), member })).await.unwrap();
    bob.prepend(id, "late ").await.unwrap();
    let late = site.export(&bob, None).await;
    let taken = import(alice, &late).await.unwrap();
    assert_eq!((taken.applied, taken.set_aside), (0, 1), "{taken:?}");
    let again = import(alice, &late).await.unwrap();
    assert_eq!((again.applied, again.set_aside), (0, 0), "set aside once");
    let refused: Vec<RefusedEntry> = alice.call(Request::SyncRefused(WorkspaceRef { workspace: here })).await.unwrap();
    assert!(refused.len() == 1 && refused[0].author == "Bob" && refused[0].reason.contains("removed"), "{refused:?}");
    assert_eq!(alice.export(id).await, "# A\n\ncounts x\n");
}

#[tokio::test]
async fn a_bundle_says_why_it_is_not_for_this_device() {
    let site = Site::new().await;
    let stranger = Device::new().await;
    let plain = site.export(&site.alice, None).await;
    assert_eq!(import(&stranger, &plain).await.unwrap_err().code, ErrorCode::NotFound);
    // An invitation works for one person.
    let invitation = site.invite(Role::Editor).await;
    let bob = Device::new().await;
    import_as(&bob, &invitation, Some("Bob")).await.unwrap();
    import_as(&stranger, &invitation, Some("Stranger")).await.unwrap();
    let (first, second) = (site.export(&bob, None).await, site.export(&stranger, None).await);
    import(&site.alice, &first).await.unwrap();
    assert_eq!(import(&site.alice, &second).await.unwrap_err().code, ErrorCode::Invite);
    // Only who founded the workspace lets people in.
    site.carry(&site.alice, &bob).await;
    let another = site.invite(Role::Reader).await;
    let carol = Device::new().await;
    import_as(&carol, &another, Some("Carol")).await.unwrap();
    let answer = site.export(&carol, None).await;
    site.carry(&site.alice, &bob).await;
    assert_eq!(import(&bob, &answer).await.unwrap_err().code, ErrorCode::Refused);
    let since = ExportBundle { workspace: None, since: Some(plain), invite: None, attachments: false };
    let error = bob.call::<ExportedBundle>(Request::BundleExport(since)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused, "another workspace's bundle: {error:?}");
}

#[tokio::test]
async fn two_records_at_one_position_are_kept_as_proof_and_freeze_the_membership() {
    let site = Site::new().await;
    let (alice, id) = (&site.alice, site.document.as_str());
    let bob = site.join("Bob", Role::Editor).await;
    // A copy of the data folder that keeps the membership makes a second line of it.
    let copied = alice.copy_as_after_a_crash().open_app().await;
    let _ours = site.invite(Role::Reader).await;
    site.carry(alice, &bob).await;
    let invite = Some(BundleInvite { role: Role::Editor, hours: 24 });
    let args = ExportBundle { workspace: Some(site.workspace.clone()), since: None, invite, attachments: false };
    let other = copied.call::<ExportedBundle>(Request::BundleExport(args)).await.unwrap().content;
    let error = import(&bob, &other).await.unwrap_err();
    assert!(error.code == ErrorCode::Integrity && error.message.contains("forked"), "{error:?}");
    alice.prepend(id, "later ").await.unwrap();
    let error = import(&bob, &site.export(alice, None).await).await.unwrap_err();
    assert!(error.code == ErrorCode::Integrity && error.message.contains("forked"), "{error:?}");
    assert_eq!(site.members(&bob).await, ["Alice", "Bob"]);
    assert_eq!(bob.export(id).await, "# A\n\nx\n");
}

#[tokio::test]
async fn what_went_out_in_a_bundle_is_never_sealed_anew() {
    let site = Site::new().await;
    let (alice, id) = (&site.alice, site.document.as_str());
    let (bob, carol) = (site.join("Bob", Role::Editor).await, site.join("Carol", Role::Editor).await);
    bob.prepend(id, "old ").await.unwrap();
    let carried = site.export(&bob, None).await;
    // New keys: what Bob has not sent is sealed under them, what went out is not.
    let here = WorkspaceRef { workspace: Some(site.workspace.clone()) };
    alice.call::<WorkspaceKeys>(Request::WorkspaceRotate(here)).await.unwrap();
    site.carry(alice, &bob).await;
    bob.prepend(id, "new ").await.unwrap();
    site.carry(&bob, alice).await;
    site.carry(alice, &carol).await;
    assert_eq!(import(&carol, &carried).await.unwrap().bundle.new_entries, 0);
    for device in [alice, &carol] {
        assert_eq!(device.export(id).await, "# A\n\nnew old x\n");
    }
}
