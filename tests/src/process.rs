//! Real processes: the relay and the browser host, started, killed, started again.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use drystone_core::error::Error;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How long a process may take to say that it is ready.
const START: Duration = Duration::from_secs(60);

/// A binary of this workspace; it is built before the tests run.
pub fn binary(name: &str) -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().and_then(Path::parent).unwrap();
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is missing: run `cargo build` first", path.display());
    path
}

/// Starts a process and waits for a line on its standard output that holds
/// `marker`; returns what follows the marker up to white space.
fn start(command: &mut Command, marker: &'static str, log: &Path) -> (Child, String) {
    let errors = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    let log = log.to_path_buf();
    std::thread::spawn(move || {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        for line in output.lines().map_while(Result::ok) {
            let _kept = writeln!(log, "{line}");
            if let Some((_, rest)) = line.split_once(marker) {
                let _listening = sender.send(rest.split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
    });
    match receiver.recv_timeout(START) {
        Ok(found) => (child, found),
        Err(_) => {
            let _dead = child.kill();
            panic!("{command:?} did not say “{marker}”")
        }
    }
}

/// A relay process with a data folder that outlives it.
pub struct Relay {
    folder: tempfile::TempDir,
    process: Option<Child>,
    address: String,
    /// Certificate and key.
    tls: Option<(PathBuf, PathBuf)>,
    /// How long envelopes stay behind snapshots, in seconds.
    grace: Option<u64>,
    #[cfg(target_os = "linux")]
    disk: Option<crate::fault::Disk>,
}

impl Relay {
    /// Starts a relay on a free port of the loopback interface.
    pub fn start() -> Relay {
        Relay::started(None, None)
    }

    /// The same, which deletes envelopes behind snapshots so many seconds after
    /// they were confirmed.
    pub fn start_with_grace(seconds: u64) -> Relay {
        Relay::started(None, Some(seconds))
    }

    /// Removes what is due at once, as it does by itself every few seconds.
    /// Returns in how many steps.
    pub fn collect(&self) -> u64 {
        let mut command = Command::new(binary("drystone-relay"));
        let output = command.args(["collect", "--json", "--data"]).arg(self.data()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        said["collected"]["steps"].as_u64().unwrap()
    }

    /// Whether everything that it stores verifies.
    pub fn verifies(&self) -> bool {
        let mut command = Command::new(binary("drystone-relay"));
        command.args(["check", "--data"]).arg(self.data()).output().unwrap().status.success()
    }

    /// The same, speaking TLS.
    pub fn start_with_tls(certificate: &Path, key: &Path) -> Relay {
        Relay::started(Some((certificate.to_path_buf(), key.to_path_buf())), None)
    }

    fn started(tls: Option<(PathBuf, PathBuf)>, grace: Option<u64>) -> Relay {
        let mut relay = Relay {
            folder: tempfile::tempdir().unwrap(),
            process: None,
            address: "127.0.0.1:0".into(),
            tls,
            grace,
            #[cfg(target_os = "linux")]
            disk: None,
        };
        relay.resume();
        relay
    }

    /// From its next start on it runs on this disk.
    #[cfg(target_os = "linux")]
    pub fn put_on(&mut self, disk: Option<crate::fault::Disk>) {
        self.disk = disk;
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it printed and logged.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("relay.log")
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Starts it again on the same folder and port.
    pub fn resume(&mut self) {
        let mut command = Command::new(binary("drystone-relay"));
        command.arg("serve").args(["--listen", &self.address]).arg("--data").arg(self.data());
        // All of a test's devices come from one address; the limits have tests of their own.
        command.args(["--address-rate", "0", "--anonymous-rate", "0", "--device-rate", "0"]);
        command.env("RUST_LOG", "debug");
        if let Some(grace) = self.grace {
            command.args(["--compaction-grace", &grace.to_string()]);
        }
        if let Some((certificate, key)) = &self.tls {
            command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        }
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            disk.under(&mut command);
        }
        let (process, url) = start(&mut command, "listening on http", &self.log());
        self.address = url.trim_start_matches('s').trim_start_matches("://").trim_end_matches('/').to_owned();
        self.process = Some(process);
    }

    /// Kills it without warning.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _gone = process.kill();
            process.wait().unwrap();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A `drystone serve` process: a device that can be killed.
pub struct Host {
    data: PathBuf,
    process: Option<Child>,
    url: String,
    client: reqwest::Client,
    cookie: String,
    #[cfg(target_os = "linux")]
    disk: Option<crate::fault::Disk>,
}

impl Host {
    /// Starts it on a data folder with a key file beside it, and on a disk that may fail.
    #[cfg(target_os = "linux")]
    pub async fn on(data: &Path, disk: Option<crate::fault::Disk>) -> Host {
        let mut host = Host::new(data);
        host.disk = disk;
        host.resume().await;
        host
    }

    /// Starts it on a data folder with a key file beside it.
    pub async fn start(data: &Path) -> Host {
        let mut host = Host::new(data);
        host.resume().await;
        host
    }

    fn new(data: &Path) -> Host {
        Host {
            data: data.to_path_buf(),
            process: None,
            url: String::new(),
            client: reqwest::Client::new(),
            cookie: String::new(),
            #[cfg(target_os = "linux")]
            disk: None,
        }
    }

    /// Starts it again on the same folder, on any port.
    pub async fn resume(&mut self) {
        let mut command = Command::new(binary("drystone"));
        command.arg("--data-dir").arg(&self.data).arg("--key-file").arg(self.data.with_extension("key"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            disk.under(&mut command);
        }
        let (process, address) = start(&mut command, "served at ", &self.data.with_extension("log"));
        self.process = Some(process);
        let (url, token) = address.split_once("/#token=").unwrap();
        self.url = url.to_owned();
        let reply = self
            .client
            .post(format!("{url}/session"))
            .header("origin", url)
            .json(&json!({ "token": token }))
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_success(), "{reply:?}");
        let cookie = reply.headers()["set-cookie"].to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// Runs a command; the outer error says that the process did not answer.
    ///
    /// # Errors
    /// The connection's; inside it the command's.
    pub async fn call<T: DeserializeOwned>(&self, command: &str, args: Value) -> Result<Result<T, Error>, String> {
        let reply = self
            .client
            .post(format!("{}/rpc", self.url))
            .header("origin", &self.url)
            .header("cookie", &self.cookie)
            .json(&json!({ "command": command, "args": args }))
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let good = reply.status().is_success();
        let bytes = reply.bytes().await.map_err(|error| error.to_string())?;
        let problem = |error: serde_json::Error| format!("{error}: {}", String::from_utf8_lossy(&bytes));
        if good {
            serde_json::from_slice(&bytes).map(Ok).map_err(problem)
        } else {
            serde_json::from_slice(&bytes).map(Err).map_err(problem)
        }
    }

    /// Kills it without warning.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _gone = process.kill();
            process.wait().unwrap();
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}
