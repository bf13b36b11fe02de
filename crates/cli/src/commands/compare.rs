//! `drystone compare`

use drystone_core::api::{CompareEnvironments, Comparison, ComparisonRow};
use drystone_core::command::Request;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::table::{Cell, cell, styled, table};
use crate::output::text::{DIM, WARN};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone compare payment-platform staging production

What runs in each environment, how many, and where. Ends with 1 when they differ.

With --json: {\"rows\": [{\"element\", \"label\", \"inA\", \"inB\", \"nodesA\", \"nodesB\", \"same\"}]}.";

/// Arguments of `compare`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// An environment: its name, slug or id
    a: String,
    /// Another one
    b: String,
}

/// Compares two environments.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let comparison: Comparison = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?.id;
        let request = CompareEnvironments { document, a: arguments.a.clone(), b: arguments.b.clone() };
        Ok(call(app, Request::ModelCompare(request)).await?)
    })
    .await?;
    let differs = comparison.rows.iter().any(|row| !row.same);
    if output.is_json() {
        output.object(&comparison)?;
    } else if comparison.rows.is_empty() {
        output.text("Nothing runs in either.\n")?;
    } else {
        let rows = comparison.rows.iter().map(row).collect();
        output.text(&table(["ELEMENT", &arguments.a, &arguments.b], rows))?;
    }
    Ok(if differs { Exit::FINDINGS } else { Exit::DONE })
}

fn row(row: &ComparisonRow) -> [Cell; 3] {
    let side = |count: u32, nodes: &[String]| match count {
        0 => "–".to_owned(),
        count => format!("{count} on {}", nodes.join(", ")),
    };
    let style = if row.same { DIM } else { WARN };
    [cell(&row.label), styled(side(row.in_a, &row.nodes_a), style), styled(side(row.in_b, &row.nodes_b), style)]
}
