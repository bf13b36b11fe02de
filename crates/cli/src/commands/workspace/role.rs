//! `drystone workspace role`

use drystone_core::api::{Member, SetRole};
use drystone_core::command::Request;
use serde_json::json;

use crate::commands::workspace::invite::GivenRole;
use crate::commands::workspace::list::role_name;
use crate::commands::workspace::members;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace role Ben reader
  drystone workspace role 3f2a91 admin --workspace Plant

Owners and admins change roles, not above their own. Reaches the relay.

With --json: {\"members\": [{\"id\", \"name\", \"role\", \"you\", \"devices\", \"mayBecome\", \"removable\"}]}.";

/// Arguments of `workspace role`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    who: names::Who,
    /// What they may do from now on
    #[arg(value_enum)]
    role: GivenRole,
}

/// Changes a member's role.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (member, list) = with(global, Background::Off, async |app| {
        let (workspace, member) = arguments.who.find(app).await?;
        let _spinner = output.spinner("Changing the role…");
        let set = SetRole { workspace, member: member.id.clone(), role: arguments.role.into() };
        let list: Vec<Member> = call(app, Request::WorkspaceSetRole(set)).await?;
        Ok((member, list))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "members": list }))?;
    } else {
        let name = plain(&member.name).into_owned();
        output.text(&format!("{STRONG}{name}{STRONG:#} is {} now\n\n", role_name(arguments.role.into())))?;
        output.text(&members::described(&list))?;
    }
    Ok(Exit::DONE)
}
