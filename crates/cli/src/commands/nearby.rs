//! `drystone nearby`

use drystone_core::api::{NearbyStatus, SetNearby};
use drystone_core::command::Request;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone nearby
  drystone nearby on
  drystone nearby off

Switched on, the window, `drystone serve` and `drystone sync --watch` look for other devices
of your workspaces on the local network and exchange with them what either lacks, without a
relay and without the internet. Whoever else is on that network can see that there is a
Drystone device, and nothing of what is in it.

With --json: {\"on\", \"found\", \"devices\": [{\"workspace\", \"member\", \"device\", \"met\"}], \"problem\"}.";

/// Arguments of `nearby`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to switch it to [default: only say how it is]
    #[arg(value_enum, value_name = "on|off", hide_possible_values = true)]
    change: Option<Change>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Change {
    On,
    Off,
}

/// Says, or changes, whether devices nearby are exchanged with.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let request = Request::NearbySet(SetNearby { on: arguments.change.map(|change| change == Change::On) });
    let status: NearbyStatus = with(global, Background::Off, async |app| Ok(call(app, request).await?)).await?;
    if output.is_json() {
        output.object(&status)?;
    } else if status.on {
        output.text("Devices of your workspaces on the same network are exchanged with.\n")?;
    } else {
        output.text("Devices on the same network are left alone.\n")?;
    }
    Ok(Exit::DONE)
}
