//! Hands an epoch key to a device or an invitation with HPKE (RFC 9180, base
//! mode: X25519-HKDF-SHA256, HKDF-SHA256, ChaCha20Poly1305), and seals the key
//! of one epoch under that of the next.

use drystone_wire::ids::{AgreementKey, Bytes, Nonce};
use drystone_wire::membership::Wrap;
use drystone_wire::{Hash, WorkspaceId};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use super::CryptoError;
use super::envelope::{aead_open, aead_seal};
use super::keys::{AgreementPair, EpochKey, Secret, WrapKem, derive, workspace_salt};
use super::random::{self, Random};

const WRAP_LABEL: &str = "drystone v1 epoch wrap";
const PREVIOUS_LABEL: &str = "drystone v1 previous epoch";

/// What a wrap is bound to besides epoch and recipient: the workspace, or in
/// the first record, whose hash becomes the workspace's id, its salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The first record's salt.
    Genesis(Hash),
    /// Every later record.
    Workspace(WorkspaceId),
}

impl Binding {
    fn bytes(&self) -> [u8; 32] {
        match self {
            Binding::Genesis(salt) => salt.0,
            Binding::Workspace(workspace) => workspace.0,
        }
    }
}

fn wrap_info(binding: &Binding, epoch: u32, to: &AgreementKey) -> Vec<u8> {
    let kind = match binding {
        Binding::Genesis(_) => 0,
        Binding::Workspace(_) => 1,
    };
    [WRAP_LABEL.as_bytes(), &[0, kind], &binding.bytes(), &epoch.to_le_bytes(), to.as_bytes()].concat()
}

/// Wraps an epoch key for one recipient.
///
/// # Errors
/// When the recipient's key is not one that can be used.
pub fn wrap(
    key: &EpochKey,
    binding: &Binding,
    epoch: u32,
    to: &AgreementKey,
    random: &mut dyn Random,
) -> Result<Wrap, CryptoError> {
    let recipient = <WrapKem as Kem>::PublicKey::from_bytes(to.as_bytes()).map_err(|_| CryptoError::PublicKey)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, WrapKem>(
        &OpModeS::Base,
        &recipient,
        &wrap_info(binding, epoch, to),
        key.expose(),
        &[],
        &mut Adapter(random),
    )
    .map_err(|_| CryptoError::PublicKey)?;
    let encapsulated = AgreementKey::from_slice(&encapsulated.to_bytes()).ok_or(CryptoError::PublicKey)?;
    Ok(Wrap { to: *to, encapsulated, ciphertext: Bytes(ciphertext) })
}

/// Unwraps an epoch key.
///
/// # Errors
/// When it was wrapped for someone or something else.
pub fn unwrap(wrap: &Wrap, binding: &Binding, epoch: u32, recipient: &AgreementPair) -> Result<EpochKey, CryptoError> {
    if wrap.to != recipient.public() {
        return Err(CryptoError::Open("wrapped epoch key"));
    }
    let encapsulated =
        <WrapKem as Kem>::EncappedKey::from_bytes(wrap.encapsulated.as_bytes()).map_err(|_| CryptoError::PublicKey)?;
    let plaintext = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, WrapKem>(
        &OpModeR::Base,
        &recipient.private()?,
        &encapsulated,
        &wrap_info(binding, epoch, &wrap.to),
        &wrap.ciphertext.0,
        &[],
    )
    .map(Zeroizing::new)
    .map_err(|_| CryptoError::Open("wrapped epoch key"))?;
    Secret::from_slice(&plaintext).map(EpochKey::new).ok_or(CryptoError::Form("wrapped epoch key"))
}

/// Seals the key of the epoch before under the key of `epoch`, so that who has
/// the new one reads history.
///
/// # Errors
/// None in practice; the cipher's signature has one.
pub fn seal_previous(
    previous: &EpochKey,
    under: &EpochKey,
    workspace: &WorkspaceId,
    epoch: u32,
    random: &mut dyn Random,
) -> Result<Bytes, CryptoError> {
    let nonce = Nonce(random::array(random));
    let key: Zeroizing<[u8; 32]> = previous_key(under, workspace, epoch);
    let mut sealed = nonce.0.to_vec();
    sealed.extend(aead_seal(&key, &nonce, &[], previous.expose())?);
    Ok(Bytes(sealed))
}

/// The reverse of [`seal_previous`].
///
/// # Errors
/// When it was sealed under another key or for another place.
pub fn open_previous(
    sealed: &[u8],
    under: &EpochKey,
    workspace: &WorkspaceId,
    epoch: u32,
) -> Result<EpochKey, CryptoError> {
    const WHAT: &str = "previous epoch key";
    let (nonce, ciphertext) = sealed.split_first_chunk::<24>().ok_or(CryptoError::Form(WHAT))?;
    let key = previous_key(under, workspace, epoch);
    let plaintext = aead_open(&key, &Nonce(*nonce), &[], ciphertext, WHAT)?;
    Secret::from_slice(&plaintext).map(EpochKey::new).ok_or(CryptoError::Form(WHAT))
}

fn previous_key(under: &EpochKey, workspace: &WorkspaceId, epoch: u32) -> Zeroizing<[u8; 32]> {
    derive(workspace_salt(workspace), under.expose(), PREVIOUS_LABEL, &[&epoch.to_le_bytes()])
}

/// Our randomness in the form HPKE's library wants.
struct Adapter<'a>(&'a mut dyn Random);

impl TryRng for Adapter<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_le_bytes(random::array(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_le_bytes(random::array(self.0)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Adapter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRandom;

    #[test]
    fn only_the_recipient_unwraps_and_only_in_its_place() {
        let mut random = SeededRandom::new(1);
        let (anna, ben) = (pair(&mut random), pair(&mut random));
        let key = EpochKey::generate(&mut random);
        let here = Binding::Workspace(WorkspaceId([1; 32]));
        let wrapped = wrap(&key, &here, 3, &anna.public(), &mut random).unwrap();
        assert_eq!(unwrap(&wrapped, &here, 3, &anna).unwrap(), key);
        assert!(unwrap(&wrapped, &here, 3, &ben).is_err());
        assert!(unwrap(&wrapped, &here, 4, &anna).is_err());
        assert!(unwrap(&wrapped, &Binding::Workspace(WorkspaceId([2; 32])), 3, &anna).is_err());
        assert!(unwrap(&wrapped, &Binding::Genesis(Hash([1; 32])), 3, &anna).is_err());
        let relabelled = Wrap { to: ben.public(), ..wrapped.clone() };
        assert!(unwrap(&relabelled, &here, 3, &ben).is_err());
        let mut changed = wrapped;
        changed.ciphertext.0[0] ^= 1;
        assert!(unwrap(&changed, &here, 3, &anna).is_err());
    }

    #[test]
    fn the_previous_epoch_opens_under_the_next_only() {
        let mut random = SeededRandom::new(2);
        let (old, new) = (EpochKey::generate(&mut random), EpochKey::generate(&mut random));
        let workspace = WorkspaceId([1; 32]);
        let sealed = seal_previous(&old, &new, &workspace, 2, &mut random).unwrap();
        assert_eq!(open_previous(&sealed.0, &new, &workspace, 2).unwrap(), old);
        assert!(open_previous(&sealed.0, &old, &workspace, 2).is_err());
        assert!(open_previous(&sealed.0, &new, &workspace, 3).is_err());
        assert!(open_previous(&sealed.0, &new, &WorkspaceId([2; 32]), 2).is_err());
        assert!(open_previous(&sealed.0[..20], &new, &workspace, 2).is_err());
    }

    #[test]
    fn a_key_without_a_secret_is_refused() {
        let mut random = SeededRandom::new(3);
        let key = EpochKey::generate(&mut random);
        let binding = Binding::Workspace(WorkspaceId([1; 32]));
        assert!(wrap(&key, &binding, 1, &AgreementKey([0; 32]), &mut random).is_err());
    }

    fn pair(random: &mut SeededRandom) -> AgreementPair {
        AgreementPair::new(Secret::generate(random)).unwrap()
    }
}
