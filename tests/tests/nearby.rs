//! Devices on one local network, without a relay: what they hand to each other,
//! and to whom they hand nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::ErrorCode;
use drystone_tests::*;
use tokio::net::TcpListener;

/// Lets a device be met.
async fn answering(device: &Device) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = device.app().clone();
    tokio::spawn(async move { app.answer_at(&listener).await });
    address
}

async fn meet(device: &Device, address: SocketAddr) -> Result<bool, drystone_core::error::Error> {
    let workspace = device.shared().await.workspace.unwrap();
    device.app().meet_at(&workspace, &[address]).await
}

/// Until what the other one took in is there too.
async fn same(a: &Device, b: &Device, document: &str) {
    let started = Instant::now();
    while a.export(document).await != b.export(document).await {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{} | {}",
            a.export(document).await,
            b.export(document).await
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn two_devices_hand_each_other_what_either_lacks_and_the_relay_gets_it_once() {
    let mut relay = Relay::start();
    let (alice, bob, carol) = (Device::new().await, Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    for (device, name) in [(&bob, "Bob"), (&carol, "Carol")] {
        device.join(&alice.invite(Role::Editor).await, name).await.unwrap();
        device.sync().await;
    }
    alice.sync().await;
    relay.kill();
    alice.prepend(&id, "a1 ").await.unwrap();
    bob.prepend(&id, "b1 ").await.unwrap();
    let at_alice = answering(&alice).await;
    assert!(meet(&bob, at_alice).await.unwrap());
    same(&alice, &bob, &id).await;
    let text = bob.export(&id).await;
    assert!(text.contains("a1") && text.contains("b1"), "{text}");
    assert!(!meet(&bob, at_alice).await.unwrap(), "nothing is handed over twice");
    // What Bob heard of Alice he passes on to Carol, as she signed it.
    let at_bob = answering(&bob).await;
    assert!(meet(&carol, at_bob).await.unwrap());
    assert_eq!(carol.export(&id).await, text);
    carol.prepend(&id, "c1 ").await.unwrap();
    assert!(meet(&carol, at_alice).await.unwrap());
    same(&alice, &carol, &id).await;
    relay.resume();
    for device in [&carol, &bob, &alice, &carol, &bob] {
        let state = &device.sync().await[0];
        assert_eq!((state.waiting, state.quarantined), (0, 0), "{state:?}");
    }
    let text = alice.export(&id).await;
    for (device, word) in [(&alice, "a1"), (&bob, "b1"), (&carol, "c1")] {
        assert_eq!(device.export(&id).await, text);
        assert_eq!(text.matches(word).count(), 1, "{text}");
        let proof: Proof = device.call(Request::DoctorProve(Empty {})).await.unwrap();
        assert!(proof.sound, "{proof:?}");
    }
}

#[tokio::test]
async fn without_any_relay_two_devices_of_one_person_are_enough() {
    // Alice keeps the workspace; Bob joined by a bundle once.
    let (alice, bob) = (Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    let invite = BundleInvite { role: Role::Editor, hours: 24 };
    let export =
        |invite| Request::BundleExport(ExportBundle { workspace: None, since: None, invite, attachments: false });
    let invitation: ExportedBundle = alice.call(export(Some(invite))).await.unwrap();
    let take = |content: String, name: Option<&str>| {
        Request::BundleImport(ImportBundle { content, user_name: name.map(str::to_owned) })
    };
    let joined: ImportedBundle = bob.call(take(invitation.content, Some("Bob"))).await.unwrap();
    let workspace = joined.bundle.workspace;
    let answer = ExportBundle { workspace: Some(workspace.clone()), since: None, invite: None, attachments: false };
    let answer: ExportedBundle = bob.call(Request::BundleExport(answer)).await.unwrap();
    alice.call::<ImportedBundle>(take(answer.content, None)).await.unwrap();
    let back: ExportedBundle = alice.call(export(None)).await.unwrap();
    bob.call::<ImportedBundle>(take(back.content, None)).await.unwrap();
    bob.prepend(&id, "bob ").await.unwrap();
    alice.prepend(&id, "alice ").await.unwrap();
    let at_alice = answering(&alice).await;
    assert!(bob.app().meet_at(&workspace, &[at_alice]).await.unwrap());
    same(&alice, &bob, &id).await;
    let text = alice.export(&id).await;
    assert!(text.contains("bob") && text.contains("alice"), "{text}");
}

#[tokio::test]
async fn strangers_and_removed_members_are_handed_nothing() {
    let relay = Relay::start();
    let (alice, bob, stranger) = (Device::new().await, Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.sync().await;
    alice.sync().await;
    let at_alice = answering(&alice).await;
    // A stranger has workspaces of their own, which Alice does not know.
    stranger.import("s.md", b"# S\n").await.unwrap();
    stranger.share(&relay.url()).await;
    let error = meet(&stranger, at_alice).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
    alice.remove("Bob").await.unwrap();
    alice.prepend(&id, "secret ").await.unwrap();
    // Bob does not know yet that he is out, and has the key from before.
    let error = meet(&bob, at_alice).await.unwrap_err();
    assert!([ErrorCode::Unreachable, ErrorCode::Refused].contains(&error.code), "{error:?}");
    assert!(!bob.export(&id).await.contains("secret"));
    // Whoever answers where Alice should be gets nothing either.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _junk = tokio::io::AsyncWriteExt::write_all(&mut stream, &[0xff; 64]).await;
    });
    assert!(meet(&alice, address).await.is_err());
}

#[tokio::test]
async fn somebody_new_is_met_once_their_record_has_arrived() {
    let mut relay = Relay::start();
    let (alice, bob, carol) = (Device::new().await, Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.sync().await;
    carol.join(&alice.invite(Role::Editor).await, "Carol").await.unwrap();
    carol.sync().await;
    relay.kill();
    // Bob has never heard of Carol, who hands him the record that brought her in.
    carol.prepend(&id, "carol ").await.unwrap();
    bob.prepend(&id, "bob ").await.unwrap();
    let at_bob = answering(&bob).await;
    for _ in 0..2 {
        meet(&carol, at_bob).await.unwrap();
    }
    same(&bob, &carol, &id).await;
    assert!(bob.export(&id).await.contains("carol") && carol.export(&id).await.contains("bob"));
}

/// Whether a multicast message comes back on this computer, as multicast DNS needs.
fn has_multicast() -> bool {
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let tried = || -> std::io::Result<usize> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        socket.send_to(b"here", (group, socket.local_addr()?.port()))?;
        socket.recv(&mut [0; 8])
    };
    tried().is_ok()
}

/// Real multicast DNS, on whatever networks this computer is in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_that_are_switched_on_find_each_other() {
    if !has_multicast() {
        eprintln!("this computer is in no network that carries multicast: finding each other is left out");
        return;
    }
    let mut relay = Relay::start();
    let (alice, bob) = (Device::in_background().await, Device::in_background().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.sync().await;
    alice.sync().await;
    let before: NearbyStatus = alice.call(Request::NearbySet(SetNearby { on: None })).await.unwrap();
    assert!(!before.on, "off until someone switches it on");
    relay.kill();
    for device in [&alice, &bob] {
        let status: NearbyStatus = device.call(Request::NearbySet(SetNearby { on: Some(true) })).await.unwrap();
        assert!(status.on);
    }
    alice.prepend(&id, "near ").await.unwrap();
    bob.eventually(&id, "# A\n\nnear x\n").await;
    let mut status: NearbyStatus = bob.call(Request::NearbySet(SetNearby { on: None })).await.unwrap();
    // What was handed over is there a moment before the conversation is over.
    for _ in 0..400 {
        if status.devices.is_empty() {
            tokio::time::sleep(Duration::from_millis(25)).await;
            status = bob.call(Request::NearbySet(SetNearby { on: None })).await.unwrap();
        }
    }
    assert!(status.devices.len() == 1 && status.problem.is_none(), "{status:?}");
    // What is written later follows, in both directions.
    bob.prepend(&id, "and ").await.unwrap();
    alice.eventually(&id, "# A\n\nand near x\n").await;
    let off: NearbyStatus = alice.call(Request::NearbySet(SetNearby { on: Some(false) })).await.unwrap();
    assert!(!off.on && off.devices.is_empty(), "{off:?}");
}
