//! Headless Chromium in front of `drystone serve`, driven through its driver.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::group::{Group, free_port, missing};
use crate::page::Page;
use crate::process::binary;

/// Browsers at a time: each is many processes that want a core.
const PARALLEL: usize = 2;
static SLOTS: Semaphore = Semaphore::const_new(PARALLEL);

/// Names a Chromium goes by.
const CHROMIUMS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What keeps the browser to the page: no sandbox inside a container, nothing
/// fetched behind our back, nothing that moves.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--force-prefers-reduced-motion",
    "--hide-scrollbars",
];

/// The size of the page.
#[derive(Clone, Copy)]
pub enum Screen {
    /// A window whose page has this size.
    Window(u32, u32),
    /// A screen of this size that is touched, with two pixels for one.
    Phone(u32, u32),
}

/// A browser host: `drystone serve` on a data folder of its own.
pub struct Served {
    folder: tempfile::TempDir,
    url: String,
    _process: Group,
}

impl Served {
    /// Starts it on a new data folder.
    pub fn start() -> Served {
        Served::on(tempfile::tempdir().unwrap())
    }

    fn on(folder: tempfile::TempDir) -> Served {
        let mut command = command_line(folder.path());
        let (process, line) = Group::announced(command.args(["--json", "serve", "--listen", "127.0.0.1:0"]));
        let said: Value = serde_json::from_str(&line).unwrap();
        Served { folder, url: said["url"].as_str().unwrap().to_owned(), _process: process }
    }

    /// The address with its token.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs the command line on the same data folder and returns what it prints.
    pub fn command_line(&self, args: &[&str]) -> String {
        let done = command_line(self.folder.path()).args(args).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
}

fn command_line(folder: &Path) -> Command {
    let mut command = Command::new(binary("drystone"));
    command.arg("--data-dir").arg(folder.join("data")).arg("--key-file").arg(folder.join("key"));
    command
}

/// A browser with an empty profile; ended when it goes out of scope.
pub struct Browser {
    page: Page,
    profile: tempfile::TempDir,
    _driver: Group,
    _slot: SemaphorePermit<'static>,
}

impl Deref for Browser {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Browser {
    /// Opens an address in a new browser; waits while too many others run.
    pub async fn open(url: &str, screen: Screen) -> Browser {
        let slot = SLOTS.acquire().await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).env("HOME", profile.path());
        let driver = Group::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        let downloads = profile.path().join("downloads");
        std::fs::create_dir(&downloads).unwrap();
        let mut args: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        args.push(format!("--user-data-dir={}", profile.path().join("profile").display()));
        let mut options = json!({
            "binary": chromium(),
            "prefs": { "download.default_directory": downloads, "download.prompt_for_download": false },
        });
        match screen {
            Screen::Window(width, height) => args.push(format!("--window-size={width},{height}")),
            Screen::Phone(width, height) => {
                let metrics = json!({ "width": width, "height": height, "pixelRatio": 2.0, "touch": true });
                options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
            }
        }
        options["args"] = json!(args);
        let page = Page::connect(port, json!({ "goog:chromeOptions": options })).await;
        if let Screen::Window(width, height) = screen {
            let frame = page.run("return outerHeight - innerHeight", vec![]).await;
            let frame = frame.as_u64().and_then(|frame| u32::try_from(frame).ok()).unwrap_or_default();
            page.client().set_window_size(width, height + frame).await.unwrap();
        }
        page.client().goto(url).await.unwrap();
        page.started().await;
        Browser { page, profile, _driver: driver, _slot: slot }
    }

    /// Where files are saved that the page offers.
    pub fn downloads(&self) -> PathBuf {
        self.profile.path().join("downloads")
    }
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| CHROMIUMS.iter().map(move |name| folder.join(name)))
        .find(|candidate| candidate.is_file());
    found.unwrap_or_else(|| missing("chromium", &std::io::ErrorKind::NotFound.into()))
}
