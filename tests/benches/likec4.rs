//! Checking one model, as whole processes: `drystone check` beside LikeC4's
//! validation, which npm installs into the build's folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use drystone_tests::measure::{median, report, timed};
use drystone_tests::process::binary;
use serde_json::{Value, json};

/// The release that is measured against.
const LIKEC4: &str = "likec4@1.59.4";
/// Systems hold this many elements, themselves included.
const SYSTEM: usize = 100;

fn system_of(index: usize) -> usize {
    index - index % SYSTEM
}

/// Relationships between services that are not the same, two from each.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let pairs = (0..count * 2).map(move |index| (index, index % count, (index * 7 + 3) % count));
    pairs.filter(|(_, from, to)| from != to && from % SYSTEM != 0 && to % SYSTEM != 0)
}

fn purpose(index: usize) -> String {
    format!("Does part {index} of what the system has to do.")
}

/// The model in LikeC4's language.
fn likec4(count: usize) -> String {
    let mut out = "specification {\n  element system\n  element service\n}\nmodel {\n".to_owned();
    for index in 0..count {
        let kind = if index % SYSTEM == 0 { "system" } else { "service" };
        if index > 0 && kind == "system" {
            out.push_str("}\n");
        }
        let end = if kind == "system" { "" } else { "\n}" };
        let says = purpose(index);
        writeln!(out, "e{index} = {kind} 'Element {index}' {{\ndescription '{says}'\ntechnology 'Rust'{end}").unwrap();
    }
    out.push_str("}\n");
    let name = |index: usize| format!("e{}.e{index}", system_of(index));
    for (index, from, to) in pairs(count) {
        let (from, to) = (name(from), name(to));
        writeln!(out, "{from} -> {to} 'sends message {index}' {{\ntechnology 'HTTPS'\n}}").unwrap();
    }
    out.push_str("}\nviews {\n  view index {\n    include *\n  }\n}\n");
    out
}

/// The same model in an exported document.
fn fill(document: &mut Value, count: usize) {
    let id = |index: usize| format!("{index:016x}");
    let elements = (0..count).map(|index| {
        let mut element = json!({
            "id": id(index), "name": format!("Element {index}"), "kind": "service",
            "purpose": purpose(index), "technologies": ["Rust"], "parent": id(system_of(index)),
        });
        if index % SYSTEM == 0 {
            element["kind"] = json!("system");
            element.as_object_mut().unwrap().remove("parent");
        }
        element
    });
    let relationships = pairs(count).map(|(index, from, to)| {
        json!({
            "id": id(0x1000_0000 + index), "from": id(from), "to": id(to),
            "description": format!("sends message {index}"), "technology": "HTTPS",
        })
    });
    document["elements"] = elements.collect();
    document["relationships"] = relationships.collect();
}

/// Runs a command to its end; what it prints is not looked at.
fn run(command: &mut Command, succeeds: bool) -> Duration {
    let (status, took) = timed(|| command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap());
    assert!(!succeeds || status.success(), "{command:?} ended with {status}");
    took
}

fn several(runs: usize, mut once: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..runs).map(|_| once()).collect();
    median(&mut times)
}

/// Installs LikeC4 unless it is there; `None` when npm cannot.
fn installed(folder: &Path) -> Option<PathBuf> {
    let script = folder.join("node_modules/likec4/bin/likec4.mjs");
    if !script.exists() {
        std::fs::create_dir_all(folder).unwrap();
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let install = ["install", "--no-audit", "--no-fund", "--prefix", ".", LIKEC4];
        let status = Command::new(npm).args(install).current_dir(folder).stdout(Stdio::null()).status();
        status.ok().filter(std::process::ExitStatus::success)?;
    }
    script.exists().then_some(script)
}

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("likec4");
    let Some(script) = installed(&folder) else {
        eprintln!("npm could not install {LIKEC4}; nothing was measured.");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let drystone = || {
        let mut command = Command::new(binary("drystone"));
        command.current_dir(data.path()).env("DRYSTONE_DATA_DIR", data.path().join("data"));
        command.env("DRYSTONE_KEY_FILE", data.path().join("key"));
        command
    };
    run(drystone().args(["new", "Empty"]), true);
    run(drystone().args(["export", "Empty", "--format", "json", "-o", "empty.json"]), true);
    let empty = std::fs::read(data.path().join("empty.json")).unwrap();
    for (count, runs) in [(1_000, 5), (10_000, 3)] {
        let title = format!("Large {count}");
        let mut document: Value = serde_json::from_slice(&empty).unwrap();
        document["title"] = json!(title);
        fill(&mut document, count);
        std::fs::write(data.path().join("large.json"), document.to_string()).unwrap();
        run(drystone().args(["import", "large.json"]), true);
        let model = data.path().join(count.to_string());
        std::fs::create_dir(&model).unwrap();
        std::fs::write(model.join("model.c4"), likec4(count)).unwrap();
        // Findings end with 1; that the model is read, the export shows.
        let ours = several(runs, || run(drystone().args(["check", &title]), false));
        let exported = drystone().args(["export", &title, "--format", "json", "-o", "-"]).output().unwrap();
        let exported: Value = serde_json::from_slice(&exported.stdout).unwrap();
        assert_eq!(exported["elements"].as_array().unwrap().len(), count);
        let theirs = several(runs, || {
            run(Command::new("node").arg(&script).args(["validate", "--no-layout"]).arg(&model), true)
        });
        report(&format!("check, {count} elements, whole process"), ours, "LikeC4's validation", theirs, 0.1);
    }
}
