//! `drystone attach save`

use std::path::{Path, PathBuf};

use drystone_core::App;
use drystone_core::api::{AttachmentRef, AttachmentState, AttachmentView, Event, ListAttachments};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::json;

use super::size;
use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::plain;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone attach save plant photo.jpg
  drystone attach save plant elements.pump-7.attachments.photo-jpg -o /tmp/

A file that is not here is fetched from the relay first. It is written as a whole
or not at all, and is what was added, byte for byte.

With --json: {\"path\", \"name\", \"bytes\"}.";

/// Arguments of `attach save`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// The attachment: its name, its path or its id
    attachment: String,
    /// File to write, or a folder for its own name [default: its name in the current folder]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// Saves an attachment's file.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (path, view) = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let id = app.attachment_named(&document, &arguments.attachment).await?;
        let args = ListAttachments { document: document.clone(), about: None, section: None };
        let all: Vec<AttachmentView> = call(app, Request::AttachmentList(args)).await?;
        let found = all.into_iter().find(|one| one.id == id);
        let view = found.ok_or_else(|| Error::internal("a resolved attachment is gone"))?;
        let name = safe(&view.name);
        let path = match &arguments.output {
            Some(path) if path.is_dir() => path.join(name),
            Some(path) => path.clone(),
            None => PathBuf::from(name),
        };
        one(app, output, &document, &view, &path).await?;
        Ok((path, view))
    })
    .await?;
    let shown = path.display().to_string();
    if output.is_json() {
        output.object(&json!({ "path": shown, "name": view.name, "bytes": view.size }))?;
    } else {
        output.text(&format!("Wrote {} ({})\n", plain(&shown), size(u64::from(view.size))))?;
    }
    Ok(Exit::DONE)
}

/// Saves one file, after fetching it if need be.
pub async fn one(app: &App, output: &Output, document: &str, view: &AttachmentView, path: &Path) -> Result<()> {
    if view.state != AttachmentState::Here {
        let attachment = AttachmentRef { document: document.to_owned(), attachment: view.id.clone() };
        let bar = output.progress(u64::from(view.total.max(1)), "Fetching");
        let mut events = app.subscribe();
        let mut fetching = std::pin::pin!(call::<AttachmentView>(app, Request::AttachmentFetch(attachment)));
        let fetched = loop {
            tokio::select! {
                fetched = &mut fetching => break fetched,
                event = events.recv() => if let Ok(Event::AttachmentProgress { done, total, .. }) = event {
                    bar.set_length(u64::from(total));
                    bar.set_position(u64::from(done));
                },
            }
        };
        bar.finish_and_clear();
        fetched?;
    }
    Ok(app.save_attachment(document, &view.id, path, |_, _| {}).await?)
}

/// A name that leads to no other folder, whatever a document says.
pub fn safe(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c }).collect();
    let plain = plain.trim_matches(['.', ' ']);
    if plain.is_empty() { "file".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn names_lead_to_no_other_folder() {
        let names = ["pump 7.jpg", "../../etc/passwd", "a\\b:c", "..", ".bashrc"].map(safe);
        assert_eq!(names, ["pump 7.jpg", "_.._etc_passwd", "a_b_c", "file", "bashrc"]);
    }
}
