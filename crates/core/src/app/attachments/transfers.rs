//! Sending and fetching beside everything else: after a round of text went
//! well, and again after a while when something is left.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use drystone_wire::{RelayKey, WorkspaceId};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::fetching::Fetched;
use super::{Relay, is_fetched, is_stored};
use crate::api::Event;
use crate::app::{App, Inner};
use crate::error::{Error, ErrorCode, Result};
use crate::store::attachments::places::{self, Place, Standing};
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::sync::request::{Attempt, Failure, FailureKind};

/// What the relay is known to have is looked at again after so long.
const LOOK_AGAIN_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// After the relay had no room: somebody has to make some.
const FULL_WAIT_MS: u64 = 5 * 60 * 1000;
/// After another failure.
const FAILED_WAIT_MS: u64 = 30 * 1000;
/// A file that the relay does not have yet is asked for after the first of
/// these, doubled up to the second.
const ABSENT_WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));
/// So many files in a row that the relay does not have yet are enough for now.
const ABSENT_IN_A_ROW: u32 = 8;
/// Without news.
const QUIET: Duration = Duration::from_secs(15 * 60);

/// The task that sends and fetches for one workspace; it ends with its handle.
pub(in crate::app) struct Transfers {
    nudge: Arc<Nudge>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Nudge {
    notify: Notify,
    /// A person asked: what waits is tried now.
    asked: AtomicBool,
}

impl Drop for Transfers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Transfers {
    /// Starts the task, which waits to be told.
    pub fn start(app: Weak<Inner>, workspace: WorkspaceId, client: Relay) -> Transfers {
        let nudge = Arc::<Nudge>::default();
        let task = tokio::spawn(run(app, workspace, client, nudge.clone()));
        Transfers { nudge, task }
    }

    /// Text was exchanged: now it is the files' turn.
    pub fn nudge(&self, asked: bool) {
        self.nudge.asked.fetch_or(asked, Ordering::Relaxed);
        self.nudge.notify.notify_one();
    }
}

async fn run(app: Weak<Inner>, workspace: WorkspaceId, client: Relay, nudge: Arc<Nudge>) {
    nudge.notify.notified().await;
    let mut absent = 0_u32;
    loop {
        let asked = nudge.asked.swap(false, Ordering::Relaxed);
        let Some(inner) = app.upgrade() else { return };
        let outcome = App(inner).transfer(&workspace, &client, asked).await;
        let wait = match outcome {
            Ok(Left::Nothing) => {
                absent = 0;
                QUIET
            }
            Ok(Left::Absent) => {
                absent = absent.saturating_add(1);
                (ABSENT_WAIT.0 * (1 << (absent - 1).min(10))).min(ABSENT_WAIT.1)
            }
            Ok(Left::Until(ms)) => Duration::from_millis(ms),
            Err(error) => {
                tracing::warn!(code = ?error.code, "files wait: {error}");
                Duration::from_millis(FAILED_WAIT_MS)
            }
        };
        // Running out of time is as good as being told.
        if tokio::time::timeout(wait, nudge.notify.notified()).await.is_ok() {
            absent = 0;
        }
    }
}

/// What is left after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Left {
    /// Nothing.
    Nothing,
    /// Files that the relay does not have yet.
    Absent,
    /// What waits for so many milliseconds.
    Until(u64),
}

impl App {
    /// Sends and fetches what a workspace needs. What goes wrong is stored and
    /// shown, and stops nothing else. `asked`: what waits is tried now.
    ///
    /// # Errors
    /// The database's.
    pub(in crate::app) async fn transfer(&self, workspace: &WorkspaceId, client: &Relay, asked: bool) -> Result<Left> {
        let id = *workspace;
        let (row, all, may_write, before, marks) = self
            .blocking(move |app| {
                let marks = app.collect(&id)?;
                app.db().read(|conn| {
                    let row = workspaces::get(conn, &id)?;
                    let may_write = crate::app::sharing::may_write(conn, &id)?;
                    Ok((row, places::all(conn, &id)?, may_write, places::standing(conn, &id)?, marks))
                })
            })
            .await?;
        let now = self.now_ms();
        if row.relay.is_none() || row.relay_key == RelayKey::ZERO {
            return Ok(Left::Nothing);
        }
        if !asked && before.next_ms > now {
            return Ok(Left::Until(before.next_ms - now));
        }
        let sent = if may_write { self.send_all(&row, &all, client).await } else { Ok(()) };
        // A relay that takes nothing may still give.
        let fetched = self.fetch_all(&row, &all, client).await;
        let marked = if may_write { self.mark_all(&row, marks, client).await } else { Ok(()) };
        let failure = sent.err().or(fetched.as_ref().err().cloned()).or(marked.err());
        let standing = match failure {
            None => Standing::default(),
            Some(failure) => {
                let wait = match failure.kind {
                    FailureKind::Full => FULL_WAIT_MS,
                    _ => FAILED_WAIT_MS.max(failure.retry_after_ms.unwrap_or(0)),
                };
                Standing { problem: Some(failure.error), next_ms: now + wait }
            }
        };
        let left = match (&standing.problem, fetched) {
            (Some(_), _) => Left::Until(standing.next_ms - now),
            (None, Ok(true)) => Left::Absent,
            (None, _) => Left::Nothing,
        };
        self.conclude(workspace, before, standing).await?;
        Ok(left)
    }

    /// Stores where it stands and tells everyone, when it is other than before.
    async fn conclude(&self, workspace: &WorkspaceId, before: Standing, after: Standing) -> Result<()> {
        let id = *workspace;
        let state = self
            .blocking(move |app| {
                if before != after {
                    app.db().write(|tx| places::set_standing(tx, &id, &after))?;
                }
                app.db().read(|conn| crate::app::syncing::state(conn, &workspaces::get(conn, &id)?, false))
            })
            .await?;
        self.emit(Event::SyncChanged { state });
        Ok(())
    }

    async fn send_all(&self, row: &WorkspaceRow, all: &[Place], client: &Relay) -> Attempt<()> {
        let now = self.now_ms();
        let old = |place: &Place| now.saturating_sub(place.checked_ms) > LOOK_AGAIN_MS;
        let due = |place: &&Place| place.live && place.whole && (!is_stored(place, Some(row.relay_key)) || old(place));
        let mut full = None;
        for place in all.iter().filter(due) {
            match self.send_file(&row.id, place, client).await {
                Ok(_) => {}
                // Smaller ones come first: what comes after has no room either.
                Err(failure) if failure.kind == FailureKind::Full => {
                    full = Some(failure);
                    break;
                }
                Err(failure) => return Err(failure),
            }
        }
        full.map_or(Ok(()), |failure| Err(no_room(&failure)))
    }

    /// Says whether there are files that the relay does not have yet.
    async fn fetch_all(&self, row: &WorkspaceRow, all: &[Place], client: &Relay) -> Attempt<bool> {
        let (mut absent, mut in_a_row, mut refused) = (false, 0, None);
        for place in all.iter().filter(|place| !place.whole && is_fetched(place)) {
            match self.fetch_file(&row.id, &place.blob, client).await? {
                Fetched::Whole => in_a_row = 0,
                Fetched::Waits => {
                    absent = true;
                    in_a_row += 1;
                    if in_a_row >= ABSENT_IN_A_ROW {
                        break;
                    }
                }
                Fetched::Refused => refused = Some(()),
            }
        }
        match refused {
            None => Ok(absent),
            Some(()) => Err(Failure::new(FailureKind::Unreachable, spoiled_at_relay())),
        }
    }

    async fn mark_all(&self, row: &WorkspaceRow, due: Vec<drystone_wire::Hash>, client: &Relay) -> Attempt<()> {
        for blob in due {
            match client.mark_blob(&row.id, &blob).await {
                Ok(()) => {}
                // It never had it, or has none of it any more.
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
            let id = row.id;
            self.blocking(move |app| app.db().write(|tx| places::set_marked(tx, &id, &blob))).await?;
        }
        Ok(())
    }

    /// Sends and fetches for the workspaces that were just synchronised.
    pub(in crate::app) async fn transfer_now(&self, only: Option<WorkspaceId>) -> Result<()> {
        for row in self.db().read(workspaces::all)? {
            let wanted = row.problem.is_none() && only.is_none_or(|id| row.id == id);
            let Some(relay) = row.relay.clone().filter(|_| wanted) else { continue };
            let pinned = (row.relay_key != RelayKey::ZERO).then_some(row.relay_key);
            let client = self.client(&relay, pinned)?;
            self.transfer(&row.id, &client, true).await?;
        }
        Ok(())
    }
}

fn no_room(failure: &Failure) -> Failure {
    let error = Error::new(
        ErrorCode::Refused,
        "The relay has no room left for files of this workspace: they wait on this device. Text is exchanged as before.",
        "Ask who runs the relay to raise the workspace's quota; it is tried again by itself.",
    );
    Failure { error, ..failure.clone() }
}

fn spoiled_at_relay() -> Error {
    Error::new(
        ErrorCode::Integrity,
        "The relay sent files that are not what was added. They were refused, and nothing of them was kept.",
        "It is tried again by itself. Ask who runs the relay to check its disk.",
    )
}
