//! A relay process, and a small client made of nothing but the wire crate.

pub mod admin;
pub mod client;
pub mod device;

pub use client::{Client, Refused};
pub use device::{Device, Workspace};

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub const BINARY: &str = env!("CARGO_BIN_EXE_drystone-relay");
/// Names another relay to test, such as an optimised or an installed one.
const OTHER_BINARY: &str = "DRYSTONE_RELAY_TEST_BINARY";

/// A running relay with a folder of its own, killed when dropped.
pub struct Relay {
    child: Child,
    pub url: String,
    pub admin: Option<String>,
    pub home: TempDir,
    args: Vec<String>,
}

impl Relay {
    pub fn start(args: &[&str]) -> Relay {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        Relay::start_at(home, &data, args)
    }

    /// With environment variables.
    pub fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Relay {
        let home = tempfile::tempdir().unwrap();
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_string()).collect();
        let mut command = command(&home.path().join("data"), &args);
        command.envs(environment.iter().copied());
        let (child, url, admin) = spawn(command, home.path(), &args);
        Relay { child, url, admin, home, args }
    }

    /// With its data folder elsewhere than usual.
    pub fn start_at(home: TempDir, data: &Path, args: &[&str]) -> Relay {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_string()).collect();
        let (child, url, admin) = spawn(command(data, &args), home.path(), &args);
        Relay { child, url, admin, home, args }
    }

    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap()
    }

    /// The same with other arguments.
    pub fn start_again_with(&mut self, args: &[&str]) {
        self.args = args.iter().map(|arg| (*arg).to_string()).collect();
        self.start_again();
    }

    /// Starts it again on the same folder, after it was stopped or killed.
    pub fn start_again(&mut self) {
        let (child, url, admin) = spawn(command(&self.data(), &self.args), self.home.path(), &self.args);
        (self.child, self.url, self.admin) = (child, url, admin);
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; the limit is the one of the promise.
    pub fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "the relay did not end within ten seconds:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.ended()
    }

    /// A client with a token for this device.
    pub async fn client(&self, device: &Device) -> Client {
        Client::signed_in(&self.url, &device.key).await.unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn command(data: &Path, args: &[String]) -> Command {
    let mut command = Command::new(std::env::var_os(OTHER_BINARY).unwrap_or_else(|| BINARY.into()));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
    command
}

/// Starts a relay and reads from its standard output where it listens.
pub fn spawn(mut command: Command, home: &Path, args: &[String]) -> (Child, String, Option<String>) {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(home.join("log")).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address = |what: &str| -> String {
        let line = lines.next().and_then(Result::ok).unwrap_or_default();
        let prefix = format!("drystone-relay {what} on ");
        match line.strip_prefix(&prefix) {
            Some(url) => url.to_string(),
            None => panic!("{line:?}\n{}", std::fs::read_to_string(home.join("log")).unwrap()),
        }
    };
    let url = address("listening");
    let admin = args.iter().any(|arg| arg == "--admin-listen").then(|| address("admin"));
    (child, url, admin)
}

/// Runs a relay that cannot start; gives its exit code and what it said.
pub fn refused_start(data: &Path, args: &[&str]) -> (i32, String) {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_string()).collect();
    let output = command(data, &args).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}
