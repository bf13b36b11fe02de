//! `drystone attach remove`

use drystone_core::api::{Applied, ApplyEdits};
use drystone_core::command::Request;
use drystone_core::model::edit::Edit;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::plain;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone attach remove plant photo.jpg
  drystone restore plant attachments.photo-jpg

Its file is kept for 30 days; until then it can be restored on every device. After
that the relay is told, and it goes after 30 days more.

With --json: {\"id\", \"summary\"}.";

/// Arguments of `attach remove`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// The attachment: its name, its path or its id
    attachment: String,
}

/// Puts an attachment into the trash.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (id, applied) = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let id = app.attachment_named(&document, &arguments.attachment).await?;
        let edits = vec![Edit::Delete { id: id.clone() }];
        let args = ApplyEdits { document, edits, sections: Vec::new(), summary: None, confirm: false };
        let applied: Applied = call(app, Request::ModelApply(args)).await?;
        Ok((id, applied))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "id": id, "summary": applied.summary }))?;
    } else {
        output.text(&format!("{}\n", plain(&applied.summary)))?;
    }
    Ok(Exit::DONE)
}
