//! Snapshots of a workspace at the relay, and what other devices say of them.
//! The relay deletes envelopes only behind snapshots that were confirmed; it
//! checks who speaks, and never what is inside.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::canonical::{self, CanonicalError};
use crate::envelope::{Envelope, EnvelopeError, Header, Kind};
use crate::ids::{Bytes, DeviceKey, DocumentHandle, Hash, RootKey, Signature, WorkspaceId, hash, verify};
use crate::limits::{self, context};
use crate::log::Head;
use crate::roster::Roster;

/// The version of a verdict.
pub const VERSION: u8 = 1;

/// A snapshot as its author hands it to the relay. Position and chain value
/// that it stands for are the ones its envelope says were seen.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Offer {
    /// The log's generation.
    #[n(0)]
    pub generation: u32,
    /// The blob that holds its sealed content.
    #[n(1)]
    pub blob: Hash,
    /// Its sealed manifest: an envelope of [`Kind::Snapshot`] that is in no log.
    #[n(2)]
    pub envelope: Bytes,
}

/// Why an offer or a verdict was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not canonical.
    #[error("not in canonical form: {0}")]
    Form(#[from] CanonicalError),
    /// Its envelope does not hold.
    #[error("its manifest: {0}")]
    Envelope(#[from] EnvelopeError),
    /// Something else is in its place.
    #[error("its manifest is no snapshot's")]
    Kind,
    /// A version this program does not know.
    #[error("unknown version {0}")]
    Version(u8),
    /// The signature does not verify.
    #[error("its signature does not verify")]
    Signature,
}

/// An offer that was read: what it holds, its manifest's envelope, and the header of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The offer.
    pub offer: Offer,
    /// The sealed manifest.
    pub envelope: Envelope,
    /// Its header.
    pub header: Header,
}

impl Opened {
    /// The snapshot's id: that of its envelope.
    pub fn id(&self) -> Hash {
        self.envelope.id()
    }

    /// The last entry that it stands for.
    pub fn position(&self) -> u64 {
        self.header.seen_position
    }

    /// The chain value there.
    pub fn chain(&self) -> Hash {
        self.header.seen_chain
    }
}

impl Offer {
    /// Reads an offer; checks form, kind and signature. Whether its author is a
    /// member is for the caller to know.
    ///
    /// # Errors
    /// [`SnapshotError`] says what does not hold.
    pub fn open(bytes: &[u8]) -> Result<Opened, SnapshotError> {
        let offer: Offer = canonical::decode(bytes, limits::SNAPSHOT_OFFER_BYTES)?;
        let (envelope, header) = Envelope::open(&offer.envelope.0)?;
        let whole = header.kind == Kind::Snapshot
            && header.document == DocumentHandle::ZERO
            && header.seen_position > 0
            && offer.generation > 0;
        if whole { Ok(Opened { offer, envelope, header }) } else { Err(SnapshotError::Kind) }
    }
}

/// What a device says of a snapshot after comparing it with what it read itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Statement {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// The workspace.
    #[n(1)]
    pub workspace: WorkspaceId,
    /// The snapshot's id.
    #[n(2)]
    pub snapshot: Hash,
    /// The last entry that it stands for, which this device has read too.
    #[n(3)]
    pub position: u64,
    /// The chain value there, as this device has it.
    #[n(4)]
    pub chain: Hash,
    /// The device that speaks.
    #[n(5)]
    pub device: DeviceKey,
    /// The number of its last envelope.
    #[n(6)]
    pub sequence: u64,
    /// The last membership record it knew.
    #[n(7)]
    pub membership_position: u64,
    /// That record's hash.
    #[n(8)]
    pub membership_hash: Hash,
    /// Whether the snapshot holds exactly what the log holds up to there. No: it must not replace the log.
    #[n(9)]
    pub contained: bool,
    /// The device's clock, milliseconds since 1970.
    #[n(10)]
    pub time_ms: u64,
}

/// A signed statement.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Verdict {
    /// The canonical bytes of a [`Statement`].
    #[n(0)]
    pub statement: Bytes,
    /// The device's signature over [`signed_bytes`].
    #[n(1)]
    pub signature: Signature,
}

/// What a device signs of a statement.
pub fn signed_bytes(statement: &[u8]) -> Hash {
    hash(context::SNAPSHOT_VERDICT, &[statement])
}

impl Verdict {
    /// A statement, with what the device's key signs put through `sign`.
    pub fn of(statement: &Statement, sign: impl FnOnce(&Hash) -> Signature) -> Verdict {
        let statement = canonical::encode(statement);
        let signature = sign(&signed_bytes(&statement));
        Verdict { statement: Bytes(statement), signature }
    }

    /// Reads a verdict; checks form, version and signature.
    ///
    /// # Errors
    /// [`SnapshotError`] says what does not hold.
    pub fn open(bytes: &[u8]) -> Result<Statement, SnapshotError> {
        let verdict: Verdict = canonical::decode(bytes, limits::SNAPSHOT_VERDICT_BYTES)?;
        let statement: Statement = canonical::decode(&verdict.statement.0, limits::SNAPSHOT_VERDICT_BYTES)?;
        if statement.version != VERSION {
            return Err(SnapshotError::Version(statement.version));
        }
        let signed = signed_bytes(&verdict.statement.0);
        if verify(&statement.device.0, signed.as_bytes(), &verdict.signature) {
            Ok(statement)
        } else {
            Err(SnapshotError::Signature)
        }
    }
}

/// Devices that may write, and whose they are.
pub type Writers = BTreeMap<DeviceKey, RootKey>;

/// The devices that may write by a roster.
pub fn writers(roster: &Roster) -> Writers {
    let may = |device: &DeviceKey| roster.may_write(device);
    roster.devices.iter().filter(|(device, _)| may(device)).map(|(device, root)| (*device, *root)).collect()
}

/// Whether a device's word counts for a snapshot by this author: another
/// member's, as long as there is another who may write; else another device's;
/// and its author's only where nobody else may write.
pub fn may_confirm(author: &DeviceKey, author_root: &RootKey, confirmer: &DeviceKey, writers: &Writers) -> bool {
    match writers.get(confirmer) {
        None => false,
        Some(root) if root != author_root => true,
        Some(_) if writers.values().any(|root| root != author_root) => false,
        Some(_) => confirmer != author || writers.len() == 1,
    }
}

/// A snapshot at the relay.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Listed {
    /// The offer's canonical bytes.
    #[n(0)]
    pub offer: Bytes,
    /// When it came, by the relay's clock.
    #[n(1)]
    pub offered_ms: u64,
    /// Since when it counts as confirmed there; 0 while it does not.
    #[n(2)]
    pub confirmed_ms: u64,
    /// Bytes of envelopes that the log had grown by until then, those deleted since included.
    #[n(3)]
    pub bytes: u64,
    /// The canonical bytes of every [`Verdict`] on it.
    #[n(4)]
    pub verdicts: Vec<Bytes>,
}

/// Up to where envelopes will be deleted, and when at the earliest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Mark {
    /// The last of them.
    #[n(0)]
    pub position: u64,
    /// By the relay's clock.
    #[n(1)]
    pub due_ms: u64,
}

/// What the relay has of snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Listing {
    /// Entries up to here have no envelope at the relay any more; their ids stay.
    #[n(0)]
    pub compacted: u64,
    /// Bytes of envelopes that the log has grown by, those deleted since included.
    #[n(1)]
    pub bytes: u64,
    /// What will be deleted.
    #[n(2)]
    pub marks: Vec<Mark>,
    /// The snapshots.
    #[n(3)]
    pub snapshots: Vec<Listed>,
}

/// Ids of consecutive entries, those without an envelope included.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Ids {
    /// The first one's position is this and one.
    #[n(0)]
    pub after: u64,
    /// The ids.
    #[n(1)]
    pub ids: Vec<Hash>,
    /// The log's head when they were read.
    #[n(2)]
    pub head: Head,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{device_key, key, sign};

    fn statement() -> Statement {
        Statement {
            version: VERSION,
            workspace: WorkspaceId([2; 32]),
            snapshot: Hash([3; 32]),
            position: 7,
            chain: Hash([4; 32]),
            device: device_key(&key(1)),
            sequence: 5,
            membership_position: 2,
            membership_hash: Hash([5; 32]),
            contained: true,
            time_ms: 1,
        }
    }

    #[test]
    fn a_verdict_is_its_devices_or_nothing() {
        let verdict = Verdict::of(&statement(), |bytes| sign(&key(1), bytes));
        assert_eq!(Verdict::open(&canonical::encode(&verdict)), Ok(statement()));
        let others = Verdict::of(&statement(), |bytes| sign(&key(2), bytes));
        assert_eq!(Verdict::open(&canonical::encode(&others)), Err(SnapshotError::Signature));
        let newer = Statement { version: 2, ..statement() };
        let newer = Verdict::of(&newer, |bytes| sign(&key(1), bytes));
        assert_eq!(Verdict::open(&canonical::encode(&newer)), Err(SnapshotError::Version(2)));
    }

    #[test]
    fn another_member_confirms_as_long_as_there_is_one() {
        let device = |n: u8| DeviceKey([n; 32]);
        let (anna, ben) = (RootKey([1; 32]), RootKey([2; 32]));
        let all = |list: &[(u8, RootKey)]| -> Writers { list.iter().map(|(n, root)| (device(*n), *root)).collect() };
        let check =
            |confirmer: u8, list: &[(u8, RootKey)]| may_confirm(&device(1), &anna, &device(confirmer), &all(list));
        assert!(check(1, &[(1, anna)]), "alone");
        assert!(!check(1, &[(1, anna), (2, anna)]), "another device is there");
        assert!(check(2, &[(1, anna), (2, anna)]));
        assert!(!check(2, &[(1, anna), (2, anna), (3, ben)]), "another member is there");
        assert!(check(3, &[(1, anna), (2, anna), (3, ben)]));
        assert!(!check(3, &[(1, anna)]), "may not write");
        assert!(check(2, &[(2, anna)]), "the author may no longer");
    }
}
