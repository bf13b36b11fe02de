//! `drystone attach list`

use drystone_core::api::{AttachmentView, ListAttachments};
use drystone_core::command::Request;
use serde_json::json;

use super::{size, whereabouts};
use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, STRONG};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone attach list plant
  drystone attach list plant elements.pump-7

With --json: {\"attachments\": […]}, as `attach add` prints them. The states: `here`,
`arriving`, `remote` (fetched when asked for), `missing`.";

/// Arguments of `attach list`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// Only those on this section or record
    path: Option<String>,
}

/// Lists attachments.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let list: Vec<AttachmentView> = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let (about, section) = match &arguments.path {
            Some(path) => app.attachment_place(&document, path).await?,
            None => (None, None),
        };
        Ok(call(app, Request::AttachmentList(ListAttachments { document, about, section })).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "attachments": list }))?;
    } else if list.is_empty() {
        output.text("No attachments. Add one with `drystone attach add DOC PATH FILE`.\n")?;
    } else {
        let row = |one: &AttachmentView| {
            let size = size(u64::from(one.size));
            [styled(&one.name, STRONG), cell(size), cell(&one.date), cell(&one.by), styled(whereabouts(one), DIM)]
        };
        output.text(&table(["NAME", "SIZE", "ADDED", "BY", "FILE"], list.iter().map(row).collect()))?;
    }
    Ok(Exit::DONE)
}
