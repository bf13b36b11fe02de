//! Who the relay is, challenges and tokens.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use drystone_wire::http::{Challenge, ChallengeRequest, RelayErrorCode, RelayInfo, Token, TokenRequest};
use drystone_wire::limits::TOKEN_SECONDS;

use super::{Shared, body};
use crate::auth::url_is_ours;
use crate::error::Refusal;
use crate::state::now_ms;

/// The version of the protocol.
const PROTOCOL: u32 = 1;

/// `GET /v1/relay`.
pub async fn relay(State(relay): Shared) -> Json<RelayInfo> {
    Json(RelayInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        protocol: PROTOCOL,
        relay_key: relay.relay_key,
        time_ms: now_ms().to_string(),
    })
}

/// `POST /v1/challenge`.
pub async fn challenge(State(relay): Shared, request: Request) -> Result<Json<Challenge>, Refusal> {
    let asked: ChallengeRequest = body::json(&relay.memory, request).await?;
    let nonce = relay.challenges.issue(&asked.device).map_err(|error| Refusal::internal(&error))?;
    Ok(Json(Challenge { nonce, relay_key: relay.relay_key, time_ms: now_ms().to_string() }))
}

/// `POST /v1/token`.
pub async fn token(State(relay): Shared, request: Request) -> Result<Json<Token>, Refusal> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_string);
    let answer: TokenRequest = body::json(&relay.memory, request).await?;
    let public = relay.config.public_url.as_deref();
    if !url_is_ours(&answer.url, public, host.as_deref()) {
        let ours = public.or(host.as_deref()).unwrap_or("unknown");
        let message = format!("the answer is for another relay's address; this relay's is {ours}");
        return Err(Refusal::new(RelayErrorCode::ChallengeFailed, message));
    }
    relay.challenges.answer(&answer, &relay.relay_key)?;
    Ok(Json(Token { token: relay.tokens.issue(&answer.device, now_ms()), expires_in: TOKEN_SECONDS }))
}
