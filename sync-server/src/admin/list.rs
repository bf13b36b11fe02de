//! `list` and `show`: what a relay may know.

use std::fmt::Write;

use drystone_wire::WorkspaceId;
use serde_json::json;

use super::fault::Fault;
use super::size::{readable, stretch};
use super::{Said, Store};
use crate::state::now_ms;
use crate::storage::sqlite::admin::{self, State, Summary};

/// Digits of an id that a list for people shows; any command takes them.
const SHOWN_DIGITS: usize = 16;

pub fn all(store: &Store) -> Result<Said, Fault> {
    let workspaces = store.read(admin::summaries)?;
    let now = now_ms();
    let mut text = format!(
        "{:<SHOWN_DIGITS$}  {:<10}  {:>10}  {:>9}  {:>7}  {:>7}  LAST WRITE",
        "WORKSPACE", "STATE", "BYTES", "ENTRIES", "MEMBERS", "DEVICES"
    );
    for it in &workspaces {
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "\n{:.SHOWN_DIGITS$}  {:<10}  {:>10}  {:>9}  {:>7}  {:>7}  {} ago",
            it.workspace,
            state(it.state),
            readable(it.bytes),
            it.entries,
            it.members,
            it.devices,
            stretch(now.saturating_sub(it.active_ms))
        );
    }
    let bytes: u64 = workspaces.iter().map(|it| it.bytes).sum();
    let _ = write!(text, "\n{} workspaces, {}", workspaces.len(), readable(bytes));
    Ok(Said::new(json!({ "workspaces": workspaces }), text))
}

pub fn one(store: &Store, id: &WorkspaceId) -> Result<Said, Fault> {
    said(store, id, "")
}

/// The workspace as it is now, after a sentence on what was done.
pub fn said(store: &Store, id: &WorkspaceId, done: &str) -> Result<Said, Fault> {
    let it = store.read(|connection| admin::summary(connection, id))?;
    let text = if done.is_empty() { described(&it) } else { format!("{done}\n{}", described(&it)) };
    Ok(Said::new(json!({ "workspace": it }), text))
}

fn described(it: &Summary) -> String {
    let now = now_ms();
    let more = match it.state {
        State::Open => String::new(),
        State::Suspended | State::Restoring => format!(": {}", it.reason),
        State::Deleted | State::Collecting => {
            format!(", gone for good in {}", stretch(it.due_ms.unwrap_or(0).saturating_sub(now)))
        }
    };
    let own = |what: &str| if it.quota.own.iter().any(|own| own == what) { ", its own" } else { "" };
    format!(
        "workspace   {}\nstate       {}{more}\nbytes       {} of {}{}\nentries     {} of {}{}\ndevices     {} of {}{}\n\
         attachments {} of {}{}\n\
         members     {}\nrecords     {}\ngeneration  {}\nsnapshots   {}, {} of them confirmed\ncompacted   {}\nmade        {} ago\nlast write  {} ago",
        it.workspace,
        state(it.state),
        readable(it.bytes),
        readable(it.quota.bytes),
        own("bytes"),
        it.entries,
        it.quota.entries,
        own("entries"),
        it.devices,
        it.quota.devices,
        own("devices"),
        readable(it.attachments),
        readable(it.quota.attachments),
        own("attachments"),
        it.members,
        it.records,
        it.generation,
        it.snapshots,
        it.confirmed,
        compacted(it, now),
        stretch(now.saturating_sub(it.created_ms)),
        stretch(now.saturating_sub(it.active_ms))
    )
}

/// How far the log was compacted, and what comes next.
fn compacted(it: &Summary, now: u64) -> String {
    let done = match it.compacted {
        0 => "nothing".to_string(),
        position => format!("up to entry {position}, {} freed", readable(it.freed)),
    };
    match it.marked {
        0 => done,
        position => format!("{done}; marked up to {position} {} ago", stretch(now.saturating_sub(it.marked_ms))),
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Suspended => "suspended",
        State::Restoring => "restoring",
        State::Deleted => "deleted",
        State::Collecting => "collecting",
    }
}
