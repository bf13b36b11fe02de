use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use drystone_wire::http::RelayErrorCode::{RateLimited, Unauthorized};

use crate::support::{Client, Device, Refused, Relay, Workspace};

fn assert_slowed(refused: &Refused) {
    assert_eq!(refused.code, RateLimited);
    assert!(refused.retry_after.is_some_and(|seconds| seconds >= 1), "{refused:?}");
}

#[tokio::test]
async fn who_has_no_token_is_slowed_down_and_who_has_one_is_not() {
    let relay = Relay::start(&["--anonymous-rate", "1", "--anonymous-burst", "10"]);
    let workspace = Workspace::create(&relay, 1).await;
    let anonymous = Client { token: String::new(), ..workspace.client.clone() };
    let mut slowed = None;
    for _ in 0..12 {
        match anonymous.records(&workspace.id, 1).await.unwrap_err() {
            refused if refused.code == Unauthorized => {}
            refused => slowed = Some(refused),
        }
    }
    assert_slowed(&slowed.expect("twelve requests are more than ten"));
    assert_slowed(&anonymous.challenge(&Device::new(2).key).await.unwrap_err());
    workspace.client.records(&workspace.id, 1).await.unwrap();
}

#[tokio::test]
async fn a_device_is_slowed_down_alone() {
    let relay = Relay::start(&["--device-rate", "1", "--device-burst", "5"]);
    let first = Workspace::create(&relay, 1).await;
    let second = Workspace::create(&relay, 2).await;
    let mut slowed = None;
    for _ in 0..8 {
        slowed = slowed.or(first.client.records(&first.id, 1).await.err());
    }
    assert_slowed(&slowed.expect("eight requests are more than five"));
    second.client.records(&second.id, 1).await.unwrap();
}

#[tokio::test]
async fn an_address_is_slowed_down_whatever_its_tokens() {
    let relay = Relay::start(&["--address-rate", "1", "--address-burst", "10"]);
    let workspace = Workspace::create(&relay, 1).await;
    let mut slowed = None;
    for _ in 0..12 {
        slowed = slowed.or(workspace.client.records(&workspace.id, 1).await.err());
    }
    assert_slowed(&slowed.expect("twelve requests are more than ten"));
}

#[tokio::test]
async fn creating_workspaces_has_a_rate_of_its_own() {
    let relay = Relay::start(&["--create-rate", "2"]);
    let first = Workspace::create(&relay, 1).await;
    Workspace::create(&relay, 2).await;
    assert_slowed(&first.client.create(&first.owner.genesis(3)).await.unwrap_err());
    // Finding the one that is there is not creating.
    first.client.create(&first.owner.genesis(1)).await.unwrap();
}

async fn challenge_from(client: &Client, header: &str, address: &str) -> Option<u64> {
    let request = client.http.post(client.path("/v1/challenge")).header(header, address).body("{}");
    let response = request.send().await.unwrap();
    (response.status() == 429).then(|| response.headers()["retry-after"].to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn forwarded_addresses_count_only_from_listed_proxies() {
    let limits = ["--anonymous-rate", "1", "--anonymous-burst", "3"];
    let trusting = Relay::start(&[&limits[..], &["--trusted-proxy", "127.0.0.0/8"]].concat());
    let client = Client::anonymous(&trusting.url).await;
    for n in 0..10 {
        let address = format!("6.6.6.6, 192.0.2.{n}");
        assert_eq!(challenge_from(&client, "x-forwarded-for", &address).await, None, "each has a rate of its own");
    }
    let mut slowed = false;
    for n in 0..10 {
        // What the client itself wrote, at the left, changes nothing.
        slowed |= challenge_from(&client, "x-forwarded-for", &format!("198.51.100.{n}, 192.0.2.77")).await.is_some();
    }
    assert!(slowed);
    let plain = Relay::start(&limits);
    let client = Client::anonymous(&plain.url).await;
    let mut slowed = false;
    for n in 0..10 {
        slowed |= challenge_from(&client, "x-forwarded-for", &format!("192.0.2.{n}")).await.is_some();
    }
    assert!(slowed, "a peer that is no listed proxy speaks only for itself");
}

fn connects(relay: &Relay) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(relay.url.split_once("://").unwrap().1).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
    let mut byte = [0; 1];
    stream.read_exact(&mut byte).ok().map(|()| stream)
}

#[test]
fn connections_are_counted_in_all_and_by_address() {
    let relay = Relay::start(&["--max-connections", "3"]);
    let held: Vec<_> = (0..3).map(|_| connects(&relay).unwrap()).collect();
    assert!(connects(&relay).is_none());
    drop(held);
    std::thread::sleep(Duration::from_millis(300));
    assert!(connects(&relay).is_some());
    let relay = Relay::start(&["--max-connections-per-address", "2"]);
    let _held: Vec<_> = (0..2).map(|_| connects(&relay).unwrap()).collect();
    assert!(connects(&relay).is_none());
}
