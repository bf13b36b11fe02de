//! `drystone lift`

use drystone_core::api::{LiftDocument, LiftReport};
use drystone_core::command::Request;

use crate::Global;
use crate::commands::import::lifted;
use crate::data_folder::{Background, call, with};
use crate::output::text::plain;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone lift payment-platform --dry-run
  drystone lift payment-platform --diagrams

Reads what the prose says (components and their fields, flows, decisions, concerns,
environments) and keeps it in the model; the text shows it from there and stays as it
is, byte for byte.

With --json: {\"findings\": [{\"section\", \"line\", \"what\", \"lifted\", \"why\"}], \"added\", \"lifted\", \"left\"}.";

/// Arguments of `lift`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// Diagrams too: Mermaid and box drawings
    #[arg(long)]
    diagrams: bool,
    /// Only say what would be lifted
    #[arg(long)]
    dry_run: bool,
}

/// Lifts what prose says into the model.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let report: LiftReport = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let request =
            LiftDocument { document, sections: None, diagrams: arguments.diagrams, apply: !arguments.dry_run };
        Ok(call(app, Request::ModelLift(request)).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&report)?;
        return Ok(Exit::DONE);
    }
    let mut text = String::new();
    for finding in report.findings.iter().filter(|finding| finding.lifted) {
        text += &format!("{}: {}\n", plain(&finding.section_title), plain(&finding.what));
    }
    text += &lifted(&report);
    if text.is_empty() {
        text = "There is nothing to lift.\n".to_owned();
    }
    output.text(&text)?;
    Ok(Exit::DONE)
}
