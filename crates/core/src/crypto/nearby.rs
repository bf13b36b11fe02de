//! What two devices of a workspace say to each other on one local network, so
//! that nobody else on it learns more than that two such devices are there.
//!
//! Both prove that they know an epoch's key, by sealing under a key made from it
//! and both sides' nonces, and that they are a device of the workspace, by a
//! signature over the same.

use drystone_wire::ids::{Nonce, Signature, verify};
use drystone_wire::{DeviceKey, Hash, WorkspaceId};
use zeroize::Zeroizing;

use super::CryptoError;
use super::envelope::{aead_open, aead_seal};
use super::keys::{EpochKey, SigningPair, derive, workspace_salt};

const SESSION_LABEL: &str = "drystone v1 nearby session";
const TAG_CONTEXT: &str = "drystone v1 nearby tag";
const SIGNATURE_CONTEXT: &str = "drystone v1 nearby signature";
const WHAT: &str = "message of a device nearby";

/// Under what a workspace is found on a local network: another tag every day,
/// which only who knows the workspace's id recognises.
pub fn tag(workspace: &WorkspaceId, day: u64) -> [u8; 16] {
    let whole = drystone_wire::ids::hash(TAG_CONTEXT, &[workspace.as_bytes(), &day.to_le_bytes()]);
    let mut tag = [0; 16];
    tag.copy_from_slice(&whole.0[..16]);
    tag
}

/// What both sides have said in the open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The caller's nonce.
    pub caller: Hash,
    /// The answering side's.
    pub answerer: Hash,
    /// The epoch whose key both have.
    pub epoch: u32,
}

/// Which side one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who connected.
    Caller,
    /// Who was connected to.
    Answerer,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::Caller => Side::Answerer,
            Side::Answerer => Side::Caller,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Side::Caller => 0,
            Side::Answerer => 1,
        }
    }
}

impl Opening {
    /// What a device signs to say that it is the one on this side.
    fn signed_bytes(&self, side: Side, device: &DeviceKey) -> Hash {
        let parts: [&[u8]; 6] = [
            self.workspace.as_bytes(),
            self.caller.as_bytes(),
            self.answerer.as_bytes(),
            &self.epoch.to_le_bytes(),
            &[side.byte()],
            device.as_bytes(),
        ];
        drystone_wire::ids::hash(SIGNATURE_CONTEXT, &parts)
    }

    /// Signs as the device on one side.
    pub fn sign(&self, side: Side, pair: &SigningPair) -> Signature {
        pair.sign(&self.signed_bytes(side, &DeviceKey(pair.public())))
    }

    /// Whether the device on one side signed.
    pub fn verify(&self, side: Side, device: &DeviceKey, signature: &Signature) -> bool {
        verify(&device.0, self.signed_bytes(side, device).as_bytes(), signature)
    }

    /// The channel that both sides make of it.
    pub fn channel(&self, key: &EpochKey, side: Side) -> Channel {
        let direction = |from: Side| {
            let parts: [&[u8]; 4] =
                [self.caller.as_bytes(), self.answerer.as_bytes(), &self.epoch.to_le_bytes(), &[from.byte()]];
            derive::<32>(workspace_salt(&self.workspace), key.expose(), SESSION_LABEL, &parts)
        };
        Channel { outward: direction(side), inward: direction(side.other()), sent: 0, received: 0 }
    }
}

/// Seals and opens messages of one connection, in their order.
pub struct Channel {
    outward: Zeroizing<[u8; 32]>,
    inward: Zeroizing<[u8; 32]>,
    sent: u64,
    received: u64,
}

/// Numbers are never used twice under a key: it is made of fresh nonces for
/// each connection and direction.
fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Nonce(bytes)
}

impl Channel {
    /// Seals the next message.
    ///
    /// # Errors
    /// None in practice; the cipher's signature has one.
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let number = self.sent;
        self.sent += 1;
        aead_seal(&self.outward, &nonce(number), &[], message)
    }

    /// Opens the next message.
    ///
    /// # Errors
    /// When it was sealed by another, or is not the next one.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let number = self.received;
        self.received += 1;
        aead_open(&self.inward, &nonce(number), &[], sealed, WHAT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::Secret;

    const OPENING: Opening =
        Opening { workspace: WorkspaceId([1; 32]), caller: Hash([2; 32]), answerer: Hash([3; 32]), epoch: 4 };

    fn key(byte: u8) -> EpochKey {
        EpochKey::new(Secret::new([byte; 32]))
    }

    #[test]
    fn two_sides_with_one_key_understand_each_other_in_order() {
        let (mut a, mut b) = (OPENING.channel(&key(5), Side::Caller), OPENING.channel(&key(5), Side::Answerer));
        let (one, two) = (a.seal(b"one").unwrap(), a.seal(b"two").unwrap());
        assert_eq!(&b.open(&one).unwrap()[..], b"one");
        assert_eq!(&b.open(&two).unwrap()[..], b"two");
        let back = b.seal(b"back").unwrap();
        assert_eq!(&a.open(&back).unwrap()[..], b"back");
        assert!(a.open(&back).is_err(), "repeated");
        assert!(OPENING.channel(&key(5), Side::Caller).open(&one).is_err(), "thrown back");
        assert!(OPENING.channel(&key(6), Side::Answerer).open(&one).is_err(), "another key");
        let later = Opening { answerer: Hash([9; 32]), ..OPENING };
        assert!(later.channel(&key(5), Side::Answerer).open(&one).is_err(), "another connection");
    }

    #[test]
    fn a_signature_counts_for_its_side_and_connection() {
        let pair = SigningPair::new(&Secret::new([7; 32]));
        let device = DeviceKey(pair.public());
        let signature = OPENING.sign(Side::Caller, &pair);
        assert!(OPENING.verify(Side::Caller, &device, &signature));
        assert!(!OPENING.verify(Side::Answerer, &device, &signature));
        assert!(!Opening { epoch: 5, ..OPENING }.verify(Side::Caller, &device, &signature));
        assert!(!OPENING.verify(Side::Caller, &DeviceKey([8; 32]), &signature));
    }

    #[test]
    fn a_workspace_has_another_tag_every_day() {
        let (here, there) = (WorkspaceId([1; 32]), WorkspaceId([2; 32]));
        assert_ne!(tag(&here, 1), tag(&here, 2));
        assert_ne!(tag(&here, 1), tag(&there, 1));
        assert_eq!(tag(&here, 1), tag(&here, 1));
    }
}
