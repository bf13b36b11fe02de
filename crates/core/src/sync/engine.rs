//! What to do next for one workspace, as a pure loop: events go in, actions
//! come out. Knows no socket, no clock and no randomness of its own.
//!
//! A round goes membership → pull → apply → … → push, until both sides have
//! everything. One step runs at a time; what happens meanwhile is remembered.

use super::request::FailureKind;
use crate::crypto::random::{self, Random};

/// The first wait after a failure.
pub const FIRST_WAIT_MS: u64 = 1_000;
/// The longest wait after failures.
pub const LONGEST_WAIT_MS: u64 = 5 * 60 * 1000;
/// Even when all is quiet, a round runs this often: wake-ups may get lost.
pub const QUIET_ROUND_MS: u64 = 5 * 60 * 1000;
/// A local change does not retry a failed relay more often than this.
pub const NUDGE_PAUSE_MS: u64 = 1_000;
/// How often within one round the membership may turn out to have moved on.
const MEMBERSHIP_RETRIES: u32 = 20;
/// How often within one round a snapshot is loaded.
const SNAPSHOTS: u32 = 3;

/// A piece of work; each is one request at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Read new membership records, or post those the relay lacks.
    Membership,
    /// Read one page of the log into the inbox.
    Pull,
    /// Open and apply part of the inbox.
    Apply,
    /// Take unconfirmed envelopes apart to seal them anew after the log's own.
    Rewind,
    /// Seal and send one batch.
    Push,
    /// Load a snapshot that stands for entries which the log no longer has.
    Snapshot,
    /// Forget the log as read and read it from the start.
    StartAnew,
}

/// How a step ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing more of this kind to do.
    Done,
    /// The same again.
    More,
    /// The log has entries that were not read.
    Behind,
    /// The membership has records that were not read.
    MembershipBehind,
}

/// How a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Failed {
    /// Why.
    pub kind: FailureKind,
    /// What the relay asked to wait.
    pub retry_after_ms: Option<u64>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Something was written here.
    Changed,
    /// The relay has news, the network came back, or someone asked.
    Hint,
    /// A step ended.
    Finished(Step, Result<Outcome, Failed>),
    /// Wake-ups arrive, or no longer.
    Listening(bool),
    /// Time passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Run this step, then report how it ended.
    Run(Step),
    /// A round ended: everything is exchanged, or why not.
    Ended(Result<(), Failed>),
}

/// The loop's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    running: Option<Step>,
    /// The page read last was not the log's end.
    more_pages: bool,
    /// Set once a round has recovered from a conflict, so that it does not circle.
    recovered: bool,
    rewind: bool,
    /// What was read is applied first, then a snapshot is loaded.
    behind_snapshot: bool,
    /// Snapshots loaded in this round.
    snapshots: u32,
    membership_retries: u32,
    /// Something was written since the last push began.
    changed: bool,
    /// News arrived since the last pull began.
    hinted: bool,
    listening: bool,
    /// The last round went well and nothing was missed since.
    settled: bool,
    failures: u32,
    ended_ms: u64,
    /// When the next round starts by itself.
    next_ms: Option<u64>,
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            running: None,
            more_pages: false,
            recovered: false,
            rewind: false,
            behind_snapshot: false,
            snapshots: 0,
            membership_retries: 0,
            changed: false,
            hinted: false,
            listening: false,
            settled: false,
            failures: 0,
            ended_ms: 0,
            next_ms: Some(0),
        }
    }
}

impl Engine {
    /// Takes one event in and says what to do.
    pub fn handle(&mut self, now_ms: u64, random: &mut dyn Random, event: Event) -> Vec<Action> {
        match event {
            Event::Changed => {
                self.changed = true;
                self.want_round(now_ms)
            }
            Event::Hint => {
                self.hinted = true;
                self.want_round(now_ms)
            }
            Event::Listening(on) => {
                // What was sent while nobody listened is read after listening.
                let began = on && !self.listening;
                self.listening = on;
                self.settled &= on;
                self.hinted |= began;
                if began { self.want_round(now_ms) } else { Vec::new() }
            }
            Event::Tick => match self.next_ms {
                Some(at) if at <= now_ms && self.running.is_none() => {
                    self.settled = false;
                    self.begin()
                }
                _ => Vec::new(),
            },
            Event::Finished(step, result) => self.finished(now_ms, random, step, result),
        }
    }

    /// When [`Event::Tick`] is due.
    pub fn next_ms(&self) -> Option<u64> {
        if self.running.is_some() { None } else { self.next_ms }
    }

    /// Whether a step runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    fn want_round(&mut self, now_ms: u64) -> Vec<Action> {
        if self.running.is_some() {
            return Vec::new();
        }
        let earliest = self.ended_ms.saturating_add(NUDGE_PAUSE_MS);
        if self.failures > 0 && now_ms < earliest {
            self.next_ms = Some(self.next_ms.map_or(earliest, |at| at.min(earliest)));
            return Vec::new();
        }
        self.begin()
    }

    /// Starts a round: only the part that can have news, when the last one went
    /// well and wake-ups arrive.
    fn begin(&mut self) -> Vec<Action> {
        self.recovered = false;
        self.rewind = false;
        self.behind_snapshot = false;
        self.snapshots = 0;
        self.membership_retries = 0;
        self.next_ms = None;
        let first = if self.settled && !self.hinted { Step::Push } else { Step::Membership };
        self.run(first)
    }

    fn run(&mut self, step: Step) -> Vec<Action> {
        match step {
            Step::Membership => self.hinted = false,
            Step::Push => self.changed = false,
            _ => {}
        }
        self.running = Some(step);
        vec![Action::Run(step)]
    }

    fn finished(
        &mut self,
        now_ms: u64,
        random: &mut dyn Random,
        step: Step,
        result: Result<Outcome, Failed>,
    ) -> Vec<Action> {
        if self.running != Some(step) {
            return Vec::new();
        }
        self.running = None;
        let next = match result {
            Ok(outcome) => self.after(step, outcome),
            Err(failed) => match self.recover(step, failed.kind) {
                Some(next) => Some(next),
                None => return self.end(now_ms, random, Err(failed)),
            },
        };
        match next {
            Some(next) => self.run(next),
            None => self.end(now_ms, random, Ok(())),
        }
    }

    fn after(&mut self, step: Step, outcome: Outcome) -> Option<Step> {
        match (step, outcome) {
            (_, Outcome::MembershipBehind) if self.membership_retries < MEMBERSHIP_RETRIES => {
                self.membership_retries += 1;
                Some(Step::Membership)
            }
            (Step::StartAnew, _) => Some(Step::Membership),
            (Step::Membership | Step::Apply | Step::Push, Outcome::More) => Some(step),
            (Step::Membership | Step::Snapshot, _) => Some(Step::Pull),
            (Step::Pull, outcome) => {
                self.more_pages = outcome == Outcome::More;
                Some(Step::Apply)
            }
            (Step::Apply, _) if self.behind_snapshot => {
                self.behind_snapshot = false;
                Some(Step::Snapshot)
            }
            (Step::Apply, _) if self.more_pages => Some(Step::Pull),
            (Step::Apply, _) if self.rewind => {
                self.rewind = false;
                Some(Step::Rewind)
            }
            (Step::Apply | Step::Rewind, _) => Some(Step::Push),
            (Step::Push, Outcome::Behind) => Some(Step::Pull),
            (Step::Push, _) if self.hinted => Some(Step::Membership),
            (Step::Push, _) if self.changed => Some(Step::Push),
            (Step::Push, _) => None,
        }
    }

    /// What helps against some failures, once a round.
    fn recover(&mut self, step: Step, kind: FailureKind) -> Option<Step> {
        match kind {
            FailureKind::MembershipMoved if self.membership_retries < MEMBERSHIP_RETRIES => {
                self.membership_retries += 1;
                Some(Step::Membership)
            }
            FailureKind::SequenceConflict | FailureKind::SequenceGap if step == Step::Push && !self.recovered => {
                self.recovered = true;
                self.rewind = true;
                Some(Step::Membership)
            }
            // Once more, since the relay may compact again meanwhile.
            FailureKind::Compacted if step == Step::Pull && self.snapshots < SNAPSHOTS => {
                self.snapshots += 1;
                (self.behind_snapshot, self.more_pages) = (true, false);
                Some(Step::Apply)
            }
            FailureKind::CursorGone if step == Step::Pull && !self.recovered => {
                self.recovered = true;
                Some(Step::StartAnew)
            }
            _ => None,
        }
    }

    fn end(&mut self, now_ms: u64, random: &mut dyn Random, result: Result<(), Failed>) -> Vec<Action> {
        self.ended_ms = now_ms;
        match result {
            Ok(()) => {
                self.failures = 0;
                self.settled = self.listening;
                self.next_ms = Some(now_ms + jittered(QUIET_ROUND_MS, random));
            }
            Err(failed) => {
                self.settled = false;
                self.failures = self.failures.saturating_add(1);
                let doubled = FIRST_WAIT_MS << (self.failures - 1).min(20);
                let longest = match failed.kind {
                    // Retrying changes little, but whoever runs the relay may have mended it.
                    FailureKind::Attention
                    | FailureKind::Full
                    | FailureKind::Forbidden
                    | FailureKind::NotFound
                    | FailureKind::Compacted => LONGEST_WAIT_MS,
                    _ => doubled.min(LONGEST_WAIT_MS),
                };
                let wait = jittered(longest, random).max(failed.retry_after_ms.unwrap_or(0));
                self.next_ms = Some(now_ms + wait);
            }
        }
        vec![Action::Ended(result)]
    }
}

/// Between half of a wait and the whole, so that many clients do not come back
/// in the same moment.
fn jittered(wait_ms: u64, random: &mut dyn Random) -> u64 {
    let half = wait_ms / 2;
    half + u64::from_le_bytes(random::array(random)) % (wait_ms - half + 1)
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
