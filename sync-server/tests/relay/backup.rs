use std::path::PathBuf;
use std::time::{Duration, Instant};

use drystone_wire::WorkspaceId;
use drystone_wire::http::RelayErrorCode::{SequenceGap, Suspended};
use drystone_wire::log::Page;
use drystone_wire::membership::Role;

use crate::support::admin::{about, admin, begun};
use crate::support::{Client, Relay, Workspace, refused_start};

/// Where backups of a test go.
fn file(relay: &Relay, name: &str) -> (PathBuf, String) {
    let path = relay.home.path().join(name);
    (path.clone(), path.to_str().unwrap().to_string())
}

/// Waits until something is so, or a process has ended.
fn ended_or(child: &mut std::process::Child, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(1));
    }
}

async fn log_of(client: &Client, id: &WorkspaceId) -> Page {
    client.read(id, "").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_the_relay_writes_is_one_moment_and_verifies() {
    let relay = Relay::start(&["--device-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    workspace.admit(&relay, 2, Role::Editor).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    let mut owner = workspace.owner.clone();
    let writing = tokio::spawn(async move {
        for _ in 0..60 {
            client.append(&id, &owner.envelopes(&id, 20, 500)).await.unwrap();
        }
    });
    let mut seen = Vec::new();
    for n in 0..4 {
        let (_, path) = file(&relay, &format!("{n}.backup"));
        let data = relay.data();
        let made = tokio::task::spawn_blocking(move || (admin(&data, &["backup", &path]), path)).await.unwrap();
        let entries = made.0.done("backup")["entries"].as_u64().unwrap();
        assert_eq!(entries % 20, 0, "an append is in a backup whole or not at all");
        let check = admin(&relay.data(), &["check", "--file", &made.1]);
        assert_eq!((&check.done("check")["problems"], &check.json["check"]["entries"]), (&0.into(), &entries.into()));
        seen.push(entries);
    }
    writing.await.unwrap();
    assert!(seen.is_sorted());
    let (path, text) = file(&relay, "0.backup");
    assert_eq!(admin(&relay.data(), &["backup", &text]).refused(), "exists");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_killed_backup_leaves_no_file_that_looks_like_one() {
    let relay = Relay::start(&["--device-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    for _ in 0..10 {
        workspace.client.append(&id, &workspace.owner.envelopes(&id, 200, 5000)).await.unwrap();
    }
    let (path, text) = file(&relay, "nightly.backup");
    let mut killed = 0;
    for round in 0..12 {
        let mut child = begun(&relay.data(), &["backup", &text]);
        ended_or(&mut child, || relay.home.path().join("nightly.backup.part").exists());
        std::thread::sleep(Duration::from_millis(10 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        if path.exists() {
            assert_eq!(admin(&relay.data(), &["check", "--file", &text]).done("check")["entries"], 2000);
            std::fs::remove_file(&path).unwrap();
        } else {
            killed += 1;
        }
        // The relay has not noticed.
        workspace.client.read(&id, "limit=1").await.unwrap();
    }
    assert!(killed > 0, "nothing was killed in the middle");
    admin(&relay.data(), &["backup", &text]).done("backup");
    let names: Vec<_> = std::fs::read_dir(relay.home.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_str().unwrap().contains(".part")), "{names:?}");
}

#[tokio::test]
async fn the_drill_a_lost_relay_comes_back_and_devices_notice_what_is_missing() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    workspace.client.append(&id, &workspace.owner.envelopes(&id, 5, 100)).await.unwrap();
    let kept = log_of(&workspace.client, &id).await;
    let (_, backup) = file(&relay, "monday.backup");
    admin(&relay.data(), &["backup", &backup]).done("backup");
    let lost = workspace.owner.envelopes(&id, 3, 100);
    workspace.client.append(&id, &lost).await.unwrap();
    let seen = log_of(&workspace.client, &id).await.head;
    // Not over a relay that is there, running or not.
    assert_eq!(admin(&relay.data(), &["restore", &backup]).refused(), "input");
    relay.kill();
    assert_eq!(admin(&relay.data(), &["restore", &backup]).refused(), "exists");
    std::fs::rename(relay.data(), relay.home.path().join("old")).unwrap();
    let restored = admin(&relay.data(), &["restore", &backup]);
    assert_eq!(restored.done("restored")["entries"], 5);
    assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..workspace.client.clone() };
    assert_eq!(Client::anonymous(&relay.url).await.relay, workspace.client.relay, "it is the same relay");
    let page = log_of(&client, &id).await;
    assert_eq!((&page.entries, page.head.chain), (&kept.entries, kept.head.chain));
    // What a device had seen is longer than what is signed now, and its next number leaves a gap.
    assert!(page.head.verify(&client.relay) && page.head.position < seen.position);
    let next = workspace.owner.envelope(&id, 10);
    assert_eq!(client.append(&id, std::slice::from_ref(&next)).await.unwrap_err().code, SequenceGap);
    // What it kept fits after what came back.
    client.append(&id, &[lost, vec![next]].concat()).await.unwrap();
    let healed = log_of(&client, &id).await.head;
    assert_eq!(healed.position, 9);
    let raw = std::fs::read(relay.data().join("relay.sqlite")).unwrap();
    let key = std::fs::read_to_string(relay.data().join("relay.key")).unwrap();
    let secret: Vec<u8> = (0..32).map(|n| u8::from_str_radix(&key.trim()[2 * n..2 * n + 2], 16).unwrap()).collect();
    assert!(!raw.windows(32).any(|window| window == secret), "the key stays in its file");
}

#[tokio::test]
async fn a_restore_that_breaks_off_is_not_served_and_can_be_run_again() {
    let relay = Relay::start(&["--device-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    for _ in 0..10 {
        workspace.client.append(&id, &workspace.owner.envelopes(&id, 200, 5000)).await.unwrap();
    }
    let (_, backup) = file(&relay, "a.backup");
    admin(&relay.data(), &["backup", &backup]).done("backup");
    let target = relay.home.path().join("new");
    let mut broken = 0;
    for round in 0..40 {
        let mut child = begun(&target, &["restore", &backup]);
        ended_or(&mut child, || target.join("relay.restoring").exists());
        std::thread::sleep(Duration::from_millis(round));
        child.kill().unwrap();
        child.wait().unwrap();
        if target.join("relay.restoring").exists() {
            broken += 1;
            let (code, said) = refused_start(&target, &[]);
            assert_eq!(code, 2);
            assert!(said.contains("restore"), "{said}");
            assert_eq!(admin(&target, &["list"]).refused(), "input");
        } else if target.join("relay.key").exists() {
            std::fs::remove_dir_all(&target).unwrap();
        }
        if broken == 3 {
            break;
        }
    }
    assert!(broken > 0, "nothing was killed in the middle");
    admin(&target, &["restore", &backup]).done("restored");
    assert_eq!(admin(&target, &["check"]).done("check")["entries"], 2000);
}

#[tokio::test]
async fn one_workspace_comes_back_into_a_running_relay() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let mut other = Workspace::create(&relay, 2).await;
    let id = workspace.id;
    let (mut editor, editing) = workspace.admit(&relay, 3, Role::Editor).await;
    for _ in 0..3 {
        workspace.client.append(&id, &workspace.owner.envelopes(&id, 100, 200)).await.unwrap();
        editing.append(&id, &editor.envelopes(&id, 100, 200)).await.unwrap();
    }
    let kept = log_of(&workspace.client, &id).await;
    let (_, backup) = file(&relay, "a.backup");
    admin(&relay.data(), &["backup", &backup]).done("backup");
    assert_eq!(admin(&relay.data(), &["restore", &backup, "--workspace", &id.to_string()]).refused(), "wrong-state");
    // One more, which the backup does not have; then it is lost.
    editing.append(&id, &[editor.envelope(&id, 10)]).await.unwrap();
    about(&relay.data(), "delete", &id, &["--now", "--yes"]).done("deleted");
    let restored = admin(&relay.data(), &["restore", &backup, "--workspace", &id.to_string()]);
    assert_eq!(
        (&restored.done("restored")["entries"], &restored.json["restored"]["wentBack"]),
        (&600.into(), &true.into())
    );
    let page = log_of(&workspace.client, &id).await;
    assert_eq!((page.entries, page.head.chain), (kept.entries, kept.head.chain));
    assert_eq!(editing.records(&id, 1).await.unwrap().total, 3);
    workspace.client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
    assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
    other.client.append(&other.id, &[other.owner.envelope(&other.id, 10)]).await.unwrap();
}

#[tokio::test]
async fn a_workspace_that_is_behind_goes_on_and_one_that_went_another_way_is_refused() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    workspace.client.append(&id, &workspace.owner.envelopes(&id, 5, 100)).await.unwrap();
    let (_, early) = file(&relay, "early.backup");
    admin(&relay.data(), &["backup", &early]).done("backup");
    let fork = workspace.owner.clone();
    workspace.client.append(&id, &workspace.owner.envelopes(&id, 5, 100)).await.unwrap();
    workspace.admit(&relay, 2, Role::Editor).await;
    let (_, late) = file(&relay, "late.backup");
    admin(&relay.data(), &["backup", &late]).done("backup");
    relay.kill();
    std::fs::rename(relay.data(), relay.home.path().join("old")).unwrap();
    admin(&relay.data(), &["restore", &early]).done("restored");
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..workspace.client.clone() };
    let mut socket = client.listen(&[id]).await.unwrap();
    assert_eq!(crate::support::client::wake(&mut socket).await.unwrap().position, 5);
    let restored = admin(&relay.data(), &["restore", &late, "--workspace", &id.to_string()[..12]]);
    assert_eq!(
        (&restored.done("restored")["entries"], &restored.json["restored"]["wentBack"]),
        (&5.into(), &false.into())
    );
    assert_eq!(log_of(&client, &id).await.head.position, 10);
    assert_eq!(client.records(&id, 1).await.unwrap().total, 3);
    // Another relay's backup, and a log that went another way.
    let stranger = Relay::start(&[]);
    Workspace::create(&stranger, 1).await;
    let foreign = admin(&stranger.data(), &["restore", &late, "--workspace", &id.to_string()]);
    assert_eq!((foreign.code, foreign.refused()), (4, "other-relay"));
    relay.kill();
    std::fs::rename(relay.data(), relay.home.path().join("older")).unwrap();
    admin(&relay.data(), &["restore", &early]).done("restored");
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..client };
    client.append(&id, &fork.clone().envelopes(&id, 1, 777)).await.unwrap();
    let forked = admin(&relay.data(), &["restore", &late, "--workspace", &id.to_string()]);
    assert_eq!((forked.code, forked.refused()), (4, "diverged"));
    assert_eq!(log_of(&client, &id).await.head.position, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_restore_of_a_workspace_goes_on_when_it_is_run_again() {
    let relay = Relay::start(&["--device-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    for _ in 0..15 {
        client.append(&id, &workspace.owner.envelopes(&id, 200, 1000)).await.unwrap();
    }
    let (_, backup) = file(&relay, "a.backup");
    admin(&relay.data(), &["backup", &backup]).done("backup");
    let named = id.to_string();
    let mut broken = 0;
    for round in 0..10_u64 {
        about(&relay.data(), "delete", &id, &["--now", "--yes"]).done("deleted");
        let started = Instant::now();
        let mut child = begun(&relay.data(), &["restore", &backup, "--workspace", &named]);
        // Killed as soon as the first parts are there.
        while started.elapsed() < Duration::from_secs(20) && child.try_wait().unwrap().is_none() {
            let shown = about(&relay.data(), "show", &id, &[]);
            if shown.code == 0 && shown.json["workspace"]["entries"].as_u64().unwrap() >= 200 * round {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let shown = about(&relay.data(), "show", &id, &[]);
        if shown.done("workspace")["state"] == "restoring" {
            broken += 1;
            assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
            assert_eq!(client.read(&id, "").await.unwrap_err().code, Suspended);
            assert_eq!(about(&relay.data(), "resume", &id, &[]).refused(), "wrong-state");
            admin(&relay.data(), &["restore", &backup, "--workspace", &named]).done("restored");
        }
        let head = client.read(&id, "limit=1").await.unwrap().head;
        assert_eq!(head.position, 3000);
    }
    assert!(broken > 0, "nothing was killed in the middle");
}

#[tokio::test]
async fn check_finds_what_was_changed() {
    let mut relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    workspace.client.append(&id, &workspace.owner.envelopes(&id, 5, 100)).await.unwrap();
    let (_, backup) = file(&relay, "a.backup");
    admin(&relay.data(), &["backup", &backup]).done("backup");
    assert_eq!(relay.stop().code(), Some(0));
    let path = relay.data().join("relay.sqlite");
    let whole = std::fs::read(&path).unwrap();
    // One bit of one envelope, found by its ciphertext of threes.
    let place = whole.windows(64).position(|window| window == [3; 64]).unwrap();
    let mut bent = whole.clone();
    bent[place] ^= 1;
    std::fs::write(&path, &bent).unwrap();
    let found = admin(&relay.data(), &["check"]);
    assert_eq!(found.code, 4);
    assert_eq!(found.json["check"]["problems"], 1);
    assert!(found.json["check"]["told"][0]["what"].as_str().unwrap().starts_with("entry 3"), "{found:?}");
    assert_eq!(found.json["check"]["told"][0]["workspace"], id.to_string());
    let refused = admin(&relay.data(), &["backup", &file(&relay, "b.backup").1]);
    assert_eq!((refused.code, refused.refused()), (4, "integrity"));
    // A backup that was changed is not restored.
    let mut bytes = std::fs::read(&backup).unwrap();
    let place = bytes.windows(64).position(|window| window == [3; 64]).unwrap();
    bytes[place] ^= 1;
    std::fs::write(&backup, bytes).unwrap();
    assert_eq!(admin(&relay.home.path().join("new"), &["restore", &backup]).refused(), "integrity");
    assert!(!relay.home.path().join("new").exists());
}
