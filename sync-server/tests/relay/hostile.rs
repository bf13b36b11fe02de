use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use drystone_wire::http::RelayErrorCode::{BadRequest, MembershipMoved, NotFound, TooLarge};

use crate::support::{Client, Relay, Workspace};

/// A small generator, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.next() % most).map(|_| self.next() as u8).collect()
    }
}

async fn post_status(client: &Client, path: &str, body: Vec<u8>) -> u16 {
    client.post(path, body).await.map_or_else(|refused| refused.code.status(), |_| 200)
}

#[tokio::test]
async fn random_bytes_are_refused_everywhere() {
    let relay = Relay::start(&["--device-rate", "0", "--address-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let paths = [
        "/v1/workspaces".to_string(),
        format!("/v1/workspaces/{id}/membership"),
        format!("/v1/workspaces/{id}/log"),
        "/v1/challenge".into(),
        "/v1/token".into(),
    ];
    let good = workspace.owner.envelope(&id, 100);
    let record = workspace.owner.genesis(3);
    let mut random = Random(0x5eed);
    for round in 0..150 {
        for path in &paths {
            let body = match round % 3 {
                0 => random.bytes(2000),
                seed => {
                    // A good frame with one byte changed.
                    let mut body = if seed == 1 { good.clone() } else { record.clone() };
                    let place = random.next() as usize % body.len();
                    body[place] ^= 1 + (random.next() % 255) as u8;
                    body
                }
            };
            let status = post_status(&workspace.client, path, body).await;
            assert!((400..500).contains(&status), "{path} answered {status}");
        }
    }
    assert_eq!(workspace.client.read(&id, "").await.unwrap().head.position, 0);
    assert_eq!(workspace.client.get("/readyz").await.unwrap(), b"ok\n");
}

#[tokio::test]
async fn deep_and_boastful_cbor_is_refused_cheaply() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let log = format!("/v1/workspaces/{}/log", workspace.id);
    let membership = format!("/v1/workspaces/{}/membership", workspace.id);
    let deep_array = vec![0x81; 200_000];
    let deep_open = vec![0x9f; 200_000];
    let deep_tags = vec![0xc1; 200_000];
    // An append with one element too many, itself deep.
    let extra = [vec![0x82, 0x80], vec![0x9f; 200_000]].concat();
    // Announce 2^63 bytes, or elements, and send none.
    let long_bytes = vec![0x81, 0x81, 0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    let long_array = vec![0x81, 0x9b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    let many_empty = [vec![0x81, 0x9a, 0x00, 0x3f, 0x00, 0x00], vec![0x40; 0x3f_0000]].concat();
    let started = Instant::now();
    for body in [deep_array, deep_open, deep_tags, extra, long_bytes, long_array, many_empty] {
        for path in [&log, &membership] {
            let status = post_status(&workspace.client, path, body.clone()).await;
            assert!((400..500).contains(&status), "{status}");
        }
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn oversized_bodies_are_refused_by_announcement_and_by_count() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let client = &workspace.client;
    let log = format!("/v1/workspaces/{}/log", workspace.id);
    assert_eq!(client.post(&log, vec![0; (4 << 20) + 1]).await.unwrap_err().code, TooLarge);
    assert_eq!(client.post("/v1/challenge", vec![b' '; 20 << 10]).await.unwrap_err().code, TooLarge);
    // Without an announced length.
    let mut stream = TcpStream::connect(client.address()).unwrap();
    write!(stream, "POST /v1/challenge HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..20 {
        if write!(stream, "400\r\n{}\r\n", " ".repeat(1024)).is_err() {
            break;
        }
    }
    assert!(answer(&mut stream).starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn odd_requests_get_plain_answers() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let client = &workspace.client;
    assert_eq!(client.get("/v1/nothing").await.unwrap_err().code, NotFound);
    assert_eq!(client.get("/v1/workspaces/xyz/log").await.unwrap_err().code, BadRequest);
    assert_eq!(client.get("/v1/challenge").await.unwrap_err().code, BadRequest);
    assert_eq!(client.get("/v1/listen?workspaces=").await.unwrap_err().code, BadRequest);
    let long = format!("/v1/workspaces/{}/log?after={}", workspace.id, "1".repeat(9000));
    assert_eq!(client.get(&long).await.unwrap_err().code, TooLarge);
    let genesis = workspace.owner.genesis(9);
    let placed = client.place(&workspace.id, &genesis).await.unwrap_err();
    assert_eq!(placed.code, MembershipMoved);
}

/// What arrives until the other end closes.
fn answer(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn slow_and_endless_headers_are_cut() {
    let relay = Relay::start(&["--header-timeout", "1"]);
    let address = relay.url.split_once("://").unwrap().1;
    let started = Instant::now();
    let mut silent = TcpStream::connect(address).unwrap();
    let mut slow = TcpStream::connect(address).unwrap();
    write!(slow, "GET /healthz HTTP/1.1\r\nHost:").unwrap();
    answer(&mut silent);
    answer(&mut slow);
    assert!(started.elapsed() < Duration::from_secs(10), "closed after {:?}", started.elapsed());
    let mut endless = TcpStream::connect(address).unwrap();
    let line = format!("x-a: {}\r\n", "a".repeat(1000));
    let _ = write!(endless, "GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", line.repeat(60));
    assert!(answer(&mut endless).starts_with("HTTP/1.1 431"));
    let mut many = TcpStream::connect(address).unwrap();
    let _ = write!(many, "GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert!(answer(&mut many).starts_with("HTTP/1.1 431"));
    let mut nonsense = TcpStream::connect(address).unwrap();
    nonsense.write_all(&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]).unwrap();
    assert!(answer(&mut nonsense).starts_with("HTTP/1.1 400"));
}

#[test]
fn a_tls_handshake_that_never_comes_is_given_up() {
    let home = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_string()]).unwrap();
    let (cert, key) = (home.path().join("cert.pem"), home.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let relay = Relay::start(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
    let started = Instant::now();
    let mut silent = TcpStream::connect(relay.url.split_once("://").unwrap().1).unwrap();
    // The beginning of a handshake record, and no more.
    silent.write_all(&[0x16, 3, 1, 0, 200, 1]).unwrap();
    assert_eq!(answer(&mut silent), "");
    assert!(started.elapsed() < Duration::from_secs(18), "closed after {:?}", started.elapsed());
}

#[test]
fn a_body_that_never_ends_is_given_up() {
    let relay = Relay::start(&["--request-timeout", "5"]);
    let mut stream = TcpStream::connect(relay.url.split_once("://").unwrap().1).unwrap();
    write!(stream, "POST /v1/challenge HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{").unwrap();
    let text = answer(&mut stream);
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    assert!(text.contains("within 5 s"), "{text}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let relay = Relay::start(&["--write-timeout", "1", "--device-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    for _ in 0..3 {
        let envelopes = workspace.owner.envelopes(&id, 2, 900 << 10);
        workspace.client.append(&id, &envelopes).await.unwrap();
    }
    // Many requests on one connection whose answers nobody takes.
    let mut stream = TcpStream::connect(workspace.client.address()).unwrap();
    let token = &workspace.client.token;
    let request = format!("GET /v1/workspaces/{id}/log HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.repeat(20).as_bytes()).unwrap();
    let until = Instant::now() + Duration::from_secs(15);
    loop {
        let metrics = String::from_utf8(workspace.client.get("/metrics").await.unwrap()).unwrap();
        let open = metrics.lines().find_map(|line| line.strip_prefix("drystone_relay_connections ")).unwrap();
        // This client's own connections come from a pool; the stalled one is one more.
        if open.parse::<u32>().unwrap() <= 1 {
            break;
        }
        assert!(Instant::now() < until, "{open} connections are still open");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
