//! What the relay costs. Numbers go to standard output; see them with `--nocapture`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use drystone_wire::membership::Role;

use crate::support::client::wake;
use crate::support::{Relay, Workspace};

/// Goal for a thousand idle listeners, over the relay without any.
const LISTENERS_KIB: u64 = 30 * 1024;

/// Resident memory in KiB.
fn resident(relay: &Relay) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
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
        let started = Instant::now();
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
        println!(
            "{writers} writers, {batch} envelopes an append: {:.0} envelopes/s, {:.0} appends/s, slowest {slowest:?}",
            1.0 / each,
            1.0 / each / batch as f64
        );
    }
}
