//! `cargo xtask package`: what is given to users.

use std::path::Path;
use std::process::Command;

use crate::setup::{self, For};
use crate::shell::{Failure, Result, built, cargo, npm, run, target_dir};
use crate::ui;

pub const HELP: &str = "
Usage: cargo xtask package

Builds with optimisation, into target/release:
  bundle/…                       the window as packages of this system: .deb
                                 and .rpm, .dmg, or an installer for Windows
  drystone-VERSION-OS-ARCH.tar.gz  the command line and the relay
";

/// Version of Tauri's command line; 2.12.5 lacks platform packages on npm.
const TAURI_CLI: &str = "@tauri-apps/cli@2.12.3";

/// Tauri's command line, which bundles and draws icons. It is fetched when it
/// is wanted, so that building and testing do without its 20 MB.
pub fn tauri_cli() -> Command {
    let mut command = npm();
    command.args(["exec", "--yes", &format!("--package={TAURI_CLI}"), "--", "tauri"]);
    command
}

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    if !args.is_empty() {
        return Err(Failure::usage("package takes no arguments"));
    }
    setup::ensure(For::Building)?;
    ui::build_if_stale()?;
    run(cargo().args(["build", "--release", "--bins"]))?;
    // The interface is built, and the executable too: only bundle them.
    run(tauri_cli().args(["bundle", "--bundles", bundles()]))?;
    archive()
}

fn bundles() -> &'static str {
    match std::env::consts::OS {
        "windows" => "nsis",
        "macos" => "app,dmg",
        _ => "deb,rpm",
    }
}

/// One archive with what runs without a window. `tar` comes with every
/// system we build on, Windows included.
fn archive() -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("drystone-{version}-{}-{}.tar.gz", std::env::consts::OS, std::env::consts::ARCH);
    let folder = target_dir().join("release");
    let mut command = Command::new("tar");
    command.arg("-czf").arg(folder.join(&name)).arg("-C").arg(&folder);
    for program in ["drystone", "drystone-relay"] {
        let path = built("release", program);
        command.arg(path.file_name().ok_or_else(|| Failure::new("a built file has no name"))?);
    }
    for text in ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        command.arg("-C").arg(std::env::current_dir().unwrap_or_else(|_| Path::new(".").into())).arg(text);
    }
    run(&mut command)?;
    println!("{}", folder.join(name).display());
    Ok(())
}
