//! `/events`: what happens in the core, one event a WebSocket message.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use drystone_core::api::Event;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::serve::Host;
use crate::serve::reply::{no_session, too_many};

/// How many pages listen at once.
pub const STREAMS_LIMIT: usize = 64;
/// Pages only answer pings here.
const INCOMING_LIMIT: usize = 4 * 1024;
/// How much one page's connection may hold back before it counts as broken.
const OUTGOING_LIMIT: usize = 8 * 1024 * 1024;
/// How often a page is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(15);
/// Pings in a row without any answer after which a page is gone.
const SILENT_PINGS_LIMIT: u32 = 3;
/// How long one message may take; a slower page is disconnected and comes back.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Opens the stream of events.
pub async fn open(State(host): State<Arc<Host>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !host.sessions.admits(&headers) {
        return no_session();
    }
    let Ok(permit) = host.streams.clone().try_acquire_owned() else {
        return too_many("Too many pages are open.");
    };
    // From before the answer, so that the page misses nothing after it.
    let events = host.app.subscribe();
    upgrade
        .max_message_size(INCOMING_LIMIT)
        .max_frame_size(INCOMING_LIMIT)
        .max_write_buffer_size(OUTGOING_LIMIT)
        .on_upgrade(move |socket| stream(host, socket, events, permit))
}

async fn stream(host: Arc<Host>, mut socket: WebSocket, mut events: Receiver<Event>, _permit: OwnedSemaphorePermit) {
    let mut stopping = host.stopping.clone();
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    loop {
        let message = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => Message::Close(None),
            event = events.recv() => match event {
                Ok(event) => text(&event),
                Err(RecvError::Lagged(_)) => text(&Event::Lagged {}),
                Err(RecvError::Closed) => Message::Close(None),
            },
            _ = pings.tick() => {
                silent += 1;
                if silent > SILENT_PINGS_LIMIT { return }
                Message::Ping(Default::default())
            }
            incoming = socket.recv() => match incoming {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {
                    silent = 0;
                    continue;
                }
            },
        };
        let last = matches!(message, Message::Close(_));
        let sent = timeout(SEND_LIMIT, socket.send(message)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

fn text(event: &Event) -> Message {
    // An event is plain data; if it could not be written, reading everything again replaces it.
    let text = serde_json::to_string(event).unwrap_or_else(|_| r#"{"type":"lagged"}"#.to_owned());
    Message::Text(text.into())
}
