//! How a second device of a person comes into a workspace. The new device shows
//! a code with its public keys; a device that holds the person's root key
//! certifies them and answers with a link that says where to go. Neither holds
//! a secret.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use drystone_wire::ids::AgreementKey;
use drystone_wire::{DeviceKey, Hash, RelayKey, RootKey, WorkspaceId, canonical};
use minicbor::{Decode, Encode};

use super::address::RelayAddress;
use super::invite::{LINK_BYTES, LinkError};

/// What a code begins with.
pub const CODE_PREFIX: &str = "drystone1dev";
const FRAGMENT_BYTES: usize = 256;
const VERSION: &str = "1.";

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

impl Fragment {
    /// Tells a cut or mistyped link from one that leads nowhere.
    fn check(&self) -> [u8; 4] {
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

fn first_four(hash: &Hash) -> [u8; 4] {
    [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
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
        let bytes = canonical::encode(&CodeBytes { signing, agreement, check });
        write!(f, "{CODE_PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
    }
}

impl FromStr for DeviceCode {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        let encoded = text.strip_prefix(CODE_PREFIX).filter(|_| text.len() <= LINK_BYTES).ok_or(LinkError::NotALink)?;
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| LinkError::Damaged)?;
        let read: CodeBytes = canonical::decode(&bytes, FRAGMENT_BYTES).map_err(|_| LinkError::Damaged)?;
        let code = DeviceCode { signing: read.signing, agreement: read.agreement };
        if read.check == first_four(&code.hash()) { Ok(code) } else { Err(LinkError::Damaged) }
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
        fragment.check = fragment.check();
        let bytes = canonical::encode(&fragment);
        write!(f, "{}/device#{VERSION}{}", self.relay, BASE64URL_NOPAD.encode(&bytes))
    }
}

impl FromStr for DeviceLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_BYTES {
            return Err(LinkError::NotALink);
        }
        let (address, rest) = text.split_once("/device#").ok_or(LinkError::NotALink)?;
        let encoded = match rest.strip_prefix(VERSION) {
            Some(encoded) => encoded,
            None if rest.contains('.') => return Err(LinkError::Newer),
            None => return Err(LinkError::Damaged),
        };
        let relay: RelayAddress = address.parse()?;
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| LinkError::Damaged)?;
        let fragment: Fragment = canonical::decode(&bytes, FRAGMENT_BYTES).map_err(|_| LinkError::Damaged)?;
        if fragment.check != fragment.check() {
            return Err(LinkError::Damaged);
        }
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
