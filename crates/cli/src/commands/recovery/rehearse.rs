//! `drystone recovery rehearse`

use std::path::PathBuf;

use drystone_core::api::{RecoveryRehearsal, RehearseRecovery};
use drystone_core::command::Request;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{BAD, DIM, GOOD, plain};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone recovery rehearse
  drystone recovery rehearse --kit kit.txt
  pass show drystone | drystone recovery rehearse

Does everything that coming back does, as a computer would that knows nothing but the
words, up to the last step, which would bring a device in. Reaches the relays.

Exit code 1 when a workspace would not come back.

With --json: {\"works\", \"workspaces\": [{\"workspace\", \"name\", \"problem\"}]}.";

/// Arguments of `recovery rehearse`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A file with the words or the kit's text [default: asks, or reads standard input]
    #[arg(long, value_name = "FILE")]
    kit: Option<PathBuf>,
}

/// Tries a kit.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let words = super::words(arguments.kit.as_ref())?;
    let tried: RecoveryRehearsal = with(global, Background::Off, async |app| {
        let _spinner = output.spinner("Trying the kit…");
        Ok(call(app, Request::RecoveryRehearse(RehearseRecovery { words: words.to_string() })).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&tried)?;
    } else {
        let mut text = String::new();
        for row in &tried.workspaces {
            text += &match &row.problem {
                None => format!("{GOOD}comes back{GOOD:#}  {}\n", plain(&row.name)),
                Some(problem) => format!(
                    "{BAD}does not{BAD:#}    {}: {}\n            {DIM}try:{DIM:#} {}\n",
                    plain(&row.name),
                    plain(&problem.message),
                    plain(&problem.advice)
                ),
            };
        }
        output.text(&text)?;
    }
    Ok(if tried.works { Exit::DONE } else { Exit::FINDINGS })
}
