//! `drystone workspace remove`

use drystone_core::api::{Member, MemberRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::confirm::confirm;
use crate::data_folder::{Background, call, with};
use crate::output::text::{STRONG, count, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace remove Ben
  drystone workspace remove 3f2a91 --workspace Plant --yes

What they have already read stays with them; they get nothing new. What they wrote until
now and the relay has counts; what they write later is set aside. All open invitations are
taken back, and everyone else gets new keys. Reaches the relay.

With --json: {\"members\": [{\"id\", \"name\", \"role\", \"you\", \"devices\", \"mayBecome\", \"removable\"}]}.";

/// Arguments of `workspace remove`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    who: names::Who,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

/// Removes a member.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (member, list) = with(global, Background::Off, async |app| {
        let (workspace, member) = arguments.who.find(app).await?;
        let what = format!(
            "Removes {} ({}) from the workspace. What they have already read stays with them; they get nothing new.\n\
             Open invitations stop working, and everyone else gets new keys.",
            plain(&member.name),
            count(member.devices as usize, "device"),
        );
        confirm(arguments.yes, &what, "Remove them?")?;
        let _spinner = output.spinner("Removing…");
        let remove = MemberRef { workspace, member: member.id.clone() };
        let list: Vec<Member> = call(app, Request::WorkspaceRemove(remove)).await?;
        Ok((member, list))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "members": list }))?;
    } else {
        let left = count(list.len(), "member");
        output.text(&format!("Removed {STRONG}{}{STRONG:#}; {left} left, all with new keys\n", plain(&member.name)))?;
    }
    Ok(Exit::DONE)
}
