//! The interface's own build: npm packages and the bundle, each only when
//! what it is made from changed.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::shell::{self, Result, npm, read_file, run, target_dir, write_file};

/// What the bundle is made from, beside everything under `ui/src` and `ui/public`.
const INPUTS: &[&str] =
    &["ui/package-lock.json", "ui/index.html", "ui/vite.config.ts", "ui/svelte.config.js", "ui/tsconfig.json"];

/// What `src-tauri/build.rs` puts into the page that stands in for the bundle.
const FALLBACK_MARK: &str = "drystone-fallback-page";

/// Installs npm packages and builds the bundle where they are out of date.
pub fn build_if_stale() -> Result<()> {
    install_if_stale()?;
    let stamp = target_dir().join("xtask/ui-bundle.stamp");
    let inputs = inputs_digest()?;
    if !bundle_exists() || read_file(&stamp).ok().as_deref() != Some(inputs.as_str()) {
        build()?;
        write_file(&stamp, inputs)?;
    }
    Ok(())
}

/// Builds the bundle.
pub fn build() -> Result<()> {
    script("build")
}

/// Runs a script of `ui/package.json`.
pub fn script(name: &str) -> Result<()> {
    run(npm().args(["run", "--silent", "--prefix", "ui", name]))
}

/// `npm ci`, when the lock file is not the one the packages came from.
pub fn install_if_stale() -> Result<()> {
    let stamp = Path::new("ui/node_modules/.drystone-lock");
    let lock = digest(&[PathBuf::from("ui/package-lock.json")])?;
    if read_file(stamp).ok().as_deref() != Some(lock.as_str()) {
        install()?;
        write_file(stamp, lock)?;
    }
    Ok(())
}

/// `npm ci`: exactly the packages of the lock file.
fn install() -> Result<()> {
    run(npm().args(["ci", "--prefix", "ui", "--no-audit", "--no-fund"]))
}

fn bundle_exists() -> bool {
    read_file("ui/dist/index.html").is_ok_and(|page| !page.contains(FALLBACK_MARK))
}

fn inputs_digest() -> Result<String> {
    let mut files: Vec<PathBuf> = INPUTS.iter().map(PathBuf::from).filter(|path| path.is_file()).collect();
    files.extend(shell::files_under("ui/src")?);
    if Path::new("ui/public").is_dir() {
        files.extend(shell::files_under("ui/public")?);
    }
    digest(&files)
}

/// A fingerprint of names and contents; it only has to differ when they do.
fn digest(files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for path in files {
        path.hash(&mut hasher);
        shell::read_bytes(path)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_the_content() {
        let file = std::env::temp_dir().join(format!("drystone-xtask-{}", std::process::id()));
        write_file(&file, "one").unwrap();
        let before = digest(std::slice::from_ref(&file)).unwrap();
        assert_eq!(before, digest(std::slice::from_ref(&file)).unwrap());
        write_file(&file, "two").unwrap();
        assert_ne!(before, digest(std::slice::from_ref(&file)).unwrap());
        std::fs::remove_file(file).unwrap();
    }

    #[test]
    fn the_fallback_page_carries_the_mark() {
        let page = shell::root().unwrap().join("src-tauri/build.rs");
        assert!(read_file(page).unwrap().contains(FALLBACK_MARK));
    }
}
