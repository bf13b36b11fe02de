//! `drystone workspace`

mod create;
mod invite;
mod join;
mod list;
mod members;

use clap::Subcommand;

use crate::Global;
use crate::output::{Exit, Output, Result};

/// What `workspace` does.
#[derive(Subcommand)]
pub enum Command {
    /// Create a workspace
    Create(create::Arguments),
    /// List the workspaces of this device
    List(list::Arguments),
    /// List the members of a workspace
    Members(members::Arguments),
    /// Make an invitation: a link and a QR code that work once
    Invite(invite::Arguments),
    /// Join a workspace by an invitation
    Join(join::Arguments),
}

/// Runs a command about workspaces.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    match command {
        Command::Create(arguments) => create::run(arguments, global, output).await,
        Command::List(_) => list::run(global, output).await,
        Command::Members(arguments) => members::run(arguments, global, output).await,
        Command::Invite(arguments) => invite::run(arguments, global, output).await,
        Command::Join(arguments) => join::run(arguments, global, output).await,
    }
}
