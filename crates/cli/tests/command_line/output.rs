//! How the command line speaks, whatever the command.

use std::process::Stdio;

use serde_json::Value;

use crate::device::{Device, failure, finish, names};

const COMMANDS: &[&[&str]] = &[
    &["new"],
    &["list"],
    &["show"],
    &["set"],
    &["import"],
    &["export"],
    &["search"],
    &["log"],
    &["delete"],
    &["restore"],
    &["workspace", "create"],
    &["workspace", "list"],
    &["workspace", "members"],
    &["workspace", "invite"],
    &["workspace", "join"],
    &["workspace", "invitations"],
    &["workspace", "revoke"],
    &["workspace", "role"],
    &["workspace", "remove"],
    &["workspace", "transfer"],
    &["workspace", "leave"],
    &["workspace", "rotate"],
    &["workspace", "refused"],
    &["device", "list"],
    &["device", "request"],
    &["device", "add"],
    &["device", "name"],
    &["device", "revoke"],
    &["relay", "set"],
    &["sync"],
    &["status"],
    &["serve"],
    &["doctor"],
    &["completions"],
];

#[test]
fn help_of_every_command_has_an_example_and_says_what_json_prints() {
    let device = Device::new();
    for command in COMMANDS {
        let help = device.ok(command.iter().chain(&["--help"]));
        assert!(help.contains("Examples:\n  drystone "), "{command:?}: {help}");
        assert!(help.contains("With --json"), "{command:?}: {help}");
    }
    assert!(device.ok(["--help"]).contains("Exit codes"));
    assert!(!device.data_dir().exists(), "help touches nothing");
}

#[test]
fn version_and_help_succeed_and_wrong_arguments_do_not() {
    let device = Device::new();
    assert_eq!(device.ok(["--version"]), format!("drystone {}\n", env!("CARGO_PKG_VERSION")));
    for wrong in [&["nonsense"][..], &["new"], &["list", "--nonsense"], &["export", "x", "--format", "docx"], &[]] {
        let ran = device.run(wrong);
        assert_eq!(ran.code, 2, "{wrong:?}");
        assert!(!ran.stderr.is_empty());
    }
    assert_eq!(device.fails(2, ["new"])["code"], "usage");
    assert!(!device.data_dir().exists(), "wrong arguments touch nothing");
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let device = Device::new();
    let path = device.file("bad.md", b"# ok\n\n\xff");
    let ran = device.run(["import", path.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.stderr);
    assert!(lines[0].starts_with("error: "));
    assert_eq!(lines[1], format!("   at: {}:3:1", path.display()));
    assert!(lines[2].starts_with("  try: "));
}

#[test]
fn colours_are_for_terminals_and_those_who_force_them() {
    let device = Device::new();
    device.ok(["new", "Doors"]);
    let forced = finish(device.command().env("CLICOLOR_FORCE", "1").arg("list"));
    assert!(String::from_utf8_lossy(&forced.stdout).contains("\u{1b}["));
    let refused = finish(device.command().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").arg("list"));
    assert!(!String::from_utf8_lossy(&refused.stdout).contains('\u{1b}'));
}

#[test]
fn a_title_cannot_give_orders_to_the_terminal() {
    let device = Device::new();
    device.import("evil.md", "# Evil \u{1b}]0;owned\u{7} title\n\ntext\n");
    let text = device.ok(["list"]);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let device = Device::new();
    let text = format!("# Long\n\n{}\n", "word ".repeat(60_000));
    device.import("long.md", text);
    let mut child =
        device.command().args(["export", "long"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Nobody reads: the pipe is closed before 300 kB fit into it.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn status_says_where_everything_is() {
    let device = Device::new();
    let status = device.json(["status"]);
    assert_eq!(names(&status), ["dataDir", "keySource", "sync", "userName", "version"]);
    assert_eq!(status["keySource"], "keyFile");
    assert_eq!(status["sync"][0]["phase"], "local");
    assert_eq!(status["sync"][0]["relay"], Value::Null);
    let text = device.ok(["status"]);
    assert!(text.contains("opened with a key file") && text.contains("no relay is set"), "{text}");
}

#[test]
fn doctor_finds_nothing_on_a_healthy_device() {
    let device = Device::new();
    device.ok(["new", "Doors"]);
    let checks = device.json(["doctor"]);
    let checks = checks["checks"].as_array().unwrap();
    assert!(!checks.is_empty());
    for check in checks {
        assert_eq!(names(check), ["advice", "check", "detail", "ok"]);
        assert_eq!(check["ok"], true, "{check}");
    }
    assert!(device.ok(["doctor"]).lines().all(|line| line.starts_with("ok")));
}

#[test]
fn completions_are_printed_for_every_shell_without_opening_anything() {
    let device = Device::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = finish(device.locked().args(["completions", shell]));
        assert_eq!(ran.code, 0);
        assert!(String::from_utf8_lossy(&ran.stdout).contains("drystone"), "{shell}");
    }
    let answer = device.json(["completions", "fish"]);
    assert_eq!(names(&answer), ["script", "shell"]);
    assert!(!device.data_dir().exists());
}

#[test]
fn a_data_folder_can_be_given_either_way() {
    let device = Device::new();
    let elsewhere = device.path("elsewhere");
    device.ok(["--data-dir", elsewhere.to_str().unwrap(), "new", "There"]);
    assert!(elsewhere.join("drystone.db").is_file());
    assert!(!device.data_dir().exists());
    device.ok(["new", "Here", "--data-dir", elsewhere.to_str().unwrap()]);
    let listed = device.json(["list", "--data-dir", elsewhere.to_str().unwrap()]);
    assert_eq!(listed["documents"].as_array().unwrap().len(), 2);
    failure(2, finish(device.command().args(["--json", "show", "here"])));
}

#[test]
fn several_processes_work_on_one_folder_at_once() {
    const PROCESSES: usize = 6;
    let device = Device::new();
    device.ok(["list"]);
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| device.command().args(["new", &format!("Doc {number}")]).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(device.json(["list"])["documents"].as_array().unwrap().len(), PROCESSES);
}
