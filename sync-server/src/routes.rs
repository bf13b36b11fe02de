//! The relay's interface: which path leads where, and what stands before all of them.

pub mod append;
pub mod auth;
pub mod blob;
pub mod body;
pub mod listen;
pub mod membership;
pub mod operation;
pub mod presence;
pub mod read;
pub mod snapshot;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CONNECTION};
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use drystone_wire::DeviceKey;
use drystone_wire::http::RelayErrorCode;
use hyper::body::Body as _;

use self::body::BodyRead;
use crate::error::Refusal;
use crate::limits::client_address;
use crate::state::{Relay, now_ms};

type Shared = State<Arc<Relay>>;

/// The other end of the connection; every connection puts it into its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Whose address counts for a request.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub IpAddr);

/// The key that a valid token was given to.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub DeviceKey);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Refusal> {
        parts.extensions.get::<Caller>().copied().ok_or_else(|| {
            let message = "no valid token: answer a challenge (POST /v1/challenge, then /v1/token) for a new one";
            Refusal::new(RelayErrorCode::Unauthorized, message)
        })
    }
}

/// Everything that devices use, and what tells whether the relay works.
pub fn public(relay: Arc<Relay>) -> Router {
    let mut router = Router::new()
        .route("/v1/relay", get(auth::relay))
        .route("/v1/challenge", post(auth::challenge))
        .route("/v1/token", post(auth::token))
        .route("/v1/recovery", get(membership::recoverable))
        .route("/v1/workspaces", post(membership::create))
        .route("/v1/workspaces/{id}/membership", get(membership::read).post(membership::place))
        .route("/v1/workspaces/{id}/log", get(read::log).post(append::append))
        .route("/v1/workspaces/{id}/wait", get(read::wait))
        .route("/v1/workspaces/{id}/blobs/{blob}", get(blob::state).put(blob::announce).delete(blob::mark))
        .route("/v1/workspaces/{id}/blobs/{blob}/{chunk}", get(blob::read).put(blob::write))
        .route("/v1/workspaces/{id}/ids", get(snapshot::ids))
        .route("/v1/workspaces/{id}/snapshots", get(snapshot::list).post(snapshot::offer))
        .route("/v1/workspaces/{id}/snapshots/{snapshot}", post(snapshot::judge))
        .route("/v1/workspaces/{id}/presence", post(presence::say))
        .route("/v1/listen", get(listen::listen))
        .route("/v1/presence", get(presence::listen))
        .route("/healthz", get(operation::alive))
        .route("/readyz", get(operation::ready));
    if relay.config.admin_listen.is_none() {
        router = router.route("/metrics", get(operation::metrics));
    }
    with_guards(router, relay)
}

/// What only who runs the relay should see, on an address of its own.
pub fn admin(relay: Arc<Relay>) -> Router {
    let router = Router::new()
        .route("/healthz", get(operation::alive))
        .route("/readyz", get(operation::ready))
        .route("/metrics", get(operation::metrics));
    with_guards(router, relay)
}

fn with_guards(router: Router<Arc<Relay>>, relay: Arc<Relay>) -> Router {
    router
        .fallback(async || Refusal::new(RelayErrorCode::NotFound, "there is nothing at this path"))
        .method_not_allowed_fallback(async || Refusal::bad_request("this path takes another method"))
        .layer(middleware::from_fn_with_state(relay.clone(), guard))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(|_| {
            Refusal::internal(&"a request handler panicked").into_response()
        }))
        .with_state(relay)
}

/// Stands before every route: limits, who asks, how long it may take, and what is counted.
async fn guard(State(relay): Shared, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_string();
    let whole = BodyRead::default();
    request.extensions_mut().insert(whole.clone());
    let nothing_to_read = request.body().is_end_stream();
    let limit = relay.config.limits.request_timeout;
    let mut answer = match admit(&relay, &mut request) {
        Ok(()) => tokio::time::timeout(limit, next.run(request))
            .await
            .unwrap_or_else(|_| late(limit.as_secs()).into_response()),
        Err(refusal) => refusal.into_response(),
    };
    if !nothing_to_read && !whole.is_set() {
        // Said aloud, so that the client does not send its next request into a closing connection.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(code) = answer.extensions().get::<RelayErrorCode>() {
        relay.metrics.refusal(*code);
    }
    relay.metrics.request(&route, answer.status().as_u16(), started.elapsed());
    tracing::debug!(route, status = answer.status().as_u16(), ms = started.elapsed().as_millis(), "request");
    answer
}

fn late(seconds: u64) -> Refusal {
    Refusal::bad_request(format!("the request did not arrive whole, or was not answered, within {seconds} s"))
}

fn admit(relay: &Relay, request: &mut Request) -> Result<(), Refusal> {
    let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() else {
        return Err(Refusal::internal(&"a request without a peer address"));
    };
    let config = &relay.config;
    let address = client_address(peer.ip(), request.headers(), &config.trusted_proxies, config.proxy_header);
    relay.limiters.address.check_address(address)?;
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        token.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match bearer.and_then(|(_, token)| relay.tokens.device_of(token.trim(), now_ms())) {
        Some(device) => {
            relay.limiters.device.check_device(&device)?;
            request.extensions_mut().insert(Caller(device));
        }
        None => relay.limiters.anonymous.check_address(address)?,
    }
    request.extensions_mut().insert(Client(address));
    let about_the_relay = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    if relay.stopping.is_cancelled() && !about_the_relay { Err(Refusal::shutting_down()) } else { Ok(()) }
}
