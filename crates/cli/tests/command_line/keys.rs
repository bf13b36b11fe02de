//! What opens the database: never silently a key file, never plain text.

use crate::device::{Device, failure, feed, finish};

#[cfg(target_os = "linux")]
#[test]
fn without_a_keychain_a_pipe_is_told_what_to_set_and_nothing_is_stored() {
    let device = Device::new();
    let error = failure(3, finish(device.locked().args(["--json", "list"])));
    assert_eq!(error["code"], "keychain");
    let advice = error["advice"].as_str().unwrap();
    assert!(advice.contains("DRYSTONE_PASSPHRASE") && advice.contains("--key-file"), "{advice}");
    for left in ["unlock.json", "drystone.db", "key"] {
        assert!(!device.data_dir().join(left).exists(), "{left}");
    }
}

#[test]
fn a_passphrase_opens_only_what_it_closed() {
    let device = Device::new();
    let with = |passphrase: &str, arguments: &[&str]| {
        finish(device.locked().env("DRYSTONE_PASSPHRASE", passphrase).arg("--json").args(arguments))
    };
    let created = with("correct horse", &["new", "Doors"]);
    assert_eq!(created.code, 0, "{}", created.stderr);
    assert_eq!(with("correct horse", &["show", "doors", "title"]).stdout, b"\"Doors\"\n");
    assert_eq!(failure(3, with("wrong", &["list"]))["code"], "wrong-key");
    assert_eq!(failure(3, with("", &["list"]))["code"], "wrong-key", "empty is as if it were not set");
    let error = failure(3, finish(device.locked().args(["--json", "list"])));
    assert!(error["advice"].as_str().unwrap().contains("DRYSTONE_PASSPHRASE"), "{error}");

    let piped = feed(device.locked().args(["--passphrase-stdin", "show", "doors", "title"]), b"correct horse\n");
    assert_eq!(piped.code, 0, "{}", piped.stderr);
    assert_eq!(piped.stdout, b"Doors");
    let both = feed(
        device.locked().args(["--passphrase-stdin", "set", "doors", "sections.overview", "-"]),
        b"correct horse\nThe rest is the value.",
    );
    assert_eq!(both.code, 0, "{}", both.stderr);
    let shown = with("correct horse", &["show", "doors", "sections.overview"]);
    assert_eq!(shown.stdout, b"\"The rest is the value.\"\n");
    assert_eq!(feed(device.locked().args(["--passphrase-stdin", "list"]), b"").code, 2);
}

#[test]
fn a_key_file_has_to_be_named_every_time() {
    let device = Device::new();
    device.ok(["new", "Doors"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(device.path("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let error = failure(3, finish(device.locked().args(["--json", "list"])));
    assert_eq!(error["code"], "wrong-key");
    assert!(error["advice"].as_str().unwrap().contains("--key-file"), "{error}");
    let by_variable = finish(device.locked().env("DRYSTONE_KEY_FILE", device.path("key")).arg("list"));
    assert_eq!(by_variable.code, 0, "{}", by_variable.stderr);

    let other = Device::new();
    other.ok(["list"]);
    let wrong = finish(device.locked().arg("--json").arg("--key-file").arg(other.path("key")).arg("list"));
    assert_eq!(failure(3, wrong)["code"], "wrong-key");
    let missing = finish(device.locked().arg("--json").arg("--key-file").arg(device.path("missing")).arg("list"));
    assert_eq!(failure(3, missing)["code"], "wrong-key");
    assert!(!device.path("missing").exists(), "a new key would not open anything");
}

#[test]
fn a_key_file_given_for_a_passphrase_is_a_contradiction() {
    let device = Device::new();
    let created = finish(device.locked().env("DRYSTONE_PASSPHRASE", "x").args(["new", "Doors"]));
    assert_eq!(created.code, 0, "{}", created.stderr);
    let error = device.fails(2, ["list"]);
    assert_eq!(error["code"], "usage");
    assert!(!device.path("key").exists());
}

#[test]
fn nothing_typed_is_in_plain_in_the_data_folder() {
    let device = Device::new();
    device.import("doors.md", "# Doors\n\n## Overview\n\nThe xylophonequartz word.\n");
    device.ok(["set", "doors", "sections.overview", "Another word: zephyrjuniper."]);
    for path in crate::device::files_in(&device.data_dir()) {
        let bytes = std::fs::read(&path).unwrap();
        for word in ["xylophonequartz", "zephyrjuniper", "Doors"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} is in {}", path.display());
        }
    }
}
