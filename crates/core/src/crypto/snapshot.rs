//! Seals and opens snapshots: a small manifest under the epoch's key, and the
//! content in chunks under a key of its own, which the manifest holds. Knows how
//! content is framed, not what it means.

use drystone_wire::blob::CHUNK_BYTES;
use drystone_wire::bundle::DeviceHead;
use drystone_wire::envelope::{self, Envelope, Header, Kind};
use drystone_wire::ids::{Bytes, Nonce};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, canonical, limits};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::envelope::{Place, aead_open, aead_seal, padded_size};
use super::keys::{EpochKey, Secret, SigningPair};
use super::random::{self, Random};
use super::{CryptoError, payload};

/// The version of the manifest, and of the content with it.
pub const VERSION: u8 = 1;
/// Nonce and tag.
const SEALING_BYTES: usize = 40;
/// What one chunk holds before it is sealed.
pub const CHUNK_PLAIN_BYTES: usize = CHUNK_BYTES - SEALING_BYTES;
/// The length at the beginning of the content.
const LENGTH_BYTES: usize = 8;
/// The length before each part.
const FRAME_BYTES: usize = 4;
/// A part before compression stops growing past this many bytes; a single change or entry may be larger.
pub const PART_BYTES: usize = 4 << 20;
/// zstd's level: made once and read by everybody.
const LEVEL: i32 = 9;

const LABEL: &[u8] = b"drystone v1 snapshot chunk\0";

/// What a snapshot is, sealed under the epoch's key.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Manifest {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// The log's generation.
    #[n(1)]
    pub generation: u32,
    /// The blob that holds the content.
    #[n(2)]
    pub blob: Hash,
    /// The key of the content.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// How many entries of the log it stands for.
    #[n(4)]
    pub entries: u64,
    /// How many changes it holds.
    #[n(5)]
    pub changes: u64,
    /// Digest of which changes those are, and whose.
    #[n(6)]
    pub digest: Hash,
}

impl std::fmt::Debug for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Manifest({} changes of {} entries)", self.changes, self.entries)
    }
}

/// A document and the changes that no other change builds on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DocumentHeads {
    /// The document.
    #[n(0)]
    pub document: DocumentHandle,
    /// In ascending order.
    #[n(1)]
    pub heads: Vec<Hash>,
}

/// Consecutive changes of one device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Run {
    /// The device.
    #[n(0)]
    pub device: DeviceKey,
    /// Automerge change chunks.
    #[n(1)]
    pub chunks: Vec<Bytes>,
}

/// An entry that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SetAside {
    /// Its position in the log.
    #[n(0)]
    pub position: u64,
    /// Its bytes.
    #[n(1)]
    pub envelope: Bytes,
    /// Why, for programs.
    #[n(2)]
    pub code: String,
    /// Why, for people.
    #[n(3)]
    pub reason: String,
}

/// A part of the content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Part {
    /// The first one, once: where everything ends.
    #[n(0)]
    Summary {
        /// Each device's last envelope that counts, ordered by device.
        #[n(0)]
        devices: Vec<DeviceHead>,
        /// Each document's heads, ordered by document.
        #[n(1)]
        documents: Vec<DocumentHeads>,
    },
    /// Changes of one document, each after those it builds on.
    #[n(1)]
    Changes {
        /// The document.
        #[n(0)]
        document: DocumentHandle,
        /// The changes.
        #[n(1)]
        runs: Vec<Run>,
    },
    /// Entries that were refused, in the order of the log.
    #[n(2)]
    SetAside {
        /// The entries.
        #[n(0)]
        entries: Vec<SetAside>,
    },
}

/// Puts parts together, one by one, so that not all of them are in memory at once.
#[derive(Default)]
pub struct Packer(Vec<u8>);

impl Packer {
    /// Adds a part.
    ///
    /// # Errors
    /// When it is too long.
    pub fn push(&mut self, part: &Part) -> Result<(), CryptoError> {
        let plain = canonical::encode(part);
        if plain.len() > payload::PAYLOAD_BYTES {
            return Err(CryptoError::TooLong {
                what: "part of a snapshot",
                got: plain.len(),
                limit: payload::PAYLOAD_BYTES,
            });
        }
        let packed = zstd::bulk::compress(&plain, LEVEL).map_err(|_| CryptoError::Form("snapshot"))?;
        self.0.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        self.0.extend_from_slice(&packed);
        Ok(())
    }

    /// Adds the parts of another one after its own.
    pub fn append(&mut self, other: Packer) {
        self.0.extend_from_slice(&other.0);
    }

    /// The content, padded so that its size says little.
    pub fn finish(self) -> Vec<u8> {
        let mut content = Vec::with_capacity(padded_size(LENGTH_BYTES + self.0.len()));
        content.extend_from_slice(&(self.0.len() as u64).to_le_bytes());
        content.extend_from_slice(&self.0);
        content.resize(padded_size(content.len()), 0);
        content
    }
}

/// How much longer parts may be in all than the content that they are in: text
/// shrinks to a tenth at most, and a bomb to next to nothing.
const MOST_INFLATED: usize = 32;
/// Up to here a content may be of anything.
const FREELY_INFLATED: usize = 64 << 20;

/// The parts of a content, one by one, each inflated within bounds.
pub struct Parts<'a> {
    frames: &'a [u8],
    /// Bytes that may still come out.
    left: usize,
}

impl<'a> Parts<'a> {
    /// Of a content whose padding is looked at first.
    ///
    /// # Errors
    /// When it is not one.
    pub fn of(content: &'a [u8]) -> Result<Parts<'a>, CryptoError> {
        const FORM: CryptoError = CryptoError::Form("snapshot");
        let (length, rest) = content.split_first_chunk::<LENGTH_BYTES>().ok_or(FORM)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| FORM)?;
        let (frames, zeros) = rest.split_at_checked(length).ok_or(FORM)?;
        let due = length.checked_add(LENGTH_BYTES).map(padded_size);
        if due != Some(content.len()) || zeros.iter().any(|byte| *byte != 0) {
            return Err(FORM);
        }
        let left = content.len().saturating_mul(MOST_INFLATED).max(FREELY_INFLATED);
        Ok(Parts { frames, left })
    }
}

impl Iterator for Parts<'_> {
    type Item = Result<Part, CryptoError>;

    fn next(&mut self) -> Option<Self::Item> {
        const FORM: CryptoError = CryptoError::Form("snapshot");
        if self.frames.is_empty() {
            return None;
        }
        let frame = self.frames.split_first_chunk::<FRAME_BYTES>();
        let cut = frame.and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
        let Some((packed, rest)) = cut else {
            self.frames = &[];
            return Some(Err(FORM));
        };
        self.frames = rest;
        Some(payload::inflate(packed).and_then(|plain| {
            let got = plain.len();
            self.left =
                self.left.checked_sub(got).ok_or(CryptoError::TooLong { what: "snapshot", got, limit: self.left })?;
            canonical::decode(&plain, payload::PAYLOAD_BYTES).map_err(|_| FORM)
        }))
    }
}

/// Seals a content into chunks.
///
/// # Errors
/// When it is too long.
pub fn seal_content(content: &[u8], key: &Secret, random: &mut dyn Random) -> Result<Vec<Vec<u8>>, CryptoError> {
    let count = content.len().div_ceil(CHUNK_PLAIN_BYTES);
    if count > limits::SNAPSHOT_CHUNKS {
        let limit = limits::SNAPSHOT_CHUNKS * CHUNK_PLAIN_BYTES;
        return Err(CryptoError::TooLong { what: "snapshot", got: content.len(), limit });
    }
    let chunks = content.chunks(CHUNK_PLAIN_BYTES).enumerate();
    chunks
        .map(|(index, plain)| {
            let nonce = Nonce(random::array(random));
            let mut sealed = nonce.0.to_vec();
            sealed.extend(aead_seal(key.expose(), &nonce, &associated(index, count), plain)?);
            Ok(sealed)
        })
        .collect()
}

/// Opens one chunk of so many.
///
/// # Errors
/// When it is not the one that was sealed at this place.
pub fn open_chunk(sealed: &[u8], index: usize, count: usize, key: &Secret) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<24>().ok_or(CryptoError::Form("snapshot"))?;
    aead_open(key.expose(), &Nonce(*nonce), &associated(index, count), ciphertext, "snapshot")
}

fn associated(index: usize, count: usize) -> Vec<u8> {
    let mut bytes = LABEL.to_vec();
    bytes.extend_from_slice(&(index as u32).to_le_bytes());
    bytes.extend_from_slice(&(count as u32).to_le_bytes());
    bytes
}

/// Seals a manifest; position and chain that the snapshot stands for are the
/// place's. The document is none.
///
/// # Errors
/// None that can happen: a manifest is small.
pub fn seal_manifest(
    manifest: &Manifest,
    place: &Place,
    key: &EpochKey,
    device: &SigningPair,
    random: &mut dyn Random,
) -> Result<Envelope, CryptoError> {
    let place = Place { kind: Kind::Snapshot, document: DocumentHandle::ZERO, ..place.clone() };
    super::envelope::seal(&place, &canonical::encode(manifest), key, device, random)
}

/// Opens a manifest whose envelope's form and signature were verified.
///
/// # Errors
/// When it is sealed under another key, or of a version that is not known.
pub fn open_manifest(sealed: &envelope::Envelope, header: &Header, key: &EpochKey) -> Result<Manifest, CryptoError> {
    let plain = super::envelope::open(sealed, header, key)?;
    let manifest: Manifest =
        canonical::decode(&plain, limits::SNAPSHOT_OFFER_BYTES).map_err(|_| CryptoError::Form("snapshot"))?;
    if manifest.version != VERSION {
        return Err(CryptoError::Form("snapshot"));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRandom;

    fn parts() -> Vec<Part> {
        let entries = vec![SetAside {
            position: 3,
            envelope: Bytes(vec![1, 2]),
            code: "removed".into(),
            reason: "its author had been removed before".into(),
        }];
        let runs = vec![Run { device: DeviceKey([7; 32]), chunks: vec![Bytes(vec![9; 100])] }];
        vec![
            Part::Summary { devices: vec![], documents: vec![] },
            Part::Changes { document: DocumentHandle([1; 16]), runs },
            Part::SetAside { entries },
        ]
    }

    fn content() -> Vec<u8> {
        let mut packer = Packer::default();
        parts().iter().for_each(|part| packer.push(part).unwrap());
        packer.finish()
    }

    #[test]
    fn what_goes_in_comes_out() {
        let content = content();
        assert_eq!(content.len(), padded_size(content.len()));
        let read: Vec<Part> = Parts::of(&content).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, parts());
    }

    #[test]
    fn other_padding_cut_frames_and_bombs_are_refused() {
        let content = content();
        assert!(Parts::of(&content[..content.len() - 1]).is_err());
        let mut longer = content.clone();
        longer.push(0);
        assert!(Parts::of(&longer).is_err());
        // As many parts as it takes until there is padding.
        let mut packer = Packer::default();
        let padded = loop {
            packer.push(&parts()[1]).unwrap();
            let used = packer.0.len() + LENGTH_BYTES;
            if padded_size(used) > used {
                break packer.finish();
            }
        };
        assert!(Parts::of(&padded).is_ok());
        let mut dirty = padded;
        *dirty.last_mut().unwrap() = 1;
        assert!(Parts::of(&dirty).is_err());
        let mut packer = Packer(Vec::new());
        let bomb = zstd::bulk::compress(&vec![0; payload::PAYLOAD_BYTES * 4], 19).unwrap();
        packer.0.extend_from_slice(&(bomb.len() as u32).to_le_bytes());
        packer.0.extend_from_slice(&bomb);
        packer.0.extend_from_slice(&9u32.to_le_bytes());
        let content = packer.finish();
        let read: Vec<_> = Parts::of(&content).unwrap().collect();
        assert!(matches!(read[0], Err(CryptoError::TooLong { .. })), "{read:?}");
        assert_eq!(read[1], Err(CryptoError::Form("snapshot")));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn a_chunk_opens_at_its_place_only() {
        let (mut random, key) = (SeededRandom::new(1), Secret::new([3; 32]));
        let content: Vec<u8> = (0..CHUNK_PLAIN_BYTES + 10).map(|n| n as u8).collect();
        let chunks = seal_content(&content, &key, &mut random).unwrap();
        assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [CHUNK_BYTES, 50]);
        assert_eq!(open_chunk(&chunks[1], 1, 2, &key).unwrap()[..], content[CHUNK_PLAIN_BYTES..]);
        assert!(open_chunk(&chunks[1], 0, 2, &key).is_err(), "at another place");
        assert!(open_chunk(&chunks[1], 1, 3, &key).is_err(), "of another number");
        assert!(open_chunk(&chunks[1], 1, 2, &Secret::new([4; 32])).is_err());
        let most = vec![0; limits::SNAPSHOT_CHUNKS * CHUNK_PLAIN_BYTES + 1];
        assert!(seal_content(&most, &key, &mut random).is_err());
    }
}
