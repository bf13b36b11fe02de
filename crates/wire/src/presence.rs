//! Who is here: a small sealed message that a relay passes on to the other
//! devices of a workspace and keeps nowhere. Losing one costs nothing but the
//! time until the next.

use minicbor::{Decode, Encode};

use crate::canonical::{self, CanonicalError};
use crate::ids::{Bytes, DeviceKey, Hash, Nonce, PresenceSession, Signature, WorkspaceId, hash, verify};
use crate::limits::{self, context};

/// The version of the format.
pub const VERSION: u8 = 1;
/// XChaCha20-Poly1305, HKDF-SHA-256 keys, Ed25519, BLAKE3; padded.
pub const SUITE: u8 = 1;

/// The readable part. Encoded canonically it is also the associated data of
/// the ciphertext. It does not say which document it is about.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Header {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// [`SUITE`].
    #[n(1)]
    pub suite: u8,
    /// The workspace whose members it is for.
    #[n(2)]
    pub workspace: WorkspaceId,
    /// The device that made it.
    #[n(3)]
    pub device: DeviceKey,
    /// Which running program of that device; random at each start.
    #[n(4)]
    pub session: PresenceSession,
    /// Rises with every message of the session, from 1.
    #[n(5)]
    pub number: u64,
    /// When it was made: milliseconds since 1970, the device's clock corrected
    /// by the relay's.
    #[n(6)]
    pub time_ms: u64,
    /// Which epoch key its key is derived from.
    #[n(7)]
    pub epoch: u32,
    /// Random.
    #[n(8)]
    pub nonce: Nonce,
    /// Commits to the key, so that one ciphertext cannot open under two keys.
    #[n(9)]
    pub commitment: Hash,
}

/// A sealed message as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Presence {
    /// The header's canonical bytes.
    #[n(0)]
    pub header: Bytes,
    /// Ciphertext with its tag.
    #[n(1)]
    pub ciphertext: Bytes,
    /// The device's signature over header and ciphertext.
    #[n(2)]
    pub signature: Signature,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresenceError {
    /// The bytes are not such a message.
    #[error("not a presence message: {0}")]
    Format(#[from] CanonicalError),
    /// A version or suite this program does not know.
    #[error("unknown version {version} or suite {suite}")]
    Unknown {
        /// Its version.
        version: u8,
        /// Its suite.
        suite: u8,
    },
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
}

/// What the device signs.
pub fn signed_bytes(header: &[u8], ciphertext: &[u8]) -> Hash {
    hash(context::PRESENCE_SIGNATURE, &[header, ciphertext])
}

impl Presence {
    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads a message and its header and checks form, version and suite, not
    /// the signature: for who passes it on.
    ///
    /// # Errors
    /// [`PresenceError`] says what does not hold.
    pub fn read(bytes: &[u8]) -> Result<(Presence, Header), PresenceError> {
        let presence: Presence = canonical::decode(bytes, limits::PRESENCE_BYTES)?;
        let header: Header = canonical::decode(&presence.header.0, limits::PRESENCE_BYTES)?;
        if header.version != VERSION || header.suite != SUITE {
            return Err(PresenceError::Unknown { version: header.version, suite: header.suite });
        }
        Ok((presence, header))
    }

    /// The same, with the signature: for who believes it. Whether the device is
    /// a member is for the caller to know.
    ///
    /// # Errors
    /// [`PresenceError`] says what does not hold.
    pub fn open(bytes: &[u8]) -> Result<(Presence, Header), PresenceError> {
        let (presence, header) = Presence::read(bytes)?;
        let signed = signed_bytes(&presence.header.0, &presence.ciphertext.0);
        if !verify(&header.device.0, signed.as_bytes(), &presence.signature) {
            return Err(PresenceError::Signature);
        }
        Ok((presence, header))
    }
}
