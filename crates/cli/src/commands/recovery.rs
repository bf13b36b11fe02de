//! `drystone recovery`

mod create;
mod rehearse;
mod status;
mod use_kit;

use std::path::PathBuf;

use clap::Subcommand;
use drystone_core::error::{Error, ErrorCode, Result as CoreResult};
use zeroize::Zeroizing;

use crate::output::{Exit, Output, Result};
use crate::{Global, files, unlock};

/// The longest kit that is read, in bytes.
const KIT_LIMIT: u64 = 64 << 10;

/// What `recovery` does.
#[derive(Subcommand)]
pub enum Command {
    /// Show what would come back if all your devices were lost
    Status(status::Arguments),
    /// Make a recovery kit: 24 words to write down or print
    Create(create::Arguments),
    /// Try the kit without using it
    Rehearse(rehearse::Arguments),
    /// Come back on this device with the kit
    Use(use_kit::Arguments),
}

/// Runs a command about the recovery kit.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    match command {
        Command::Status(_) => status::run(global, output).await,
        Command::Create(arguments) => create::run(arguments, global, output).await,
        Command::Rehearse(arguments) => rehearse::run(arguments, global, output).await,
        Command::Use(arguments) => use_kit::run(arguments, global, output).await,
    }
}

/// The words: from a file, asked for on a terminal, or from standard input.
/// Never from the command line, which other programs can read.
fn words(kit: Option<&PathBuf>) -> CoreResult<Zeroizing<String>> {
    let bytes = match kit {
        Some(path) => files::read(path, KIT_LIMIT)?,
        None if unlock::can_ask() => return Ok(Zeroizing::new(unlock::ask_line("The 24 words, on one line: ")?)),
        None => files::read_stdin(KIT_LIMIT)?,
    };
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| {
        Error::new(ErrorCode::BadInput, "The kit is not UTF-8 text.", "Give the 24 words, or the kit's text file.")
    })
}
