//! `drystone relay`

use clap::Subcommand;
use drystone_core::api::{SetRelay, SyncState};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};

use crate::commands::status;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone relay set https://relay.example.org
  drystone relay set https://relay.example.org --workspace Plant
  drystone relay set \"\"        (leave the relay; everything stays on this device)

With --json: how synchronisation stands, {\"workspace\", \"relay\", \"phase\", \"waiting\", …}.";

/// What `relay` does.
#[derive(Subcommand)]
pub enum Command {
    /// Set the relay of a workspace
    Set(SetArguments),
}

/// Arguments of `relay set`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct SetArguments {
    /// The relay's address; empty to leave it
    url: String,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Runs a command about relays.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    let Command::Set(arguments) = command;
    check(&arguments.url)?;
    let state: SyncState = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let set = SetRelay { workspace, url: arguments.url.trim().to_owned() };
        let _spinner = output.spinner("Setting the relay…");
        Ok(call(app, Request::RelaySet(set)).await?)
    })
    .await?;
    // A relay that is away just now is met later; with any other problem waiting does not help.
    if let Some(problem) = state.problem.clone().filter(|problem| problem.code != ErrorCode::Unreachable) {
        return Err(problem.into());
    }
    if output.is_json() {
        output.object(&state)?;
    } else if let Some(relay) = &state.relay {
        output.text(&format!(
            "The relay is {STRONG}{}{STRONG:#}. {}\n",
            plain(relay),
            status::sentence(output, &state)
        ))?;
        if let Some(problem) = &state.problem {
            output.warning(&format!("{} {}", plain(&problem.message), plain(&problem.advice)));
        }
    } else {
        output.text("There is no relay now; everything stays on this device.\n")?;
    }
    Ok(Exit::DONE)
}

fn check(url: &str) -> Result<()> {
    let url = url.trim();
    if url.is_empty() || url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::BadInput,
        "This is not the address of a relay.",
        "Give an address that starts with https:// (or http:// in a trusted network).",
    )
    .at(url)
    .into())
}
