//! How a second device of a person comes into a workspace. The new device shows
//! a code with its public keys; a device that holds the person's root key
//! certifies them and answers with a link that says where to go. Neither holds
//! a secret.

use std::fmt;
use std::str::FromStr;

use drystone_wire::ids::AgreementKey;
use drystone_wire::{DeviceKey, Hash, RelayKey, RootKey, WorkspaceId};
use minicbor::{Decode, Encode};

use super::address::RelayAddress;
use super::link::{self, Checked, LINK_BYTES, LinkError, first_four};

/// What a code begins with.
pub const CODE_PREFIX: &str = "drystone1dev";
const PAGE: &str = "device";

/// A new device's public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceCode {
    /// Signs envelopes and records.
    pub signing: DeviceKey,
    /// Keys are wrapped for it.
    pub agreement: AgreementKey,
}

/// Where a device finds the workspace it was added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLink {
    /// Where the workspace's log is.
    pub relay: RelayAddress,
    /// The relay's key.
    pub relay_key: RelayKey,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whose device it is.
    pub member: RootKey,
    /// The device that was added.
    pub device: DeviceKey,
    /// The membership log has this many records at least …
    pub checkpoint_position: u64,
    /// … and the last of them has this hash.
    pub checkpoint_hash: Hash,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct CodeBytes {
    #[n(0)]
    signing: DeviceKey,
    #[n(1)]
    agreement: AgreementKey,
    #[cbor(n(2), with = "minicbor::bytes")]
    check: [u8; 4],
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Fragment {
    #[n(0)]
    workspace: WorkspaceId,
    #[n(1)]
    relay_key: RelayKey,
    #[n(2)]
    member: RootKey,
    #[n(3)]
    device: DeviceKey,
    #[n(4)]
    checkpoint_position: u64,
    #[n(5)]
    checkpoint_hash: Hash,
    #[cbor(n(6), with = "minicbor::bytes")]
    check: [u8; 4],
}

impl Checked for Fragment {
    fn given(&self) -> [u8; 4] {
        self.check
    }

    fn wanted(&self) -> [u8; 4] {
        let parts: [&[u8]; 6] = [
            self.workspace.as_bytes(),
            self.relay_key.as_bytes(),
            self.member.as_bytes(),
            self.device.as_bytes(),
            &self.checkpoint_position.to_le_bytes(),
            self.checkpoint_hash.as_bytes(),
        ];
        first_four(&drystone_wire::ids::hash("drystone v1 device link check", &parts))
    }
}

impl Checked for CodeBytes {
    fn given(&self) -> [u8; 4] {
        self.check
    }

    fn wanted(&self) -> [u8; 4] {
        first_four(&DeviceCode { signing: self.signing, agreement: self.agreement }.hash())
    }
}

impl DeviceCode {
    fn hash(&self) -> Hash {
        drystone_wire::ids::hash("drystone v1 device code", &[self.signing.as_bytes(), self.agreement.as_bytes()])
    }

    /// Sixteen digits that both devices show, so that a code that was exchanged
    /// on its way is noticed.
    pub fn fingerprint(&self) -> String {
        let hash = self.hash();
        let groups: Vec<String> =
            hash.0[4..12].chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect();
        groups.join(" ")
    }
}

impl fmt::Display for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (signing, agreement, check) = (self.signing, self.agreement, first_four(&self.hash()));
        write!(f, "{CODE_PREFIX}{}", *link::encoded(&CodeBytes { signing, agreement, check }))
    }
}

impl FromStr for DeviceCode {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        let encoded = text.strip_prefix(CODE_PREFIX).filter(|_| text.len() <= LINK_BYTES).ok_or(LinkError::NotALink)?;
        let read: CodeBytes = link::decoded(encoded)?;
        Ok(DeviceCode { signing: read.signing, agreement: read.agreement })
    }
}

impl fmt::Display for DeviceLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fragment = Fragment {
            workspace: self.workspace,
            relay_key: self.relay_key,
            member: self.member,
            device: self.device,
            checkpoint_position: self.checkpoint_position,
            checkpoint_hash: self.checkpoint_hash,
            check: [0; 4],
        };
        fragment.check = fragment.wanted();
        link::write(f, &self.relay, PAGE, &fragment)
    }
}

impl FromStr for DeviceLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let (relay, fragment) = link::read::<Fragment>(text, PAGE)?;
        Ok(DeviceLink {
            relay,
            relay_key: fragment.relay_key,
            workspace: fragment.workspace,
            member: fragment.member,
            device: fragment.device,
            checkpoint_position: fragment.checkpoint_position,
            checkpoint_hash: fragment.checkpoint_hash,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_its_way_and_a_changed_one_does_not() {
        let code = DeviceCode { signing: DeviceKey([1; 32]), agreement: AgreementKey([2; 32]) };
        let text = code.to_string();
        assert_eq!(format!(" {text}\n").parse::<DeviceCode>().unwrap(), code);
        assert_eq!(code.fingerprint().split(' ').map(str::len).collect::<Vec<_>>(), [4; 4]);
        for at in CODE_PREFIX.len()..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(changed.parse::<DeviceCode>(), Err(LinkError::Damaged), "{at}");
            assert!(text[..at].parse::<DeviceCode>().is_err(), "{at}");
        }
        assert_eq!("hello".parse::<DeviceCode>(), Err(LinkError::NotALink));
    }

    #[test]
    fn a_link_survives_its_way_and_a_changed_one_does_not() {
        let link = DeviceLink {
            relay: "https://relay.example.org:8443".parse().unwrap(),
            relay_key: RelayKey([1; 32]),
            workspace: WorkspaceId([2; 32]),
            member: RootKey([3; 32]),
            device: DeviceKey([4; 32]),
            checkpoint_position: 300,
            checkpoint_hash: Hash([5; 32]),
        };
        let text = link.to_string();
        assert_eq!(text.parse::<DeviceLink>().unwrap(), link);
        let start = text.find('#').unwrap() + 3;
        for at in start..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(changed.parse::<DeviceLink>(), Err(LinkError::Damaged), "{at}");
        }
        assert_eq!(text.replace("#1.", "#2.").parse::<DeviceLink>(), Err(LinkError::Newer));
        assert_eq!(text.replace("/device#", "/join#").parse::<DeviceLink>(), Err(LinkError::NotALink));
    }
}
