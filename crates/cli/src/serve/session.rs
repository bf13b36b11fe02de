//! `POST /session`: the token from the address becomes a cookie.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use drystone_core::error::{Error, ErrorCode, Result};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::serve::Host;
use crate::serve::listener::Peer;
use crate::serve::reply::{failure, no_session, too_many};

/// Length of the token and of session ids, before encoding.
const SECRET_BYTES: usize = 32;
/// How many sessions there are at most; a new one ends the oldest.
const SESSIONS_LIMIT: usize = 64;
/// How many wrong tokens one address may send in a window.
const FAILURES_LIMIT: u32 = 10;
/// How long wrong tokens are remembered.
const FAILURES_WINDOW: Duration = Duration::from_secs(60);
/// How many addresses with wrong tokens are remembered.
const FAILING_ADDRESSES_LIMIT: usize = 1024;

/// The token of this process and the sessions opened with it.
pub struct Sessions {
    token: String,
    cookie: String,
    open: Mutex<VecDeque<String>>,
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

struct Failures {
    since: Instant,
    count: u32,
}

impl Sessions {
    /// A new token. Cookies are shared between the ports of a host, so the
    /// port is in the cookie's name.
    pub fn new(port: u16) -> Result<Self> {
        Ok(Sessions {
            token: secret()?,
            cookie: format!("drystone_{port}"),
            open: Mutex::default(),
            failures: Mutex::default(),
        })
    }

    /// The token to hand to the person.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether a request carries the cookie of an open session.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let open = lock(&self.open);
        cookies(headers, &self.cookie).any(|id| open.iter().any(|known| same(known, id)))
    }

    fn begin(&self) -> Result<String> {
        let id = secret()?;
        let mut open = lock(&self.open);
        if open.len() == SESSIONS_LIMIT {
            open.pop_front();
        }
        open.push_back(id.clone());
        Ok(format!("{}={id}; Path=/; HttpOnly; SameSite=Strict", self.cookie))
    }

    fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        let mut failures = lock(&self.failures);
        failures.retain(|_, failed| now.duration_since(failed.since) < FAILURES_WINDOW);
        match failures.get(&address) {
            Some(failed) => failed.count < FAILURES_LIMIT,
            None => failures.len() < FAILING_ADDRESSES_LIMIT,
        }
    }

    fn failed(&self, address: IpAddr, now: Instant) {
        lock(&self.failures).entry(address).or_insert(Failures { since: now, count: 0 }).count += 1;
    }
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Opens a session for whoever has the token.
pub async fn start(State(host): State<Arc<Host>>, ConnectInfo(Peer(peer)): ConnectInfo<Peer>, body: Bytes) -> Response {
    let sessions = &host.sessions;
    let now = Instant::now();
    if !sessions.may_try(peer.ip(), now) {
        let mut response = too_many("Too many wrong tokens came from this address.");
        response.headers_mut().insert(header::RETRY_AFTER, FAILURES_WINDOW.as_secs().into());
        return response;
    }
    let Ok(Token { token }) = serde_json::from_slice(&body) else {
        let error = Error::new(ErrorCode::Usage, "The request holds no token.", "Send {\"token\": \"…\"} as JSON.");
        return failure(error);
    };
    if !same(&token, &sessions.token) {
        sessions.failed(peer.ip(), now);
        return no_session();
    }
    match sessions.begin() {
        Ok(cookie) => {
            let headers = [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())];
            (headers, Json(serde_json::json!({}))).into_response()
        }
        Err(error) => failure(error),
    }
}

fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(move |(key, value)| (key == name).then_some(value))
}

/// Compares in a time that says nothing about where the difference is.
fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn secret() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(format_args!("no randomness: {error}")))?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// Nothing panics while it holds one of these locks, and if it did, the data
/// would still be whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cookie(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers
    }

    #[test]
    fn a_session_is_admitted_by_its_cookie_only() {
        let sessions = Sessions::new(7411).unwrap();
        let set = sessions.begin().unwrap();
        let pair = set.split(';').next().unwrap();
        assert!(sessions.admits(&with_cookie(&format!("other=1; {pair}"))));
        assert!(!sessions.admits(&with_cookie(&pair.replace("7411", "7412"))));
        assert!(!sessions.admits(&with_cookie(&format!("{pair}x"))));
        assert!(!sessions.admits(&with_cookie("drystone_7411=")));
        assert!(!sessions.admits(&HeaderMap::new()));
    }

    #[test]
    fn the_oldest_session_ends_when_there_are_too_many() {
        let sessions = Sessions::new(1).unwrap();
        let first = sessions.begin().unwrap();
        for _ in 1..SESSIONS_LIMIT {
            sessions.begin().unwrap();
        }
        assert!(sessions.admits(&with_cookie(&first)));
        sessions.begin().unwrap();
        assert!(!sessions.admits(&with_cookie(&first)));
    }

    #[test]
    fn guessing_is_stopped_per_address_and_forgiven_later() {
        let sessions = Sessions::new(1).unwrap();
        let (guesser, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        for _ in 0..FAILURES_LIMIT {
            assert!(sessions.may_try(guesser, start));
            sessions.failed(guesser, start);
        }
        assert!(!sessions.may_try(guesser, start));
        assert!(sessions.may_try(other, start));
        assert!(sessions.may_try(guesser, start + FAILURES_WINDOW));
    }

    #[test]
    fn the_memory_of_guessers_is_bounded() {
        let sessions = Sessions::new(1).unwrap();
        let start = Instant::now();
        for number in 0..FAILING_ADDRESSES_LIMIT as u32 {
            sessions.failed(IpAddr::from(number.to_be_bytes()), start);
        }
        let unseen = IpAddr::from([250, 0, 0, 1]);
        assert!(!sessions.may_try(unseen, start));
        assert!(sessions.may_try(unseen, start + FAILURES_WINDOW));
    }
}
