//! The relay's command line on the folder of a relay, running or not.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use drystone_wire::WorkspaceId;
use serde_json::Value;

use super::BINARY;

/// What a command said: exit code, and its JSON object.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub json: Value,
}

impl Answer {
    /// The object under a name, of a command that did what was asked.
    pub fn done(&self, name: &str) -> &Value {
        assert_eq!(self.code, 0, "{self:?}");
        &self.json[name]
    }

    /// The error's code, of a command that did not.
    pub fn refused(&self) -> &str {
        assert_ne!(self.code, 0, "{self:?}");
        assert!(!self.json["error"]["message"].as_str().unwrap().is_empty());
        self.json["error"]["code"].as_str().unwrap()
    }
}

fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args).arg("--data").arg(data).stdin(Stdio::null());
    command
}

pub fn admin(data: &Path, args: &[&str]) -> Answer {
    let output = command(data, args).arg("--json").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let json = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{args:?}: {error}: {said}\n{}", String::from_utf8_lossy(&output.stderr)));
    Answer { code: output.status.code().unwrap(), json }
}

/// The same for people.
pub fn plainly(data: &Path, args: &[&str]) -> String {
    let output = command(data, args).output().unwrap();
    String::from_utf8(if output.status.success() { output.stdout } else { output.stderr }).unwrap()
}

/// Started, to be killed.
pub fn begun(data: &Path, args: &[&str]) -> Child {
    command(data, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A command about one workspace.
pub fn about(data: &Path, verb: &str, id: &WorkspaceId, rest: &[&str]) -> Answer {
    admin(data, &[&[verb, &id.to_string()], rest].concat())
}
