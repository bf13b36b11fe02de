//! `drystone check`

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use drystone_core::App;
use drystone_core::error::{Error, ErrorCode};
use drystone_core::model::check::{self, Report, Severity};
use serde_json::{Value, json};

use crate::data_folder::{Background, with};
use crate::output::{Exit, Output, Result};
use crate::{Global, files, template};

/// The name of a project's rules where none is given.
const RULES: &str = "drystone.toml";

/// The largest rules file, in bytes.
const RULES_LIMIT: u64 = 1 << 20;

const AFTER_HELP: &str = "\
Examples:
  drystone check payment-platform
  drystone check ARCHITECTURE.md --fail-on warning
  drystone check ARCHITECTURE.md --format sarif -o check.sarif
  drystone check --explain cache-without-ttl

DOC is a document; an existing file is checked where it lies, without the data folder.
Rules of a project are in drystone.toml in the current folder, or in --rules FILE;
docs/checks.md describes them. Ends with 1 when a finding is at or above --fail-on.

With --json or --format json: {\"findings\": [{\"rule\", \"severity\", \"message\", \"place\"}]}.";

/// How the report is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum FailOn {
    /// Any finding
    Info,
    /// Warnings and errors
    Warning,
    /// Errors only
    Error,
    /// Never
    Never,
}

/// Arguments of `check`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A document (title, slug or first digits of an id), or a Markdown file
    #[arg(value_name = "DOC|FILE", required_unless_present = "explain")]
    target: Option<String>,
    /// How the report is written [default: text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// From which severity on the exit code is 1
    #[arg(long, value_enum, default_value = "warning")]
    fail_on: FailOn,
    /// A file with the project's rules [default: drystone.toml, where there is one]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// For a file: the template it follows [default: the one that fits better]
    #[arg(long, value_name = "TEMPLATE|FILE")]
    template: Option<String>,
    /// File to write [default: standard output]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Explain a rule and end
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
}

/// Checks a document or a file.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    if let Some(rule) = &arguments.explain {
        return explain(rule, output);
    }
    let target = arguments.target.clone().unwrap_or_default();
    let rules = read_rules(arguments.rules.as_deref())?;
    let report = if Path::new(&target).is_file() {
        check_file(&target, &arguments, rules)?
    } else {
        with(global, Background::Off, async |app| {
            let document = app.resolve_document(&target).await.map_err(|error| not_there(error, &target))?;
            Ok(app.check_document(&document.id, rules).await?)
        })
        .await?
    };
    let format = arguments.format.unwrap_or(if output.is_json() { Format::Json } else { Format::Text });
    let text = match format {
        Format::Text => check::text(&report),
        Format::Json => check::json(&report),
        Format::Sarif => check::sarif(&report, env!("CARGO_PKG_VERSION")),
    };
    match &arguments.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => output.bytes(text.as_bytes())?,
    }
    let limit = match arguments.fail_on {
        FailOn::Info => Some(Severity::Info),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Error => Some(Severity::Error),
        FailOn::Never => None,
    };
    Ok(if limit.is_some_and(|limit| report.fails(limit)) { Exit::FINDINGS } else { Exit::DONE })
}

fn explain(rule: &str, output: &Output) -> Result<Exit> {
    let Some(text) = check::explain(rule) else {
        let known: Vec<&str> = check::rules().iter().map(|rule| rule.id).collect();
        let near: Vec<&str> = known.iter().copied().filter(|id| id.contains(rule) || rule.contains(id)).collect();
        let list = if near.is_empty() { known } else { near };
        return Err(Error::new(
            ErrorCode::NotFound,
            format!("There is no rule “{rule}”."),
            format!("Rules: {}.", list.join(", ")),
        )
        .into());
    };
    if output.is_json() {
        output.object(&json!({ "rule": rule, "explanation": Value::String(text) }))?;
    } else {
        output.text(&text)?;
    }
    Ok(Exit::DONE)
}

fn check_file(target: &str, arguments: &Arguments, rules: Option<(String, String)>) -> Result<Report> {
    let bytes = files::read(Path::new(target), files::IMPORT_LIMIT)?;
    let template = arguments.template.as_deref().map(template::choose).transpose()?;
    let template = template.as_ref().map(|(id, file)| (id.as_str(), file.as_deref()));
    let rules = rules.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(App::check_file(target, &bytes, template, rules, u64::try_from(since.as_millis()).unwrap_or(0))?)
}

/// A file that was named and is not there is more likely than a document of
/// such a name.
fn not_there(error: Error, target: &str) -> Error {
    let looks_like_file = target.contains(['/', '\\']) || target.to_lowercase().ends_with(".md");
    if error.code == ErrorCode::NotFound && looks_like_file {
        return Error::new(
            ErrorCode::NotFound,
            format!("There is no file and no document “{target}”."),
            "Check the path, or see `drystone list`.",
        );
    }
    error
}

/// The project's rules: the file's name and its text.
fn read_rules(path: Option<&Path>) -> Result<Option<(String, String)>> {
    let path = match path {
        Some(path) => path,
        None if Path::new(RULES).is_file() => Path::new(RULES),
        None => return Ok(None),
    };
    let name = path.display().to_string();
    let text = String::from_utf8(files::read(path, RULES_LIMIT)?).map_err(|_| {
        Error::new(ErrorCode::BadInput, "The rules are not UTF-8.", "Save the file as UTF-8.").at(&name)
    })?;
    Ok(Some((name, text)))
}
