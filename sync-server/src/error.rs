//! What goes wrong: a refused request, or a relay that cannot run.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use drystone_wire::http::{ErrorBody, RelayErrorCode};

/// A refused request, answered as [`ErrorBody`] with the status of its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: RelayErrorCode,
    /// For people: what is wrong and what to do. Never content, never a token.
    pub message: String,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u64>,
}

impl Refusal {
    pub fn new(code: RelayErrorCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), retry_after: None }
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(RelayErrorCode::BadRequest, message)
    }

    pub fn retry_later(message: impl Into<String>, seconds: u64) -> Refusal {
        Refusal { retry_after: Some(seconds.max(1)), ..Refusal::new(RelayErrorCode::RateLimited, message) }
    }

    pub fn shutting_down() -> Refusal {
        let message = "the relay is stopping; send this again in a few seconds";
        Refusal { retry_after: Some(2), ..Refusal::new(RelayErrorCode::ShuttingDown, message) }
    }

    /// A defect or a failing disk: the cause goes to the log, not to the network.
    pub fn internal(cause: &dyn std::fmt::Display) -> Refusal {
        tracing::error!(%cause, "a request failed inside the relay");
        Refusal::new(
            RelayErrorCode::Internal,
            "the relay failed; nothing is known to be stored, so send this again later",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let body = ErrorBody { code: self.code, message: self.message };
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(body)).into_response();
        // For whoever counts refusals on the way out.
        response.extensions_mut().insert(self.code);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == RelayErrorCode::Unauthorized || self.code == RelayErrorCode::ChallengeFailed {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Why the relay cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// Something around the relay has to change first.
    #[error("{0}")]
    Input(String),
    /// What is stored is damaged or does not belong together.
    #[error("{0}")]
    Integrity(String),
}

impl Fatal {
    /// The process exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Fatal::Input(_) => 2,
            Fatal::Integrity(_) => 4,
        }
    }
}
