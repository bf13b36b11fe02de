use std::time::Duration;

use drystone_wire::http::RelayErrorCode::{BadRequest, Forbidden, NotFound, RateLimited, TooLarge};
use drystone_wire::membership::Role;
use drystone_wire::{WorkspaceId, limits};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::support::admin::about;
use crate::support::client::{Socket, close_code};
use crate::support::{Device, Relay, Workspace};

/// What is heard next, if anything is within a second.
async fn heard(socket: &mut Socket) -> Option<Vec<u8>> {
    let next = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return Some(bytes.to_vec()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(1), next).await.ok().flatten()
}

async fn say(socket: &mut Socket, bytes: Vec<u8>) {
    socket.send(Message::Binary(bytes.into())).await.unwrap();
}

/// A number in the relay's metrics.
async fn metric(workspace: &Workspace, name: &str) -> u64 {
    let text = String::from_utf8(workspace.client.get("/metrics").await.unwrap()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("drystone_relay_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[tokio::test]
async fn what_one_says_the_others_hear_and_nothing_is_kept() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (reader, readers) = workspace.admit(&relay, 2, Role::Reader).await;
    let mut first = workspace.client.attend(&[id]).await.unwrap();
    let mut second = readers.attend(&[id]).await.unwrap();
    let message = workspace.owner.presence(&id, 1, 300);
    say(&mut first, message.clone()).await;
    assert_eq!(heard(&mut second).await.unwrap(), message);
    assert_eq!(heard(&mut first).await, None, "nobody hears themselves");
    let answer = reader.presence(&id, 1, 300);
    say(&mut second, answer.clone()).await;
    assert_eq!(heard(&mut first).await.unwrap(), answer, "readers are here too");
    let mut late = readers.attend(&[id]).await.unwrap();
    assert_eq!(heard(&mut late).await, None, "who comes later hears nothing of before");
    assert_eq!(workspace.client.read(&id, "after=0").await.unwrap().entries.len(), 0);
    assert_eq!(metric(&workspace, "presence_total").await, 2);
    assert_eq!(metric(&workspace, "presence_listeners").await, 3);
    for entry in std::fs::read_dir(relay.data()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        assert!(!bytes.windows(200).any(|window| window == [1; 200]), "{} holds presence", path.display());
    }
}

#[tokio::test]
async fn a_message_can_be_posted_without_a_socket() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut socket = workspace.client.attend(&[id]).await.unwrap();
    let path = format!("/v1/workspaces/{id}/presence");
    let message = device.presence(&id, 1, 300);
    client.post(&path, message.clone()).await.unwrap();
    assert_eq!(heard(&mut socket).await.unwrap(), message);
    let other = workspace.owner.presence(&id, 1, 300);
    assert_eq!(client.post(&path, other).await.unwrap_err().code, BadRequest, "another device's");
    let elsewhere = device.presence(&WorkspaceId([9; 32]), 1, 300);
    assert_eq!(client.post(&path, elsewhere).await.unwrap_err().code, BadRequest, "another workspace's");
    let long = device.presence(&id, 1, limits::PRESENCE_BYTES);
    assert_eq!(client.post(&path, long).await.unwrap_err().code, TooLarge);
    let stranger = Device::new(7);
    let outside = relay.client(&stranger).await;
    assert_eq!(outside.post(&path, stranger.presence(&id, 1, 300)).await.unwrap_err().code, NotFound);
    assert_eq!(outside.attend(&[id]).await.unwrap_err().code, NotFound);
    assert_eq!(heard(&mut socket).await, None);
}

#[tokio::test]
async fn what_is_no_message_of_the_device_is_dropped() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut socket = workspace.client.attend(&[id]).await.unwrap();
    let mut speaker = client.attend(&[id]).await.unwrap();
    let good = device.presence(&id, 1, 300);
    for bad in [
        Vec::new(),
        b"hello".to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], &[0]].concat(),
        workspace.owner.presence(&id, 1, 300),
        device.presence(&WorkspaceId([9; 32]), 1, 300),
    ] {
        say(&mut speaker, bad).await;
    }
    say(&mut speaker, good.clone()).await;
    assert_eq!(heard(&mut socket).await.unwrap(), good);
    assert_eq!(metric(&workspace, "presence_dropped_total").await, 6);
    speaker.send(Message::Text("hello".into())).await.unwrap();
    assert_eq!(close_code(&mut speaker).await, Some(1008));
    let mut speaker = client.attend(&[id]).await.unwrap();
    // The relay cuts a message that is too long; it may do so while it is still being sent.
    let _ = speaker.send(Message::Binary(device.presence(&id, 1, 1 << 20).into())).await;
    assert_ne!(close_code(&mut speaker).await, Some(1000));
    assert_eq!(heard(&mut socket).await, None);
}

#[tokio::test]
async fn a_device_that_says_too_much_is_dropped_and_others_are_heard() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let (third, thirds) = workspace.admit(&relay, 3, Role::Editor).await;
    let mut socket = workspace.client.attend(&[id]).await.unwrap();
    let mut speaker = client.attend(&[id]).await.unwrap();
    for number in 1..=400 {
        say(&mut speaker, device.presence(&id, number, 300)).await;
    }
    let mut count = 0;
    while heard(&mut socket).await.is_some() {
        count += 1;
    }
    assert!((10..200).contains(&count), "{count} of 400 at once");
    let path = format!("/v1/workspaces/{id}/presence");
    let message = third.presence(&id, 1, 300);
    thirds.post(&path, message.clone()).await.unwrap();
    assert_eq!(heard(&mut socket).await.unwrap(), message);
    let mut refused = None;
    for number in 2..=60 {
        refused = refused.or(thirds.post(&path, third.presence(&id, number, 300)).await.err());
    }
    assert_eq!(refused.unwrap().code, RateLimited);
}

#[tokio::test]
async fn a_listener_that_does_not_read_holds_nobody_up() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut deaf = Vec::new();
    for _ in 0..20 {
        deaf.push(workspace.client.attend(&[id]).await.unwrap());
    }
    let mut socket = workspace.client.attend(&[id]).await.unwrap();
    let mut speaker = client.attend(&[id]).await.unwrap();
    for number in 1..=100 {
        let message = device.presence(&id, number, 3000);
        say(&mut speaker, message.clone()).await;
        assert_eq!(heard(&mut socket).await.unwrap(), message, "{number}");
        tokio::time::sleep(Duration::from_millis(55)).await;
    }
    drop(deaf);
}

#[tokio::test]
async fn who_was_removed_says_and_hears_nothing_more() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let (_, thirds) = workspace.admit(&relay, 3, Role::Editor).await;
    let mut removed = client.attend(&[id]).await.unwrap();
    let mut stays = thirds.attend(&[id]).await.unwrap();
    let mut owner = workspace.client.attend(&[id]).await.unwrap();
    workspace.operate(workspace.removal(&device)).await;
    say(&mut owner, workspace.owner.presence(&id, 1, 300)).await;
    assert!(heard(&mut stays).await.is_some());
    let _closing = removed.send(Message::Binary(device.presence(&id, 1, 300).into())).await;
    assert_eq!(close_code(&mut removed).await, Some(1008));
    assert_eq!(heard(&mut stays).await, None);
    let path = format!("/v1/workspaces/{id}/presence");
    assert_eq!(client.post(&path, device.presence(&id, 2, 300)).await.unwrap_err().code, Forbidden);
    assert_eq!(client.attend(&[id]).await.unwrap_err().code, Forbidden);
}

#[tokio::test]
async fn a_suspended_workspace_is_silent() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut socket = workspace.client.attend(&[id]).await.unwrap();
    about(&relay.data(), "suspend", &id, &["--reason", "the bill is open"]).done("workspace");
    let path = format!("/v1/workspaces/{id}/presence");
    assert!(client.post(&path, device.presence(&id, 1, 300)).await.unwrap_err().message.contains("the bill is open"));
    assert_eq!(close_code(&mut socket).await, Some(1012));
    assert!(workspace.client.attend(&[id]).await.is_err());
}

#[tokio::test]
async fn one_socket_serves_several_workspaces() {
    let relay = Relay::start(&[]);
    let first = Workspace::create(&relay, 1).await;
    let genesis = first.owner.genesis(77);
    first.client.create(&genesis).await.unwrap();
    let second = drystone_wire::roster::Roster::create(&genesis).unwrap().workspace;
    let mut both = first.client.attend(&[first.id, second, WorkspaceId([9; 32])]).await.unwrap();
    let mut one = first.client.attend(&[second]).await.unwrap();
    let message = first.owner.presence(&second, 1, 300);
    say(&mut both, message.clone()).await;
    assert_eq!(heard(&mut one).await.unwrap(), message);
    say(&mut both, first.owner.presence(&first.id, 1, 300)).await;
    assert_eq!(heard(&mut one).await, None);
}
