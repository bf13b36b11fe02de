//! `drystone workspace invite`

use std::path::PathBuf;

use drystone_core::api::{Invitation, Invite, Role};
use drystone_core::command::Request;
use serde_json::json;

use crate::commands::workspace::list::role_name;
use crate::data_folder::{Background, call, with};
use crate::output::qr;
use crate::output::text::{DIM, plain};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, files, names};

/// The longest an invitation may be open: a month.
const HOURS_LIMIT: i64 = 31 * 24;

const AFTER_HELP: &str = "\
Examples:
  drystone workspace invite
  drystone workspace invite --workspace Plant --role reader --hours 24
  drystone workspace invite --file ada.drystone-invite

Whoever has the link can join once, so pass it on over a way you trust. Reaches
the relay.

With --json: {\"link\", \"expires\", \"role\"}.";

/// Roles that can be given.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum GivenRole {
    /// Everything
    Owner,
    /// Everything but removing owners
    Admin,
    /// Read and write
    Editor,
    /// Read
    Reader,
}

impl From<GivenRole> for Role {
    fn from(role: GivenRole) -> Role {
        match role {
            GivenRole::Owner => Role::Owner,
            GivenRole::Admin => Role::Admin,
            GivenRole::Editor => Role::Editor,
            GivenRole::Reader => Role::Reader,
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
    role: GivenRole,
    /// How long the link works, in hours
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=HOURS_LIMIT))]
    hours: u32,
    /// Also write the invitation into a file to pass on, such as `plant.drystone-invite`
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
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
    if let Some(path) = &arguments.file {
        files::write(path, invitation.file.as_bytes())?;
    }
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
