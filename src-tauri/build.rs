//! Checks the window's configuration and names the commands the page may be
//! allowed. Runs with the repository's root as its working directory.

use std::path::Path;

/// Every command of `src-tauri/src`; what is not here cannot be called at all.
const COMMANDS: &[&str] = &["rpc", "save_file", "opened_file", "lock_state", "unlock"];

/// Where the interface's bundle is embedded from.
const PAGE: &str = "ui/dist/index.html";

/// Stands in for the bundle, so that Rust builds without Node. `cargo xtask`
/// knows it by the mark and replaces it.
const FALLBACK_PAGE: &str = "<!doctype html>
<html lang=\"en\">
  <meta charset=\"utf-8\" />
  <meta name=\"drystone-fallback-page\" />
  <title>Drystone</title>
  <h1>The interface has not been built</h1>
  <p>Run <code>cargo xtask run</code>, which builds it and opens this window again.</p>
</html>
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if !Path::new(PAGE).is_file() {
        std::fs::create_dir_all("ui/dist")?;
        std::fs::write(PAGE, FALLBACK_PAGE)?;
    }
    println!("cargo:rerun-if-changed=ui/dist");
    println!("cargo:rerun-if-changed=src-tauri/build.rs");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    tauri_build::try_build(attributes)?;
    Ok(())
}
