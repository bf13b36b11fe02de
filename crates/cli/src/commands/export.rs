//! `drystone export`

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::api::{ExportDocument, ExportFormat, Exported};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::json;

use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone export payment-platform --format markdown > ARCHITECTURE.md
  drystone export payment-platform --format markdown -o ARCHITECTURE.md
  drystone export payment-platform --format json -o backup/

Markdown that was imported and not changed comes out byte for byte. A file is
written as a whole or not at all.

With --json and -o: {\"path\", \"name\", \"mime\", \"bytes\"}; without -o: {\"name\", \"mime\", \"content\"}
with the file in Base64.";

/// Export formats.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// Markdown
    Markdown,
    /// Everything, as JSON
    Json,
}

/// Arguments of `export`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// The format
    #[arg(long, value_enum, default_value = "markdown")]
    format: Format,
    /// File to write, or a folder for a file with a fitting name [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// Exports a document.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let format = match arguments.format {
        Format::Markdown => ExportFormat::Markdown,
        Format::Json => ExportFormat::Json,
    };
    let exported: Exported = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        Ok(call(app, Request::DocumentExport(ExportDocument { document, format })).await?)
    })
    .await?;
    let bytes = STANDARD.decode(&exported.content).map_err(Error::internal)?;
    match arguments.output.filter(|path| path != Path::new("-")) {
        None if output.is_json() => output.object(&exported)?,
        None => output.bytes(&bytes)?,
        Some(path) => {
            let path = target(path, &exported.name);
            files::write(&path, &bytes)?;
            report(output, &path, &exported, bytes.len())?;
        }
    }
    Ok(Exit::DONE)
}

/// The file itself, or one with the document's own name in a folder.
fn target(path: PathBuf, name: &str) -> PathBuf {
    match Path::new(name).file_name() {
        Some(name) if path.is_dir() => path.join(name),
        _ => path,
    }
}

fn report(output: &Output, path: &Path, exported: &Exported, bytes: usize) -> Result<()> {
    if output.is_json() {
        let path = path.display().to_string();
        output.object(&json!({ "path": path, "name": exported.name, "mime": exported.mime, "bytes": bytes }))
    } else {
        output.text(&format!("Wrote {} ({bytes} bytes)\n", path.display()))
    }
}
