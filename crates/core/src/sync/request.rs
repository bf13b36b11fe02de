//! What is asked of a relay and what comes back, apart from how it travels.

use drystone_wire::WorkspaceId;
use drystone_wire::http::RelayErrorCode;
use drystone_wire::log::{Appended, Page};
use drystone_wire::membership::RecordPage;

use crate::error::{Error, ErrorCode};

/// A request about one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Founds the workspace at the relay with its first record.
    Create(Vec<u8>),
    /// Reads membership records after a position.
    Records {
        /// The position.
        after: u64,
    },
    /// Appends a membership record.
    Record(Vec<u8>),
    /// Appends one that takes devices out, unless the log has entries of theirs
    /// that its author has not read.
    Removal {
        /// The record.
        record: Vec<u8>,
        /// How far its author has read the log.
        seen: u64,
    },
    /// Reads entries after a position.
    Page {
        /// The generation they belong to; `None` for whichever is current.
        generation: Option<u32>,
        /// The position.
        after: u64,
        /// At most this many.
        limit: u32,
    },
    /// Appends envelopes, encoded as `drystone_wire::log::Append`.
    Append(Vec<u8>),
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The record has its place.
    Recorded,
    /// Membership records.
    Records(RecordPage),
    /// Entries.
    Page(Page),
    /// Where the envelopes were stored.
    Appended(Appended),
}

/// Why a step did not succeed, as far as the engine cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No answer, or one that says to come back.
    Unreachable,
    /// Slow down.
    RateLimited,
    /// The relay does not know the workspace.
    NotFound,
    /// Another membership record was first.
    MembershipMoved,
    /// A device to be removed has written more than was read.
    LogMoved,
    /// The device's number is taken by other bytes.
    SequenceConflict,
    /// The relay lacks envelopes before these.
    SequenceGap,
    /// The log began anew.
    CursorGone,
    /// The entries after the cursor are in snapshots only.
    Compacted,
    /// The relay does not let this device do it.
    Forbidden,
    /// The workspace's quota at the relay is used up.
    Full,
    /// Needs a person.
    Attention,
    /// This computer: disk, permission, another process.
    Local,
}

/// Why a step did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For the engine.
    pub kind: FailureKind,
    /// What the relay asked to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// For people.
    pub error: Error,
}

/// A step's result.
pub type Attempt<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure without a wait.
    pub fn new(kind: FailureKind, error: Error) -> Self {
        Failure { kind, retry_after_ms: None, error }
    }

    /// Something signed, chained or sealed does not hold.
    pub fn integrity(what: impl std::fmt::Display, workspace: &WorkspaceId) -> Self {
        let error = Error::new(
            ErrorCode::Integrity,
            format!("The relay's data for workspace {workspace} does not verify: {what}."),
            "Nothing of it was applied and your documents are intact. Ask who runs the relay whether it was restored \
             from a backup; if so, set the relay's address again, which sends everything you wrote anew.",
        );
        Failure::new(FailureKind::Attention, error)
    }

    /// What a relay's refusal means for the engine and for people.
    pub fn refused(code: RelayErrorCode, message: &str, retry_after_ms: Option<u64>) -> Self {
        use RelayErrorCode as R;
        let (kind, error_code, advice) = match code {
            R::RateLimited => (FailureKind::RateLimited, ErrorCode::RateLimited, "It is tried again by itself."),
            R::ShuttingDown | R::Internal | R::StorageFull => {
                (FailureKind::Unreachable, ErrorCode::Unreachable, "It is tried again by itself; nothing is lost.")
            }
            R::MembershipMoved => (FailureKind::MembershipMoved, ErrorCode::Busy, "Try again."),
            R::LogMoved => (FailureKind::LogMoved, ErrorCode::Busy, "Try again."),
            R::SequenceConflict => (
                FailureKind::SequenceConflict,
                ErrorCode::Integrity,
                "Do not use one data folder's copy on two machines.",
            ),
            R::SequenceGap => (
                FailureKind::SequenceGap,
                ErrorCode::Integrity,
                "The relay lost entries it had confirmed. Ask who runs it; setting its address again sends everything you wrote anew.",
            ),
            R::CursorGone => (FailureKind::CursorGone, ErrorCode::Integrity, "It is read from the start."),
            R::Compacted => {
                (FailureKind::Compacted, ErrorCode::Integrity, "The newest confirmed snapshot is loaded by itself.")
            }
            R::InviteExpired => (FailureKind::Attention, ErrorCode::Invite, "Ask for a new invitation."),
            R::NotFound => (
                FailureKind::NotFound,
                ErrorCode::Refused,
                "Check the relay's address; if this device was removed from the workspace, ask its owner.",
            ),
            R::Unauthorized | R::ChallengeFailed => (
                FailureKind::Attention,
                ErrorCode::Unauthorized,
                "Check that the relay's address is the one its operator gave out, and this computer's clock.",
            ),
            R::Forbidden => {
                (FailureKind::Forbidden, ErrorCode::Refused, "Ask the workspace's owner for the role you need.")
            }
            R::Suspended | R::Deleted => (
                FailureKind::Attention,
                ErrorCode::Refused,
                "Your documents are on this device. Ask who runs the relay, or set another relay.",
            ),
            R::QuotaExceeded => {
                (FailureKind::Full, ErrorCode::Refused, "Ask who runs the relay to raise the workspace's quota.")
            }
            R::TooLarge => {
                (FailureKind::Attention, ErrorCode::TooLarge, "Make smaller changes, or ask who runs the relay.")
            }
            R::BadRequest | R::MembershipInvalid | R::EnvelopeInvalid => {
                (FailureKind::Attention, ErrorCode::Refused, "Update Drystone and the relay to the newest version.")
            }
        };
        let message = format!("The relay answered: {message}.");
        Failure { kind, retry_after_ms, error: Error::new(error_code, message.replace("..", "."), advice) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::new(FailureKind::Local, error)
    }
}
