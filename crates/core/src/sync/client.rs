//! Speaks HTTP with one relay: tokens, requests, waiting and listening. Keeps
//! nothing but connections and a token.

use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use drystone_wire::auth::challenge_bytes;
use drystone_wire::http::{
    Challenge, ChallengeRequest, ErrorBody, Recoverable, RelayErrorCode, RelayInfo, Token, TokenRequest,
};
use drystone_wire::log::Head;
use drystone_wire::membership::Countersigned;
use drystone_wire::{DeviceKey, RelayKey, WorkspaceId, canonical, limits};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::request::{Failure, FailureKind, Reply, Request};
use crate::crypto::address::RelayAddress;
use crate::crypto::keys::SigningPair;
use crate::error::{Error, ErrorCode};
use crate::surroundings::{self, Surroundings};

pub use super::listening::{Attendance, Listener};

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long a request may take in all.
pub(super) const REQUEST_TIME: Duration = Duration::from_secs(60);
/// How long a message that is soon outdated may take.
const SAY_TIME: Duration = Duration::from_secs(5);
/// How much longer than asked a long poll may take.
const WAIT_SLACK: Duration = Duration::from_secs(15);
/// A token is renewed this long before it ends.
const TOKEN_SLACK: Duration = Duration::from_secs(60);
/// The greatest wait a relay may ask for.
const RETRY_AFTER_LIMIT_SECONDS: u64 = 3600;

/// One key's access to one relay.
pub struct Client {
    pub(super) http: reqwest::Client,
    /// Takes the place of the network in simulations.
    carrier: Option<Arc<dyn Surroundings>>,
    pub(super) relay: RelayAddress,
    signer: SigningPair,
    seen: StdMutex<Seen>,
    /// Held while a token is fetched, so that many requests fetch one.
    token: Mutex<Option<(String, Instant)>>,
}

/// What was learned about the relay.
#[derive(Debug, Clone, Copy)]
struct Seen {
    key: Option<RelayKey>,
    clock_offset_ms: Option<i64>,
}

impl Client {
    /// Access with a device's or an invitation's key. `pinned` is the relay's
    /// key when it is known; `roots` are extra certificate authorities in PEM.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(
        relay: RelayAddress,
        pinned: Option<RelayKey>,
        signer: SigningPair,
        roots: &[u8],
    ) -> Result<Client, Error> {
        let unreadable = |error: reqwest::Error| {
            Error::new(
                ErrorCode::BadInput,
                format!("The extra certificates cannot be used: {error}."),
                "Put PEM certificates into relay-ca.pem in the data folder, or remove the file.",
            )
        };
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIME)
            .tcp_keepalive(Duration::from_secs(30))
            .no_proxy();
        if !roots.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(roots).map_err(unreadable)?;
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(unreadable)?;
        let seen = StdMutex::new(Seen { key: pinned, clock_offset_ms: None });
        Ok(Client { http, carrier: None, relay, signer, seen, token: Mutex::default() })
    }

    /// The same through a carrier instead of a network.
    ///
    /// # Errors
    /// When the HTTP library does not start.
    pub fn carried_by(
        carrier: Arc<dyn Surroundings>,
        relay: RelayAddress,
        pinned: Option<RelayKey>,
        signer: SigningPair,
    ) -> Result<Client, Error> {
        let seen = StdMutex::new(Seen { key: pinned, clock_offset_ms: None });
        // It only puts requests together here: no certificates are read.
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().map_err(Error::internal)?;
        Ok(Client { http, carrier: Some(carrier), relay, signer, seen, token: Mutex::default() })
    }

    /// The relay's address.
    pub fn relay(&self) -> &RelayAddress {
        &self.relay
    }

    /// A request, yet without a token.
    pub(super) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// The relay's key, once it answered or when it was pinned.
    pub fn relay_key(&self) -> Option<RelayKey> {
        self.seen().key
    }

    /// The relay's clock minus ours, once it answered.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.seen().clock_offset_ms
    }

    fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the relay says of itself; needs no token.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn info(&self) -> Result<RelayInfo, Failure> {
        let request = self.http.get(self.relay.endpoint("/v1/relay")).timeout(REQUEST_TIME);
        json(self.sent(request).await?).await
    }

    /// Makes sure that there is a token, and with it the relay's key and clock.
    ///
    /// # Errors
    /// When the relay does not answer, is another one, or refuses.
    pub async fn greet(&self) -> Result<(), Failure> {
        self.token().await.map(|_| ())
    }

    /// Where the recovery kit whose key this client has brings its member back.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn recoverable(&self) -> Result<Vec<WorkspaceId>, Failure> {
        let response =
            self.authorized(|| self.http.get(self.relay.endpoint("/v1/recovery")).timeout(REQUEST_TIME)).await?;
        let mut found: Recoverable = json(response).await?;
        found.workspaces.truncate(limits::RECOVERABLE);
        Ok(found.workspaces)
    }

    /// Sends a request about a workspace.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn send(&self, workspace: &WorkspaceId, request: Request) -> Result<Reply, Failure> {
        let base = format!("/v1/workspaces/{workspace}");
        match request {
            Request::Create(record) => {
                let _countersigned: Countersigned =
                    self.post("/v1/workspaces", record, limits::RECORD_BYTES * 2).await?;
                Ok(Reply::Recorded)
            }
            Request::Record(record) => {
                let path = format!("{base}/membership");
                let _countersigned: Countersigned = self.post(&path, record, limits::RECORD_BYTES * 2).await?;
                Ok(Reply::Recorded)
            }
            Request::Removal { record, seen } => {
                let path = format!("{base}/membership?seen={seen}");
                let _countersigned: Countersigned = self.post(&path, record, limits::RECORD_BYTES * 2).await?;
                Ok(Reply::Recorded)
            }
            Request::Records { after } => {
                let path = format!("{base}/membership?from={}", after + 1);
                self.get(&path, limits::RECORD_REPLY_BYTES, REQUEST_TIME).await.map(Reply::Records)
            }
            Request::Page { generation, after, limit } => {
                let generation = generation.unwrap_or(0);
                let path = format!("{base}/log?after={after}&generation={generation}&limit={limit}");
                self.get(&path, limits::PAGE_REPLY_BYTES, REQUEST_TIME).await.map(Reply::Page)
            }
            Request::Append(body) => {
                let path = format!("{base}/log");
                self.post(&path, body, limits::RECORD_REPLY_BYTES).await.map(Reply::Appended)
            }
        }
    }

    /// Waits until the relay has news, at most the relay's own limit.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn wait(&self, workspace: &WorkspaceId, after: u64, membership: u64) -> Result<Head, Failure> {
        let seconds = limits::WAIT_SECONDS;
        let path = format!("/v1/workspaces/{workspace}/wait?after={after}&membership={membership}&seconds={seconds}");
        self.get(&path, limits::JSON_BYTES, Duration::from_secs(seconds) + WAIT_SLACK).await
    }

    /// Opens a WebSocket on which the relay says which workspaces have news.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn listen(&self, workspaces: &[WorkspaceId]) -> Result<Listener, Failure> {
        self.socket("/v1/listen", workspaces).await
    }

    /// Opens a WebSocket on which devices say who is here.
    ///
    /// # Errors
    /// When it cannot be opened; `NotFound` where the relay knows no presence.
    pub async fn attend(&self, workspaces: &[WorkspaceId]) -> Result<Attendance, Failure> {
        self.socket("/v1/presence", workspaces).await.map(Attendance::over)
    }

    /// Says who is here without a WebSocket.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn say(&self, workspace: &WorkspaceId, message: Vec<u8>) -> Result<(), Failure> {
        let url = self.relay.endpoint(&format!("/v1/workspaces/{workspace}/presence"));
        let request = || self.http.post(url.clone()).timeout(SAY_TIME).body(message.clone());
        self.authorized(request).await.map(drop)
    }

    async fn socket(&self, path: &str, workspaces: &[WorkspaceId]) -> Result<Listener, Failure> {
        let names: Vec<String> = workspaces.iter().take(limits::LISTEN_WORKSPACES).map(ToString::to_string).collect();
        let path = format!("{path}?workspaces={}", names.join(","));
        let key = super::listening::key();
        let request = || {
            self.http
                .get(self.relay.endpoint(&path))
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", &key)
        };
        let opening = async {
            let response = self.authorized(request).await?;
            super::listening::open(response, &key).await
        };
        match tokio::time::timeout(CONNECT_TIME + CONNECT_TIME, opening).await {
            Ok(result) => result,
            Err(_) => Err(unreachable(&self.relay, "it did not answer in time")),
        }
    }

    pub(super) async fn get<T>(&self, path: &str, limit: usize, time: Duration) -> Result<T, Failure>
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>,
    {
        let request = || self.http.request(Method::GET, self.relay.endpoint(path)).timeout(time);
        cbor(self.authorized(request).await?, limit, &self.relay).await
    }

    async fn post<T>(&self, path: &str, body: Vec<u8>, limit: usize) -> Result<T, Failure>
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>,
    {
        let request = || {
            let request = self.http.request(Method::POST, self.relay.endpoint(path)).timeout(REQUEST_TIME);
            request.header("Content-Type", "application/cbor").body(body.clone())
        };
        cbor(self.authorized(request).await?, limit, &self.relay).await
    }

    /// Sends with a token; with a new one when the relay does not take it.
    pub(super) async fn authorized(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, Failure> {
        let token = self.token().await?;
        let response = self.transport(request().bearer_auth(&token)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return checked(response).await;
        }
        self.forget(&token).await;
        let token = self.token().await?;
        self.sent(request().bearer_auth(&token)).await
    }

    async fn forget(&self, token: &str) {
        let mut current = self.token.lock().await;
        if current.as_ref().is_some_and(|(known, _)| known == token) {
            *current = None;
        }
    }

    async fn token(&self) -> Result<String, Failure> {
        let mut current = self.token.lock().await;
        if let Some((token, ends)) = current.as_ref()
            && Instant::now() < *ends
        {
            return Ok(token.clone());
        }
        let device = DeviceKey(self.signer.public());
        let url = self.relay.endpoint("/v1/challenge");
        let asked = self.http.post(url).timeout(REQUEST_TIME).json(&ChallengeRequest { device });
        let challenge: Challenge = json(self.sent(asked).await?).await?;
        self.learn(&challenge)?;
        let address = self.relay.to_string();
        let signature = self.signer.sign(&challenge_bytes(&challenge.relay_key, &address, &challenge.nonce, &device));
        let answer = TokenRequest { device, nonce: challenge.nonce, url: address, signature };
        let url = self.relay.endpoint("/v1/token");
        let token: Token = json(self.sent(self.http.post(url).timeout(REQUEST_TIME).json(&answer)).await?).await?;
        let life = Duration::from_secs(token.expires_in.min(limits::TOKEN_SECONDS)).saturating_sub(TOKEN_SLACK);
        *current = Some((token.token.clone(), Instant::now() + life));
        Ok(token.token)
    }

    /// Remembers the relay's key and clock; another key than the pinned one is
    /// another relay.
    fn learn(&self, challenge: &Challenge) -> Result<(), Failure> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.key.is_some_and(|known| known != challenge.relay_key) {
            let error = Error::new(
                ErrorCode::Integrity,
                format!("Another relay than before answers at {}.", self.relay),
                "Nothing was sent to it. Ask who runs the relay; if it was set up anew, set its address again.",
            );
            return Err(Failure::new(FailureKind::Attention, error));
        }
        seen.key = Some(challenge.relay_key);
        let now = i64::try_from(surroundings::now_ms(self.carrier.as_ref())).unwrap_or(i64::MAX);
        seen.clock_offset_ms = challenge.time_ms.parse::<i64>().ok().map(|time| time.saturating_sub(now));
        Ok(())
    }

    async fn sent(&self, request: RequestBuilder) -> Result<Response, Failure> {
        checked(self.transport(request).await?).await
    }

    async fn transport(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let Some(carrier) = &self.carrier else {
            return request.send().await.map_err(|error| transport_failure(&self.relay, &error));
        };
        let request = request.build().map_err(|error| transport_failure(&self.relay, &error))?;
        carrier.carry(request).await.ok_or_else(|| unreachable(&self.relay, "the connection broke off"))
    }
}

/// Turns an error reply into a failure.
async fn checked(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response);
    }
    let retry_after_ms = response
        .headers()
        .get("Retry-After")
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .map(|seconds| seconds.min(RETRY_AFTER_LIMIT_SECONDS) * 1000);
    let bytes = bounded(response, limits::JSON_BYTES).await.unwrap_or_default();
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(&bytes) {
        return Err(Failure::refused(body.code, &shortened(&body.message), retry_after_ms));
    }
    // A proxy answered, or something that is no relay.
    let code = match status.as_u16() {
        429 => RelayErrorCode::RateLimited,
        500.. => RelayErrorCode::ShuttingDown,
        _ => {
            let error = Error::new(
                ErrorCode::Unreachable,
                format!("Something else than a relay answers at the relay's address (status {status})."),
                "Check the relay's address.",
            );
            return Err(Failure { kind: FailureKind::Unreachable, retry_after_ms, error });
        }
    };
    Err(Failure::refused(code, &format!("status {status}"), retry_after_ms))
}

/// A relay's message is shown to people: one line, and not too long.
fn shortened(message: &str) -> String {
    message.chars().filter(|c| !c.is_control()).take(300).collect()
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let place = response.url().to_string();
    let bytes = bounded(response, limits::JSON_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|_| no_relay(&place))
}

pub(super) async fn cbor<T>(response: Response, limit: usize, relay: &RelayAddress) -> Result<T, Failure>
where
    T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>,
{
    let bytes = bounded(response, limit).await?;
    canonical::decode(&bytes, limit).map_err(|_| no_relay(&relay.to_string()))
}

/// Reads a body that may not be longer than a limit.
pub(super) async fn bounded(mut response: Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let place = response.url().to_string();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= limit => bytes.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(no_relay(&place)),
            Ok(None) => return Ok(bytes),
            Err(_) => {
                let error = Error::new(
                    ErrorCode::Unreachable,
                    "The connection to the relay broke off.",
                    "It is tried again by itself; nothing is lost.",
                );
                return Err(Failure::new(FailureKind::Unreachable, error.at(place)));
            }
        }
    }
}

fn no_relay(place: &str) -> Failure {
    let error = Error::new(
        ErrorCode::Unreachable,
        "What answers at the relay's address does not speak as a relay does.",
        "Check the relay's address, and that nothing in between changes what is sent.",
    );
    Failure::new(FailureKind::Unreachable, error.at(place))
}

fn unreachable(relay: &RelayAddress, why: &str) -> Failure {
    let error = Error::new(
        ErrorCode::Unreachable,
        format!("The relay {relay} cannot be reached: {why}."),
        "Work goes on and it is tried again by itself. Check the network and the relay's address.",
    );
    Failure::new(FailureKind::Unreachable, error.at(relay.to_string()))
}

fn transport_failure(relay: &RelayAddress, error: &reqwest::Error) -> Failure {
    if let Some(why) = certificate_problem(error) {
        let error = Error::new(
            ErrorCode::Certificate,
            format!("The certificate of the relay {relay} is not trusted: {why}."),
            "Nothing was sent. If the relay has a certificate of its own, put the authority's certificate into \
             relay-ca.pem in the data folder; otherwise ask who runs the relay.",
        );
        return Failure::new(FailureKind::Attention, error.at(relay.to_string()));
    }
    let why = match error {
        error if error.is_timeout() => "it did not answer in time",
        error if error.is_connect() => "no connection can be made",
        _ => "the connection broke off",
    };
    unreachable(relay, why)
}

/// What is wrong with the relay's certificate, if that is what is wrong.
fn certificate_problem(error: &reqwest::Error) -> Option<&'static str> {
    use rustls::CertificateError as C;
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = next {
        let inner = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = current
            .downcast_ref::<rustls::Error>()
            .or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(tls) = tls {
            return match tls {
                rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Some("it has expired"),
                rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
                    Some("it is not valid yet; check this computer's clock")
                }
                rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
                    Some("it is for another name")
                }
                rustls::Error::InvalidCertificate(C::UnknownIssuer) => Some("nobody known here vouches for it"),
                rustls::Error::InvalidCertificate(_) => Some("it does not verify"),
                _ => None,
            };
        }
        next = match inner {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}
