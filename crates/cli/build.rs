//! Puts the built interface (`ui/dist`) into the binary as a table of files.
//! Without one there is a page that says how to build it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../ui/dist");
    let fallback = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("src/serve/fallback.html");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed={}", fallback.display());
    println!("cargo::rerun-if-changed=build.rs");
    let files = if dist.join("index.html").is_file() { files_in(&dist)? } else { Vec::new() };
    let mut table = String::from("/// Every file of the interface: path, media type, content.\n");
    table += "pub static FILES: &[(&str, &str, &[u8])] = &[\n";
    if files.is_empty() {
        row(&mut table, "index.html", &fallback)?;
    }
    for file in &files {
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?;
        row(&mut table, &path.to_string_lossy().replace('\\', "/"), file)?;
    }
    table += "];\n";
    fs::write(Path::new(&variable("OUT_DIR")?).join("interface.rs"), table)
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

fn files_in(dist: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![dist.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Adds a file. It is copied first: the interface may be built anew between
/// this script and the compiler.
fn row(table: &mut String, name: &str, file: &Path) -> io::Result<()> {
    let content = Path::new(&variable("OUT_DIR")?).join("interface").join(name);
    fs::create_dir_all(content.parent().unwrap_or(&content))?;
    fs::copy(file, &content)?;
    // Debug formatting escapes the path as a string literal.
    writeln!(table, "    ({name:?}, {:?}, include_bytes!({content:?})),", media_type(name)).map_err(io::Error::other)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
