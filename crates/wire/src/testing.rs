//! People, devices and records for tests.

use ed25519_dalek::{Signer, SigningKey};

use crate::canonical;
use crate::ids::{AgreementKey, Bytes, DeviceKey, Hash, RootKey, Signature, WorkspaceId};
use crate::membership::{
    Body, DeviceCertificate, Epoch, LastAccepted, Operation, Record, Role, VERSION, Wrap, join_bytes, signed_bytes,
};
use crate::roster::{Roster, RosterError};

pub fn key(seed: u16) -> SigningKey {
    let mut bytes = [7; 32];
    bytes[..2].copy_from_slice(&seed.to_le_bytes());
    SigningKey::from_bytes(&bytes)
}

pub fn sign(key: &SigningKey, bytes: &Hash) -> Signature {
    Signature(key.sign(bytes.as_bytes()).to_bytes())
}

pub fn device_key(key: &SigningKey) -> DeviceKey {
    DeviceKey(key.verifying_key().to_bytes())
}

/// A person with one device; the same number gives the same person.
#[derive(Clone)]
pub struct Person {
    pub root: SigningKey,
    pub device: SigningKey,
}

impl Person {
    pub fn new(number: u16) -> Person {
        Person { root: key(number * 2), device: key(number * 2 + 1) }
    }

    /// The same person at another device.
    pub fn with_device(&self, seed: u16) -> Person {
        Person { root: self.root.clone(), device: key(seed) }
    }

    pub fn id(&self) -> RootKey {
        RootKey(self.root.verifying_key().to_bytes())
    }

    pub fn device_id(&self) -> DeviceKey {
        device_key(&self.device)
    }

    pub fn agreement(&self) -> AgreementKey {
        AgreementKey(self.device_id().0)
    }

    pub fn certificate(&self) -> DeviceCertificate {
        let bytes = DeviceCertificate::signed_bytes(&self.id(), &self.device_id(), &self.agreement());
        let signature = sign(&self.root, &bytes);
        DeviceCertificate { signing: self.device_id(), agreement: self.agreement(), signature }
    }

    pub fn last(&self, sequence: u64) -> LastAccepted {
        LastAccepted { device: self.device_id(), sequence }
    }
}

pub fn wrap(to: AgreementKey) -> Wrap {
    Wrap { to, encapsulated: AgreementKey([5; 32]), ciphertext: Bytes(vec![6; 48]) }
}

/// Signs a body as its author's device would.
pub fn record(author: &Person, body: &Body) -> Vec<u8> {
    let mut record = Record { body: Bytes(canonical::encode(body)), signature: Signature::ZERO };
    record.signature = sign(&author.device, &signed_bytes(&record.hash()));
    record.to_bytes()
}

pub fn genesis_body(owner: &Person) -> Body {
    let operation = Operation::Create {
        salt: Hash([1; 32]),
        root: owner.id(),
        device: owner.certificate(),
        name: Bytes(vec![1]),
        member_name: Bytes(vec![2]),
        epoch: Epoch { number: 1, wraps: vec![wrap(owner.agreement())], previous: Bytes::default() },
    };
    Body {
        version: VERSION,
        workspace: WorkspaceId::ZERO,
        position: 1,
        previous: Hash::ZERO,
        time_ms: 1000,
        author: owner.device_id(),
        operation,
    }
}

/// A roster with its owner.
pub struct Book {
    pub roster: Roster,
    pub owner: Person,
}

impl Book {
    pub fn new() -> Book {
        let owner = Person::new(1);
        let roster = Roster::create(&record(&owner, &genesis_body(&owner))).unwrap();
        Book { roster, owner }
    }

    /// The body of the next record.
    pub fn body(&self, author: &Person, operation: Operation) -> Body {
        Body {
            version: VERSION,
            workspace: self.roster.workspace,
            position: self.roster.position + 1,
            previous: self.roster.head,
            time_ms: 1000,
            author: author.device_id(),
            operation,
        }
    }

    /// Applies a record; a refusal must leave no trace.
    pub fn apply(&mut self, author: &Person, body: &Body) -> Result<(), RosterError> {
        let before = self.roster.clone();
        let result = self.roster.apply(&record(author, body));
        if result.is_err() {
            assert_eq!(self.roster, before, "a refused record changed something");
        }
        result.map(|_| ())
    }

    pub fn operate(&mut self, author: &Person, operation: Operation) -> Result<(), RosterError> {
        let body = self.body(author, operation);
        self.apply(author, &body)
    }

    pub fn invitation(&self, invite: &SigningKey, role: Role) -> Operation {
        let epoch = self.roster.epoch;
        Operation::Invite {
            invite: device_key(invite),
            role,
            expires_ms: 5000,
            epoch,
            wrap: wrap(AgreementKey([8; 32])),
        }
    }

    pub fn join(&self, invite: &SigningKey, person: &Person) -> Operation {
        let bytes = join_bytes(&self.roster.workspace, &device_key(invite), &person.id(), &person.certificate());
        Operation::Join {
            invite: device_key(invite),
            root: person.id(),
            device: person.certificate(),
            member_name: Bytes(vec![3]),
            epoch: self.roster.epoch,
            wrap: wrap(person.agreement()),
            invite_signature: sign(invite, &bytes),
        }
    }

    /// Brings someone in.
    pub fn admit(&mut self, number: u16, role: Role) -> Person {
        let (person, invite, owner) = (Person::new(number), key(9000 + number), self.owner.clone());
        self.operate(&owner, self.invitation(&invite, role)).unwrap();
        self.operate(&person, self.join(&invite, &person)).unwrap();
        person
    }

    pub fn add_device(&self, device: &Person) -> Operation {
        Operation::AddDevice { device: device.certificate(), epoch: self.roster.epoch, wrap: wrap(device.agreement()) }
    }

    /// The next epoch, wrapped for everybody but these.
    pub fn next_epoch(&self, without: &[&Person]) -> Epoch {
        let gone: Vec<_> = without.iter().map(|person| person.agreement()).collect();
        let wraps = self.roster.recipients().filter(|key| !gone.contains(key)).map(wrap).collect();
        Epoch { number: self.roster.epoch + 1, wraps, previous: Bytes(vec![9; 48]) }
    }

    pub fn removal(&self, people: &[&Person]) -> Operation {
        Operation::Remove {
            members: people.iter().map(|person| person.id()).collect(),
            devices: people.iter().map(|person| person.last(4)).collect(),
            epoch: self.next_epoch(people),
        }
    }
}
