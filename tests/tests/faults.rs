//! Every write and every sync of the stores fails, each in one of four ways, with
//! `DRYSTONE_FAULTS=all` in all of them: nothing that was acknowledged is lost,
//! the error says what to do, and the next start works.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::path::Path;
use std::process::{Command, Output};

use drystone_core::api::*;
use drystone_tests::fault::{Disk, FAULT_KINDS, FaultKind};
use drystone_tests::*;
use serde_json::{Value, json};

/// The faults to try with this many operations.
fn faults(operations: u64) -> Vec<(u64, FaultKind)> {
    let all = std::env::var("DRYSTONE_FAULTS").is_ok_and(|value| value == "all");
    let ways = |at: u64| if all { FAULT_KINDS.to_vec() } else { vec![FAULT_KINDS[at as usize % FAULT_KINDS.len()]] };
    (1..=operations).flat_map(|at| ways(at).into_iter().map(move |kind| (at, kind))).collect()
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(binary("drystone"));
    command.arg("--json").arg("--data-dir").arg(data).arg("--key-file").arg(data.with_extension("key"));
    command
}

fn good(data: &Path, args: &[&str]) -> Value {
    let output = command(data).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Names and lengths of a folder's files.
fn files(folder: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())).collect()
}

fn copy(from: &Path, to: &Path) {
    let _none = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn copy_with_key(from: &Path, to: &Path) {
    copy(from, to);
    std::fs::copy(from.with_extension("key"), to.with_extension("key")).unwrap();
}

fn text(data: &Path, document: &str) -> String {
    let shown = good(data, &["show", document, "sections.overview"]);
    shown.as_str().unwrap_or_else(|| panic!("{shown}")).trim().to_owned()
}

/// A command that fails says what, and what to do, as JSON on standard error.
fn check_error(output: &Output, place: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    let line =
        said.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{place}: no error in {output:?}"));
    let error: Value = serde_json::from_str(line).unwrap();
    let words = |field: &str| error["error"][field].as_str().is_some_and(|text| !text.is_empty());
    assert!(words("message") && words("advice") && words("code"), "{place}: {error}");
    assert_ne!(error["error"]["code"], "internal", "{place}: {error}");
}

/// What a damaged or unfinished file would show.
fn check_sound(data: &Path, place: &str) {
    let output = command(data).arg("doctor").output().unwrap();
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{place}: {error}: {output:?}"));
    let wrong: Vec<&Value> = report["checks"].as_array().unwrap().iter().filter(|check| check["ok"] != true).collect();
    assert!(wrong.is_empty(), "{place}: {wrong:?}");
    let half = |name: &str| name.starts_with(".drystone-") || name.ends_with(".tmp") || name.ends_with(".new");
    let left: Vec<String> = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| half(name))
        .collect();
    assert!(left.is_empty(), "{place}: {left:?}");
}

#[test]
fn a_command_whose_disk_fails_keeps_the_old_or_the_new_and_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = (folder.path().join("base"), folder.path().join("data"));
    let id = good(&base, &["new", "Kept", "--template", "compact"])["id"].as_str().unwrap().to_owned();
    good(&base, &["set", &id, "sections.overview", "old"]);
    let run = |disk: &Disk| {
        copy_with_key(&base, &data);
        let mut command = command(&data);
        disk.under(&mut command);
        command.args(["set", &id, "sections.overview", "new"]).output().unwrap()
    };
    let counting = Disk::new(folder.path(), "/data/");
    assert!(run(&counting).status.success());
    let operations = counting.operations();
    assert!(operations > 5, "only {operations} operations were seen");
    let (mut failed, mut killed, mut done) = (0, 0, 0);
    for (at, kind) in faults(operations) {
        let place = format!("{kind:?} at {at} of {operations}");
        let output = run(&Disk::new(folder.path(), "/data/").failing(at, kind));
        match output.status.code() {
            Some(0) => done += 1,
            Some(_) => {
                failed += 1;
                check_error(&output, &place);
            }
            None => {
                killed += 1;
                assert_eq!(kind, FaultKind::Torn, "{place}: {output:?}");
            }
        }
        let now = text(&data, &id);
        let kept = if output.status.success() { now == "new" } else { ["old", "new"].contains(&now.as_str()) };
        assert!(kept, "{place}: {now:?} after {output:?}");
        check_sound(&data, &place);
        good(&data, &["set", &id, "sections.overview", "after"]);
        assert_eq!(text(&data, &id), "after", "{place}");
    }
    eprintln!("{operations} operations, {failed} failed, {killed} killed, {done} done all the same");
    assert!(failed > 0 && killed > 0);
}

#[test]
fn a_first_start_whose_disk_fails_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |disk: &Disk| {
        let _none = std::fs::remove_dir_all(&data);
        let _none = std::fs::remove_file(data.with_extension("key"));
        let mut command = command(&data);
        disk.under(&mut command);
        command.args(["new", "First", "--template", "compact"]).output().unwrap()
    };
    let counting = Disk::new(folder.path(), "/data");
    assert!(run(&counting).status.success());
    let operations = counting.operations();
    assert!(operations > 10, "only {operations} operations were seen");
    for (at, kind) in faults(operations) {
        let place = format!("{kind:?} at {at} of {operations}");
        let output = run(&Disk::new(folder.path(), "/data").failing(at, kind));
        if output.status.code().is_some_and(|code| code != 0) {
            check_error(&output, &place);
        }
        let listed = command(&data).arg("list").output().unwrap();
        assert!(listed.status.success(), "{place}: {output:?}, then {listed:?} with {:?}", files(&data));
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        if output.status.success() {
            assert_eq!(listed["documents"].as_array().unwrap().len(), 1, "{place}: {listed}");
        }
        check_sound(&data, &place);
        good(&data, &["new", "Second", "--template", "compact"]);
    }
    eprintln!("{operations} operations");
}

/// Types a word and says whether it was acknowledged.
async fn write(host: &Host, id: &str, section: &str, word: &str) -> Result<bool, String> {
    let Ok(view) = host.call::<DocumentView>("document.open", json!({ "document": id })).await? else {
        return Ok(false);
    };
    let Some(version) = view.sections.iter().find(|s| s.id == section).map(|s| s.version) else { return Ok(false) };
    let splices = json!([{ "at": 0, "delete": 0, "insert": word }]);
    let args = json!({ "document": id, "section": section, "version": version, "client": "t", "splices": splices });
    Ok(host.call::<Edited>("section.edit", args).await?.is_ok_and(|edited| edited.accepted))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_running_host_acknowledged_is_there_whatever_its_disk_did() {
    const WORDS: u32 = 4;
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = (folder.path().join("base"), folder.path().join("data"));
    let id = good(&base, &["new", "Kept", "--template", "compact"])["id"].as_str().unwrap().to_owned();
    let mut operations = 0;
    let mut refused = 0;
    // First without a fault, to count; then with one at every operation in turn.
    let mut rounds = vec![None];
    while let Some(fault) = rounds.pop() {
        let place = format!("{fault:?} of {operations}");
        copy_with_key(&base, &data);
        let disk = Disk::new(folder.path(), "/data/drystone.db").armed_later();
        let disk = fault.map_or_else(|| disk.clone(), |(at, kind)| disk.clone().failing(at, kind));
        let mut host = Host::on(&data, Some(disk.clone())).await;
        let view: DocumentView = host.call("document.open", json!({ "document": id })).await.unwrap().unwrap();
        let section = view.sections[0].id.clone();
        let mut acknowledged = Vec::new();
        disk.arm();
        for number in 0..WORDS {
            let word = format!("w{number}. ");
            match write(&host, &id, &section, &word).await {
                Ok(true) => acknowledged.push(word),
                Ok(false) => refused += 1,
                Err(_) => break,
            }
        }
        if fault.is_none() {
            operations = disk.operations();
            assert!(operations >= u64::from(WORDS), "only {operations} operations were seen");
            assert_eq!(acknowledged.len(), WORDS as usize);
            rounds.extend(faults(operations).into_iter().map(Some));
        }
        // A disk that works again is written to again.
        disk.disarm();
        let mended = write(&host, &id, &section, "mended ").await;
        if mended.is_ok() {
            assert_eq!(mended, Ok(true), "{place}");
            acknowledged.push("mended ".into());
        }
        host.kill();
        let now = good(&data, &["show", &id]).to_string();
        for word in &acknowledged {
            assert!(now.contains(word.trim()), "{place}: {word} is missing in {now}");
        }
        check_sound(&data, &place);
    }
    eprintln!("{operations} operations, {refused} words refused");
    assert!(refused > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_relay_acknowledged_is_there_whatever_its_disk_did() {
    let folder = tempfile::tempdir().unwrap();
    let mut operations = 0;
    let mut failed = 0;
    let mut rounds = vec![None];
    while let Some(fault) = rounds.pop() {
        let place = format!("{fault:?} of {operations}");
        let mut relay = Relay::start();
        let (alice, bob) = (Device::new().await, Device::new().await);
        let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
        alice.share(&relay.url()).await;
        bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
        relay.kill();
        let disk = Disk::new(folder.path(), "relay.sqlite").armed_later();
        let disk = fault.map_or_else(|| disk.clone(), |(at, kind)| disk.clone().failing(at, kind));
        relay.put_on(Some(disk.clone()));
        relay.resume();
        alice.sync().await;
        disk.arm();
        for word in ["one ", "two ", "three "] {
            alice.prepend(&id, word).await.unwrap();
            let state = &alice.sync().await[0];
            failed += u32::from(state.waiting > 0);
            if state.waiting > 0 {
                assert!(state.problem.is_some() || state.phase == SyncPhase::Offline, "{place}: {state:?}");
            }
        }
        if fault.is_none() {
            operations = disk.operations();
            assert!(operations > 3, "only {operations} operations were seen");
            rounds.extend(faults(operations).into_iter().map(Some));
        }
        let stored = alice.sync().await[0].waiting == 0;
        relay.kill();
        relay.put_on(None);
        relay.resume();
        if stored {
            // Whatever Alice was told is stored comes from the relay alone.
            bob.sync().await;
            assert_eq!(bob.export(&id).await, "# A\n\nthree two one x\n", "{place}");
        }
        let state = &alice.sync().await[0];
        assert_eq!((state.waiting, state.phase), (0, SyncPhase::Idle), "{place}: {state:?}");
        bob.sync().await;
        assert_eq!(bob.export(&id).await, "# A\n\nthree two one x\n", "{place}");
        let checked = Command::new(binary("drystone-relay")).args(["check", "--data"]).arg(relay.data()).output();
        let checked = checked.unwrap();
        assert!(checked.status.success(), "{place}: {checked:?}");
    }
    eprintln!("{operations} operations, {failed} syncs left something waiting");
    assert!(failed > 0);
}
