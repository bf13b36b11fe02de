use std::time::{Duration, Instant};

use drystone_wire::http::RelayErrorCode::BadRequest;
use drystone_wire::membership::Role;
use drystone_wire::{WorkspaceId, limits};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::support::client::{close_code, wake};
use crate::support::{Relay, Workspace};

#[tokio::test]
async fn a_long_poll_returns_as_soon_as_there_is_news() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let client = workspace.client.clone();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.wait(&id, "after=0&membership=1&seconds=20").await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    let started = Instant::now();
    client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
    let head = waiting.await.unwrap();
    assert_eq!(head.position, 1);
    assert!(head.verify(&client.relay));
    // What is there already needs no waiting.
    assert_eq!(client.wait(&id, "after=0&seconds=20").await.unwrap().position, 1);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.wait(&id, "after=1&membership=1&seconds=20").await.unwrap() }
    });
    workspace.admit(&relay, 2, Role::Reader).await;
    assert!(waiting.await.unwrap().membership >= 2);
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_long_poll_ends_without_news() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let started = Instant::now();
    let head = workspace.client.wait(&workspace.id, "after=0&membership=1&seconds=1").await.unwrap();
    assert_eq!((head.position, head.membership), (0, 1));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_removed_device_learns_nothing_from_waiting() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let id = workspace.id;
    let waiting = tokio::spawn(async move { client.wait(&id, "after=0&membership=3&seconds=20").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    workspace.operate(workspace.removal(&device)).await;
    assert!(waiting.await.unwrap().unwrap_err().message.contains("was removed"));
}

#[tokio::test]
async fn a_listener_hears_at_once_and_of_every_change() {
    let relay = Relay::start(&[]);
    let mut first = Workspace::create(&relay, 1).await;
    let genesis = first.owner.genesis(77);
    first.client.create(&genesis).await.unwrap();
    let second = drystone_wire::roster::Roster::create(&genesis).unwrap().workspace;
    let mut socket = first.client.listen(&[first.id, second]).await.unwrap();
    let mut heard = [wake(&mut socket).await.unwrap(), wake(&mut socket).await.unwrap()];
    heard.sort_by_key(|wake| wake.workspace != first.id);
    assert_eq!((heard[0].workspace, heard[0].position, heard[0].membership), (first.id, 0, 1));
    assert_eq!(heard[1].workspace, second);
    first.client.append(&first.id, &[first.owner.envelope(&first.id, 10)]).await.unwrap();
    let news = wake(&mut socket).await.unwrap();
    assert_eq!((news.workspace, news.position), (first.id, 1));
    first.admit(&relay, 2, Role::Reader).await;
    let mut news = wake(&mut socket).await.unwrap();
    while news.membership < 3 {
        news = wake(&mut socket).await.unwrap();
    }
    assert_eq!(news.workspace, first.id);
}

#[tokio::test]
async fn a_slow_listener_gets_the_latest_and_nothing_piles_up() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut socket = workspace.client.listen(&[id]).await.unwrap();
    for _ in 0..50 {
        workspace.client.append(&id, &[workspace.owner.envelope(&id, 10)]).await.unwrap();
    }
    let mut last = 0;
    while last < 50 {
        let position = wake(&mut socket).await.unwrap().position;
        assert!(position >= last, "wake-ups never go back");
        last = position;
    }
}

#[tokio::test]
async fn a_removed_device_hears_no_more() {
    let relay = Relay::start(&[]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let (device, client) = workspace.admit(&relay, 2, Role::Editor).await;
    let mut socket = client.listen(&[workspace.id]).await.unwrap();
    assert_eq!(wake(&mut socket).await.unwrap().membership, 3);
    workspace.operate(workspace.removal(&device)).await;
    workspace.client.append(&workspace.id, &[workspace.owner.envelope(&workspace.id, 10)]).await.unwrap();
    assert_eq!(close_code(&mut socket).await, Some(1008));
}

#[tokio::test]
async fn one_workspace_that_is_gone_does_not_silence_the_others() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let mut socket = workspace.client.listen(&[WorkspaceId([9; 32]), workspace.id]).await.unwrap();
    assert_eq!(wake(&mut socket).await.unwrap().workspace, workspace.id);
}

#[tokio::test]
async fn a_listener_names_its_workspaces_and_says_nothing() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let client = &workspace.client;
    assert_eq!(client.listen(&[]).await.unwrap_err().code, BadRequest);
    let many: Vec<_> = (0..=limits::LISTEN_WORKSPACES as u8).map(|n| WorkspaceId([n; 32])).collect();
    assert_eq!(client.listen(&many).await.unwrap_err().code, BadRequest);
    assert_eq!(client.get("/v1/listen?workspaces=x").await.unwrap_err().code, BadRequest);
    let mut socket = client.listen(&[workspace.id]).await.unwrap();
    socket.send(Message::Text("hello".into())).await.unwrap();
    assert_eq!(close_code(&mut socket).await, Some(1008));
    let mut socket = client.listen(&[workspace.id]).await.unwrap();
    // The relay cuts a message that is too long; it may do so while it is still being sent.
    let _ = socket.send(Message::Binary(vec![0; 1 << 20].into())).await;
    // Read whole, it would be refused as something said: 1008.
    assert_ne!(close_code(&mut socket).await, Some(1008));
}

#[tokio::test]
async fn a_listener_is_pinged_and_one_that_does_not_answer_is_closed() {
    let relay = Relay::start(&[]);
    let workspace = Workspace::create(&relay, 1).await;
    let mut listening = workspace.client.listen(&[workspace.id]).await.unwrap();
    // Nobody reads this one, so nobody answers.
    let mut deaf = workspace.client.listen(&[workspace.id]).await.unwrap();
    wake(&mut listening).await.unwrap();
    let period = Duration::from_secs(limits::PING_SECONDS);
    let until = tokio::time::Instant::now() + 3 * period + Duration::from_secs(2);
    let mut pings = 0;
    // Reading answers pings; the other one is not read meanwhile.
    while let Ok(Some(Ok(message))) = tokio::time::timeout_at(until, listening.next()).await {
        pings += u32::from(message.is_ping());
    }
    assert_eq!(pings, 3);
    let metrics = String::from_utf8(workspace.client.get("/metrics").await.unwrap()).unwrap();
    assert!(metrics.contains("drystone_relay_listeners 1\n"), "{metrics}");
    while let Some(Ok(message)) = deaf.next().await {
        assert!(!message.is_pong());
    }
}
