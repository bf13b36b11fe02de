//! Builds the membership records this version writes: create, invite, join.
//! What they mean and when they are accepted is in `drystone_wire::roster`.

use drystone_wire::canonical;
use drystone_wire::ids::Bytes;
use drystone_wire::membership::{self, Body, Epoch, Operation, Record, Role, Wrap};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, Hash, WorkspaceId};

use super::CryptoError;
use super::invite::InviteKeys;
use super::keys::{EpochKey, Identity};
use super::names::{self, Whose};
use super::random::{self, Random};
use super::wrap::{self, Binding};

/// A new workspace: its first record and what its owner keeps.
#[derive(Debug, Clone)]
pub struct Created {
    /// The workspace's id, the hash of the record.
    pub workspace: WorkspaceId,
    /// The record.
    pub record: Record,
    /// The key of epoch 1.
    pub epoch_key: EpochKey,
}

/// Where the next record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Position of the new record.
    pub position: u64,
    /// Hash of the record before.
    pub previous: Hash,
    /// Current epoch.
    pub epoch: u32,
    /// The author's clock, corrected by the relay's.
    pub time_ms: u64,
}

impl Next {
    /// After the last record of a roster.
    pub fn after(roster: &Roster, time_ms: u64) -> Self {
        Next {
            workspace: roster.workspace,
            position: roster.position + 1,
            previous: roster.head,
            epoch: roster.epoch,
            time_ms,
        }
    }
}

/// Founds a workspace.
///
/// # Errors
/// When a name is too long.
pub fn create(
    identity: &Identity,
    name: &str,
    user_name: &str,
    time_ms: u64,
    random: &mut dyn Random,
) -> Result<Created, CryptoError> {
    let salt = Hash(random::array(random));
    let epoch_key = EpochKey::generate(random);
    let root = identity.root_key();
    let own = wrap::wrap(&epoch_key, &Binding::Genesis(salt), 1, &identity.agreement().public(), random)?;
    let operation = Operation::Create {
        salt,
        root,
        device: identity.certificate(),
        name: Bytes(names::seal(name, Whose::Workspace, &epoch_key, random)?),
        member_name: Bytes(names::seal(user_name, Whose::Member(root), &epoch_key, random)?),
        epoch: Epoch { number: 1, wraps: vec![own], previous: Bytes::default() },
    };
    let first = Next { workspace: WorkspaceId::ZERO, position: 1, previous: Hash::ZERO, epoch: 1, time_ms };
    let record = sign(identity, &first, operation);
    Ok(Created { workspace: WorkspaceId(record.hash().0), record, epoch_key })
}

/// Opens an invitation.
///
/// # Errors
/// None in practice: the invitation's own key can be wrapped for.
pub fn invite(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    keys: &InviteKeys,
    role: Role,
    expires_ms: u64,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let to = keys.agreement.public();
    let wrap = wrap::wrap(epoch_key, &Binding::Workspace(next.workspace), next.epoch, &to, random)?;
    let invite = DeviceKey(keys.signing.public());
    Ok(sign(identity, next, Operation::Invite { invite, role, expires_ms, epoch: next.epoch, wrap }))
}

/// Uses an invitation.
///
/// # Errors
/// When the name is too long.
pub fn join(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    keys: &InviteKeys,
    user_name: &str,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let (root, device) = (identity.root_key(), identity.certificate());
    let invite = DeviceKey(keys.signing.public());
    let signed = membership::join_bytes(&next.workspace, &invite, &root, &device);
    let binding = Binding::Workspace(next.workspace);
    let operation = Operation::Join {
        invite,
        root,
        device,
        member_name: Bytes(names::seal(user_name, Whose::Member(root), epoch_key, random)?),
        epoch: next.epoch,
        wrap: wrap::wrap(epoch_key, &binding, next.epoch, &identity.agreement().public(), random)?,
        invite_signature: keys.signing.sign(&signed),
    };
    Ok(sign(identity, next, operation))
}

/// Changes the own name.
///
/// # Errors
/// When the name is too long.
pub fn set_name(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    user_name: &str,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let sealed = names::seal(user_name, Whose::Member(identity.root_key()), epoch_key, random)?;
    Ok(sign(identity, next, Operation::SetName { member_name: Bytes(sealed), epoch: next.epoch }))
}

/// The wrap that an operation carries for one recipient, with its epoch and
/// what it is bound to.
pub fn wrap_for<'a>(
    body: &'a Body,
    workspace: &WorkspaceId,
    to: &drystone_wire::ids::AgreementKey,
) -> Option<(u32, Binding, &'a Wrap)> {
    let here = Binding::Workspace(*workspace);
    let (epoch, binding, wraps): (u32, Binding, &[Wrap]) = match &body.operation {
        Operation::Create { salt, epoch, .. } => (epoch.number, Binding::Genesis(*salt), &epoch.wraps),
        Operation::Invite { epoch, wrap, .. }
        | Operation::Join { epoch, wrap, .. }
        | Operation::AddDevice { epoch, wrap, .. } => (*epoch, here, std::slice::from_ref(wrap)),
        Operation::Remove { epoch, .. } | Operation::Rotate { epoch } => (epoch.number, here, &epoch.wraps),
        Operation::RevokeInvite { .. } | Operation::SetRole { .. } | Operation::SetName { .. } => return None,
    };
    wraps.iter().find(|wrap| wrap.to == *to).map(|wrap| (epoch, binding, wrap))
}

/// The new epoch an operation starts, with the sealed key of the one before.
pub fn epoch_of(body: &Body) -> Option<&Epoch> {
    match &body.operation {
        Operation::Create { epoch, .. } | Operation::Remove { epoch, .. } | Operation::Rotate { epoch } => Some(epoch),
        _ => None,
    }
}

fn sign(identity: &Identity, next: &Next, operation: Operation) -> Record {
    let body = Body {
        version: membership::VERSION,
        workspace: next.workspace,
        position: next.position,
        previous: next.previous,
        time_ms: next.time_ms,
        author: identity.device_key(),
        operation,
    };
    let mut record = Record { body: Bytes(canonical::encode(&body)), signature: drystone_wire::Signature::ZERO };
    record.signature = identity.device().sign(&membership::signed_bytes(&record.hash()));
    record
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
