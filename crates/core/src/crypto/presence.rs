//! Seals and opens what a device says of where it is: documents, sections and
//! carets. All messages that say little have one size.

use drystone_wire::canonical;
use drystone_wire::ids::{Bytes, Nonce, PresenceSession};
use drystone_wire::presence::{self, Header, Presence, SUITE, VERSION};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::CryptoError;
use super::envelope::{aead_open, aead_seal};
use super::keys::{EpochKey, SigningPair, derive, workspace_salt};
use super::random::{self, Random};

/// The format of what is said.
pub const FORMAT: u8 = 1;
/// Places that one message says: windows and pages of one program.
pub const PLACES: usize = 8;
/// A section's id, in bytes.
pub const SECTION_BYTES: usize = 64;
/// One end of a selection, in bytes: an Automerge cursor.
pub const POINT_BYTES: usize = 64;
/// Plaintexts are padded to a multiple of this, counting their length …
const BLOCK: usize = 256;
/// … and are no longer than this.
pub const PLAINTEXT_BYTES: usize = 8 * BLOCK;

const LABEL: &str = "drystone v1 presence key";

/// Where somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Place {
    /// The document.
    #[n(0)]
    pub document: DocumentHandle,
    /// The section; empty where none is meant.
    #[n(1)]
    pub section: String,
    /// Both ends of the selection in the section's text, the one that moves
    /// last; empty where there is no caret.
    #[n(2)]
    pub selection: Vec<Bytes>,
}

/// All that a program of a device says: where it is now. Without places it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Content {
    /// [`FORMAT`].
    #[n(0)]
    pub format: u8,
    /// Where its pages are.
    #[n(1)]
    pub places: Vec<Place>,
}

impl Content {
    /// These places.
    pub fn of(places: Vec<Place>) -> Self {
        Content { format: FORMAT, places }
    }

    /// Reads what was said.
    ///
    /// # Errors
    /// When the bytes are not that, or exceed a limit.
    pub fn read(plaintext: &[u8]) -> Result<Content, CryptoError> {
        let form = || CryptoError::Form("presence");
        let content: Content = canonical::decode(plaintext, PLAINTEXT_BYTES).map_err(|_| form())?;
        if content.is_sound() { Ok(content) } else { Err(form()) }
    }

    fn is_sound(&self) -> bool {
        let sound = |place: &Place| {
            let points =
                matches!(place.selection.len(), 0 | 2) && (place.selection.is_empty() || !place.section.is_empty());
            points
                && place.section.len() <= SECTION_BYTES
                && place.selection.iter().all(|point| point.0.len() <= POINT_BYTES)
        };
        self.format == FORMAT && self.places.len() <= PLACES && self.places.iter().all(sound)
    }
}

/// Who says it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The running program.
    pub session: PresenceSession,
    /// Its count.
    pub number: u64,
    /// The time, in milliseconds since 1970.
    pub time_ms: u64,
    /// Which epoch key.
    pub epoch: u32,
}

struct PresenceKey {
    key: Zeroizing<[u8; 32]>,
    commitment: Hash,
}

/// Key and commitment for what one device says in one epoch; see
/// [`super::envelope`] for why both come out of one derivation.
fn presence_key(epoch_key: &EpochKey, workspace: &WorkspaceId, epoch: u32, device: &DeviceKey) -> PresenceKey {
    let parts: [&[u8]; 2] = [&epoch.to_le_bytes(), device.as_bytes()];
    let both: Zeroizing<[u8; 64]> = derive(workspace_salt(workspace), epoch_key.expose(), LABEL, &parts);
    let mut key = Zeroizing::new([0; 32]);
    let mut commitment = [0; 32];
    key.copy_from_slice(&both[..32]);
    commitment.copy_from_slice(&both[32..]);
    PresenceKey { key, commitment: Hash(commitment) }
}

/// Seals what is said.
///
/// # Errors
/// When it exceeds a limit.
pub fn seal(
    speaker: &Speaker,
    content: &Content,
    epoch_key: &EpochKey,
    device: &SigningPair,
    random: &mut dyn Random,
) -> Result<Presence, CryptoError> {
    if !content.is_sound() {
        return Err(CryptoError::Form("presence"));
    }
    let padded = pad(&canonical::encode(content))?;
    let device_key = DeviceKey(device.public());
    let derived = presence_key(epoch_key, &speaker.workspace, speaker.epoch, &device_key);
    let nonce = Nonce(random::array(random));
    let header = canonical::encode(&Header {
        version: VERSION,
        suite: SUITE,
        workspace: speaker.workspace,
        device: device_key,
        session: speaker.session,
        number: speaker.number,
        time_ms: speaker.time_ms,
        epoch: speaker.epoch,
        nonce,
        commitment: derived.commitment,
    });
    let ciphertext = aead_seal(&derived.key, &nonce, &header, &padded)?;
    let signature = device.sign(&presence::signed_bytes(&header, &ciphertext));
    Ok(Presence { header: Bytes(header), ciphertext: Bytes(ciphertext), signature })
}

/// Opens a message whose form and signature [`Presence::open`] has accepted.
///
/// # Errors
/// When it was sealed under another key, changed since, or has another form.
pub fn open(presence: &Presence, header: &Header, epoch_key: &EpochKey) -> Result<Content, CryptoError> {
    let derived = presence_key(epoch_key, &header.workspace, header.epoch, &header.device);
    if derived.commitment != header.commitment {
        return Err(CryptoError::Commitment);
    }
    let padded = aead_open(&derived.key, &header.nonce, &presence.header.0, &presence.ciphertext.0, "presence")?;
    Content::read(unpad(&padded)?)
}

/// Length as 4 bytes little-endian, the bytes, zeros up to whole blocks.
fn pad(plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let size = (plaintext.len() + 4).next_multiple_of(BLOCK);
    if size > PLAINTEXT_BYTES {
        return Err(CryptoError::TooLong { what: "presence", got: size, limit: PLAINTEXT_BYTES });
    }
    let mut padded = Vec::with_capacity(size);
    padded.extend_from_slice(&(plaintext.len() as u32).to_le_bytes());
    padded.extend_from_slice(plaintext);
    padded.resize(size, 0);
    Ok(padded)
}

/// Accepts one spelling only: the exact size, and zeros in it.
fn unpad(padded: &[u8]) -> Result<&[u8], CryptoError> {
    const FORM: CryptoError = CryptoError::Form("padding");
    let (length, rest) = padded.split_first_chunk::<4>().ok_or(FORM)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (plaintext, zeros) = rest.split_at_checked(length).ok_or(FORM)?;
    if padded.len() != (length + 4).next_multiple_of(BLOCK) || zeros.iter().any(|byte| *byte != 0) {
        return Err(FORM);
    }
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::Secret;
    use crate::crypto::random::SeededRandom;

    fn place(section: &str, points: usize) -> Place {
        Place {
            document: DocumentHandle([7; 16]),
            section: section.into(),
            selection: vec![Bytes(vec![9; 30]); points],
        }
    }

    fn speaker() -> Speaker {
        Speaker {
            workspace: WorkspaceId([8; 32]),
            session: PresenceSession([4; 8]),
            number: 1,
            time_ms: 1_764_000_000_000,
            epoch: 2,
        }
    }

    fn sealed(content: &Content) -> Result<Presence, CryptoError> {
        let device = SigningPair::new(&Secret::new([2; 32]));
        seal(&speaker(), content, &key(5), &device, &mut SeededRandom::new(1))
    }

    fn key(byte: u8) -> EpochKey {
        EpochKey::new(Secret::new([byte; 32]))
    }

    fn opened(presence: &Presence, key: &EpochKey) -> Result<Content, CryptoError> {
        let (presence, header) = Presence::open(&presence.to_bytes()).unwrap();
        open(&presence, &header, key)
    }

    #[test]
    fn what_goes_in_comes_out_and_little_has_one_size() {
        let mut sizes = std::collections::BTreeSet::new();
        for places in [vec![], vec![place("", 0)], vec![place("0123456789abcdef", 2)]] {
            let content = Content::of(places);
            let presence = sealed(&content).unwrap();
            sizes.insert(presence.to_bytes().len());
            assert_eq!(opened(&presence, &key(5)).unwrap(), content);
        }
        assert_eq!(sizes.len(), 1, "{sizes:?}");
        let full = Content::of(vec![place(&"s".repeat(SECTION_BYTES), 2); PLACES]);
        let presence = sealed(&full).unwrap();
        assert!(presence.to_bytes().len() < drystone_wire::limits::PRESENCE_BYTES);
        assert_eq!(opened(&presence, &key(5)).unwrap(), full);
    }

    #[test]
    fn another_key_opens_nothing() {
        let presence = sealed(&Content::of(vec![place("a", 0)])).unwrap();
        assert_eq!(opened(&presence, &key(6)), Err(CryptoError::Commitment));
    }

    #[test]
    fn what_exceeds_a_limit_is_neither_sealed_nor_opened() {
        let long = Place { selection: vec![Bytes(vec![0; POINT_BYTES + 1]); 2], ..place("a", 2) };
        for places in [
            vec![place("a", 0); PLACES + 1],
            vec![place(&"s".repeat(SECTION_BYTES + 1), 0)],
            vec![place("a", 1)],
            vec![place("", 2)],
            vec![long],
        ] {
            assert_eq!(sealed(&Content::of(places)).unwrap_err(), CryptoError::Form("presence"));
        }
        let newer = Content { format: 2, places: Vec::new() };
        assert!(sealed(&newer).is_err());
    }

    #[test]
    fn padding_has_one_spelling() {
        let padded = pad(b"hello").unwrap();
        assert_eq!(unpad(&padded).unwrap(), b"hello");
        let mut dirty = padded.clone();
        dirty[100] = 1;
        assert!(unpad(&dirty).is_err());
        assert!(unpad(&[&padded[..], &[0; BLOCK]].concat()).is_err());
        assert!(unpad(&padded[..3]).is_err());
        assert!(unpad(&[0xff; BLOCK]).is_err());
    }
}
