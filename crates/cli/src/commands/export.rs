//! `drystone export`

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::App;
use drystone_core::api::{
    AttachmentState, AttachmentView, ExportDecisions, ExportDocument, ExportFormat, Exported, ListAttachments,
    NamedFile,
};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use serde_json::json;

use crate::commands::attach::save;
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
  drystone export payment-platform -o ARCHITECTURE.md --attachments files/

Markdown that was imported and not changed comes out byte for byte. A file is
written as a whole or not at all. Decision records go into a folder, one file each.
Exports name attachments; --attachments writes their files too, fetched if need be.

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
    /// A folder for the files of all attachments
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
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
        if let Some(folder) = &arguments.attachments {
            attachments(app, output, &document, folder).await?;
        }
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

/// The files of all attachments, each under its name, numbered where several
/// have one name.
async fn attachments(app: &App, output: &Output, document: &str, folder: &Path) -> Result<()> {
    files::make_folder(folder)?;
    let args = ListAttachments { document: document.to_owned(), about: None, section: None };
    let all: Vec<AttachmentView> = call(app, Request::AttachmentList(args)).await?;
    let mut taken = HashSet::new();
    let mut left = 0;
    for view in all {
        if view.state == AttachmentState::Missing {
            left += 1;
            continue;
        }
        let plain = save::safe(&view.name);
        let (stem, ending) =
            plain.rsplit_once('.').map_or((plain.as_str(), ""), |(stem, _)| (stem, &plain[stem.len()..]));
        let names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{stem}-{number}{ending}")));
        let Some(name) = names.into_iter().find(|name| taken.insert(name.to_lowercase())) else { continue };
        save::one(app, output, document, &view, &folder.join(name)).await?;
    }
    if left > 0 {
        output.warning(&format!("{} not here and left out", count(left, "file")));
    }
    Ok(())
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
