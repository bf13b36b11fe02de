//! `drystone recovery status`

use drystone_core::api::{Empty, RecoveryStatus};
use drystone_core::command::Request;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{BAD, GOOD, plain};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone recovery status
  drystone --json recovery status | jq '.workspaces[] | select(.covered | not)'

Exit code 1 while there is no kit, or a workspace that it does not bring back.

With --json: {\"made\", \"rehearsed\", \"workspaces\": [{\"workspace\", \"name\", \"relay\",
\"covered\", \"reason\"}], \"waiting\"}; \"made\" is null while there is no kit.";

/// Arguments of `recovery status`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

/// Shows what would come back.
pub async fn run(global: &Global, output: &Output) -> Result<Exit> {
    let status: RecoveryStatus =
        with(global, Background::Off, async |app| Ok(call(app, Request::RecoveryStatus(Empty {})).await?)).await?;
    if output.is_json() {
        output.object(&status)?;
    } else {
        output.text(&described(&status, output))?;
    }
    let whole = status.made.is_some() && status.workspaces.iter().all(|row| row.covered);
    Ok(if whole { Exit::DONE } else { Exit::FINDINGS })
}

/// The same in words, for `create` too.
pub fn described(status: &RecoveryStatus, output: &Output) -> String {
    let mut text = match &status.made {
        None => "There is no recovery kit: whoever loses all devices loses everything that only they had.\n".to_owned(),
        Some(made) => format!(
            "A recovery kit was made {}; {}.\n",
            when(output, made),
            match &status.rehearsed {
                Some(at) => format!("it was last proven to work {}", when(output, at)),
                None => "it was never tried: `drystone recovery rehearse`".to_owned(),
            }
        ),
    };
    for row in &status.workspaces {
        let mark = if row.covered { format!("{GOOD}comes back{GOOD:#}") } else { format!("{BAD}is lost{BAD:#}") };
        let reason = if row.covered { String::new() } else { format!(": {}", plain(&row.reason)) };
        text += &format!("  {}  {mark}{reason}\n", plain(&row.name));
    }
    if status.waiting > 0 {
        text += &format!("{} not sent yet would be lost with this device.\n", changes(status.waiting));
    }
    text
}

fn changes(count: u32) -> String {
    if count == 1 { "One change that is".to_owned() } else { format!("{count} changes that are") }
}
