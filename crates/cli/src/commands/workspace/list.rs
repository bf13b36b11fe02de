//! `drystone workspace list`

use drystone_core::api::{Empty, Role, WorkspaceSummary};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, STRONG, short};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace list

The first is the default one.

With --json: {\"workspaces\": [{\"id\", \"name\", \"role\", \"documents\", \"members\", \"member\", \"sync\"}]}.";

/// Arguments of `workspace list`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

/// Lists workspaces.
pub async fn run(global: &Global, output: &Output) -> Result<Exit> {
    let workspaces: Vec<WorkspaceSummary> =
        with(global, Background::Off, async |app| Ok(call(app, Request::WorkspaceList(Empty {})).await?)).await?;
    if output.is_json() {
        output.object(&json!({ "workspaces": workspaces }))?;
        return Ok(Exit::DONE);
    }
    let rows = workspaces.iter().map(|workspace| {
        [
            styled(&workspace.name, STRONG),
            styled(short(&workspace.id), DIM),
            cell(role_name(workspace.role)),
            cell(workspace.documents.to_string()),
            cell(workspace.members.to_string()),
            cell(workspace.sync.relay.as_deref().unwrap_or("none")),
        ]
    });
    output.text(&table(["NAME", "ID", "YOU ARE", "DOCUMENTS", "MEMBERS", "RELAY"], rows.collect()))?;
    Ok(Exit::DONE)
}

/// A role as people call it.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Reader => "reader",
    }
}
