//! Snapshots: offered by devices, confirmed or contradicted by others, and read
//! by those who come after the log was compacted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Response, StatusCode, Uri};
use drystone_wire::http::RelayErrorCode;
use drystone_wire::roster::Roster;
use drystone_wire::snapshot::{Ids, Offer, Verdict};
use drystone_wire::{DeviceKey, Hash, canonical, limits};

use super::{Caller, Shared, body};
use crate::error::Refusal;
use crate::state::{Relay, Workspace, refusal, write_refusal};
use crate::storage::StoreError;
use crate::storage::sqlite::snapshots;
use crate::storage::writer::{SnapshotChange, WriteError};

/// How often a request is checked again when the membership moves under it.
const TRIES: usize = 4;

/// `GET /v1/workspaces/{id}/snapshots`: which there are, what is said of them, and how far the log was compacted.
pub async fn list(State(relay): Shared, caller: Caller, Path(id): Path<String>) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    relay.member(&id, &caller.0).await?;
    let mut share = relay.memory.take(limits::SNAPSHOT_LIST_BYTES).await?;
    let listing = relay.readers.read(move |connection| snapshots::listing(connection, &id)).await.map_err(refusal)?;
    let bytes = canonical::encode(&listing);
    share.shrink(bytes.len());
    Ok(body::cbor(bytes, share))
}

/// `GET /v1/workspaces/{id}/ids?after=N&limit=M`: ids of entries, whether or not their envelopes are there.
pub async fn ids(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    let query = body::Query::new(uri.query())?;
    let after = query.number("after", 0)?;
    let most = query.number("limit", limits::ID_PAGE)?.clamp(1, limits::ID_PAGE);
    relay.member(&id, &caller.0).await?;
    let mut share = relay.memory.take(limits::ID_PAGE_BYTES).await?;
    let reading = move |connection: &_| snapshots::ids(connection, &id, after, most);
    let (ids, standing) = relay.readers.read(reading).await.map_err(refusal)?;
    let bytes = canonical::encode(&Ids { after, ids, head: relay.head(id, &standing) });
    share.shrink(bytes.len());
    Ok(body::cbor(bytes, share))
}

/// `POST /v1/workspaces/{id}/snapshots`: a device has made one, whose content is stored as a blob.
pub async fn offer(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let id = body::workspace(&id)?;
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    let (bytes, _share) = body::read(&relay.memory, request, limits::SNAPSHOT_OFFER_BYTES).await?;
    let opened = Offer::open(&bytes).map_err(|error| Refusal::bad_request(format!("the snapshot: {error}")))?;
    if opened.header.workspace != id || opened.header.device != caller.0 {
        return Err(Refusal::bad_request("the snapshot belongs to another workspace or device"));
    }
    let change = |roster: Arc<Roster>| SnapshotChange::Offer {
        membership: roster.position,
        opened: Box::new(opened.clone()),
        bytes: bytes.to_vec(),
    };
    written(&relay, &workspace, &caller.0, change).await
}

/// `POST /v1/workspaces/{id}/snapshots/{snapshot}`: what a device says of one.
pub async fn judge(
    State(relay): Shared,
    caller: Caller,
    Path((id, snapshot)): Path<(String, String)>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let id = body::workspace(&id)?;
    let snapshot: Hash = snapshot
        .parse()
        .map_err(|error| Refusal::bad_request(format!("the snapshot in the path is not an id: {error}")))?;
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    let (bytes, _share) = body::read(&relay.memory, request, limits::SNAPSHOT_VERDICT_BYTES).await?;
    let statement = Verdict::open(&bytes).map_err(|error| Refusal::bad_request(format!("the verdict: {error}")))?;
    if statement.workspace != id || statement.device != caller.0 || statement.snapshot != snapshot {
        return Err(Refusal::bad_request("the verdict is another device's, or about something else"));
    }
    let change =
        |roster: Arc<Roster>| SnapshotChange::Judge { roster, statement: statement.clone(), verdict: bytes.to_vec() };
    written(&relay, &workspace, &caller.0, change).await
}

/// Writes what a device that may write wants, checked against the newest membership.
async fn written(
    relay: &Relay,
    workspace: &Workspace,
    device: &DeviceKey,
    change: impl Fn(Arc<Roster>) -> SnapshotChange,
) -> Result<StatusCode, Refusal> {
    for _ in 0..TRIES {
        let roster = relay.roster(workspace).await?;
        if !roster.may_write(device) {
            return Err(Refusal::new(RelayErrorCode::Forbidden, "this member may read and not write"));
        }
        match relay.writer.snapshot(workspace.id, change(roster)).await {
            Err(WriteError::Store(StoreError::MembershipMoved)) => {
                relay.refresh(workspace).await?;
            }
            Err(error) => return Err(write_refusal(error)),
            Ok(_) => return Ok(StatusCode::NO_CONTENT),
        }
    }
    Err(Refusal::retry_later("the membership changes too fast; try again", 1))
}

impl Relay {
    /// Closes logs up to marks whose grace is over, after looking at every chunk
    /// of what stands in for them.
    pub async fn compact(&self) -> Result<(), Refusal> {
        let now = crate::state::now_ms();
        let due = self.readers.read(move |connection| snapshots::due(connection, now)).await.map_err(refusal)?;
        for (id, position) in due {
            let roster = self.roster(&*self.workspace(&id).await?).await?;
            let (chunks, by) = (self.chunks.clone(), roster.clone());
            let look = move |connection: &_| snapshots::contents_verify(connection, &chunks, &id, &by, position);
            if !self.readers.read(look).await.map_err(refusal)? {
                tracing::warn!(
                    position,
                    "nothing is deleted: a snapshot's content is missing, or one counts no longer"
                );
                continue;
            }
            let closed = self.writer.snapshot(id, SnapshotChange::Close { roster, position }).await;
            if closed.map_err(write_refusal)? {
                self.metrics.compactions.inc();
            }
        }
        Ok(())
    }
}
