//! Who may speak to the host at all. Other pages in the same browser can send
//! requests to any address, and a name that suddenly resolves to this machine
//! (DNS rebinding) makes them look like ours: so only requests that name an
//! address served here, and only pages from there, get an answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::serve::Host;
use crate::serve::assets::SECURITY_HEADERS;
use crate::serve::reply::forbidden;

/// The addresses this host answers under.
pub struct Addresses {
    listening: SocketAddr,
}

impl Addresses {
    /// Those of a listening socket.
    pub fn of(listening: SocketAddr) -> Self {
        Addresses { listening }
    }

    /// Whether a `Host` header names one of them. Names other than `localhost`
    /// never do; a literal address cannot be rebound.
    fn include(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        if host.contains('@') || authority.port_u16().unwrap_or(80) != self.listening.port() {
            return false;
        }
        let own = self.listening.ip();
        let name = authority.host();
        if name.eq_ignore_ascii_case("localhost") {
            return own.is_loopback() || own.is_unspecified();
        }
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => own.is_unspecified() || address == own || (own.is_loopback() && address.is_loopback()),
            Err(_) => false,
        }
    }
}

/// Lets through what comes from our own page, and puts the security headers
/// on every answer.
pub async fn guard(State(host): State<Arc<Host>>, request: Request, next: Next) -> Response {
    let mut response = match refuse(&host.addresses, request.method(), request.uri().path(), request.headers()) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

fn refuse(addresses: &Addresses, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    if !addresses.include(host) {
        return Some(forbidden(
            "This address is not one that Drystone is served at.",
            "Open the address that `drystone serve` prints.",
        ));
    }
    let changes = *method != Method::GET && *method != Method::HEAD;
    if (changes || path == super::EVENTS_PATH) && !is_same_origin(host, headers) {
        return Some(forbidden(
            "This request comes from another page.",
            "Open the address that `drystone serve` prints.",
        ));
    }
    // Other pages can send forms without asking first, but no JSON.
    if changes && !text(headers, header::CONTENT_TYPE.as_str()).is_some_and(is_json) {
        return Some(forbidden("This request is not JSON.", "Send it with the content type application/json."));
    }
    None
}

/// Browsers always send `Origin` with these requests; programs need not.
fn is_same_origin(host: &str, headers: &HeaderMap) -> bool {
    let site = text(headers, "sec-fetch-site");
    if headers.contains_key(header::ORIGIN) {
        text(headers, header::ORIGIN.as_str())
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    } else {
        site.is_none_or(|site| site == "same-origin" || site == "none")
    }
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn include(listening: &str, host: &str) -> bool {
        Addresses::of(listening.parse().unwrap()).include(host)
    }

    #[test]
    fn only_addresses_that_are_served_are_answered() {
        assert!(include("127.0.0.1:7411", "127.0.0.1:7411"));
        assert!(include("127.0.0.1:7411", "LocalHost:7411"));
        assert!(include("[::1]:7411", "[::1]:7411"));
        assert!(include("127.0.0.1:80", "127.0.0.1"));
        assert!(include("0.0.0.0:7411", "192.168.1.5:7411"));
        assert!(include("192.168.1.5:7411", "192.168.1.5:7411"));
        for host in ["127.0.0.1", "127.0.0.1:80", "evil.example:7411", "localhost.evil.example:7411", ""] {
            assert!(!include("127.0.0.1:7411", host), "{host}");
        }
        assert!(!include("127.0.0.1:7411", "192.168.1.5:7411"));
        assert!(!include("127.0.0.1:7411", "user@127.0.0.1:7411"));
        assert!(!include("192.168.1.5:7411", "192.168.1.6:7411"));
        assert!(!include("0.0.0.0:7411", "laptop.evil.example:7411"));
    }

    fn refused(method: &Method, path: &str, headers: &[(&str, &str)]) -> bool {
        let addresses = Addresses::of("127.0.0.1:7411".parse().unwrap());
        let mut map = HeaderMap::new();
        map.insert("host", "127.0.0.1:7411".parse().unwrap());
        for (name, value) in headers {
            map.insert(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        refuse(&addresses, method, path, &map).is_some()
    }

    #[test]
    fn other_pages_are_refused() {
        let json = ("content-type", "application/json; charset=utf-8");
        let own = ("origin", "http://127.0.0.1:7411");
        assert!(!refused(&Method::POST, "/rpc", &[json, own]));
        assert!(!refused(&Method::POST, "/rpc", &[json]), "a program");
        assert!(!refused(&Method::GET, "/", &[("origin", "https://evil.example")]), "the page itself holds no secret");
        for origin in ["https://evil.example", "null", "http://127.0.0.1:7412", "https://127.0.0.1:7411"] {
            assert!(refused(&Method::POST, "/rpc", &[json, ("origin", origin)]), "{origin}");
            assert!(refused(&Method::GET, "/events", &[("origin", origin)]), "{origin}");
        }
        assert!(refused(&Method::POST, "/rpc", &[json, ("sec-fetch-site", "cross-site")]));
        assert!(refused(&Method::POST, "/session", &[own, ("content-type", "text/plain")]));
        assert!(refused(&Method::POST, "/session", &[own]));
    }
}
