//! `drystone attach add`

use std::path::PathBuf;

use drystone_core::api::{AttachmentView, BeginAttachment};
use serde_json::json;

use super::size;
use crate::Global;
use crate::data_folder::{Background, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone attach add plant sections.overview photo.jpg
  drystone attach add plant elements.pump-7 *.jpg --caption \"As found on 24 November\"
  drystone attach add plant evidence.0f3a report.pdf

Where a photo was taken is taken out of it, with all else that a camera writes into
it but the time and which way is up. --keep-position leaves it all in. Of HEIC, TIFF
and film files it cannot be taken out: they need --keep-position. Files are sealed
before they are written, and a file that is there already is kept once.

A file has at most 1 GiB. Up to 20 MiB comes to the other devices by itself.

With --json: {\"attachments\": [{\"id\", \"name\", \"about\", \"section\", \"caption\", \"mediaType\",
\"size\", \"by\", \"date\", \"state\", \"stored\", \"waits\", \"done\", \"total\", \"problem\"}]}.";

/// Arguments of `attach add`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// A section or record, such as `sections.overview` or `elements.pump-7`
    path: String,
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What they show
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// Keep where photos were taken, and what else cameras write into them
    #[arg(long)]
    keep_position: bool,
}

/// Attaches files.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let added = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let (about, section) = app.attachment_place(&document, &arguments.path).await?;
        let mut added: Vec<AttachmentView> = Vec::with_capacity(arguments.files.len());
        for file in &arguments.files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bar = output.progress(1, &plain(&name));
            let shown = bar.clone();
            let args = BeginAttachment {
                document: document.clone(),
                about: about.clone(),
                section: section.clone(),
                name,
                size: 0,
                caption: arguments.caption.clone(),
                keep_position: arguments.keep_position,
                attachment: None,
            };
            let one = app
                .attach_file(file, args, move |done, total| {
                    shown.set_length(total);
                    shown.set_position(done);
                    true
                })
                .await;
            bar.finish_and_clear();
            added.push(one?);
        }
        Ok(added)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "attachments": added }))?;
    } else {
        for one in &added {
            let size = size(u64::from(one.size));
            output.text(&format!("Attached {STRONG}{}{STRONG:#} ({size})\n", plain(&one.name)))?;
        }
    }
    Ok(Exit::DONE)
}
