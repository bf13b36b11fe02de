//! `drystone workspace leave`

use drystone_core::api::{WorkspaceRef, WorkspaceSummary};
use drystone_core::command::Request;

use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace leave --workspace Plant

You leave with all of your devices, which cannot come back; a new data folder can be
invited again. Its documents stay on this device, to be read. The last owner gives ownership
away first. Reaches the relay.

With --json: {\"id\", \"name\", \"role\", \"documents\", \"members\", \"member\", \"sync\"}.";

/// Arguments of `workspace leave`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

/// Leaves a workspace.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let left: WorkspaceSummary = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let what = "You leave the workspace with all of your devices. Its documents stay here, to be read; nothing new\n\
                    arrives, and this device cannot come back.";
        confirm(arguments.yes, what, "Leave?")?;
        let _spinner = output.spinner("Leaving…");
        Ok(call(app, Request::WorkspaceLeave(WorkspaceRef { workspace })).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&left)?;
    } else {
        output.text(&format!("You have left {STRONG}{}{STRONG:#}\n", plain(&left.name)))?;
    }
    Ok(Exit::DONE)
}
