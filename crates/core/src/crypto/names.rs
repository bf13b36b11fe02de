//! Names of workspaces, people and devices, sealed for the relay not to read.

use drystone_wire::ids::Nonce;
use drystone_wire::{DeviceKey, RootKey};
use zeroize::Zeroizing;

use super::CryptoError;
use super::envelope::{aead_open, aead_seal};
use super::keys::{EpochKey, derive};
use super::random::{self, Random};

/// A name in UTF-8, in bytes.
pub const NAME_BYTES: usize = 250;
/// Names are padded to a multiple of this, counting their length byte.
const BLOCK: usize = 64;
const LABEL: &str = "drystone v1 name";

/// Whose name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The workspace's.
    Workspace,
    /// A member's.
    Member(RootKey),
    /// A device's.
    Device(DeviceKey),
}

impl Whose {
    fn associated(&self) -> Vec<u8> {
        match self {
            Whose::Workspace => vec![1],
            Whose::Member(root) => [&[2], root.as_bytes()].concat(),
            Whose::Device(device) => [&[3], device.as_bytes()].concat(),
        }
    }
}

/// Seals a name under an epoch's key.
///
/// # Errors
/// When it is longer than [`NAME_BYTES`].
pub fn seal(name: &str, whose: Whose, key: &EpochKey, random: &mut dyn Random) -> Result<Vec<u8>, CryptoError> {
    if name.len() > NAME_BYTES {
        return Err(CryptoError::TooLong { what: "name", got: name.len(), limit: NAME_BYTES });
    }
    let mut padded = vec![name.len() as u8];
    padded.extend_from_slice(name.as_bytes());
    padded.resize(padded.len().next_multiple_of(BLOCK), 0);
    let nonce = Nonce(random::array(random));
    let mut sealed = nonce.0.to_vec();
    sealed.extend(aead_seal(&name_key(key), &nonce, &whose.associated(), &padded)?);
    Ok(sealed)
}

/// Opens a sealed name.
///
/// # Errors
/// When it was sealed under another key or for someone else.
pub fn open(sealed: &[u8], whose: Whose, key: &EpochKey) -> Result<String, CryptoError> {
    const FORM: CryptoError = CryptoError::Form("name");
    let (nonce, ciphertext) = sealed.split_first_chunk::<24>().ok_or(FORM)?;
    let padded = aead_open(&name_key(key), &Nonce(*nonce), &whose.associated(), ciphertext, "name")?;
    let (length, rest) = padded.split_first().ok_or(FORM)?;
    let name = rest.get(..usize::from(*length)).ok_or(FORM)?;
    String::from_utf8(name.to_vec()).map_err(|_| FORM)
}

/// The epoch key alone: it is random, and the first name is sealed before the
/// workspace has an id.
fn name_key(key: &EpochKey) -> Zeroizing<[u8; 32]> {
    derive(&[], key.expose(), LABEL, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRandom;

    #[test]
    fn a_name_opens_for_its_owner_only() {
        let mut random = SeededRandom::new(1);
        let (key, other) = (EpochKey::generate(&mut random), EpochKey::generate(&mut random));
        let anna = Whose::Member(RootKey([1; 32]));
        let sealed = seal("Anna Łukasiewicz", anna, &key, &mut random).unwrap();
        assert_eq!(open(&sealed, anna, &key).unwrap(), "Anna Łukasiewicz");
        assert!(open(&sealed, Whose::Member(RootKey([2; 32])), &key).is_err());
        assert!(open(&sealed, Whose::Workspace, &key).is_err());
        assert!(open(&sealed, anna, &other).is_err());
        assert!(open(&sealed[..30], anna, &key).is_err());
    }

    #[test]
    fn short_names_look_alike() {
        let mut random = SeededRandom::new(1);
        let key = EpochKey::generate(&mut random);
        let short = seal("A", Whose::Workspace, &key, &mut random).unwrap();
        let longer = seal("The harbour's control system", Whose::Workspace, &key, &mut random).unwrap();
        assert_eq!(short.len(), longer.len());
        assert!(seal(&"x".repeat(NAME_BYTES + 1), Whose::Workspace, &key, &mut random).is_err());
    }
}
