//! What goes wrong in the world: each gets an error that says what and what
//! to do, and loses nothing.

use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::path::PathBuf;

use crate::device::{Device, failure, finish};

#[test]
fn a_file_that_is_not_utf_8() {
    let device = Device::new();
    let path = device.file("latin.md", b"# Title\n\nf\xc3\xbcr Stra\xdfe\n");
    let error = device.fails(2, ["import", path.to_str().unwrap()]);
    assert_eq!(error["code"], "bad-input");
    assert_eq!(error["place"], format!("{}:3:9", path.display()));
    assert_eq!(device.json(["list"])["documents"], serde_json::json!([]));
}

#[test]
fn a_file_of_200_megabytes_is_refused_before_it_is_read() {
    let device = Device::new();
    let path = device.path("large.md");
    File::create(&path).unwrap().set_len(200 * 1024 * 1024).unwrap();
    let error = device.fails(2, ["import", path.to_str().unwrap()]);
    assert_eq!(error["code"], "too-large");
    assert!(error["message"].as_str().unwrap().contains("16 MiB"), "{error}");
    assert_eq!(error["place"], path.display().to_string());
}

#[cfg(unix)]
#[test]
fn a_file_that_never_ends_is_refused_too() {
    let device = Device::new();
    let error = device.fails(2, ["import", "/dev/zero"]);
    assert_eq!(error["code"], "too-large");
}

#[test]
fn a_file_that_is_not_there_and_a_folder_without_markdown() {
    let device = Device::new();
    let error = device.fails(2, ["import", "no-such-file.md"]);
    assert_eq!(error["code"], "not-found");
    assert_eq!(error["place"], "no-such-file.md");
    fs::create_dir(device.path("empty")).unwrap();
    assert_eq!(device.fails(2, ["import", device.path("empty").to_str().unwrap()])["code"], "not-found");
    assert!(
        !device.data_dir().join("drystone.db").exists() || device.json(["list"])["documents"] == serde_json::json!([])
    );
}

#[test]
fn a_value_that_is_not_utf_8() {
    let device = Device::new();
    device.ok(["new", "Doors"]);
    let before = device.bytes(["export", "doors"]);
    let ran = device.feed(["--json", "set", "doors", "sections.overview", "-"], b"one\ntwo \xff");
    let error = failure(2, ran);
    assert_eq!(error["code"], "bad-input");
    assert_eq!(error["place"], "standard input:2:5");
    assert_eq!(device.bytes(["export", "doors"]), before);
}

/// A device with a document.
fn written() -> Device {
    let device = Device::new();
    device.import("doors.md", format!("# Doors\n\n## Overview\n\n{}\n", "Words and words. ".repeat(5_000)));
    device
}

/// Cuts the database as a copy that broke off would: without its log.
fn cut(device: &Device, keep: impl FnOnce(u64) -> u64) -> PathBuf {
    let database = device.data_dir().join("drystone.db");
    for log in ["drystone.db-wal", "drystone.db-shm"] {
        // Usually there is none once the last process has closed the database.
        let _ = fs::remove_file(device.data_dir().join(log));
    }
    let length = fs::metadata(&database).unwrap().len();
    OpenOptions::new().write(true).open(&database).unwrap().set_len(keep(length)).unwrap();
    database
}

#[test]
fn a_truncated_database() {
    let device = written();
    let database = cut(&device, |length| length / 2);
    let before = fs::read(&database).unwrap();
    let error = device.fails(4, ["list"]);
    assert_eq!(error["code"], "damaged");
    assert!(fs::read(&database).unwrap() == before, "what is left was not touched");

    let ran = finish(device.command().args(["--json", "doctor"]));
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    let checks: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(checks["checks"][0]["ok"], false);
    assert!(checks["checks"][0]["advice"].is_string());
}

#[test]
fn a_database_cut_to_nothing_is_not_taken_for_a_new_one() {
    let device = written();
    cut(&device, |_| 100);
    assert_eq!(device.fails(4, ["list"])["code"], "damaged");
}

#[test]
fn a_record_of_the_key_that_is_lost() {
    let device = written();
    fs::remove_file(device.data_dir().join("unlock.json")).unwrap();
    let error = device.fails(4, ["list"]);
    assert_eq!(error["code"], "damaged");
    assert!(error["advice"].as_str().unwrap().contains("unlock.json"), "{error}");
}

#[test]
fn a_data_folder_that_cannot_be_made() {
    let device = Device::new();
    // A file where a folder should be stops every user, the superuser too.
    let file = device.file("occupied", "");
    let folder = file.join("data");
    let error = device.fails(2, ["--data-dir", folder.to_str().unwrap(), "list"]);
    assert_eq!(error["code"], "permission");
    assert!(error["place"].as_str().unwrap().starts_with(file.to_str().unwrap()), "{error}");
    assert!(error["advice"].as_str().unwrap().contains("--data-dir"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_data_folder_on_a_file_system_that_takes_no_files() {
    let device = Device::new();
    let error = device.fails(2, ["--data-dir", "/proc/drystone", "list"]);
    assert_eq!(error["code"], "permission");
}

#[cfg(unix)]
#[test]
fn a_data_folder_without_write_permission() {
    use std::os::unix::fs::PermissionsExt;
    let device = Device::new();
    fs::create_dir(device.data_dir()).unwrap();
    fs::set_permissions(device.data_dir(), fs::Permissions::from_mode(0o500)).unwrap();
    if File::create(device.data_dir().join("probe")).is_ok() {
        // The superuser may write anywhere; the two tests above cover that.
        return;
    }
    let error = device.fails(2, ["list"]);
    assert_eq!(error["code"], "permission");
}

#[test]
fn a_port_in_use() {
    let device = Device::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = device.fails(2, ["serve", "--listen", &address]);
    assert_eq!(error["code"], "port-in-use");
    assert!(error["message"].as_str().unwrap().contains(&taken.local_addr().unwrap().port().to_string()), "{error}");
    assert!(error["advice"].as_str().unwrap().contains("--listen 127.0.0.1:0"), "{error}");
    assert_eq!(error["place"], address);
}

#[test]
fn an_address_of_another_computer() {
    let device = Device::new();
    let error = device.fails(2, ["serve", "--listen", "192.0.2.1:7411"]);
    assert_eq!(error["code"], "usage");
    assert_eq!(device.run(["serve", "--listen", "nonsense"]).code, 2);
}

#[test]
fn a_wrong_invitation() {
    let device = Device::new();
    for link in ["", "nonsense", "https://example.org/", "https://example.org/#AAAA", "drystone:join"] {
        let error = device.fails(2, ["workspace", "join", "--yes", link]);
        assert_eq!(error["code"], "invite", "{link}");
    }
    let ran = device.feed(["--json", "workspace", "join", "--yes", "-"], b"not a link\n");
    assert_eq!(failure(2, ran)["code"], "invite");
    assert_eq!(device.json(["workspace", "list"])["workspaces"].as_array().unwrap().len(), 1);
}
