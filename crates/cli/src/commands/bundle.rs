//! `drystone bundle`

mod export;
mod import;
mod show;

use clap::Subcommand;
use drystone_core::api::{BUNDLE_BYTES, BundleInfo, BundleKind};

use crate::Global;
use crate::commands::workspace::list::role_name;
use crate::output::text::plain;
use crate::output::time::when;
use crate::output::{Exit, Output, Result};

/// The largest bundle that is read, in bytes.
const LIMIT: u64 = BUNDLE_BYTES;

/// What `bundle` does.
#[derive(Subcommand)]
pub enum Command {
    /// Write a bundle: everything, or what came after another one
    Export(export::Arguments),
    /// Take in a bundle, as a whole or not at all
    Import(import::Arguments),
    /// Show what a bundle is and would change
    Show(show::Arguments),
}

/// Runs a command about bundles.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    match command {
        Command::Export(arguments) => export::run(arguments, global, output).await,
        Command::Import(arguments) => import::run(arguments, global, output).await,
        Command::Show(arguments) => show::run(arguments, global, output).await,
    }
}

/// What a bundle is, in a few lines.
fn described(output: &Output, info: &BundleInfo) -> String {
    let (name, author) = (plain(&info.name), plain(&info.author));
    let role = info.role.map(role_name).unwrap_or_default();
    let what = match info.kind {
        BundleKind::Invitation => {
            let until = info.expires.as_ref().map(|expires| when(output, expires)).unwrap_or_default();
            format!("{author} invites to the workspace {name}, as {role}; the invitation stops working {until}.")
        }
        BundleKind::Answer => format!("{author} answers to an invitation to the workspace {name}, as {role}."),
        BundleKind::Changes => format!("{author} carries the workspace {name}."),
    };
    let from = if info.complete { "" } else { ", going on from another bundle" };
    format!(
        "{what}\nMade {}; {} ({} new) and {} ({} new){from}.\n",
        when(output, &info.time),
        counted(info.entries, "entry", "entries"),
        info.new_entries,
        counted(info.records, "membership record", "membership records"),
        info.new_records,
    )
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
