//! Answers with an `Error` of the core as JSON.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use drystone_core::error::{Error, ErrorCode};

/// An error as an answer; programs read its code, the status is for the network.
pub fn failure(error: Error) -> Response {
    (status(error.code), Json(error)).into_response()
}

/// An answer to someone who may not ask.
pub fn forbidden(message: &str, advice: &str) -> Response {
    (StatusCode::FORBIDDEN, Json(Error::new(ErrorCode::Unauthorized, message, advice))).into_response()
}

/// An answer to a page without a session.
pub fn no_session() -> Response {
    let error = Error::new(
        ErrorCode::Unauthorized,
        "This page has no valid session.",
        "Open the address that `drystone serve` prints; it contains the token.",
    );
    (StatusCode::UNAUTHORIZED, Json(error)).into_response()
}

/// An answer when a named limit is reached.
pub fn too_many(message: &str) -> Response {
    let error = Error::new(ErrorCode::RateLimited, message, "Wait a moment and try again.");
    (StatusCode::TOO_MANY_REQUESTS, Json(error)).into_response()
}

fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode::*;
    match code {
        Usage | BadInput | Invite => StatusCode::BAD_REQUEST,
        NotFound => StatusCode::NOT_FOUND,
        Ambiguous | Confirm => StatusCode::CONFLICT,
        TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        Busy => StatusCode::SERVICE_UNAVAILABLE,
        RateLimited => StatusCode::TOO_MANY_REQUESTS,
        // It is the relay that did not answer or did not accept this device, not this host.
        Unreachable | Certificate | Unauthorized | Refused => StatusCode::BAD_GATEWAY,
        Permission | Keychain | WrongKey | Damaged | TooNew | Integrity | PortInUse | Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
