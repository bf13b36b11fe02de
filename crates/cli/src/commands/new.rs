//! `drystone new`

use drystone_core::api::{CreateDocument, DocumentSummary};
use drystone_core::command::Request;

use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, STRONG, plain, short};
use crate::output::{Exit, Output, Result};
use crate::{Global, names, template};

const AFTER_HELP: &str = "\
Examples:
  drystone new \"Payment platform\"
  drystone new \"Door controller\" --template compact --workspace Plant

With --json: the document, {\"id\", \"title\", \"slug\", \"template\", …}.";

/// Arguments of `new`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The document's title
    title: String,
    /// The template it starts from: full, compact, arc42, or a template file
    #[arg(long, value_name = "TEMPLATE|FILE", default_value = "full")]
    template: String,
    /// The workspace it belongs to: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Creates a document.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (template, template_file) = template::choose(&arguments.template)?;
    let document: DocumentSummary = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let create = CreateDocument { title: arguments.title, template, template_file, workspace };
        Ok(call(app, Request::DocumentCreate(create)).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&document)?;
    } else {
        let (title, id) = (plain(&document.title), short(&document.id));
        output.text(&format!("Created {STRONG}{title}{STRONG:#} {DIM}({id}, {}){DIM:#}\n", document.slug))?;
    }
    Ok(Exit::DONE)
}
