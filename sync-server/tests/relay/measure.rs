//! What the relay costs. Numbers go to standard output; see them with `--nocapture`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use drystone_wire::membership::Role;

use crate::support::client::wake;
use crate::support::{Relay, Workspace};

/// Clock ticks a second in `/proc/PID/stat`.
const TICKS: f64 = 100.0;

/// Goal for a thousand idle listeners, over the relay without any.
const LISTENERS_KIB: u64 = 30 * 1024;

/// Resident memory in KiB.
fn resident(relay: &Relay) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Seconds of processor time so far.
fn processor_seconds(relay: &Relay) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", relay.pid())).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    // utime and stime are the 14th and 15th field; two are before the name's end.
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_listeners_take_little_memory() {
    let relay = Relay::start(&["--device-rate", "0", "--address-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    workspace.client.append(&workspace.id, &[workspace.owner.envelope(&workspace.id, 10)]).await.unwrap();
    let Some(before) = resident(&relay) else {
        eprintln!("skipped: this system does not tell a process's memory in /proc");
        return;
    };
    let mut listeners = Vec::new();
    for _ in 0..1000 {
        let mut socket = workspace.client.listen(&[workspace.id]).await.unwrap();
        wake(&mut socket).await.unwrap();
        listeners.push(socket);
    }
    let used = resident(&relay).unwrap() - before;
    println!("1,000 idle listeners: {used} KiB over {before} KiB");
    assert!(used <= LISTENERS_KIB, "{used} KiB are more than {LISTENERS_KIB} KiB");
    let started = Instant::now();
    workspace.client.append(&workspace.id, &[workspace.owner.envelope(&workspace.id, 10)]).await.unwrap();
    for socket in &mut listeners {
        assert_eq!(wake(socket).await.unwrap().position, 2);
    }
    println!("all of them woken within {:?}", started.elapsed());
}

/// Not part of every run: it says how fast, and fast is no rule here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn how_fast_appends_are() {
    for (writers, batch, rounds) in [(1, 1, 500), (16, 1, 200), (16, 64, 20), (4, 256, 20)] {
        let relay = Relay::start(&["--device-rate", "0", "--address-rate", "0"]);
        let mut workspace = Workspace::create(&relay, 1).await;
        let id = workspace.id;
        let mut work = Vec::new();
        for seed in 0..writers {
            let (mut device, client) = workspace.admit(&relay, 10 + seed, Role::Editor).await;
            let appends: Vec<_> = (0..rounds).map(|_| device.envelopes(&id, batch, 200)).collect();
            work.push((client, appends));
        }
        let (started, before) = (Instant::now(), processor_seconds(&relay));
        let tasks: Vec<_> = work
            .into_iter()
            .map(|(client, appends)| {
                tokio::spawn(async move {
                    let mut slowest = Duration::ZERO;
                    for append in appends {
                        let sent = Instant::now();
                        client.append(&id, &append).await.unwrap();
                        slowest = slowest.max(sent.elapsed());
                    }
                    slowest
                })
            })
            .collect();
        let mut slowest = Duration::ZERO;
        for task in tasks {
            slowest = slowest.max(task.await.unwrap());
        }
        let all = usize::from(writers) * rounds * batch;
        let each = started.elapsed().as_secs_f64() / all as f64;
        let cost = (processor_seconds(&relay) - before) / all as f64;
        println!(
            "{writers} writers, {batch} envelopes an append: {:.0} envelopes/s, {:.0} appends/s, slowest {slowest:?}, \
             relay's CPU {:.0} µs an envelope",
            1.0 / each,
            1.0 / each / batch as f64,
            cost * 1e6
        );
    }
}

/// One writes, a hundred are woken and read what is new.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn what_a_delivery_costs() {
    const READERS: usize = 100;
    const ROUNDS: u64 = 30;
    let relay = Relay::start(&["--device-rate", "0", "--address-rate", "0"]);
    let mut workspace = Workspace::create(&relay, 1).await;
    let id = workspace.id;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let client = workspace.client.clone();
        let mut socket = client.listen(&[id]).await.unwrap();
        wake(&mut socket).await.unwrap();
        readers.push((client, socket));
    }
    let before = processor_seconds(&relay);
    let tasks: Vec<_> = readers
        .into_iter()
        .map(|(client, mut socket)| {
            tokio::spawn(async move {
                let (mut cursor, mut pages) = (0, 0);
                while cursor < ROUNDS {
                    wake(&mut socket).await.unwrap();
                    let page = client.read(&id, &format!("after={cursor}&generation=1&limit=1000")).await.unwrap();
                    cursor = page.entries.last().map_or(cursor, |entry| entry.position);
                    pages += 1;
                }
                pages
            })
        })
        .collect();
    for _ in 0..ROUNDS {
        workspace.client.append(&id, &[workspace.owner.envelope(&id, 200)]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut pages = 0;
    for task in tasks {
        pages += task.await.unwrap();
    }
    let cost = (processor_seconds(&relay) - before) / f64::from(pages);
    println!("{READERS} readers: {pages} deliveries, relay's CPU {:.0} µs each, wake-up and page", cost * 1e6);
}
