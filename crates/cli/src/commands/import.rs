//! `drystone import`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::App;
use drystone_core::api::{ImportDocument, Imported};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use serde_json::{Value, json};

use crate::commands::new::Template;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, STRONG, count, plain, short};
use crate::output::{Exit, Output, Result};
use crate::{Global, files, names};

const AFTER_HELP: &str = "\
Examples:
  drystone import ARCHITECTURE.md
  drystone import docs/ --workspace Plant
  curl -s https://example.org/ARCHITECTURE.md | drystone import -

Every file becomes a new document. A folder gives all .md and .markdown files in
it and in its folders; symbolic links and hidden folders are left out. A file may
have up to 16 MiB. When some of several files fail, the others are imported.

With --json, for one file: {\"id\", \"title\", \"slug\", \"template\", \"sections\", \"matched\"};
for a folder or several files: {\"documents\": [the same with \"file\"], \"errors\": […]}.";

/// Import formats.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Format {
    /// Markdown
    Markdown,
}

/// Arguments of `import`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Files or folders; `-` reads one file from standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// The format of the files
    #[arg(long, value_enum, default_value = "markdown")]
    format: Format,
    /// The template whose places the headings are matched with [default: the one that fits better]
    #[arg(long, value_enum)]
    template: Option<Template>,
    /// The workspace they belong to: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Imports files.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let Format::Markdown = arguments.format;
    // Before the database is opened, so that a wrong path costs nothing.
    let single = matches!(arguments.paths.as_slice(), [path] if !path.is_dir());
    let paths = expand(arguments.paths)?;
    with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let job = Job { app, template: arguments.template.map(Template::id), workspace };
        if !single {
            return import_all(&job, &paths, output).await;
        }
        let imported = job.import(&paths[0]).await?;
        if output.is_json() {
            output.object(&imported)?
        } else {
            output.text(&describe(&imported))?
        }
        Ok(Exit::DONE)
    })
    .await
}

fn expand(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut expanded = Vec::new();
    for path in paths {
        if path.is_dir() {
            expanded.extend(files::markdown_files(&path)?);
        } else {
            expanded.push(path);
        }
        if expanded.len() > files::FILES_LIMIT {
            let message = format!("These are more than {} files, the most for one import.", files::FILES_LIMIT);
            return Err(Error::new(ErrorCode::TooLarge, message, "Import them in several parts.").into());
        }
    }
    if expanded.is_empty() {
        return Err(Error::new(
            ErrorCode::NotFound,
            "There is no Markdown file to import.",
            "Name a file, or a folder with .md files in it.",
        )
        .into());
    }
    Ok(expanded)
}

struct Job<'a> {
    app: &'a App,
    template: Option<String>,
    workspace: Option<String>,
}

impl Job<'_> {
    async fn import(&self, path: &Path) -> std::result::Result<Imported, Error> {
        let bytes = files::read(path, files::IMPORT_LIMIT)?;
        let name = match path.file_name() {
            Some(name) if path != Path::new("-") => name.to_string_lossy().into_owned(),
            _ => "standard input".to_owned(),
        };
        let request = ImportDocument {
            name: name.clone(),
            content: STANDARD.encode(&bytes),
            template: self.template.clone(),
            workspace: self.workspace.clone(),
            format: None,
            lift: false,
            into: None,
        };
        call(self.app, Request::DocumentImport(request)).await.map_err(|error| with_path(error, &name, path))
    }
}

/// The core knows the file's name only; people want the path they gave.
fn with_path(mut error: Error, name: &str, path: &Path) -> Error {
    error.place = match error.place {
        None => Some(path.display().to_string()),
        Some(place) => match place.strip_prefix(name) {
            Some(rest) if path != Path::new("-") => Some(format!("{}{rest}", path.display())),
            _ => Some(place),
        },
    };
    error
}

async fn import_all(job: &Job<'_>, paths: &[PathBuf], output: &Output) -> Result<Exit> {
    let bar = output.progress(paths.len() as u64, "Importing");
    let (mut documents, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        bar.set_message(plain(&path.display().to_string()).into_owned());
        match job.import(path).await {
            Ok(imported) => documents.push((path, imported)),
            Err(error) => {
                let hopeless = is_about_everything(error.code);
                errors.push(error);
                if hopeless {
                    break;
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    report(output, &documents, &errors)?;
    Ok(errors.iter().fold(Exit::DONE, |exit, error| exit.worse(Exit::failed(error.code))))
}

/// Whether the next file would fail in the same way.
fn is_about_everything(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::DiskFull | ErrorCode::Damaged | ErrorCode::Internal)
}

fn report(output: &Output, documents: &[(&PathBuf, Imported)], errors: &[Error]) -> Result<()> {
    if output.is_json() {
        let documents: Vec<Value> = documents.iter().map(|(path, imported)| with_file(imported, path)).collect();
        return output.object(&json!({ "documents": documents, "errors": errors }));
    }
    let mut text: String = documents.iter().map(|(_, imported)| describe(imported)).collect();
    // Writing to a string cannot fail.
    let _ = write!(text, "{} imported", count(documents.len(), "document"));
    if !errors.is_empty() {
        let _ = write!(text, ", {} failed", count(errors.len(), "file"));
    }
    text.push('\n');
    output.text(&text)?;
    for error in errors {
        output.error(error);
    }
    Ok(())
}

fn with_file(imported: &Imported, path: &Path) -> Value {
    let mut value = json!(imported);
    value["file"] = json!(path.display().to_string());
    value
}

fn describe(imported: &Imported) -> String {
    format!(
        "Imported {STRONG}{}{STRONG:#} {DIM}({}, {}; {}, {} in places of the {} template){DIM:#}\n",
        plain(&imported.title),
        short(&imported.id),
        imported.slug,
        count(imported.sections as usize, "section"),
        imported.matched,
        imported.template,
    )
}
