//! What links and codes have in common: `RELAY/PAGE#1.` and base64url of CBOR
//! whose last bytes check the rest, so that one that was cut or mistyped is
//! told from one that leads nowhere.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use drystone_wire::{Hash, canonical};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::address::{AddressError, RelayAddress};

/// The longest link or code, in bytes.
pub const LINK_BYTES: usize = 700;
const CBOR_BYTES: usize = 256;
const VERSION: &str = "1.";

/// Why a link was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not an invitation link at all.
    #[error("this is not an invitation link")]
    NotALink,
    /// Something is missing at its end, or was changed.
    #[error("the link is incomplete or was changed on its way")]
    Damaged,
    /// Made by a newer program.
    #[error("the link was made by a newer version")]
    Newer,
    /// The part before the `#` is not a relay's address.
    #[error("the link's relay address does not hold: {0}")]
    Address(#[from] AddressError),
}

/// What stands in a link or a code.
pub(super) trait Checked {
    /// The check bytes that came with it.
    fn given(&self) -> [u8; 4];
    /// Those that belong to the rest: the first of a hash over it.
    fn wanted(&self) -> [u8; 4];
}

/// The first bytes of a hash.
pub(super) fn first_four(hash: &Hash) -> [u8; 4] {
    [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
}

/// The text of what stands in a link.
pub(super) fn encoded(inner: &impl Encode<()>) -> Zeroizing<String> {
    Zeroizing::new(BASE64URL_NOPAD.encode(&Zeroizing::new(canonical::encode(inner))))
}

/// Reads that text.
///
/// # Errors
/// `Damaged`.
pub(super) fn decoded<T: Checked + Encode<()> + for<'b> Decode<'b, ()>>(text: &str) -> Result<T, LinkError> {
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| LinkError::Damaged)?);
    let inner: T = canonical::decode(&bytes, CBOR_BYTES).map_err(|_| LinkError::Damaged)?;
    if inner.given() == inner.wanted() { Ok(inner) } else { Err(LinkError::Damaged) }
}

/// Writes a link to a page of a relay.
///
/// # Errors
/// The formatter's.
pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    relay: &RelayAddress,
    page: &str,
    inner: &impl Encode<()>,
) -> fmt::Result {
    write!(f, "{relay}/{page}#{VERSION}{}", *encoded(inner))
}

/// Reads a link to a page of a relay.
///
/// # Errors
/// Says whether it is one, from a newer program, or damaged.
pub(super) fn read<T: Checked + Encode<()> + for<'b> Decode<'b, ()>>(
    text: &str,
    page: &str,
) -> Result<(RelayAddress, T), LinkError> {
    let text = text.trim();
    if text.len() > LINK_BYTES {
        return Err(LinkError::NotALink);
    }
    let (address, rest) = text.split_once(&format!("/{page}#")).ok_or(LinkError::NotALink)?;
    let inner = match rest.strip_prefix(VERSION) {
        Some(inner) => inner,
        None if rest.contains('.') => return Err(LinkError::Newer),
        None => return Err(LinkError::Damaged),
    };
    let relay = address.parse()?;
    Ok((relay, decoded(inner)?))
}
