//! The invitation link: `RELAY/join#1.<base64url>`. Everything secret stands
//! behind the `#`, which browsers do not send to anyone. Reading a link does
//! nothing but read it.

use std::fmt;
use std::str::FromStr;

use drystone_wire::{Hash, RelayKey, WorkspaceId};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::CryptoError;
use super::address::RelayAddress;
use super::keys::{AgreementPair, Secret, SigningPair, derive, workspace_salt};
use super::link::{self, Checked, LinkError, first_four};

const PAGE: &str = "join";
const SIGNING_LABEL: &str = "drystone v1 invite signing";
const AGREEMENT_LABEL: &str = "drystone v1 invite agreement";

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteLink {
    /// Where the workspace's log is.
    pub relay: RelayAddress,
    /// The relay's key: another relay at this address is not believed.
    pub relay_key: RelayKey,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The invitation's keys are derived from it.
    pub seed: Seed,
    /// The membership log has this many records at least …
    pub checkpoint_position: u64,
    /// … and the last of them has this hash.
    pub checkpoint_hash: Hash,
}

/// 128 secret bits. Whoever has them can join once.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(pub Zeroizing<[u8; 16]>);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Fragment {
    #[n(0)]
    workspace: WorkspaceId,
    #[n(1)]
    relay_key: RelayKey,
    #[cbor(n(2), with = "minicbor::bytes")]
    seed: [u8; 16],
    #[n(3)]
    checkpoint_position: u64,
    #[n(4)]
    checkpoint_hash: Hash,
    #[cbor(n(5), with = "minicbor::bytes")]
    check: [u8; 4],
}

impl Checked for Fragment {
    fn given(&self) -> [u8; 4] {
        self.check
    }

    fn wanted(&self) -> [u8; 4] {
        let parts: [&[u8]; 5] = [
            self.workspace.as_bytes(),
            self.relay_key.as_bytes(),
            &self.seed,
            &self.checkpoint_position.to_le_bytes(),
            self.checkpoint_hash.as_bytes(),
        ];
        first_four(&drystone_wire::ids::hash("drystone v1 invite check", &parts))
    }
}

impl fmt::Display for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fragment = Fragment {
            workspace: self.workspace,
            relay_key: self.relay_key,
            seed: *self.seed.0,
            checkpoint_position: self.checkpoint_position,
            checkpoint_hash: self.checkpoint_hash,
            check: [0; 4],
        };
        fragment.check = fragment.wanted();
        link::write(f, &self.relay, PAGE, &fragment)
    }
}

impl FromStr for InviteLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let (relay, fragment) = link::read::<Fragment>(text, PAGE)?;
        Ok(InviteLink {
            relay,
            relay_key: fragment.relay_key,
            workspace: fragment.workspace,
            seed: Seed(Zeroizing::new(fragment.seed)),
            checkpoint_position: fragment.checkpoint_position,
            checkpoint_hash: fragment.checkpoint_hash,
        })
    }
}

/// An invitation's keys.
#[derive(Debug, Clone)]
pub struct InviteKeys {
    /// Proves to relay and members that one has the link.
    pub signing: SigningPair,
    /// The epoch key is wrapped for it.
    pub agreement: AgreementPair,
}

impl InviteKeys {
    /// From the seed in a link.
    ///
    /// # Errors
    /// None that can happen; the key library's signature has one.
    pub fn derive(seed: &[u8; 16], workspace: &WorkspaceId) -> Result<Self, CryptoError> {
        let salt = workspace_salt(workspace);
        let signing = Secret::new(*derive(salt, seed, SIGNING_LABEL, &[]));
        let agreement = Secret::new(*derive(salt, seed, AGREEMENT_LABEL, &[]));
        Ok(InviteKeys { signing: SigningPair::new(&signing), agreement: AgreementPair::new(agreement)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::address::AddressError;
    use crate::crypto::link::LINK_BYTES;

    fn link() -> InviteLink {
        InviteLink {
            relay: "https://relay.example.org:8443".parse().unwrap(),
            relay_key: RelayKey([1; 32]),
            workspace: WorkspaceId([2; 32]),
            seed: Seed(Zeroizing::new([3; 16])),
            checkpoint_position: 300,
            checkpoint_hash: Hash([4; 32]),
        }
    }

    #[test]
    fn a_link_survives_being_passed_on() {
        let text = link().to_string();
        assert!(text.starts_with("https://relay.example.org:8443/join#1."), "{text}");
        assert_eq!(text.parse::<InviteLink>().unwrap(), link());
        assert_eq!(format!("  {text}\n").parse::<InviteLink>().unwrap(), link());
    }

    #[test]
    fn a_cut_or_changed_link_is_told_from_no_link() {
        let text = link().to_string();
        let start = text.find('#').unwrap() + 3;
        for end in start..text.len() {
            assert_eq!(text[..end].parse::<InviteLink>(), Err(LinkError::Damaged), "{end}");
        }
        for at in start..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(changed.parse::<InviteLink>(), Err(LinkError::Damaged), "{at}");
        }
        assert_eq!("hello".parse::<InviteLink>(), Err(LinkError::NotALink));
        assert_eq!(
            "javascript:alert(1)/join#1.AA".parse::<InviteLink>(),
            Err(LinkError::Address(AddressError::Scheme))
        );
        assert_eq!(text.replace("#1.", "#2.").parse::<InviteLink>(), Err(LinkError::Newer));
        assert_eq!("x".repeat(LINK_BYTES + 1).parse::<InviteLink>(), Err(LinkError::NotALink));
    }

    #[test]
    fn keys_depend_on_seed_and_workspace() {
        let one = InviteKeys::derive(&[1; 16], &WorkspaceId([1; 32])).unwrap();
        let other_seed = InviteKeys::derive(&[2; 16], &WorkspaceId([1; 32])).unwrap();
        let other_place = InviteKeys::derive(&[1; 16], &WorkspaceId([2; 32])).unwrap();
        assert_ne!(one.signing.public(), other_seed.signing.public());
        assert_ne!(one.signing.public(), other_place.signing.public());
        assert_ne!(one.agreement.public(), other_place.agreement.public());
    }
}
