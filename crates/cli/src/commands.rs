//! The commands, one file each. This list is where a command is registered.

mod add;
mod attach;
mod bundle;
mod check;
mod compare;
mod completions;
mod delete;
mod device;
mod doctor;
mod export;
mod import;
mod lift;
mod list;
mod log;
mod nearby;
mod new;
mod presence;
mod recovery;
mod relay;
mod remove;
mod restore;
mod search;
mod set;
mod show;
mod status;
mod sync;
mod template;
mod workspace;

use clap::Subcommand;

use crate::output::{Exit, Output, Result};
use crate::{Global, serve};

/// Everything `drystone` does.
#[derive(Subcommand)]
pub enum Command {
    /// Create a document from a template
    New(new::Arguments),
    /// List documents, most recently changed first
    List(list::Arguments),
    /// Show a document's outline, or what is at a path in it
    Show(show::Arguments),
    /// Change what is at a path in a document
    Set(set::Arguments),
    /// Add a record to the model: an element, a relationship, a decision
    Add(add::Arguments),
    /// Attach photos and files to sections and records, list and save them
    #[command(subcommand)]
    Attach(attach::Command),
    /// Put a record of the model into the trash
    Remove(remove::Arguments),
    /// Import Markdown files as new documents
    Import(import::Arguments),
    /// Lift what prose says into the model
    Lift(lift::Arguments),
    /// Change a document's template
    Template(template::Arguments),
    /// Check a document, or a Markdown file where it lies
    Check(check::Arguments),
    /// Compare two environments of a document
    Compare(compare::Arguments),
    /// Export a document
    Export(export::Arguments),
    /// Find sections by their words
    Search(search::Arguments),
    /// Show who changed a document, newest first
    Log(log::Arguments),
    /// Delete a document; `restore` brings it back
    Delete(delete::Arguments),
    /// Bring a deleted document back
    Restore(restore::Arguments),
    /// Create, join and leave workspaces, and look after their members
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// List, add, name and revoke devices
    #[command(subcommand)]
    Device(device::Command),
    /// Make, try and use the recovery kit
    #[command(subcommand)]
    Recovery(recovery::Command),
    /// Carry a workspace by hand: write, look at and take in bundles
    #[command(subcommand)]
    Bundle(bundle::Command),
    /// Choose the relay a workspace synchronises through
    #[command(subcommand)]
    Relay(relay::Command),
    /// Show others where you are in documents, or do not
    Presence(presence::Arguments),
    /// Exchange with devices on the same local network, or not
    Nearby(nearby::Arguments),
    /// Synchronise with the relays: one round, or until stopped
    Sync(sync::Arguments),
    /// Show where everything is and how synchronisation stands
    Status(status::Arguments),
    /// Serve the interface to a browser
    Serve(serve::Arguments),
    /// Check the database, the keys and the relays
    Doctor(doctor::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

impl Command {
    /// Runs the command.
    pub async fn run(self, global: &Global, output: &Output) -> Result<Exit> {
        match self {
            Command::New(arguments) => new::run(arguments, global, output).await,
            Command::List(arguments) => list::run(arguments, global, output).await,
            Command::Show(arguments) => show::run(arguments, global, output).await,
            Command::Set(arguments) => set::run(arguments, global, output).await,
            Command::Add(arguments) => add::run(arguments, global, output).await,
            Command::Attach(command) => attach::run(command, global, output).await,
            Command::Remove(arguments) => remove::run(arguments, global, output).await,
            Command::Import(arguments) => import::run(arguments, global, output).await,
            Command::Lift(arguments) => lift::run(arguments, global, output).await,
            Command::Template(arguments) => template::run(arguments, global, output).await,
            Command::Check(arguments) => check::run(arguments, global, output).await,
            Command::Compare(arguments) => compare::run(arguments, global, output).await,
            Command::Export(arguments) => export::run(arguments, global, output).await,
            Command::Search(arguments) => search::run(arguments, global, output).await,
            Command::Log(arguments) => log::run(arguments, global, output).await,
            Command::Delete(arguments) => delete::run(arguments, global, output).await,
            Command::Restore(arguments) => restore::run(arguments, global, output).await,
            Command::Workspace(command) => workspace::run(command, global, output).await,
            Command::Device(command) => device::run(command, global, output).await,
            Command::Recovery(command) => recovery::run(command, global, output).await,
            Command::Bundle(command) => bundle::run(command, global, output).await,
            Command::Relay(command) => relay::run(command, global, output).await,
            Command::Presence(arguments) => presence::run(arguments, global, output).await,
            Command::Nearby(arguments) => nearby::run(arguments, global, output).await,
            Command::Sync(arguments) => sync::run(arguments, global, output).await,
            Command::Status(_) => status::run(global, output).await,
            Command::Serve(arguments) => serve::run(arguments, global, output).await,
            Command::Doctor(arguments) => doctor::run(arguments, global, output).await,
            Command::Completions(arguments) => completions::run(&arguments, output),
        }
    }
}
