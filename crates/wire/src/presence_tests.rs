//! Presence messages: form and signature.

use ed25519_dalek::SigningKey;

use crate::canonical::{CanonicalError, encode};
use crate::envelope::Envelope;
use crate::ids::{Bytes, Nonce, PresenceSession};
use crate::presence::{self, Header, Presence, PresenceError};
use crate::testing::{device_key, key, sign};
use crate::{Hash, WorkspaceId, limits};

fn header(device: &SigningKey) -> Header {
    Header {
        version: presence::VERSION,
        suite: presence::SUITE,
        workspace: WorkspaceId([2; 32]),
        device: device_key(device),
        session: PresenceSession([3; 8]),
        number: 7,
        time_ms: 1_764_000_000_000,
        epoch: 1,
        nonce: Nonce([5; 24]),
        commitment: Hash([6; 32]),
    }
}

fn sealed(device: &SigningKey, header: Vec<u8>) -> Presence {
    let ciphertext = vec![9; 272];
    let signature = sign(device, &presence::signed_bytes(&header, &ciphertext));
    Presence { header: Bytes(header), ciphertext: Bytes(ciphertext), signature }
}

#[test]
fn a_message_opens_to_what_was_sealed() {
    let device = key(1);
    let message = sealed(&device, encode(&header(&device)));
    let bytes = message.to_bytes();
    assert_eq!(Presence::open(&bytes).unwrap(), (message.clone(), header(&device)));
    assert_eq!(Presence::read(&bytes).unwrap(), (message, header(&device)));
    assert!(Envelope::open(&bytes).is_err(), "it is no envelope of the log");
}

#[test]
fn every_byte_is_signed_or_canonical() {
    let device = key(1);
    let bytes = sealed(&device, encode(&header(&device))).to_bytes();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        assert!(Presence::open(&changed).is_err(), "byte {index} does not count");
        assert!(Presence::open(&bytes[..index]).is_err(), "cut at {index}");
    }
}

#[test]
fn forgeries_other_versions_and_long_messages_are_refused() {
    let device = key(1);
    let forged = sealed(&key(2), encode(&header(&device))).to_bytes();
    assert!(Presence::read(&forged).is_ok());
    assert_eq!(Presence::open(&forged).unwrap_err(), PresenceError::Signature);
    let newer = encode(&Header { version: 2, ..header(&device) });
    let error = Presence::read(&sealed(&device, newer).to_bytes()).unwrap_err();
    assert_eq!(error, PresenceError::Unknown { version: 2, suite: 1 });
    let spelled = [&[0x98, 10], &encode(&header(&device))[1..]].concat();
    let error = Presence::read(&sealed(&device, spelled).to_bytes()).unwrap_err();
    assert_eq!(error, PresenceError::Format(CanonicalError::NotCanonical));
    let long = vec![0; limits::PRESENCE_BYTES + 1];
    assert!(matches!(Presence::read(&long), Err(PresenceError::Format(CanonicalError::TooLong { .. }))));
}
