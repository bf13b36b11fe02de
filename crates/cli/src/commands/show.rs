//! `drystone show`

use drystone_core::api::{DocumentRef, DocumentSummary, DocumentView, SectionState, SectionView};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::Value;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::table::{Cell, cell, styled, table};
use crate::output::text::{DIM, GOOD, STRONG, plain, plain_lines, short};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone show payment-platform
  drystone show payment-platform title
  drystone show payment-platform sections.security.authentication
  drystone show payment-platform sections.overview > overview.md

Without a path: the document's sections with their paths. In a pipe the text at
a path is printed as it is stored, so that `set DOC PATH -` takes it back.

With --json: what is at the path (a string for text); without a path everything.";

/// Arguments of `show`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// A dotted path, such as `title` or `sections.overview`
    path: Option<String>,
}

/// Shows a document or a part of it.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        if output.is_json() || arguments.path.is_some() {
            print_value(output, &app.show(&document, arguments.path.as_deref()).await?)?;
        } else {
            let view: DocumentView = call(app, Request::DocumentOpen(DocumentRef { document })).await?;
            output.text(&outline(output, &view))?;
        }
        Ok(Exit::DONE)
    })
    .await
}

fn print_value(output: &Output, value: &Value) -> Result<()> {
    match value {
        Value::String(text) if !output.is_json() && output.on_terminal() => {
            let newline = if text.ends_with('\n') { "" } else { "\n" };
            output.text(&format!("{}{newline}", plain_lines(text)))
        }
        Value::String(text) if !output.is_json() => output.bytes(text.as_bytes()),
        value if !output.is_json() => {
            let text = serde_json::to_string_pretty(value).map_err(Error::internal)?;
            output.bytes(format!("{text}\n").as_bytes())
        }
        value => output.object(value),
    }
}

fn outline(output: &Output, view: &DocumentView) -> String {
    let summary = &view.summary;
    let mut text = heading(output, summary);
    if !view.sections.is_empty() {
        text += "\n";
        text += &table(["SECTION", "PATH", "STATE"], view.sections.iter().map(row).collect());
    }
    text
}

fn heading(output: &Output, summary: &DocumentSummary) -> String {
    let completeness = &summary.completeness;
    format!(
        "{STRONG}{}{STRONG:#}\n{DIM}{}, template {}, {} of {} sections written, changed {}{DIM:#}\n",
        plain(&summary.title),
        short(&summary.id),
        summary.template,
        completeness.written,
        completeness.expected,
        when(output, &summary.updated),
    )
}

fn row(section: &SectionView) -> [Cell; 3] {
    let indent = "  ".repeat(usize::from(section.level.saturating_sub(1)));
    let title = if section.level == 0 { "(before the first heading)" } else { &section.title };
    let state = match section.state {
        SectionState::Empty => styled("empty", DIM),
        SectionState::Placeholder => styled("placeholder", DIM),
        SectionState::Written => styled("written", GOOD),
    };
    [cell(format!("{indent}{title}")), styled(&section.path, DIM), state]
}
