//! workspace, relay, sync, as far as they go without a relay.

use std::net::TcpListener;

use crate::device::{Device, finish, names};

/// An address nobody answers at.
fn nobody() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", free.local_addr().unwrap())
}

#[test]
fn a_new_device_has_a_workspace_with_its_user_in_it() {
    let device = Device::new();
    let listed = device.json(["workspace", "list"]);
    let workspaces = listed["workspaces"].as_array().unwrap();
    assert_eq!(workspaces.len(), 1);
    assert_eq!(names(&workspaces[0]), ["documents", "id", "member", "members", "name", "role", "sync"]);
    assert_eq!(workspaces[0]["role"], "owner");
    let members = device.json(["workspace", "members"]);
    assert_eq!(members["members"].as_array().unwrap().len(), 1);
    assert_eq!(names(&members["members"][0]), ["devices", "id", "mayBecome", "name", "removable", "role", "you"]);
    assert_eq!(members["members"][0]["you"], true);
    assert!(device.ok(["workspace", "members"]).contains("owner"));
}

#[test]
fn documents_go_to_the_workspace_that_is_named() {
    let device = Device::new();
    let plant = device.json(["workspace", "create", "Plant"]);
    assert_eq!(plant["name"], "Plant");
    let id = plant["id"].as_str().unwrap();
    let by_name = device.json(["new", "One", "--workspace", "plant"]);
    let by_id = device.json(["new", "Two", "--workspace", &id[..10]]);
    assert_eq!(by_name["workspace"], id);
    assert_eq!(by_id["workspace"], id);
    device.ok(["new", "Elsewhere"]);
    let listed = device.json(["list", "--workspace", "Plant"]);
    assert_eq!(listed["documents"].as_array().unwrap().len(), 2);
    assert_eq!(device.fails(2, ["new", "x", "--workspace", "Nowhere"])["code"], "not-found");
    device.ok(["workspace", "create", "Plant"]);
    assert_eq!(device.fails(2, ["list", "--workspace", "Plant"])["code"], "ambiguous");
    assert!(device.ok(["workspace", "list"]).contains("Plant"));
}

#[test]
fn without_a_relay_there_is_nothing_to_synchronise_with() {
    let device = Device::new();
    let error = device.fails(2, ["sync"]);
    assert_eq!(error["code"], "usage");
    assert!(error["advice"].as_str().unwrap().contains("relay set"), "{error}");
    let error = device.fails(2, ["workspace", "compact"]);
    assert!(error["advice"].as_str().unwrap().contains("relay set"), "{error}");
    let shown = device.json(["workspace", "compact", "--show"]);
    assert_eq!(
        (&shown["compaction"]["compacted"], &shown["compaction"]["snapshots"]),
        (&0.into(), &serde_json::json!([]))
    );
    assert!(device.ok(["workspace", "compact", "--show"]).contains("all 0 entries"));
    let error = device.fails(2, ["workspace", "invite"]);
    assert!(error["advice"].as_str().unwrap().contains("relay set"), "{error}");
}

#[test]
fn an_address_that_is_none_is_refused() {
    let device = Device::new();
    for url in ["relay.example.org", "ftp://relay.example.org", "https://", "http://a b"] {
        assert_eq!(device.fails(2, ["relay", "set", url])["code"], "bad-input", "{url}");
    }
}

#[test]
fn a_relay_that_does_not_answer_can_be_set_and_stops_no_work() {
    let device = Device::new();
    let url = nobody();
    let set = device.json(["relay", "set", &url]);
    assert!(set["relay"].as_str().unwrap().starts_with(&url), "{set}");
    assert_eq!(set["problem"]["code"], "unreachable");
    device.ok(["new", "Doors"]);
    let ran = finish(device.command().args(["--json", "sync"]));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let answer: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(answer["sync"][0]["phase"], "offline");
    assert!(answer["sync"][0]["waiting"].as_u64().unwrap() > 0, "{answer}");
    assert_eq!(device.json(["status"])["sync"][0]["waiting"], answer["sync"][0]["waiting"]);
    device.fails(3, ["workspace", "invite"]);
    assert_eq!(device.json(["relay", "set", ""])["phase"], "local");
}

#[test]
fn invitations_are_for_a_limited_time_and_known_roles() {
    let device = Device::new();
    for wrong in [["--hours", "0"], ["--hours", "100000"], ["--role", "king"]] {
        assert_eq!(device.run(["workspace", "invite"].iter().chain(&wrong)).code, 2, "{wrong:?}");
    }
}

#[test]
fn what_cannot_be_taken_back_is_asked_for_and_without_a_terminal_needs_yes() {
    let device = Device::new();
    let own = device.json(["workspace", "members"])["members"][0]["id"].as_str().unwrap().to_owned();
    for command in [
        vec!["workspace", "remove", &own],
        vec!["workspace", "transfer", &own],
        vec!["workspace", "leave"],
        vec!["device", "revoke", "this"],
    ] {
        let error = device.fails(2, &command);
        assert_eq!(error["code"], "confirm", "{command:?}: {error}");
        assert!(error["advice"].as_str().unwrap().contains("--yes"), "{error}");
    }
    // With --yes it goes on, to what the core says.
    assert_eq!(device.fails(3, ["workspace", "remove", &own, "--yes"])["code"], "refused");
    assert_eq!(device.fails(2, ["workspace", "remove", "Nobody", "--yes"])["code"], "not-found");
}

#[test]
fn a_device_shows_its_code_and_reads_no_other_text_as_one() {
    let device = Device::new();
    let request = device.json(["device", "request"]);
    assert_eq!(names(&request), ["code", "fingerprint"]);
    let code = request["code"].as_str().unwrap();
    assert!(code.starts_with("drystone1dev"), "{code}");
    assert_eq!(device.fails(2, ["device", "add", "hello", "--yes"])["code"], "bad-input");
    assert_eq!(device.fails(2, ["device", "add", &code[..50], "--yes"])["code"], "bad-input");
    let listed = device.json(["device", "list"]);
    let devices = listed["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 1);
    let fields = ["id", "lastSeen", "member", "memberName", "name", "revocable", "this", "yours"];
    assert_eq!(names(&devices[0]), fields);
    assert_eq!(devices[0]["this"], true);
    assert_eq!(device.json(["workspace", "invitations"])["invitations"], serde_json::json!([]));
    assert_eq!(device.json(["workspace", "refused"])["refused"], serde_json::json!([]));
    assert_eq!(device.json(["workspace", "rotate", "--show"])["epoch"], 1);
}
