//! The membership log: creating a workspace, reading its records, posting the next one.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{Response, Uri};
use drystone_wire::http::{Recoverable, RelayErrorCode};
use drystone_wire::membership::{Body as RecordBody, Operation, Record, RecordPage};
use drystone_wire::roster::{Roster, RosterError};
use drystone_wire::{DeviceKey, Hash, WorkspaceId, limits};

use super::{Caller, Client, Shared, body};
use crate::error::Refusal;
use crate::state::{Relay, Workspace, access_in, expired, now_ms, refusal, write_refusal};
use crate::storage::sqlite::read;
use crate::storage::sqlite::roster::recovery_keys;
use crate::storage::{NewRecord, Placed};

/// What a page of records may hold, so that with its frame it stays within what clients accept.
const PAGE_BYTES: usize = limits::RECORD_REPLY_BYTES - limits::RECORD_BYTES;

/// `POST /v1/workspaces`.
pub async fn create(
    State(relay): Shared,
    caller: Caller,
    Extension(Client(address)): Extension<Client>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let (bytes, _share) = body::read(&relay.memory, request, limits::RECORD_BYTES).await?;
    let (_, body) = opened(&bytes)?;
    check_author(&body, &caller)?;
    let roster = Roster::create(&bytes).map_err(|error| invalid(&error))?;
    if relay.workspace(&roster.workspace).await.is_err() {
        relay.create_allowed(address)?;
    }
    let record = new_record(&relay, &roster, &bytes);
    match relay.writer.create(record).await.map_err(write_refusal)? {
        Placed::Here { countersigned, .. } => Ok(body::small_cbor(&countersigned)),
        Placed::Moved { membership } => Err(moved(membership)),
    }
}

/// `GET /v1/workspaces/{id}/membership?from=N`.
pub async fn read(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    let from = body::Query::new(uri.query())?.number("from", 1)?;
    relay.access(&id, &caller.0).await?;
    let mut share = relay.memory.take(limits::RECORD_REPLY_BYTES).await?;
    let reading = move |connection: &_| read::records(connection, &id, from, limits::RECORD_PAGE, PAGE_BYTES);
    let (records, total) = relay.readers.read(reading).await.map_err(refusal)?;
    let bytes = drystone_wire::canonical::encode(&RecordPage { records, total });
    share.shrink(bytes.len());
    Ok(body::cbor(bytes, share))
}

/// `GET /v1/recovery`.
pub async fn recoverable(State(relay): Shared, caller: Caller) -> Result<Json<Recoverable>, Refusal> {
    let reading = move |connection: &_| read::recoverable(connection, &caller.0);
    let workspaces = relay.readers.read(reading).await.map_err(refusal)?;
    Ok(Json(Recoverable { workspaces }))
}

/// `POST /v1/workspaces/{id}/membership?seen=N`.
pub async fn place(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    let seen = body::Query::new(uri.query())?.number("seen", u64::MAX)?;
    let (bytes, _share) = body::read(&relay.memory, request, limits::RECORD_BYTES).await?;
    let (record, body) = opened(&bytes)?;
    check_author(&body, &caller)?;
    let workspace = relay.workspace(&id).await?;
    let roster = relay.roster(&workspace).await?;
    let hash = record.hash();
    if access_in(&roster, &caller.0, now_ms()).is_ok() {
        relay.administration.check_open(&id)?;
    }
    // Who holds the very bytes of a record learns nothing from its countersignature.
    if let Some(reply) = stored_before(&relay, &id, &roster, body.position, hash).await? {
        return Ok(reply);
    }
    check_access(&roster, &body, &caller.0)?;
    let after = applied(&roster, &body, &bytes)?;
    let mut record = NewRecord { seen, ..new_record(&relay, &after, &bytes) };
    if let Operation::Remove { devices, .. } = &body.operation {
        record.removed = devices.iter().map(|last| last.device).collect();
    }
    if matches!(body.operation, Operation::SetRecovery { .. } | Operation::Remove { .. } | Operation::Leave { .. }) {
        record.recovery = Some(recovery_keys(&after));
    }
    let placed = relay.writer.place(record, workspace.news.clone()).await.map_err(write_refusal)?;
    finish(&workspace, after, placed)
}

fn finish(workspace: &Arc<Workspace>, after: Roster, placed: Placed) -> Result<Response<Body>, Refusal> {
    match placed {
        Placed::Here { countersigned, .. } => {
            workspace.advance(after);
            Ok(body::small_cbor(&countersigned))
        }
        Placed::Moved { membership } => Err(moved(membership)),
    }
}

/// The reply to a record that is there already.
async fn stored_before(
    relay: &Relay,
    id: &WorkspaceId,
    roster: &Roster,
    position: u64,
    hash: Hash,
) -> Result<Option<Response<Body>>, Refusal> {
    if position > roster.position {
        return Ok(None);
    }
    let id = *id;
    let there =
        relay.readers.read(move |connection| read::record_at(connection, &id, position)).await.map_err(refusal)?;
    let same = there.filter(|(known, _)| *known == hash);
    Ok(same.map(|(_, countersigned)| body::small_cbor(&countersigned)))
}

/// The roster after the record.
fn applied(roster: &Roster, body: &RecordBody, bytes: &[u8]) -> Result<Roster, Refusal> {
    if body.position != roster.position + 1 || body.previous != roster.head {
        return Err(moved(roster.position));
    }
    if let Operation::Join { invite, .. } = &body.operation
        && roster.invites.get(invite).is_some_and(|open| now_ms() > open.expires_ms)
    {
        return Err(expired());
    }
    let mut after = roster.clone();
    after.apply(bytes).map_err(|error| invalid(&error))?;
    Ok(after)
}

/// Only who the record is from posts it; a join also comes with its
/// invitation's token, and a recovery with its kit's.
fn check_author(body: &RecordBody, caller: &Caller) -> Result<(), Refusal> {
    let enters = match &body.operation {
        Operation::Join { invite, .. } => *invite == caller.0,
        Operation::Recover { recovery, .. } => *recovery == caller.0,
        _ => false,
    };
    if body.author == caller.0 || enters {
        return Ok(());
    }
    Err(Refusal::new(RelayErrorCode::Forbidden, "the record's author is another key than the token's"))
}

/// Joins and recoveries are the records of devices that are not in the workspace yet.
fn check_access(roster: &Roster, body: &RecordBody, caller: &DeviceKey) -> Result<(), Refusal> {
    if matches!(body.operation, Operation::Join { .. } | Operation::Recover { .. }) {
        return Ok(());
    }
    access_in(roster, caller, now_ms()).map(|_| ())
}

fn opened(bytes: &[u8]) -> Result<(Record, RecordBody), Refusal> {
    Record::open(bytes).map_err(|error| Refusal::bad_request(format!("the body is not a membership record: {error}")))
}

/// The record after which the roster is this one.
fn new_record(relay: &Relay, after: &Roster, bytes: &[u8]) -> NewRecord {
    let Roster { workspace, position, head, members, devices, .. } = after;
    NewRecord {
        workspace: *workspace,
        position: *position,
        hash: *head,
        record: bytes.to_vec(),
        countersignature: relay.countersign(workspace, *position, head),
        received_ms: now_ms(),
        members: members.len() as u64,
        devices: devices.len() as u64,
        removed: Vec::new(),
        seen: u64::MAX,
        recovery: None,
    }
}

fn moved(membership: u64) -> Refusal {
    let message =
        format!("the membership has {membership} records, and this is not the next one: read it and try again");
    Refusal::new(RelayErrorCode::MembershipMoved, message)
}

fn invalid(error: &RosterError) -> Refusal {
    Refusal::new(RelayErrorCode::MembershipInvalid, format!("the record does not follow the rules: {error}"))
}
