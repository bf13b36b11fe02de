//! `drystone workspace compact`

use drystone_core::api::{Compaction, SnapshotInfo, WorkspaceRef};
use drystone_core::command::Request;
use serde_json::json;

use crate::data_folder::{Background, call, with};
use crate::output::table::{cell, styled, table};
use crate::output::text::STRONG;
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::{Global, names};

const AFTER_HELP: &str = "\
Examples:
  drystone workspace compact
  drystone workspace compact --show

Makes a snapshot of everything in the workspace, sealed, so that the relay need not keep every
single entry for ever. It happens by itself when the log has grown long. Another member's device
compares it with what it has and confirms it; behind two confirmed snapshots the relay deletes
entries after 30 days. No history is lost: devices that come later load the snapshot.
Reaches the relay, unless only shown.

With --json: {\"compaction\": {\"entries\", \"compacted\", \"due\", \"dueEntries\", \"loaded\", \"uploading\",
\"snapshots\": [{\"id\", \"entries\", \"madeBy\", \"made\", \"confirmed\", \"confirmedBy\", \"contradictedBy\"}]}}.";

/// Arguments of `workspace compact`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The workspace: a name or the first digits of an id [default: your first]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// Only show what was compacted, and which snapshots there are
    #[arg(long)]
    show: bool,
}

/// Makes a snapshot of a workspace's log.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let compaction: Compaction = with(global, Background::Off, async |app| {
        let workspace = WorkspaceRef { workspace: names::workspace(app, arguments.workspace.as_deref()).await? };
        let request = match arguments.show {
            true => Request::WorkspaceCompaction(workspace),
            false => Request::WorkspaceCompact(workspace),
        };
        let _spinner = output.spinner("Making a snapshot…");
        Ok(call(app, request).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "compaction": compaction }))?;
        return Ok(Exit::DONE);
    }
    if !compaction.snapshots.is_empty() {
        let rows = compaction.snapshots.iter().map(|it| {
            [
                cell(format!("1 to {}", it.entries)),
                styled(&it.made_by, STRONG),
                cell(when(output, &it.made)),
                cell(standing(it)),
            ]
        });
        output.text(&table(["ENTRIES", "MADE BY", "MADE", "CONFIRMED"], rows.collect()))?;
    }
    output.text(&format!("{}\n", summary(output, &compaction)))?;
    Ok(Exit::DONE)
}

/// Who says what of a snapshot.
fn standing(it: &SnapshotInfo) -> String {
    match (it.contradicted_by.is_empty(), it.confirmed_by.is_empty()) {
        (false, _) => format!("no: contradicted by {}", it.contradicted_by.join(", ")),
        (true, true) => "not yet: another member's device does, when it is online".into(),
        (true, false) => format!("by {}", it.confirmed_by.join(", ")),
    }
}

fn summary(output: &Output, compaction: &Compaction) -> String {
    let done = match compaction.compacted {
        0 => format!("The relay has all {} entries", compaction.entries),
        some => format!("Entries 1 to {some} of {} are at the relay in snapshots only", compaction.entries),
    };
    match &compaction.due {
        Some(due) => format!("{done}; up to {} it deletes them {}", compaction.due_entries, when(output, due)),
        None => done,
    }
}
