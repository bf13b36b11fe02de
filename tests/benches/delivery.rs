//! From a letter typed on one device to the same letter on another, through a
//! relay process, against a bare echo over a socket of the same machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::{Duration, Instant};

use drystone_core::api::*;
use drystone_tests::measure::{median, p99};
use drystone_tests::*;

const LETTERS: usize = 60;

#[tokio::main]
async fn main() {
    let relay = Relay::start();
    let (alice, bob) = (Device::in_background().await, Device::in_background().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.eventually(&id, "# A\n\nx\n").await;
    let section = alice.open(&id).await.sections[0].id.clone();
    bob.open(&id).await;
    let mut events = bob.app().subscribe();
    let mut times: Vec<Duration> = Vec::new();
    for letter in 0..LETTERS as u32 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let version = alice.open(&id).await.sections[0].version;
        let started = Instant::now();
        alice.type_in(&id, &section, version, &[(1 + letter, 0, "y")]).await.unwrap();
        // What was typed becomes a change when the document is read; the pause
        // that usually does it is not what is measured here.
        alice.open(&id).await;
        while !matches!(events.recv().await, Ok(Event::SectionChanged { .. })) {}
        times.push(started.elapsed());
    }
    println!("typed to seen on another device: p50 {:.1?}, p99 {:.1?}", median(&mut times), p99(&mut times));
}
