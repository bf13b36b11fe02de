//! What the relay keeps, and how: one SQLite database in one folder. Another
//! store takes the place of [`Store`] behind the same few functions.

pub mod chunks;
pub mod folder;
pub mod sqlite;
pub mod writer;

use drystone_wire::log::{Entry, Stored};
use drystone_wire::membership::Countersigned;
use drystone_wire::{DeviceKey, Hash, Signature, WorkspaceId};

/// Where a workspace's log and membership stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub generation: u32,
    pub position: u64,
    pub chain: Hash,
    pub membership: u64,
}

/// A verified envelope on its way into the log.
#[derive(Debug, Clone)]
pub struct NewEntry {
    pub id: Hash,
    pub device: DeviceKey,
    pub sequence: u64,
    pub previous: Hash,
    pub envelope: Vec<u8>,
}

/// A verified membership record on its way in.
#[derive(Debug, Clone)]
pub struct NewRecord {
    pub workspace: WorkspaceId,
    pub position: u64,
    pub hash: Hash,
    pub record: Vec<u8>,
    pub countersignature: Signature,
    pub received_ms: u64,
    /// Members and devices after it.
    pub members: u64,
    pub devices: u64,
    /// Devices that it takes out; the log must have nothing of theirs after
    /// `seen`.
    pub removed: Vec<DeviceKey>,
    /// How far its author has read the log.
    pub seen: u64,
    /// The recovery kits that count after it, where it may change them.
    pub recovery: Option<Vec<DeviceKey>>,
}

/// What came of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedEntries {
    pub stored: Vec<Stored>,
    /// How many were new, and their bytes.
    pub new: u64,
    pub new_bytes: u64,
    pub standing: Standing,
}

/// What came of posting a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It is at its position: now, or since earlier with this countersignature.
    Here { countersigned: Countersigned, standing: Standing },
    /// Another record is at its position, or the one before it is missing.
    Moved { membership: u64 },
}

/// A stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    pub entries: Vec<Entry>,
    pub standing: Standing,
}

/// What one workspace, and the relay as a whole, may store.
#[derive(Debug, Clone, Copy)]
pub struct Quotas {
    pub workspaces: u64,
    /// For workspaces without quotas of their own.
    pub each: WorkspaceQuotas,
}

/// What one workspace may store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceQuotas {
    /// Records and envelopes, in bytes.
    pub bytes: u64,
    pub entries: u64,
    /// Of all members together.
    pub devices: u64,
    /// Bytes of attachments.
    pub attachments: u64,
}

/// Why a workspace is neither read nor written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closure {
    /// Who runs the relay says why.
    Suspended(String),
    /// It will be gone for good at this time, milliseconds since 1970.
    Deleted { due_ms: u64 },
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such workspace.
    #[error("no such workspace")]
    NoWorkspace,
    /// There is no such attachment.
    #[error("no such attachment")]
    NoBlob,
    /// The attachment is a snapshot's content.
    #[error("the attachment is the content of a snapshot")]
    InUse,
    /// There is no such snapshot.
    #[error("no such snapshot")]
    NoSnapshot,
    /// A snapshot, or what is said of it, does not fit.
    #[error("the snapshot is not accepted: {0}")]
    Snapshot(&'static str),
    /// The entries that were asked for have no envelopes any more.
    #[error("entries up to {position} are in snapshots only")]
    Compacted { position: u64 },
    /// The attachment's files are being removed.
    #[error("the attachment is being removed")]
    Removing,
    /// The membership is not the one that the request was checked against.
    #[error("the membership moved on")]
    MembershipMoved,
    /// A device that a record takes out has written more than its author read.
    #[error("the log has an entry of the device {device} at position {position}")]
    LogMoved { device: DeviceKey, position: u64 },
    /// The device's number is taken by other bytes, or follows another envelope.
    #[error("number {sequence} of this device {reason}")]
    SequenceConflict { sequence: u64, reason: &'static str },
    /// The device's numbers have a gap.
    #[error("number {got} where {expected} comes next")]
    SequenceGap { got: u64, expected: u64 },
    /// A named quota does not allow this much more.
    #[error("the quota of {what} is {limit}, {used} are used, and this needs {more} more")]
    Quota { what: &'static str, used: u64, more: u64, limit: u64 },
    /// Who runs the relay has closed the workspace.
    #[error("the workspace is closed")]
    Closed(Closure),
    /// Another process holds the database for longer than a write waits; nothing was done.
    #[error("the database is in use by another process")]
    Busy,
    /// The disk, or the size that the operator allows, is full.
    #[error("the store is full")]
    Full,
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// Anything else. After this a commit may or may not have happened.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The relay is stopping.
    #[error("the store is closed")]
    Stopping,
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreError::Full,
            _ => StoreError::Failed(error.to_string()),
        }
    }
}

impl StoreError {
    /// Whether it says something about the request and nothing about the store.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            StoreError::NoWorkspace
                | StoreError::NoBlob
                | StoreError::Removing
                | StoreError::InUse
                | StoreError::NoSnapshot
                | StoreError::Snapshot(_)
                | StoreError::Compacted { .. }
                | StoreError::MembershipMoved
                | StoreError::SequenceConflict { .. }
                | StoreError::SequenceGap { .. }
                | StoreError::LogMoved { .. }
                | StoreError::Quota { .. }
                | StoreError::Closed(_)
        )
    }
}
