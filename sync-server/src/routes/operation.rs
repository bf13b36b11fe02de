//! What tells whether the relay works, and how much.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use super::Shared;
use crate::error::Refusal;
use crate::state::write_refusal;

/// How long the disk has to take a write for the relay to count as ready.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// A good answer holds for so long, so that nobody can make the disk sync by asking.
const PROBE_PAUSE: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process lives.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store takes writes and the relay is not stopping.
pub async fn ready(State(relay): Shared) -> Result<&'static str, Refusal> {
    if relay.draining.is_cancelled() {
        return Err(Refusal::shutting_down());
    }
    let mut probed = relay.probed.lock().await;
    if probed.is_some_and(|at| at.elapsed() < PROBE_PAUSE) {
        return Ok("ok\n");
    }
    match tokio::time::timeout(PROBE_TIME, relay.writer.probe()).await {
        Ok(Ok(())) => {
            *probed = Some(Instant::now());
            Ok("ok\n")
        }
        Ok(Err(error)) => Err(write_refusal(error)),
        Err(_) => Err(Refusal::retry_later("the disk takes long to write", PROBE_TIME.as_secs())),
    }
}

/// `GET /metrics`, for Prometheus.
pub async fn metrics(State(relay): Shared) -> Result<impl IntoResponse, Refusal> {
    let text = relay.metrics.text().map_err(|error| Refusal::internal(&error))?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
