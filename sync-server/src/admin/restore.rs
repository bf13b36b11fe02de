//! `restore`: a whole relay into an empty folder, or one workspace into a relay that may run.

use std::path::Path;

use drystone_wire::{Hash, WorkspaceId};
use rusqlite::Connection;
use serde_json::json;

use super::check::{all, opened, sound};
use super::fault::{Code, Fault};
use super::{Said, Store, change, found, list};
use crate::state::now_ms;
use crate::storage::StoreError;
use crate::storage::chunks::Chunks;
use crate::storage::folder::Folder;
use crate::storage::sqlite::admin::{self, State};
use crate::storage::sqlite::transfer::{self, Compared, Sealed};
use crate::storage::sqlite::{self, blobs, verify};

pub const HELP: &str = "\
Whole: into a folder that is empty or not there, with the relay's key. No relay may run on it. When it breaks off,
run it again; until then the relay refuses the folder.

One workspace: into the relay in --data, which may run. It has to be missing there, or behind the backup. Meanwhile its
members are told that it is suspended. When it breaks off, run it again.

Devices that had seen more than the backup holds notice, show it, and send again what they wrote once their relay's
address is set again.

Examples:
  drystone-relay restore monday.backup --data /var/lib/drystone-relay-new
  drystone-relay restore monday.backup --workspace 3f2a";

pub fn whole(data: &Path, file: &Path) -> Result<Said, Fault> {
    let backup = opened(file)?;
    let report = all(&backup)?;
    sound(&report, &format!("the backup {}", file.display()))?;
    let Some(Sealed { secret, made_ms }) = transfer::sealed(&backup)? else {
        return Err(Fault::new(Code::NotABackup, format!("{} is no backup", file.display())));
    };
    // Held until the end, so that no relay starts on it.
    let folder = Folder::open(data)?;
    if folder.holds_a_relay() {
        let message = format!(
            "the data folder {} holds a relay already: restore into an empty folder, or one workspace with --workspace",
            data.display()
        );
        return Err(Fault::new(Code::Exists, message));
    }
    folder.begin_restore()?;
    let path = folder.private_database()?;
    let mut copy = Connection::open(&path).map_err(|error| Fault::file(&path, &error))?;
    transfer::copy(&backup, &mut copy)?;
    let chunks = Chunks::of(data);
    for id in admin::ids(&backup)? {
        transfer::unpack(&backup, &id, &chunks)?;
    }
    transfer::unseal(&copy)?;
    copy.close().map_err(|(_, error)| StoreError::from(error))?;
    folder.end_restore(&secret)?;
    let json = json!({ "restored": {
        "data": data.display().to_string(), "madeMs": made_ms, "workspaces": report.workspaces,
        "records": report.records, "entries": report.entries,
    } });
    let text = format!(
        "{} workspaces with {} entries are in {}. Start the relay on it; devices that had seen more will say so.",
        report.workspaces,
        report.entries,
        data.display()
    );
    Ok(Said::new(json, text))
}

pub fn one(store: &Store, file: &Path, digits: &str) -> Result<Said, Fault> {
    let backup = opened(file)?;
    if sqlite::owner(&backup)? != store.read(sqlite::owner)? {
        let message = format!("{} is a backup of another relay: its signatures would not count here", file.display());
        return Err(Fault::new(Code::OtherRelay, message));
    }
    let id = found(admin::ids(&backup)?, digits)?;
    let chunk_of = |id: &WorkspaceId, blob: &Hash, index| transfer::packed(&backup, id, blob, index);
    sound(&verify::one(&backup, &id, &chunk_of)?, &format!("workspace {id} in the backup {}", file.display()))?;
    let state = match store.read(|connection| admin::summary(connection, &id)) {
        Ok(summary) => Some(summary.state),
        Err(fault) if fault.code == Code::NoWorkspace => None,
        Err(fault) => return Err(fault),
    };
    match state {
        Some(State::Deleted) => return Err(change::wrong("it is deleted and can be had back: `undelete` it first")),
        Some(State::Collecting) => return Err(change::wrong("it is being removed: `collect` first")),
        Some(State::Suspended) => return Err(change::wrong("it is suspended: `resume` it first")),
        Some(State::Open | State::Restoring) | None => {}
    }
    let went_back = check_place(store, &backup, &id)?;
    let entries_before = state.map_or(Ok(0), |_| entries(store, &id))?;
    if state != Some(State::Restoring) && state.is_some() && !behind(store, &backup, &id)? {
        return Err(change::wrong("the relay has all of what the backup has: nothing was done"));
    }
    store.change(|connection| transfer::begin(connection, &backup, &id, now_ms()))?;
    while store.change(|connection| transfer::step(connection, &backup, &id))? {}
    // Files before rows: what the database names is there.
    transfer::unpack(&backup, &id, &Chunks::of(&store.data))?;
    for blob in blobs::of_workspace(&backup, &id)? {
        store.change(|connection| blobs::put_back(connection, &id, &blob))?;
    }
    store.change(|connection| transfer::put_back_snapshots(connection, &backup, &id))?;
    sound(
        &store.read(|connection| verify::one(connection, &id, &store.chunk_of()))?,
        &format!("workspace {id} after the restore"),
    )?;
    store.change(|connection| admin::release(connection, &id))?;
    let came = entries(store, &id)? - entries_before;
    let note = if went_back { " It had more before; devices that saw that will say so." } else { "" };
    let mut said = list::said(store, &id, &format!("{came} entries came back.{note}"))?;
    if let Some(object) = said.json.as_object_mut() {
        object.insert("restored".into(), json!({ "entries": came, "wentBack": went_back }));
    }
    Ok(said)
}

fn entries(store: &Store, id: &WorkspaceId) -> Result<u64, Fault> {
    store.read(|connection| admin::summary(connection, id).map(|summary| summary.entries))
}

fn behind(store: &Store, backup: &Connection, id: &WorkspaceId) -> Result<bool, Fault> {
    let kept = blobs::of_workspace(backup, id)?;
    store.read(|connection| {
        let here = blobs::of_workspace(connection, id)?;
        let lacks = kept.iter().any(|kept| !here.iter().any(|it| it.blob == kept.blob && it.whole >= kept.whole));
        Ok(lacks || transfer::compare(connection, backup, id)? == Compared::Behind)
    })
}

/// Refuses what would fork the log. True when the log had once been longer than the backup's.
fn check_place(store: &Store, backup: &Connection, id: &WorkspaceId) -> Result<bool, Fault> {
    if store.read(|connection| transfer::compare(connection, backup, id))? == Compared::Diverged {
        let message = "the relay's log went on in another way than the backup's, and both cannot be kept: delete the \
                       workspace here first if the backup's is the one to keep";
        return Err(Fault::new(Code::Diverged, message));
    }
    let kept = admin::summary(backup, id)?;
    match store.read(|connection| admin::gone(connection, id))? {
        Some((generation, _)) if generation > kept.generation => Err(Fault::new(
            Code::Diverged,
            format!(
                "devices have seen generation {generation} of this log, and the backup's is {}: they would refuse it",
                kept.generation
            ),
        )),
        Some((_, position)) => Ok(position > kept.entries),
        None => Ok(false),
    }
}
