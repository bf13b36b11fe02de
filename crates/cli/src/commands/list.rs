//! `drystone list`

use drystone_core::api::{DocumentSummary, ListDocuments};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::names;
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, STRONG, WARN, short};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone list
  drystone --json list | jq -r '.documents[].title'

With --json: {\"documents\": [{\"id\", \"title\", \"slug\", \"template\", \"workspace\", \"created\",
\"updated\", \"deleted\", \"completeness\", \"waiting\", \"excerpt\"}]}.";

/// Arguments of `list`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Only this workspace: a name or the first digits of an id
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Also documents that were deleted
    #[arg(long)]
    deleted: bool,
}

/// Lists documents.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let documents: Vec<DocumentSummary> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let list = ListDocuments { workspace, deleted: arguments.deleted };
        Ok(call(app, Request::DocumentList(list)).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "documents": documents }))?;
    } else if documents.is_empty() {
        output.text("No documents yet. Start one with `drystone new TITLE` or `drystone import FILE`.\n")?;
    } else {
        output.text(&table(
            ["TITLE", "ID", "WRITTEN", "CHANGED", ""],
            documents.iter().map(|document| row(output, document)).collect(),
        ))?;
    }
    Ok(Exit::DONE)
}

fn row(output: &Output, document: &DocumentSummary) -> [crate::output::table::Cell; 5] {
    let completeness = &document.completeness;
    let note = match (&document.deleted, document.waiting) {
        (Some(deleted), _) => styled(format!("deleted {}", when(output, deleted)), DIM),
        (None, 0) => cell(""),
        (None, waiting) => styled(format!("{waiting} waiting for the relay"), WARN),
    };
    [
        styled(&document.title, STRONG),
        styled(short(&document.id), DIM),
        cell(format!("{} of {}", completeness.written, completeness.expected)),
        cell(when(output, &document.updated)),
        note,
    ]
}
