//! `cargo xtask generate`: what is generated and committed.

use std::process::Stdio;

use crate::icons;
use crate::shell::{Failure, Result, cargo, read, read_file, write_file};

pub const HELP: &str = "
Usage: cargo xtask generate [types|pages|icons] [--check]

  types   ui/src/backend/generated/api.ts, from the command table and the data
          types of crates/core
  pages   pages of docs/ that follow from tables in crates/model
  icons   icons/*.png, icon.ico and icon.icns, from the two SVG drawings
  Without a word: types and pages.
  --check only says whether they are current
";

/// What is generated: its path, and how it is printed.
struct Generated {
    path: &'static str,
    /// The example that prints it, and its argument.
    example: &'static [&'static str],
}

/// The TypeScript face of the core.
const TYPES: Generated = Generated { path: "ui/src/backend/generated/api.ts", example: &["typescript"] };

/// Pages of the documentation, and what else follows from the model's table.
const PAGES: &[Generated] = &[
    Generated { path: "docs/model.md", example: &["page", "--", "model"] },
    Generated { path: "ui/src/backend/generated/schema.json", example: &["typescript", "--", "schema"] },
    Generated { path: "docs/checks.md", example: &["page", "--", "checks"] },
    Generated { path: "docs/document.schema.json", example: &["page", "--", "json-schema"] },
    Generated { path: "docs/template-fields.md", example: &["page", "--", "template-fields"] },
];

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        [] => write_all(std::iter::once(&TYPES).chain(PAGES)),
        ["types"] => write_all([&TYPES]),
        ["pages"] => write_all(PAGES),
        ["--check"] => check_all(),
        ["types", "--check"] => check(&TYPES),
        ["pages", "--check"] => PAGES.iter().try_for_each(check),
        ["icons"] => icons::generate(),
        _ => Err(Failure::usage("generate takes types, pages or icons, and --check")),
    }
}

fn write_all(all: impl IntoIterator<Item = &'static Generated>) -> Result<()> {
    for generated in all {
        let path = generated.path;
        let text = print(generated)?;
        if read_file(path).ok().as_deref() == Some(text.as_str()) {
            println!("{path} is current.");
        } else {
            write_file(path, text)?;
            println!("{path} is written anew.");
        }
    }
    Ok(())
}

/// Fails when something that is committed is not what is generated.
pub fn check_all() -> Result<()> {
    std::iter::once(&TYPES).chain(PAGES).try_for_each(check)
}

fn check(generated: &Generated) -> Result<()> {
    let path = generated.path;
    let committed = read_file(path)?.replace("\r\n", "\n");
    let text = print(generated)?;
    if committed == text {
        println!("{path} is current.");
        return Ok(());
    }
    let place = committed.lines().zip(text.lines()).position(|(old, new)| old != new);
    let line = place.unwrap_or(committed.lines().count().min(text.lines().count())) + 1;
    Err(Failure::new(format!("{path}:{line}: is not what is generated"))
        .advice("Run `cargo xtask generate` and commit the result."))
}

/// Without `--package`, so that features are those of every other build and
/// nothing is compiled twice.
fn print(generated: &Generated) -> Result<String> {
    read(cargo().args(["run", "--quiet", "--example"]).args(generated.example).stderr(Stdio::inherit()))
}
