//! Attachments: announced by their manifest, then stored and read chunk by
//! chunk, in any order, as often as it takes.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use drystone_wire::blob::{BlobState, CHUNK_BYTES, MANIFEST_BYTES, Manifest};
use drystone_wire::http::RelayErrorCode;
use drystone_wire::ids::Bytes;
use drystone_wire::membership::Role;
use drystone_wire::{Hash, WorkspaceId};

use super::{Caller, Shared, body};
use crate::error::Refusal;
use crate::state::{Relay, refusal, write_refusal};
use crate::storage::StoreError;
use crate::storage::sqlite::blobs::{self, BlobChange, BlobRow};

/// `PUT /v1/workspaces/{id}/blobs/{blob}`: announces an attachment by its manifest, or says that it is needed again.
pub async fn announce(
    State(relay): Shared,
    caller: Caller,
    Path((id, blob)): Path<(String, String)>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let (id, blob) = (body::workspace(&id)?, hash(&blob)?);
    writer(&relay, &id, &caller).await?;
    let (bytes, _share) = body::read(&relay.memory, request, MANIFEST_BYTES).await?;
    let manifest = Manifest::open(&bytes).map_err(|error| Refusal::bad_request(format!("the body is {error}")))?;
    if manifest.id() != blob {
        return Err(Refusal::bad_request("the manifest is another blob's than the path's"));
    }
    relay.writer.blob(id, BlobChange::Announce(manifest)).await.map_err(write_refusal)?;
    known(&relay, id, blob).await
}

/// `GET /v1/workspaces/{id}/blobs/{blob}`: what the relay has of it.
pub async fn state(
    State(relay): Shared,
    caller: Caller,
    Path((id, blob)): Path<(String, String)>,
) -> Result<Response<Body>, Refusal> {
    let (id, blob) = (body::workspace(&id)?, hash(&blob)?);
    relay.member(&id, &caller.0).await?;
    known(&relay, id, blob).await
}

/// `DELETE /v1/workspaces/{id}/blobs/{blob}`: marks it for removal after the grace.
pub async fn mark(
    State(relay): Shared,
    caller: Caller,
    Path((id, blob)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (id, blob) = (body::workspace(&id)?, hash(&blob)?);
    writer(&relay, &id, &caller).await?;
    relay.writer.blob(id, BlobChange::Mark(blob)).await.map_err(write_refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /v1/workspaces/{id}/blobs/{blob}/{chunk}`: one chunk, of an announced blob.
pub async fn write(
    State(relay): Shared,
    caller: Caller,
    Path((id, blob, chunk)): Path<(String, String, String)>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let (id, blob, index) = (body::workspace(&id)?, hash(&blob)?, index(&chunk)?);
    writer(&relay, &id, &caller).await?;
    let row = row(&relay, id, blob).await?;
    let (bytes, share) = body::read(&relay.memory, request, CHUNK_BYTES).await?;
    let chunks = relay.chunks.clone();
    let work = move || {
        let _share = share;
        if !row.manifest.fits(index, &bytes) {
            return Err(Refusal::bad_request(format!("chunk {index} is not the one that the manifest names")));
        }
        let count = row.manifest.chunks.len();
        chunks.put(&id, &blob, index, &bytes).map_err(|error| refusal(StoreError::from(error)))?;
        let there: u32 = chunks.present(&id, &blob, count).iter().map(|byte| byte.count_ones()).sum();
        Ok(!row.whole && there as usize == count)
    };
    let became_whole = tokio::task::spawn_blocking(work).await.map_err(|error| Refusal::internal(&error))??;
    if became_whole {
        relay.writer.blob(id, BlobChange::Whole(blob)).await.map_err(write_refusal)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD /v1/workspaces/{id}/blobs/{blob}/{chunk}`.
pub async fn read(
    State(relay): Shared,
    caller: Caller,
    Path((id, blob, chunk)): Path<(String, String, String)>,
) -> Result<Response<Body>, Refusal> {
    let (id, blob, index) = (body::workspace(&id)?, hash(&blob)?, index(&chunk)?);
    relay.member(&id, &caller.0).await?;
    row(&relay, id, blob).await?;
    let mut share = relay.memory.take(CHUNK_BYTES).await?;
    let chunks = relay.chunks.clone();
    let read = tokio::task::spawn_blocking(move || chunks.get(&id, &blob, index));
    let found = read.await.map_err(|error| Refusal::internal(&error))?;
    let bytes = found.map_err(|error| refusal(StoreError::from(error)))?.ok_or_else(|| refusal(StoreError::NoBlob))?;
    share.shrink(bytes.len());
    let mut response = body::cbor(bytes, share);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(response.into_response())
}

/// Readers read; a courtesy to the others, whose quota this is.
async fn writer(relay: &Relay, id: &WorkspaceId, caller: &Caller) -> Result<(), Refusal> {
    match relay.member(id, &caller.0).await? {
        (_, role) if role <= Role::Editor => Ok(()),
        _ => Err(Refusal::new(RelayErrorCode::Forbidden, "this member may read and not write")),
    }
}

async fn row(relay: &Relay, id: WorkspaceId, blob: Hash) -> Result<BlobRow, Refusal> {
    relay.readers.read(move |connection| blobs::blob(connection, &id, &blob)).await.map_err(refusal)
}

async fn known(relay: &Relay, id: WorkspaceId, blob: Hash) -> Result<Response<Body>, Refusal> {
    let BlobRow { manifest, marked_ms, .. } = row(relay, id, blob).await?;
    let (chunks, count) = (relay.chunks.clone(), manifest.chunks.len());
    let looked = tokio::task::spawn_blocking(move || chunks.present(&id, &blob, count)).await;
    let present = Bytes(looked.map_err(|error| Refusal::internal(&error))?);
    Ok(body::small_cbor(&BlobState { manifest, present, marked: marked_ms > 0 }))
}

fn hash(text: &str) -> Result<Hash, Refusal> {
    text.parse().map_err(|error| Refusal::bad_request(format!("the blob in the path is not an id: {error}")))
}

fn index(text: &str) -> Result<usize, Refusal> {
    text.parse().map_err(|_| Refusal::bad_request("the chunk in the path is not a number in range"))
}
