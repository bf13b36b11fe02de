//! Synchronisation as the façade shows it: setting a relay, a round now, where
//! it stands. One process at a time synchronises a data folder; the others ask
//! it.

mod background;
mod exchange;
mod incoming;
mod rounds;
#[cfg(test)]
mod simulation;
mod state;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use drystone_wire::{RelayKey, WorkspaceId};
use rusqlite::Connection;

use super::{App, RemoteChanges, sharing};
use crate::api::*;
use crate::crypto::address::RelayAddress;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, quarantine, requests, workspaces};
use crate::sync::client::Client;
use crate::sync::engine::{FIRST_WAIT_MS, Step};
use crate::sync::request::Failure;
use crate::sync::trust;

pub(crate) use background::SyncTask;
use exchange::{Data, Remote};
pub(super) use exchange::{Loaded, rewind, seal, store_records};
use incoming::Incoming;
pub(super) use incoming::is_environment;
use rounds::Rounds;
pub(super) use state::state;

/// Held by the process that synchronises the folder.
const LOCK_FILE: &str = "sync.lock";
/// How long another process may take for a round that was asked of it.
const ASKED_TIME: Duration = Duration::from_secs(60);
/// How often to look whether it did.
const ASKED_LOOK: Duration = Duration::from_millis(40);
/// Entries that were set aside are shown up to this number.
const REFUSED_SHOWN: u32 = 200;
/// How long `doctor` waits for a relay.
const DOCTOR_TIME: Duration = Duration::from_secs(15);

/// The right to synchronise a data folder, given back when dropped or when the
/// process ends in any way.
#[derive(Debug)]
struct SyncLock(#[allow(dead_code)] File);

impl SyncLock {
    /// The lock, unless another process or task has it.
    fn acquire(data_dir: &Path) -> Result<Option<SyncLock>> {
        let path = data_dir.join(LOCK_FILE);
        let failed = |error: std::io::Error| {
            Error::new(
                ErrorCode::Permission,
                format!("The lock for synchronisation cannot be used: {error}."),
                "Check the data folder's owner and permissions.",
            )
            .at(path.display().to_string())
        };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(SyncLock(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// Opens what waits in a workspace's inbox, as a round does, without a relay.
/// Says after each batch how many entries are left.
pub(super) fn open_inbox(app: &App, id: &WorkspaceId, left: &mut dyn FnMut(u64)) -> Result<()> {
    let device = app.db().read(store::own_device)?;
    let loaded = app.db().read(|conn| {
        let keys = store::membership::epoch_keys(conn, id)?;
        Ok(Loaded { membership: sharing::load(conn, id)?, keys })
    })?;
    let mut incoming = Incoming::default();
    loop {
        let outcome = incoming.step(app, id, &loaded, &device, app.now_ms()).map_err(|failure| failure.error)?;
        left(app.db().read(|conn| store::carrying::waiting(conn, id))?);
        if outcome == crate::sync::engine::Outcome::Done {
            return Ok(());
        }
    }
}

impl Data for App {
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.db().read(f)
    }

    fn write<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.db().write(|tx| f(tx))
    }

    fn apply(
        &self,
        workspace: &WorkspaceId,
        changes: Vec<Remote>,
        and_then: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<()> {
        let batches = changes
            .into_iter()
            .map(|remote| RemoteChanges { document: remote.document, author: remote.author, changes: remote.changes })
            .collect();
        self.apply_remote(workspace, batches, |tx| and_then(tx))
    }
}

impl App {
    pub(crate) fn start_background_sync(&self) -> SyncTask {
        SyncTask::start(self)
    }

    pub(crate) async fn relay_set(&self, args: SetRelay) -> Result<SyncState> {
        let id = self.db().read(|conn| sharing::named(conn, args.workspace.as_deref()))?;
        let url = args.url.trim().to_string();
        let mut reached = false;
        if url.is_empty() {
            self.blocking(move |app| app.db().write(|tx| workspaces::set_relay(tx, &id, None, &RelayKey::ZERO)))
                .await?;
        } else {
            let address: RelayAddress = url.parse().map_err(|error| not_an_address(&url, &error))?;
            let met = self.meet(&address).await;
            reached = met.is_ok();
            let now = self.now_ms();
            self.blocking(move |app| app.db().write(|tx| use_relay(tx, &id, &address, met, now))).await?;
        }
        self.outbox_signal().notify_one();
        self.emit(Event::WorkspacesChanged {});
        if reached {
            self.round_now(Some(id)).await?;
        }
        let state = self.db().read(|conn| state(conn, &workspaces::get(conn, &id)?, false))?;
        self.emit(Event::SyncChanged { state: state.clone() });
        Ok(state)
    }

    /// Asks a relay who it is.
    async fn meet(&self, address: &RelayAddress) -> Result<RelayKey> {
        let own = self.db().read(store::own)?;
        let roots = trust::read(self.data_dir())?;
        let client = self.new_client(address.clone(), None, own.identity.device().clone(), &roots)?;
        client.greet().await.map_err(|failure| failure.error)?;
        client.relay_key().ok_or_else(|| Error::internal("the relay has no key"))
    }

    /// Access to the relay of a workspace that has one.
    pub(super) fn relay_of(&self, row: &workspaces::WorkspaceRow) -> Result<Arc<Client>> {
        let relay = row.relay.as_ref().ok_or_else(|| Error::internal("the workspace has no relay"))?;
        self.client(relay, (row.relay_key != RelayKey::ZERO).then_some(row.relay_key))
    }

    pub(super) fn client(&self, address: &RelayAddress, pinned: Option<RelayKey>) -> Result<Arc<Client>> {
        let roots = trust::read(self.data_dir())?;
        let mut sync = self.0.sync.lock().unwrap_or_else(PoisonError::into_inner);
        let clients = &mut sync.get_or_insert_default().clients;
        clients.get(address, pinned, &roots, || {
            let own = self.db().read(store::own)?;
            self.new_client(address.clone(), pinned, own.identity.device().clone(), &roots)
        })
    }

    pub(crate) async fn sync_now(&self, args: WorkspaceRef) -> Result<Vec<SyncState>> {
        let id = match &args.workspace {
            Some(text) => Some(self.db().read(|conn| sharing::named(conn, Some(text)))?),
            None => None,
        };
        self.round_now(id).await?;
        let states = self.sync_status(Empty {}).await?;
        let wanted = |state: &SyncState| id.is_none_or(|id| state.workspace == id.to_string());
        Ok(states.into_iter().filter(wanted).collect())
    }

    pub(crate) async fn sync_status(&self, _: Empty) -> Result<Vec<SyncState>> {
        self.blocking(|app| {
            app.db().read(|conn| workspaces::all(conn)?.iter().map(|row| state(conn, row, false)).collect())
        })
        .await
    }

    /// One full round of the workspaces that have a relay: here, or in the
    /// process that has the lock. How it went is in their states.
    pub(super) async fn round_now(&self, only: Option<WorkspaceId>) -> Result<()> {
        // What was typed just now is part of what is to be exchanged.
        self.blocking(|app| app.settle_all()).await?;
        let shared = |row: &workspaces::WorkspaceRow| row.relay.is_some() && only.is_none_or(|id| row.id == id);
        if !self.db().read(|conn| Ok(workspaces::all(conn)?.iter().any(shared)))? {
            return Ok(());
        }
        let deadline = tokio::time::Instant::now() + ASKED_TIME;
        let mut asked = None;
        loop {
            if let Some(lock) = SyncLock::acquire(self.data_dir())? {
                let (request, _) = self.db().read(requests::standing)?;
                self.rounds_here(only, None).await?;
                self.chores(only).await?;
                self.transfer_now(only).await?;
                self.blocking(move |app| app.db().write(|tx| requests::served(tx, request))).await?;
                drop(lock);
                return Ok(());
            }
            match asked {
                None => {
                    asked = Some(self.blocking(|app| app.db().write(|tx| requests::ask(tx))).await?);
                    self.outbox_signal().notify_one();
                }
                Some(number) if self.db().read(requests::standing)?.1 >= number => return Ok(()),
                Some(_) if tokio::time::Instant::now() > deadline => {
                    return Err(Error::new(
                        ErrorCode::Busy,
                        "Another Drystone process is synchronising and takes longer than a minute.",
                        "Wait for it, or look at its state with `drystone status`.",
                    ));
                }
                Some(_) => {}
            }
            tokio::time::sleep(ASKED_LOOK).await;
        }
    }

    /// What is due now that the relay answers: a name that was set without a
    /// network is told to the others, and keys that are old are renewed.
    async fn chores(&self, only: Option<WorkspaceId>) -> Result<()> {
        let rows = self.db().read(workspaces::all)?;
        let reached = |row: &workspaces::WorkspaceRow| {
            row.relay.is_some() && row.problem.is_none() && only.is_none_or(|id| row.id == id)
        };
        for row in rows.iter().filter(|row| reached(row)) {
            self.chores_of(&row.id).await;
        }
        Ok(())
    }

    /// The same for one workspace, which a round has just ended well for.
    async fn chores_of(&self, id: &WorkspaceId) {
        if let Err(error) = self.publish_name(id).await {
            tracing::info!(code = ?error.code, "the name is not published yet: {error}");
        }
        if let Err(error) = self.publish_recovery(id).await {
            tracing::info!(code = ?error.code, "the recovery kit is not known there yet: {error}");
        }
        if let Err(error) = self.renew_if_due(id).await {
            tracing::info!(code = ?error.code, "the keys are not renewed yet: {error}");
        }
        if let Err(error) = self.compact_if_due(id).await {
            tracing::info!(code = ?error.code, "snapshots wait: {error}");
        }
    }

    pub(crate) async fn sync_refused(&self, args: WorkspaceRef) -> Result<Vec<RefusedEntry>> {
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = sharing::named(conn, args.workspace.as_deref())?;
                let entries = quarantine::latest(conn, &id, REFUSED_SHOWN)?;
                entries.into_iter().map(|entry| state::refused_entry(conn, &id, entry)).collect()
            })
        })
        .await
    }

    pub(crate) async fn sync_note_refused(&self, args: WorkspaceRef) -> Result<SyncState> {
        let state = self
            .blocking(move |app| {
                app.db().write(|tx| {
                    let id = sharing::named(tx, args.workspace.as_deref())?;
                    quarantine::note(tx, &id)?;
                    state(tx, &workspaces::get(tx, &id)?, false)
                })
            })
            .await?;
        self.emit(Event::SyncChanged { state: state.clone() });
        Ok(state)
    }

    /// Runs rounds in this process, which holds the lock.
    async fn rounds_here(&self, only: Option<WorkspaceId>, until: Option<u64>) -> Result<()> {
        for row in self.db().read(workspaces::all)? {
            let Some(relay) = row.relay.clone().filter(|_| only.is_none_or(|id| row.id == id)) else { continue };
            let pinned = (row.relay_key != RelayKey::ZERO).then_some(row.relay_key);
            let client = self.client(&relay, pinned)?;
            let rounds = Rounds::new(self, &row, client)?;
            rounds.set_until(until);
            rounds.run_one(self).await?;
        }
        Ok(())
    }

    /// Reads a workspace's log up to a position at most, then sends what waits:
    /// lets tests decide how much a device has seen. Returns where the log ends.
    ///
    /// # Errors
    /// When another process synchronises, the database fails, or the round did
    /// not end well.
    pub async fn sync_until(&self, workspace: &WorkspaceId, position: Option<u64>) -> Result<u64> {
        let Some(_lock) = SyncLock::acquire(self.data_dir())? else {
            return Err(Error::new(
                ErrorCode::Busy,
                "Another process synchronises this data folder.",
                "Stop it first.",
            ));
        };
        self.blocking(|app| app.settle_all()).await?;
        self.rounds_here(Some(*workspace), position).await?;
        let row = self.db().read(|conn| workspaces::get(conn, workspace))?;
        if let Some(problem) = row.problem {
            return Err(problem);
        }
        let relay = row.relay.ok_or_else(|| Error::internal("the workspace has no relay"))?;
        // There is a membership record at least, so this waits for nothing.
        let head = self.client(&relay, Some(row.relay_key))?.wait(workspace, 0, 0).await;
        head.map(|head| head.position).map_err(|failure| failure.error)
    }

    /// Brings the membership of a workspace up to date; returns the access to
    /// its relay.
    pub(super) async fn refresh_membership(&self, id: &WorkspaceId) -> Result<Arc<Client>> {
        let row = self.db().read(|conn| workspaces::get(conn, id))?;
        let relay = row.relay.clone().ok_or_else(|| Error::internal("the workspace has no relay"))?;
        let pinned = (row.relay_key != RelayKey::ZERO).then_some(row.relay_key);
        let client = self.client(&relay, pinned)?;
        let rounds = Rounds::new(self, &row, client.clone())?;
        while rounds.step(self, Step::Membership).await.map_err(|failure: Failure| failure.error)?
            == crate::sync::engine::Outcome::More
        {}
        Ok(client)
    }

    pub(crate) async fn doctor_sync(&self) -> Vec<DoctorCheck> {
        let mut checks = Vec::new();
        let (rows, refused) = match self.db().read(|conn| {
            let rows = workspaces::all(conn)?;
            let mut refused = Vec::new();
            for row in &rows {
                refused.push(quarantine::latest(conn, &row.id, 3)?);
            }
            Ok((rows, refused))
        }) {
            Ok(found) => found,
            Err(error) => return vec![failed_check("workspaces", &error)],
        };
        for (row, refused) in rows.iter().zip(refused) {
            let name = format!("workspace.{}", &row.id.to_string()[..8]);
            checks.push(membership_check(self, &name, row));
            if !refused.is_empty() {
                let reasons: Vec<String> =
                    refused.iter().map(|entry| format!("entry {}: {}", entry.position, entry.reason)).collect();
                checks.push(DoctorCheck {
                    check: format!("{name}.refused"),
                    ok: false,
                    detail: reasons.join("; "),
                    advice: Some("They were set aside and not applied. Ask their authors, or report this.".into()),
                });
            }
            if let Some(relay) = &row.relay {
                checks.push(self.relay_check(&name, relay, row.relay_key).await);
            }
        }
        checks
    }

    async fn relay_check(&self, name: &str, relay: &RelayAddress, key: RelayKey) -> DoctorCheck {
        let check = format!("{name}.relay");
        let pinned = (key != RelayKey::ZERO).then_some(key);
        let client = match self.client(relay, pinned) {
            Ok(client) => client,
            Err(error) => return failed_check(&check, &error),
        };
        let outcome = match tokio::time::timeout(DOCTOR_TIME, client.greet()).await {
            Ok(outcome) => outcome.map_err(|failure| failure.error),
            Err(_) => Err(Error::new(
                ErrorCode::Unreachable,
                format!("The relay {relay} did not answer in time."),
                "Check the network and the relay's address.",
            )),
        };
        if let Err(error) = outcome {
            return failed_check(&check, &error);
        }
        match client.clock_offset_ms().and_then(state::clock_problem) {
            Some(problem) => failed_check(&check, &problem),
            None => DoctorCheck { check, ok: true, detail: format!("{relay} answers"), advice: None },
        }
    }
}

fn membership_check(app: &App, name: &str, row: &workspaces::WorkspaceRow) -> DoctorCheck {
    let check = format!("{name}.membership");
    match app.db().read(|conn| sharing::load(conn, &row.id)) {
        Err(error) => failed_check(&check, &error),
        Ok(membership) => {
            let detail = format!("\"{}\": {} records verify", row.name, membership.position());
            DoctorCheck { check, ok: true, detail, advice: None }
        }
    }
}

fn failed_check(check: &str, error: &Error) -> DoctorCheck {
    DoctorCheck { check: check.into(), ok: false, detail: error.message.clone(), advice: Some(error.advice.clone()) }
}

/// Sets the relay. When it is the one already in use and its log is believed,
/// nothing is forgotten. One that does not answer yet is kept with what is
/// wrong, and its key is remembered at first contact.
fn use_relay(
    conn: &Connection,
    id: &WorkspaceId,
    address: &RelayAddress,
    met: Result<RelayKey>,
    now_ms: u64,
) -> Result<()> {
    let row = workspaces::get(conn, id)?;
    let same = row.relay.as_ref() == Some(address);
    let believed = row.problem.is_none_or(|problem| problem.code != ErrorCode::Integrity);
    match met {
        Ok(key) if same && believed && (row.relay_key == key || row.relay_key == RelayKey::ZERO) => {
            workspaces::pin_relay_key(conn, id, &key)
        }
        Ok(key) => workspaces::set_relay(conn, id, Some(address), &key),
        Err(problem) => {
            if !same {
                workspaces::set_relay(conn, id, Some(address), &RelayKey::ZERO)?;
            }
            let next_try_ms = now_ms + FIRST_WAIT_MS;
            let outcome = workspaces::RoundOutcome { next_try_ms, problem: Some(problem), ..Default::default() };
            workspaces::set_outcome(conn, id, &outcome)
        }
    }
}

fn not_an_address(url: &str, error: &crate::crypto::address::AddressError) -> Error {
    Error::new(
        ErrorCode::BadInput,
        format!("{url:?} is not a relay's address: {error}."),
        "Write it as https://relay.example.org or http://192.168.1.5:7410.",
    )
}
