//! `drystone remove`

use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, with};
use crate::output::text::plain;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone remove payment-platform elements.web-client
  drystone restore payment-platform elements.web-client

What is nested in it and belongs to it goes with it, and so do the relationships of
an element. Nothing is lost: `drystone show DOC trash` lists it. More than ten records
at once need --yes.

With --json: {\"path\", \"summary\"}.";

/// Arguments of `remove`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// A record, such as `elements.web-client`
    path: String,
    /// Also when much goes with it
    #[arg(long)]
    yes: bool,
}

/// Puts a record into the trash.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let applied = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?;
        Ok(app.remove_record(&document.id, &arguments.path, false, arguments.yes).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "path": arguments.path, "summary": applied.summary }))?;
    } else {
        output.text(&format!("{}\n", plain(&applied.summary)))?;
    }
    Ok(Exit::DONE)
}
