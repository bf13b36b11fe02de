//! new, list, show, set, search, log, delete, restore.

use serde_json::json;

use crate::device::{Device, names};

#[test]
fn a_new_document_follows_its_template_and_is_listed() {
    let device = Device::new();
    let created = device.json(["new", "Payment platform", "--template", "compact"]);
    assert_eq!(created["title"], "Payment platform");
    assert_eq!(created["slug"], "payment-platform");
    assert_eq!(created["template"], "compact");
    assert_eq!(created["id"].as_str().unwrap().len(), 32);

    let listed = device.json(["list"]);
    assert_eq!(names(&listed), ["documents"]);
    assert_eq!(listed["documents"][0]["id"], created["id"]);
    assert_eq!(
        names(&listed["documents"][0]),
        [
            "completeness",
            "created",
            "deleted",
            "excerpt",
            "id",
            "slug",
            "template",
            "title",
            "updated",
            "waiting",
            "workspace"
        ]
    );
    let text = device.ok(["list"]);
    assert!(text.contains("Payment platform"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn nothing_yet_is_said_and_not_an_error() {
    let device = Device::new();
    assert_eq!(device.json(["list"]), json!({ "documents": [] }));
    assert!(device.ok(["list"]).contains("drystone new"));
    assert_eq!(device.json(["search", "anything"]), json!({ "hits": [] }));
}

#[test]
fn a_document_is_named_by_title_slug_or_the_first_digits_of_its_id() {
    let device = Device::new();
    let id = device.json(["new", "Payment platform"])["id"].as_str().unwrap().to_owned();
    for name in ["Payment platform", "payment-platform", &id[..8], &id] {
        assert_eq!(device.json(["show", name, "title"]), "Payment platform");
    }
    let error = device.fails(2, ["show", "nowhere"]);
    assert_eq!(error["code"], "not-found");
}

#[test]
fn an_ambiguous_name_lists_the_candidates() {
    let device = Device::new();
    let first = device.json(["new", "Twin"])["id"].as_str().unwrap().to_owned();
    let second = device.json(["new", "Twin"])["id"].as_str().unwrap().to_owned();
    let error = device.fails(2, ["show", "Twin"]);
    assert_eq!(error["code"], "ambiguous");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&first[..4]) && message.contains(&second[..4]), "{message}");
}

#[test]
fn set_changes_what_show_shows() {
    let device = Device::new();
    device.json(["new", "Doors"]);
    let answer = device.json(["set", "doors", "sections.overview", "Opens and closes.\n\nAlways."]);
    assert_eq!(names(&answer), ["added", "id", "path"]);
    assert_eq!(device.json(["show", "doors", "sections.overview"]), "Opens and closes.\n\nAlways.");
    assert_eq!(device.ok(["show", "doors", "sections.overview"]), "Opens and closes.\n\nAlways.");

    device.json(["set", "doors", "title", "Gates"]);
    assert_eq!(device.json(["show", "gates", "title"]), "Gates");
    device.json(["set", "gates", "sections.security.authentication", "Badges."]);
    assert_eq!(device.json(["show", "gates", "sections.security.authentication"]), "Badges.");
    device.json(["set", "gates", "sections.overview.title", "What it is"]);
    assert_eq!(device.json(["show", "gates", "sections.overview.title"]), "What it is");
}

#[test]
fn set_reads_standard_input_and_gives_back_what_show_printed() {
    let device = Device::new();
    device.json(["new", "Doors"]);
    let ran = device.feed(["set", "doors", "sections.overview", "-"], "Zwölf Türen\n- one\n".as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let shown = device.bytes(["show", "doors", "sections.overview"]);
    let again = device.feed(["set", "doors", "sections.overview", "-"], &shown);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(device.bytes(["show", "doors", "sections.overview"]), shown);
    assert!(String::from_utf8(shown).unwrap().starts_with("Zwölf Türen\n- one"));

    let ran = device.feed(["set", "doors", "title", "-"], b"Gates\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(device.json(["show", "gates", "title"]), "Gates");
}

#[test]
fn values_may_start_with_a_dash() {
    let device = Device::new();
    device.json(["new", "Doors"]);
    device.ok(["set", "doors", "sections.overview", "--- not an option"]);
    assert_eq!(device.json(["show", "doors", "sections.overview"]), "--- not an option");
}

#[test]
fn a_path_that_leads_nowhere_is_an_error_and_changes_nothing() {
    let device = Device::new();
    device.json(["new", "Doors"]);
    let before = device.bytes(["export", "doors"]);
    for path in ["sections.nowhere", "nowhere", "", "sections..overview"] {
        device.fails(2, ["show", "doors", path]);
        device.fails(2, ["set", "doors", path, "x"]);
    }
    assert_eq!(device.bytes(["export", "doors"]), before);
}

#[test]
fn show_without_a_path_is_the_outline_or_everything() {
    let device = Device::new();
    device.import("doors.md", "# Doors\n\n## Overview\n\nText.\n");
    let outline = device.ok(["show", "doors"]);
    assert!(outline.starts_with("Doors\n"), "{outline}");
    assert!(outline.contains("sections.overview") && outline.contains("written"), "{outline}");
    assert!(device.json(["show", "doors"]).is_object());
}

#[test]
fn search_finds_words_and_says_where() {
    let device = Device::new();
    device.import("doors.md", "# Doors\n\n## Overview\n\nThe hydraulic closer is slow.\n");
    let found = device.json(["search", "hydraulic", "clos"]);
    let hit = &found["hits"][0];
    assert_eq!(hit["documentTitle"], "Doors");
    assert_eq!(hit["path"], "sections.overview");
    assert!(hit["excerpt"].as_str().unwrap().contains("\u{e000}hydraulic\u{e001}"), "{hit}");
    let text = device.ok(["search", "hydraulic"]);
    assert!(text.contains("Doors › Overview") && text.contains("The hydraulic closer"), "{text}");
    assert_eq!(device.json(["search", "pneumatic"]), json!({ "hits": [] }));
    for odd in ["\"", "*", "NEAR(", "a\"b", "-", "AND"] {
        assert!(device.json(["search", "--", odd])["hits"].is_array(), "{odd}");
    }
}

#[test]
fn log_tells_changes_newest_first() {
    let device = Device::new();
    device.json(["new", "Doors"]);
    device.ok(["set", "doors", "sections.overview", "Text."]);
    let log = device.json(["log", "doors"]);
    let entries = log["entries"].as_array().unwrap();
    assert!(entries.len() >= 2, "{log}");
    assert_eq!(names(&entries[0]), ["author", "hash", "operations", "stored", "summary", "time"]);
    assert_eq!(entries[0]["stored"], false);
    let times: Vec<&str> = entries.iter().map(|entry| entry["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    assert!(device.ok(["log", "doors"]).lines().count() > entries.len(), "a heading and a line each");
}

#[test]
fn what_was_deleted_can_be_restored() {
    let device = Device::new();
    let id = device.import("doors.md", "# Doors\n\nText.\n");
    let before = device.bytes(["export", "doors"]);
    let deleted = device.json(["delete", "doors"]);
    assert_eq!(deleted, json!({ "id": id, "title": "Doors" }));
    assert_eq!(device.json(["list"]), json!({ "documents": [] }));
    let listed = device.json(["list", "--deleted"]);
    assert_eq!(listed["documents"][0]["id"], id.as_str());
    assert!(listed["documents"][0]["deleted"].is_string());
    device.json(["restore", "doors"]);
    assert_eq!(device.bytes(["export", "doors"]), before);
    assert_eq!(device.fails(2, ["restore", "doors"])["code"], "not-found");
}
