//! What is asked on a terminal. `script`, which every Linux has, gives one.

use std::process::Command;

use crate::device::{Device, Ran, feed};

/// Runs the binary on a terminal of its own where these answers are typed.
fn on_terminal(device: &Device, arguments: &str, answers: &str) -> Option<Ran> {
    let locked = device.locked();
    let mut command = Command::new("script");
    for (name, value) in locked.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "xterm");
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_drystone"));
    command.args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"]);
    let supported = Command::new("script").arg("--version").output().is_ok_and(|version| version.status.success());
    supported.then(|| feed(&mut command, answers.as_bytes()))
}

fn said(ran: &Ran) -> String {
    String::from_utf8_lossy(&ran.stdout).replace("\r\n", "\n")
}

#[test]
fn without_a_keychain_the_choice_is_explained_and_a_passphrase_asked_for_twice() {
    let device = Device::new();
    let Some(ran) = on_terminal(&device, "new Doors", "1\none\ntwo\nsecret\nsecret\n") else { return };
    let text = said(&ran);
    assert_eq!(ran.code, 0, "{text}");
    assert!(text.contains("a passphrase, asked for at every start"), "{text}");
    assert!(text.contains("a key file that only you may read"), "{text}");
    assert!(text.contains("The two are different."), "{text}");
    let again = on_terminal(&device, "show doors title", "secret\n").unwrap();
    assert!(said(&again).contains("Doors"), "{}", said(&again));
    let wrong = on_terminal(&device, "list", "guess\n").unwrap();
    assert_eq!(wrong.code, 3, "{}", said(&wrong));
}

#[test]
fn a_key_file_is_made_only_when_it_is_chosen() {
    let device = Device::new();
    let Some(ran) = on_terminal(&device, "new Doors", "\n") else { return };
    assert_eq!(ran.code, 3, "{}", said(&ran));
    let key = device.path(".config/drystone/drystone.key");
    assert!(!key.exists() && !device.data_dir().join("drystone.db").exists());
    let ran = on_terminal(&device, "new Doors", "2\n").unwrap();
    assert_eq!(ran.code, 0, "{}", said(&ran));
    assert!(said(&ran).contains(key.to_str().unwrap()), "{}", said(&ran));
    assert!(key.is_file());
}

#[test]
fn terminals_get_colours_relative_times_and_a_final_newline() {
    let device = Device::new();
    device.ok(["new", "Doors"]);
    device.ok(["set", "doors", "sections.overview", "One line."]);
    let key = device.path("key");
    let Some(ran) = on_terminal(&device, &format!("--key-file {} list", key.display()), "") else { return };
    assert_eq!(ran.code, 0, "{}", said(&ran));
    assert!(said(&ran).contains("\u{1b}[") && (said(&ran).contains("just now") || said(&ran).contains(" ago")));
    let show = on_terminal(&device, &format!("--key-file {} show doors sections.overview", key.display()), "").unwrap();
    assert!(said(&show).ends_with("One line.\n"), "{:?}", said(&show));
}
