//! Seals and opens the files of attachments, chunk by chunk, so that neither
//! end ever holds a whole file.
//!
//! A file is `u64(length) ‖ bytes ‖ zeros` up to the Padmé size, cut into
//! pieces of 1 MiB. Each is sealed under a key of this file alone, with its
//! number and how many there are: none can be left out, moved or taken from
//! another file. The key is random, so that equal files look unlike.

use drystone_wire::blob::{CHUNK_BYTES, CHUNKS};
use drystone_wire::ids::Nonce;
use zeroize::Zeroizing;

use super::CryptoError;
use super::envelope::{aead_open, aead_seal, padded_size};
use super::keys::{Secret, derive};
use super::random::{self, Random};

/// Bytes of a file in one chunk, sealed: nonce and tag come on top.
pub const PIECE_BYTES: usize = 1 << 20;
/// The length that stands before a file's bytes, in bytes.
const LENGTH_BYTES: usize = 8;
/// The largest file, in bytes.
pub const FILE_BYTES: u64 = (CHUNKS * PIECE_BYTES - LENGTH_BYTES) as u64;

const LABEL: &str = "drystone v1 attachment key";
const WHAT: &str = "chunk of an attachment";

/// The key of one file.
#[derive(Debug, Clone)]
pub struct FileKey(Secret);

impl FileKey {
    /// A fresh one.
    pub fn generate(random: &mut dyn Random) -> Self {
        FileKey(Secret::generate(random))
    }

    /// One that was kept.
    pub fn new(bytes: [u8; 32]) -> Self {
        FileKey(Secret::new(bytes))
    }

    /// To be kept.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    fn chunk_key(&self) -> Zeroizing<[u8; 32]> {
        derive(&[], self.0.expose(), LABEL, &[])
    }
}

/// How many chunks a file of this length has; `None` for one that is too large.
pub fn chunk_count(length: u64) -> Option<u32> {
    let length = usize::try_from(length).ok().filter(|length| *length as u64 <= FILE_BYTES)?;
    u32::try_from(padded_size(length + LENGTH_BYTES).div_ceil(PIECE_BYTES)).ok()
}

/// Seals a file that comes in parts of any size.
pub struct Sealer {
    key: Zeroizing<[u8; 32]>,
    count: u32,
    next: u32,
    /// Bytes of the file that are yet to come.
    left: u64,
    /// Of the padded whole, what is yet to be cut into pieces, `piece` included.
    padded_left: usize,
    piece: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// Seals a file of exactly this length.
    ///
    /// # Errors
    /// When it is longer than [`FILE_BYTES`].
    pub fn new(length: u64, key: &FileKey) -> Result<Sealer, CryptoError> {
        let limit = FILE_BYTES as usize;
        let too_long = || CryptoError::TooLong { what: "file", got: length as usize, limit };
        let count = chunk_count(length).ok_or_else(too_long)?;
        let mut piece = Zeroizing::new(Vec::with_capacity(PIECE_BYTES));
        piece.extend_from_slice(&length.to_le_bytes());
        let padded_left = padded_size(length as usize + LENGTH_BYTES);
        Ok(Sealer { key: key.chunk_key(), count, next: 0, left: length, padded_left, piece })
    }

    /// Takes the next bytes of the file; gives each chunk that is complete.
    ///
    /// # Errors
    /// When there are more bytes than announced.
    pub fn push(&mut self, mut bytes: &[u8], random: &mut dyn Random) -> Result<Vec<Vec<u8>>, CryptoError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(CryptoError::Form("file"))?;
        let mut sealed = Vec::new();
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE_BYTES {
                sealed.push(self.seal(random)?);
            }
        }
        Ok(sealed)
    }

    /// The chunks that are left once all of the file was taken.
    ///
    /// # Errors
    /// When there were fewer bytes than announced.
    pub fn finish(mut self, random: &mut dyn Random) -> Result<Vec<Vec<u8>>, CryptoError> {
        if self.left > 0 {
            return Err(CryptoError::Form("file"));
        }
        let mut sealed = Vec::new();
        while self.padded_left > 0 {
            self.piece.resize(self.padded_left.min(PIECE_BYTES), 0);
            sealed.push(self.seal(random)?);
        }
        Ok(sealed)
    }

    fn seal(&mut self, random: &mut dyn Random) -> Result<Vec<u8>, CryptoError> {
        let nonce = Nonce(random::array(random));
        let mut sealed = Vec::with_capacity(CHUNK_BYTES);
        sealed.extend_from_slice(&nonce.0);
        sealed.extend(aead_seal(&self.key, &nonce, &place(self.next, self.count), &self.piece)?);
        self.next += 1;
        self.padded_left = self.padded_left.saturating_sub(self.piece.len());
        self.piece.clear();
        Ok(sealed)
    }
}

/// What a chunk is bound to.
fn place(index: u32, count: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&index.to_le_bytes());
    bytes[4..].copy_from_slice(&count.to_le_bytes());
    bytes
}

/// Opens a file's chunks in their order, and gives the file's bytes.
pub struct Opener {
    key: Zeroizing<[u8; 32]>,
    count: u32,
    next: u32,
    /// Known from the first chunk on.
    length: Option<u64>,
    left: u64,
}

impl Opener {
    /// Opens a file of this many chunks.
    pub fn new(count: u32, key: &FileKey) -> Opener {
        Opener { key: key.chunk_key(), count, next: 0, length: None, left: 0 }
    }

    /// The file's length, once a chunk was opened.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Goes on with a later chunk, once the first was opened.
    pub fn skip_to(&mut self, index: u32) {
        let Some(length) = self.length else { return };
        let before = (u64::from(index) * PIECE_BYTES as u64).saturating_sub(LENGTH_BYTES as u64);
        (self.next, self.left) = (index, length.saturating_sub(before));
    }

    /// Opens the next chunk.
    ///
    /// # Errors
    /// When it is not this file's chunk of this number, or what is in it is
    /// not what a file is sealed as.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        const FORM: CryptoError = CryptoError::Form(WHAT);
        let (nonce, ciphertext) = sealed.split_first_chunk::<24>().ok_or(FORM)?;
        let mut piece = aead_open(&self.key, &Nonce(*nonce), &place(self.next, self.count), ciphertext, WHAT)?;
        if self.next == 0 {
            let (length, _) = piece.split_first_chunk::<LENGTH_BYTES>().ok_or(FORM)?;
            let length = u64::from_le_bytes(*length);
            if chunk_count(length) != Some(self.count) {
                return Err(FORM);
            }
            (self.length, self.left) = (Some(length), length);
            piece.drain(..LENGTH_BYTES);
        }
        self.next += 1;
        let here = piece.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if piece[here..].iter().any(|byte| *byte != 0)
            || self.next > self.count
            || (self.next == self.count && here as u64 != self.left)
        {
            return Err(FORM);
        }
        self.left -= here as u64;
        piece.truncate(here);
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRandom;
    use drystone_wire::blob::Manifest;

    fn sealed(file: &[u8], key: &FileKey, random: &mut SeededRandom) -> Vec<Vec<u8>> {
        let mut sealer = Sealer::new(file.len() as u64, key).unwrap();
        let mut chunks = Vec::new();
        for part in file.chunks(300_001) {
            chunks.extend(sealer.push(part, random).unwrap());
        }
        chunks.extend(sealer.finish(random).unwrap());
        chunks
    }

    fn opened(chunks: &[Vec<u8>], key: &FileKey) -> Result<Vec<u8>, CryptoError> {
        let mut opener = Opener::new(chunks.len() as u32, key);
        let mut file = Vec::new();
        for chunk in chunks {
            file.extend_from_slice(&opener.open(chunk)?);
        }
        Ok(file)
    }

    #[test]
    fn a_file_comes_out_as_it_went_in() {
        let mut random = SeededRandom::new(1);
        let key = FileKey::generate(&mut random);
        for length in [0, 1, 55, 56, PIECE_BYTES - 9, PIECE_BYTES - 8, PIECE_BYTES - 7, 2 * PIECE_BYTES, 2_500_000] {
            let file: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let chunks = sealed(&file, &key, &mut random);
            assert_eq!(chunks.len() as u32, chunk_count(length as u64).unwrap(), "{length}");
            let whole: usize = chunks.iter().map(Vec::len).sum();
            let manifest = Manifest::of(&chunks.concat());
            assert!(chunks.iter().enumerate().all(|(n, chunk)| manifest.fits(n, chunk)), "{length} {whole}");
            assert_eq!(opened(&chunks, &key).unwrap(), file, "{length}");
            let mut last = Opener::new(chunks.len() as u32, &key);
            last.open(&chunks[0]).unwrap();
            last.skip_to(chunks.len() as u32 - 1);
            let start = ((chunks.len() - 1) * PIECE_BYTES).saturating_sub(8).min(file.len());
            assert_eq!(last.open(&chunks[chunks.len() - 1]).unwrap()[..], file[start..], "{length}");
        }
    }

    #[test]
    fn nothing_can_be_left_out_moved_changed_or_opened_with_another_key() {
        let mut random = SeededRandom::new(2);
        let key = FileKey::generate(&mut random);
        let file = vec![7; 3 * PIECE_BYTES];
        let chunks = sealed(&file, &key, &mut random);
        assert!(opened(&chunks[..2], &key).is_err());
        assert!(opened(&[chunks[1].clone(), chunks[0].clone(), chunks[2].clone(), chunks[3].clone()], &key).is_err());
        let mut changed = chunks.clone();
        changed[2][100] ^= 1;
        assert!(opened(&changed, &key).is_err());
        assert!(opened(&chunks, &FileKey::generate(&mut random)).is_err());
        assert_ne!(sealed(&file, &key, &mut random), chunks, "equal files look unlike");
    }

    #[test]
    fn a_file_that_is_longer_or_shorter_than_announced_is_refused() {
        let mut random = SeededRandom::new(3);
        let key = FileKey::generate(&mut random);
        assert!(Sealer::new(FILE_BYTES + 1, &key).is_err());
        assert_eq!(chunk_count(FILE_BYTES), Some(CHUNKS as u32));
        let mut sealer = Sealer::new(2, &key).unwrap();
        assert!(sealer.push(&[0; 3], &mut random).is_err());
        assert!(Sealer::new(2, &key).unwrap().finish(&mut random).is_err());
    }
}
