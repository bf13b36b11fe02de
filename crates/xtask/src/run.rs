//! `cargo xtask run`: from a fresh clone to a window with a document in it.

use std::path::PathBuf;
use std::process::Command;

use crate::setup::{self, For};
use crate::shell::{Failure, Result, built, cargo, read, run, target_dir};
use crate::ui;

pub const HELP: &str = "
Usage: cargo xtask run [--browser] [--data-dir DIR]

Builds the interface, the window and the command line, and opens the window on
a sample document. Without a display, or with --browser, it serves the same
interface to a browser and prints the address.

The sample lives in target/demo, with its own key file beside it, so nothing
of yours is touched; `cargo clean` removes it. --data-dir opens another folder
instead, with your keychain, and puts no sample into it.
";

/// The document the demonstration opens, and its title.
const SAMPLE: &str = "docs/sample.md";
const SAMPLE_TITLE: &str = "Tidewatch";

struct Options {
    browser: bool,
    data_dir: Option<PathBuf>,
}

/// Where the documents are and how they are unlocked.
struct Place {
    data_dir: PathBuf,
    key_file: Option<PathBuf>,
    document: Option<&'static str>,
}

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    let options = parse(args)?;
    setup::ensure(For::Building)?;
    ui::build_if_stale()?;
    // All members are selected, as in every other build; only these two are linked.
    run(cargo().args(["build", "--bin", "drystone-desktop", "--bin", "drystone"]))?;
    let place = match options.data_dir {
        Some(data_dir) => Place { data_dir, key_file: None, document: None },
        None => demonstration()?,
    };
    if options.browser || !has_display() {
        serve(&place)
    } else {
        println!("Opening the window on {}.", place.data_dir.display());
        let mut window = Command::new(built("debug", "drystone-desktop"));
        run(with_place(&mut window, &place).args(place.document))
    }
}

fn parse(args: &[String]) -> Result<Options> {
    let mut options = Options { browser: false, data_dir: None };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--browser" => options.browser = true,
            "--data-dir" => {
                let dir = rest.next().ok_or_else(|| Failure::usage("--data-dir needs a folder"))?;
                options.data_dir = Some(PathBuf::from(dir));
            }
            other => return Err(Failure::usage(format!("run does not know `{other}`"))),
        }
    }
    Ok(options)
}

/// The demonstration's own folder. A key file, since this machine may have no
/// keychain and nobody should be asked about a demonstration.
fn demonstration() -> Result<Place> {
    let folder = target_dir().join("demo");
    let place =
        Place { data_dir: folder.join("data"), key_file: Some(folder.join("demo.key")), document: Some(SAMPLE_TITLE) };
    if !place.data_dir.is_dir() {
        println!("Making a sample document in {}; your own documents are not touched.", folder.display());
        std::fs::create_dir_all(&folder)
            .map_err(|e| Failure::new(format!("{} cannot be made: {e}", folder.display())))?;
        read(drystone(&place).args(["--json", "import", SAMPLE]).stderr(std::process::Stdio::inherit()))
            .map_err(|failure| failure.advice(format!("Remove {} and try again.", folder.display())))?;
    }
    Ok(place)
}

fn serve(place: &Place) -> Result<()> {
    if !has_display() {
        println!(
            "There is no display, so the interface is served to a browser. Open the address below; Ctrl+C ends it."
        );
    }
    run(drystone(place).arg("serve"))
}

fn drystone(place: &Place) -> Command {
    let mut command = Command::new(built("debug", "drystone"));
    with_place(&mut command, place);
    command
}

fn with_place<'a>(command: &'a mut Command, place: &Place) -> &'a mut Command {
    command.arg("--data-dir").arg(&place.data_dir);
    if let Some(key_file) = &place.key_file {
        command.arg("--key-file").arg(key_file);
    }
    command
}

/// Whether a window can be opened; only X11 and Wayland can lack the place for it.
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_there() {
        let sample = crate::shell::read_file(crate::shell::root().unwrap().join(SAMPLE)).unwrap();
        assert!(sample.starts_with(&format!("# {SAMPLE_TITLE}\n")));
    }

    #[test]
    fn the_demonstration_never_uses_the_keychain() {
        let place = Place { data_dir: "d".into(), key_file: Some("k".into()), document: Some(SAMPLE_TITLE) };
        assert_eq!(crate::shell::show(&drystone(&place)), "drystone --data-dir d --key-file k");
    }

    #[test]
    fn arguments_are_checked() {
        assert!(parse(&["--data-dir".into()]).is_err());
        assert!(parse(&["--nonsense".into()]).is_err());
        assert!(parse(&["--browser".into()]).unwrap().browser);
    }
}
