//! Every limit that client and relay agree on, and the hash contexts.

/// One envelope, encoded, in bytes.
pub const ENVELOPE_BYTES: usize = 1 << 20;
/// Envelopes in one append.
pub const APPEND_ENTRIES: usize = 256;
/// The body of one append, in bytes.
pub const APPEND_BYTES: usize = 4 << 20;
/// Envelopes in one page.
pub const PAGE_ENTRIES: u32 = 1000;
/// A page stops growing past this many bytes; it always holds at least one entry.
pub const PAGE_BYTES: usize = 2 << 20;
/// The body of a page reply that a client accepts, in bytes.
pub const PAGE_REPLY_BYTES: usize = PAGE_BYTES + ENVELOPE_BYTES + (64 << 10);
/// One membership record, encoded, in bytes.
pub const RECORD_BYTES: usize = 256 << 10;
/// Membership records in one workspace.
pub const RECORDS: u64 = 100_000;
/// Membership records in one reply.
pub const RECORD_PAGE: u32 = 200;
/// The body of a membership reply that a client accepts, in bytes.
pub const RECORD_REPLY_BYTES: usize = 8 << 20;
/// Members of one workspace.
pub const MEMBERS: usize = 1000;
/// Devices of one member.
pub const DEVICES: usize = 32;
/// Devices and recovery kits of all members of one workspace together. A new epoch wraps its key
/// for each in one record, which must stay within [`RECORD_BYTES`]: a workspace
/// that outgrew it could never remove anybody again.
pub const WORKSPACE_DEVICES: usize = 2000;
/// A sealed name of a person or a workspace, in bytes.
pub const SEALED_NAME_BYTES: usize = 1024;
/// A root's secret, sealed for a recovery kit, in bytes: nonce, secret and tag.
pub const SEALED_ROOT_BYTES: usize = 24 + 32 + 16;
/// Workspaces that one recovery kit is told of at one relay.
pub const RECOVERABLE: usize = 200;
/// Open invitations of one workspace.
pub const INVITES: usize = 1000;
/// A bundle file, in bytes.
pub const BUNDLE_BYTES: usize = 256 << 20;
/// The table at the beginning of a bundle file, in bytes.
pub const BUNDLE_TABLE_BYTES: usize = 4 << 10;
/// Envelopes in one bundle file.
pub const BUNDLE_ENVELOPES: usize = 200_000;
/// Files of attachments in a bundle.
pub const BUNDLE_FILES: usize = 10_000;
/// An offered snapshot without its content, in bytes.
pub const SNAPSHOT_OFFER_BYTES: usize = 16 << 10;
/// What one device says of a snapshot, in bytes.
pub const SNAPSHOT_VERDICT_BYTES: usize = 1 << 10;
/// Chunks of a snapshot's content.
pub const SNAPSHOT_CHUNKS: usize = 256;
/// Snapshots of one workspace that wait to be confirmed.
pub const SNAPSHOTS_WAITING: usize = 8;
/// The reply that lists snapshots, in bytes.
pub const SNAPSHOT_LIST_BYTES: usize = 8 << 20;
/// Ids in one reply.
pub const ID_PAGE: u32 = 20_000;
/// The body of such a reply that a client accepts, in bytes.
pub const ID_PAGE_BYTES: usize = 1 << 20;
/// A JSON body, in bytes.
pub const JSON_BYTES: usize = 16 << 10;
/// Workspaces one listener may name.
pub const LISTEN_WORKSPACES: usize = 64;
/// How long a token is valid, in seconds.
pub const TOKEN_SECONDS: u64 = 15 * 60;
/// How long a challenge can be answered, in seconds.
pub const CHALLENGE_SECONDS: u64 = 60;
/// The longest a long poll waits, in seconds.
pub const WAIT_SECONDS: u64 = 30;
/// How often the relay pings a listener, in seconds.
pub const PING_SECONDS: u64 = 15;
/// A sealed presence message, in bytes.
pub const PRESENCE_BYTES: usize = 4 << 10;
/// Without a sign for this long somebody counts as gone, in seconds. A message
/// whose time is further than this from the reader's is not believed.
pub const PRESENCE_SECONDS: u64 = 30;
/// How far a client's clock may be off before it is told so, in milliseconds.
pub const CLOCK_TOLERANCE_MS: u64 = 5 * 60 * 1000;

/// BLAKE3 key-derivation contexts: one for each thing that is hashed.
pub mod context {
    /// Envelope id.
    pub const ENVELOPE: &str = "drystone v1 envelope id";
    /// Log chain.
    pub const CHAIN: &str = "drystone v1 log chain";
    /// Membership record.
    pub const RECORD: &str = "drystone v1 membership record";
    /// What an author signs of an envelope.
    pub const ENVELOPE_SIGNATURE: &str = "drystone v1 envelope signature";
    /// What an author signs of a membership record.
    pub const RECORD_SIGNATURE: &str = "drystone v1 membership signature";
    /// What an invitation's key signs of a join.
    pub const INVITE_SIGNATURE: &str = "drystone v1 invite signature";
    /// What a root key signs of a device.
    pub const DEVICE_SIGNATURE: &str = "drystone v1 device signature";
    /// What a root key signs of a recovery kit.
    pub const RECOVERY_KEYS: &str = "drystone v1 recovery keys";
    /// What a recovery kit signs of a device that it brings in.
    pub const RECOVERY_SIGNATURE: &str = "drystone v1 recovery signature";
    /// What the relay signs of a membership record.
    pub const COUNTERSIGNATURE: &str = "drystone v1 membership countersignature";
    /// What the relay signs of a log's head.
    pub const HEAD_SIGNATURE: &str = "drystone v1 log head signature";
    /// Hash of a section of a bundle file.
    pub const BUNDLE_SECTION: &str = "drystone v1 bundle section";
    /// What a device signs of a bundle file.
    pub const BUNDLE_SIGNATURE: &str = "drystone v1 bundle signature";
    /// What a device signs of a snapshot.
    pub const SNAPSHOT_VERDICT: &str = "drystone v1 snapshot verdict signature";
    /// Digest of what a snapshot holds.
    pub const SNAPSHOT_CONTENT: &str = "drystone v1 snapshot content";
    /// What a device signs of a presence message.
    pub const PRESENCE_SIGNATURE: &str = "drystone v1 presence signature";
    /// What a device signs to get a token.
    pub const CHALLENGE_SIGNATURE: &str = "drystone v1 challenge signature";
}
