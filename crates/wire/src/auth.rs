//! How a device proves to a relay that it holds its key.

use crate::ids::{DeviceKey, Hash, RelayKey, Signature, hash, verify};
use crate::limits::context;

/// What a device signs to get a token: bound to the relay's key, the address
/// the device believes to talk to, and the relay's nonce, so that an answer is
/// of no use anywhere else.
pub fn challenge_bytes(relay: &RelayKey, url: &str, nonce: &Hash, device: &DeviceKey) -> Hash {
    hash(context::CHALLENGE_SIGNATURE, &[relay.as_bytes(), url.as_bytes(), nonce.as_bytes(), device.as_bytes()])
}

/// Whether a device answered a challenge.
pub fn verify_challenge(relay: &RelayKey, url: &str, nonce: &Hash, device: &DeviceKey, signature: &Signature) -> bool {
    verify(&device.0, challenge_bytes(relay, url, nonce, device).as_bytes(), signature)
}
