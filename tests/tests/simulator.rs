//! Runs of the simulator: the real engine and the real relay in bad weather,
//! from seeds. `DRYSTONE_SEED=17 cargo test --test simulator one_seed` repeats one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use drystone_core::error::ErrorCode;
use drystone_tests::simulator::{self, Story, World};

/// Seeds in every run of the tests, as far as the time reaches.
const SEEDS: u64 = 1_000;
const TIME: Duration = Duration::from_secs(200);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_happens_everybody_ends_with_the_same_and_nothing_is_lost() {
    let started = Instant::now();
    let done = simulator::run_all(0..SEEDS, TIME);
    let seconds = started.elapsed().as_secs_f64();
    println!("{done} seeds in {seconds:.0} s");
    assert!(done >= 100, "only {done} seeds in {seconds:.0} s: too few to mean anything");
}

#[test]
#[ignore = "as many as asked for: DRYSTONE_SEEDS=100000, from DRYSTONE_FIRST"]
fn many_seeds() {
    let first = number("DRYSTONE_FIRST").unwrap_or(SEEDS);
    let seconds = Duration::from_secs(number("DRYSTONE_SECONDS").unwrap_or(7 * 24 * 60 * 60));
    let started = Instant::now();
    let done = simulator::run_all(first..first + number("DRYSTONE_SEEDS").unwrap_or(100_000), seconds);
    println!("{done} seeds from {first} in {:.0} s", started.elapsed().as_secs_f64());
}

#[test]
#[ignore = "one seed that was named: DRYSTONE_SEED=17"]
fn one_seed() {
    let seed = number("DRYSTONE_SEED").expect("DRYSTONE_SEED names the seed");
    for line in simulator::run(seed) {
        println!("{line}");
    }
}

/// The stories of compaction are about something: devices come late to logs that
/// were compacted, and load snapshots.
#[test]
fn late_devices_meet_compacted_logs() {
    let compacted = |seed: u64| {
        let trace = simulator::run(seed);
        trace.iter().filter(|line| line.contains("GET log: 410")).count()
    };
    let met = [8, 9, 18, 19, 28, 29, 38, 39, 48, 49].map(compacted);
    println!("compacted logs were met {met:?} times");
    assert!(met.iter().filter(|times| **times > 0).count() >= 3, "{met:?}");
}

#[test]
fn a_seed_replays_itself() {
    for seed in [4, 7] {
        let (first, again) = (simulator::run(seed), simulator::run(seed));
        assert_eq!(first, again, "seed {seed} took another way the second time");
        assert!(first.len() > 100, "{first:?}");
    }
}

#[tokio::test]
async fn nobody_is_removed_while_the_log_cannot_be_read() {
    let world = World::new(1, Story::default()).await;
    world.air.rough.store(false, Ordering::SeqCst);
    let (anna, ben, cleo) = (world.people[0].device(), world.people[1].device(), world.people[2].device());
    cleo.prepend(&world.documents[0], "counts ").await.unwrap();
    cleo.sync().await;
    ben.sync().await;
    *world.air.malice.lock().unwrap() = Some(Box::new(|who, letter, mut reply| {
        if who == 0 && letter.kind() == "GET log" {
            reply.status = drystone_relay::embedded::http::StatusCode::SERVICE_UNAVAILABLE;
        }
        reply
    }));
    // Anna has not read what Ben has applied: a removal now would take it back from her alone.
    assert_eq!(anna.remove("Cleo").await.unwrap_err().code, ErrorCode::Unreachable);
    *world.air.malice.lock().unwrap() = None;
    assert_eq!(anna.remove("Cleo").await.unwrap().len(), 2);
    ben.sync().await;
    for device in [anna, ben] {
        assert!(device.export(&world.documents[0]).await.contains("counts"));
    }
}

#[tokio::test]
async fn a_change_that_comes_twice_at_once_is_taken_once() {
    let world = World::new(3, Story::default()).await;
    world.air.rough.store(false, Ordering::SeqCst);
    let (anna, ben) = (world.people[0].device(), &world.people[1]);
    let id = &world.documents[0];
    // It becomes a change when a round begins, which the relay does not hear of.
    ben.device().prepend(id, "both ").await.unwrap();
    ben.line().cut.store(true, Ordering::SeqCst);
    ben.device().sync().await;
    let clone = ben.clone_device(3).await;
    ben.line().cut.store(false, Ordering::SeqCst);
    clone.device().prepend(id, "second ").await.unwrap();
    ben.device().sync().await;
    clone.device().sync().await;
    anna.sync().await;
    assert_eq!(anna.refused().await, []);
    let text = anna.export(id).await;
    assert!(text.contains("second") && text.matches("both").count() == 1, "{text}");
}
