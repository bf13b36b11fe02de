//! `drystone workspace`

mod compact;
mod create;
mod invitations;
pub(super) mod invite;
mod join;
mod leave;
pub(super) mod list;
mod members;
mod refused;
mod remove;
mod role;
mod rotate;
mod transfer;

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
    /// List the invitations that nobody has used yet
    Invitations(invitations::List),
    /// Take an invitation back
    Revoke(invitations::Revoke),
    /// Change what a member may do
    Role(role::Arguments),
    /// Remove a member, with new keys for everyone else
    Remove(remove::Arguments),
    /// Give ownership to another member and become an admin
    Transfer(transfer::Arguments),
    /// Leave a workspace
    Leave(leave::Arguments),
    /// Renew the keys of a workspace
    Rotate(rotate::Arguments),
    /// Make a snapshot of the log, so that the relay need not keep every entry
    Compact(compact::Arguments),
    /// List what came from others and was set aside
    Refused(refused::Arguments),
}

/// Runs a command about workspaces.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    match command {
        Command::Create(arguments) => create::run(arguments, global, output).await,
        Command::List(_) => list::run(global, output).await,
        Command::Members(arguments) => members::run(arguments, global, output).await,
        Command::Invite(arguments) => invite::run(arguments, global, output).await,
        Command::Join(arguments) => join::run(arguments, global, output).await,
        Command::Invitations(arguments) => invitations::list(arguments, global, output).await,
        Command::Revoke(arguments) => invitations::revoke(arguments, global, output).await,
        Command::Role(arguments) => role::run(arguments, global, output).await,
        Command::Remove(arguments) => remove::run(arguments, global, output).await,
        Command::Transfer(arguments) => transfer::run(arguments, global, output).await,
        Command::Leave(arguments) => leave::run(arguments, global, output).await,
        Command::Rotate(arguments) => rotate::run(arguments, global, output).await,
        Command::Compact(arguments) => compact::run(arguments, global, output).await,
        Command::Refused(arguments) => refused::run(arguments, global, output).await,
    }
}
