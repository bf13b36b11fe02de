//! Reading a log, and waiting until there is more to read.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, Uri};
use drystone_wire::http::RelayErrorCode;
use drystone_wire::limits;
use drystone_wire::log::Page;

use super::{Caller, Shared, body};
use crate::error::Refusal;
use crate::state::refusal;
use crate::storage::sqlite::read;
use crate::storage::{Standing, Stretch};

/// `GET /v1/workspaces/{id}/log?after=N&generation=G&limit=M`. Generation 0 stands for "none known yet".
pub async fn log(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    let query = body::Query::new(uri.query())?;
    let after = query.number("after", 0)?;
    let generation = query.number("generation", 0)?;
    let limit = query.number("limit", limits::PAGE_ENTRIES)?.clamp(1, limits::PAGE_ENTRIES);
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    check_generation(generation, workspace.news.borrow().generation)?;
    relay.metrics.reads.inc();
    if let Some((bytes, entries)) = workspace.recent_page(after, limit) {
        relay.metrics.read_entries.inc_by(entries);
        return Ok(body::cbor_reply(bytes.into()));
    }
    let mut share = relay.memory.take(limits::PAGE_REPLY_BYTES).await?;
    let reading = move |connection: &_| read::stretch(connection, &id, after, limit, limits::PAGE_BYTES);
    let Stretch { entries, standing } = relay.readers.read(reading).await.map_err(refusal)?;
    let count = entries.len() as u64;
    relay.metrics.read_entries.inc_by(count);
    let head = relay.head(id, &standing);
    let bytes = drystone_wire::canonical::encode(&Page { entries, head });
    workspace.keep_page(after, limit, standing, count, &bytes);
    share.shrink(bytes.len());
    Ok(body::cbor(bytes, share))
}

fn check_generation(asked: u32, current: u32) -> Result<(), Refusal> {
    if asked == 0 || asked == current {
        return Ok(());
    }
    let message = format!("the log is in generation {current}: read it again from its start");
    Err(Refusal::new(RelayErrorCode::CursorGone, message))
}

/// `GET /v1/workspaces/{id}/wait?after=N&membership=M&seconds=S`.
pub async fn wait(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Refusal> {
    let id = body::workspace(&id)?;
    let query = body::Query::new(uri.query())?;
    let after: u64 = query.number("after", 0)?;
    let membership: u64 = query.number("membership", u64::MAX)?;
    let seconds = query.number("seconds", limits::WAIT_SECONDS)?.min(limits::WAIT_SECONDS);
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    let mut news = workspace.news.subscribe();
    let is_over =
        |standing: &Standing| standing.position > after || standing.membership > membership || workspace.is_retired();
    let changed = news.wait_for(is_over);
    let waited = tokio::time::timeout(Duration::from_secs(seconds), changed);
    tokio::select! {
        _ = waited => {}
        () = relay.stopping.cancelled() => {}
    }
    // Who was removed while waiting is told so, and not where the log stands.
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    let standing = *workspace.news.borrow();
    Ok(body::small_cbor(&relay.head(id, &standing)))
}
