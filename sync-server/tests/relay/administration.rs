use std::time::{Duration, Instant};

use drystone_wire::http::RelayErrorCode::{CursorGone, Deleted, NotFound, Suspended};
use drystone_wire::log::chain_start;
use drystone_wire::membership::Role;

use crate::support::admin::{about, admin, begun, plainly};
use crate::support::client::{close_code, wake};
use crate::support::{BINARY, Client, Device, Relay, Workspace};

#[tokio::test]
async fn a_list_tells_sizes_and_counts_and_nothing_else() {
    let relay = Relay::start(&["--workspace-bytes", "1000000"]);
    let mut small = Workspace::create(&relay, 1).await;
    let mut large = Workspace::create(&relay, 2).await;
    large.admit(&relay, 3, Role::Reader).await;
    large.client.append(&large.id, &large.owner.envelopes(&large.id, 3, 5000)).await.unwrap();
    small.client.append(&small.id, &small.owner.envelopes(&small.id, 1, 10)).await.unwrap();
    let listed = admin(&relay.data(), &["list"]);
    let workspaces = listed.done("workspaces").as_array().unwrap();
    assert_eq!(workspaces.len(), 2);
    let first = &workspaces[0];
    assert_eq!(first["workspace"], large.id.to_string());
    for (name, value) in [("entries", 3), ("records", 3), ("members", 2), ("devices", 2), ("generation", 1)] {
        assert_eq!(first[name], value, "{name}");
    }
    assert_eq!((&first["state"], &first["quota"]["bytes"]), (&"open".into(), &1_000_000.into()));
    assert!(first["bytes"].as_u64().unwrap() > 15_000);
    assert!(first["activeMs"].as_u64().unwrap() >= first["createdMs"].as_u64().unwrap());
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    let known = "activeMs attachments bytes compacted confirmed createdMs devices dueMs entries freed generation marked markedMs members \
                 quota reason records snapshots state workspace";
    assert_eq!(keys.join(" "), known, "a new field must be one that a relay may know");
    let text = plainly(&relay.data(), &["list"]);
    assert!(text.contains(&large.id.to_string()[..16]) && text.contains("2 workspaces"), "{text}");
    // The first digits are enough for one, and it says the same.
    let shown = admin(&relay.data(), &["show", &large.id.to_string()[..8]]);
    assert_eq!(shown.done("workspace"), first);
}

#[tokio::test]
async fn suspending_takes_effect_at_the_next_request_and_closes_listeners() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let other = Workspace::create(&relay, 2).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
    let mut socket = client.listen(&[id]).await.unwrap();
    wake(&mut socket).await.unwrap();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.wait(&id, "after=99&seconds=30").await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    about(&relay.data(), "suspend", &id, &["--reason", "the bill is open"]).done("workspace");
    let next = workspace.owner.clone().envelope(&id, 10);
    let invitation = workspace.next(&workspace.owner, workspace.invitation(&workspace.owner.root, Role::Reader, 0));
    for refused in [
        client.append(&id, std::slice::from_ref(&next)).await.unwrap_err(),
        client.read(&id, "").await.unwrap_err(),
        client.records(&id, 1).await.unwrap_err(),
        client.wait(&id, "seconds=0").await.unwrap_err(),
        client.listen(&[id]).await.unwrap_err(),
        client.place(&id, &invitation).await.unwrap_err(),
        client.create(&workspace.owner.genesis(1)).await.unwrap_err(),
    ] {
        assert_eq!(refused.code, Suspended, "{}", refused.message);
        assert!(refused.message.contains("the bill is open"), "{}", refused.message);
    }
    let closed = tokio::time::timeout(Duration::from_secs(15), close_code(&mut socket)).await;
    assert_eq!(closed.expect("nobody waits for the next news"), Some(1012));
    assert_eq!(waiting.await.unwrap().unwrap_err().code, Suspended);
    assert!(started.elapsed() < Duration::from_secs(15), "nobody waits for a timeout");
    // A stranger learns no more than before, and others notice nothing.
    let stranger = relay.client(&Device::new(7)).await;
    assert_eq!(stranger.read(&id, "").await.unwrap_err().code, NotFound);
    other.client.read(&other.id, "").await.unwrap();
    about(&relay.data(), "resume", &id, &[]).done("workspace");
    client.append(&id, &[next]).await.unwrap();
    assert_eq!(client.read(&id, "").await.unwrap().head.position, 2);
    assert_eq!(about(&relay.data(), "resume", &id, &[]).refused(), "wrong-state");
}

#[tokio::test]
async fn a_suspension_outlives_a_restart() {
    let mut relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    relay.kill();
    about(&relay.data(), "suspend", &workspace.id, &[]).done("workspace");
    relay.start_again();
    let client = Client { url: relay.url.clone(), ..workspace.client };
    assert_eq!(client.read(&workspace.id, "").await.unwrap_err().code, Suspended);
}

#[tokio::test]
async fn a_deleted_workspace_can_be_had_back_within_its_grace() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    client.append(&id, &workspace.owner.envelopes(&id, 5, 100)).await.unwrap();
    let page = client.read(&id, "").await.unwrap();
    let mut socket = client.listen(&[id]).await.unwrap();
    wake(&mut socket).await.unwrap();
    let deleted = about(&relay.data(), "delete", &id, &["--grace", "2d"]);
    assert_eq!(deleted.done("workspace")["state"], "deleted");
    assert_eq!(close_code(&mut socket).await, Some(1012));
    let refused = client.read(&id, "").await.unwrap_err();
    assert_eq!(refused.code, Deleted);
    assert!(refused.message.contains("48 hours"), "{}", refused.message);
    let more = workspace.owner.clone().envelope(&id, 1);
    assert_eq!(client.append(&id, &[more]).await.unwrap_err().code, Deleted);
    assert_eq!(admin(&relay.data(), &["collect"]).done("collected")["steps"], 0);
    about(&relay.data(), "undelete", &id, &[]).done("workspace");
    let again = client.read(&id, "").await.unwrap();
    assert_eq!((again.entries, again.head.chain), (page.entries, page.head.chain));
    assert_eq!(about(&relay.data(), "undelete", &id, &[]).refused(), "wrong-state");
}

/// Waits until the relay has removed a workspace by itself.
fn gone(relay: &Relay) {
    let until = Instant::now() + Duration::from_secs(60);
    while !admin(&relay.data(), &["list"]).done("workspaces").as_array().unwrap().is_empty() {
        assert!(Instant::now() < until, "it is still there");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[tokio::test]
async fn the_running_relay_removes_what_is_due() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (id, client) = (workspace.id, workspace.client.clone());
    for _ in 0..4 {
        client.append(&id, &workspace.owner.envelopes(&id, 200, 100)).await.unwrap();
    }
    about(&relay.data(), "delete", &id, &["--grace", "0h"]).done("workspace");
    gone(&relay);
    let check = admin(&relay.data(), &["check"]);
    assert_eq!((&check.done("check")["entries"], &check.json["check"]["problems"]), (&0.into(), &0.into()));
    let until = Instant::now() + Duration::from_secs(10);
    while client.read(&id, "").await.unwrap_err().code != NotFound {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Made again, it is a younger log: devices that knew the old one are told to begin anew.
    client.create(&workspace.owner.genesis(1)).await.unwrap();
    assert_eq!(client.read(&id, "after=800&generation=1").await.unwrap_err().code, CursorGone);
    let head = client.read(&id, "").await.unwrap().head;
    assert_eq!((head.generation, head.position, head.chain), (2, 0, chain_start(&id, 2)));
    let mut again = Device::new(1);
    client.append(&id, &again.envelopes(&id, 2, 10)).await.unwrap();
}

#[tokio::test]
async fn deleting_at_once_asks_and_says_when_it_is_done() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let mut other = Workspace::create(&relay, 2).await;
    for it in [&mut workspace, &mut other] {
        it.client.append(&it.id, &it.owner.envelopes(&it.id, 200, 100)).await.unwrap();
    }
    let id = workspace.id;
    assert_eq!(about(&relay.data(), "delete", &id, &["--now"]).refused(), "confirm");
    workspace.client.read(&id, "").await.unwrap();
    about(&relay.data(), "delete", &id, &["--now", "--yes"]).done("deleted");
    assert_eq!(about(&relay.data(), "show", &id, &[]).refused(), "no-such-workspace");
    assert!([NotFound, Deleted].contains(&workspace.client.read(&id, "").await.unwrap_err().code));
    assert_eq!(other.client.read(&other.id, "").await.unwrap().entries.len(), 200);
    let check = admin(&relay.data(), &["check"]);
    assert_eq!((&check.done("check")["workspaces"], &check.json["check"]["entries"]), (&1.into(), &200.into()));
}

/// Waits until parts of a workspace may be gone, or all of it is.
fn begun_to_remove(relay: &Relay) {
    let connection = rusqlite::Connection::open(relay.data().join("relay.sqlite")).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    let waiting = "SELECT count(*) FROM deletions WHERE collecting = 0";
    while connection.query_row(waiting, [], |row| row.get::<_, i64>(0)).unwrap() > 0 {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_who_removes_leaves_nothing_half_done() {
    let mut relay = Relay::start(&["--device-rate", "0"]);
    let mut keep = Workspace::create(&relay, 1).await;
    keep.client.append(&keep.id, &keep.owner.envelopes(&keep.id, 50, 100)).await.unwrap();
    let mut killed = 0;
    for round in 0..8_u8 {
        let mut workspace = Workspace { client: keep.client.clone(), ..Workspace::create(&relay, 10 + round).await };
        workspace.client = relay.client(&workspace.owner).await;
        for _ in 0..5 {
            let envelopes = workspace.owner.envelopes(&workspace.id, 250, 300);
            workspace.client.append(&workspace.id, &envelopes).await.unwrap();
        }
        // Whoever removes, the relay or the command line, is killed on the way.
        let by_command = round % 2 == 0;
        if by_command {
            assert!(relay.stop().success());
            about(&relay.data(), "delete", &workspace.id, &["--grace", "0h"]).done("workspace");
            let mut child = begun(&relay.data(), &["collect"]);
            begun_to_remove(&relay);
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            about(&relay.data(), "delete", &workspace.id, &["--grace", "0h"]).done("workspace");
            begun_to_remove(&relay);
            relay.kill();
        }
        let left = about(&relay.data(), "show", &workspace.id, &[]);
        if left.code == 0 && left.json["workspace"]["state"] == "collecting" {
            killed += 1;
            assert_eq!(about(&relay.data(), "undelete", &workspace.id, &[]).refused(), "wrong-state");
        }
        assert_eq!(admin(&relay.data(), &["check"]).done("check")["problems"], 0);
        relay.start_again();
        keep.client.url = relay.url.clone();
        let until = Instant::now() + Duration::from_secs(60);
        while about(&relay.data(), "show", &workspace.id, &[]).code == 0 {
            assert!(Instant::now() < until, "the relay goes on where it was killed");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(keep.client.read(&keep.id, "").await.unwrap().entries.len(), 50);
    }
    assert!(killed > 0, "nothing was killed in the middle: make the workspaces larger");
}

#[test]
fn what_is_wrong_is_said_with_a_code() {
    let relay = Relay::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let data = relay.data();
    for (args, data, code) in [
        (&["show", "abcdef"][..], data.as_path(), "no-such-workspace"),
        (&["show", "ab"], &data, "input"),
        (&["list"], home.path(), "input"),
        (&["check", "--file", "/nowhere.backup"], &data, "input"),
        (&["check", "--file", data.join("relay.sqlite").to_str().unwrap()], &data, "not-a-backup"),
        (&["restore", data.join("relay.key").to_str().unwrap()], home.path(), "not-a-backup"),
    ] {
        assert_eq!(admin(data, args).refused(), code, "{args:?}");
    }
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "nothing was made on the way");
    let said = plainly(home.path(), &["list"]);
    assert!(said.starts_with("error[input]: ") && said.contains("--data DIR"), "{said}");
}

#[test]
fn every_command_has_help() {
    let verbs =
        ["list", "show", "quota", "suspend", "resume", "delete", "undelete", "collect", "backup", "restore", "check"];
    for verb in verbs {
        let output = std::process::Command::new(BINARY).args([verb, "--help"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("--data") && text.contains("--json"), "{verb}: {text}");
    }
}
