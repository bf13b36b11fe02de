//! `drystone bundle export`

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::api::{BundleInvite, BundleKind, ExportBundle, ExportedBundle};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::json;

use crate::commands::bundle::{LIMIT, counted};
use crate::commands::workspace::invite::GivenRole;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, files, names};

/// The longest an invitation may be open: a month.
const HOURS_LIMIT: i64 = 31 * 24;

const AFTER_HELP: &str = "\
Examples:
  drystone bundle export /media/stick/plant.drystone
  drystone bundle export --since monday.drystone tuesday.drystone
  drystone bundle export --invite editor ada.drystone
  drystone bundle export --attachments plant.drystone

A bundle holds what a relay would pass on, sealed and signed: no server is needed.
Whoever was invited by a file and was not let in yet writes the answer with this;
carry it back to the device that founded the workspace. Whoever has a file with an
invitation can use it, once: pass it on in a way that only they can read.

A bundle has at most 256 MiB; files that do not fit are left out, large ones first.

With --json: {\"file\", \"bytes\", \"leftOut\", \"bundle\": {\"kind\", \"workspace\", \"name\", …}}.";

/// Arguments of `bundle export`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The file to write, such as `plant.drystone`
    file: PathBuf,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Only what came after this bundle, which the other side has
    #[arg(long, value_name = "FILE", conflicts_with = "invite")]
    since: Option<PathBuf>,
    /// Invite whoever gets the file, in a workspace without a relay
    #[arg(long, value_enum, value_name = "ROLE")]
    invite: Option<GivenRole>,
    /// How long the invitation works, in hours
    #[arg(long, default_value_t = 168, requires = "invite", value_parser = clap::value_parser!(u32).range(1..=HOURS_LIMIT))]
    hours: u32,
    /// Also the files of attachments, as far as they are here and fit
    #[arg(long)]
    attachments: bool,
}

/// Writes a bundle.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let since = match &arguments.since {
        Some(path) => Some(STANDARD.encode(files::read(path, LIMIT)?)),
        None => None,
    };
    let exported: ExportedBundle = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let invite = arguments.invite.map(|role| BundleInvite { role: role.into(), hours: arguments.hours });
        let attachments = arguments.attachments;
        let _spinner = output.spinner("Putting the bundle together…");
        Ok(call(app, Request::BundleExport(ExportBundle { workspace, since, invite, attachments })).await?)
    })
    .await?;
    let bytes = STANDARD.decode(&exported.content).map_err(Error::internal)?;
    files::write(&arguments.file, &bytes)?;
    let file = arguments.file.display().to_string();
    if output.is_json() {
        output.object(
            &json!({ "file": file, "bytes": bytes.len(), "leftOut": exported.left_out, "bundle": exported.bundle }),
        )?;
    } else {
        let next = match exported.bundle.kind {
            BundleKind::Invitation => "One person can join with this file; they answer with a bundle of theirs.",
            BundleKind::Answer => "Carry this to the device that founded the workspace, and a bundle from there back.",
            BundleKind::Changes => "Every member can take this in, once or more, in any order.",
        };
        let entries = counted(exported.bundle.entries, "entry", "entries");
        output.text(&format!("Wrote {} ({entries}, {} bytes)\n{DIM}{next}{DIM:#}\n", plain(&file), bytes.len()))?;
        if exported.left_out > 0 {
            let files = counted(exported.left_out, "file", "files");
            output.warning(&format!("{files} did not fit or not here, and left out"));
        }
    }
    Ok(Exit::DONE)
}
