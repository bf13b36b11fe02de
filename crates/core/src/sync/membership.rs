//! A workspace's membership as this device validated it: the roster now, and
//! what it was at every position, since an entry counts by the membership its
//! author knew.

use std::collections::BTreeMap;

use drystone_wire::membership::{Body, Operation, Record};
use drystone_wire::roster::{Roster, RosterError};
use drystone_wire::snapshot::Writers;
use drystone_wire::{DeviceKey, Hash, RootKey};

use crate::crypto::keys::{AgreementPair, EpochKey, Identity};
use crate::crypto::names::{self, Whose};
use crate::crypto::{records, wrap};

/// The validated log of records.
#[derive(Debug, Clone)]
pub struct Membership {
    roster: Roster,
    /// Hash of each record, from position 1.
    hashes: Vec<Hash>,
    /// Epoch after each record, from position 1.
    epochs: Vec<u32>,
    /// From which position on each device may write, or no longer may.
    rights: BTreeMap<DeviceKey, Vec<(u64, bool)>>,
}

/// A device that a record brought in, or whose member it named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The device.
    pub device: DeviceKey,
    /// Whose it is.
    pub member: RootKey,
    /// The member's name, when the record brings it and it can be read.
    pub name: Option<String>,
}

/// Why an author's word does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Standing {
    /// The author knew a membership this device does not have.
    #[error("its author knew membership record {0}, which is not here")]
    Ahead(u64),
    /// The author knew another record at that position: the log was forked.
    #[error("its author knew another membership record {0} than the one here")]
    Fork(u64),
    /// The device was not a member that may write.
    #[error("its author was not a member who may write")]
    NotAWriter,
    /// The device was removed before it wrote this.
    #[error("its author had been removed before")]
    Removed,
    /// It was sealed under an epoch that was over.
    #[error("it was sealed under epoch {got} when epoch {due} was current")]
    Epoch {
        /// The envelope's.
        got: u32,
        /// The current one.
        due: u32,
    },
}

impl Membership {
    /// How many devices were brought in before this one. The log is one line,
    /// so no two devices of a workspace ever have the same rank.
    pub fn rank(&self, device: &DeviceKey) -> Option<usize> {
        let place = |device: &DeviceKey| Some((self.rights.get(device)?.first()?.0, *device));
        let own = place(device)?;
        Some(self.rights.keys().filter(|other| place(other).is_some_and(|other| other < own)).count())
    }

    /// From the first record.
    ///
    /// # Errors
    /// When it is not one.
    pub fn create(record: &[u8]) -> Result<Membership, RosterError> {
        let roster = Roster::create(record)?;
        let mut membership =
            Membership { hashes: vec![roster.head], epochs: vec![roster.epoch], rights: BTreeMap::new(), roster };
        membership.note_rights();
        Ok(membership)
    }

    /// From all records.
    ///
    /// # Errors
    /// When one does not follow from those before.
    pub fn replay(records: &[Vec<u8>]) -> Result<Membership, RosterError> {
        let (first, rest) = records.split_first().ok_or(RosterError::NotNext { position: 0 })?;
        let mut membership = Membership::create(first)?;
        for record in rest {
            membership.apply(record)?;
        }
        Ok(membership)
    }

    /// Applies the next record. On an error nothing has changed.
    ///
    /// # Errors
    /// When it does not follow from those before.
    pub fn apply(&mut self, record: &[u8]) -> Result<Body, RosterError> {
        let body = self.roster.apply(record)?;
        self.hashes.push(self.roster.head);
        self.epochs.push(self.roster.epoch);
        let elsewhere = matches!(
            body.operation,
            Operation::Invite { .. }
                | Operation::RevokeInvite { .. }
                | Operation::SetDeviceName { .. }
                | Operation::SetRecovery { .. }
        );
        if !elsewhere {
            self.note_rights();
        }
        Ok(body)
    }

    fn note_rights(&mut self) {
        let position = self.roster.position;
        for device in self.roster.devices.keys().chain(self.roster.removed.keys()) {
            let may = self.roster.may_write(device);
            let timeline = self.rights.entry(*device).or_default();
            if timeline.last().map(|(_, last)| *last) != Some(may) {
                timeline.push((position, may));
            }
        }
    }

    /// The roster now.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// How many records there are.
    pub fn position(&self) -> u64 {
        self.roster.position
    }

    /// The hash of the record at a position.
    pub fn hash_at(&self, position: u64) -> Option<Hash> {
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        self.hashes.get(index).copied()
    }

    /// Whether what a device wrote counts: by the membership it knew then, and
    /// by how far it counts if it was removed since.
    ///
    /// # Errors
    /// [`Standing`] says why not.
    pub fn check_author(
        &self,
        device: &DeviceKey,
        sequence: u64,
        position: u64,
        hash: &Hash,
        epoch: u32,
    ) -> Result<(), Standing> {
        self.check_speaker(device, sequence, position, hash)?;
        // The index exists: the hash at this position was found above.
        let due = usize::try_from(position - 1).ok().and_then(|index| self.epochs.get(index)).copied();
        match due {
            Some(due) if due == epoch => Ok(()),
            due => Err(Standing::Epoch { got: epoch, due: due.unwrap_or(0) }),
        }
    }

    /// The same for what is signed and not sealed, such as what a device says of
    /// a snapshot.
    ///
    /// # Errors
    /// [`Standing`] says why not.
    pub fn check_speaker(&self, device: &DeviceKey, sequence: u64, position: u64, hash: &Hash) -> Result<(), Standing> {
        let Some(known) = self.hash_at(position) else { return Err(Standing::Ahead(position)) };
        if known != *hash {
            return Err(Standing::Fork(position));
        }
        let timeline = self.rights.get(device).map(Vec::as_slice).unwrap_or_default();
        let before = timeline.iter().rev().find(|(from, _)| *from <= position);
        if !before.is_some_and(|(_, may)| *may) {
            return Err(Standing::NotAWriter);
        }
        if self.roster.removed.get(device).is_some_and(|removed| sequence > removed.sequence) {
            return Err(Standing::Removed);
        }
        Ok(())
    }

    /// The devices that could write after a record, and whose they are.
    pub fn writers_at(&self, position: u64) -> Writers {
        let could = |timeline: &Vec<(u64, bool)>| {
            timeline.iter().rev().find(|(from, _)| *from <= position).is_some_and(|(_, may)| *may)
        };
        let devices = self.rights.iter().filter(|(_, timeline)| could(timeline));
        devices.filter_map(|(device, _)| Some((*device, owner_of(&self.roster, device)?))).collect()
    }

    /// The record that brought a device in.
    pub fn brought_in(&self, device: &DeviceKey) -> Option<u64> {
        self.rights.get(device)?.first().map(|(position, _)| *position)
    }
}

/// The member a device belongs or belonged to.
pub fn owner_of(roster: &Roster, device: &DeviceKey) -> Option<RootKey> {
    let former = || roster.removed.get(device).map(|removed| removed.member);
    roster.devices.get(device).copied().or_else(former)
}

/// Which device a record brings in or names the member of. The member may have
/// left since, so names come from the record itself.
pub fn named(body: &Body, roster: &Roster, keys: &BTreeMap<u32, EpochKey>) -> Option<Named> {
    let open = |sealed: &[u8], member, epoch: u32| names::open(sealed, Whose::Member(member), keys.get(&epoch)?).ok();
    match &body.operation {
        Operation::Create { root, device, member_name, .. } => {
            let name = open(&member_name.0, *root, 1);
            Some(Named { device: device.signing, member: *root, name })
        }
        Operation::Join { root, device, member_name, epoch, .. }
        | Operation::Admit { root, device, member_name, epoch, .. } => {
            let name = open(&member_name.0, *root, *epoch);
            Some(Named { device: device.signing, member: *root, name })
        }
        Operation::AddDevice { device, .. } | Operation::Recover { device, .. } => {
            let member = owner_of(roster, &device.signing)?;
            Some(Named { device: device.signing, member, name: None })
        }
        Operation::SetName { member_name, epoch } => {
            let member = owner_of(roster, &body.author)?;
            let name = open(&member_name.0, member, *epoch);
            Some(Named { device: body.author, member, name })
        }
        _ => None,
    }
}

/// The own member of a workspace: on a second device of a person that is not
/// whom the device's own root key names.
pub fn own_root(roster: &Roster, identity: &Identity) -> RootKey {
    owner_of(roster, &identity.device_key()).unwrap_or_else(|| identity.root_key())
}

/// A device's name.
pub fn device_name(roster: &Roster, device: &DeviceKey, keys: &BTreeMap<u32, EpochKey>) -> Option<String> {
    let (sealed, epoch) = roster.device_names.get(device)?;
    names::open(sealed, Whose::Device(*device), keys.get(epoch)?).ok().filter(|name| !name.is_empty())
}

/// The keys of all epochs that the records give to a recipient: the wrapped
/// ones, and those sealed under them.
pub fn epoch_keys(bodies: &[Body], roster: &Roster, recipient: &AgreementPair) -> BTreeMap<u32, EpochKey> {
    let mut keys = BTreeMap::new();
    for body in bodies {
        if let Some((epoch, binding, wrapped)) = records::wrap_for(body, &roster.workspace, &recipient.public())
            && let Ok(key) = wrap::unwrap(wrapped, &binding, epoch, recipient)
        {
            keys.insert(epoch, key);
        }
    }
    for body in bodies.iter().rev() {
        let Some(epoch) = records::epoch_of(body) else { continue };
        let Some(key) = keys.get(&epoch.number) else { continue };
        if epoch.number > 1
            && let Ok(previous) = wrap::open_previous(&epoch.previous.0, key, &roster.workspace, epoch.number)
        {
            keys.entry(epoch.number - 1).or_insert(previous);
        }
    }
    keys
}

/// Reads the bodies of validated records.
pub fn bodies(records: &[Vec<u8>]) -> Vec<Body> {
    records.iter().filter_map(|record| Record::open(record).ok()).map(|(_, body)| body).collect()
}

/// A member's name.
pub fn member_name(roster: &Roster, member: &RootKey, keys: &BTreeMap<u32, EpochKey>) -> Option<String> {
    let row = roster.members.get(member)?;
    names::open(&row.name, Whose::Member(*member), keys.get(&row.name_epoch)?).ok()
}

/// The workspace's name.
pub fn workspace_name(roster: &Roster, keys: &BTreeMap<u32, EpochKey>) -> Option<String> {
    names::open(&roster.name, Whose::Workspace, keys.get(&1)?).ok()
}
