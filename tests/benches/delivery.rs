//! From a letter typed on one device to the same letter on another, through a
//! relay process: as soon as it is a change, in company, and with nobody else
//! in the document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::{Duration, Instant};

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::measure::{median, p99, report};
use drystone_tests::*;
use tokio::sync::broadcast::Receiver;

/// What people do not notice while they look at somebody else's typing.
const GOAL: Duration = Duration::from_millis(150);
const LETTERS: u32 = 60;
/// Between two letters: some nine a second.
const PAUSE: Duration = Duration::from_millis(110);

#[tokio::main]
async fn main() {
    let relay = Relay::start();
    let (alice, bob) = (Device::in_background().await, Device::in_background().await);
    let id = alice.import("a.md", b"# A\n\nx\n").await.unwrap().id;
    alice.share(&relay.url()).await;
    bob.join(&alice.invite(Role::Editor).await, "Bob").await.unwrap();
    bob.eventually(&id, "# A\n\nx\n").await;
    bob.open(&id).await;
    let mut events = bob.app().subscribe();
    // What was typed becomes a change when the document is read; the pause that
    // usually does it is not what is measured here.
    say("sent at once", letters(&alice, &id, &mut events, true).await);
    say("with nobody else there", letters(&alice, &id, &mut events, false).await);
    for device in [&alice, &bob] {
        here(device, &id).await;
    }
    while people(&alice, &id).await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut times = letters(&alice, &id, &mut events, false).await;
    report("typed in company to seen there, median", median(&mut times), "goal", GOAL, 1.0);
    say("in company", times);
}

fn say(what: &str, mut times: Vec<Duration>) {
    println!("typed to seen on another device, {what}: p50 {:.1?}, p99 {:.1?}", median(&mut times), p99(&mut times));
}

/// Types letters, one after the other was seen, and says how long each took.
async fn letters(alice: &Device, id: &str, events: &mut Receiver<Event>, settle: bool) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..LETTERS {
        tokio::time::sleep(PAUSE).await;
        let section = alice.open(id).await.sections[0].clone();
        let started = Instant::now();
        alice.type_in(id, &section.id, section.version, &[(1, 0, "y")]).await.unwrap();
        if settle {
            alice.open(id).await;
        }
        while !matches!(events.recv().await, Ok(Event::SectionChanged { .. })) {}
        times.push(started.elapsed());
    }
    times
}

async fn here(device: &Device, id: &str) {
    let args = SetPresence { client: "page".into(), document: Some(id.into()), section: None, selection: None };
    device.call::<Empty>(Request::PresenceSet(args)).await.unwrap();
}

async fn people(device: &Device, id: &str) -> usize {
    let list = Request::PresenceList(DocumentRef { document: id.into() });
    device.call::<PresentPeople>(list).await.unwrap().people.len()
}
