//! `cargo xtask setup`: what building needs and the machine lacks.

use std::process::Command;

use crate::shell::{Failure, Result, on_path, read, run, succeeds};

pub const HELP: &str = "
Usage: cargo xtask setup [--test]

Installs what building needs and this machine lacks: on Debian, Ubuntu, Fedora
and Arch with their package manager (through sudo when you are not root), on
macOS and Windows it says what to install. With --test also what the tests
need. Does nothing, quickly, when nothing is missing; run, test, bench and
package call it first.
";

/// The oldest Node that the interface's tools run on.
const MIN_NODE: u32 = 20;

/// A package manager: how to ask whether a package is there, how to install.
struct Packager {
    program: &'static str,
    is_installed: fn(&str) -> bool,
    install: &'static [&'static str],
    refresh: Option<&'static [&'static str]>,
    build: &'static [&'static str],
    test: &'static [&'static str],
}

/// The package managers we know; the first that is there is used.
const PACKAGERS: &[Packager] = &[
    Packager {
        program: "apt-get",
        is_installed: |package| {
            read(Command::new("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]))
                .is_ok_and(|status| status == "installed")
        },
        install: &["install", "--yes", "--no-install-recommends"],
        refresh: Some(&["update"]),
        build: &["build-essential", "perl", "pkg-config", "libwebkit2gtk-4.1-dev"],
        test: &[
            "webkit2gtk-driver",
            "xvfb",
            "gnome-keyring",
            "dbus-daemon",
            "dbus-bin",
            "chromium-driver",
            "faketime",
            "strace",
        ],
    },
    Packager {
        program: "dnf",
        is_installed: |package| succeeds(Command::new("rpm").args(["-q", "--whatprovides", package])),
        install: &["install", "-y", "--setopt=install_weak_deps=False"],
        refresh: None,
        build: &["gcc", "gcc-c++", "make", "perl", "pkgconf-pkg-config", "webkit2gtk4.1-devel"],
        // The driver has had several packages; dnf finds the one that has the file.
        test: &[
            "/usr/bin/WebKitWebDriver",
            "xorg-x11-server-Xvfb",
            "gnome-keyring",
            "dbus-daemon",
            "chromedriver",
            "libfaketime",
            "strace",
        ],
    },
    Packager {
        program: "pacman",
        is_installed: |package| succeeds(Command::new("pacman").args(["-Q", package])),
        install: &["-S", "--needed", "--noconfirm"],
        refresh: None,
        build: &["base-devel", "perl", "webkit2gtk-4.1"],
        test: &["xorg-server-xvfb", "gnome-keyring", "dbus", "libfaketime", "strace"],
    },
];

/// Names a Chromium goes by; distributions do not agree on one.
const CHROMIUMS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const MACOS: &str = "Install the command line tools (`xcode-select --install`); Node 20 or later from https://nodejs.org or with \
                     `brew install node`.";
const WINDOWS: &str = "Install the Visual Studio Build Tools with \"Desktop development with C++\", Strawberry Perl \
                       (`winget install StrawberryPerl.StrawberryPerl`), Node 20 or later (`winget install OpenJS.NodeJS.LTS`), and on \
                       Windows 10 the WebView2 runtime (`winget install Microsoft.EdgeWebView2Runtime`).";

/// Whether only building is wanted, or testing too.
#[derive(Clone, Copy, PartialEq)]
pub enum For {
    /// Building and running.
    Building,
    /// Everything.
    Testing,
}

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    let purpose = match args {
        [] => For::Building,
        [flag] if flag == "--test" => For::Testing,
        _ => return Err(Failure::usage("setup takes only --test")),
    };
    ensure(purpose)?;
    println!("Everything that is needed is there.");
    Ok(())
}

/// Installs what is missing; quick when nothing is.
pub fn ensure(purpose: For) -> Result<()> {
    if cfg!(target_os = "linux") {
        ensure_packages(purpose)?;
    } else if cfg!(windows) {
        require(on_path("perl"), "Perl, which builds OpenSSL for SQLCipher, is not on the path", WINDOWS)?;
    } else if cfg!(target_os = "macos") {
        require(on_path("cc"), "there is no C compiler", MACOS)?;
    }
    ensure_node()
}

fn ensure_packages(purpose: For) -> Result<()> {
    let Some(packager) = PACKAGERS.iter().find(|packager| on_path(packager.program)) else {
        return ensure_without_packager();
    };
    let mut missing: Vec<&str> =
        packager.build.iter().copied().filter(|package| !(packager.is_installed)(package)).collect();
    if purpose == For::Testing {
        missing.extend(packager.test.iter().copied().filter(|package| !(packager.is_installed)(package)));
        if !CHROMIUMS.iter().any(|name| on_path(name)) {
            missing.push("chromium");
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("Installing with {}: {}", packager.program, missing.join(" "));
    if let Some(refresh) = packager.refresh {
        run(as_root(packager.program).args(refresh))?;
    }
    run(as_root(packager.program).args(packager.install).args(&missing)).map_err(|failure| {
        failure.advice(format!("Install these packages by hand, then try again: {}", missing.join(" ")))
    })
}

/// On a distribution we do not know, the compiler's own question decides.
fn ensure_without_packager() -> Result<()> {
    require(
        succeeds(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"])),
        "the development files of WebKitGTK 4.1 are missing, and none of apt-get, dnf, pacman is there to install them",
        "Install a C compiler, perl, pkg-config and the development package of webkit2gtk-4.1 with your system's package manager.",
    )
}

fn ensure_node() -> Result<()> {
    let advice = match std::env::consts::OS {
        "macos" => MACOS.to_owned(),
        "windows" => WINDOWS.to_owned(),
        _ => format!(
            "Install Node {MIN_NODE} or later, with npm: from your distribution, https://nodejs.org, or a version switcher."
        ),
    };
    let version = read(Command::new("node").arg("--version")).unwrap_or_default();
    match node_major(&version) {
        None => Err(Failure::new("Node, which builds the interface, is not there").advice(advice)),
        Some(major) if major < MIN_NODE => {
            Err(Failure::new(format!("Node {major} is too old for the interface's tools")).advice(advice))
        }
        Some(_) => require(on_path("npm") || cfg!(windows), "npm is not there, though Node is", &advice),
    }
}

fn node_major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn require(condition: bool, what: &str, advice: &str) -> Result<()> {
    if condition { Ok(()) } else { Err(Failure::new(what).advice(advice)) }
}

fn as_root(program: &str) -> Command {
    let root = read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions() {
        assert_eq!(node_major("v20.11.1\n"), Some(20));
        assert_eq!(node_major(""), None);
    }
}
