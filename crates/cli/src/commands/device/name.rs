//! `drystone device name`

use drystone_core::api::{MemberDevice, NameDevice};
use drystone_core::command::Request;

use super::list;
use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone device name this Laptop
  drystone device name 3f2a91 \"Office computer\"

The members of the workspace see the name, the relay does not. Reaches the relay.

With --json: {\"devices\": [{\"id\", \"name\", \"member\", \"memberName\", \"yours\", \"this\", \"lastSeen\", \"revocable\"}]}.";

/// Arguments of `device name`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// `this`, a device's name, or the first digits of its id
    device: String,
    /// What to call it
    name: String,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Names a device.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let devices: Vec<MemberDevice> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let device = names::device(app, workspace.as_deref(), &arguments.device).await?.id;
        let _spinner = output.spinner("Naming the device…");
        Ok(call(app, Request::DeviceName(NameDevice { workspace, device, name: arguments.name })).await?)
    })
    .await?;
    list::print(output, &devices)
}
