//! `drystone status`

use drystone_core::api::{AppInfo, Empty, SyncPhase, SyncState, WorkspaceSummary};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{BAD, DIM, GOOD, STRONG, WARN, count, plain, short};
use crate::output::time::when;
use crate::output::{Exit, Output, Result};
use crate::unlock::described;

const AFTER_HELP: &str = "\
Examples:
  drystone status
  drystone --json status | jq '.sync[] | {workspace, phase, waiting}'

Reaches nothing: it says what is known. `drystone sync` asks the relays.

With --json: {\"version\", \"dataDir\", \"userName\", \"keySource\", \"sync\": [{\"workspace\", \"relay\",
\"phase\", \"waiting\", \"lastStored\", \"lastContact\", \"nextTry\", \"quarantined\", \"problem\"}]}.";

/// Arguments of `status`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

/// Shows where everything is.
pub async fn run(global: &Global, output: &Output) -> Result<Exit> {
    let (info, sync, workspaces) = with(global, Background::Off, async |app| {
        let info: AppInfo = call(app, Request::AppInfo(Empty {})).await?;
        let sync: Vec<SyncState> = call(app, Request::SyncStatus(Empty {})).await?;
        let workspaces: Vec<WorkspaceSummary> = call(app, Request::WorkspaceList(Empty {})).await?;
        Ok((info, sync, workspaces))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({
            "version": info.version,
            "dataDir": info.data_dir,
            "userName": info.user_name,
            "keySource": info.key_source,
            "sync": sync,
        }))?;
        return Ok(Exit::DONE);
    }
    let mut text = format!(
        "Drystone {} in {}\nEncrypted; opened with {}.",
        info.version,
        plain(&info.data_dir),
        described(&info.key_source),
    );
    if !info.user_name.is_empty() {
        text += &format!(" Others see you as {}.", plain(&info.user_name));
    }
    text += "\n\n";
    text += &describe(output, &sync, &workspaces);
    output.text(&text)?;
    Ok(Exit::DONE)
}

/// One paragraph a workspace.
pub fn describe(output: &Output, states: &[SyncState], workspaces: &[WorkspaceSummary]) -> String {
    states.iter().map(|state| paragraph(output, state, workspaces)).collect()
}

fn paragraph(output: &Output, state: &SyncState, workspaces: &[WorkspaceSummary]) -> String {
    let name = name(state, workspaces);
    let mut text = format!("{STRONG}{name}{STRONG:#}  {}\n", sentence(output, state));
    if let Some(relay) = &state.relay {
        let stored = match &state.last_stored {
            Some(time) => format!("last stored {}", when(output, time)),
            None => "nothing of this device stored there yet".to_owned(),
        };
        text += &format!("  {DIM}{}, {stored}{DIM:#}\n", plain(relay));
    }
    if state.quarantined > 0 {
        let entries =
            if state.quarantined == 1 { "1 entry was" } else { &format!("{} entries were", state.quarantined) };
        text += &format!("  {WARN}{entries} refused and set aside{WARN:#}\n");
    }
    let files = |number: u32, what: &str| format!("  {DIM}{} {what}{DIM:#}\n", count(number as usize, "file"));
    if state.attachments.sending > 0 {
        text += &files(state.attachments.sending, "of attachments to be sent");
    }
    if state.attachments.fetching > 0 {
        text += &files(state.attachments.fetching, "of attachments on the way here");
    }
    for problem in state.attachments.problem.iter().chain(&state.problem) {
        text += &format!("  {BAD}{}{BAD:#}\n  {DIM}try:{DIM:#} {}\n", plain(&problem.message), plain(&problem.advice));
    }
    text
}

/// The workspace's name, or the start of its id.
pub fn name(state: &SyncState, workspaces: &[WorkspaceSummary]) -> String {
    match workspaces.iter().find(|workspace| workspace.id == state.workspace) {
        Some(workspace) if !workspace.name.is_empty() => plain(&workspace.name).into_owned(),
        _ => short(&state.workspace).to_owned(),
    }
}

/// Where synchronisation stands, in a sentence.
pub fn sentence(output: &Output, state: &SyncState) -> String {
    let waiting = match state.waiting {
        0 => String::new(),
        number => format!(" {} waiting.", count(number as usize, "change")),
    };
    match state.phase {
        SyncPhase::Local => "On this device only; no relay is set.".to_owned(),
        SyncPhase::Idle if state.waiting == 0 => format!("{GOOD}Everything is stored at the relay.{GOOD:#}"),
        SyncPhase::Idle => format!("Up to date with the relay.{waiting}"),
        SyncPhase::Busy => format!("Synchronising.{waiting}"),
        SyncPhase::Offline => {
            let again = state.next_try.as_ref().map(|time| format!(" Next try {}.", when(output, time)));
            format!("{WARN}The relay cannot be reached.{WARN:#}{waiting}{}", again.unwrap_or_default())
        }
        SyncPhase::Attention => format!("{BAD}Needs attention.{BAD:#}{waiting}"),
    }
}
