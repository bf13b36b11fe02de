//! `POST /v1/workspaces/{id}/log`: envelopes into the log.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::Response;
use drystone_wire::envelope::{Envelope, EnvelopeError, Kind};
use drystone_wire::http::RelayErrorCode;
use drystone_wire::log::{Append, Appended};
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, WorkspaceId, canonical, limits};
use minicbor::Decoder;

use super::{Caller, Shared, body};
use crate::error::Refusal;
use crate::state::{Workspace, access_in, now_ms, write_refusal};
use crate::storage::writer::WriteError;
use crate::storage::{AppendedEntries, NewEntry, StoreError};

/// How often an append is checked again when the membership moves under it.
const TRIES: usize = 4;
/// Up to so many bytes are verified without moving to a thread that may block.
const QUICK_BYTES: usize = 32 << 10;
/// And up to so many envelopes.
const QUICK_ENTRIES: usize = 4;

pub async fn append(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    // Strangers are sent away before their bytes are read.
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    let (bytes, share) = body::read(&relay.memory, request, limits::APPEND_BYTES).await?;
    let (epochs, entries): (Vec<u32>, Vec<NewEntry>) = opened(&bytes, &id).await?.into_iter().unzip();
    let entries = Arc::new(entries);
    let bytes_sent = bytes.len();
    drop(bytes);
    for _ in 0..TRIES {
        let roster = relay.roster(&workspace).await?;
        may_append(&roster, &caller.0, &epochs, &entries)?;
        let written = relay.writer.append(id, roster.position, entries.clone(), workspace.news.clone()).await;
        match written {
            Err(WriteError::Store(StoreError::MembershipMoved)) => {
                relay.refresh(&workspace).await?;
            }
            Err(error) => return Err(write_refusal(error)),
            Ok(appended) => {
                relay.metrics.appends.inc();
                relay.metrics.entries.inc_by(appended.new);
                relay.metrics.bytes.inc_by(appended.new_bytes);
                tracing::trace!(entries = appended.new, bytes = bytes_sent, "appended");
                drop(share);
                return Ok(reply(&relay, &workspace, appended));
            }
        }
    }
    Err(Refusal::retry_later("the membership changes too fast; try again", 1))
}

fn reply(relay: &crate::state::Relay, workspace: &Workspace, appended: AppendedEntries) -> Response<Body> {
    let head = relay.head(workspace.id, &appended.standing);
    body::small_cbor(&Appended { stored: appended.stored, head })
}

/// A verified envelope, and its epoch, to which the roster has to say yes.
type Opened = (u32, NewEntry);

/// Reads and verifies the envelopes; large appends do not hold up other requests.
async fn opened(bytes: &Bytes, workspace: &WorkspaceId) -> Result<Vec<Opened>, Refusal> {
    let count = announced(bytes)?;
    if count <= QUICK_ENTRIES as u64 && bytes.len() <= QUICK_BYTES {
        return verified(bytes, workspace);
    }
    let (bytes, workspace) = (bytes.clone(), *workspace);
    let work = move || verified(&bytes, &workspace);
    tokio::task::spawn_blocking(work).await.map_err(|error| Refusal::internal(&error))?
}

/// How many envelopes the body says it has, looked at before any is read.
fn announced(bytes: &[u8]) -> Result<u64, Refusal> {
    let mut decoder = Decoder::new(bytes);
    let outer = decoder.array();
    let inner = decoder.array();
    match (outer, inner) {
        (Ok(Some(1)), Ok(Some(0))) => Err(Refusal::bad_request("the append holds no envelope")),
        (Ok(Some(1)), Ok(Some(count))) if count <= limits::APPEND_ENTRIES as u64 => Ok(count),
        (Ok(Some(1)), Ok(Some(count))) => {
            let message = format!("{count} envelopes, more than the limit of {} in one append", limits::APPEND_ENTRIES);
            Err(Refusal::new(RelayErrorCode::TooLarge, message))
        }
        _ => Err(Refusal::bad_request("the body is not an append in canonical form")),
    }
}

fn verified(bytes: &[u8], workspace: &WorkspaceId) -> Result<Vec<Opened>, Refusal> {
    let append: Append = canonical::decode(bytes, limits::APPEND_BYTES)
        .map_err(|error| Refusal::bad_request(format!("the body is not an append: {error}")))?;
    let envelopes = append.envelopes.into_iter().enumerate();
    envelopes.map(|(index, bytes)| verified_one(index, bytes.0, workspace)).collect()
}

fn verified_one(index: usize, bytes: Vec<u8>, workspace: &WorkspaceId) -> Result<Opened, Refusal> {
    let wrong = |what: &dyn std::fmt::Display| {
        Refusal::new(RelayErrorCode::EnvelopeInvalid, format!("envelope {index} of this append: {what}"))
    };
    if bytes.len() > limits::ENVELOPE_BYTES {
        let message = format!("envelope {index} is larger than the limit of {} bytes", limits::ENVELOPE_BYTES);
        return Err(Refusal::new(RelayErrorCode::TooLarge, message));
    }
    let (envelope, header) = Envelope::open(&bytes).map_err(|error: EnvelopeError| wrong(&error))?;
    if header.workspace != *workspace {
        return Err(wrong(&"it belongs to another workspace"));
    }
    if header.kind != Kind::Changes {
        return Err(wrong(&"only changes go into the log"));
    }
    let entry = NewEntry {
        id: envelope.id(),
        device: header.device,
        sequence: header.sequence,
        previous: header.previous,
        envelope: bytes,
    };
    Ok((header.epoch, entry))
}

/// Whether a device may add these envelopes. It may also pass on what other
/// members signed and it received in a bundle: the signature is theirs, their
/// chain has one order whoever brings it, and readers check everything anyhow.
fn may_append(roster: &Roster, device: &DeviceKey, epochs: &[u32], entries: &[NewEntry]) -> Result<(), Refusal> {
    access_in(roster, device, now_ms())?;
    if !roster.may_write(device) {
        return Err(Refusal::new(RelayErrorCode::Forbidden, "this member may read and not write"));
    }
    if let Some(index) = entries.iter().position(|entry| entry.device != *device && !counts(roster, entry)) {
        let message = format!("envelope {index} of this append is from a device that is not in the workspace");
        return Err(Refusal::new(RelayErrorCode::EnvelopeInvalid, message));
    }
    match epochs.iter().position(|epoch| *epoch == 0 || *epoch > roster.epoch) {
        None => Ok(()),
        Some(index) => {
            let message = format!("envelope {index} of this append: its epoch is not one of 1 to {}", roster.epoch);
            Err(Refusal::new(RelayErrorCode::EnvelopeInvalid, message))
        }
    }
}

/// Whether an envelope is from a device that is in the workspace, or was when
/// it wrote this.
fn counts(roster: &Roster, entry: &NewEntry) -> bool {
    let removed = || roster.removed.get(&entry.device).is_some_and(|removed| entry.sequence <= removed.sequence);
    roster.devices.contains_key(&entry.device) || removed()
}
