//! A device: a data folder of its own and the binary that works on it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A device with a key file, so that no keychain and nobody is asked.
pub struct Device {
    folder: TempDir,
}

/// What a call of the binary did.
pub struct Ran {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Device {
    pub fn new() -> Self {
        Device { folder: tempfile::tempdir().unwrap() }
    }

    /// A path in the device's folder, outside of its data.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary on this device's data, without a way to unlock it.
    pub fn locked(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drystone"));
        let unset = ["DRYSTONE_PASSPHRASE", "DRYSTONE_KEY_FILE", "NO_COLOR", "CLICOLOR_FORCE", "XDG_CONFIG_HOME"];
        for variable in unset {
            command.env_remove(variable);
        }
        command.env("DRYSTONE_DATA_DIR", self.data_dir()).env("HOME", self.folder.path());
        // No keychain of the machine that runs the tests is touched.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").env_remove("XDG_RUNTIME_DIR");
        command.stdin(Stdio::null());
        command
    }

    /// The binary on this device's data.
    pub fn command(&self) -> Command {
        let mut command = self.locked();
        command.arg("--key-file").arg(self.path("key"));
        command
    }

    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        finish(self.command().args(arguments))
    }

    /// Runs with something on standard input.
    pub fn feed<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, input: &[u8]) -> Ran {
        feed(self.command().args(arguments), input)
    }

    /// Runs a command that succeeds; what it printed.
    #[track_caller]
    pub fn ok<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        String::from_utf8(ran.stdout).unwrap()
    }

    /// The same as bytes.
    #[track_caller]
    pub fn bytes<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Vec<u8> {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    }

    /// Runs a command that succeeds with `--json`; the one object it printed.
    #[track_caller]
    pub fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Value {
        let ran = finish(self.command().arg("--json").args(arguments));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.stderr, "", "nothing is said beside the object");
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    /// Runs a command that fails with this exit code; the error object.
    #[track_caller]
    pub fn fails<A: AsRef<OsStr>>(&self, code: i32, arguments: impl IntoIterator<Item = A>) -> Value {
        failure(code, finish(self.command().arg("--json").args(arguments)))
    }

    /// Imports Markdown; the new document's id.
    #[track_caller]
    pub fn import(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.file(name, content);
        let imported = self.json([OsStr::new("import"), path.as_os_str()]);
        imported["id"].as_str().unwrap().to_owned()
    }
}

/// Checks that a call with `--json` failed as every failure should look.
#[track_caller]
pub fn failure(code: i32, ran: Ran) -> Value {
    assert_eq!(ran.code, code, "{}", ran.stderr);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "", "standard output stays empty on an error");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    let error = error["error"].clone();
    for part in ["code", "message", "advice"] {
        assert!(error[part].as_str().is_some_and(|text| !text.is_empty()), "{part} in {error}");
    }
    error
}

pub fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn feed(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that fails early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The names of an object, sorted.
pub fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// All files in a folder and the folders in it.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_in(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
