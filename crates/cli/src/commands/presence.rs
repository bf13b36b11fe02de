//! `drystone presence`

use drystone_core::api::{PresenceSetting, ShowPresence};
use drystone_core::command::Request;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone presence
  drystone presence hide
  drystone presence show

The other members of a workspace see in which document and section you are, and your
caret, for as long as the document is open on this device. Hidden, you still see them.
What you write reaches them a little later then. Reaches nothing by itself.

With --json: {\"shown\"}.";

/// Arguments of `presence`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Whether to show where you are [default: only say how it is]
    #[arg(value_enum, value_name = "show|hide", hide_possible_values = true)]
    change: Option<Change>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Change {
    Show,
    Hide,
}

/// Says, or changes, whether others see where this device is.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let shown = arguments.change.map(|change| change == Change::Show);
    let request = Request::PresenceShow(ShowPresence { shown });
    let setting: PresenceSetting = with(global, Background::Off, async |app| Ok(call(app, request).await?)).await?;
    if output.is_json() {
        output.object(&setting)?;
    } else if setting.shown {
        output.text("Others see where you are in their documents.\n")?;
    } else {
        output.text("Others do not see where you are.\n")?;
    }
    Ok(Exit::DONE)
}
