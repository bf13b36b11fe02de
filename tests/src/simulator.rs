//! Devices, a relay and everything that can go wrong between them, from a seed.
//!
//! The devices are whole apps on data folders of their own, the relay is the
//! whole relay on its own; requests are the real ones, and travel through
//! [`air`], which loses, doubles, delays and cuts them. Clocks are years off.
//! A device dies right after any commit and in the middle of any request, and
//! goes on from a copy of its folder as it was then. When the weather is over,
//! [`checks`] holds what everybody has against what was acknowledged.
//!
//! One thing happens at a time, and what happens depends on the seed alone:
//! also keys and ids come from it.

pub mod air;
pub mod checks;
pub mod dice;
pub mod liar;
pub mod person;
pub mod post;
pub mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use world::{Story, World};

/// Runs one seed to its end; panics with what is wrong. Returns what happened,
/// the same for the same seed.
pub fn run(seed: u64) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let trace = runtime.block_on(async {
        let mut world = World::new(seed, Story::of(seed)).await;
        for _ in 0..world.moves() {
            world.step().await;
        }
        world.heal().await;
        if verbose() {
            world.trace().iter().for_each(|line| eprintln!("{line}"));
        }
        checks::all(&world).await;
        world.trace()
    });
    runtime.shutdown_timeout(Duration::from_secs(10));
    trace
}

/// `DRYSTONE_TRACE` shows what happened, also when it ends badly.
fn verbose() -> bool {
    std::env::var_os("DRYSTONE_TRACE").is_some()
}

/// Runs seeds on two threads until they or the time are used up; panics with
/// every seed that failed. Returns how many were run.
pub fn run_all(seeds: std::ops::Range<u64>, time: Duration) -> u64 {
    let (next, done) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let failures = std::sync::Mutex::new(Vec::new());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || started.elapsed() > time {
                        return;
                    }
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(seed))) {
                        let what = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        eprintln!("seed {seed} failed; again with DRYSTONE_SEED={seed}: {what}");
                        failures.lock().unwrap().push(seed);
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let (failures, done) = (failures.into_inner().unwrap(), done.into_inner());
    assert!(failures.is_empty(), "{} of {done} seeds failed: {failures:?} (DRYSTONE_SEED=… runs one)", failures.len());
    done
}

/// A folder for a device or relay: in memory where the system has that, since a
/// run syncs to disk hundreds of times and dies only in ways that keep it.
pub fn folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Copies the files of a folder as a crash would leave them: no locks, and
/// nothing that SQLite keeps in shared memory.
pub fn copy_files(from: &std::path::Path) -> tempfile::TempDir {
    let copy = folder();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let passing = [".lock", "-shm"].iter().any(|end| name.to_string_lossy().ends_with(end));
        if entry.file_type().unwrap().is_file() && !passing {
            std::fs::copy(entry.path(), copy.path().join(name)).unwrap();
        }
    }
    copy
}
