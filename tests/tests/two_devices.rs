//! Two devices, one relay: the way that everything else rests on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::*;

/// A real document where there is one, a made one elsewhere.
fn document() -> (String, Vec<u8>) {
    let real = corpora().map(|root| root.join("architecture-md/tigerbeetle.md"));
    match real.filter(|path| path.exists()) {
        Some(path) => ("tigerbeetle.md".into(), std::fs::read(path).unwrap()),
        None => ("plant.md".into(), b"# Plant\n\n## Overview\n\nPumps.\n\n## Data Flow\n\nWater.\n".to_vec()),
    }
}

#[tokio::test]
async fn edits_made_apart_come_together_with_nothing_lost() {
    let mut relay = Relay::start();
    let (alice, bob) = (Device::new().await, Device::new().await);
    let (name, bytes) = document();
    let id = alice.import(&name, &bytes).await.unwrap().id;
    alice.share(&relay.url()).await;
    let link = alice.invite(Role::Editor).await;
    bob.join(&link, "Bob").await.unwrap();
    bob.sync().await;
    assert_eq!(bob.export(&id).await.as_bytes(), bytes, "the document arrived as it is");

    relay.kill();
    let sections = alice.open(&id).await.sections;
    let written: Vec<&SectionView> = sections.iter().filter(|section| section.text.len() > 4).collect();
    let (shared, other) = (written[0].id.clone(), written[written.len() - 1].id.clone());
    alice.type_in(&id, &shared, 0, &[(0, 0, "ALICE ")]).await.unwrap();
    let view = bob.open(&id).await;
    let section = view.sections.iter().find(|section| section.id == shared).unwrap();
    let length = section.text.encode_utf16().count() as u32;
    assert!(bob.type_in(&id, &shared, section.version, &[(length, 0, " BOB")]).await.unwrap().accepted);
    alice.type_in(&id, &other, 0, &[(0, 0, "only alice ")]).await.unwrap();
    bob.app().set(&id, "title", "Renamed by Bob").await.unwrap();
    let offline = alice.sync().await;
    assert_eq!(offline[0].phase, SyncPhase::Offline);
    assert!(offline[0].waiting >= 1, "{offline:?}");
    assert!(offline[0].problem.as_ref().is_some_and(|problem| !problem.advice.is_empty()));

    relay.resume();
    alice.sync().await;
    bob.sync().await;
    let state = &alice.sync().await[0];
    assert_eq!((state.phase, state.waiting), (SyncPhase::Idle, 0));
    assert!(state.last_stored.is_some());
    let (from_alice, from_bob) = (alice.export(&id).await, bob.export(&id).await);
    assert_eq!(from_alice, from_bob);
    for edit in ["ALICE ", " BOB", "only alice "] {
        assert!(from_alice.contains(edit), "{edit} is there");
    }
    assert_eq!(alice.open(&id).await.summary.title, "Renamed by Bob");
    let members: Vec<Member> = alice.call(Request::WorkspaceMembers(WorkspaceRef { workspace: None })).await.unwrap();
    assert_eq!(members.len(), 2);
    assert!(members.iter().any(|member| member.name == "Bob" && !member.you));
}

#[tokio::test]
async fn a_letter_typed_here_appears_there_without_anyone_asking() {
    let relay = Relay::start();
    let (alice, bob) = (Device::in_background().await, Device::in_background().await);
    let id = alice.import("a.md", b"# A\n\nhello\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    let link = alice.invite(Role::Editor).await;
    bob.join(&link, "Bob").await.unwrap();
    bob.eventually(&id, "# A\n\nhello\n").await;
    let section = alice.open(&id).await.sections[0].id.clone();
    bob.open(&id).await;
    let mut events = bob.app().subscribe();
    alice.type_in(&id, &section, 0, &[(5, 0, " world")]).await.unwrap();
    bob.eventually(&id, "# A\n\nhello world\n").await;
    let mut arrived = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::SectionChanged { update, .. } = event {
            arrived.extend(update.splices);
        }
    }
    assert_eq!(arrived, [Splice { at: 5, delete: 0, insert: " world".into() }], "the editor gets just the new letters");
}

#[tokio::test]
async fn a_connection_that_is_cut_in_mid_message_loses_and_doubles_nothing() {
    let relay = Relay::start();
    let proxy = Proxy::to(relay.address()).await;
    let (alice, bob) = (Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&proxy.url()).await;
    let link = alice.invite(Role::Editor).await;
    bob.join(&link, "Bob").await.unwrap();
    bob.sync().await;
    let section = alice.open(&id).await.sections[0].id.clone();
    let mut expected = String::from("x");
    for (round, cut) in [10, 300, 700, 1100, 1500, 1900, 2500, 4000].into_iter().enumerate() {
        let word = format!(" word{round}");
        let version = alice.open(&id).await.sections[0].version;
        let at = expected.encode_utf16().count() as u32;
        assert!(alice.type_in(&id, &section, version, &[(at, 0, &word)]).await.unwrap().accepted);
        expected.push_str(&word);
        proxy.cut_after(cut);
        alice.sync().await;
        bob.sync().await;
        proxy.mend();
    }
    assert_eq!(alice.sync().await[0].phase, SyncPhase::Idle);
    assert_eq!(bob.sync().await[0].phase, SyncPhase::Idle);
    let text = format!("# A\n\n{expected}\n");
    assert_eq!((alice.export(&id).await, bob.export(&id).await), (text.clone(), text));
}

#[tokio::test]
async fn a_reader_reads_and_cannot_write() {
    let relay = Relay::start();
    let (alice, reader) = (Device::new().await, Device::new().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    let link = alice.invite(Role::Reader).await;
    reader.join(&link, "Rita").await.unwrap();
    reader.sync().await;
    assert_eq!(reader.export(&id).await, "# A\n\nx\n");
    let section = reader.open(&id).await.sections[0].id.clone();
    let typed = reader.type_in(&id, &section, 0, &[(0, 0, "no")]).await;
    assert_eq!(typed.unwrap_err().code, drystone_core::error::ErrorCode::Refused);
    let set = reader.app().set(&id, "sections.a", "no").await;
    assert_eq!(set.unwrap_err().code, drystone_core::error::ErrorCode::Refused);
}

#[tokio::test]
async fn an_invitation_works_once_and_only_whole() {
    let relay = Relay::start();
    let (alice, bob, carol) = (Device::new().await, Device::new().await, Device::new().await);
    alice.share(&relay.url()).await;
    let link = alice.invite(Role::Editor).await;
    for wrong in ["", "hello", "https://example.org/", &link[..link.len() - 5], &link.replace("/join#", "/join?")] {
        let error = bob.join(wrong, "Bob").await.unwrap_err();
        assert_eq!(error.code, drystone_core::error::ErrorCode::Invite, "{wrong}: {error:?}");
    }
    bob.join(&link, "Bob").await.unwrap();
    let again = carol.join(&link, "Carol").await.unwrap_err();
    assert_eq!(again.code, drystone_core::error::ErrorCode::Invite);
}
