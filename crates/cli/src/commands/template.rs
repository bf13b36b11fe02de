//! `drystone template`

use drystone_core::api::{ChangeTemplate, DocumentSummary};
use drystone_core::command::Request;

use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, template};

const AFTER_HELP: &str = "\
Examples:
  drystone template payment-platform arc42
  drystone template payment-platform our-template.md

Headings find their places in the new template; nothing of the text changes, and going
back finds everything as it was. Template files: docs/templates.md.

With --json: the document.";

/// Arguments of `template`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// full, compact, arc42, or a template file
    #[arg(value_name = "TEMPLATE|FILE")]
    template: String,
}

/// Changes a document's template.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (id, file) = template::choose(&arguments.template)?;
    let document: DocumentSummary = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let request = ChangeTemplate { document, template: Some(id), file };
        Ok(call(app, Request::DocumentSetTemplate(request)).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&document)?;
    } else {
        let written = &document.completeness;
        output.text(&format!(
            "{STRONG}{}{STRONG:#} follows the template {}: {} of {} sections written\n",
            plain(&document.title),
            document.template,
            written.written,
            written.expected
        ))?;
    }
    Ok(Exit::DONE)
}
