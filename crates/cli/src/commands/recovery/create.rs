//! `drystone recovery create`

use std::path::PathBuf;

use drystone_core::api::{CreateRecovery, Empty, RecoveryKit, RecoveryStatus};
use drystone_core::command::Request;

use super::status::described;
use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone recovery create
  drystone recovery create --page kit.html     a page to print; delete the file afterwards
  drystone recovery create --yes > kit.txt     in place of the kit before, for a safe

Whoever has the words is you: write them on paper, or print the page, and keep them away
from your computers. They are shown this once and kept nowhere. A new kit takes the place
of the one before. What no relay has stored does not come back with it. Reaches the relays.

With --json: {\"words\": [24], \"page\", \"text\", \"status\": as `recovery status`}.";

/// Arguments of `recovery create`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Write a page to print, in HTML, instead of showing the words
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Do not ask before taking the place of the kit before
    #[arg(long)]
    yes: bool,
}

/// Makes a kit.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let kit: RecoveryKit = with(global, Background::Off, async |app| {
        let before: RecoveryStatus = call(app, Request::RecoveryStatus(Empty {})).await?;
        if before.made.is_some() {
            confirm(
                arguments.yes,
                "There is a recovery kit already. A new one takes its place: the old words work no more.",
                "Make a new one?",
            )?;
        }
        let _spinner = output.spinner("Making the kit known…");
        Ok(call(app, Request::RecoveryCreate(CreateRecovery { replace: before.made.is_some() })).await?)
    })
    .await?;
    if let Some(path) = &arguments.page {
        files::write_private(path, kit.page.as_bytes())?;
    }
    if output.is_json() {
        output.object(&kit)?;
        return Ok(Exit::DONE);
    }
    match &arguments.page {
        Some(path) => {
            output.note(&format!(
                "Wrote {}. Print it, delete the file, and try the kit: drystone recovery rehearse\n",
                path.display()
            ));
        }
        None => {
            output.text(&kit.text)?;
            output.note("These words are shown this once. Try them: drystone recovery rehearse\n");
        }
    }
    output.note(&described(&kit.status, output));
    Ok(Exit::DONE)
}
