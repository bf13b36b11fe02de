//! `drystone workspace create`

use drystone_core::api::{CreateWorkspace, WorkspaceSummary};
use drystone_core::command::Request;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, STRONG, plain, short};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace create Plant

With --json: {\"id\", \"name\", \"role\", \"documents\", \"members\", \"member\", \"sync\"}.";

/// Arguments of `workspace create`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Its name; only members can read it
    name: String,
}

/// Creates a workspace.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let create = CreateWorkspace { name: arguments.name };
    let workspace: WorkspaceSummary =
        with(global, Background::Off, async |app| Ok(call(app, Request::WorkspaceCreate(create)).await?)).await?;
    if output.is_json() {
        output.object(&workspace)?;
    } else {
        let (name, id) = (plain(&workspace.name), short(&workspace.id));
        output.text(&format!("Created the workspace {STRONG}{name}{STRONG:#} {DIM}({id}){DIM:#}\n"))?;
    }
    Ok(Exit::DONE)
}
