//! `POST /rpc`: one command of the core.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use drystone_core::command;
use drystone_core::error::{Error, ErrorCode};

use crate::serve::Host;
use crate::serve::reply::{failure, no_session, too_many};

/// The largest request: a 16 MiB file in Base64, and room for the rest.
pub const BODY_LIMIT: usize = 24 * 1024 * 1024;
/// How many commands run at once; each may hold a body.
pub const CONCURRENT_LIMIT: usize = 32;

/// Turns away requests without a session before their body is read.
pub async fn with_session(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    if host.sessions.admits(request.headers()) { next.run(request).await } else { no_session() }
}

/// Runs a command.
pub async fn call(State(host): State<Arc<Host>>, body: Result<Bytes, BytesRejection>) -> Response {
    let Ok(permit) = host.commands.clone().try_acquire_owned() else {
        return too_many("Too many commands run at once.");
    };
    let request = match body.map_err(unread).and_then(|bytes| parse(&bytes)) {
        Ok(request) => request,
        Err(error) => return failure(error),
    };
    let app = host.app.clone();
    // In a task of its own: when the page goes away, what it asked for is still done to the end.
    let answer = tokio::spawn(async move {
        let answer = app.call(request).await;
        drop(permit);
        answer
    });
    match answer.await {
        Ok(Ok(reply)) => {
            let headers = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
            (headers, String::from(Box::<str>::from(reply))).into_response()
        }
        Ok(Err(error)) => failure(error),
        Err(panic) => failure(Error::internal(panic)),
    }
}

fn parse(bytes: &[u8]) -> Result<command::Request, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        Error::new(
            ErrorCode::Usage,
            format!("This is not a command: {error}."),
            "Send {\"command\": …, \"args\": {…}}; reload the page if it is older than the server.",
        )
    })
}

fn unread(rejection: BytesRejection) -> Error {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let message = format!("The request is larger than {} MiB, the most that is taken.", BODY_LIMIT / (1024 * 1024));
        Error::new(ErrorCode::TooLarge, message, "Import a smaller file; 16 MiB is the limit.")
    } else {
        Error::new(ErrorCode::BadInput, format!("The request broke off: {rejection}."), "Try again.")
    }
}
