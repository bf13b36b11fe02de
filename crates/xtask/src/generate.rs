//! `cargo xtask generate`: what is generated and committed.

use std::process::Stdio;

use crate::icons;
use crate::shell::{Failure, Result, cargo, read, read_file, write_file};

pub const HELP: &str = "
Usage: cargo xtask generate [types|icons] [--check]

  types   ui/src/backend/generated/api.ts, from the command table and the data
          types of crates/core (the default)
  icons   icons/*.png, icon.ico and icon.icns, from the two SVG drawings
  --check only says whether the types are current
";

/// The TypeScript face of the core.
const TYPES: &str = "ui/src/backend/generated/api.ts";

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["types"] => write_types(),
        ["--check"] | ["types", "--check"] => check_types(),
        ["icons"] => icons::generate(),
        _ => Err(Failure::usage("generate takes types or icons, and --check")),
    }
}

fn write_types() -> Result<()> {
    let types = print_types()?;
    if read_file(TYPES).ok().as_deref() == Some(types.as_str()) {
        println!("{TYPES} is current.");
        return Ok(());
    }
    write_file(TYPES, types)?;
    println!("{TYPES} is written anew.");
    Ok(())
}

/// Fails when the committed types are not those of the core.
pub fn check_types() -> Result<()> {
    let committed = read_file(TYPES)?.replace("\r\n", "\n");
    let types = print_types()?;
    match committed.lines().zip(types.lines()).position(|(old, new)| old != new) {
        None if committed == types => {
            println!("{TYPES} is current.");
            Ok(())
        }
        place => {
            let line = place.map_or(committed.lines().count().min(types.lines().count()), |index| index) + 1;
            Err(Failure::new(format!("{TYPES}:{line}: is not what the core's types generate"))
                .advice("Run `cargo xtask generate` and commit the result."))
        }
    }
}

/// The types as the core prints them. Without `--package`, so that features
/// are those of every other build and nothing is compiled twice.
fn print_types() -> Result<String> {
    read(cargo().args(["run", "--quiet", "--example", "typescript"]).stderr(Stdio::inherit()))
}
