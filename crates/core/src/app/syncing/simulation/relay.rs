//! The relay of the simulation: what it does with requests, without sockets.

use std::collections::BTreeMap;

use drystone_wire::http::RelayErrorCode;
use drystone_wire::ids::Bytes;
use drystone_wire::log::{Append, Appended, Entry, Head, Page, Stored, chain_next, chain_start};
use drystone_wire::membership::{Countersigned, RecordPage, countersigned_bytes};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, Hash, RelayKey, Signature, WorkspaceId, canonical, envelope};

use crate::crypto::keys::{Secret, SigningPair};
use crate::sync::request::{Attempt, Failure, Reply, Request};

/// The relay: everything it acknowledges it keeps.
pub(super) struct Relay {
    key: SigningPair,
    roster: Option<Roster>,
    records: Vec<Vec<u8>>,
    pub(super) log: Vec<(Hash, Vec<u8>)>,
    /// The chain value after each entry.
    pub(super) chain: Vec<Hash>,
    pub(super) devices: BTreeMap<DeviceKey, BTreeMap<u64, Hash>>,
    pub(super) generation: u32,
}

impl Relay {
    pub(super) fn new() -> Relay {
        let key = SigningPair::new(&Secret::new([42; 32]));
        Relay {
            key,
            roster: None,
            records: vec![],
            log: vec![],
            chain: vec![],
            devices: BTreeMap::new(),
            generation: 1,
        }
    }

    pub(super) fn key(&self) -> RelayKey {
        RelayKey(self.key.public())
    }

    pub(super) fn head(&self, workspace: &WorkspaceId) -> Head {
        let start = || chain_start(workspace, self.generation);
        let mut head = Head {
            workspace: *workspace,
            generation: self.generation,
            position: self.log.len() as u64,
            chain: self.chain.last().copied().unwrap_or_else(start),
            membership: self.records.len() as u64,
            time_ms: 1,
            signature: Signature::ZERO,
        };
        head.signature = self.key.sign(&head.signed_bytes());
        head
    }

    pub(super) fn serve(&mut self, workspace: &WorkspaceId, request: Request) -> Attempt<Reply> {
        if let Request::Create(record) = &request {
            let roster = Roster::create(record).map_err(|_| refused(RelayErrorCode::MembershipInvalid))?;
            if self.roster.is_none() {
                self.roster = Some(roster);
                self.records.push(record.clone());
            }
            return Ok(Reply::Recorded);
        }
        let roster = self.roster.as_mut().ok_or_else(|| refused(RelayErrorCode::NotFound))?;
        match request {
            Request::Create(_) => unreachable!("answered above"),
            Request::Record(record) | Request::Removal { record, .. } => {
                if !self.records.contains(&record) {
                    roster.apply(&record).map_err(|_| refused(RelayErrorCode::MembershipMoved))?;
                    self.records.push(record);
                }
                Ok(Reply::Recorded)
            }
            Request::Records { after } => Ok(Reply::Records(self.page_of_records(workspace, after))),
            Request::Page { generation, after, limit } => {
                if generation.is_some_and(|asked| asked != self.generation) {
                    return Err(refused(RelayErrorCode::CursorGone));
                }
                // Small pages, so that there are several.
                let entries = self.log.iter().enumerate().skip(after as usize).take(limit.min(5) as usize);
                let entries = entries
                    .map(|(index, (_, bytes))| Entry { position: index as u64 + 1, envelope: Bytes(bytes.clone()) })
                    .collect();
                Ok(Reply::Page(Page { entries, head: self.head(workspace) }))
            }
            Request::Append(body) => self.append(workspace, &body),
        }
    }

    fn page_of_records(&self, workspace: &WorkspaceId, after: u64) -> RecordPage {
        let records = self.records.iter().enumerate().skip(after as usize).take(2).map(|(index, bytes)| {
            let hash = drystone_wire::membership::Record::open(bytes).unwrap().0.hash();
            let signature = self.key.sign(&countersigned_bytes(workspace, index as u64 + 1, &hash));
            Countersigned { record: Bytes(bytes.clone()), signature }
        });
        RecordPage { records: records.collect(), total: self.records.len() as u64 }
    }

    fn append(&mut self, workspace: &WorkspaceId, body: &[u8]) -> Attempt<Reply> {
        let append: Append = canonical::decode(body, usize::MAX).unwrap();
        let mut stored = Vec::new();
        let (before, devices) = (self.log.len(), self.devices.clone());
        for bytes in append.envelopes {
            match self.append_one(workspace, bytes.0) {
                Ok(one) => stored.push(one),
                Err(code) => {
                    self.log.truncate(before);
                    self.chain.truncate(before);
                    self.devices = devices;
                    return Err(refused(code));
                }
            }
        }
        Ok(Reply::Appended(Appended { stored, head: self.head(workspace) }))
    }

    fn append_one(&mut self, workspace: &WorkspaceId, bytes: Vec<u8>) -> std::result::Result<Stored, RelayErrorCode> {
        let (envelope, header) = envelope::Envelope::open(&bytes).map_err(|_| RelayErrorCode::EnvelopeInvalid)?;
        let id = envelope.id();
        if let Some(index) = self.log.iter().position(|(known, _)| *known == id) {
            return Ok(Stored { id, position: index as u64 + 1 });
        }
        let numbers = self.devices.entry(header.device).or_default();
        let last = numbers.last_key_value().map_or((0, Hash::ZERO), |(number, id)| (*number, *id));
        match header.sequence {
            taken if taken <= last.0 => Err(RelayErrorCode::SequenceConflict),
            next if next > last.0 + 1 => Err(RelayErrorCode::SequenceGap),
            _ if header.previous != last.1 => Err(RelayErrorCode::SequenceConflict),
            next => {
                numbers.insert(next, id);
                let last = self.chain.last().copied().unwrap_or_else(|| chain_start(workspace, self.generation));
                self.chain.push(chain_next(&last, &id));
                self.log.push((id, bytes));
                Ok(Stored { id, position: self.log.len() as u64 })
            }
        }
    }
}

fn refused(code: RelayErrorCode) -> Failure {
    Failure::refused(code, "no", None)
}
