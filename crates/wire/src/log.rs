//! The log of a workspace as the relay gives it out: positions, chain, signed
//! head, pages and receipts.

use minicbor::{Decode, Encode};

use crate::ids::{Bytes, Hash, RelayKey, Signature, WorkspaceId, hash, verify};
use crate::limits::context;

/// The chain value before the first entry of a generation.
pub fn chain_start(workspace: &WorkspaceId, generation: u32) -> Hash {
    hash(context::CHAIN, &[workspace.as_bytes(), &generation.to_le_bytes()])
}

/// The chain value after an entry: `H(chain before, id)`.
pub fn chain_next(before: &Hash, id: &Hash) -> Hash {
    hash(context::CHAIN, &[before.as_bytes(), id.as_bytes()])
}

/// Where a log ends, signed by the relay.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Head {
    /// The workspace.
    #[n(0)]
    pub workspace: WorkspaceId,
    /// Grows when a relay had to start its log anew.
    #[n(1)]
    pub generation: u32,
    /// The last position, 0 when empty.
    #[n(2)]
    pub position: u64,
    /// The chain value there.
    #[n(3)]
    pub chain: Hash,
    /// How many membership records there are.
    #[n(4)]
    pub membership: u64,
    /// The relay's clock, milliseconds since 1970.
    #[n(5)]
    pub time_ms: u64,
    /// The relay's signature over [`Head::signed_bytes`].
    #[n(6)]
    pub signature: Signature,
}

impl Head {
    /// What the relay signs.
    pub fn signed_bytes(&self) -> Hash {
        hash(
            context::HEAD_SIGNATURE,
            &[
                self.workspace.as_bytes(),
                &self.generation.to_le_bytes(),
                &self.position.to_le_bytes(),
                self.chain.as_bytes(),
                &self.membership.to_le_bytes(),
                &self.time_ms.to_le_bytes(),
            ],
        )
    }

    /// Whether the relay with this key signed it.
    pub fn verify(&self, relay: &RelayKey) -> bool {
        verify(&relay.0, self.signed_bytes().as_bytes(), &self.signature)
    }
}

/// The body of an append: envelopes in the order to store them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Append {
    /// Encoded envelopes.
    #[n(0)]
    pub envelopes: Vec<Bytes>,
}

/// Where one envelope was stored.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Stored {
    /// The envelope's id.
    #[n(0)]
    pub id: Hash,
    /// Its position; the same as before when it had been stored already.
    #[n(1)]
    pub position: u64,
}

/// The reply to an append, sent only after the store has synced to disk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Appended {
    /// One for each envelope, in order.
    #[n(0)]
    pub stored: Vec<Stored>,
    /// The log's head afterwards.
    #[n(1)]
    pub head: Head,
}

/// One entry of a page.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Entry {
    /// Its position.
    #[n(0)]
    pub position: u64,
    /// The encoded envelope.
    #[n(1)]
    pub envelope: Bytes,
}

/// Consecutive entries after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Page {
    /// Entries with gapless positions.
    #[n(0)]
    pub entries: Vec<Entry>,
    /// The log's head when the page was read.
    #[n(1)]
    pub head: Head,
}
