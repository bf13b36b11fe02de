//! Licences, banned and duplicate crates, sources and advisories, by
//! cargo-deny. Its installation takes minutes and runs beside other steps.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::json::Json;
use crate::shell::{Failure, Result, cargo, read, read_file, run, succeeds, target_dir};

/// The version the configuration in deny.toml is written for.
const CARGO_DENY: &str = "0.20.2";

/// Licences an npm package may have. What ends up in the bundle is only a
/// part of them; the list holds for the tools too.
const NPM_LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CC-BY-4.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "PSF-2.0",
    "Unlicense",
    "Zlib",
];

/// cargo-deny being installed, or found.
pub struct Install {
    child: Option<Child>,
}

impl Install {
    /// Starts the installation, unless the right version is there.
    pub fn start() -> Install {
        if is_right_version() {
            return Install { child: None };
        }
        println!("cargo-deny {CARGO_DENY} is being installed into {} meanwhile.", tools().display());
        let child = cargo()
            .args(["install", "--quiet", "--locked", "cargo-deny", "--version", CARGO_DENY, "--root"])
            .arg(tools())
            // Its own folder, or it would wait for the build's lock.
            .env("CARGO_TARGET_DIR", tools().join("build"))
            .stdin(Stdio::null())
            .spawn();
        Install { child: child.ok() }
    }

    fn finish(self) -> Result<()> {
        if let Some(mut child) = self.child {
            println!("Waiting for cargo-deny to be installed.");
            child.wait().map_err(|e| Failure::new(format!("cargo install could not be waited for: {e}")))?;
        }
        match is_right_version() {
            true => Ok(()),
            false => Err(Failure::new("cargo-deny could not be installed")
                .advice("Its messages stand further up; crates.io must be reachable once.")),
        }
    }
}

/// The step.
pub fn check(install: Option<Install>) -> Result<()> {
    check_npm(&read_file("ui/package-lock.json")?)?;
    install.unwrap_or_else(Install::start).finish()?;
    run(deny().args(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]))?;
    if succeeds(deny().args(["fetch", "db"])) {
        run(deny().args(["check", "--hide-inclusion-graph", "advisories"]))
    } else {
        println!(
            "Advisories were NOT checked: the database at github.com/rustsec/advisory-db cannot be reached from here."
        );
        Ok(())
    }
}

fn check_npm(lock: &str) -> Result<()> {
    let lock = Json::parse(lock).ok_or_else(|| Failure::new("ui/package-lock.json is not JSON"))?;
    let packages = lock.get("packages").map(Json::fields).unwrap_or_default();
    let refused: Vec<String> = packages
        .iter()
        .filter(|(path, _)| !path.is_empty())
        .filter_map(|(path, package)| {
            let licence = package.get("license").and_then(Json::text).unwrap_or("none");
            (!is_allowed(licence)).then(|| format!("{path} ({licence})"))
        })
        .collect();
    if !refused.is_empty() {
        return Err(Failure::new(format!(
            "npm packages with a licence that is not on the list: {}",
            refused.join(", ")
        ))
        .advice(
            "Choose another package, or add the licence in crates/xtask/src/test/licences.rs if it allows our use.",
        ));
    }
    println!("{} npm packages have licences that are allowed.", packages.len().saturating_sub(1));
    Ok(())
}

/// Any alternative of `A OR B` will do; of `A AND B` all must be allowed.
fn is_allowed(licence: &str) -> bool {
    let plain = licence.replace(['(', ')'], "");
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(|name| NPM_LICENCES.contains(&name.trim())))
}

fn tools() -> PathBuf {
    target_dir().join("tools")
}

fn deny() -> Command {
    Command::new(tools().join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX)))
}

fn is_right_version() -> bool {
    read(deny().arg("--version")).is_ok_and(|line| line.split_whitespace().nth(1) == Some(CARGO_DENY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_expressions() {
        assert!(is_allowed("MIT"));
        assert!(is_allowed("(MPL-2.0 OR Apache-2.0)"));
        assert!(is_allowed("MIT AND ISC"));
        assert!(!is_allowed("MIT AND GPL-3.0"));
        assert!(!is_allowed("none"));
    }

    #[test]
    fn a_package_under_another_licence_is_found() {
        let lock = r#"{"packages": {"": {}, "node_modules/a": {"license": "MIT"}, "node_modules/b": {"license": "AGPL-3.0"}}}"#;
        assert!(check_npm(lock).unwrap_err().what.contains("node_modules/b (AGPL-3.0)"));
        assert!(check_npm(&lock.replace("AGPL-3.0", "ISC")).is_ok());
    }
}
