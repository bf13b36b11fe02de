//! Seals and opens envelopes. The header is readable and authenticated; the
//! plaintext is padded, so that its size says little.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use drystone_wire::canonical;
use drystone_wire::envelope::{self, Envelope, Header, Kind, SUITE, VERSION};
use drystone_wire::ids::{Bytes, Nonce};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};
use zeroize::Zeroizing;

use super::CryptoError;
use super::keys::{EpochKey, SigningPair, derive, workspace_salt};
use super::random::{self, Random};

/// The most plaintext an envelope holds after padding: with header, tag and
/// signature it stays below the wire's limit.
pub const PLAINTEXT_BYTES: usize = 1008 << 10;
/// The least a plaintext is padded to.
pub const LEAST_PLAINTEXT_BYTES: usize = 64;

const LABEL: &str = "drystone v1 envelope key";

/// What the header says besides version, suite, device, nonce and commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What is inside.
    pub kind: Kind,
    /// The document.
    pub document: DocumentHandle,
    /// The device's own count.
    pub sequence: u64,
    /// The device's envelope before.
    pub previous: Hash,
    /// Which epoch key.
    pub epoch: u32,
    /// The last membership record known.
    pub membership_position: u64,
    /// Its hash.
    pub membership_hash: Hash,
    /// The last log position read.
    pub seen_position: u64,
    /// The chain value there.
    pub seen_chain: Hash,
}

struct EnvelopeKey {
    key: Zeroizing<[u8; 32]>,
    commitment: Hash,
}

/// Key and commitment for what one device seals of one kind in one epoch. Both
/// come out of one derivation: whoever finds two keys with one commitment has
/// found a collision of HKDF-SHA-256.
fn envelope_key(
    epoch_key: &EpochKey,
    workspace: &WorkspaceId,
    epoch: u32,
    device: &DeviceKey,
    kind: Kind,
) -> EnvelopeKey {
    let parts: [&[u8]; 3] = [&epoch.to_le_bytes(), device.as_bytes(), &[kind_byte(kind)]];
    let both: Zeroizing<[u8; 64]> = derive(workspace_salt(workspace), epoch_key.expose(), LABEL, &parts);
    let mut key = Zeroizing::new([0; 32]);
    let mut commitment = [0; 32];
    key.copy_from_slice(&both[..32]);
    commitment.copy_from_slice(&both[32..]);
    EnvelopeKey { key, commitment: Hash(commitment) }
}

fn kind_byte(kind: Kind) -> u8 {
    match kind {
        Kind::Changes => 1,
        Kind::Snapshot => 2,
        Kind::Presence => 3,
    }
}

/// Seals a plaintext.
///
/// # Errors
/// When the plaintext is too long.
pub fn seal(
    place: &Place,
    plaintext: &[u8],
    epoch_key: &EpochKey,
    device: &SigningPair,
    random: &mut dyn Random,
) -> Result<Envelope, CryptoError> {
    let padded = pad(plaintext)?;
    let device_key = DeviceKey(device.public());
    let derived = envelope_key(epoch_key, &place.workspace, place.epoch, &device_key, place.kind);
    let nonce = Nonce(random::array(random));
    let header = canonical::encode(&Header {
        version: VERSION,
        suite: SUITE,
        workspace: place.workspace,
        kind: place.kind,
        document: place.document,
        device: device_key,
        sequence: place.sequence,
        previous: place.previous,
        epoch: place.epoch,
        membership_position: place.membership_position,
        membership_hash: place.membership_hash,
        seen_position: place.seen_position,
        seen_chain: place.seen_chain,
        nonce,
        commitment: derived.commitment,
    });
    let ciphertext = aead_seal(&derived.key, &nonce, &header, &padded)?;
    let signature = device.sign(&envelope::signed_bytes(&envelope::id(&header, &ciphertext)));
    Ok(Envelope { header: Bytes(header), ciphertext: Bytes(ciphertext), signature })
}

/// Opens an envelope whose form and signature [`Envelope::open`] has accepted.
///
/// # Errors
/// When it was sealed under another key, or changed since.
pub fn open(envelope: &Envelope, header: &Header, epoch_key: &EpochKey) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let derived = envelope_key(epoch_key, &header.workspace, header.epoch, &header.device, header.kind);
    if derived.commitment != header.commitment {
        return Err(CryptoError::Commitment);
    }
    let padded = aead_open(&derived.key, &header.nonce, &envelope.header.0, &envelope.ciphertext.0, "envelope")?;
    unpad(&padded)
}

/// XChaCha20-Poly1305.
pub(crate) fn aead_seal(
    key: &[u8; 32],
    nonce: &Nonce,
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    XChaCha20Poly1305::new(&Key::from(*key))
        .encrypt(&XNonce::from(nonce.0), Payload { msg: plaintext, aad: associated })
        .map_err(|_| CryptoError::Form("plaintext"))
}

/// The reverse of [`aead_seal`].
pub(crate) fn aead_open(
    key: &[u8; 32],
    nonce: &Nonce,
    associated: &[u8],
    ciphertext: &[u8],
    what: &'static str,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt(&XNonce::from(nonce.0), Payload { msg: ciphertext, aad: associated })
        .map(Zeroizing::new)
        .map_err(|_| CryptoError::Open(what))
}

/// The size a plaintext of `length` bytes is padded to: Padmé, which leaks
/// O(log log length) bits and costs at most 12 %.
pub fn padded_size(length: usize) -> usize {
    let length = length.max(LEAST_PLAINTEXT_BYTES);
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - kept)) - 1;
    (length + mask) & !mask
}

/// Length as 4 bytes little-endian, the bytes, zeros.
fn pad(plaintext: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let length = plaintext.len() + 4;
    let size = padded_size(length);
    if size > PLAINTEXT_BYTES {
        return Err(CryptoError::TooLong { what: "plaintext", got: size, limit: PLAINTEXT_BYTES });
    }
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend_from_slice(&(plaintext.len() as u32).to_le_bytes());
    padded.extend_from_slice(plaintext);
    padded.resize(size, 0);
    Ok(padded)
}

/// Accepts one spelling only: the exact padded size, and zeros in it.
fn unpad(padded: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    const FORM: CryptoError = CryptoError::Form("padding");
    let (length, rest) = padded.split_first_chunk::<4>().ok_or(FORM)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (plaintext, zeros) = rest.split_at_checked(length).ok_or(FORM)?;
    if padded.len() != padded_size(length + 4) || zeros.iter().any(|byte| *byte != 0) {
        return Err(FORM);
    }
    Ok(Zeroizing::new(plaintext.to_vec()))
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
