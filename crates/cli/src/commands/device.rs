//! `drystone device`

mod add;
mod list;
mod name;
mod request;
mod revoke;

use clap::Subcommand;

use crate::Global;
use crate::output::{Exit, Output, Result};

/// What `device` does.
#[derive(Subcommand)]
pub enum Command {
    /// List the devices of a workspace's members
    List(list::Arguments),
    /// Show this device's code, to be added on another device of yours
    Request(request::Arguments),
    /// Add a new device of yours by its code
    Add(add::Arguments),
    /// Name a device of yours
    Name(name::Arguments),
    /// Take a device out of a workspace
    Revoke(revoke::Arguments),
}

/// Runs a command about devices.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    match command {
        Command::List(arguments) => list::run(arguments, global, output).await,
        Command::Request(_) => request::run(global, output).await,
        Command::Add(arguments) => add::run(arguments, global, output).await,
        Command::Name(arguments) => name::run(arguments, global, output).await,
        Command::Revoke(arguments) => revoke::run(arguments, global, output).await,
    }
}
