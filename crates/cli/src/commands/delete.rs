//! `drystone delete`

use drystone_core::api::{DocumentRef, Empty};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain, short};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone delete payment-platform

Nothing is lost: `drystone list --deleted` still lists it, `drystone restore` brings it back.

With --json: {\"id\", \"title\"}.";

/// Arguments of `delete`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
}

/// Deletes a document.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let document = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?;
        let reference = DocumentRef { document: document.id.clone() };
        let Empty {} = call(app, Request::DocumentDelete(reference)).await?;
        Ok(document)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "id": document.id, "title": document.title }))?;
    } else {
        let (title, id) = (plain(&document.title), short(&document.id));
        output.text(&format!("Deleted {STRONG}{title}{STRONG:#}; `drystone restore {id}` brings it back\n"))?;
    }
    Ok(Exit::DONE)
}
