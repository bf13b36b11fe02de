//! `drystone device list`

use drystone_core::api::{MemberDevice, WorkspaceRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, STRONG, short};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone device list
  drystone device list --workspace Plant

LAST SEEN is when a device last wrote something that is here, by its own clock; a device
that only reads leaves no trace.

With --json: {\"devices\": [{\"id\", \"name\", \"member\", \"memberName\", \"yours\", \"this\", \"lastSeen\", \"revocable\"}]}.";

/// Arguments of `device list`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Lists devices.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let devices: Vec<MemberDevice> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        Ok(call(app, Request::DeviceList(WorkspaceRef { workspace })).await?)
    })
    .await?;
    print(output, &devices)
}

/// The list as it is printed.
pub fn print(output: &Output, devices: &[MemberDevice]) -> Result<Exit> {
    if output.is_json() {
        output.object(&json!({ "devices": devices }))?;
        return Ok(Exit::DONE);
    }
    let rows = devices.iter().map(|device| {
        let seen = device.last_seen.as_ref().map_or_else(|| "unknown".to_owned(), |time| when(output, time));
        let whose = match (device.this, device.yours) {
            (true, _) => "this device",
            (false, true) => "yours",
            (false, false) => "",
        };
        [
            styled(if device.name.is_empty() { "unnamed" } else { &device.name }, STRONG),
            styled(short(&device.id), DIM),
            cell(&device.member_name),
            cell(seen),
            cell(whose),
        ]
    });
    output.text(&table(["NAME", "ID", "MEMBER", "LAST SEEN", ""], rows.collect()))?;
    Ok(Exit::DONE)
}
