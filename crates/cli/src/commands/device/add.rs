//! `drystone device add`

use drystone_core::api::{AddDevice, AddedDevice, DeviceRequest, ReadDeviceCode};
use drystone_core::command::Request;
use serde_json::json;

use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, plain};
use crate::output::{Exit, Output, Result, qr};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone device add drystone1dev… --name Laptop
  drystone device add drystone1dev… --workspace Plant --yes

Makes the device that shows the code one of yours in the workspace: it reads everything
and writes in your name. Compare the digits before you confirm. Prints the link to open
on the new device with `drystone workspace join`. Reaches the relay.

With --json: {\"device\", \"fingerprint\", \"link\"}.";

/// Arguments of `device add`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The code that `drystone device request` shows on the new device
    code: String,
    /// What to call it
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

/// Adds a device.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (read, added) = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let code = ReadDeviceCode { code: arguments.code.clone() };
        let read: DeviceRequest = call(app, Request::DeviceRead(code)).await?;
        let what = format!(
            "Adds a device to yours: it will read everything in the workspace and write in your name.\n\
             It must show these digits: {}",
            read.fingerprint
        );
        confirm(arguments.yes, &what, "Does it, and is it yours?")?;
        let _spinner = output.spinner("Adding the device…");
        let add = AddDevice { workspace, code: arguments.code, name: arguments.name };
        let added: AddedDevice = call(app, Request::DeviceAdd(add)).await?;
        Ok((read, added))
    })
    .await?;
    if output.is_json() {
        let AddedDevice { device, link, .. } = added;
        output.object(&json!({ "device": device, "fingerprint": read.fingerprint, "link": link }))?;
    } else if output.on_terminal() {
        let code = qr::draw(&added.link).unwrap_or_default();
        let link = plain(&added.link).into_owned();
        output.text(&format!("{code}\n{link}\n\n{DIM}On the new device: drystone workspace join LINK{DIM:#}\n"))?;
    } else {
        output.text(&format!("{}\n", added.link))?;
    }
    Ok(Exit::DONE)
}
