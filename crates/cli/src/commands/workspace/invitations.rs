//! `drystone workspace invitations` and `drystone workspace revoke`

use drystone_core::api::{InvitationRef, OpenInvitation, WorkspaceRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::commands::workspace::list::role_name;
use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::{DIM, short};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const LIST_HELP: &str = "\
Examples:
  drystone workspace invitations
  drystone --json workspace invitations | jq -r '.invitations[].invitation.link'

Lists invitations that nobody has used yet. Links are shown on the device that made them
only: nobody else has the secret in them.

With --json: {\"invitations\": [{\"id\", \"role\", \"expires\", \"expired\", \"madeBy\", \"yours\", \"invitation\"}]}.";

const REVOKE_HELP: &str = "\
Examples:
  drystone workspace revoke 3f2a91

The link stops working at once. Reaches the relay.

With --json: {\"invitations\": [those that are still open]}.";

/// Arguments of `workspace invitations`.
#[derive(clap::Args)]
#[command(after_help = LIST_HELP)]
pub struct List {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Arguments of `workspace revoke`.
#[derive(clap::Args)]
#[command(after_help = REVOKE_HELP)]
pub struct Revoke {
    /// The first digits of an invitation's id
    invitation: String,
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Lists open invitations.
pub async fn list(arguments: List, global: &Global, output: &Output) -> Result<Exit> {
    let open: Vec<OpenInvitation> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        Ok(call(app, Request::WorkspaceInvitations(WorkspaceRef { workspace })).await?)
    })
    .await?;
    print(output, &open)
}

/// Takes an invitation back.
pub async fn revoke(arguments: Revoke, global: &Global, output: &Output) -> Result<Exit> {
    let open: Vec<OpenInvitation> = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let invitation = names::invitation(app, workspace.as_deref(), &arguments.invitation).await?;
        let _spinner = output.spinner("Taking the invitation back…");
        Ok(call(app, Request::WorkspaceRevokeInvitation(InvitationRef { workspace, invitation })).await?)
    })
    .await?;
    if !output.is_json() {
        output.text("Taken back: its link does not work any more\n")?;
    }
    print(output, &open)
}

fn print(output: &Output, open: &[OpenInvitation]) -> Result<Exit> {
    if output.is_json() {
        output.object(&json!({ "invitations": open }))?;
    } else if open.is_empty() {
        output.text("No invitation is open\n")?;
    } else {
        let rows = open.iter().map(|one| {
            [
                styled(short(&one.id), DIM),
                cell(role_name(one.role)),
                cell(if one.expired { "expired".to_owned() } else { when(output, &one.expires) }),
                cell(if one.yours { "you" } else { &one.made_by }),
                cell(one.invitation.as_ref().map(|shown| shown.link.as_str()).unwrap_or_default()),
            ]
        });
        output.text(&table(["ID", "ROLE", "EXPIRES", "MADE BY", "LINK"], rows.collect()))?;
    }
    Ok(Exit::DONE)
}
