//! Devices that write records and envelopes. Ciphertexts are random-looking
//! bytes: the relay cannot tell.

use drystone_wire::envelope::{self, Envelope, Header, Kind};
use drystone_wire::ids::{AgreementKey, Bytes, Nonce, PresenceSession};
use drystone_wire::membership::{
    Body, Countersigned, DeviceCertificate, Epoch, LastAccepted, Operation, Record, Role, VERSION, Wrap, join_bytes,
    signed_bytes,
};
use drystone_wire::presence::{self, Presence};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, DocumentHandle, Hash, RootKey, Signature, WorkspaceId, canonical};
use ed25519_dalek::{Signer, SigningKey};

use super::{Client, Relay};

pub const HOUR_MS: u64 = 3_600_000;

/// A person's one device.
#[derive(Clone)]
pub struct Device {
    pub key: SigningKey,
    pub root: SigningKey,
    pub sequence: u64,
    pub previous: Hash,
}

impl Device {
    /// The same seed gives the same device.
    pub fn new(seed: u8) -> Device {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let root = SigningKey::from_bytes(&[seed ^ 0x80; 32]);
        Device { key, root, sequence: 0, previous: Hash::ZERO }
    }

    pub fn id(&self) -> DeviceKey {
        DeviceKey(self.key.verifying_key().to_bytes())
    }

    pub fn root_id(&self) -> RootKey {
        RootKey(self.root.verifying_key().to_bytes())
    }

    pub fn agreement(&self) -> AgreementKey {
        AgreementKey(self.id().0)
    }

    pub fn certificate(&self) -> DeviceCertificate {
        let bytes = DeviceCertificate::signed_bytes(&self.root_id(), &self.id(), &self.agreement());
        let signature = Signature(self.root.sign(bytes.as_bytes()).to_bytes());
        DeviceCertificate { signing: self.id(), agreement: self.agreement(), signature }
    }

    /// The next envelope, about as long as asked for.
    pub fn envelope(&mut self, workspace: &WorkspaceId, length: usize) -> Vec<u8> {
        self.envelope_with(workspace, length, |_| {})
    }

    /// The next envelope with something changed in its header; the device
    /// counts on as if it had been a good one.
    pub fn envelope_with(
        &mut self,
        workspace: &WorkspaceId,
        length: usize,
        change: impl FnOnce(&mut Header),
    ) -> Vec<u8> {
        self.sequence += 1;
        let mut header = Header {
            version: envelope::VERSION,
            suite: envelope::SUITE,
            workspace: *workspace,
            kind: Kind::Changes,
            document: DocumentHandle([3; 16]),
            device: self.id(),
            sequence: self.sequence,
            previous: self.previous,
            epoch: 1,
            membership_position: 1,
            membership_hash: Hash(workspace.0),
            seen_position: 0,
            seen_chain: Hash::ZERO,
            nonce: Nonce([self.sequence as u8; 24]),
            commitment: Hash::ZERO,
        };
        change(&mut header);
        let header = canonical::encode(&header);
        let ciphertext = vec![self.sequence as u8; length];
        let id = envelope::id(&header, &ciphertext);
        self.previous = id;
        let signature = Signature(self.key.sign(envelope::signed_bytes(&id).as_bytes()).to_bytes());
        Envelope { header: Bytes(header), ciphertext: Bytes(ciphertext), signature }.to_bytes()
    }

    pub fn envelopes(&mut self, workspace: &WorkspaceId, count: usize, length: usize) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.envelope(workspace, length)).collect()
    }

    /// A presence message that is about as long as asked for.
    pub fn presence(&self, workspace: &WorkspaceId, number: u64, length: usize) -> Vec<u8> {
        let header = canonical::encode(&presence::Header {
            version: presence::VERSION,
            suite: presence::SUITE,
            workspace: *workspace,
            device: self.id(),
            session: PresenceSession([1; 8]),
            number,
            time_ms: now_ms(),
            epoch: 1,
            nonce: Nonce([number as u8; 24]),
            commitment: Hash::ZERO,
        });
        let ciphertext = vec![number as u8; length];
        let signature = Signature(self.key.sign(presence::signed_bytes(&header, &ciphertext).as_bytes()).to_bytes());
        Presence { header: Bytes(header), ciphertext: Bytes(ciphertext), signature }.to_bytes()
    }

    /// A signed record of this device.
    pub fn record(&self, workspace: WorkspaceId, position: u64, previous: Hash, operation: Operation) -> Vec<u8> {
        let body =
            Body { version: VERSION, workspace, position, previous, time_ms: 1000, author: self.id(), operation };
        let body = Bytes(canonical::encode(&body));
        let mut record = Record { body, signature: Signature::ZERO };
        record.signature = Signature(self.key.sign(signed_bytes(&record.hash()).as_bytes()).to_bytes());
        record.to_bytes()
    }

    pub fn genesis(&self, salt: u8) -> Vec<u8> {
        let operation = Operation::Create {
            salt: Hash([salt; 32]),
            root: self.root_id(),
            device: self.certificate(),
            name: Bytes(vec![1]),
            member_name: Bytes(vec![2]),
            epoch: Epoch { number: 1, wraps: vec![wrap(self.agreement())], previous: Bytes::default() },
        };
        self.record(WorkspaceId::ZERO, 1, Hash::ZERO, operation)
    }
}

pub fn wrap(to: AgreementKey) -> Wrap {
    Wrap { to, encapsulated: AgreementKey([5; 32]), ciphertext: Bytes(vec![6; 48]) }
}

pub fn now_ms() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A workspace with its roster, as its owner sees it.
pub struct Workspace {
    pub id: WorkspaceId,
    pub roster: Roster,
    pub owner: Device,
    pub client: Client,
}

impl Workspace {
    /// Creates one at the relay.
    pub async fn create(relay: &Relay, seed: u8) -> Workspace {
        let owner = Device::new(seed);
        let client = relay.client(&owner).await;
        let genesis = owner.genesis(seed);
        client.create(&genesis).await.unwrap();
        let roster = Roster::create(&genesis).unwrap();
        Workspace { id: roster.workspace, roster, owner, client }
    }

    /// The next record by any author.
    pub fn next(&self, author: &Device, operation: Operation) -> Vec<u8> {
        author.record(self.id, self.roster.position + 1, self.roster.head, operation)
    }

    /// Posts a record and takes it over.
    pub async fn place(&mut self, client: &Client, record: &[u8]) -> Countersigned {
        let reply = client.place(&self.id, record).await.unwrap();
        self.roster.apply(record).unwrap();
        reply
    }

    /// Posts the owner's next record.
    pub async fn operate(&mut self, operation: Operation) {
        let record = self.next(&self.owner, operation);
        let client = self.client.clone();
        self.place(&client, &record).await;
    }

    pub fn invitation(&self, invite: &SigningKey, role: Role, expires_ms: u64) -> Operation {
        let key = DeviceKey(invite.verifying_key().to_bytes());
        Operation::Invite { invite: key, role, expires_ms, epoch: self.roster.epoch, wrap: wrap(AgreementKey([8; 32])) }
    }

    pub fn join(&self, invite: &SigningKey, device: &Device) -> Vec<u8> {
        let key = DeviceKey(invite.verifying_key().to_bytes());
        let bytes = join_bytes(&self.id, &key, &device.root_id(), &device.certificate());
        let operation = Operation::Join {
            invite: key,
            root: device.root_id(),
            device: device.certificate(),
            member_name: Bytes(vec![3]),
            epoch: self.roster.epoch,
            wrap: wrap(device.agreement()),
            invite_signature: Signature(invite.sign(bytes.as_bytes()).to_bytes()),
        };
        self.next(device, operation)
    }

    /// Brings a new member in.
    pub async fn admit(&mut self, relay: &Relay, seed: u8, role: Role) -> (Device, Client) {
        let invite = SigningKey::from_bytes(&[seed ^ 0x40; 32]);
        let device = Device::new(seed);
        self.operate(self.invitation(&invite, role, now_ms() + HOUR_MS)).await;
        let client = relay.client(&device).await;
        let record = self.join(&invite, &device);
        self.place(&client, &record).await;
        (device, client)
    }

    pub fn removal(&self, device: &Device) -> Operation {
        let stay = self.roster.members.iter().filter(|(root, _)| **root != device.root_id());
        let wraps = stay.flat_map(|(_, member)| member.devices.values().map(|key| wrap(*key))).collect();
        Operation::Remove {
            members: vec![device.root_id()],
            devices: vec![LastAccepted { device: device.id(), sequence: device.sequence }],
            epoch: Epoch { number: self.roster.epoch + 1, wraps, previous: Bytes(vec![9; 48]) },
        }
    }
}
