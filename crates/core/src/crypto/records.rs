//! Builds the membership records. What they mean and when they are accepted is in
//! `drystone_wire::roster`.

use drystone_wire::bundle::AdmissionRequest;
use drystone_wire::canonical;
use drystone_wire::ids::{AgreementKey, Bytes};
use drystone_wire::membership::{
    self, Body, DeviceCertificate, Epoch, LastAccepted, Operation, Record, RecoveryKeys, Role, Wrap,
};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, Hash, RootKey, WorkspaceId, limits};

use super::CryptoError;
use super::invite::InviteKeys;
use super::keys::{EpochKey, Identity};
use super::names::{self, Whose};
use super::random::{self, Random};
use super::recovery::KitKeys;
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

/// What someone answers to an invitation that reached them in a file.
///
/// # Errors
/// When the name is too long.
pub fn request(
    identity: &Identity,
    workspace: &WorkspaceId,
    epoch: (u32, &EpochKey),
    keys: &InviteKeys,
    user_name: &str,
    random: &mut dyn Random,
) -> Result<AdmissionRequest, CryptoError> {
    let (root, device) = (identity.root_key(), identity.certificate());
    let invite = DeviceKey(keys.signing.public());
    let signed = membership::join_bytes(workspace, &invite, &root, &device);
    let member_name = Bytes(names::seal(user_name, Whose::Member(root), epoch.1, random)?);
    let invite_signature = keys.signing.sign(&signed);
    Ok(AdmissionRequest { invite, root, device, member_name, epoch: epoch.0, invite_signature })
}

/// Lets someone in whose answer to an invitation came in a file.
///
/// # Errors
/// When the name is too long or nothing can be wrapped for the device.
pub fn admit(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    request: &AdmissionRequest,
    user_name: &str,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let binding = Binding::Workspace(next.workspace);
    let operation = Operation::Admit {
        invite: request.invite,
        root: request.root,
        device: request.device.clone(),
        member_name: Bytes(names::seal(user_name, Whose::Member(request.root), epoch_key, random)?),
        epoch: next.epoch,
        wrap: wrap::wrap(epoch_key, &binding, next.epoch, &request.device.agreement, random)?,
        invite_signature: request.invite_signature,
    };
    Ok(sign(identity, next, operation))
}

/// Changes the name of the author's member, whose root this is.
///
/// # Errors
/// When the name is too long.
pub fn set_name(
    identity: &Identity,
    root: RootKey,
    next: &Next,
    epoch_key: &EpochKey,
    user_name: &str,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let sealed = names::seal(user_name, Whose::Member(root), epoch_key, random)?;
    Ok(sign(identity, next, Operation::SetName { member_name: Bytes(sealed), epoch: next.epoch }))
}

/// Names a device of the author's member.
///
/// # Errors
/// When the name is too long.
pub fn set_device_name(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    device: DeviceKey,
    name: &str,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let name = Bytes(names::seal(name, Whose::Device(device), epoch_key, random)?);
    Ok(sign(identity, next, Operation::SetDeviceName { device, name, epoch: next.epoch }))
}

/// Takes an invitation back.
pub fn revoke_invite(identity: &Identity, next: &Next, invite: DeviceKey) -> Record {
    sign(identity, next, Operation::RevokeInvite { invite })
}

/// Changes what a member may do.
pub fn set_role(identity: &Identity, next: &Next, member: RootKey, role: Role) -> Record {
    sign(identity, next, Operation::SetRole { member, role })
}

/// Adds a device of the author's member.
///
/// # Errors
/// When nothing can be wrapped for the device's key.
pub fn add_device(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    device: DeviceCertificate,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let binding = Binding::Workspace(next.workspace);
    let wrap = wrap::wrap(epoch_key, &binding, next.epoch, &device.agreement, random)?;
    Ok(sign(identity, next, Operation::AddDevice { device, epoch: next.epoch, wrap }))
}

/// Makes the recovery kit of the author's member known.
///
/// # Errors
/// When nothing can be wrapped for the kit's key.
pub fn set_recovery(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    keys: RecoveryKeys,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let binding = Binding::Workspace(next.workspace);
    let wrap = wrap::wrap(epoch_key, &binding, next.epoch, &keys.agreement, random)?;
    Ok(sign(identity, next, Operation::SetRecovery { keys, epoch: next.epoch, wrap }))
}

/// Brings this device in with a recovery kit; the certificate is by the member's root.
///
/// # Errors
/// When nothing can be wrapped for this device's key.
pub fn recover(
    identity: &Identity,
    next: &Next,
    epoch_key: &EpochKey,
    kit: &KitKeys,
    device: DeviceCertificate,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let recovery = DeviceKey(kit.signing.public());
    let binding = Binding::Workspace(next.workspace);
    let wrap = wrap::wrap(epoch_key, &binding, next.epoch, &device.agreement, random)?;
    let signed = membership::recover_bytes(&next.workspace, &recovery, &device);
    let recovery_signature = kit.signing.sign(&signed);
    Ok(sign(identity, next, Operation::Recover { recovery, device, epoch: next.epoch, wrap, recovery_signature }))
}

/// The author's member goes, with all devices.
pub fn leave(identity: &Identity, next: &Next, devices: Vec<LastAccepted>) -> Record {
    sign(identity, next, Operation::Leave { devices })
}

/// Removes members and devices and starts a new epoch for all others.
///
/// # Errors
/// When nothing can be wrapped for a device that stays.
pub fn remove(
    identity: &Identity,
    roster: &Roster,
    time_ms: u64,
    epoch_key: &EpochKey,
    members: Vec<RootKey>,
    devices: Vec<LastAccepted>,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let goes = |device: &DeviceKey| devices.iter().any(|last| last.device == *device);
    let members_who_stay = || roster.members.iter().filter(|(root, _)| !members.contains(root)).map(|(_, row)| row);
    let mut stay: Vec<AgreementKey> = members_who_stay()
        .flat_map(|member| member.devices.iter().filter(|(device, _)| !goes(device)).map(|(_, key)| *key))
        .collect();
    stay.extend(members_who_stay().filter_map(|member| member.recovery.as_ref()).map(|kit| kit.keys.agreement));
    let epoch = new_epoch(roster, epoch_key, &stay, random)?;
    Ok(sign(identity, &Next::after(roster, time_ms), Operation::Remove { members, devices, epoch }))
}

/// Starts a new epoch for all devices, and for the open invitations as far as
/// the record has room.
///
/// # Errors
/// When nothing can be wrapped for a device.
pub fn rotate(
    identity: &Identity,
    roster: &Roster,
    time_ms: u64,
    epoch_key: &EpochKey,
    random: &mut dyn Random,
) -> Result<Record, CryptoError> {
    let mut to: Vec<AgreementKey> = roster.recipients().collect();
    let open = roster.invites.values().filter(|open| open.expires_ms >= time_ms);
    to.extend(
        open.map(|open| open.agreement).take(limits::WORKSPACE_DEVICES - to.len().min(limits::WORKSPACE_DEVICES)),
    );
    let epoch = new_epoch(roster, epoch_key, &to, random)?;
    Ok(sign(identity, &Next::after(roster, time_ms), Operation::Rotate { epoch }))
}

/// A fresh key for these recipients, with the way back to the key before.
fn new_epoch(
    roster: &Roster,
    previous: &EpochKey,
    to: &[AgreementKey],
    random: &mut dyn Random,
) -> Result<Epoch, CryptoError> {
    let (key, number) = (EpochKey::generate(random), roster.epoch + 1);
    let binding = Binding::Workspace(roster.workspace);
    let wraps = to.iter().map(|to| wrap::wrap(&key, &binding, number, to, random)).collect::<Result<_, _>>()?;
    let previous = wrap::seal_previous(previous, &key, &roster.workspace, number, random)?;
    Ok(Epoch { number, wraps, previous })
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
        | Operation::Admit { epoch, wrap, .. }
        | Operation::AddDevice { epoch, wrap, .. }
        | Operation::SetRecovery { epoch, wrap, .. }
        | Operation::Recover { epoch, wrap, .. } => (*epoch, here, std::slice::from_ref(wrap)),
        Operation::Remove { epoch, .. } | Operation::Rotate { epoch } => (epoch.number, here, &epoch.wraps),
        Operation::RevokeInvite { .. }
        | Operation::SetRole { .. }
        | Operation::SetName { .. }
        | Operation::Leave { .. }
        | Operation::SetDeviceName { .. } => return None,
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
