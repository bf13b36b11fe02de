//! A WebSocket over the HTTP client's own connection, so that TLS, time limits
//! and certificate authorities are the same for both.

use std::time::Duration;

use drystone_wire::http::Wake;
use drystone_wire::limits;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Response, StatusCode};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::request::{Failure, FailureKind};
use crate::error::{Error, ErrorCode};

/// Without even a ping for this long, the connection counts as gone.
const SILENCE: Duration = Duration::from_secs(limits::PING_SECONDS * 3);
/// A wake-up's or presence message's size, in bytes.
const MESSAGE_BYTES: usize = limits::PRESENCE_BYTES;
/// How long the relay may take to accept one message.
const SEND_TIME: Duration = Duration::from_secs(10);

/// The open WebSocket.
pub struct Listener(WebSocketStream<reqwest::Upgraded>);

/// The random key of a handshake.
pub(super) fn key() -> String {
    generate_key()
}

/// Takes over the connection of a response that switches protocols.
pub(super) async fn open(response: Response, key: &str) -> Result<Listener, Failure> {
    let accepted = response.status() == StatusCode::SWITCHING_PROTOCOLS
        && response
            .headers()
            .get("Sec-WebSocket-Accept")
            .is_some_and(|value| value == &derive_accept_key(key.as_bytes()));
    if !accepted {
        return Err(gone("something in between does not let WebSockets through"));
    }
    let stream = response.upgrade().await.map_err(|_| gone("the connection broke off"))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(MESSAGE_BYTES)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES));
    Ok(Listener(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await))
}

impl Listener {
    /// The next wake-up. Answers pings meanwhile.
    ///
    /// # Errors
    /// When the connection ends or is silent for too long.
    pub async fn next(&mut self) -> Result<Wake, Failure> {
        loop {
            if let Message::Text(text) = self.message().await? {
                return serde_json::from_str(&text).map_err(|_| gone("it sent something that is no wake-up"));
            }
        }
    }

    /// The next message that is not about the connection itself.
    async fn message(&mut self) -> Result<Message, Failure> {
        loop {
            let message = match tokio::time::timeout(SILENCE, self.0.next()).await {
                Err(_) => return Err(gone("it fell silent")),
                Ok(None) => return Err(gone("the relay closed the connection")),
                Ok(Some(Err(_))) => return Err(gone("the connection broke off")),
                Ok(Some(Ok(message))) => message,
            };
            match message {
                Message::Text(_) | Message::Binary(_) => return Ok(message),
                Message::Close(_) => return Err(gone("the relay closed the connection")),
                // Reading queues the answer to a ping; flushing sends it.
                _ => self.0.flush().await.map_err(|_| gone("the connection broke off"))?,
            }
        }
    }
}

/// The open WebSocket on which devices say who is here.
pub struct Attendance(Listener);

impl Attendance {
    pub(super) fn over(listener: Listener) -> Self {
        Attendance(listener)
    }

    /// The next message of another device, sealed. Answers pings meanwhile.
    ///
    /// # Errors
    /// When the connection ends or is silent for too long.
    pub async fn next(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            if let Message::Binary(bytes) = self.0.message().await? {
                return Ok(bytes.to_vec());
            }
        }
    }

    /// Sends a sealed message.
    ///
    /// # Errors
    /// When the connection ended, or takes nothing.
    pub async fn say(&mut self, message: Vec<u8>) -> Result<(), Failure> {
        match tokio::time::timeout(SEND_TIME, self.0.0.send(Message::Binary(message.into()))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(gone("the connection broke off")),
        }
    }
}

fn gone(why: &str) -> Failure {
    let error = Error::new(
        ErrorCode::Unreachable,
        format!("Listening to the relay ended: {why}."),
        "It is tried again by itself.",
    );
    Failure::new(FailureKind::Unreachable, error)
}
