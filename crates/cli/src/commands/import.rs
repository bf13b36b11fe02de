//! `drystone import`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::App;
use drystone_core::api::{ImportDecisions, ImportDocument, Imported, LiftReport, NamedFile};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use drystone_core::model::adr;
use serde_json::{Value, json};

use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, STRONG, count, plain, short};
use crate::output::{Exit, Output, Result};
use crate::{Global, files, names, template};

/// What was left as text is listed up to here; `--json` has all.
const LEFT_SHOWN: usize = 10;

const AFTER_HELP: &str = "\
Examples:
  drystone import ARCHITECTURE.md
  drystone import ARCHITECTURE.md --lift
  drystone import docs/ --workspace Plant
  drystone import docs/adr --into payment-platform
  curl -s https://example.org/ARCHITECTURE.md | drystone import -

Every file becomes a new document; what stands in a template's places (components,
flows, decisions …) is lifted into the model, and --lift lifts all it can, diagrams
too. Exported without a change the file is the same, byte for byte. A folder gives all
.md and .markdown files in it and in its folders; symbolic links and hidden folders are
left out. A folder of decision records becomes the decisions of one document, or of
--into. A file may have up to 16 MiB. When some of several files fail, the others are
imported; a folder of decisions is imported as a whole or not at all.

With --json, for one file: {\"id\", \"title\", \"slug\", \"template\", \"sections\", \"matched\",
\"lift\": {\"lifted\", \"left\", \"added\", \"findings\"}}; for a folder or several files:
{\"documents\": [the same with \"file\"], \"errors\": […]}.";

/// Import formats.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Markdown: one document a file
    Markdown,
    /// A document that was exported as JSON
    Json,
    /// A folder of decision records, whatever their form
    Decisions,
    /// Decision records of MADR 2, 3 or 4
    Madr,
    /// Decision records of adr-tools
    AdrTools,
    /// Decision records of log4brains
    Log4brains,
}

impl Format {
    /// The form of decision records, when it is one of those.
    fn decisions(self) -> Option<Option<&'static str>> {
        match self {
            Format::Markdown | Format::Json => None,
            Format::Decisions => Some(None),
            Format::Madr => Some(Some("madr")),
            Format::AdrTools => Some(Some("adr-tools")),
            Format::Log4brains => Some(Some("log4brains")),
        }
    }
}

/// Arguments of `import`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Files or folders; `-` reads one file from standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// The format of the files [default: by name and content]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Add to this document instead of making one
    #[arg(long, value_name = "DOC")]
    into: Option<String>,
    /// Lift all there is into the model, diagrams too
    #[arg(long)]
    lift: bool,
    /// The template whose places the headings are matched with [default: the one that fits better]
    #[arg(long, value_name = "TEMPLATE|FILE")]
    template: Option<String>,
    /// The workspace they belong to: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Imports files.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    // Before the database is opened, so that a wrong path costs nothing.
    let single = matches!(arguments.paths.as_slice(), [path] if !path.is_dir());
    let folder = arguments.paths.first().filter(|path| path.is_dir() && arguments.paths.len() == 1).cloned();
    let paths = expand(arguments.paths)?;
    let (template, template_file) = match &arguments.template {
        Some(name) => template::choose(name).map(|(id, file)| (Some(id), file))?,
        None => (None, None),
    };
    let decisions = decision_format(arguments.format, folder.as_deref(), &paths)?;
    with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let into = match &arguments.into {
            Some(name) => Some(app.resolve_document(name).await?.id),
            None => None,
        };
        let json = arguments.format == Some(Format::Json);
        let job = Job { app, template, template_file, workspace, into, lift: arguments.lift, json };
        let imported = match decisions {
            Some(format) => job.decisions(folder.as_deref(), &paths, format).await?,
            None if single => job.import(&paths[0]).await?,
            None => return import_all(&job, &paths, output).await,
        };
        if output.is_json() {
            output.object(&imported)?
        } else {
            output.text(&describe(&imported))?
        }
        Ok(Exit::DONE)
    })
    .await
}

/// Whether these are decision records, and of which form: as asked for, or as
/// most files of a folder look.
fn decision_format(
    format: Option<Format>,
    folder: Option<&Path>,
    paths: &[PathBuf],
) -> Result<Option<Option<&'static str>>> {
    if let Some(format) = format {
        return Ok(format.decisions());
    }
    if folder.is_none() {
        return Ok(None);
    }
    let mut records = 0;
    for path in paths {
        let bytes = files::read(path, files::IMPORT_LIMIT)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        records += usize::from(adr::looks_like_record(&name, &String::from_utf8_lossy(&bytes)));
    }
    Ok((records * 2 > paths.len()).then_some(None))
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
    template_file: Option<String>,
    workspace: Option<String>,
    into: Option<String>,
    lift: bool,
    json: bool,
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
            template_file: self.template_file.clone(),
            workspace: self.workspace.clone(),
            format: self.json.then(|| "json".to_owned()),
            lift: self.lift,
            into: self.into.clone(),
        };
        call(self.app, Request::DocumentImport(request)).await.map_err(|error| with_path(error, &name, path))
    }

    /// Decision records, as a whole or not at all.
    async fn decisions(
        &self,
        folder: Option<&Path>,
        paths: &[PathBuf],
        format: Option<&str>,
    ) -> std::result::Result<Imported, Error> {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let relative = folder.and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path);
            let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            let bytes = files::read(path, files::IMPORT_LIMIT)?;
            files.push(NamedFile { name: parts.join("/"), content: STANDARD.encode(bytes) });
        }
        let title = folder.and_then(Path::file_name).map(|name| format!("Decisions of {}", name.to_string_lossy()));
        let request = ImportDecisions {
            files,
            format: format.map(str::to_owned),
            into: self.into.clone(),
            title,
            workspace: self.workspace.clone(),
        };
        call(self.app, Request::DecisionsImport(request)).await
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
    let mut text = format!(
        "Imported {STRONG}{}{STRONG:#} {DIM}({}, {}; {}, {} in places of the {} template){DIM:#}\n",
        plain(&imported.title),
        short(&imported.id),
        imported.slug,
        count(imported.sections as usize, "section"),
        imported.matched,
        imported.template,
    );
    text += &lifted(&imported.lift);
    text
}

/// What was lifted into the model, by collection, and what was left as text.
pub fn lifted(report: &LiftReport) -> String {
    if report.lifted == 0 && report.left == 0 {
        return String::new();
    }
    let added: Vec<String> = report.added.iter().map(|(collection, count)| format!("{count} {collection}")).collect();
    let added = if added.is_empty() { "no new records".to_owned() } else { added.join(", ") };
    let mut text = format!("  {DIM}lifted into the model: {added}; {} left as text{DIM:#}\n", report.left);
    for finding in report.findings.iter().filter(|finding| !finding.lifted).take(LEFT_SHOWN) {
        let (section, what) = (plain(&finding.section_title), plain(&finding.what));
        text += &format!("  {DIM}- {section}, line {}: {what}: {}{DIM:#}\n", finding.line, plain(&finding.why));
    }
    text
}
