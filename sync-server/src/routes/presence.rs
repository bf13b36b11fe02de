//! `GET /v1/presence?workspaces=a,b`: a WebSocket on which devices say who is
//! here and hear it of others; `POST /v1/workspaces/{id}/presence` for who has
//! no WebSocket. Messages are passed on and kept nowhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use drystone_wire::http::RelayErrorCode;
use drystone_wire::presence::Presence;
use drystone_wire::{DeviceKey, WorkspaceId, limits};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::MissedTickBehavior;

use super::listen::{Close, Counted, SEND_TIME, UNANSWERED, send, workspaces};
use super::{Caller, Shared, body};
use crate::circle::Passed;
use crate::error::Refusal;
use crate::state::{Relay, Workspace};
use crate::storage::Standing;

/// Messages are small; the default is 128 KiB for each direction.
const READ_BUFFER: usize = 4 << 10;
/// More than this unsent makes sending fail.
const WRITE_BUFFER: usize = 16 << 10;

/// Numbers of listeners, to tell whose a message is.
static LISTENERS: AtomicU64 = AtomicU64::new(1);

pub async fn listen(
    State(relay): Shared,
    caller: Caller,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|error| Refusal::bad_request(format!("this path takes a WebSocket: {error}")))?;
    let mut attended = Vec::new();
    let mut refused = None;
    for id in workspaces(&uri)? {
        match relay.member(&id, &caller.0).await {
            Ok((workspace, _)) => attended.push(Attended::new(workspace)),
            Err(refusal) => refused = Some(refusal),
        }
    }
    if let Some(refusal) = refused.filter(|_| attended.is_empty()) {
        return Err(refusal);
    }
    let tasks = relay.tasks.clone();
    let number = LISTENERS.fetch_add(1, Ordering::Relaxed);
    let listener = Listener { relay, device: caller.0, number };
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(limits::PRESENCE_BYTES)
        .max_frame_size(limits::PRESENCE_BYTES)
        .on_upgrade(move |socket| tasks.track_future(listener.run(socket, attended))))
}

pub async fn say(
    State(relay): Shared,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let id = body::workspace(&id)?;
    let (workspace, _) = relay.member(&id, &caller.0).await?;
    let (bytes, _share) = body::read(&relay.memory, request, limits::PRESENCE_BYTES).await?;
    if names(&bytes, &caller.0) != Some(id) {
        return Err(Refusal::bad_request("the body is no presence message of this device for this workspace"));
    }
    relay.limiters.presence.check_device(&caller.0)?;
    relay.limiters.circle.check_workspace(&id)?;
    relay.metrics.presence.inc();
    workspace.circle.pass(Passed { from: 0, bytes });
    Ok(StatusCode::NO_CONTENT)
}

/// The workspace that a message is for, if it is one and says to be from this
/// device. What is inside and whether it is signed is for its readers to see.
fn names(bytes: &[u8], device: &DeviceKey) -> Option<WorkspaceId> {
    let (_, header) = Presence::read(bytes).ok()?;
    (header.device == *device).then_some(header.workspace)
}

/// One of a listener's workspaces.
struct Attended {
    workspace: Arc<Workspace>,
    news: watch::Receiver<Standing>,
    passed: broadcast::Receiver<Passed>,
    /// The membership that the listener was last checked against.
    checked: u64,
}

enum Heard {
    /// The log or the membership moved on, or the workspace was closed.
    News,
    Passed(Passed),
    /// So many messages came faster than the listener takes them.
    Missed(u64),
}

impl Attended {
    fn new(workspace: Arc<Workspace>) -> Attended {
        let (news, passed) = (workspace.news.subscribe(), workspace.circle.enter());
        let checked = workspace.roster().position;
        Attended { workspace, news, passed, checked }
    }

    async fn next(mut self) -> (Attended, Heard) {
        let heard = tokio::select! {
            biased;
            // The sender lives as long as the workspace that we hold.
            _ = self.news.changed() => Heard::News,
            passed = self.passed.recv() => match passed {
                Ok(passed) => Heard::Passed(passed),
                Err(RecvError::Lagged(missed)) => Heard::Missed(missed),
                Err(RecvError::Closed) => Heard::News,
            },
        };
        (self, heard)
    }
}

struct Listener {
    relay: Arc<Relay>,
    device: DeviceKey,
    number: u64,
}

impl Listener {
    async fn run(self, mut socket: WebSocket, attended: Vec<Attended>) {
        self.relay.metrics.presence_listeners.inc();
        let _counted = Counted(&self.relay.metrics.presence_listeners);
        let Some((code, reason)) = self.serve(&mut socket, attended).await else { return };
        let frame = CloseFrame { code, reason: reason.into() };
        // It is closed either way.
        let _ = tokio::time::timeout(SEND_TIME, socket.send(Message::Close(Some(frame)))).await;
    }

    /// Serves until the listener has to be closed, or has gone by itself (`None`).
    async fn serve(&self, socket: &mut WebSocket, attended: Vec<Attended>) -> Option<Close> {
        let mut open: BTreeMap<WorkspaceId, Arc<Workspace>> =
            attended.iter().map(|one| (one.workspace.id, one.workspace.clone())).collect();
        let mut heard: FuturesUnordered<_> = attended.into_iter().map(Attended::next).collect();
        let period = Duration::from_secs(limits::PING_SECONDS);
        let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                () = self.relay.stopping.cancelled() => return Some((close_code::AWAY, "the relay is stopping")),
                next = heard.next() => {
                    let Some((attended, what)) = next else {
                        return Some((close_code::POLICY, "no workspace is left to listen to"));
                    };
                    if attended.workspace.is_retired() {
                        return Some((close_code::RESTART, "a workspace was closed or restored: listen again"));
                    }
                    let id = attended.workspace.id;
                    match self.hear(socket, attended, what).await? {
                        Some(attended) => heard.push(attended.next()),
                        None => drop(open.remove(&id)),
                    }
                }
                said = socket.recv() => match said {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => unanswered = 0,
                    Some(Ok(Message::Binary(bytes))) => self.pass_on(&open, bytes).await,
                    Some(Ok(Message::Text(_))) => return Some((close_code::POLICY, "presence is no text")),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                },
                _ = ping.tick() => {
                    if unanswered >= UNANSWERED {
                        return Some((close_code::AWAY, "no answer to pings"));
                    }
                    unanswered += 1;
                    send(socket, Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// Sends on what was heard. Inside, nothing when the device is no longer a
    /// member of the workspace; outside, nothing when the listener has gone.
    async fn hear(&self, socket: &mut WebSocket, mut attended: Attended, what: Heard) -> Option<Option<Attended>> {
        // Looked at before anything is sent, so that nobody hears a word after their removal.
        let membership = attended.workspace.news.borrow().membership;
        if membership != attended.checked {
            if !self.is_member(&attended.workspace).await {
                return Some(None);
            }
            attended.checked = membership;
        }
        match what {
            Heard::Passed(passed) if passed.from != self.number => {
                send(socket, Message::Binary(passed.bytes)).await?;
                self.relay.metrics.presence_deliveries.inc();
            }
            Heard::Missed(missed) => drop(self.relay.metrics.presence_dropped.inc_by(missed)),
            Heard::Passed(_) | Heard::News => {}
        }
        Some(Some(attended))
    }

    async fn is_member(&self, workspace: &Workspace) -> bool {
        let roster = self.relay.roster(workspace).await;
        roster.is_ok_and(|roster| roster.role_of(&self.device).is_some())
    }

    /// Passes on what the device said, unless it may not or says too much: then
    /// it is dropped, and a later message replaces it.
    async fn pass_on(&self, open: &BTreeMap<WorkspaceId, Arc<Workspace>>, bytes: Bytes) {
        match self.passable(open, &bytes).await {
            Ok(workspace) => {
                self.relay.metrics.presence.inc();
                workspace.circle.pass(Passed { from: self.number, bytes });
            }
            Err(refusal) => {
                tracing::trace!(code = refusal.code.as_str(), "a presence message is dropped");
                self.relay.metrics.presence_dropped.inc();
            }
        }
    }

    async fn passable<'a>(
        &self,
        open: &'a BTreeMap<WorkspaceId, Arc<Workspace>>,
        bytes: &[u8],
    ) -> Result<&'a Arc<Workspace>, Refusal> {
        self.relay.limiters.presence.check_device(&self.device)?;
        let id = names(bytes, &self.device).ok_or_else(|| Refusal::bad_request("no presence message"))?;
        let workspace = open.get(&id).ok_or_else(|| Refusal::bad_request("another workspace"))?;
        self.relay.heed().await?;
        if workspace.is_retired() || !self.is_member(workspace).await {
            return Err(Refusal::new(RelayErrorCode::Forbidden, "no longer a member"));
        }
        self.relay.limiters.circle.check_workspace(&id)?;
        Ok(workspace)
    }
}
