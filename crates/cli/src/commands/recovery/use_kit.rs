//! `drystone recovery use`

use std::path::PathBuf;

use drystone_core::api::{Recovered, RecoveryPreview, UseRecovery};
use drystone_core::command::Request;
use drystone_core::error::Error;

use crate::Global;
use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::plain;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone recovery use --relay https://relay.example.org
  drystone recovery use --kit kit.txt
  drystone sync

Makes this device one of yours again, from nothing but the kit. The kit's text names its
relays; with the words alone, give them. Asks before it does anything. Afterwards
revoke the devices that are lost, `drystone device revoke`, and make a new kit if someone
else may have seen this one. Reaches the relays.

Exit code 1 when something could not be brought back.

With --json: {\"person\", \"workspaces\", \"otherDevices\", \"problems\"}.";

/// Arguments of `recovery use`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A relay to ask; may be given several times
    #[arg(long, value_name = "URL")]
    relay: Vec<String>,
    /// A file with the words or the kit's text [default: asks, or reads standard input]
    #[arg(long, value_name = "FILE")]
    kit: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Comes back.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let words = super::words(arguments.kit.as_ref())?;
    let with_kit = || UseRecovery { words: words.to_string(), relays: arguments.relay.clone() };
    let back: Recovered = with(global, Background::Off, async |app| {
        let found: RecoveryPreview = {
            let _spinner = output.spinner("Asking the relays…");
            call(app, Request::RecoveryPreview(with_kit())).await?
        };
        confirm(arguments.yes, &described(&found), "Make this device one of yours?")?;
        let _spinner = output.spinner("Coming back…");
        Ok(call(app, Request::RecoveryUse(with_kit())).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&back)?;
    } else {
        let names: Vec<_> = back.workspaces.iter().map(|row| plain(&row.name).into_owned()).collect();
        output.text(&format!("Back in {}. Now: drystone sync\n", names.join(", ")))?;
        if back.other_devices > 0 {
            output.note(
                "Devices you had before are still in: look with `drystone device list`, revoke those that are lost.\n",
            );
        }
        output.note(&problems(&back.problems));
    }
    Ok(if back.problems.is_empty() { Exit::DONE } else { Exit::FINDINGS })
}

fn described(found: &RecoveryPreview) -> String {
    let mut text = match found.person.as_str() {
        "" => "The kit brings back:\n".to_owned(),
        name => format!("The kit is {}'s and brings back:\n", plain(name)),
    };
    for row in &found.workspaces {
        let people = if row.members == 1 { "one person".to_owned() } else { format!("{} people", row.members) };
        let here = if row.here { ", which is on this device already" } else { "" };
        text += &format!("  {} at {} ({people}){here}\n", plain(&row.name), plain(&row.relay));
    }
    text + &problems(&found.problems)
}

fn problems(list: &[Error]) -> String {
    list.iter()
        .map(|problem| format!("Not brought back: {} {}\n", plain(&problem.message), plain(&problem.advice)))
        .collect()
}
