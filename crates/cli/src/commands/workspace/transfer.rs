//! `drystone workspace transfer`

use drystone_core::api::{Member, MemberRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::commands::workspace::members;
use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace transfer Ben
  drystone workspace transfer Ben --yes && drystone workspace leave --yes

Makes the member an owner and you an admin. Only an owner can give it back. Reaches the
relay.

With --json: {\"members\": [{\"id\", \"name\", \"role\", \"you\", \"devices\", \"mayBecome\", \"removable\"}]}.";

/// Arguments of `workspace transfer`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    who: names::Who,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

/// Gives ownership away.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (member, list) = with(global, Background::Off, async |app| {
        let (workspace, member) = arguments.who.find(app).await?;
        let name = plain(&member.name).into_owned();
        let what = format!("Makes {name} the owner of the workspace and you an admin. Only {name} can give it back.");
        confirm(arguments.yes, &what, "Give ownership away?")?;
        let _spinner = output.spinner("Giving ownership away…");
        let transfer = MemberRef { workspace, member: member.id.clone() };
        let list: Vec<Member> = call(app, Request::WorkspaceTransfer(transfer)).await?;
        Ok((member, list))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "members": list }))?;
    } else {
        output.text(&format!("{STRONG}{}{STRONG:#} owns the workspace now\n\n", plain(&member.name)))?;
        output.text(&members::described(&list))?;
    }
    Ok(Exit::DONE)
}
