//! Runs the engine's steps for one workspace: prepare, send, take in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use drystone_wire::{RelayKey, WorkspaceId};

use super::exchange::{Exchange, Prepared};
use super::state::state;
use crate::api::Event as Announcement;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::outbox;
use crate::store::sharing::workspaces::{self, RoundOutcome, WorkspaceRow};
use crate::store::sharing::{self as store};
use crate::sync::client::Client;
use crate::sync::engine::{Action, Engine, Event, Failed, Outcome, Step};
use crate::sync::request::{Attempt, Failure, FailureKind, Reply};

/// When all is well, the time of last contact is stored this often at most.
const CONTACT_EVERY_MS: u64 = 10_000;

/// One workspace's way to its relay.
#[derive(Clone)]
pub(super) struct Rounds {
    workspace: WorkspaceId,
    client: Arc<Client>,
    exchange: Arc<Mutex<Exchange>>,
    /// The error of the last step that failed.
    failure: Arc<Mutex<Option<Error>>>,
}

impl Rounds {
    pub fn new(app: &App, row: &WorkspaceRow, client: Arc<Client>) -> Result<Rounds> {
        let identity = app.db().read(store::own)?.identity;
        let exchange = Arc::new(Mutex::new(Exchange::new(row.id, row.relay_key, identity)));
        Ok(Rounds { workspace: row.id, client, exchange, failure: Arc::default() })
    }

    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// The access to its relay.
    pub fn client(&self) -> Arc<Client> {
        self.client.clone()
    }

    /// How many membership records are taken in, as far as this knows.
    pub fn membership_position(&self) -> u64 {
        self.lock().membership_position()
    }

    /// Reads the log up to this position only.
    pub fn set_until(&self, until: Option<u64>) {
        self.lock().until = until;
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        // Steps leave nothing half done in memory that the next could not load again.
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs rounds until one ends, and stores how it went.
    pub async fn run_one(&self, app: &App) -> Result<()> {
        let mut engine = Engine::default();
        let mut actions = engine.handle(app.now_ms(), &mut app.random(), Event::Tick);
        loop {
            match actions.pop() {
                Some(Action::Run(step)) => {
                    let result = self.step_for_engine(app, step).await;
                    actions = engine.handle(app.now_ms(), &mut app.random(), Event::Finished(step, result));
                }
                Some(Action::Ended(result)) => {
                    self.record_end(app, result, engine.next_ms()).await?;
                    return self.announce(app, false).await;
                }
                None => return Err(Error::internal("a round stopped in the middle")),
            }
        }
    }

    /// Runs a step; keeps the error for people, gives the engine what it needs.
    pub async fn step_for_engine(&self, app: &App, step: Step) -> std::result::Result<Outcome, Failed> {
        self.step(app, step).await.map_err(|failure| {
            tracing::debug!(?step, kind = ?failure.kind, "a step of synchronisation failed: {}", failure.error);
            let failed = Failed { kind: failure.kind, retry_after_ms: failure.retry_after_ms };
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.error);
            failed
        })
    }

    /// Runs a step: what it prepares is sent, what comes back is taken in.
    pub async fn step(&self, app: &App, step: Step) -> Attempt<Outcome> {
        self.meet(app).await?;
        if step == Step::Snapshot {
            app.load_snapshot(&self.workspace, &self.client).await?;
            return Ok(Outcome::Done);
        }
        let mut prepared = self.prepare(app, step).await?;
        loop {
            let request = match prepared {
                Prepared::Done(outcome) => return Ok(outcome),
                Prepared::Ask(request) => request,
            };
            let reply = match self.client.send(&self.workspace, request).await {
                Err(failure) if failure.kind == FailureKind::NotFound && step == Step::Membership => {
                    self.found(app, failure).await?
                }
                Err(failure) if failure.kind == FailureKind::Forbidden && step == Step::Membership => {
                    return Err(self.shut_out(app, failure).await?);
                }
                other => other?,
            };
            prepared = self.take(app, reply).await?;
        }
    }

    /// At first contact the relay's key is remembered for good.
    async fn meet(&self, app: &App) -> Attempt<()> {
        if self.lock().relay_key != RelayKey::ZERO {
            return Ok(());
        }
        self.client.greet().await?;
        let key = self.client.relay_key().ok_or_else(|| Error::internal("the relay has no key"))?;
        let id = self.workspace;
        app.blocking(move |app| app.db().write(|tx| workspaces::pin_relay_key(tx, &id, &key))).await?;
        self.lock().relay_key = key;
        Ok(())
    }

    async fn found(&self, app: &App, failure: Failure) -> Attempt<Reply> {
        let request = self.on_exchange(app, Exchange::found).await?;
        match request {
            Some(request) => self.client.send(&self.workspace, request).await,
            None => Err(Failure { kind: FailureKind::Attention, ..failure }),
        }
    }

    /// Only a device that was in the workspace is told that it may not even read
    /// who is in it.
    async fn shut_out(&self, app: &App, failure: Failure) -> Attempt<Failure> {
        let id = self.workspace;
        let waiting = app.blocking(move |app| app.db().read(|conn| outbox::waiting(conn, &id))).await?;
        let lost = match waiting {
            0 => "Everything that was written here had been sent.".to_owned(),
            1 => "One change made here was not sent and stays on this device.".to_owned(),
            number => format!("{number} changes made here were not sent and stay on this device."),
        };
        let error = Error::new(
            ErrorCode::Refused,
            format!("This device was taken out of the workspace. {lost}"),
            "Export what others should have, and pass it on. Ask an owner or admin whether it was meant.",
        );
        Ok(Failure { error, ..failure })
    }

    async fn prepare(&self, app: &App, step: Step) -> Attempt<Prepared> {
        let now = app.now_ms();
        self.on_exchange(app, move |exchange, app| exchange.prepare(app, step, now, &mut app.random())).await
    }

    async fn take(&self, app: &App, reply: Reply) -> Attempt<Prepared> {
        let now = app.now_ms();
        let (before, taken, after) = self
            .on_exchange(app, move |exchange, app| {
                let before = exchange.membership_position();
                let taken = exchange.take(app, reply, now)?;
                Ok((before, taken, exchange.membership_position()))
            })
            .await?;
        if after != before {
            // Who is in it, what one may do, invitations: all of it may be another.
            app.emit(Announcement::WorkspacesChanged {});
        }
        Ok(taken)
    }

    async fn on_exchange<T: Send + 'static>(
        &self,
        app: &App,
        f: impl FnOnce(&mut Exchange, &App) -> Attempt<T> + Send + 'static,
    ) -> Attempt<T> {
        let this = self.clone();
        app.blocking(move |app| Ok(f(&mut this.lock(), app))).await?
    }

    /// Stores how a round ended. When all is well and nothing changed, rarely:
    /// a round after every pause in typing should not write for itself.
    pub async fn record_end(
        &self,
        app: &App,
        result: std::result::Result<(), Failed>,
        next_ms: Option<u64>,
    ) -> Result<()> {
        let error = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        let now = app.now_ms();
        let answered = match result {
            Ok(()) => true,
            Err(failed) => !matches!(failed.kind, FailureKind::Unreachable | FailureKind::Local),
        };
        let outcome = RoundOutcome {
            contact_ms: answered.then_some(now),
            next_try_ms: if result.is_ok() { 0 } else { next_ms.unwrap_or(0) },
            clock_offset_ms: self.client.clock_offset_ms(),
            problem: if result.is_ok() { None } else { error },
        };
        let id = self.workspace;
        app.blocking(move |app| {
            let row = app.db().read(|conn| workspaces::get(conn, &id))?;
            let quiet = outcome.problem.is_none()
                && row.problem.is_none()
                && row.last_contact_ms <= now
                && now - row.last_contact_ms < CONTACT_EVERY_MS;
            if quiet {
                return Ok(());
            }
            app.db().write(|tx| workspaces::set_outcome(tx, &id, &outcome))
        })
        .await
    }

    /// Tells subscribers where synchronisation stands.
    pub async fn announce(&self, app: &App, busy: bool) -> Result<()> {
        let id = self.workspace;
        let state =
            app.blocking(move |app| app.db().read(|conn| state(conn, &workspaces::get(conn, &id)?, busy))).await?;
        app.emit(Announcement::SyncChanged { state });
        Ok(())
    }
}
