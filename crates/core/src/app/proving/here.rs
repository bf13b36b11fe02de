//! What is on this device: every record, every envelope with its changes, every
//! document and what is shown of it.

use std::collections::BTreeMap;

use drystone_model::Model;
use drystone_wire::envelope::Envelope;
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};
use rusqlite::Connection;

use super::{Evidence, counted};
use crate::app::App;
use crate::app::project::project;
use crate::app::sharing;
use crate::document::Document;
use crate::document::scan::Limits;
use crate::error::Result;
use crate::store::sharing::kept::{self, Kept};
use crate::store::sharing::{carrying, inbox, membership as records, outbox, quarantine};
use crate::store::{changes, documents, records as model_records};
use crate::sync::membership::Membership;
use crate::sync::opening::Verifier;

const FROM_BACKUP: &str =
    "Restore the data folder from a backup, or join the workspace again on a new one: what the relay has comes back.";
const AGAIN: &str = "Synchronise and prove again; if it stays, join the workspace again on a new data folder.";

/// An envelope on this device, as far as the relay is asked for it.
pub struct KeptId {
    pub device: DeviceKey,
    pub sequence: u64,
    /// Whether the relay has confirmed it.
    pub stored: bool,
}

/// All that is kept here, by id.
pub type KeptIds = BTreeMap<Hash, KeptId>;

/// Goes through a workspace.
pub fn prove(conn: &Connection, app: &App, id: &WorkspaceId) -> Result<(Evidence, KeptIds)> {
    let mut evidence = Evidence::default();
    let mut ids = KeptIds::new();
    match sharing::load(conn, id) {
        Ok(membership) => {
            let people = membership.roster().members.len() as u64;
            let number = counted(membership.position(), "membership record verifies", "membership records verify");
            evidence.holds(format!("{number}: {} in the workspace.", counted(people, "person is", "people are")));
            ids = envelopes(conn, id, &membership, &mut evidence)?;
        }
        Err(error) => evidence.failed(error),
    }
    documents_of(conn, app, id, &mut evidence)?;
    waiting(conn, id, &mut evidence)?;
    Ok((evidence, ids))
}

/// Every envelope is signed by its device, stands in that device's unbroken
/// order, and each change in it is here or was set aside.
fn envelopes(conn: &Connection, id: &WorkspaceId, membership: &Membership, evidence: &mut Evidence) -> Result<KeptIds> {
    let keys = records::epoch_keys(conn, id)?;
    let verifier = Verifier { workspace: *id, membership, keys: &keys, limits: Limits::default() };
    let mut ids = KeptIds::new();
    let mut heads: BTreeMap<DeviceKey, (u64, Hash)> = BTreeMap::new();
    let mut found = 0;
    kept::each_with_state(conn, id, |one, stored| {
        evidence.envelopes += 1;
        let (device, sequence) = (one.device, one.sequence);
        if let Some(problem) = out_of_order(&one, &mut heads) {
            evidence.broken(format!("Envelope {sequence} of the device {} {problem}.", short(&device)), FROM_BACKUP);
        }
        match verifier.place_again(&one.envelope).and_then(|placed| verifier.open(placed)) {
            Ok(opened) => {
                for (summary, _) in &opened.changes {
                    let here = inbox::has_change(conn, &opened.header.document, &summary.hash)?;
                    found += u64::from(here);
                    if !here && !carrying::is_set_aside(conn, id, &one.envelope)? {
                        let device = short(&device);
                        evidence.broken(
                            format!("A change in envelope {sequence} of the device {device} is not in its document."),
                            AGAIN,
                        );
                    }
                }
            }
            Err(_) if carrying::is_set_aside(conn, id, &one.envelope)? => {}
            Err(refusal) => {
                evidence.broken(
                    format!("Envelope {sequence} of the device {} does not open: {refusal}.", short(&device)),
                    AGAIN,
                );
            }
        }
        ids.insert(one.id, KeptId { device, sequence, stored });
        Ok(())
    })?;
    let (envelopes, devices) = (u64::from(evidence.envelopes), heads.len() as u64);
    if envelopes > 0 {
        evidence.holds(format!(
            "{} by {}, in unbroken order; each of their {} is in its document.",
            counted(envelopes, "sealed envelope", "sealed envelopes"),
            counted(devices, "device", "devices"),
            counted(found, "change", "changes"),
        ));
    }
    Ok(ids)
}

/// What is wrong with an envelope's signature or its place after its device's last one.
fn out_of_order(one: &Kept, heads: &mut BTreeMap<DeviceKey, (u64, Hash)>) -> Option<String> {
    let (envelope, header) = match Envelope::open(&one.envelope) {
        Ok(opened) => opened,
        Err(error) => return Some(format!("does not verify: {error}")),
    };
    let before = heads.insert(one.device, (one.sequence, one.id));
    if envelope.id() != one.id || header.device != one.device || header.sequence != one.sequence {
        return Some("is not the one that was stored".to_owned());
    }
    // Behind a snapshot a device's envelopes begin later.
    match before {
        Some((last, _)) if header.sequence != last + 1 => Some(format!("stands where {} should", last + 1)),
        Some((_, last)) if header.previous != last => Some("does not follow the one before".to_owned()),
        _ => None,
    }
}

/// Every document loads from its changes, none of them waits for one that is
/// missing, and what is shown of it is what they say.
fn documents_of(conn: &Connection, app: &App, id: &WorkspaceId, evidence: &mut Evidence) -> Result<()> {
    let all = documents::list(conn)?;
    for (row, _) in all.into_iter().filter(|(row, _)| row.workspace == id.0) {
        evidence.documents += 1;
        let handle = DocumentHandle(row.id);
        let hashes = changes::hashes(conn, &row.id)?;
        evidence.changes += hashes.len() as u32;
        let chunks = changes::chunks(conn, &row.id, row.projected)?;
        let mut document = match Document::load(chunks.snapshot.as_deref(), &chunks.tail, app.fresh_id()?) {
            Ok(document) => document,
            Err(error) => {
                evidence.broken(format!("“{}” does not load: {}", row.title, error.message), FROM_BACKUP);
                continue;
            }
        };
        let missing = hashes.iter().filter(|hash| !document.has_change(hash)).count();
        if missing > 0 {
            let missing = counted(missing as u64, "change", "changes");
            evidence
                .broken(format!("{missing} of “{}” cannot be applied: something before is missing.", row.title), AGAIN);
        }
        let model = Model::of(model_records::all(conn, &row.id)?);
        let shown = project(&document, &model, handle, *id, row.updated_ms).map(|(_, rows)| rows);
        if shown != Some(documents::sections(conn, &row.id)?) {
            evidence.broken(format!("What is shown of “{}” is not what its changes say.", row.title), AGAIN);
        }
    }
    if evidence.documents > 0 {
        evidence.holds(format!(
            "{} with {}: all load, and read as they are shown.",
            counted(u64::from(evidence.documents), "document", "documents"),
            counted(u64::from(evidence.changes), "change", "changes"),
        ));
    }
    Ok(())
}

fn waiting(conn: &Connection, id: &WorkspaceId, evidence: &mut Evidence) -> Result<()> {
    evidence.waiting = outbox::waiting(conn, id)?;
    if evidence.waiting > 0 {
        let waiting = counted(u64::from(evidence.waiting), "change made here is", "changes made here are");
        evidence.holds(format!("{waiting} not at a relay yet."));
    }
    let (set_aside, _) = quarantine::count(conn, id)?;
    evidence.holds(match set_aside {
        0 => "Nothing was ever set aside.".to_owned(),
        number => {
            format!("{} set aside, with author and reason.", counted(u64::from(number), "entry is", "entries are"))
        }
    });
    Ok(())
}

fn short(device: &DeviceKey) -> String {
    device.to_string().get(..8).unwrap_or_default().to_owned()
}
