//! The real window: the built program under a display, a bus and a home of its
//! own, driven through WebKit's driver.

use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::group::{Group, free_port, missing};
use crate::page::{PATIENCE, Page};
use crate::process::binary;

/// Windows at a time: each is four processes that want a core.
const PARALLEL: usize = 2;
static SLOTS: Semaphore = Semaphore::const_new(PARALLEL);

/// Where a desktop keeps its secrets.
#[derive(Clone, Copy, PartialEq)]
pub enum Secrets {
    /// A session bus with an unlocked keyring.
    Keychain,
    /// No bus, and so no keychain.
    None,
}

/// A person's desktop: display, home, and with a keychain also a session bus.
pub struct Desktop {
    home: tempfile::TempDir,
    display: String,
    bus: Option<String>,
    // In the order they have to end.
    _keyring: Option<Group>,
    _bus: Option<Group>,
    _display: Group,
    _slot: SemaphorePermit<'static>,
}

impl Desktop {
    /// A new desktop; waits while too many others are in use.
    pub async fn new(secrets: Secrets) -> Desktop {
        let slot = SLOTS.acquire().await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let runtime = home.path().join("run");
        std::fs::create_dir(&runtime).unwrap();
        let (display_group, number) = start_display();
        let mut desktop = Desktop {
            home,
            display: format!(":{number}"),
            bus: None,
            _keyring: None,
            _bus: None,
            _display: display_group,
            _slot: slot,
        };
        if secrets == Secrets::Keychain {
            let (bus, address) = start_bus(&desktop);
            desktop.bus = Some(address);
            desktop._bus = Some(bus);
            desktop._keyring = Some(start_keyring(&desktop));
        }
        desktop
    }

    /// The home folder, in which everything lies that programs leave behind.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The data folder that windows and commands use.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Sets a command's environment to this desktop's.
    fn on<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let home = self.home.path();
        let nowhere = format!("unix:path={}", home.join("no-bus").display());
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus.as_deref().unwrap_or(&nowhere))
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home.join("run"))
            .env("NO_AT_BRIDGE", "1")
            .env("GTK_USE_PORTAL", "0");
        for name in ["WAYLAND_DISPLAY", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "DRYSTONE_PASSPHRASE"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the command line on this desktop's data folder.
    pub fn command_line(&self, args: &[&str]) -> Output {
        let mut command = Command::new(binary("drystone"));
        self.on(&mut command).arg("--data-dir").arg(self.data()).args(args).stdin(Stdio::null()).output().unwrap()
    }

    /// Opens the window and waits until it shows something.
    pub async fn window(&self, args: &[&str]) -> Window {
        let port = free_port();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.home().join("window.log")).unwrap();
        let mut command = Command::new("WebKitWebDriver");
        self.on(&mut command).arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let group = Group::start(&mut command);
        let data = self.data();
        let mut all = vec!["--data-dir", data.to_str().unwrap()];
        all.extend(args);
        let options = json!({ "binary": binary("drystone-desktop"), "args": all });
        let page = Page::connect(port, json!({ "webkitgtk:browserOptions": options })).await;
        page.started().await;
        Window { page, group }
    }

    /// What a rectangle of the display shows from its upper left corner on:
    /// WebKit's driver takes no pictures where there is no graphics card.
    pub fn picture(&self, (width, height): (u32, u32)) -> Vec<u8> {
        let mut command = Command::new("import");
        let size = format!("{width}x{height}+0+0");
        let done = self.on(&mut command).args(["-window", "root", "-crop", &size, "+repage", "png:-"]).output();
        let done = done.unwrap_or_else(|error| missing("import, of ImageMagick,", &error));
        assert!(done.status.success(), "{done:?}");
        done.stdout
    }

    /// Every file beneath the home folder.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.home.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    found.push(entry.path());
                }
            }
        }
        found
    }
}

/// The window, as a page that can be used; killed when it goes out of scope.
pub struct Window {
    page: Page,
    group: Group,
}

impl Deref for Window {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

impl Window {
    /// Ends the window as the end of a session does, with everything stored.
    pub async fn quit(self) {
        let program = self.program().expect("the window runs");
        let asked = Command::new("kill").args(["-TERM", &program.to_string()]).status().unwrap();
        assert!(asked.success());
        let started = Instant::now();
        while Path::new(&format!("/proc/{program}")).exists() && self.program().is_some() {
            assert!(started.elapsed() < PATIENCE, "the window does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a crash does.
    pub fn kill(self) {
        if let Some(program) = self.program() {
            let _gone = Command::new("kill").args(["-KILL", &program.to_string()]).status();
        }
    }

    /// The window's process, a child of the driver.
    fn program(&self) -> Option<u32> {
        let driver = self.group.process().id();
        let children = std::fs::read_to_string(format!("/proc/{driver}/task/{driver}/children")).unwrap_or_default();
        children.split_whitespace().filter_map(|child| child.parse().ok()).find(|child: &u32| {
            let name = std::fs::read_link(format!("/proc/{child}/exe")).unwrap_or_default();
            name == binary("drystone-desktop")
        })
    }
}

fn start_display() -> (Group, String) {
    Group::announced(Command::new("Xvfb").args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]))
}

/// A session bus that starts no programs by itself: those would outlive it.
const BUS: &str = "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context='default'>\
    <allow send_destination='*'/><allow receive_sender='*'/><allow own='*'/></policy></busconfig>";

fn start_bus(desktop: &Desktop) -> (Group, String) {
    let file = desktop.home().join("bus.conf");
    std::fs::write(&file, BUS).unwrap();
    let mut command = Command::new("dbus-daemon");
    desktop.on(&mut command).arg("--config-file").arg(file).args(["--nofork", "--nopidfile", "--print-address=1"]);
    Group::announced(&mut command)
}

/// A keyring that a login has unlocked.
fn start_keyring(desktop: &Desktop) -> Group {
    let mut command = Command::new("gnome-keyring-daemon");
    desktop.on(&mut command).args(["--foreground", "--unlock", "--components=secrets"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut group = Group::start(&mut command);
    group.process_mut().stdin.take().unwrap().write_all(b"login password").unwrap();
    // It answers once its name is on the bus.
    let started = Instant::now();
    loop {
        let mut ask = Command::new("dbus-send");
        let ask = desktop.on(&mut ask).args([
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.DBus",
            "/",
            "org.freedesktop.DBus.NameHasOwner",
            "string:org.freedesktop.secrets",
        ]);
        let answer = ask.output().unwrap_or_else(|error| missing("dbus-send", &error));
        if String::from_utf8_lossy(&answer.stdout).contains("boolean true") {
            return group;
        }
        assert!(started.elapsed() < PATIENCE, "the keyring does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
}
