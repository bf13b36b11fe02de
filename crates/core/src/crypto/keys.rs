//! The keys of a person, a device and an epoch. Secrets are wiped when dropped
//! and never printed.

use drystone_wire::ids::{AgreementKey, Signature};
use drystone_wire::membership::DeviceCertificate;
use drystone_wire::{DeviceKey, Hash, RootKey, WorkspaceId};
use ed25519_dalek::{Signer, SigningKey};
use hkdf::Hkdf;
use hpke::{Deserializable, Kem, Serializable};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::random::{self, Random};

/// The key encapsulation of all wraps: X25519 with HKDF-SHA-256.
pub(crate) type WrapKem = hpke::kem::X25519HkdfSha256;

/// 32 secret bytes, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// From bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Secret(Zeroizing::new(bytes))
    }

    /// Fresh.
    pub fn generate(random: &mut dyn Random) -> Self {
        Secret::new(random::array(random))
    }

    /// From exactly 32 bytes, else `None`.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Secret::new)
    }

    /// The bytes, for storing them in the encrypted database.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        // BLAKE3 hashes compare in constant time.
        blake3::Hash::from(*self.0) == blake3::Hash::from(*other.0)
    }
}

impl Eq for Secret {}

/// An Ed25519 key pair: a person's root, a device, or an invitation.
#[derive(Clone)]
pub struct SigningPair(SigningKey);

impl SigningPair {
    /// From its secret.
    pub fn new(secret: &Secret) -> Self {
        SigningPair(SigningKey::from_bytes(secret.expose()))
    }

    /// The public key's bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a context hash; contexts keep the uses of one key apart.
    pub fn sign(&self, bytes: &Hash) -> Signature {
        Signature(self.0.sign(bytes.as_bytes()).to_bytes())
    }
}

impl std::fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningPair")
    }
}

/// An X25519 key pair that keys are wrapped for.
#[derive(Clone, Debug)]
pub struct AgreementPair {
    secret: Secret,
    public: AgreementKey,
}

impl AgreementPair {
    /// From its secret; X25519 takes any 32 bytes.
    ///
    /// # Errors
    /// None that can happen with 32 bytes; the library's signature has one.
    pub fn new(secret: Secret) -> Result<Self, super::CryptoError> {
        let private = private_key(&secret)?;
        let public = WrapKem::sk_to_pk(&private).to_bytes();
        let public = AgreementKey::from_slice(&public).ok_or(super::CryptoError::PublicKey)?;
        Ok(AgreementPair { secret, public })
    }

    /// The public key.
    pub fn public(&self) -> AgreementKey {
        self.public
    }

    pub(crate) fn private(&self) -> Result<<WrapKem as Kem>::PrivateKey, super::CryptoError> {
        private_key(&self.secret)
    }
}

fn private_key(secret: &Secret) -> Result<<WrapKem as Kem>::PrivateKey, super::CryptoError> {
    <WrapKem as Kem>::PrivateKey::from_bytes(secret.expose()).map_err(|_| super::CryptoError::PublicKey)
}

/// The secrets of one device and its person, as they lie in the encrypted database.
#[derive(Clone, Debug)]
pub struct IdentitySecrets {
    /// The person's root Ed25519 secret.
    pub root: Secret,
    /// The device's Ed25519 secret.
    pub signing: Secret,
    /// The device's X25519 secret.
    pub agreement: Secret,
}

impl IdentitySecrets {
    /// A new person on a new device.
    pub fn generate(random: &mut dyn Random) -> Self {
        IdentitySecrets {
            root: Secret::generate(random),
            signing: Secret::generate(random),
            agreement: Secret::generate(random),
        }
    }
}

/// A person on a device: what signs and what keys are wrapped for.
#[derive(Clone, Debug)]
pub struct Identity {
    root: SigningPair,
    device: SigningPair,
    agreement: AgreementPair,
}

impl Identity {
    /// From its secrets.
    ///
    /// # Errors
    /// When a secret is not a key.
    pub fn new(secrets: &IdentitySecrets) -> Result<Self, super::CryptoError> {
        Ok(Identity {
            root: SigningPair::new(&secrets.root),
            device: SigningPair::new(&secrets.signing),
            agreement: AgreementPair::new(secrets.agreement.clone())?,
        })
    }

    /// The person's id.
    pub fn root_key(&self) -> RootKey {
        RootKey(self.root.public())
    }

    /// The device's id.
    pub fn device_key(&self) -> DeviceKey {
        DeviceKey(self.device.public())
    }

    /// The device's signing key.
    pub fn device(&self) -> &SigningPair {
        &self.device
    }

    /// The device's agreement key.
    pub fn agreement(&self) -> &AgreementPair {
        &self.agreement
    }

    /// The device's keys, certified by the root.
    pub fn certificate(&self) -> DeviceCertificate {
        self.certify(self.device_key(), self.agreement.public())
    }

    /// The keys of a device, certified by the root as one of this person's.
    pub fn certify(&self, signing: DeviceKey, agreement: AgreementKey) -> DeviceCertificate {
        certify(&self.root, signing, agreement)
    }

    /// The person's root.
    pub fn root(&self) -> &SigningPair {
        &self.root
    }
}

/// The keys of a device, certified by a root.
pub fn certify(root: &SigningPair, signing: DeviceKey, agreement: AgreementKey) -> DeviceCertificate {
    let bytes = DeviceCertificate::signed_bytes(&RootKey(root.public()), &signing, &agreement);
    DeviceCertificate { signing, agreement, signature: root.sign(&bytes) }
}

/// The key of an epoch; everything sealed in a workspace derives from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochKey(Secret);

impl EpochKey {
    /// From bytes.
    pub fn new(secret: Secret) -> Self {
        EpochKey(secret)
    }

    /// Fresh.
    pub fn generate(random: &mut dyn Random) -> Self {
        EpochKey(Secret::generate(random))
    }

    /// The bytes, for wrapping and for the encrypted database.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// The salt of a derivation inside a workspace.
pub(crate) fn workspace_salt(workspace: &WorkspaceId) -> &[u8] {
    workspace.as_bytes()
}

/// HKDF-SHA-256 with a label and its parts as `info`. Labels end in a zero
/// byte and parts have fixed lengths, so no two derivations share an `info`.
pub(crate) fn derive<const N: usize>(salt: &[u8], secret: &[u8], label: &str, parts: &[&[u8]]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32) };
    let mut info = Vec::with_capacity(128);
    info.extend_from_slice(label.as_bytes());
    info.push(0);
    for part in parts {
        info.extend_from_slice(part);
    }
    let mut out = Zeroizing::new([0; N]);
    // HKDF's one error is an output longer than 255 hashes, excluded above.
    let _infallible = Hkdf::<Sha256>::new(Some(salt), secret).expand(&info, out.as_mut());
    out
}
