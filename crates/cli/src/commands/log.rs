//! `drystone log`

use drystone_core::api::{DocumentRef, LogEntry};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, GOOD, WARN, short};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone log payment-platform
  drystone log payment-platform | head

With --json: {\"entries\": [{\"hash\", \"time\", \"author\", \"summary\", \"operations\", \"stored\"}]},
newest first; `stored` says whether the relay has the change.";

/// Arguments of `log`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
}

/// Shows a document's changes.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let entries: Vec<LogEntry> = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        Ok(call(app, Request::DocumentLog(DocumentRef { document })).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "entries": entries }))?;
        return Ok(Exit::DONE);
    }
    let rows = entries.iter().map(|entry| {
        [
            styled(short(&entry.hash), DIM),
            cell(when(output, &entry.time)),
            cell(&entry.author),
            if entry.stored { styled("stored", GOOD) } else { styled("local", WARN) },
            cell(&entry.summary),
        ]
    });
    output.text(&table(["CHANGE", "WHEN", "WHO", "RELAY", "WHAT"], rows.collect()))?;
    Ok(Exit::DONE)
}
