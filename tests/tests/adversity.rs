//! A full disk, a wrong certificate, a clock two years off: each is said in
//! plain words, with what to do, and loses nothing. What concerns files and
//! arguments alone is tested with the command line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use drystone_core::api::Role;
use drystone_tests::*;
use serde_json::Value;

/// Runs `drystone --json` on a data folder with a key file beside it.
fn drystone(data: &Path, args: &[&str]) -> Output {
    command(data).args(args).output().unwrap()
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(binary("drystone"));
    command.arg("--json").arg("--data-dir").arg(data).arg("--key-file").arg(data.with_extension("key"));
    command
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The error that a failed command printed.
fn problem(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("no error in {output:?}"));
    let error: Value = serde_json::from_str(line).unwrap();
    let error = error["error"].clone();
    assert!(error["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{error}");
    error
}

/// A file system of three megabytes exists only inside this process tree; the
/// script runs there with `$D` as the command and `$F` as the folder.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_what_was_saved_stays() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        set -eu
        mount -t tmpfs -o size=3m tmpfs "$F"
        D="$B --json --data-dir $F/data --key-file $F/key"
        id=$($D new Kept --template compact | tr ',' '\n' | grep '"id"' | head -1 | grep -o '[0-9a-f]\{32\}')
        $D set "$id" sections.overview "saved before" >/dev/null
        dd if=/dev/zero of="$F/filler" bs=4k 2>/dev/null || true
        head -c 400000 /dev/urandom | base64 > /tmp/$$ || true
        code=0; $D set "$id" sections.overview - < /tmp/$$ 2> "$OUT/error" || code=$?
        rm -f /tmp/$$
        echo "code $code"
        rm "$F/filler"
        $D show "$id" sections.overview
        $D set "$id" sections.overview "saved after" >/dev/null
        $D show "$id" sections.overview
        $D doctor | grep -o '"database.integrity","[a-z]*":[^,]*,"ok":[a-z]*\|"ok":false' || true
    "#;
    let mount = folder.path().join("small");
    std::fs::create_dir(&mount).unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .env("B", binary("drystone"))
        .env("F", &mount)
        .env("OUT", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("code 2"), "{said}");
    assert!(said.contains("saved before") && said.contains("saved after"), "{said}");
    assert!(!said.contains("\"ok\":false"), "{said}");
    let error = std::fs::read_to_string(folder.path().join("error")).unwrap();
    assert!(error.contains("disk-full"), "{error}");
}

/// A certificate that nobody trusts, as PEM files.
fn self_signed(folder: &Path) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

#[tokio::test]
async fn a_relay_with_a_certificate_that_is_not_trusted_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = self_signed(folder.path());
    let relay = Relay::start_with_tls(&certificate, &key);
    let data = folder.path().join("data");
    let created = drystone(&data, &["new", "Plant"]);
    assert!(created.status.success(), "{created:?}");
    let set = drystone(&data, &["relay", "set", &relay.url()]);
    assert_eq!(set.status.code(), Some(3), "{set:?}");
    let error = problem(&set);
    assert_eq!(error["code"], "certificate", "{error}");
    assert!(error["place"].as_str().is_some_and(|place| place.contains(relay.address())), "{error}");
    let listed = json(&drystone(&data, &["list"]));
    assert_eq!(listed["documents"].as_array().map(Vec::len), Some(1), "nothing is lost: {listed}");
}

/// libfaketime's library, which `cargo xtask setup` installs for the tests.
#[cfg(target_os = "linux")]
fn faketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
    folders
        .map(|folder| folder.join("faketime/libfaketime.so.1"))
        .find(|path| path.exists())
        .expect("libfaketime is missing: run `cargo xtask setup`")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_clock_two_years_off_is_said_and_stops_nothing() {
    let relay = Relay::start();
    let alice = Device::new().await;
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    for (offset, direction) in [("-730d", "behind"), ("+730d", "ahead")] {
        let link = alice.invite(Role::Editor).await;
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let off = |args: &[&str]| {
            let mut command = command(&data);
            command.env("LD_PRELOAD", faketime()).env("FAKETIME", offset).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            command.args(args).output().unwrap()
        };
        let joined = off(&["workspace", "join", &link, "--name", "Olga", "--yes"]);
        assert!(joined.status.success(), "{offset}: {joined:?}");
        let synced = off(&["sync"]);
        let states = json(&synced);
        let state = states["sync"].as_array().unwrap().iter().find(|state| !state["relay"].is_null()).unwrap().clone();
        let message = state["problem"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("clock") && message.contains(direction), "{offset}: {state}");
        assert!(message.contains("two years"), "{message}");
        let set = off(&["set", &id, "sections.a", &format!("written {direction}")]);
        assert!(set.status.success(), "{set:?}");
        off(&["sync"]);
        alice.sync().await;
        assert_eq!(alice.export(&id).await, format!("# A\n\nwritten {direction}\n"));
    }
}
