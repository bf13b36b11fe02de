//! `doctor --prove`, with real devices and a real relay, and with what it is there to find.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::*;

async fn prove(device: &Device) -> Proof {
    device.call(Request::DoctorProve(Empty {})).await.unwrap()
}

/// What was found wrong, in one text.
fn wrong(proof: &Proof) -> String {
    let all = proof.workspaces.iter().flat_map(|one| &one.findings);
    all.map(|finding| format!("{} {}\n", finding.message, finding.advice)).collect()
}

struct Pair {
    relay: Relay,
    alice: Device,
    bob: Device,
    document: String,
}

/// Two members who wrote in turn.
async fn pair() -> Pair {
    let (relay, alice, bob) = (Relay::start(), Device::new().await, Device::new().await);
    let document = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    for round in 0..3 {
        bob.sync().await;
        bob.prepend(&document, &format!("b{round} ")).await.unwrap();
        bob.sync().await;
        alice.sync().await;
        alice.prepend(&document, &format!("a{round} ")).await.unwrap();
        alice.sync().await;
    }
    bob.sync().await;
    Pair { relay, alice, bob, document }
}

#[tokio::test]
async fn all_that_was_acknowledged_is_proven_to_be_here_and_there() {
    let pair = pair().await;
    for device in [&pair.alice, &pair.bob] {
        let proof = prove(device).await;
        assert!(proof.sound, "{}", wrong(&proof));
        let shared = proof.workspaces.iter().find(|one| one.relay.is_some()).unwrap();
        assert_eq!((shared.documents, shared.waiting), (1, 0), "{shared:?}");
        assert!(shared.envelopes >= 7 && shared.changes >= 7, "{shared:?}");
        assert!(shared.facts.iter().any(|fact| fact.contains("The relay has")), "{shared:?}");
        assert!(proof.report.contains("Everything that was ever acknowledged is where it should be."));
        assert!(!proof.report.contains("b0 "), "no content");
    }
    // What is not sent is said, and is no finding.
    pair.alice.prepend(&pair.document, "later ").await.unwrap();
    let proof = prove(&pair.alice).await;
    assert!(proof.sound && proof.workspaces.iter().any(|one| one.waiting == 1), "{proof:?}");
}

#[tokio::test]
async fn a_relay_that_forgot_what_it_confirmed_is_found_out() {
    let mut pair = pair().await;
    let copy = tempfile::tempdir().unwrap();
    pair.relay.kill();
    copy_folder(&pair.relay.data(), copy.path());
    pair.relay.resume();
    pair.alice.prepend(&pair.document, "lost ").await.unwrap();
    let states = pair.alice.sync().await;
    assert_eq!(states[0].waiting, 0);
    pair.relay.kill();
    copy_folder(copy.path(), &pair.relay.data());
    pair.relay.resume();
    let proof = prove(&pair.alice).await;
    assert!(
        !proof.sound && wrong(&proof).contains("another one than the one this device has read"),
        "{}",
        wrong(&proof)
    );
    assert!(proof.report.contains("**Wrong:**"), "{}", proof.report);
    // Whoever has not read that far sees nothing wrong.
    assert!(prove(&pair.bob).await.sound);
}

#[tokio::test]
async fn what_is_missing_or_changed_here_is_found() {
    let pair = pair().await;
    let folder = pair.alice.copy_closed().await;
    let damages: [(&str, &str); 4] = [
        ("DELETE FROM changes WHERE seq = (SELECT max(seq) FROM changes)", "is not in its document"),
        (
            "DELETE FROM kept WHERE number = (SELECT number FROM kept ORDER BY device, sequence LIMIT 1 OFFSET 1)",
            "stands where",
        ),
        (
            "UPDATE kept SET envelope = CAST(substr(envelope, 1, length(envelope) - 1) || x'00' AS BLOB) WHERE number = 1",
            "does not verify",
        ),
        ("UPDATE sections SET text = text || 'forged'", "is not what its changes say"),
    ];
    for (damage, found) in damages {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), copy.path());
        change_database(copy.path(), damage);
        let app = open_folder(copy.path(), drystone_core::Unlock::KeyFile(copy.path().join("key"))).await.unwrap();
        let proof = prove(&Device::of(copy, app)).await;
        assert!(!proof.sound && wrong(&proof).contains(found), "{damage}: {}", wrong(&proof));
    }
    assert!(prove(&folder.open_app().await).await.sound, "the folder itself is sound");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    let _none = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Does to the encrypted database what only someone with its key could do.
fn change_database(folder: &std::path::Path, statement: &str) {
    let key = std::fs::read_to_string(folder.join("key")).unwrap();
    let connection = rusqlite::Connection::open(folder.join("drystone.db")).unwrap();
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\";", key.trim())).unwrap();
    connection.execute_batch(statement).unwrap();
}
