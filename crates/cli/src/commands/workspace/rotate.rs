//! `drystone workspace rotate`

use drystone_core::api::{WorkspaceKeys, WorkspaceRef};
use drystone_core::command::Request;

use crate::data_folder::{Background, call, with};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace rotate
  drystone workspace rotate --show

Renews the keys that everything new is sealed with. It happens by itself when someone is
removed or has left, and every 90 days when an owner or admin is online. Open invitations
go on working. Reaches the relay, unless only shown.

With --json: {\"epoch\", \"since\", \"due\", \"renewable\"}.";

/// Arguments of `workspace rotate`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Only show how old the keys are
    #[arg(long)]
    show: bool,
}

/// Renews a workspace's keys.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let keys: WorkspaceKeys = with(global, Background::Off, async |app| {
        let workspace = WorkspaceRef { workspace: names::workspace(app, arguments.workspace.as_deref()).await? };
        let request = match arguments.show {
            true => Request::WorkspaceKeyAge(workspace),
            false => Request::WorkspaceRotate(workspace),
        };
        let _spinner = output.spinner("Renewing the keys…");
        Ok(call(app, request).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&keys)?;
    } else {
        let (since, due) = (when(output, &keys.since), when(output, &keys.due));
        output.text(&format!("Keys number {}, in use since {since}; renewed by themselves {due}\n", keys.epoch))?;
    }
    Ok(Exit::DONE)
}
