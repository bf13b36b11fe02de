//! The recovery kit, with a real relay and real devices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use drystone_tests::*;

async fn kit(device: &Device, replace: bool) -> RecoveryKit {
    device.call(Request::RecoveryCreate(CreateRecovery { replace })).await.unwrap()
}

async fn status(device: &Device) -> RecoveryStatus {
    device.call(Request::RecoveryStatus(Empty {})).await.unwrap()
}

async fn rehearse(device: &Device, words: &str) -> Result<RecoveryRehearsal, Error> {
    device.call(Request::RecoveryRehearse(RehearseRecovery { words: words.into() })).await
}

async fn come_back(device: &Device, words: &str, relay: &str) -> Result<Recovered, Error> {
    let relays = if relay.is_empty() { Vec::new() } else { vec![relay.to_owned()] };
    device.call(Request::RecoveryUse(UseRecovery { words: words.into(), relays })).await
}

/// Alice with a shared document, named.
async fn alice(relay: &Relay) -> (Device, String) {
    let alice = Device::new().await;
    let named = SetUserName { name: "Alice".into() };
    alice.call::<Empty>(Request::SetUserName(named)).await.unwrap();
    let document = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    (alice, document)
}

#[tokio::test]
async fn a_new_device_comes_back_with_the_words_and_the_relays_address_alone() {
    let relay = Relay::start();
    let (alice, document) = alice(&relay).await;
    let bob = Device::new().await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.sync().await;
    let made = kit(&alice, false).await;
    assert_eq!(made.words.len(), 24);
    let words = made.words.join(" ");
    assert!(made.page.contains(&format!("<li>{}</li>", made.words[23])) && made.page.contains(&relay.url()));
    assert!(rehearse(&alice, &words).await.unwrap().works);
    // Written after the kit was made, under a key that is newer than the kit.
    let _keys: WorkspaceKeys = alice.call(Request::WorkspaceRotate(alice.shared().await)).await.unwrap();
    alice.prepend(&document, "after ").await.unwrap();
    alice.sync().await;
    drop(alice);

    let back = Device::new().await;
    let look = UseRecovery { words: words.clone(), relays: vec![relay.url()] };
    let preview: RecoveryPreview = back.call(Request::RecoveryPreview(look)).await.unwrap();
    assert_eq!((preview.person.as_str(), preview.workspaces.len(), preview.problems.len()), ("Alice", 1, 0));
    let row = &preview.workspaces[0];
    assert_eq!((row.name.as_str(), row.role, row.members, row.here), ("Personal", Role::Owner, 2, false));
    bob.sync().await;
    assert_eq!(bob.devices().await.len(), 2, "looking changes nothing");

    let recovered = come_back(&back, &words, &relay.url()).await.unwrap();
    assert_eq!((recovered.person.as_str(), recovered.workspaces.len(), recovered.other_devices), ("Alice", 1, 1));
    back.sync().await;
    assert_eq!(back.export(&document).await, "# A\n\nafter x\n");
    // What they write counts, and others see that it is a new device of Alice's.
    back.prepend(&document, "back ").await.unwrap();
    back.sync().await;
    bob.sync().await;
    assert_eq!(bob.export(&document).await, "# A\n\nback after x\n");
    assert_eq!(bob.refused().await, Vec::new());
    assert_eq!(bob.devices().await.iter().filter(|device| device.member_name == "Alice").count(), 2);
    // The lost device goes, the kit goes on working, and so does adding devices.
    let lost = back.devices().await.into_iter().find(|device| device.yours && !device.this).unwrap();
    let revoke = MemberDeviceRef { workspace: back.shared().await.workspace, device: lost.id };
    back.call::<Vec<MemberDevice>>(Request::DeviceRevoke(revoke)).await.unwrap();
    assert!(rehearse(&back, &words).await.unwrap().works);
    let second = Device::new().await;
    let asked: DeviceRequest = second.call(Request::DeviceRequest(Empty {})).await.unwrap();
    let add = AddDevice { workspace: back.shared().await.workspace, code: asked.code, name: "Phone".into() };
    let added: AddedDevice = back.call(Request::DeviceAdd(add)).await.unwrap();
    second.call::<WorkspaceSummary>(Request::WorkspaceJoin(Join { link: added.link, user_name: None })).await.unwrap();
    second.sync().await;
    assert_eq!(second.export(&document).await, "# A\n\nback after x\n");
}

#[tokio::test]
async fn the_kits_text_is_enough_and_names_the_relays_key() {
    let relay = Relay::start();
    let (alice, document) = alice(&relay).await;
    let made = kit(&alice, false).await;
    let back = Device::new().await;
    come_back(&back, &made.text, "").await.unwrap();
    back.sync().await;
    assert_eq!(back.export(&document).await, "# A\n\nx\n");
    // Another relay at that address is found out.
    let line = made.text.lines().find(|line| line.starts_with("Relay:")).unwrap();
    let key = line.rsplit(' ').next().unwrap();
    let other: String = key.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    let error = come_back(&Device::new().await, &made.text.replace(key, &other), "").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Integrity, "{error:?}");
}

#[tokio::test]
async fn a_new_kit_makes_the_old_one_useless_and_the_keys_new() {
    let relay = Relay::start();
    let (alice, document) = alice(&relay).await;
    let old = kit(&alice, false).await.words.join(" ");
    let again = alice.call::<RecoveryKit>(Request::RecoveryCreate(CreateRecovery { replace: false })).await;
    assert_eq!(again.unwrap_err().code, ErrorCode::Confirm);
    let before = alice.keys().await.epoch;
    let new = kit(&alice, true).await.words.join(" ");
    alice.sync().await;
    assert_eq!(alice.keys().await.epoch, before + 1, "whoever holds the old kit has the old key");
    assert_eq!(rehearse(&alice, &old).await.unwrap_err().code, ErrorCode::Refused);
    let error = come_back(&Device::new().await, &old, &relay.url()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound, "{error:?}");
    let back = Device::new().await;
    come_back(&back, &new, &relay.url()).await.unwrap();
    back.sync().await;
    assert_eq!(back.export(&document).await, "# A\n\nx\n");
}

#[tokio::test]
async fn what_a_kit_brings_back_and_what_not_is_said() {
    let relay = Relay::start();
    let alice = Device::new().await;
    let none = status(&alice).await;
    assert!(none.made.is_none() && none.workspaces.iter().all(|row| !row.covered), "{none:?}");
    let made = kit(&alice, false).await;
    // Without a relay the words are right, and nothing is proven.
    let nothing = rehearse(&alice, &made.words.join(" ")).await.unwrap_err();
    assert!(nothing.message.contains("no workspace has a relay"), "{nothing:?}");
    assert!(!made.status.workspaces[0].covered && made.status.workspaces[0].reason.contains("no relay"));
    // A workspace that gets a relay later is covered by itself, as is one that is joined.
    alice.import("a.md", b"# A\n\nx\n").await.unwrap();
    alice.share(&relay.url()).await;
    let other = Device::new().await;
    other.import("b.md", b"# B\n\ny\n").await.unwrap();
    other.share(&relay.url()).await;
    alice.join(&other.invite(Role::Reader).await, "Alice").await.unwrap();
    alice.sync().await;
    alice.sync().await;
    let now = status(&alice).await;
    assert!(now.workspaces.len() == 2 && now.workspaces.iter().all(|row| row.covered), "{now:?}");
    assert!(now.rehearsed.is_none());
    assert!(rehearse(&alice, &made.words.join(" ")).await.unwrap().works);
    assert!(status(&alice).await.rehearsed.is_some());
    let back = Device::new().await;
    let recovered = come_back(&back, &made.words.join(" "), &relay.url()).await.unwrap();
    assert_eq!(recovered.workspaces.len(), 2);
}

#[tokio::test]
async fn whoever_was_removed_does_not_come_back() {
    let relay = Relay::start();
    let (alice, _) = alice(&relay).await;
    let bob = Device::new().await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.sync().await;
    let made = kit(&bob, false).await;
    assert!(rehearse(&bob, &made.words.join(" ")).await.unwrap().works);
    alice.sync().await;
    alice.remove("Bob").await.unwrap();
    let error = come_back(&Device::new().await, &made.words.join(" "), &relay.url()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound, "{error:?}");
}

#[tokio::test]
async fn two_devices_with_one_root_agree_on_the_kit_that_was_made_last() {
    let relay = Relay::start();
    let (alice, _) = alice(&relay).await;
    let first = kit(&alice, false).await.words.join(" ");
    let back = Device::new().await;
    come_back(&back, &first, &relay.url()).await.unwrap();
    back.sync().await;
    let second = kit(&back, true).await.words.join(" ");
    for _ in 0..3 {
        alice.sync().await;
        back.sync().await;
    }
    for device in [&alice, &back] {
        assert!(rehearse(device, &second).await.unwrap().works);
        assert_eq!(rehearse(device, &first).await.unwrap_err().code, ErrorCode::Refused);
        assert!(status(device).await.workspaces.iter().filter(|row| row.relay.is_some()).all(|row| row.covered));
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_does_no_harm() {
    let relay = Relay::start();
    let (alice, document) = alice(&relay).await;
    let made = kit(&alice, false).await.words.join(" ");
    let proxy = Proxy::to(relay.address()).await;
    let back = Device::new().await;
    let mut cut_off = 0;
    for cut in (400..8000).step_by(400) {
        proxy.cut_after(cut);
        let tried = come_back(&back, &made, &proxy.url()).await;
        proxy.mend();
        match tried {
            Ok(_) => break,
            Err(_) => cut_off += 1,
        }
    }
    assert!(cut_off > 0, "some tries were cut off");
    let mended = come_back(&back, &made, &proxy.url()).await.unwrap();
    assert_eq!(mended.workspaces.len(), 1);
    back.sync().await;
    assert_eq!(back.export(&document).await, "# A\n\nx\n");
    assert_eq!(back.devices().await.len(), 2, "it came in once");
}

#[tokio::test]
async fn wrong_words_are_told_from_others() {
    let device = Device::new().await;
    let made = kit(&device, false).await;
    let mut mistyped = made.words.clone();
    mistyped[6] = "abbandon".into();
    let error = rehearse(&device, &mistyped.join(" ")).await.unwrap_err();
    assert!(error.message.contains("word 7") && error.advice.contains("abandon"), "{error:?}");
    let few = rehearse(&device, &made.words[..23].join(" ")).await.unwrap_err();
    assert!(few.message.contains("24 words") && few.message.contains("23"), "{few:?}");
    let nowhere = come_back(&device, &made.words.join(" "), "").await.unwrap_err();
    assert_eq!(nowhere.code, ErrorCode::Usage, "{nowhere:?}");
    let wrong = come_back(&device, &made.words.join(" "), "relay.example").await.unwrap_err();
    assert!(wrong.message.contains("relay.example"), "{wrong:?}");
}
