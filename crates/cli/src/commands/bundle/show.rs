//! `drystone bundle show`

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::api::{BundleFile, BundleInfo};
use drystone_core::command::Request;

use crate::commands::bundle::{LIMIT, described};
use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone bundle show plant.drystone

Checks the whole file and takes nothing in.

With --json: {\"kind\", \"workspace\", \"name\", \"author\", \"time\", \"complete\", \"entries\",
\"newEntries\", \"records\", \"newRecords\", \"joins\", \"role\", \"expires\", \"relay\"}.";

/// Arguments of `bundle show`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The bundle
    file: PathBuf,
}

/// Shows a bundle.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    show(STANDARD.encode(files::read(&arguments.file, LIMIT)?), global, output).await
}

/// Shows what taking in a bundle would change.
pub async fn show(content: String, global: &Global, output: &Output) -> Result<Exit> {
    let look = Request::BundleInspect(BundleFile { content });
    let info: BundleInfo = with(global, Background::Off, async |app| Ok(call(app, look).await?)).await?;
    if output.is_json() {
        output.object(&info)?;
    } else {
        output.text(&described(output, &info))?;
    }
    Ok(Exit::DONE)
}
