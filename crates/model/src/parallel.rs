//! Work on large models, spread over the machine's processors.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

/// From how many records on threads are started: what goes through fewer is
/// done within a frame anyway, and leaves the other processors alone.
const WORTH_IT: usize = 8_192;

/// What comes of each job, in the order of the jobs. `records` is how many all
/// of them go through; jobs of many are taken up by several threads, so none
/// may depend on another.
pub fn map<J: Sync, R: Send>(jobs: &[J], records: usize, work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let processors = if records < WORTH_IT { 1 } else { available_parallelism().map_or(1, NonZero::get) };
    on_threads(processors.min(jobs.len()), jobs, work)
}

fn on_threads<J: Sync, R: Send>(threads: usize, jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    if threads < 2 {
        return jobs.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(job) = jobs.get(at)
        {
            done.push((at, work(job)));
        }
        done
    };
    let mut done = scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs_whatever_the_threads() {
        let jobs: Vec<usize> = (0..1_000).collect();
        let expected: Vec<usize> = jobs.iter().map(|job| job * 3).collect();
        for threads in [0, 1, 2, 7] {
            assert_eq!(on_threads(threads, &jobs, |job| job * 3), expected, "{threads} threads");
        }
        assert_eq!(map(&jobs, WORTH_IT, |job| job * 3), expected);
        assert_eq!(map(&jobs[..1], WORTH_IT, |job| job * 3), [0]);
        assert!(map(&jobs[..0], WORTH_IT, |job| job * 3).is_empty());
    }

    #[test]
    fn a_panic_of_a_thread_is_everybodys() {
        let jobs: Vec<usize> = (0..100).collect();
        let panics = |job: &usize| assert_ne!(*job, 50, "job 50");
        let ended = std::panic::catch_unwind(|| on_threads(4, &jobs, panics)).expect_err("job 50 panics");
        let said = ended.downcast_ref::<String>().expect("what the assertion says");
        assert!(said.contains("job 50"), "{said}");
    }
}
