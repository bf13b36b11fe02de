//! Canonical CBOR: bytes are accepted only when encoding what they decode to
//! gives the same bytes again, so that a hash or signature covers one meaning
//! and one spelling.

use minicbor::{Decode, Encode};

/// Why bytes were not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// Not CBOR of the expected shape.
    #[error("not CBOR of the expected shape: {0}")]
    Shape(String),
    /// Decodes, but is spelled in another than the canonical way, or is followed by more bytes.
    #[error("not in canonical form")]
    NotCanonical,
    /// Longer than the named limit.
    #[error("{got} bytes, more than the limit of {limit}")]
    TooLong {
        /// Bytes received.
        got: usize,
        /// Bytes allowed.
        limit: usize,
    },
}

/// Encodes a value. Definite lengths and shortest integers throughout, as
/// RFC 8949 section 4.2.1 asks; all our types are arrays, so no map ordering
/// comes in.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing into a vector has no error to report.
    let _infallible = minicbor::encode(value, &mut out);
    out
}

/// Decodes bytes of at most `limit` length and insists on canonical form.
///
/// # Errors
/// When the bytes are too long, of another shape, or not canonical.
pub fn decode<T>(bytes: &[u8], limit: usize) -> Result<T, CanonicalError>
where
    T: for<'b> Decode<'b, ()> + Encode<()>,
{
    if bytes.len() > limit {
        return Err(CanonicalError::TooLong { got: bytes.len(), limit });
    }
    let value: T = minicbor::decode(bytes).map_err(|error| CanonicalError::Shape(error.to_string()))?;
    if encode(&value) != bytes {
        return Err(CanonicalError::NotCanonical);
    }
    Ok(value)
}
