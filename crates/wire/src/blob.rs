//! Attachments at the relay: sealed chunks under an id that is the hash of what
//! they are. Both ends go on where they were interrupted, chunk by chunk.

use minicbor::{Decode, Encode};

use crate::canonical::{self, CanonicalError};
use crate::ids::{Bytes, Hash, hash};

/// One chunk, sealed, in bytes: 1 MiB, a nonce of 24 and a tag of 16. All but a blob's last are exactly as long.
pub const CHUNK_BYTES: usize = (1 << 20) + 24 + 16;
/// Chunks of one blob.
pub const CHUNKS: usize = 1024;
/// An encoded manifest, in bytes.
pub const MANIFEST_BYTES: usize = 64 << 10;

/// Context of a chunk's hash.
const CHUNK_CONTEXT: &str = "drystone v1 blob chunk";
/// Context of a blob's id.
const BLOB_CONTEXT: &str = "drystone v1 blob id";

/// Why a manifest was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not a manifest in canonical form.
    #[error("not a manifest: {0}")]
    Form(#[from] CanonicalError),
    /// Too many chunks, or none.
    #[error("{0} chunks, where 1 to {CHUNKS} are allowed")]
    Chunks(usize),
    /// The size asks for another number of chunks.
    #[error("{size} bytes are not {chunks} chunks")]
    Size {
        /// Bytes that the manifest names.
        size: u64,
        /// Chunks that it lists.
        chunks: usize,
    },
}

/// What a blob consists of.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Manifest {
    /// Bytes of all chunks together, sealed.
    #[n(0)]
    pub size: u64,
    /// Each chunk's hash, in order.
    #[n(1)]
    pub chunks: Vec<Hash>,
}

/// The hash of a chunk as it is stored.
pub fn chunk_hash(bytes: &[u8]) -> Hash {
    hash(CHUNK_CONTEXT, &[bytes])
}

impl Manifest {
    /// The manifest of these bytes.
    pub fn of(sealed: &[u8]) -> Manifest {
        let chunks = sealed.chunks(CHUNK_BYTES).map(chunk_hash).collect();
        Manifest { size: sealed.len() as u64, chunks }
    }

    /// Reads one and checks that its figures fit.
    ///
    /// # Errors
    /// [`ManifestError`] says what does not hold.
    pub fn open(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let manifest: Manifest = canonical::decode(bytes, MANIFEST_BYTES)?;
        let count = manifest.chunks.len();
        if count == 0 || count > CHUNKS {
            return Err(ManifestError::Chunks(count));
        }
        if manifest.size.div_ceil(CHUNK_BYTES as u64) != count as u64 {
            return Err(ManifestError::Size { size: manifest.size, chunks: count });
        }
        Ok(manifest)
    }

    /// The blob's id.
    pub fn id(&self) -> Hash {
        hash(BLOB_CONTEXT, &[&canonical::encode(self)])
    }

    /// How long a chunk has to be, in bytes; `None` past the last.
    pub fn chunk_length(&self, index: usize) -> Option<usize> {
        let before = (index as u64).checked_mul(CHUNK_BYTES as u64)?;
        let left = self.size.checked_sub(before).filter(|left| *left > 0)?;
        Some(left.min(CHUNK_BYTES as u64) as usize)
    }

    /// Whether these bytes are the chunk at this place.
    pub fn fits(&self, index: usize, bytes: &[u8]) -> bool {
        self.chunk_length(index) == Some(bytes.len()) && self.chunks.get(index) == Some(&chunk_hash(bytes))
    }
}

/// What the relay has of a blob.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct BlobState {
    /// What it consists of.
    #[n(0)]
    pub manifest: Manifest,
    /// A bit for each chunk, set when it is there: chunk n is bit n mod 8, from the lowest, of byte n / 8.
    #[n(1)]
    pub present: Bytes,
    /// Whether it is marked for removal; announcing it again takes the mark away.
    #[n(2)]
    pub marked: bool,
}

impl BlobState {
    /// Whether a chunk is there.
    pub fn has(&self, index: usize) -> bool {
        self.present.0.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        (0..self.manifest.chunks.len()).all(|index| self.has(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_what_each_chunk_is() {
        let sealed: Vec<u8> = (0..CHUNK_BYTES + 5).map(|n| n as u8).collect();
        let manifest = Manifest::of(&sealed);
        assert_eq!(Manifest::open(&canonical::encode(&manifest)), Ok(manifest.clone()));
        assert_eq!([0, 1, 2].map(|n| manifest.chunk_length(n)), [Some(CHUNK_BYTES), Some(5), None]);
        assert!(manifest.fits(0, &sealed[..CHUNK_BYTES]) && manifest.fits(1, &sealed[CHUNK_BYTES..]));
        assert!(!manifest.fits(1, &sealed[..5]) && !manifest.fits(0, &sealed) && !manifest.fits(2, &[]));
        let other = Manifest { size: manifest.size - 1, ..manifest.clone() };
        assert_ne!(other.id(), manifest.id());
    }

    #[test]
    fn ids_stay_what_they_are() {
        let manifest = Manifest::of(b"drystone");
        let chunk = manifest.chunks.first().map(ToString::to_string).unwrap_or_default();
        assert_eq!(chunk, "41f4529e4dfd2e5c5a9415274e2198b2a959905824fc68b1664cd83ab5461e5d");
        assert_eq!(manifest.id().to_string(), "bcb74caa677d3facd37f3db60df5f89580a5d7ff77cfd7957c31214f6d2704e4");
    }

    #[test]
    fn figures_that_do_not_fit_are_refused() {
        let open =
            |size, count| Manifest::open(&canonical::encode(&Manifest { size, chunks: vec![Hash::ZERO; count] }));
        assert_eq!(open(0, 0), Err(ManifestError::Chunks(0)));
        assert_eq!(open(1, CHUNKS + 1), Err(ManifestError::Chunks(CHUNKS + 1)));
        for (size, count) in [(0, 1), (1, 2), (CHUNK_BYTES as u64 + 1, 1), (u64::MAX, 1)] {
            assert!(matches!(open(size, count), Err(ManifestError::Size { .. })), "{size} {count}");
        }
        open(1, 1).unwrap();
        open((CHUNKS * CHUNK_BYTES) as u64, CHUNKS).unwrap();
        assert!(matches!(Manifest::open(&[0x80]), Err(ManifestError::Form(_))));
    }

    #[test]
    fn bits_say_what_is_there() {
        let manifest = Manifest { size: 1, chunks: vec![Hash::ZERO; 10] };
        let state = BlobState { manifest, present: Bytes(vec![0b1000_0001, 0b10]), marked: false };
        let there: Vec<usize> = (0..20).filter(|n| state.has(*n)).collect();
        assert_eq!(there, [0, 7, 9]);
        assert!(!state.is_whole());
        assert!(BlobState { present: Bytes(vec![255, 3]), ..state }.is_whole());
    }
}
