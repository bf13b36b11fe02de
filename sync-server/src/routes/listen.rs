//! `GET /v1/listen?workspaces=a,b`: a WebSocket that says when there is news.
//! A wake-up carries where things stand, so a slow listener misses steps in
//! between and never the last one; nothing queues up.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::Uri;
use axum::response::Response;
use drystone_wire::http::Wake;
use drystone_wire::{DeviceKey, WorkspaceId, limits};
use futures_util::stream::{FuturesUnordered, StreamExt};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::{Caller, Shared, body};
use crate::error::Refusal;
use crate::state::{Relay, Workspace};
use crate::storage::Standing;

/// A listener has nothing to say, so small buffers do; the default is 128 KiB each.
const READ_BUFFER: usize = 4 << 10;
/// More than this unsent makes sending fail.
const WRITE_BUFFER: usize = 16 << 10;
/// The longest message of a listener, in bytes: control frames only.
const MESSAGE_BYTES: usize = 1 << 10;
/// Pings without an answer before a listener counts as gone.
pub(super) const UNANSWERED: u32 = 2;
/// How long a listener may take to accept one message.
pub(super) const SEND_TIME: Duration = Duration::from_secs(10);

pub async fn listen(
    State(relay): Shared,
    caller: Caller,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|error| Refusal::bad_request(format!("this path takes a WebSocket: {error}")))?;
    let ids = workspaces(&uri)?;
    let mut watched = Vec::with_capacity(ids.len());
    let mut refused = None;
    for id in &ids {
        match relay.member(id, &caller.0).await {
            Ok((workspace, _)) => watched.push(Watched::new(workspace)),
            // One workspace that is gone should not keep a device from hearing of the others.
            Err(refusal) => refused = Some(refusal),
        }
    }
    if let Some(refusal) = refused.filter(|_| watched.is_empty()) {
        return Err(refusal);
    }
    let tasks = relay.tasks.clone();
    let listener = Listener { relay, device: caller.0 };
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .on_upgrade(move |socket| tasks.track_future(listener.run(socket, watched))))
}

pub(super) fn workspaces(uri: &Uri) -> Result<Vec<WorkspaceId>, Refusal> {
    let query = body::Query::new(uri.query())?;
    let names = query.text("workspaces").filter(|text| !text.is_empty());
    let names = names.ok_or_else(|| Refusal::bad_request("name the workspaces to listen to: ?workspaces=ID,ID"))?;
    let mut ids = names.split(',').map(body::workspace).collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > limits::LISTEN_WORKSPACES {
        let message = format!("{} workspaces, more than the limit of {}", ids.len(), limits::LISTEN_WORKSPACES);
        return Err(Refusal::bad_request(message));
    }
    Ok(ids)
}

/// One of a listener's workspaces.
struct Watched {
    workspace: Arc<Workspace>,
    news: watch::Receiver<Standing>,
    /// The membership that the listener was last checked against.
    checked: u64,
}

impl Watched {
    fn new(workspace: Arc<Workspace>) -> Watched {
        let mut news = workspace.news.subscribe();
        news.mark_changed();
        let checked = workspace.roster().position;
        Watched { workspace, news, checked }
    }

    /// Resolves when there is news, the first time at once.
    async fn next(mut self) -> Watched {
        // The sender lives as long as the workspace that we hold.
        let _ = self.news.changed().await;
        self
    }
}

/// Counts a listener while it lives.
pub(super) struct Counted<'a>(pub &'a Gauge);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Why a listener ends, as a WebSocket close.
pub(super) type Close = (u16, &'static str);

struct Listener {
    relay: Arc<Relay>,
    device: DeviceKey,
}

impl Listener {
    async fn run(self, mut socket: WebSocket, watched: Vec<Watched>) {
        self.relay.metrics.listeners.inc();
        let _counted = Counted(&self.relay.metrics.listeners);
        let Some((code, reason)) = self.serve(&mut socket, watched).await else { return };
        let frame = CloseFrame { code, reason: reason.into() };
        // It is closed either way.
        let _ = tokio::time::timeout(SEND_TIME, socket.send(Message::Close(Some(frame)))).await;
    }

    /// Serves until the listener has to be closed, or has gone by itself (`None`).
    async fn serve(&self, socket: &mut WebSocket, watched: Vec<Watched>) -> Option<Close> {
        let mut news: FuturesUnordered<_> = watched.into_iter().map(Watched::next).collect();
        let period = Duration::from_secs(limits::PING_SECONDS);
        let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                () = self.relay.stopping.cancelled() => return Some((close_code::AWAY, "the relay is stopping")),
                changed = news.next() => {
                    let Some(watched) = changed else {
                        return Some((close_code::POLICY, "no workspace is left to listen to"));
                    };
                    if watched.workspace.is_retired() {
                        return Some((close_code::RESTART, "a workspace was closed or restored: listen again"));
                    }
                    if let Some(watched) = self.wake(socket, watched).await? {
                        news.push(watched.next());
                    }
                }
                said = socket.recv() => match said {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => unanswered = 0,
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                        return Some((close_code::POLICY, "a listener has nothing to say"));
                    }
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

    /// Sends one wake-up. Inside, nothing when the device is no longer a member
    /// of the workspace; outside, nothing when the listener has gone.
    async fn wake(&self, socket: &mut WebSocket, mut watched: Watched) -> Option<Option<Watched>> {
        let standing = *watched.news.borrow_and_update();
        if standing.membership != watched.checked {
            if self.relay.member(&watched.workspace.id, &self.device).await.is_err() {
                return Some(None);
            }
            watched.checked = standing.membership;
        }
        let wake =
            Wake { workspace: watched.workspace.id, position: standing.position, membership: standing.membership };
        let Ok(text) = serde_json::to_string(&wake) else { return Some(Some(watched)) };
        send(socket, Message::Text(text.into())).await?;
        self.relay.metrics.wakes.inc();
        Some(Some(watched))
    }
}

/// Sends within the time a listener may take.
pub(super) async fn send(socket: &mut WebSocket, message: Message) -> Option<()> {
    tokio::time::timeout(SEND_TIME, socket.send(message)).await.ok()?.ok()
}
