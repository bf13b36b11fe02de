//! A member without an app: keys and a connection, nothing that would refuse.
//! What a changed program could send is sent with this.

use drystone_core::crypto::invite::{InviteKeys, InviteLink};
use drystone_core::crypto::keys::{EpochKey, Identity, IdentitySecrets};
use drystone_core::crypto::random::OsRandom;
use drystone_core::crypto::records::{self, Next};
use drystone_core::sync::client::Client;
use drystone_core::sync::membership::{self, Membership};
use drystone_core::sync::page::Cursor;
use drystone_core::sync::request::{Failure, Reply, Request};
use drystone_core::sync::sealing::Sealer;
use drystone_wire::envelope::{Envelope, Header};
use drystone_wire::ids::Bytes;
use drystone_wire::log::Append;
use drystone_wire::membership::{Body, Operation, Record, signed_bytes};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId, canonical};

mod snapshot;

pub use snapshot::Tampered;

/// Somebody's keys in one workspace.
pub struct Raw {
    /// The keys.
    pub identity: Identity,
    /// The workspace.
    pub workspace: WorkspaceId,
    client: Client,
    records: Vec<Vec<u8>>,
    /// Its last envelope's number and id.
    head: (u64, Hash),
}

impl Raw {
    /// Joins with a link.
    pub async fn join(link: &str, name: &str) -> Raw {
        let link: InviteLink = link.parse().unwrap();
        let identity = Identity::new(&IdentitySecrets::generate(&mut OsRandom)).unwrap();
        let keys = InviteKeys::derive(&link.seed.0, &link.workspace).unwrap();
        let invited = Client::new(link.relay.clone(), Some(link.relay_key), keys.signing.clone(), &[]).unwrap();
        let client = Client::new(link.relay, Some(link.relay_key), identity.device().clone(), &[]).unwrap();
        let mut raw = Raw { identity, workspace: link.workspace, client, records: vec![], head: (0, Hash::ZERO) };
        raw.records = fetch(&invited, &link.workspace).await.unwrap();
        let membership = raw.membership();
        let epochs = membership::epoch_keys(&membership::bodies(&raw.records), membership.roster(), &keys.agreement);
        let key = &epochs[&membership.roster().epoch];
        let next = Next::after(membership.roster(), now_ms());
        let record = records::join(&raw.identity, &next, key, &keys, name, &mut OsRandom).unwrap();
        invited.send(&raw.workspace, Request::Record(record.to_bytes())).await.unwrap();
        raw.refresh().await.unwrap();
        raw
    }

    /// Forgets what it wrote, to use its numbers again.
    pub fn forget_written(&mut self) {
        self.head = (0, Hash::ZERO);
    }

    /// Reads the membership.
    ///
    /// # Errors
    /// The relay's.
    pub async fn refresh(&mut self) -> Result<(), Failure> {
        self.records = fetch(&self.client, &self.workspace).await?;
        Ok(())
    }

    /// The membership as read last.
    pub fn membership(&self) -> Membership {
        Membership::replay(&self.records).unwrap()
    }

    /// The keys that somebody gets out of the records read last.
    pub fn keys_of(&self, identity: &Identity) -> std::collections::BTreeMap<u32, EpochKey> {
        let bodies = membership::bodies(&self.records);
        membership::epoch_keys(&bodies, self.membership().roster(), identity.agreement())
    }

    /// Posts a record with any operation.
    ///
    /// # Errors
    /// The relay's.
    pub async fn post(&mut self, operation: Operation) -> Result<(), Failure> {
        self.refresh().await?;
        let membership = self.membership();
        let next = Next::after(membership.roster(), now_ms());
        let body = Body {
            version: 1,
            workspace: self.workspace,
            position: next.position,
            previous: next.previous,
            time_ms: next.time_ms,
            author: self.identity.device_key(),
            operation,
        };
        let mut record = Record { body: Bytes(canonical::encode(&body)), signature: drystone_wire::Signature::ZERO };
        record.signature = self.identity.device().sign(&signed_bytes(&record.hash()));
        self.client.send(&self.workspace, Request::Record(record.to_bytes())).await?;
        self.refresh().await
    }

    /// The operation of a record that the real code builds, to be tampered with.
    pub async fn rotation(&mut self) -> Operation {
        self.refresh().await.unwrap();
        let membership = self.membership();
        let keys = self.keys_of(&self.identity);
        let key = &keys[&membership.roster().epoch];
        let record = records::rotate(&self.identity, membership.roster(), now_ms(), key, &mut OsRandom).unwrap();
        Record::open(&record.to_bytes()).unwrap().1.operation
    }

    /// The operation that removes members' devices, believed as far as `sequence`.
    pub async fn removal(&mut self, gone: &[(DeviceKey, u64)]) -> Operation {
        use drystone_wire::membership::LastAccepted;
        self.refresh().await.unwrap();
        let membership = self.membership();
        let roster = membership.roster();
        let keys = self.keys_of(&self.identity);
        let key = &keys[&roster.epoch];
        let members = gone.iter().map(|(device, _)| roster.devices[device]).collect();
        let devices = gone.iter().map(|(device, sequence)| LastAccepted { device: *device, sequence: *sequence });
        let devices = devices.collect();
        let record = records::remove(&self.identity, roster, now_ms(), key, members, devices, &mut OsRandom).unwrap();
        Record::open(&record.to_bytes()).unwrap().1.operation
    }

    /// Sends changes sealed as if the author knew this membership.
    ///
    /// # Errors
    /// The relay's.
    pub async fn write(
        &mut self,
        known: &Membership,
        document: DocumentHandle,
        chunks: &[Vec<u8>],
    ) -> Result<(), Failure> {
        let keys = self.keys_of(&self.identity);
        let key = &keys[&known.roster().epoch];
        let cursor = Cursor { generation: 0, position: 0, chain: Hash::ZERO };
        let (sequence, previous) = self.head;
        let mut sealer = Sealer { identity: &self.identity, membership: known, key, cursor, sequence, previous };
        let (id, envelope) = sealer.seal(document, chunks, &mut OsRandom).unwrap();
        let append = canonical::encode(&Append { envelopes: vec![Bytes(envelope)] });
        self.client.send(&self.workspace, Request::Append(append)).await?;
        self.head = (sequence + 1, id);
        Ok(())
    }

    /// The headers of all entries of the log.
    ///
    /// # Errors
    /// The relay's.
    pub async fn log(&self) -> Result<Vec<Header>, Failure> {
        let request = Request::Page { generation: None, after: 0, limit: 1000 };
        let Reply::Page(page) = self.client.send(&self.workspace, request).await? else { panic!("no page") };
        Ok(page.entries.iter().map(|entry| Envelope::open(&entry.envelope.0).unwrap().1).collect())
    }
}

async fn fetch(client: &Client, workspace: &WorkspaceId) -> Result<Vec<Vec<u8>>, Failure> {
    let mut records: Vec<Vec<u8>> = Vec::new();
    loop {
        let request = Request::Records { after: records.len() as u64 };
        let Reply::Records(page) = client.send(workspace, request).await? else { panic!("no records") };
        records.extend(page.records.iter().map(|record| record.record.0.clone()));
        if records.len() as u64 >= page.total {
            return Ok(records);
        }
    }
}

fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as u64
}
