//! `drystone device revoke`

use drystone_core::api::{MemberDevice, MemberDeviceRef};
use drystone_core::command::Request;

use super::list;
use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::{plain, short};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone device revoke Phone
  drystone device revoke 3f2a91 --yes

For a lost or stolen device: it gets nothing new, and what it writes later is set aside.
What is on it stays on it. Open invitations stop working, and all other devices get new
keys. Reaches the relay.

With --json: {\"devices\": [{\"id\", \"name\", \"member\", \"memberName\", \"yours\", \"this\", \"lastSeen\", \"revocable\"}]}.";

/// Arguments of `device revoke`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A device's name or the first digits of its id
    device: String,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

/// Takes a device out of a workspace.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let devices: Vec<MemberDevice> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let device = names::device(app, workspace.as_deref(), &arguments.device).await?;
        let name = if device.name.is_empty() { short(&device.id).into() } else { plain(&device.name) };
        let what = format!(
            "Takes the device {name} of {} out of the workspace. What is on it stays on it; it gets nothing new.\n\
             Open invitations stop working, and all other devices get new keys.",
            plain(&device.member_name)
        );
        confirm(arguments.yes, &what, "Revoke it?")?;
        let _spinner = output.spinner("Revoking…");
        Ok(call(app, Request::DeviceRevoke(MemberDeviceRef { workspace, device: device.id })).await?)
    })
    .await?;
    list::print(output, &devices)
}
