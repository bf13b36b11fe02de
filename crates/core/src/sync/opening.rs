//! Opens entries of the log: signature, author, order, key, padding, changes.
//! What does not hold is refused with a reason, never applied, never dropped.

use std::collections::BTreeMap;

use drystone_wire::envelope::{Envelope, EnvelopeError, Header, Kind};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};

use super::membership::{Membership, Standing};
use crate::crypto::envelope;
use crate::crypto::keys::EpochKey;
use crate::crypto::{CryptoError, payload};
use crate::document::scan::{Cost, Limits, ScanError, ScanSummary, scan_change};

/// How far the envelopes of each device were followed.
pub type DeviceHeads = BTreeMap<DeviceKey, (u64, Hash)>;

/// An entry that was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its id.
    pub id: Hash,
    /// Its header.
    pub header: Header,
    /// Its changes, each with what it says about itself.
    pub changes: Vec<(ScanSummary, Vec<u8>)>,
}

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not an envelope, or not signed by its device.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Another workspace's.
    #[error("it belongs to another workspace")]
    Workspace,
    /// A kind this version does not read from the log.
    #[error("its kind is not known to this version")]
    Kind,
    /// The author does not count.
    #[error(transparent)]
    Author(#[from] Standing),
    /// An envelope of the device is missing before it.
    #[error("number {got} of its device stands where {expected} should: something is withheld")]
    Gap {
        /// Its number.
        got: u64,
        /// The number due.
        expected: u64,
    },
    /// It was there before.
    #[error("number {0} of its device was there before")]
    Replay(u64),
    /// It does not follow the device's envelope before.
    #[error("it does not follow its device's envelope before")]
    Order,
    /// Its author saw another log than this device.
    #[error("its author saw another log up to entry {0} than this device: the relay shows different logs")]
    OtherLog(u64),
    /// The epoch's key is not here.
    #[error("the key of epoch {0} is not here")]
    NoKey(u32),
    /// It does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A change in it must not reach Automerge.
    #[error(transparent)]
    Change(#[from] ScanError),
    /// A change uses an actor that belongs to another device.
    #[error("a change pretends to be from another device")]
    Actor,
    /// An actor's changes have a gap or fork.
    #[error("an actor's change {0} is missing or there twice")]
    ActorSequence(u64),
    /// The document belongs to another workspace.
    #[error("its document belongs to another workspace")]
    Document,
    /// The document did not take the changes.
    #[error("the document did not take it: {0}")]
    Apply(String),
}

/// Codes of refusals that may not last: what they lack can still arrive.
pub const RETRIED: [&str; 5] = ["no-key", "ahead", "gap", "order", "actor-sequence"];

impl Refusal {
    /// The reason for programs, as it is stored.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Envelope(_) => "envelope",
            Refusal::Workspace => "workspace",
            Refusal::Kind => "kind",
            Refusal::Author(Standing::Ahead(_)) => "ahead",
            Refusal::Author(Standing::Fork(_)) => "fork",
            Refusal::Author(Standing::NotAWriter) => "not-a-writer",
            Refusal::Author(Standing::Removed) => "removed",
            Refusal::Author(Standing::Epoch { .. }) => "epoch",
            Refusal::Gap { .. } => "gap",
            Refusal::Replay(_) => "replay",
            Refusal::Order => "order",
            Refusal::OtherLog(_) => "other-log",
            Refusal::NoKey(_) => "no-key",
            Refusal::Crypto(_) => "crypto",
            Refusal::Change(_) => "change",
            Refusal::Actor => "actor",
            Refusal::ActorSequence(_) => "actor-sequence",
            Refusal::Document => "document",
            Refusal::Apply(_) => "apply",
        }
    }
}

/// What entries are verified against.
pub struct Verifier<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its membership.
    pub membership: &'a Membership,
    /// Its epoch keys.
    pub keys: &'a BTreeMap<u32, EpochKey>,
    /// What one change may cost.
    pub limits: Limits,
}

/// An entry whose place is verified: signed by a member, in its device's order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its id.
    pub id: Hash,
    /// Its header.
    pub header: Header,
    envelope: Envelope,
}

impl Verifier<'_> {
    /// Verifies form, signature, author and order, and moves the device's head
    /// on. `chain_at` gives the chain value this device has at a position.
    ///
    /// # Errors
    /// [`Refusal`] says what does not hold; then the head has not moved.
    pub fn place(
        &self,
        bytes: &[u8],
        heads: &mut DeviceHeads,
        chain_at: &dyn Fn(u64) -> Option<Hash>,
    ) -> Result<Placed, Refusal> {
        let Placed { id, header, envelope } = self.place_again(bytes)?;
        let (last, last_id) = heads.get(&header.device).copied().unwrap_or((0, Hash::ZERO));
        if header.sequence <= last {
            return Err(Refusal::Replay(header.sequence));
        }
        if header.sequence != last + 1 {
            return Err(Refusal::Gap { got: header.sequence, expected: last + 1 });
        }
        if header.previous != last_id {
            return Err(Refusal::Order);
        }
        heads.insert(header.device, (header.sequence, id));
        let seen = header.seen_position;
        if seen > 0 && chain_at(seen).is_some_and(|value| value != header.seen_chain) {
            return Err(Refusal::OtherLog(seen));
        }
        Ok(Placed { id, header, envelope })
    }

    /// Verifies form, signature and author of an entry whose place in its
    /// device's order was verified before.
    ///
    /// # Errors
    /// [`Refusal`] says what does not hold.
    pub fn place_again(&self, bytes: &[u8]) -> Result<Placed, Refusal> {
        let (envelope, header) = Envelope::open(bytes)?;
        if header.workspace != self.workspace {
            return Err(Refusal::Workspace);
        }
        self.membership.check_author(
            &header.device,
            header.sequence,
            header.membership_position,
            &header.membership_hash,
            header.epoch,
        )?;
        Ok(Placed { id: envelope.id(), header, envelope })
    }

    /// Decrypts a placed entry and looks through its changes.
    ///
    /// # Errors
    /// [`Refusal`] says what does not hold.
    pub fn open(&self, placed: Placed) -> Result<Opened, Refusal> {
        let Placed { id, header, envelope } = placed;
        if header.kind != Kind::Changes {
            return Err(Refusal::Kind);
        }
        let key = self.keys.get(&header.epoch).ok_or(Refusal::NoKey(header.epoch))?;
        let plaintext = envelope::open(&envelope, &header, key)?;
        let mut changes = Vec::new();
        let mut cost = Cost::default();
        for bytes in payload::unpack(&plaintext)? {
            let summary = scan_change(&bytes, &self.limits)?;
            cost.add(&summary.cost, &self.limits)?;
            changes.push((summary, bytes));
        }
        Ok(Opened { id, header, changes })
    }
}

/// The device an actor belongs to and the last of its change numbers.
pub type StoredActor<'a> = &'a dyn Fn(&[u8]) -> Option<(DeviceKey, u64)>;

/// Whose an actor is, and how far its changes were followed; with what was
/// learned in this batch.
pub type Actors = BTreeMap<(DocumentHandle, Vec<u8>), (DeviceKey, u64)>;

/// Checks that a device writes with its own actors only, and each in order:
/// two changes with one actor and number would let replicas differ for ever.
/// Returns which changes are new.
///
/// # Errors
/// [`Refusal`] says what does not hold; then nothing was learned.
pub fn check_actors(
    opened: &Opened,
    actors: &mut Actors,
    stored: StoredActor<'_>,
    has_change: &dyn Fn(&[u8; 32]) -> bool,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut learned = Actors::new();
    let mut fresh = Vec::new();
    for (summary, bytes) in &opened.changes {
        let key = (opened.header.document, summary.actor.clone());
        let known = learned.get(&key).or_else(|| actors.get(&key)).copied().or_else(|| stored(&summary.actor));
        let (device, last) = known.unwrap_or((opened.header.device, 0));
        if device != opened.header.device {
            return Err(Refusal::Actor);
        }
        let here = has_change(&summary.hash);
        match summary.sequence {
            before if before <= last && here => continue,
            before if before <= last => return Err(Refusal::ActorSequence(before)),
            next if next == last + 1 => learned.insert(key, (device, next)),
            _ => return Err(Refusal::ActorSequence(last + 1)),
        };
        if !here {
            fresh.push(bytes.clone());
        }
    }
    actors.extend(learned);
    Ok(fresh)
}
