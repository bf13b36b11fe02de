//! `drystone export`

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::api::{ExportDecisions, ExportDocument, ExportFormat, Exported, NamedFile};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use serde_json::json;

use crate::data_folder::{Background, call, with};
use crate::output::text::count;
use crate::output::{Exit, Output, Result};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone export payment-platform --format markdown > ARCHITECTURE.md
  drystone export payment-platform --format markdown -o ARCHITECTURE.md
  drystone export payment-platform --format json -o backup/
  drystone export payment-platform --format html -o architecture.html
  drystone export payment-platform --format madr -o docs/adr

Markdown that was imported and not changed comes out byte for byte. A file is
written as a whole or not at all. Decision records go into a folder, one file each.

With --json and -o: {\"path\", \"name\", \"mime\", \"bytes\"}; without -o: {\"name\", \"mime\", \"content\"}
with the file in Base64. Decision records: {\"files\": [{\"name\", \"content\"}]}, or with -o
{\"path\", \"files\": [names]}.";

/// Export formats.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// Markdown
    Markdown,
    /// Everything, as JSON
    Json,
    /// One page that needs nothing else
    Html,
    /// The model as a Mermaid flowchart
    Mermaid,
    /// Decision records as MADR 4
    Madr,
    /// Decision records as adr-tools writes them
    AdrTools,
    /// Decision records as log4brains writes them
    Log4brains,
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
        Format::Html => ExportFormat::Html,
        Format::Mermaid => ExportFormat::Mermaid,
        Format::Madr => return decisions(arguments, "madr", global, output).await,
        Format::AdrTools => return decisions(arguments, "adr-tools", global, output).await,
        Format::Log4brains => return decisions(arguments, "log4brains", global, output).await,
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

/// Decision records: files of their own, in a folder.
async fn decisions(arguments: Arguments, format: &str, global: &Global, output: &Output) -> Result<Exit> {
    let exported: Vec<NamedFile> = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let request = ExportDecisions { document, format: format.to_owned() };
        Ok(call(app, Request::DecisionsExport(request)).await?)
    })
    .await?;
    let Some(folder) = arguments.output.filter(|path| path != Path::new("-")) else {
        if output.is_json() {
            output.object(&json!({ "files": exported }))?;
            return Ok(Exit::DONE);
        }
        return Err(Error::new(
            ErrorCode::Usage,
            "Decision records are several files.",
            "Name a folder for them with -o DIR.",
        )
        .into());
    };
    files::make_folder(&folder)?;
    let mut names = Vec::with_capacity(exported.len());
    for file in &exported {
        // Names come from the core and have no folders in them; a name is all that is taken.
        let Some(name) = Path::new(&file.name).file_name() else { continue };
        let bytes = STANDARD.decode(&file.content).map_err(Error::internal)?;
        files::write(&folder.join(name), &bytes)?;
        names.push(name.to_string_lossy().into_owned());
    }
    if output.is_json() {
        output.object(&json!({ "path": folder.display().to_string(), "files": names }))?;
    } else {
        output.text(&format!("Wrote {} to {}\n", count(names.len(), "decision record"), folder.display()))?;
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
