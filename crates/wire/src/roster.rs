//! Who is in a workspace: what a membership log adds up to. Relay and every
//! client run this same validation on every record; nobody trusts the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::canonical::CanonicalError;
use crate::ids::{AgreementKey, Bytes, DeviceKey, Hash, RootKey, WorkspaceId, verify};
use crate::limits;
use crate::membership::{
    Body, DeviceCertificate, Epoch, LastAccepted, Operation, Record, RecoveryKeys, Role, VERSION, join_bytes,
    recover_bytes, signed_bytes,
};

/// A member and the devices they use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What the member may do.
    pub role: Role,
    /// The member's name, sealed.
    pub name: Vec<u8>,
    /// The epoch whose key seals the name.
    pub name_epoch: u32,
    /// Devices in use, with the keys that are wrapped for them.
    pub devices: BTreeMap<DeviceKey, AgreementKey>,
    /// The member's recovery kit.
    pub recovery: Option<Recovery>,
}

/// The recovery kit that brings a member back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Its public half.
    pub keys: RecoveryKeys,
    /// When it was made known by its author's clock, milliseconds since 1970.
    pub since_ms: u64,
}

/// An invitation that can still be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvite {
    /// What the invited person may do.
    pub role: Role,
    /// When it ends, milliseconds since 1970.
    pub expires_ms: u64,
    /// The member who made it.
    pub by: RootKey,
    /// What epoch keys are wrapped for.
    pub agreement: AgreementKey,
}

/// A device that is no longer in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Whose it was.
    pub member: RootKey,
    /// The last of its sequence numbers that counts.
    pub sequence: u64,
}

/// The state after the records so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// How many records there are; also the last one's position.
    pub position: u64,
    /// The last record's hash.
    pub head: Hash,
    /// The workspace's name, sealed under epoch 1.
    pub name: Vec<u8>,
    /// Current epoch.
    pub epoch: u32,
    /// When it began by its author's clock, milliseconds since 1970.
    pub epoch_ms: u64,
    /// Whether someone who has its key has left since, or a recovery kit that opens it was replaced.
    pub departed: bool,
    /// Members by root key.
    pub members: BTreeMap<RootKey, Member>,
    /// Which member a device belongs to.
    pub devices: BTreeMap<DeviceKey, RootKey>,
    /// Sealed names of devices, with the epoch whose key seals each.
    pub device_names: BTreeMap<DeviceKey, (Vec<u8>, u32)>,
    /// Devices that were removed, with the last sequence number that counts.
    pub removed: BTreeMap<DeviceKey, Removed>,
    /// Invitations that can still be used.
    pub invites: BTreeMap<DeviceKey, OpenInvite>,
}

/// Why a record was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// The bytes are not a record.
    #[error("not a membership record: {0}")]
    Format(#[from] CanonicalError),
    /// A version this program does not know.
    #[error("unknown version {0}")]
    Version(u8),
    /// It does not follow the last record.
    #[error("does not follow record {position}")]
    NotNext {
        /// The last record's position.
        position: u64,
    },
    /// A signature does not verify.
    #[error("the signature of the {0} does not verify")]
    Signature(&'static str),
    /// The author may not do this.
    #[error("the author may not do this: {0}")]
    NotAllowed(&'static str),
    /// The invitation is unknown, used, taken back, or over.
    #[error("the invitation is unknown, used, taken back or over")]
    Invite,
    /// The keys handed out do not fit those who should have them.
    #[error("the epoch's keys do not fit: {0}")]
    Epoch(&'static str),
    /// A named limit is exceeded.
    #[error("more than {0} {1}")]
    Limit(usize, &'static str),
}

impl Roster {
    /// Reads the first record of a workspace.
    ///
    /// # Errors
    /// [`RosterError`] says what does not hold.
    pub fn create(bytes: &[u8]) -> Result<Roster, RosterError> {
        let (record, body) = Record::open(bytes)?;
        check_version(&body)?;
        if body.position != 1 || body.previous != Hash::ZERO || body.workspace != WorkspaceId::ZERO {
            return Err(RosterError::NotNext { position: 0 });
        }
        check_author(&record, &body)?;
        let Operation::Create { root, device, name, member_name, epoch, .. } = body.operation else {
            return Err(RosterError::NotAllowed("the first record creates the workspace"));
        };
        check_device(&device, &root, &body.author)?;
        check_name(&name)?;
        check_name(&member_name)?;
        if epoch.number != 1 || !epoch.previous.0.is_empty() {
            return Err(RosterError::Epoch("the first epoch is number 1"));
        }
        let head = record.hash();
        let mut roster = Roster {
            workspace: WorkspaceId(head.0),
            position: 1,
            head,
            name: name.0,
            epoch: 1,
            epoch_ms: body.time_ms,
            departed: false,
            members: BTreeMap::new(),
            devices: BTreeMap::new(),
            device_names: BTreeMap::new(),
            removed: BTreeMap::new(),
            invites: BTreeMap::new(),
        };
        roster.insert_member(root, Role::Owner, member_name.0, 1, &device);
        roster.check_wraps(&epoch)?;
        Ok(roster)
    }

    /// Applies the next record. On an error nothing has changed.
    ///
    /// # Errors
    /// [`RosterError`] says what does not hold.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<Body, RosterError> {
        let (record, body) = Record::open(bytes)?;
        check_version(&body)?;
        let next = self.position + 1;
        if body.position != next || body.previous != self.head || body.workspace != self.workspace {
            return Err(RosterError::NotNext { position: self.position });
        }
        if next > limits::RECORDS {
            return Err(RosterError::Limit(limits::RECORDS as usize, "membership records"));
        }
        check_author(&record, &body)?;
        let mut after = self.clone();
        after.operate(&body)?;
        after.position = next;
        after.head = record.hash();
        *self = after;
        Ok(body)
    }

    /// The role of the member a device belongs to.
    pub fn role_of(&self, device: &DeviceKey) -> Option<Role> {
        self.devices.get(device).and_then(|root| self.members.get(root)).map(|member| member.role)
    }

    /// Whether a device may write to the log.
    pub fn may_write(&self, device: &DeviceKey) -> bool {
        self.role_of(device).is_some_and(|role| role <= Role::Editor)
    }

    fn operate(&mut self, body: &Body) -> Result<(), RosterError> {
        match &body.operation {
            Operation::Create { .. } => Err(RosterError::NotAllowed("only the first record creates")),
            Operation::Invite { .. } => self.invite(body),
            Operation::Join { device, .. } if device.signing != body.author => {
                Err(RosterError::NotAllowed("the author is the new device"))
            }
            Operation::Admit { .. } if self.author_role(body)? > Role::Admin => {
                Err(RosterError::NotAllowed("only owners and admins let others in"))
            }
            Operation::Join { .. } | Operation::Admit { .. } => self.join(body),
            Operation::RevokeInvite { invite } => {
                if self.author_role(body)? > Role::Admin {
                    return Err(RosterError::NotAllowed("only owners and admins take invitations back"));
                }
                self.invites.remove(invite).map(|_| ()).ok_or(RosterError::Invite)
            }
            Operation::SetRole { member, role } => self.set_role(body, member, *role),
            Operation::AddDevice { device, epoch, wrap } => self.add_device(body, device, *epoch, &wrap.to),
            Operation::Remove { members, devices, epoch } => {
                self.remove(body, members, devices)?;
                self.invites.clear();
                self.next_epoch(epoch, body.time_ms)
            }
            Operation::Rotate { epoch } => {
                if self.author_role(body)? > Role::Admin {
                    return Err(RosterError::NotAllowed("only owners and admins rotate keys"));
                }
                let given: BTreeSet<AgreementKey> = epoch.wraps.iter().map(|wrap| wrap.to).collect();
                self.invites.retain(|_, open| open.expires_ms >= body.time_ms && given.contains(&open.agreement));
                self.next_epoch(epoch, body.time_ms)
            }
            Operation::SetName { member_name, epoch } => self.set_name(body, member_name, *epoch),
            Operation::Leave { devices } => self.leave(body, devices),
            Operation::SetDeviceName { device, name, epoch } => self.set_device_name(body, device, name, *epoch),
            Operation::SetRecovery { keys, epoch, wrap } => self.set_recovery(body, keys, *epoch, &wrap.to),
            Operation::Recover { .. } => self.recover(body),
        }
    }

    fn invite(&mut self, body: &Body) -> Result<(), RosterError> {
        let Operation::Invite { invite, role, expires_ms, epoch, wrap } = &body.operation else {
            return Err(RosterError::NotAllowed("not an invitation"));
        };
        let author = self.author_role(body)?;
        if author > Role::Admin || *role < author {
            return Err(RosterError::NotAllowed("only owners and admins invite, and not above themselves"));
        }
        if *epoch != self.epoch {
            return Err(RosterError::Epoch("an invitation carries the current epoch's key"));
        }
        if self.invites.len() >= limits::INVITES {
            return Err(RosterError::Limit(limits::INVITES, "open invitations"));
        }
        let by = self.devices[&body.author];
        let open = OpenInvite { role: *role, expires_ms: *expires_ms, by, agreement: wrap.to };
        match self.invites.insert(*invite, open) {
            None => Ok(()),
            Some(_) => Err(RosterError::Invite),
        }
    }

    fn join(&mut self, body: &Body) -> Result<(), RosterError> {
        let (Operation::Join { invite, root, device, member_name, epoch, wrap, invite_signature }
        | Operation::Admit { invite, root, device, member_name, epoch, wrap, invite_signature }) = &body.operation
        else {
            return Err(RosterError::NotAllowed("not a join"));
        };
        let open = self.invites.remove(invite).ok_or(RosterError::Invite)?;
        if body.time_ms > open.expires_ms {
            return Err(RosterError::Invite);
        }
        check_device(device, root, &device.signing)?;
        let bytes = join_bytes(&self.workspace, invite, root, device);
        if !verify(&invite.0, bytes.as_bytes(), invite_signature) {
            return Err(RosterError::Signature("invitation"));
        }
        if *epoch != self.epoch || wrap.to != device.agreement {
            return Err(RosterError::Epoch("a join carries the current epoch's key for its own device"));
        }
        if self.members.contains_key(root) || self.knows_device(&device.signing) {
            return Err(RosterError::NotAllowed("this member or device is or was in the workspace"));
        }
        if self.members.len() >= limits::MEMBERS {
            return Err(RosterError::Limit(limits::MEMBERS, "members"));
        }
        check_name(member_name)?;
        self.check_room_for_device()?;
        self.insert_member(*root, open.role, member_name.0.clone(), *epoch, device);
        Ok(())
    }

    fn set_role(&mut self, body: &Body, member: &RootKey, role: Role) -> Result<(), RosterError> {
        let author = self.author_role(body)?;
        let owners = self.members.values().filter(|m| m.role == Role::Owner).count();
        let target = self.members.get_mut(member).ok_or(RosterError::NotAllowed("no such member"))?;
        if author > Role::Admin || target.role < author || role < author {
            return Err(RosterError::NotAllowed("only owners and admins set roles, and not above themselves"));
        }
        if target.role == Role::Owner && role != Role::Owner && owners == 1 {
            return Err(RosterError::NotAllowed("the last owner stays owner"));
        }
        target.role = role;
        Ok(())
    }

    fn set_name(&mut self, body: &Body, name: &Bytes, epoch: u32) -> Result<(), RosterError> {
        self.author_role(body)?;
        check_name(name)?;
        if epoch != self.epoch {
            return Err(RosterError::Epoch("a name is sealed under the current epoch's key"));
        }
        let member = self.devices.get(&body.author).and_then(|root| self.members.get_mut(root));
        let member = member.ok_or(RosterError::NotAllowed("the author is not a member"))?;
        member.name = name.0.clone();
        member.name_epoch = epoch;
        Ok(())
    }

    fn add_device(
        &mut self,
        body: &Body,
        device: &DeviceCertificate,
        epoch: u32,
        wrapped_for: &AgreementKey,
    ) -> Result<(), RosterError> {
        self.author_role(body)?;
        let root = self.devices[&body.author];
        self.take_in(root, device, epoch, wrapped_for)
    }

    /// One more device of a member.
    fn take_in(
        &mut self,
        root: RootKey,
        device: &DeviceCertificate,
        epoch: u32,
        wrapped_for: &AgreementKey,
    ) -> Result<(), RosterError> {
        if !device.verify(&root) {
            return Err(RosterError::Signature("device"));
        }
        if self.knows_device(&device.signing) {
            return Err(RosterError::NotAllowed("this device is or was in the workspace"));
        }
        if epoch != self.epoch || *wrapped_for != device.agreement {
            return Err(RosterError::Epoch("a new device gets the current epoch's key"));
        }
        self.check_room_for_device()?;
        let Some(member) = self.members.get_mut(&root) else {
            return Err(RosterError::NotAllowed("the author is not a member"));
        };
        if member.devices.len() >= limits::DEVICES {
            return Err(RosterError::Limit(limits::DEVICES, "devices"));
        }
        member.devices.insert(device.signing, device.agreement);
        self.devices.insert(device.signing, root);
        Ok(())
    }

    fn set_recovery(
        &mut self,
        body: &Body,
        keys: &RecoveryKeys,
        epoch: u32,
        wrapped_for: &AgreementKey,
    ) -> Result<(), RosterError> {
        self.author_role(body)?;
        let root = self.devices[&body.author];
        if keys.sealed_root.0.len() != limits::SEALED_ROOT_BYTES {
            return Err(RosterError::NotAllowed("a recovery kit seals the root's secret"));
        }
        if !keys.verify(&root) {
            return Err(RosterError::Signature("recovery kit"));
        }
        if epoch != self.epoch || *wrapped_for != keys.agreement {
            return Err(RosterError::Epoch("a recovery kit gets the current epoch's key"));
        }
        // Two recipients with one key would make the wraps of a new epoch ambiguous.
        if self.recipients().any(|known| known == keys.agreement) || self.recovery_of(&keys.signing).is_some() {
            return Err(RosterError::NotAllowed("this recovery kit is in use"));
        }
        self.check_room_for_device()?;
        let Some(member) = self.members.get_mut(&root) else {
            return Err(RosterError::NotAllowed("the author is not a member"));
        };
        let before = member.recovery.replace(Recovery { keys: keys.clone(), since_ms: body.time_ms });
        // Whoever holds the replaced kit has the current key.
        self.departed |= before.is_some();
        Ok(())
    }

    /// A member comes back with a recovery kit. The devices they had stay until they are revoked.
    fn recover(&mut self, body: &Body) -> Result<(), RosterError> {
        let Operation::Recover { recovery, device, epoch, wrap, recovery_signature } = &body.operation else {
            return Err(RosterError::NotAllowed("not a recovery"));
        };
        if device.signing != body.author {
            return Err(RosterError::NotAllowed("the author is the new device"));
        }
        let root = self.recovery_of(recovery).ok_or(RosterError::NotAllowed("this recovery kit is not in use"))?;
        let bytes = recover_bytes(&self.workspace, recovery, device);
        if !verify(&recovery.0, bytes.as_bytes(), recovery_signature) {
            return Err(RosterError::Signature("recovery kit"));
        }
        self.take_in(root, device, *epoch, &wrap.to)
    }

    /// Whose recovery kit signs with a key.
    pub fn recovery_of(&self, signing: &DeviceKey) -> Option<RootKey> {
        let kit = |member: &Member| member.recovery.as_ref().is_some_and(|kit| kit.keys.signing == *signing);
        self.members.iter().find(|(_, member)| kit(member)).map(|(root, _)| *root)
    }

    /// Everybody a new epoch's key is wrapped for, but for open invitations:
    /// each device that is in use, and each member's recovery kit.
    pub fn recipients(&self) -> impl Iterator<Item = AgreementKey> {
        self.members.values().flat_map(|member| {
            let kit = member.recovery.as_ref().map(|kit| kit.keys.agreement);
            member.devices.values().copied().chain(kit)
        })
    }

    fn set_device_name(
        &mut self,
        body: &Body,
        device: &DeviceKey,
        name: &Bytes,
        epoch: u32,
    ) -> Result<(), RosterError> {
        self.author_role(body)?;
        check_name(name)?;
        if epoch != self.epoch {
            return Err(RosterError::Epoch("a name is sealed under the current epoch's key"));
        }
        if self.devices.get(device) != self.devices.get(&body.author) {
            return Err(RosterError::NotAllowed("members name their own devices"));
        }
        self.device_names.insert(*device, (name.0.clone(), epoch));
        Ok(())
    }

    /// The author's member goes with all devices, and so do the invitations that
    /// member made, whose secrets they know.
    fn leave(&mut self, body: &Body, devices: &[LastAccepted]) -> Result<(), RosterError> {
        self.author_role(body)?;
        let root = self.devices[&body.author];
        for last in devices {
            if self.devices.get(&last.device) != Some(&root) {
                return Err(RosterError::NotAllowed("who leaves takes their own devices along"));
            }
            self.retire(last)?;
        }
        if self.members.remove(&root).is_some_and(|member| !member.devices.is_empty()) {
            return Err(RosterError::NotAllowed("a member leaves together with all devices"));
        }
        self.invites.retain(|_, open| open.by != root);
        self.departed = true;
        self.check_owner_stays()
    }

    /// Takes a device out of the workspace.
    fn retire(&mut self, last: &LastAccepted) -> Result<(), RosterError> {
        let member = self.devices.remove(&last.device).ok_or(RosterError::NotAllowed("no such device"))?;
        if let Some(row) = self.members.get_mut(&member) {
            row.devices.remove(&last.device);
        }
        self.device_names.remove(&last.device);
        self.removed.insert(last.device, Removed { member, sequence: last.sequence });
        Ok(())
    }

    fn check_owner_stays(&self) -> Result<(), RosterError> {
        if self.members.values().any(|member| member.role == Role::Owner) {
            Ok(())
        } else {
            Err(RosterError::NotAllowed("an owner stays"))
        }
    }

    fn remove(&mut self, body: &Body, members: &[RootKey], devices: &[LastAccepted]) -> Result<(), RosterError> {
        let author = self.author_role(body)?;
        let author_root = self.devices[&body.author];
        // It would start an epoch and take back invitations, which not everyone may.
        if devices.is_empty() {
            return Err(RosterError::NotAllowed("a removal removes at least one device"));
        }
        if devices.iter().any(|last| last.device == body.author) {
            return Err(RosterError::NotAllowed("who makes the new key stays: leave instead"));
        }
        for last in devices {
            let root = *self.devices.get(&last.device).ok_or(RosterError::NotAllowed("no such device"))?;
            let member = self.members.get(&root).ok_or(RosterError::NotAllowed("no such member"))?;
            let own = root == author_root;
            if !own && (author > Role::Admin || member.role < author) {
                return Err(RosterError::NotAllowed("only owners and admins remove others, and not above themselves"));
            }
            self.retire(last)?;
        }
        for root in members {
            let member = self.members.remove(root).ok_or(RosterError::NotAllowed("no such member"))?;
            if !member.devices.is_empty() {
                return Err(RosterError::NotAllowed("a member is removed together with all devices"));
            }
        }
        if self.members.values().any(|member| member.devices.is_empty()) {
            return Err(RosterError::NotAllowed("a member who stays keeps a device"));
        }
        self.check_owner_stays()
    }

    fn next_epoch(&mut self, epoch: &Epoch, time_ms: u64) -> Result<(), RosterError> {
        if epoch.number != self.epoch + 1 || epoch.previous.0.is_empty() {
            return Err(RosterError::Epoch("epochs follow each other, each sealing the key of the one before"));
        }
        self.epoch = epoch.number;
        self.epoch_ms = time_ms;
        self.departed = false;
        self.check_wraps(epoch)
    }

    fn check_wraps(&self, epoch: &Epoch) -> Result<(), RosterError> {
        let mut given: Vec<AgreementKey> = epoch.wraps.iter().map(|wrap| wrap.to).collect();
        let invited = self.invites.values().map(|open| open.agreement);
        let mut due: Vec<AgreementKey> = self.recipients().collect();
        due.extend(invited);
        given.sort_unstable();
        due.sort_unstable();
        if given == due {
            Ok(())
        } else {
            Err(RosterError::Epoch("every device and recovery kit that stays gets the key, and no other"))
        }
    }

    fn author_role(&self, body: &Body) -> Result<Role, RosterError> {
        self.role_of(&body.author).ok_or(RosterError::NotAllowed("the author is not a member"))
    }

    fn check_room_for_device(&self) -> Result<(), RosterError> {
        let kits = self.members.values().filter(|member| member.recovery.is_some()).count();
        if self.devices.len() + kits < limits::WORKSPACE_DEVICES {
            Ok(())
        } else {
            Err(RosterError::Limit(limits::WORKSPACE_DEVICES, "devices and recovery kits in the workspace"))
        }
    }

    fn knows_device(&self, device: &DeviceKey) -> bool {
        self.devices.contains_key(device) || self.removed.contains_key(device)
    }

    fn insert_member(&mut self, root: RootKey, role: Role, name: Vec<u8>, epoch: u32, device: &DeviceCertificate) {
        let devices = BTreeMap::from([(device.signing, device.agreement)]);
        self.members.insert(root, Member { role, name, name_epoch: epoch, devices, recovery: None });
        self.devices.insert(device.signing, root);
    }
}

fn check_version(body: &Body) -> Result<(), RosterError> {
    if body.version == VERSION { Ok(()) } else { Err(RosterError::Version(body.version)) }
}

fn check_name(sealed: &Bytes) -> Result<(), RosterError> {
    if sealed.0.len() <= limits::SEALED_NAME_BYTES {
        Ok(())
    } else {
        Err(RosterError::Limit(limits::SEALED_NAME_BYTES, "bytes in a sealed name"))
    }
}

fn check_author(record: &Record, body: &Body) -> Result<(), RosterError> {
    if verify(&body.author.0, signed_bytes(&record.hash()).as_bytes(), &record.signature) {
        Ok(())
    } else {
        Err(RosterError::Signature("author"))
    }
}

fn check_device(device: &DeviceCertificate, root: &RootKey, author: &DeviceKey) -> Result<(), RosterError> {
    if device.signing != *author {
        return Err(RosterError::NotAllowed("the author is the new device"));
    }
    if device.verify(root) { Ok(()) } else { Err(RosterError::Signature("device")) }
}
