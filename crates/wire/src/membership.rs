//! The records of a workspace's membership log. The log is linear: each record
//! names the hash of the one before it. Names of people and workspaces are
//! sealed; the relay sees keys and roles only.

use minicbor::{Decode, Encode};

use crate::canonical::{self, CanonicalError};
use crate::ids::{AgreementKey, Bytes, DeviceKey, Hash, RelayKey, RootKey, Signature, WorkspaceId, hash, verify};
use crate::limits::{self, context};

/// The version of the record format.
pub const VERSION: u8 = 1;

/// What a member may do; later ones may do less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Everything.
    #[n(0)]
    Owner,
    /// Everything but what concerns owners.
    #[n(1)]
    Admin,
    /// Read and write.
    #[n(2)]
    Editor,
    /// Read.
    #[n(3)]
    Reader,
}

/// A device's keys, certified by its owner's root key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceCertificate {
    /// Signs envelopes and records.
    #[n(0)]
    pub signing: DeviceKey,
    /// Keys are wrapped for it.
    #[n(1)]
    pub agreement: AgreementKey,
    /// The root key's signature over [`DeviceCertificate::signed_bytes`].
    #[n(2)]
    pub signature: Signature,
}

impl DeviceCertificate {
    /// What the root key signs.
    pub fn signed_bytes(root: &RootKey, signing: &DeviceKey, agreement: &AgreementKey) -> Hash {
        hash(context::DEVICE_SIGNATURE, &[root.as_bytes(), signing.as_bytes(), agreement.as_bytes()])
    }

    /// Whether this root certified it.
    pub fn verify(&self, root: &RootKey) -> bool {
        let bytes = Self::signed_bytes(root, &self.signing, &self.agreement);
        verify(&root.0, bytes.as_bytes(), &self.signature)
    }
}

/// An epoch key wrapped with HPKE for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Wrap {
    /// The recipient: a device's or an invitation's agreement key.
    #[n(0)]
    pub to: AgreementKey,
    /// HPKE's encapsulated key.
    #[n(1)]
    pub encapsulated: AgreementKey,
    /// HPKE's ciphertext of the 32-byte epoch key.
    #[n(2)]
    pub ciphertext: Bytes,
}

/// A new epoch: its key for everyone who stays, and the way back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Epoch {
    /// Its number, from 1, without gaps.
    #[n(0)]
    pub number: u32,
    /// Its key, for each device.
    #[n(1)]
    pub wraps: Vec<Wrap>,
    /// The key of the epoch before, sealed under this one's; empty for the first.
    #[n(2)]
    pub previous: Bytes,
}

/// A device that is removed, and how far it is still believed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LastAccepted {
    /// The device.
    #[n(0)]
    pub device: DeviceKey,
    /// The last of its sequence numbers that counts.
    #[n(1)]
    pub sequence: u64,
}

/// What a member's recovery kit is recognised by, certified by their root key.
/// The secret of the kit itself is on no device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RecoveryKeys {
    /// Signs [`Operation::Recover`].
    #[n(0)]
    pub signing: DeviceKey,
    /// Every epoch's key is wrapped for it.
    #[n(1)]
    pub agreement: AgreementKey,
    /// The root's secret, sealed under a key of the kit.
    #[n(2)]
    pub sealed_root: Bytes,
    /// The root key's signature over [`RecoveryKeys::signed_bytes`].
    #[n(3)]
    pub signature: Signature,
}

impl RecoveryKeys {
    /// What the root key signs.
    pub fn signed_bytes(root: &RootKey, signing: &DeviceKey, agreement: &AgreementKey, sealed_root: &[u8]) -> Hash {
        let parts = [root.as_bytes(), signing.as_bytes(), agreement.as_bytes(), sealed_root];
        hash(context::RECOVERY_KEYS, &parts)
    }

    /// Whether this root certified them.
    pub fn verify(&self, root: &RootKey) -> bool {
        let bytes = Self::signed_bytes(root, &self.signing, &self.agreement, &self.sealed_root.0);
        verify(&root.0, bytes.as_bytes(), &self.signature)
    }
}

/// What a record does.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Operation {
    /// The first record: a workspace with its owner.
    #[n(0)]
    Create {
        /// Makes the workspace id unpredictable.
        #[n(0)]
        salt: Hash,
        /// The owner.
        #[n(1)]
        root: RootKey,
        /// The owner's first device, which is the author.
        #[n(2)]
        device: DeviceCertificate,
        /// The workspace's name, sealed under the epoch key.
        #[n(3)]
        name: Bytes,
        /// The owner's name, sealed under the epoch key.
        #[n(4)]
        member_name: Bytes,
        /// The first epoch.
        #[n(5)]
        epoch: Epoch,
    },
    /// An invitation that one person can use once.
    #[n(1)]
    Invite {
        /// Its Ed25519 key, derived from the seed in the link.
        #[n(0)]
        invite: DeviceKey,
        /// What the invited person may do.
        #[n(1)]
        role: Role,
        /// When it ends, milliseconds since 1970.
        #[n(2)]
        expires_ms: u64,
        /// The epoch whose key is wrapped.
        #[n(3)]
        epoch: u32,
        /// The epoch key for the invitation's agreement key.
        #[n(4)]
        wrap: Wrap,
    },
    /// Someone uses an invitation.
    #[n(2)]
    Join {
        /// The invitation.
        #[n(0)]
        invite: DeviceKey,
        /// The new member.
        #[n(1)]
        root: RootKey,
        /// The new member's device, which is the author.
        #[n(2)]
        device: DeviceCertificate,
        /// The member's name, sealed under the epoch key.
        #[n(3)]
        member_name: Bytes,
        /// The epoch whose key is wrapped.
        #[n(4)]
        epoch: u32,
        /// The epoch key for the new device.
        #[n(5)]
        wrap: Wrap,
        /// The invitation key's signature over [`join_bytes`].
        #[n(6)]
        invite_signature: Signature,
    },
    /// Takes an invitation back.
    #[n(3)]
    RevokeInvite {
        /// The invitation.
        #[n(0)]
        invite: DeviceKey,
    },
    /// Changes a member's role.
    #[n(4)]
    SetRole {
        /// The member.
        #[n(0)]
        member: RootKey,
        /// The new role.
        #[n(1)]
        role: Role,
    },
    /// A member adds a device of their own.
    #[n(5)]
    AddDevice {
        /// The new device, certified by the author's root.
        #[n(0)]
        device: DeviceCertificate,
        /// The epoch whose key is wrapped.
        #[n(1)]
        epoch: u32,
        /// The epoch key for the new device.
        #[n(2)]
        wrap: Wrap,
    },
    /// Removes members or single devices, takes back all open invitations and
    /// starts a new epoch, all in one.
    #[n(6)]
    Remove {
        /// Members who go.
        #[n(0)]
        members: Vec<RootKey>,
        /// Their devices, or single devices of members who stay, with how far each still counts.
        #[n(1)]
        devices: Vec<LastAccepted>,
        /// The new epoch.
        #[n(2)]
        epoch: Epoch,
    },
    /// Starts a new epoch.
    #[n(7)]
    Rotate {
        /// The new epoch. Besides for the devices its key may be wrapped for open
        /// invitations; one that gets no key, or has expired, is taken back.
        #[n(0)]
        epoch: Epoch,
    },
    /// A member changes the name that others see.
    #[n(8)]
    SetName {
        /// The new name, sealed under the epoch key.
        #[n(0)]
        member_name: Bytes,
        /// The epoch whose key seals it, the current one.
        #[n(1)]
        epoch: u32,
    },
    /// A member goes. Whoever goes must not make the key of those who stay, so
    /// this starts no epoch: the next owner or admin does, with [`Operation::Rotate`].
    #[n(9)]
    Leave {
        /// All of the member's devices, with how far each still counts.
        #[n(0)]
        devices: Vec<LastAccepted>,
    },
    /// A member names one of their own devices.
    #[n(10)]
    SetDeviceName {
        /// The device.
        #[n(0)]
        device: DeviceKey,
        /// Its name, sealed under the epoch key.
        #[n(1)]
        name: Bytes,
        /// The epoch whose key seals it, the current one.
        #[n(2)]
        epoch: u32,
    },
    /// Lets someone in who has used an invitation without reaching a relay: what
    /// they answered to it came in a file, and whoever keeps the log records it.
    #[n(11)]
    Admit {
        /// The invitation.
        #[n(0)]
        invite: DeviceKey,
        /// The new member.
        #[n(1)]
        root: RootKey,
        /// The new member's device.
        #[n(2)]
        device: DeviceCertificate,
        /// The member's name, sealed under the epoch key.
        #[n(3)]
        member_name: Bytes,
        /// The epoch whose key is wrapped.
        #[n(4)]
        epoch: u32,
        /// The epoch key for the new device.
        #[n(5)]
        wrap: Wrap,
        /// The invitation key's signature over [`join_bytes`].
        #[n(6)]
        invite_signature: Signature,
    },
    /// A member has made a recovery kit; the one before it works no more.
    #[n(12)]
    SetRecovery {
        /// The kit's public half.
        #[n(0)]
        keys: RecoveryKeys,
        /// The epoch whose key is wrapped.
        #[n(1)]
        epoch: u32,
        /// The epoch key for the kit.
        #[n(2)]
        wrap: Wrap,
    },
    /// A member comes back on a new device with their recovery kit.
    #[n(13)]
    Recover {
        /// The kit's signing key.
        #[n(0)]
        recovery: DeviceKey,
        /// The new device, which is the author, certified by the member's root.
        #[n(1)]
        device: DeviceCertificate,
        /// The epoch whose key is wrapped.
        #[n(2)]
        epoch: u32,
        /// The epoch key for the new device.
        #[n(3)]
        wrap: Wrap,
        /// The kit's signature over [`recover_bytes`].
        #[n(4)]
        recovery_signature: Signature,
    },
}

/// The signed part of a record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Body {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// The workspace; zeros in the first record, whose hash becomes the id.
    #[n(1)]
    pub workspace: WorkspaceId,
    /// Position in the log, from 1, without gaps.
    #[n(2)]
    pub position: u64,
    /// Hash of the record before; zeros in the first.
    #[n(3)]
    pub previous: Hash,
    /// The author's clock, corrected by the relay's, milliseconds since 1970.
    #[n(4)]
    pub time_ms: u64,
    /// The device that signs.
    #[n(5)]
    pub author: DeviceKey,
    /// What it does.
    #[n(6)]
    pub operation: Operation,
}

/// A membership record as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Record {
    /// The body's canonical bytes.
    #[n(0)]
    pub body: Bytes,
    /// The author's signature over [`signed_bytes`] of the body's hash.
    #[n(1)]
    pub signature: Signature,
}

/// A record with the relay's confirmation that it holds this position.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Countersigned {
    /// The record's canonical bytes.
    #[n(0)]
    pub record: Bytes,
    /// The relay's signature over [`countersigned_bytes`].
    #[n(1)]
    pub signature: Signature,
}

/// The reply to reading a membership log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RecordPage {
    /// Consecutive records.
    #[n(0)]
    pub records: Vec<Countersigned>,
    /// How many records there are in all.
    #[n(1)]
    pub total: u64,
}

/// What an author signs.
pub fn signed_bytes(record: &Hash) -> Hash {
    hash(context::RECORD_SIGNATURE, &[record.as_bytes()])
}

/// What an invitation's key signs, so that only who has the link can join, and
/// only with the keys they chose.
pub fn join_bytes(workspace: &WorkspaceId, invite: &DeviceKey, root: &RootKey, device: &DeviceCertificate) -> Hash {
    hash(
        context::INVITE_SIGNATURE,
        &[workspace.as_bytes(), invite.as_bytes(), root.as_bytes(), &canonical::encode(device)],
    )
}

/// What a recovery kit signs, so that only who has it brings a device in.
pub fn recover_bytes(workspace: &WorkspaceId, recovery: &DeviceKey, device: &DeviceCertificate) -> Hash {
    hash(context::RECOVERY_SIGNATURE, &[workspace.as_bytes(), recovery.as_bytes(), &canonical::encode(device)])
}

/// What the relay signs.
pub fn countersigned_bytes(workspace: &WorkspaceId, position: u64, record: &Hash) -> Hash {
    hash(context::COUNTERSIGNATURE, &[workspace.as_bytes(), &position.to_le_bytes(), record.as_bytes()])
}

impl Record {
    /// The record's hash: that of its body.
    pub fn hash(&self) -> Hash {
        hash(context::RECORD, &[&self.body.0])
    }

    /// Its canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads a record and its body; verifies form and nothing else.
    ///
    /// # Errors
    /// When the bytes are not a canonical record.
    pub fn open(bytes: &[u8]) -> Result<(Record, Body), CanonicalError> {
        let record: Record = canonical::decode(bytes, limits::RECORD_BYTES)?;
        let body: Body = canonical::decode(&record.body.0, limits::RECORD_BYTES)?;
        Ok((record, body))
    }
}

impl Countersigned {
    /// Whether the relay with this key confirmed the record at this position.
    pub fn verify(&self, relay: &RelayKey, workspace: &WorkspaceId, position: u64, record: &Hash) -> bool {
        verify(&relay.0, countersigned_bytes(workspace, position, record).as_bytes(), &self.signature)
    }
}
