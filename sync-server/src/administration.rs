//! How the running relay notices what the command line changed: at the next
//! request, by the bell beside the database, and within a second without any.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use drystone_wire::WorkspaceId;
use rusqlite::Connection;
use tokio::time::{Instant, MissedTickBehavior};

use crate::error::Refusal;
use crate::state::{Relay, closed, refusal};
use crate::storage::folder::Bell;
use crate::storage::sqlite::{admin, read};
use crate::storage::{Closure, Standing, StoreError};

/// How often the database is asked whether something changed, for changes whose bell never rang.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// How often deleted workspaces are looked for whose grace is over.
const COLLECT_PERIOD: Duration = Duration::from_secs(10);

/// What was decided about workspaces, as far as this relay has noticed.
pub struct Administration {
    bell: Bell,
    /// Rings heard; `u64::MAX` before the first look.
    heard: AtomicU64,
    version: AtomicU64,
    looking: tokio::sync::Mutex<()>,
    closed: RwLock<HashMap<WorkspaceId, Closure>>,
}

impl Administration {
    pub fn new(bell: Bell) -> Administration {
        Administration {
            bell,
            heard: AtomicU64::new(u64::MAX),
            version: AtomicU64::new(0),
            looking: tokio::sync::Mutex::default(),
            closed: RwLock::default(),
        }
    }

    /// Refuses when the workspace is closed. Only who may know of it is told.
    pub fn check_open(&self, id: &WorkspaceId) -> Result<(), Refusal> {
        let workspaces = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        workspaces.get(id).map_or(Ok(()), |closure| Err(closed(closure)))
    }
}

/// What a look at the database finds.
struct Look {
    version: u64,
    closures: Vec<(WorkspaceId, Closure)>,
    /// Where the workspaces in memory stand in the store; `None` for those that are gone.
    standings: Vec<(WorkspaceId, Standing, Option<Standing>)>,
}

impl Relay {
    /// Takes over what was changed since the bell was last heard.
    pub async fn heed(&self) -> Result<(), Refusal> {
        let rings = self.administration.bell.rings();
        if rings == self.administration.heard.load(Ordering::Acquire) {
            return Ok(());
        }
        let _turn = self.administration.looking.lock().await;
        if rings == self.administration.heard.load(Ordering::Acquire) {
            return Ok(());
        }
        self.look().await.map_err(refusal)?;
        self.administration.heard.store(rings, Ordering::Release);
        Ok(())
    }

    async fn look(&self) -> Result<(), StoreError> {
        let known = self.administration.version.load(Ordering::Acquire);
        let held = self.standings();
        let Some(look) = self.readers.read(move |connection| look(connection, known, held)).await? else {
            return Ok(());
        };
        let closures: HashMap<_, _> = look.closures.into_iter().collect();
        *self.administration.closed.write().unwrap_or_else(PoisonError::into_inner) = closures.clone();
        for (id, held, stored) in look.standings {
            match stored {
                Some(stored) if !closures.contains_key(&id) && goes_on(&held, &stored) => self.advance(&id, &stored),
                _ => self.retire(&id),
            }
        }
        self.administration.version.store(look.version, Ordering::Release);
        Ok(())
    }

    /// Looks now and then, and removes what was deleted long enough ago.
    pub async fn administrate(self: Arc<Relay>) {
        let mut period = tokio::time::interval(LOOK_PERIOD);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut collected: Option<Instant> = None;
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = period.tick() => {}
            }
            let before = self.administration.version.load(Ordering::Acquire);
            {
                let _turn = self.administration.looking.lock().await;
                if let Err(error) = self.look().await {
                    tracing::warn!(%error, "what the command line changed could not be read; it is tried again");
                    continue;
                }
            }
            let changed = before != self.administration.version.load(Ordering::Acquire);
            if changed || collected.is_none_or(|at| at.elapsed() >= COLLECT_PERIOD) {
                self.collect().await;
                collected = Some(Instant::now());
            }
        }
    }

    /// Removes what is due: of workspaces that were deleted, of logs behind
    /// snapshots, of attachments.
    pub async fn collect(&self) {
        if let Err(error) = self.compact().await {
            tracing::warn!(message = error.message, "a log could not be compacted; it is tried again");
        }
        while !self.stopping.is_cancelled() {
            match self.writer.collect().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "what was deleted could not be removed; it is tried again");
                    return;
                }
            }
        }
    }
}

fn look(connection: &Connection, known: u64, held: Vec<(WorkspaceId, Standing)>) -> Result<Option<Look>, StoreError> {
    let version = admin::version(connection)?;
    if version == known {
        return Ok(None);
    }
    let mut standings = Vec::with_capacity(held.len());
    for (id, held) in held {
        let stored = match read::standing(connection, &id) {
            Ok(standing) => Some(standing),
            Err(StoreError::NoWorkspace) => None,
            Err(error) => return Err(error),
        };
        standings.push((id, held, stored));
    }
    Ok(Some(Look { version, closures: admin::closures(connection)?, standings }))
}

/// Whether what is stored can be what is in memory, or what came after it.
fn goes_on(held: &Standing, stored: &Standing) -> bool {
    stored.generation == held.generation
        && stored.membership >= held.membership
        && (stored.position > held.position || (stored.position == held.position && stored.chain == held.chain))
}
