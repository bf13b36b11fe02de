//! What all requests share: the relay's key, its store, its limiters, and the
//! workspaces in use with their rosters and news.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use drystone_wire::http::RelayErrorCode;
use drystone_wire::log::Head;
use drystone_wire::membership::{Role, countersigned_bytes};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, Hash, RelayKey, Signature, WorkspaceId};
use ed25519_dalek::{Signer, SigningKey};
use rusqlite::Connection;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::administration::Administration;
use crate::auth::{Challenges, Tokens};
use crate::circle::Circle;
use crate::config::Config;
use crate::connection::Slots;
use crate::error::Refusal;
use crate::limits::{BodyMemory, Limiter};
use crate::metrics::Metrics;
use crate::storage::chunks::Chunks;
use crate::storage::folder::Bell;
use crate::storage::sqlite::read::Readers;
use crate::storage::sqlite::roster;
use crate::storage::writer::{News, WriteError, Writer, publish};
use crate::storage::{Closure, Standing, StoreError};

/// Workspaces kept in memory; one that nobody uses makes room for another.
const CACHED_WORKSPACES: usize = 4096;

/// A page is kept for others only up to this many bytes.
const RECENT_BYTES: usize = 16 << 10;
/// And so long, since its head carries the time.
const RECENT_TIME: Duration = Duration::from_secs(1);

/// Presence messages a second from one device, and at once. A device sends ten
/// at most; what is more is dropped.
const PRESENCE_RATE: (u32, u32) = (20, 40);
/// The same for all devices of a workspace together.
const CIRCLE_RATE: (u32, u32) = (400, 800);

const HOUR_MS: u64 = 3_600_000;

/// The limiters of the relay.
pub struct Limiters {
    pub address: Limiter,
    pub anonymous: Limiter,
    pub device: Limiter,
    pub account: Limiter,
    pub create: Limiter,
    /// Presence messages of one device.
    pub presence: Limiter,
    /// Presence messages in one workspace, each of which goes to all its listeners.
    pub circle: Limiter,
}

/// The running relay.
pub struct Relay {
    pub config: Config,
    pub relay_key: RelayKey,
    key: SigningKey,
    pub challenges: Challenges,
    pub tokens: Tokens,
    pub limiters: Limiters,
    pub memory: BodyMemory,
    pub readers: Readers,
    pub writer: Writer,
    pub chunks: Chunks,
    pub metrics: Arc<Metrics>,
    pub administration: Administration,
    workspaces: Mutex<HashMap<WorkspaceId, Arc<Workspace>>>,
    /// When the disk last took a write that was only a question.
    pub probed: tokio::sync::Mutex<Option<Instant>>,
    /// Open connections, as far as each address goes.
    pub slots: Slots,
    /// Connections and listeners at work.
    pub tasks: TaskTracker,
    /// Cancelled when the relay was told to stop; `/readyz` says so.
    pub draining: CancellationToken,
    /// Cancelled when no more requests are taken.
    pub stopping: CancellationToken,
}

/// A workspace in use.
pub struct Workspace {
    pub id: WorkspaceId,
    roster: RwLock<Arc<Roster>>,
    pub news: News,
    pub circle: Circle,
    recent: Mutex<Option<RecentPage>>,
    /// Set when this copy counts no longer: who waits with it asks again.
    retired: AtomicBool,
}

/// The page that was read last. After a wake-up all of a workspace's listeners
/// ask for the same one.
struct RecentPage {
    after: u64,
    limit: u32,
    /// Where the log stood; the page holds only as long as it still does.
    standing: Standing,
    made: Instant,
    entries: u64,
    bytes: Bytes,
}

/// What a key may do in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A member's device.
    Member(Role),
    /// An open invitation, or a recovery kit: reads the membership and brings one device in.
    Entering,
}

impl Relay {
    pub fn new(
        config: Config,
        key: SigningKey,
        challenge_key: [u8; 32],
        readers: Readers,
        writer: Writer,
        chunks: Chunks,
        metrics: Arc<Metrics>,
    ) -> Relay {
        let limits = &config.limits;
        let slots = Slots::new(limits.max_connections, limits.max_connections_per_address);
        Relay {
            relay_key: RelayKey(key.verifying_key().to_bytes()),
            challenges: Challenges::new(challenge_key),
            tokens: Tokens::new(key.as_bytes()),
            limiters: Limiters {
                address: Limiter::per_second(limits.address_rate, limits.address_burst),
                anonymous: Limiter::per_second(limits.anonymous_rate, limits.anonymous_burst),
                device: Limiter::per_second(limits.device_rate, limits.device_burst),
                account: Limiter::per_second(limits.account_rate, limits.account_burst),
                create: Limiter::per_hour(limits.create_rate),
                presence: Limiter::per_second(PRESENCE_RATE.0, PRESENCE_RATE.1),
                circle: Limiter::per_second(CIRCLE_RATE.0, CIRCLE_RATE.1),
            },
            memory: BodyMemory::new(limits.body_memory),
            administration: Administration::new(Bell::of(&config.data)),
            key,
            config,
            readers,
            writer,
            chunks,
            metrics,
            workspaces: Mutex::default(),
            probed: tokio::sync::Mutex::default(),
            slots,
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// Signs where a workspace stands.
    pub fn head(&self, workspace: WorkspaceId, standing: &Standing) -> Head {
        let mut head = Head {
            workspace,
            generation: standing.generation,
            position: standing.position,
            chain: standing.chain,
            membership: standing.membership,
            time_ms: now_ms(),
            signature: Signature::ZERO,
        };
        head.signature = self.sign(&head.signed_bytes());
        head
    }

    /// Signs that a record holds its position.
    pub fn countersign(&self, workspace: &WorkspaceId, position: u64, record: &Hash) -> Signature {
        self.sign(&countersigned_bytes(workspace, position, record))
    }

    fn sign(&self, bytes: &Hash) -> Signature {
        Signature(self.key.sign(bytes.as_bytes()).to_bytes())
    }

    /// A workspace, from memory or from the store.
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Arc<Workspace>, Refusal> {
        self.heed().await?;
        if let Some(workspace) = self.cached(id) {
            return Ok(workspace);
        }
        let wanted = *id;
        let (roster, standing) =
            self.readers.read(move |connection| roster::load(connection, &wanted)).await.map_err(refusal)?;
        let loaded = Workspace {
            id: wanted,
            roster: RwLock::new(Arc::new(roster)),
            news: Arc::new(watch::Sender::new(standing)),
            circle: Circle::default(),
            recent: Mutex::default(),
            retired: AtomicBool::new(false),
        };
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if workspaces.len() >= CACHED_WORKSPACES {
            // Whoever holds one would miss the news of its successor, so only unheld ones go.
            workspaces.retain(|_, held| Arc::strong_count(held) > 1 || Arc::strong_count(&held.news) > 1);
        }
        Ok(workspaces.entry(wanted).or_insert_with(|| Arc::new(loaded)).clone())
    }

    /// Where the workspaces in memory stand.
    pub fn standings(&self) -> Vec<(WorkspaceId, Standing)> {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.iter().map(|(id, workspace)| (*id, *workspace.news.borrow())).collect()
    }

    /// Forgets a workspace, and wakes who waits with it.
    pub fn retire(&self, id: &WorkspaceId) {
        let retired = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(workspace) = retired {
            workspace.retired.store(true, Ordering::Release);
            workspace.news.send_modify(|_| {});
        }
    }

    /// Says where a workspace stands that another process wrote to.
    pub fn advance(&self, id: &WorkspaceId, standing: &Standing) {
        if let Some(workspace) = self.cached(id) {
            publish(&workspace.news, standing);
        }
    }

    fn cached(&self, id: &WorkspaceId) -> Option<Arc<Workspace>> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The roster with every record that is known to exist.
    pub async fn roster(&self, workspace: &Workspace) -> Result<Arc<Roster>, Refusal> {
        let known = workspace.roster();
        if known.position >= workspace.news.borrow().membership { Ok(known) } else { self.refresh(workspace).await }
    }

    /// Reads on from where the roster in memory ends.
    pub async fn refresh(&self, workspace: &Workspace) -> Result<Arc<Roster>, Refusal> {
        let id = workspace.id;
        let mut roster = Roster::clone(&workspace.roster());
        let extend = move |connection: &Connection| roster::extend(connection, &id, &mut roster).map(|()| roster);
        let roster = self.readers.read(extend).await.map_err(refusal)?;
        Ok(workspace.advance(roster))
    }

    /// What a key may do, or why nothing.
    pub async fn access(&self, id: &WorkspaceId, key: &DeviceKey) -> Result<(Arc<Workspace>, Access), Refusal> {
        let workspace = self.workspace(id).await?;
        let roster = self.roster(&workspace).await?;
        let access = access_in(&roster, key, now_ms())?;
        self.administration.check_open(id)?;
        if let Some(root) = roster.devices.get(key) {
            self.limiters.account.check_account(root)?;
        }
        Ok((workspace, access))
    }

    /// A workspace of which the key is a member's device.
    pub async fn member(&self, id: &WorkspaceId, key: &DeviceKey) -> Result<(Arc<Workspace>, Role), Refusal> {
        match self.access(id, key).await? {
            (workspace, Access::Member(role)) => Ok((workspace, role)),
            (_, Access::Entering) => {
                let message = "an invitation's or a recovery kit's key reads the membership and brings a device in, and nothing else";
                Err(Refusal::new(RelayErrorCode::Forbidden, message))
            }
        }
    }

    pub fn create_allowed(&self, address: IpAddr) -> Result<(), Refusal> {
        self.limiters.create.check_address(address)
    }
}

impl Workspace {
    /// The roster in memory; there may be newer records in the store.
    pub fn roster(&self) -> Arc<Roster> {
        self.roster.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over a roster unless a newer one is known, and gives the newest.
    pub fn advance(&self, roster: Roster) -> Arc<Roster> {
        let mut known = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        if roster.position > known.position {
            *known = Arc::new(roster);
        }
        known.clone()
    }
}

impl Workspace {
    /// Whether this copy counts no longer.
    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// The page that was read last, and its number of entries, if it is the one asked for and still true.
    pub fn recent_page(&self, after: u64, limit: u32) -> Option<(Bytes, u64)> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let page = recent.as_ref().filter(|page| page.after == after && page.limit == limit)?;
        let holds = page.made.elapsed() < RECENT_TIME && page.standing == *self.news.borrow();
        holds.then(|| (page.bytes.clone(), page.entries))
    }

    /// Keeps a page for whoever asks for the same next.
    pub fn keep_page(&self, after: u64, limit: u32, standing: Standing, entries: u64, bytes: &[u8]) {
        if bytes.len() > RECENT_BYTES {
            return;
        }
        let bytes = Bytes::copy_from_slice(bytes);
        let page = RecentPage { after, limit, standing, made: Instant::now(), entries, bytes };
        *self.recent.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
    }
}

/// What a key may do by this roster. Strangers learn nothing, not even that
/// there is such a workspace; who was in it is told the truth.
pub fn access_in(roster: &Roster, key: &DeviceKey, now_ms: u64) -> Result<Access, Refusal> {
    if let Some(role) = roster.role_of(key) {
        return Ok(Access::Member(role));
    }
    if let Some(invite) = roster.invites.get(key) {
        return if now_ms > invite.expires_ms { Err(expired()) } else { Ok(Access::Entering) };
    }
    if roster.recovery_of(key).is_some() {
        return Ok(Access::Entering);
    }
    if roster.removed.contains_key(key) {
        let message = "this device was removed from the workspace; its members can invite it again with new keys";
        return Err(Refusal::new(RelayErrorCode::Forbidden, message));
    }
    Err(refusal(StoreError::NoWorkspace))
}

pub fn expired() -> Refusal {
    Refusal::new(RelayErrorCode::InviteExpired, "the invitation has expired by the relay's clock: ask for a new one")
}

/// The relay's clock, milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Why a closed workspace is neither read nor written.
pub fn closed(closure: &Closure) -> Refusal {
    match closure {
        Closure::Suspended(reason) => {
            let message = format!("who runs the relay has suspended this workspace: {reason}");
            Refusal::new(RelayErrorCode::Suspended, message)
        }
        Closure::Deleted { due_ms } => {
            let message = match due_ms.saturating_sub(now_ms()).div_ceil(HOUR_MS) {
                0 => "who runs the relay has deleted this workspace there".to_string(),
                hours => format!(
                    "who runs the relay has deleted this workspace there; they can bring it back for {hours} hours more"
                ),
            };
            Refusal::new(RelayErrorCode::Deleted, message)
        }
    }
}

/// What the store said, for the one who asked.
pub fn refusal(error: StoreError) -> Refusal {
    let (code, message) = match &error {
        StoreError::NoWorkspace => {
            (RelayErrorCode::NotFound, "there is no such workspace here, or this key is not in it".to_string())
        }
        StoreError::SequenceConflict { .. } => (
            RelayErrorCode::SequenceConflict,
            format!(
                "{error}: two copies of this device are writing, or it was restored from a backup; give it new keys"
            ),
        ),
        StoreError::LogMoved { .. } => (RelayErrorCode::LogMoved, format!("{error}: read the log up to there first")),
        StoreError::SequenceGap { expected, .. } => {
            (RelayErrorCode::SequenceGap, format!("{error}: send the device's envelopes from number {expected} on"))
        }
        StoreError::Quota { .. } => (
            RelayErrorCode::QuotaExceeded,
            format!("{error}; nothing of this request was stored: ask who runs the relay to raise it"),
        ),
        StoreError::NoBlob => {
            (RelayErrorCode::NotFound, "this workspace has no such attachment, or not this chunk of it".into())
        }
        StoreError::InUse => {
            (RelayErrorCode::Forbidden, format!("{error}: it is let go of when two newer snapshots are confirmed"))
        }
        StoreError::NoSnapshot => {
            (RelayErrorCode::NotFound, "this workspace has no such snapshot any more: newer ones stand for it".into())
        }
        StoreError::Snapshot(_) => (RelayErrorCode::BadRequest, error.to_string()),
        StoreError::Compacted { .. } => {
            (RelayErrorCode::Compacted, format!("{error}: load the newest confirmed one, then read on from there"))
        }
        StoreError::Removing => return Refusal::retry_later("the attachment is just being removed; try again", 2),
        StoreError::Closed(closure) => return closed(closure),
        StoreError::Busy => {
            return Refusal::retry_later("the relay's store is busy with administration; nothing was stored", 2);
        }
        StoreError::Full => (
            RelayErrorCode::StorageFull,
            "the relay's store is full and nothing of this request was stored: tell who runs it, and try again later"
                .into(),
        ),
        StoreError::Stopping => return Refusal::shutting_down(),
        StoreError::MembershipMoved => {
            (RelayErrorCode::MembershipMoved, "the membership changed meanwhile: read it and try again".into())
        }
        StoreError::Damaged(_) | StoreError::Failed(_) => return Refusal::internal(&error),
    };
    Refusal::new(code, message)
}

/// The same for a write.
pub fn write_refusal(error: WriteError) -> Refusal {
    match error {
        WriteError::QueueFull => {
            Refusal::retry_later("more writes wait for the relay's disk than it takes; try again", 1)
        }
        WriteError::Store(error) => refusal(error),
    }
}
