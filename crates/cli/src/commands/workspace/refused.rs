//! `drystone workspace refused`

use drystone_core::api::{RefusedEntry, SyncState, WorkspaceRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::STRONG;
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace refused
  drystone workspace refused --note

Lists what came from others and was set aside: who wrote it and why it was not applied.
Nothing of it is dropped; what lacked a key or a record is tried again when that arrives.
With --note it stays in the list and is no longer reported as a problem.

With --json: {\"refused\": [{\"position\", \"author\", \"device\", \"reason\", \"time\", \"noted\"}]}.";

/// Arguments of `workspace refused`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Take note of all of them
    #[arg(long)]
    note: bool,
}

/// Lists entries that were set aside.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let entries: Vec<RefusedEntry> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        if arguments.note {
            let note = WorkspaceRef { workspace: workspace.clone() };
            let _state: SyncState = call(app, Request::SyncNoteRefused(note)).await?;
        }
        Ok(call(app, Request::SyncRefused(WorkspaceRef { workspace })).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "refused": entries }))?;
    } else if entries.is_empty() {
        output.text("Nothing is set aside\n")?;
    } else {
        let rows = entries.iter().map(|entry| {
            [
                cell(entry.position.to_string()),
                styled(if entry.author.is_empty() { "unknown" } else { &entry.author }, STRONG),
                cell(when(output, &entry.time)),
                cell(&entry.reason),
            ]
        });
        output.text(&table(["ENTRY", "AUTHOR", "SET ASIDE", "WHY"], rows.collect()))?;
    }
    Ok(Exit::DONE)
}
