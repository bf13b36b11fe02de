//! `drystone workspace invite`

use drystone_core::api::{Invitation, Invite, Role};
use drystone_core::command::Request;
use serde_json::json;

use crate::commands::workspace::list::role_name;
use crate::data_folder::{Background, call, with};
use crate::output::qr;
use crate::output::text::{DIM, plain};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

/// The longest an invitation may be open: a month.
const HOURS_LIMIT: i64 = 31 * 24;

const AFTER_HELP: &str = "\
Examples:
  drystone workspace invite
  drystone workspace invite --workspace Plant --role reader --hours 24

Whoever has the link can join once, so pass it on over a way you trust. Reaches
the relay.

With --json: {\"link\", \"expires\", \"role\"}.";

/// Roles that can be given by invitation.
#[derive(Clone, Copy, clap::ValueEnum)]
enum InvitedRole {
    /// Everything
    Owner,
    /// Everything but removing owners
    Admin,
    /// Read and write
    Editor,
    /// Read
    Reader,
}

impl From<InvitedRole> for Role {
    fn from(role: InvitedRole) -> Role {
        match role {
            InvitedRole::Owner => Role::Owner,
            InvitedRole::Admin => Role::Admin,
            InvitedRole::Editor => Role::Editor,
            InvitedRole::Reader => Role::Reader,
        }
    }
}

/// Arguments of `workspace invite`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// What the invited person may do
    #[arg(long, value_enum, default_value = "editor")]
    role: InvitedRole,
    /// How long the link works, in hours
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=HOURS_LIMIT))]
    hours: u32,
}

/// Makes an invitation.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let invitation: Invitation = with(global, Background::Off, async |app| {
        let workspace = names::workspace(app, arguments.workspace.as_deref()).await?;
        let invite = Invite { workspace, role: arguments.role.into(), hours: arguments.hours };
        let _spinner = output.spinner("Leaving the invitation at the relay…");
        Ok(call(app, Request::WorkspaceInvite(invite)).await?)
    })
    .await?;
    if output.is_json() {
        let Invitation { link, expires, role, .. } = invitation;
        output.object(&json!({ "link": link, "expires": expires, "role": role }))?;
    } else if output.on_terminal() {
        let code = qr::draw(&invitation.link).unwrap_or_default();
        output.text(&format!(
            "{code}\n{}\n\n{DIM}One person can join with this as {}; it stops working {}.{DIM:#}\n",
            plain(&invitation.link),
            role_name(invitation.role),
            when(output, &invitation.expires),
        ))?;
    } else {
        output.text(&format!("{}\n", invitation.link))?;
    }
    Ok(Exit::DONE)
}
