//! The envelope: a readable header, a ciphertext, and a signature over both.

use minicbor::{Decode, Encode};

use crate::canonical::{self, CanonicalError};
use crate::ids::{Bytes, DeviceKey, DocumentHandle, Hash, Nonce, Signature, WorkspaceId, hash, verify};
use crate::limits::{self, context};

/// The version of the envelope format.
pub const VERSION: u8 = 1;
/// XChaCha20-Poly1305, HKDF-SHA-256 keys, Ed25519, BLAKE3; zstd-compressed Automerge changes, padded.
pub const SUITE: u8 = 1;

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// Changes of one document.
    #[n(1)]
    Changes,
    /// A full-history save of one document.
    #[n(2)]
    Snapshot,
    /// Presence; never stored.
    #[n(3)]
    Presence,
}

/// The readable part of an envelope. Encoded canonically it is also the
/// associated data of the ciphertext.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Header {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// [`SUITE`].
    #[n(1)]
    pub suite: u8,
    /// The workspace it belongs to.
    #[n(2)]
    pub workspace: WorkspaceId,
    /// What it carries.
    #[n(3)]
    pub kind: Kind,
    /// The document it is about.
    #[n(4)]
    pub document: DocumentHandle,
    /// The device that made it.
    #[n(5)]
    pub device: DeviceKey,
    /// Counts the device's envelopes in this workspace, from 1, without gaps.
    #[n(6)]
    pub sequence: u64,
    /// Id of the device's envelope before this one; zeros for the first.
    #[n(7)]
    pub previous: Hash,
    /// Which epoch key its key is derived from.
    #[n(8)]
    pub epoch: u32,
    /// The last membership record the device knew.
    #[n(9)]
    pub membership_position: u64,
    /// That record's hash.
    #[n(10)]
    pub membership_hash: Hash,
    /// The last log position the device had read.
    #[n(11)]
    pub seen_position: u64,
    /// The chain value there.
    #[n(12)]
    pub seen_chain: Hash,
    /// Random.
    #[n(13)]
    pub nonce: Nonce,
    /// Commits to the key, so that one ciphertext cannot open under two keys.
    #[n(14)]
    pub commitment: Hash,
}

/// A sealed envelope as it travels and is stored.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Envelope {
    /// The header's canonical bytes.
    #[n(0)]
    pub header: Bytes,
    /// Ciphertext with its tag.
    #[n(1)]
    pub ciphertext: Bytes,
    /// The device's signature over the id.
    #[n(2)]
    pub signature: Signature,
}

/// Why an envelope was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The bytes are not an envelope.
    #[error("not an envelope: {0}")]
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

/// The id of an envelope: the hash of header and ciphertext.
pub fn id(header: &[u8], ciphertext: &[u8]) -> Hash {
    hash(context::ENVELOPE, &[header, ciphertext])
}

/// The bytes a device signs for an envelope with this id.
pub fn signed_bytes(id: &Hash) -> Hash {
    hash(context::ENVELOPE_SIGNATURE, &[id.as_bytes()])
}

impl Envelope {
    /// Its id.
    pub fn id(&self) -> Hash {
        id(&self.header.0, &self.ciphertext.0)
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads an envelope and its header, checks form, version, suite and
    /// signature. Whether the device is a member is for the caller to know.
    ///
    /// # Errors
    /// [`EnvelopeError`] says what does not hold.
    pub fn open(bytes: &[u8]) -> Result<(Envelope, Header), EnvelopeError> {
        let envelope: Envelope = canonical::decode(bytes, limits::ENVELOPE_BYTES)?;
        let header: Header = canonical::decode(&envelope.header.0, limits::ENVELOPE_BYTES)?;
        if header.version != VERSION || header.suite != SUITE {
            return Err(EnvelopeError::Unknown { version: header.version, suite: header.suite });
        }
        if !verify(&header.device.0, signed_bytes(&envelope.id()).as_bytes(), &envelope.signature) {
            return Err(EnvelopeError::Signature);
        }
        Ok((envelope, header))
    }
}
