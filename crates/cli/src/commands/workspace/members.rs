//! `drystone workspace members`

use drystone_core::api::{Member, WorkspaceRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::commands::workspace::list::role_name;
use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, STRONG, short};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace members
  drystone workspace members --workspace Plant

With --json: {\"members\": [{\"id\", \"name\", \"role\", \"you\", \"devices\", \"mayBecome\", \"removable\"}]}.";

/// Arguments of `workspace members`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Lists members.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let members: Vec<Member> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        Ok(call(app, Request::WorkspaceMembers(WorkspaceRef { workspace })).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "members": members }))?;
        return Ok(Exit::DONE);
    }
    output.text(&described(&members))?;
    Ok(Exit::DONE)
}

/// The list as a table.
pub fn described(members: &[Member]) -> String {
    let rows = members.iter().map(|member| {
        [
            styled(&member.name, STRONG),
            styled(short(&member.id), DIM),
            cell(role_name(member.role)),
            cell(member.devices.to_string()),
            cell(if member.you { "you" } else { "" }),
        ]
    });
    table(["NAME", "ID", "ROLE", "DEVICES", ""], rows.collect())
}
