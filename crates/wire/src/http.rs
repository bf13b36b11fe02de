//! The JSON bodies of the relay's interface, and its error codes.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceKey, Hash, RelayKey, Signature, WorkspaceId};

/// `GET /v1/relay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayInfo {
    /// Version of the relay program.
    pub version: String,
    /// Version of the protocol, 1.
    pub protocol: u32,
    /// The relay's public key.
    pub relay_key: RelayKey,
    /// The relay's clock, milliseconds since 1970, as a string.
    pub time_ms: String,
}

/// `POST /v1/challenge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeRequest {
    /// Who wants a token: a device's key, an invitation's, or a recovery kit's.
    pub device: DeviceKey,
}

/// The reply to a challenge request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// To be signed, once, within [`crate::limits::CHALLENGE_SECONDS`].
    pub nonce: Hash,
    /// The relay's public key.
    pub relay_key: RelayKey,
    /// The relay's clock, milliseconds since 1970, as a string.
    pub time_ms: String,
}

/// `POST /v1/token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// Who answers.
    pub device: DeviceKey,
    /// The challenge's nonce.
    pub nonce: Hash,
    /// The relay's address as the device knows it: scheme, host and port, no path.
    pub url: String,
    /// Over [`crate::auth::challenge_bytes`].
    pub signature: Signature,
}

/// A token for `Authorization: Bearer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Opaque.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// `GET /v1/recovery`: where the recovery kit that asks brings its member back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recoverable {
    /// At most [`crate::limits::RECOVERABLE`].
    pub workspaces: Vec<WorkspaceId>,
}

/// A wake-up, one JSON text message on `GET /v1/listen`. Losing one costs
/// latency and never data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wake {
    /// The workspace that has news.
    pub workspace: WorkspaceId,
    /// The log's last position.
    pub position: u64,
    /// How many membership records there are.
    pub membership: u64,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)*) => {
        /// Why the relay refused a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum RelayErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl RelayErrorCode {
            /// The HTTP status it travels with.
            pub fn status(self) -> u16 {
                match self { $(RelayErrorCode::$name => $status,)* }
            }

            /// Its text on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(RelayErrorCode::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The request cannot be read.
    BadRequest = "bad-request", 400;
    /// No token, an expired or a wrong one: get a new one.
    Unauthorized = "unauthorized", 401;
    /// The challenge's answer does not verify or is late.
    ChallengeFailed = "challenge-failed", 401;
    /// The device is not a member, or its role does not allow this.
    Forbidden = "forbidden", 403;
    /// Who runs the relay has suspended the workspace; the message says why.
    Suspended = "suspended", 403;
    /// Who runs the relay has deleted the workspace there.
    Deleted = "deleted", 410;
    /// There is no such workspace, or the device may not know of it.
    NotFound = "not-found", 404;
    /// Another membership record was first; read it and try again.
    MembershipMoved = "membership-moved", 409;
    /// A device that a record takes out has written more than its author has read; read it and try again.
    LogMoved = "log-moved", 409;
    /// The record does not follow the rules.
    MembershipInvalid = "membership-invalid", 422;
    /// The invitation has expired by the relay's clock.
    InviteExpired = "invite-expired", 410;
    /// The device's number is taken by other bytes.
    SequenceConflict = "sequence-conflict", 409;
    /// The device's numbers have a gap.
    SequenceGap = "sequence-gap", 409;
    /// An envelope does not verify.
    EnvelopeInvalid = "envelope-invalid", 422;
    /// A frame or body is over its limit.
    TooLarge = "too-large", 413;
    /// The workspace has used up its quota.
    QuotaExceeded = "quota-exceeded", 413;
    /// Slow down; see `Retry-After`.
    RateLimited = "rate-limited", 429;
    /// The cursor belongs to another generation, or entries before it are gone.
    CursorGone = "cursor-gone", 410;
    /// The entries after the cursor are in snapshots only: `GET …/snapshots` names them.
    Compacted = "compacted", 410;
    /// The store cannot take more right now.
    StorageFull = "storage-full", 507;
    /// The relay is stopping.
    ShuttingDown = "shutting-down", 503;
    /// A defect of the relay.
    Internal = "internal", 500;
}

/// The JSON body of every error reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// For programs.
    pub code: RelayErrorCode,
    /// For people; says what and what to do, never content.
    pub message: String,
}
