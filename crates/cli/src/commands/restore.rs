//! `drystone restore`

use drystone_core::api::{DocumentRef, Empty};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::names;
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone list --deleted
  drystone restore payment-platform
  drystone restore payment-platform elements.web-client

With --json: {\"id\", \"title\"}; with a path {\"path\", \"summary\"}.";

/// Arguments of `restore`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Title, slug or first digits of the id of a deleted document
    #[arg(value_name = "DOC")]
    document: String,
    /// A record in the document's trash, such as `elements.web-client`, instead of the document
    path: Option<String>,
}

/// Brings a deleted document back.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    if let Some(path) = &arguments.path {
        return restore_record(&arguments.document, path, global, output).await;
    }
    let document = with(global, Background::Off, async |app| {
        let document = names::deleted_document(app, &arguments.document).await?;
        let reference = DocumentRef { document: document.id.clone() };
        let Empty {} = call(app, Request::DocumentRestore(reference)).await?;
        Ok(document)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "id": document.id, "title": document.title }))?;
    } else {
        output.text(&format!("Restored {STRONG}{}{STRONG:#}\n", plain(&document.title)))?;
    }
    Ok(Exit::DONE)
}

async fn restore_record(document: &str, path: &str, global: &Global, output: &Output) -> Result<Exit> {
    let applied = with(global, Background::Off, async |app| {
        let document = app.resolve_document(document).await?;
        Ok(app.remove_record(&document.id, path, true, false).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "path": path, "summary": applied.summary }))?;
    } else {
        output.text(&format!("{}\n", plain(&applied.summary)))?;
    }
    Ok(Exit::DONE)
}
