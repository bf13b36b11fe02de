//! `quota`, `suspend`, `resume`, `delete`, `undelete`, `collect`.

use clap::Args;
use drystone_wire::WorkspaceId;
use serde_json::json;

use super::fault::{Code, Fault};
use super::size::stretch;
use super::{Days, Said, Size, Store, confirmed, list};
use crate::state::now_ms;
use crate::storage::StoreError;
use crate::storage::chunks::Chunks;
use crate::storage::sqlite::admin::{self, Quota, State};
use crate::storage::sqlite::{roster, snapshots};

/// The longest reason of a suspension, in bytes: it travels in every refusal.
const REASON_BYTES: usize = 500;

/// Quotas to set.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Quotas {
    /// Bytes of records and envelopes, such as 500M or 2G
    #[arg(long, value_name = "SIZE")]
    bytes: Option<Size>,
    /// Envelopes in the log
    #[arg(long, value_name = "N")]
    entries: Option<u64>,
    /// Devices of all members together
    #[arg(long, value_name = "N")]
    devices: Option<u64>,
    /// Bytes of attachments
    #[arg(long, value_name = "SIZE")]
    attachments: Option<Size>,
    /// The relay's own defaults, for all that is not named here
    #[arg(long)]
    default: bool,
}

pub fn quota(store: &Store, id: &WorkspaceId, quotas: &Quotas) -> Result<Said, Fault> {
    let asked = [
        (Quota::Bytes, quotas.bytes.map(|size| size.0)),
        (Quota::Entries, quotas.entries),
        (Quota::Devices, quotas.devices),
        (Quota::Attachments, quotas.attachments.map(|size| size.0)),
    ];
    store.change(|connection| {
        for (quota, most) in asked {
            if most.is_some() || quotas.default {
                admin::set_quota(connection, id, quota, most)?;
            }
        }
        Ok(())
    })?;
    list::said(store, id, "The quotas were set; they count from the next write on.")
}

pub fn suspend(store: &Store, id: &WorkspaceId, reason: &str) -> Result<Said, Fault> {
    if reason.trim().is_empty() || reason.len() > REASON_BYTES || reason.chars().any(char::is_control) {
        let message = format!("--reason has to be one line of 1 to {REASON_BYTES} bytes");
        return Err(Fault::new(Code::Input, message));
    }
    let state = state(store, id)?;
    if state == State::Restoring {
        return Err(wrong("it is being restored: end that first, by `drystone-relay restore` with the same backup"));
    }
    store.change(|connection| admin::hold(connection, id, reason.trim(), false, now_ms()))?;
    list::said(store, id, "Suspended from the next request on; its listeners are closed.")
}

pub fn resume(store: &Store, id: &WorkspaceId) -> Result<Said, Fault> {
    if state(store, id)? == State::Restoring {
        return Err(wrong("it is being restored: end that first, by `drystone-relay restore` with the same backup"));
    }
    match store.change(|connection| admin::release(connection, id))? {
        true => list::said(store, id, "Resumed."),
        false => Err(wrong("it is not suspended: nothing was done")),
    }
}

pub fn delete(store: &Store, id: &WorkspaceId, grace: Option<Days>, yes: bool) -> Result<Said, Fault> {
    if state(store, id)? == State::Collecting {
        return Err(wrong("it is being removed for good already: nothing was done"));
    }
    let Some(Days(grace_ms)) = grace else {
        confirmed(yes, &format!("Workspace {id} will be gone for good at this relay, at once."))?;
        store.change(|connection| admin::delete(connection, id, now_ms()))?;
        let parts = collected(store)?;
        let json = json!({ "deleted": { "workspace": id.to_string(), "dueMs": now_ms(), "steps": parts } });
        return Ok(Said::new(json, format!("Workspace {id} is gone for good.")));
    };
    store.change(|connection| admin::delete(connection, id, now_ms().saturating_add(grace_ms)))?;
    let done = format!(
        "Deleted from the next request on; its listeners are closed. For {} `drystone-relay undelete` brings it back.",
        stretch(grace_ms)
    );
    list::said(store, id, &done)
}

pub fn undelete(store: &Store, id: &WorkspaceId) -> Result<Said, Fault> {
    match state(store, id)? {
        State::Collecting => return Err(wrong("its grace is over and parts are gone: restore it from a backup")),
        State::Deleted => {}
        _ => return Err(wrong("it is not deleted: nothing was done")),
    }
    match store.change(|connection| admin::undelete(connection, id))? {
        true => list::said(store, id, "It is back."),
        false => Err(wrong("its grace has just ended and parts are gone: restore it from a backup")),
    }
}

pub fn collect(store: &Store) -> Result<Said, Fault> {
    let steps = collected(store)?;
    let text = match steps {
        0 => "Nothing is due.".to_string(),
        steps => format!("What was due is gone, in {steps} steps. The file keeps its size; its room is used again."),
    };
    Ok(Said::new(json!({ "collected": { "steps": steps } }), text))
}

/// Removes what is due, in steps between which the relay writes; gives how many.
fn collected(store: &Store) -> Result<u64, Fault> {
    let mut steps = 0;
    let chunks = Chunks::of(&store.data);
    steps += compacted(store, &chunks)?;
    while store.change(|connection| admin::collect(connection, &chunks, now_ms()))? {
        steps += 1;
    }
    Ok(steps)
}

/// Closes logs up to marks whose grace is over, as a running relay does by itself; gives how many.
fn compacted(store: &Store, chunks: &Chunks) -> Result<u64, Fault> {
    let mut closed = 0;
    for (id, position) in store.read(|connection| snapshots::due(connection, now_ms()))? {
        let (roster, _) = store.read(|connection| roster::load(connection, &id))?;
        let whole = |connection: &_| snapshots::contents_verify(connection, chunks, &id, &roster, position);
        let done = store.read(whole)?
            && store.change(|connection| snapshots::close(connection, &id, &roster, position, now_ms()))?;
        closed += u64::from(done);
    }
    Ok(closed)
}

fn state(store: &Store, id: &WorkspaceId) -> Result<State, Fault> {
    store.read(|connection: &rusqlite::Connection| -> Result<State, StoreError> {
        admin::summary(connection, id).map(|summary| summary.state)
    })
}

pub fn wrong(what: &str) -> Fault {
    Fault::new(Code::State, format!("the workspace is not in the state that this needs: {what}"))
}
