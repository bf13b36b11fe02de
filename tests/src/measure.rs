//! Timings as medians, and ratios within one run: the figures differ between
//! machines, the ratios hardly.

use std::time::{Duration, Instant};

/// The most memory that this process has held since [`forget_peak`], in bytes.
#[cfg(target_os = "linux")]
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

/// Lets the peak begin where the memory is now.
#[cfg(target_os = "linux")]
pub fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// Runs something and says how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let value = work();
    (value, started.elapsed())
}

/// The middle one.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The one that 99 of 100 are not above.
pub fn p99(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}

/// Prints a figure beside what it is measured against, and the goal.
pub fn report(what: &str, ours: Duration, against: &str, theirs: Duration, goal: f64) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let verdict = if ratio <= goal { "met" } else { "MISSED" };
    println!("{what:<44} {ours:>12.3?}   {against} {theirs:>12.3?}   ratio {ratio:>6.2}   goal ≤ {goal}: {verdict}");
}
