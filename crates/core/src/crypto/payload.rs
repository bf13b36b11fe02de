//! What an envelope of changes holds: a canonical CBOR list of Automerge change
//! chunks, compressed with zstd. Automerge's bundle form is left out.

use std::io::Read;

use drystone_wire::canonical;
use drystone_wire::ids::Bytes;
use minicbor::{Decode, Encode};

use super::CryptoError;

/// The format of a payload: change chunks as Automerge writes them.
pub const FORMAT: u8 = 1;
/// Change chunks in one envelope.
pub const CHUNKS: usize = 1024;
/// The payload before compression, in bytes.
pub const PAYLOAD_BYTES: usize = 16 << 20;
/// The window a decompressor may need, as a power of two: 16 MiB.
const WINDOW_LOG: u32 = 24;
/// zstd's own default: small changes gain nothing from more.
const LEVEL: i32 = 3;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Changes {
    #[n(0)]
    format: u8,
    #[n(1)]
    chunks: Vec<Bytes>,
}

/// Packs change chunks.
///
/// # Errors
/// When there are more, or longer ones, than an envelope may hold.
pub fn pack(chunks: &[Vec<u8>]) -> Result<Vec<u8>, CryptoError> {
    if chunks.is_empty() || chunks.len() > CHUNKS {
        return Err(CryptoError::Form("number of changes"));
    }
    let changes = Changes { format: FORMAT, chunks: chunks.iter().cloned().map(Bytes).collect() };
    let plain = canonical::encode(&changes);
    if plain.len() > PAYLOAD_BYTES {
        return Err(CryptoError::TooLong { what: "payload", got: plain.len(), limit: PAYLOAD_BYTES });
    }
    zstd::bulk::compress(&plain, LEVEL).map_err(|_| CryptoError::Form("payload"))
}

/// Unpacks change chunks; reads no more than [`PAYLOAD_BYTES`], whatever the
/// compressed bytes claim.
///
/// # Errors
/// When the bytes are not such a list, or exceed a limit.
pub fn unpack(packed: &[u8]) -> Result<Vec<Vec<u8>>, CryptoError> {
    let form = || CryptoError::Form("payload");
    let plain = inflate(packed)?;
    let changes: Changes = canonical::decode(&plain, PAYLOAD_BYTES).map_err(|_| form())?;
    if changes.format != FORMAT || changes.chunks.is_empty() || changes.chunks.len() > CHUNKS {
        return Err(form());
    }
    Ok(changes.chunks.into_iter().map(|chunk| chunk.0).collect())
}

/// What one zstd frame holds, and nothing after it; at most [`PAYLOAD_BYTES`].
pub(super) fn inflate(packed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let form = || CryptoError::Form("payload");
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| form())?.single_frame();
    decoder.window_log_max(WINDOW_LOG).map_err(|_| form())?;
    let mut plain = Vec::new();
    let mut bounded = decoder.take(PAYLOAD_BYTES as u64 + 1);
    bounded.read_to_end(&mut plain).map_err(|_| form())?;
    if plain.len() > PAYLOAD_BYTES {
        return Err(CryptoError::TooLong { what: "payload", got: plain.len(), limit: PAYLOAD_BYTES });
    }
    if !bounded.into_inner().finish().is_empty() {
        return Err(form());
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let chunks = vec![b"one".to_vec(), vec![7; 100_000], vec![]];
        assert_eq!(unpack(&pack(&chunks).unwrap()).unwrap(), chunks);
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_limit() {
        let bomb = zstd::bulk::compress(&vec![0; PAYLOAD_BYTES * 8], 19).unwrap();
        assert!(bomb.len() < 20_000);
        assert!(matches!(unpack(&bomb), Err(CryptoError::TooLong { .. })));
    }

    #[test]
    fn trailing_bytes_other_formats_and_empty_lists_are_refused() {
        let mut trailing = pack(&[b"one".to_vec()]).unwrap();
        trailing.push(0);
        assert!(unpack(&trailing).is_err());
        let other = canonical::encode(&Changes { format: 2, chunks: vec![Bytes(vec![1])] });
        assert!(unpack(&zstd::bulk::compress(&other, 3).unwrap()).is_err());
        assert!(pack(&[]).is_err());
        assert!(unpack(b"no zstd").is_err());
    }
}
