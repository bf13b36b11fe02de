//! `drystone serve`: session, commands, events, and who is turned away.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use base64::Engine;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_TYPE, COOKIE, HOST, HeaderMap, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::device::Device;

/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `drystone serve`; stopped when dropped.
struct Server {
    child: Child,
    base: String,
    token: String,
    client: Client,
}

impl Server {
    fn start(device: &Device) -> Self {
        let mut child = device
            .command()
            .args(["--json", "serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let (base, token) = said["url"].as_str().unwrap().split_once("/#token=").unwrap();
        Server { child, base: base.to_owned(), token: token.to_owned(), client: Client::new() }
    }

    fn host(&self) -> &str {
        self.base.strip_prefix("http://").unwrap()
    }

    async fn post(&self, path: &str, cookie: Option<&str>, body: String) -> Response {
        let mut request = self.client.post(format!("{}{path}", self.base)).header(CONTENT_TYPE, "application/json");
        request = request.header(ORIGIN, &self.base);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        request.body(body).send().await.unwrap()
    }

    /// Opens a session; the cookie to send.
    async fn session(&self) -> String {
        let response = self.post("/session", None, json!({ "token": self.token }).to_string()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let port = self.host().rsplit(':').next().unwrap();
        assert!(cookie.starts_with(&format!("drystone_{port}=")), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn call(&self, cookie: &str, command: &str, args: Value) -> Value {
        let body = json!({ "command": command, "args": args }).to_string();
        let response = self.post("/rpc", Some(cookie), body).await;
        let (status, reply) = (response.status(), response.json().await.unwrap());
        assert_eq!(status, StatusCode::OK, "{reply}");
        reply
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_page_is_served_with_its_headers() {
    let device = Device::new();
    let server = Server::start(&device);
    let page = server.client.get(&server.base).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let header = |headers: &HeaderMap, name: &str| headers[name].to_str().unwrap().to_owned();
    assert!(header(page.headers(), "content-type").starts_with("text/html"));
    let policy = header(page.headers(), "content-security-policy");
    for part in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "connect-src 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(header(page.headers(), "x-content-type-options"), "nosniff");
    assert_eq!(header(page.headers(), "referrer-policy"), "no-referrer");
    assert_eq!(header(page.headers(), "cache-control"), "no-cache");
    let text = page.text().await.unwrap();
    assert!(text.contains("Drystone") && !text.contains(&server.token));

    for path in ["/nothing", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/assets/../../etc/passwd"] {
        let missing = server.client.get(format!("{}{path}", server.base)).send().await.unwrap();
        assert_eq!(missing.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(missing.headers(), "x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn with_the_token_commands_work() {
    let device = Device::new();
    let server = Server::start(&device);
    let cookie = server.session().await;
    let info = server.call(&cookie, "app.info", json!({})).await;
    assert_eq!(info["keySource"], "keyFile");
    let content = base64::engine::general_purpose::STANDARD.encode("# Doors\n\nText.\n");
    let imported = server
        .call(
            &cookie,
            "document.import",
            json!({ "name": "doors.md", "content": content, "template": null, "workspace": null }),
        )
        .await;
    assert_eq!(imported["title"], "Doors");
    assert_eq!(device.json(["show", "doors", "title"]), "Doors", "the command line works beside it");
}

#[tokio::test]
async fn errors_of_the_core_come_as_json() {
    let device = Device::new();
    let server = Server::start(&device);
    let cookie = server.session().await;
    let body = json!({ "command": "document.open", "args": { "document": "0".repeat(32) } }).to_string();
    let response = server.post("/rpc", Some(&cookie), body).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["code"], "not-found");
    assert!(error["message"].is_string() && error["advice"].is_string());
    for nonsense in ["", "{", "[]", r#"{"command":"nonsense","args":{}}"#, r#"{"command":"document.open"}"#] {
        let response = server.post("/rpc", Some(&cookie), nonsense.to_owned()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{nonsense}");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "usage");
    }
}

#[tokio::test]
async fn without_a_session_nothing_is_told() {
    let device = Device::new();
    let server = Server::start(&device);
    let good = server.session().await;
    let body = json!({ "command": "app.info", "args": {} }).to_string();
    for cookie in [None, Some("drystone=x"), Some(&*format!("{good}x")), Some(&*good.replace("drystone_", "other_"))] {
        let response = server.post("/rpc", cookie, body.clone()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{cookie:?}");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "unauthorized");
    }
    let request = format!("ws://{}/events", server.host()).into_client_request().unwrap();
    assert!(connect_async(request).await.is_err());
}

#[tokio::test]
async fn guessing_the_token_is_slowed_down() {
    let device = Device::new();
    let server = Server::start(&device);
    let mut last = StatusCode::OK;
    for _ in 0..11 {
        let response = server.post("/session", None, json!({ "token": "guess" }).to_string()).await;
        assert!(response.headers().get(SET_COOKIE).is_none());
        last = response.status();
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert!(response.headers().contains_key("retry-after"));
        } else {
            assert_eq!(last, StatusCode::UNAUTHORIZED);
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let right = server.post("/session", None, json!({ "token": server.token }).to_string()).await;
    assert_eq!(right.status(), StatusCode::TOO_MANY_REQUESTS, "not even the right one is tried");
}

#[tokio::test]
async fn other_pages_and_other_names_are_turned_away() {
    let device = Device::new();
    let server = Server::start(&device);
    let cookie = server.session().await;
    let body = json!({ "command": "app.info", "args": {} }).to_string();
    let post = |origin: &str, host: &str, kind: &str| {
        let request = server.client.post(format!("{}/rpc", server.base)).header(COOKIE, &cookie);
        request.header(ORIGIN, origin).header(HOST, host).header(CONTENT_TYPE, kind).body(body.clone()).send()
    };
    let json_type = "application/json";
    let status = post(&server.base, server.host(), json_type).await.unwrap().status();
    assert_eq!(status, StatusCode::OK);
    let port = server.host().rsplit(':').next().unwrap();
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let status = post(origin, server.host(), json_type).await.unwrap().status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
    }
    for host in [format!("evil.example:{port}"), "127.0.0.1:1".to_owned(), "evil.example".to_owned()] {
        // A rebound name: the page's origin and the host agree, and are both wrong.
        let status = post(&format!("http://{host}"), &host, json_type).await.unwrap().status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{host}");
        let page = server.client.get(&server.base).header(HOST, &host).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{host}");
    }
    let status = post(&server.base, server.host(), "text/plain").await.unwrap().status();
    assert_eq!(status, StatusCode::FORBIDDEN, "a form of another page");

    let mut request = format!("ws://{}/events", server.host()).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert!(connect_async(request).await.is_err());
}

#[tokio::test]
async fn bodies_are_bounded() {
    let device = Device::new();
    let server = Server::start(&device);
    let long = server.post("/session", None, json!({ "token": "x".repeat(10_000) }).to_string()).await;
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let cookie = server.session().await;
    let body = format!("{{\"command\":\"{}\"}}", "x".repeat(97 * 1024 * 1024));
    // Over a connection of its own: this one is closed with most of the body unsent.
    let sent = Client::new().post(format!("{}/rpc", server.base)).header(COOKIE, &cookie).header(ORIGIN, &server.base);
    // The server may close the connection while the rest is still being sent.
    if let Ok(response) = sent.header(CONTENT_TYPE, "application/json").body(body).send().await {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "too-large");
    }
    server.call(&cookie, "app.info", json!({})).await;
}

#[tokio::test]
async fn events_arrive_also_from_other_processes() {
    let device = Device::new();
    let server = Server::start(&device);
    let cookie = server.session().await;
    let mut request = format!("ws://{}/events", server.host()).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", server.base.parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut wait_for = async |kind: &str| {
        timeout(PATIENCE, async {
            loop {
                let message = socket.next().await.unwrap().unwrap();
                if let Ok(text) = message.to_text()
                    && let Ok(event) = serde_json::from_str::<Value>(text)
                    && event["type"] == kind
                {
                    return event;
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("no {kind}"))
    };

    let create = json!({ "title": "Doors", "template": "compact", "workspace": null });
    let document = server.call(&cookie, "document.create", create).await["id"].as_str().unwrap().to_owned();
    wait_for("libraryChanged").await;
    let view = server.call(&cookie, "document.open", json!({ "document": document })).await;
    let section = view["sections"].as_array().unwrap().iter().find(|s| s["path"] == "sections.overview").unwrap();
    device.ok(["set", &document, "sections.overview", "From the command line."]);
    let changed = wait_for("sectionChanged").await;
    assert_eq!(changed["document"], document.as_str());
    assert_eq!(changed["section"], section["id"]);
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_when_asked_also_with_pages_open() {
    let device = Device::new();
    let mut server = Server::start(&device);
    let cookie = server.session().await;
    let mut request = format!("ws://{}/events", server.host()).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let create = json!({ "title": "Kept", "template": "compact", "workspace": null });
    server.call(&cookie, "document.create", create).await;
    let killed = std::process::Command::new("kill").arg(server.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let closed = timeout(PATIENCE, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    assert!(closed.is_ok(), "the page is told");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    assert_eq!(device.json(["show", "kept", "title"]), "Kept");
}

#[test]
fn the_local_network_is_warned_about() {
    let device = Device::new();
    let mut child = device
        .command()
        .args(["serve", "--listen", "0.0.0.0:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(said.starts_with("Drystone is served at http://127.0.0.1:"), "{said}");
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(warning.contains("warning:") && warning.contains("not encrypted"), "{warning}");
}
