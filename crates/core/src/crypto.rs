//! Keys, envelopes, wraps, records and invitations. Knows bytes only: no
//! storage, no network, no clock, and no randomness of its own but
//! [`random::OsRandom`], which callers pass in.

pub mod address;
pub mod attachment;
pub mod device_link;
pub mod envelope;
pub mod invite;
pub mod keys;
pub mod link;
pub mod names;
pub mod nearby;
pub mod payload;
pub mod presence;
pub mod qr;
pub mod random;
pub mod records;
pub mod recovery;
pub mod snapshot;
pub mod wrap;

/// Why something sealed, signed or encoded was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// A ciphertext, its associated data or its key is not what it was sealed with.
    #[error("the {0} does not open with this key")]
    Open(&'static str),
    /// The envelope names another key than the one at hand.
    #[error("the envelope is sealed under another key")]
    Commitment,
    /// Decrypted bytes do not have the expected form.
    #[error("the {0} has another form than expected")]
    Form(&'static str),
    /// A named limit is exceeded.
    #[error("the {what} has {got} bytes, more than the limit of {limit}")]
    TooLong {
        /// What.
        what: &'static str,
        /// Bytes at hand.
        got: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A public key that no secret key belongs to.
    #[error("not a public key that can be used")]
    PublicKey,
}
