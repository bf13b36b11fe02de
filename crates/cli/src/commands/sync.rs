//! `drystone sync`

use drystone_core::App;
use drystone_core::api::{Empty, Event, SyncPhase, SyncState, WorkspaceRef, WorkspaceSummary};
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::commands::status;
use crate::data_folder::{Background, call, with};
use crate::output::{Exit, Output, Result};
use crate::{Global, names, serve};

const AFTER_HELP: &str = "\
Examples:
  drystone sync
  drystone sync --workspace Plant
  drystone sync --watch        (until Ctrl-C)

One round sends what waits, fetches what is new, and ends with 0 when both
worked, 3 when a relay cannot be reached or does not accept this device.

With --json: {\"sync\": [{\"workspace\", \"relay\", \"phase\", \"waiting\", …}]}; with --watch such
an object on a line of its own whenever something changes.";

/// Arguments of `sync`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Go on synchronising until stopped
    #[arg(long)]
    watch: bool,
    /// Only this workspace: a name or the first digits of an id [default: all]
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

/// Synchronises.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let background = if arguments.watch { Background::Sync } else { Background::Off };
    with(global, background, async |app| {
        let events = app.subscribe();
        let workspaces: Vec<WorkspaceSummary> = call(app, Request::WorkspaceList(Empty {})).await?;
        let wanted = wanted(app, arguments.workspace.as_deref(), &workspaces).await?;
        let states = round(app, wanted, output).await?;
        print(output, &states, &workspaces)?;
        if !arguments.watch {
            return Ok(states.iter().map(outcome).fold(Exit::DONE, Exit::worse));
        }
        let only = arguments.workspace.is_some().then(|| states.iter().map(|s| s.workspace.clone()).collect());
        watch(output, events, &workspaces, only).await?;
        Ok(Exit::DONE)
    })
    .await
}

async fn round(app: &App, workspaces: Vec<String>, output: &Output) -> Result<Vec<SyncState>> {
    let _spinner = output.spinner("Synchronising…");
    let mut states = Vec::new();
    for workspace in workspaces {
        let request = Request::SyncNow(WorkspaceRef { workspace: Some(workspace.clone()) });
        let answer: Vec<SyncState> = call(app, request).await?;
        states.extend(answer.into_iter().filter(|state| state.workspace == workspace));
    }
    Ok(states)
}

/// The workspaces to synchronise: the one asked for, or all that have a relay.
async fn wanted(app: &App, given: Option<&str>, workspaces: &[WorkspaceSummary]) -> Result<Vec<String>> {
    let chosen = names::workspace(app, given).await?;
    let with_relay: Vec<String> = workspaces
        .iter()
        .filter(|workspace| chosen.as_ref().is_none_or(|id| *id == workspace.id) && workspace.sync.relay.is_some())
        .map(|workspace| workspace.id.clone())
        .collect();
    if with_relay.is_empty() {
        let message = match given {
            Some(name) => format!("The workspace “{name}” has no relay."),
            None => "No workspace has a relay.".to_owned(),
        };
        return Err(Error::new(ErrorCode::Usage, message, "Set one with `drystone relay set URL`.").into());
    }
    Ok(with_relay)
}

fn print(output: &Output, states: &[SyncState], workspaces: &[WorkspaceSummary]) -> Result<()> {
    if output.is_json() {
        output.object(&json!({ "sync": states }))
    } else {
        output.text(&status::describe(output, states, workspaces))
    }
}

fn outcome(state: &SyncState) -> Exit {
    let files = state.attachments.problem.as_ref().map_or(Exit::DONE, |problem| Exit::failed(problem.code));
    let text = match (&state.problem, state.phase) {
        (Some(problem), _) => Exit::failed(problem.code),
        (None, SyncPhase::Offline) => Exit::failed(ErrorCode::Unreachable),
        (None, SyncPhase::Attention) => Exit::FINDINGS,
        (None, SyncPhase::Local | SyncPhase::Idle | SyncPhase::Busy) => Exit::DONE,
    };
    text.worse(files)
}

async fn watch(
    output: &Output,
    mut events: Receiver<Event>,
    workspaces: &[WorkspaceSummary],
    only: Option<Vec<String>>,
) -> Result<()> {
    let stop = serve::stop_signal();
    tokio::pin!(stop);
    let mut last: Vec<SyncState> = Vec::new();
    loop {
        let event = tokio::select! {
            () = &mut stop => return Ok(()),
            event = events.recv() => event,
        };
        match event {
            Ok(Event::SyncChanged { state }) => {
                let wanted = only.as_ref().is_none_or(|ids| ids.contains(&state.workspace));
                if wanted && changed(&mut last, &state) {
                    print(output, std::slice::from_ref(&state), workspaces)?;
                }
            }
            // What was missed is superseded by the next state.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Remembers the state; false when it says nothing new to people.
fn changed(last: &mut Vec<SyncState>, state: &SyncState) -> bool {
    let said = |s: &SyncState| (s.phase, s.waiting, s.quarantined, s.problem.clone(), s.last_stored.clone(), s.attachments.clone());
    let known = last.iter_mut().find(|known| known.workspace == state.workspace);
    match known {
        Some(known) if said(known) == said(state) => false,
        Some(known) => {
            *known = state.clone();
            true
        }
        None => {
            last.push(state.clone());
            true
        }
    }
}
