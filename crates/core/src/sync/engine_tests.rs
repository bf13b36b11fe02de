use super::*;
use crate::crypto::random::SeededRandom;
use Outcome::{Behind, Done, MembershipBehind, More};
use Step::{Apply, Membership, Pull, Push, Rewind, StartAnew};

struct Run {
    engine: Engine,
    random: SeededRandom,
    now: u64,
}

impl Run {
    fn new() -> Self {
        Run { engine: Engine::default(), random: SeededRandom::new(1), now: 1_000_000 }
    }

    fn event(&mut self, event: Event) -> Vec<Action> {
        self.engine.handle(self.now, &mut self.random, event)
    }

    /// Starts with an event and answers each step in turn; returns the steps
    /// that ran and how the round ended.
    fn round(
        &mut self,
        first: Event,
        mut answers: Vec<(Step, Result<Outcome, FailureKind>)>,
    ) -> Result<(), FailureKind> {
        let mut actions = self.event(first);
        loop {
            match actions.as_slice() {
                [Action::Run(step)] => {
                    let (expected, answer) = if answers.is_empty() { (*step, Ok(Done)) } else { answers.remove(0) };
                    assert_eq!(*step, expected);
                    let result = answer.map_err(|kind| Failed { kind, retry_after_ms: None });
                    actions = self.event(Event::Finished(*step, result));
                }
                [Action::Ended(result)] => {
                    assert!(answers.is_empty(), "left over: {answers:?}");
                    return result.map_err(|failed| failed.kind);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_round_reads_everything_before_it_writes() {
    let mut run = Run::new();
    let steps = vec![
        (Membership, Ok(More)),
        (Membership, Ok(Done)),
        (Pull, Ok(More)),
        (Apply, Ok(Done)),
        (Pull, Ok(Done)),
        (Apply, Ok(More)),
        (Apply, Ok(MembershipBehind)),
        (Membership, Ok(Done)),
        (Pull, Ok(Done)),
        (Apply, Ok(Done)),
        (Push, Ok(More)),
        (Push, Ok(Behind)),
        (Pull, Ok(Done)),
        (Apply, Ok(Done)),
        (Push, Ok(Done)),
    ];
    assert_eq!(run.round(Event::Tick, steps), Ok(()));
}

#[test]
fn a_local_change_goes_straight_out_when_settled() {
    let mut run = Run::new();
    run.event(Event::Listening(true));
    run.engine = Engine { listening: true, ..Engine::default() };
    assert_eq!(run.round(Event::Tick, vec![]), Ok(()));
    assert_eq!(run.round(Event::Changed, vec![(Push, Ok(Done))]), Ok(()));
    run.event(Event::Listening(false));
    assert_eq!(run.round(Event::Changed, vec![(Membership, Ok(Done))]), Ok(()), "nothing is known without wake-ups");
}

#[test]
fn what_happens_during_a_round_is_not_forgotten() {
    let mut run = Run::new();
    assert_eq!(run.event(Event::Tick), [Action::Run(Membership)]);
    for step in [Membership, Pull, Apply] {
        run.event(Event::Finished(step, Ok(Done)));
    }
    assert!(run.event(Event::Changed).is_empty());
    assert_eq!(run.event(Event::Finished(Push, Ok(Done))), [Action::Run(Push)]);
    assert!(run.event(Event::Hint).is_empty());
    assert_eq!(run.event(Event::Finished(Push, Ok(Done))), [Action::Run(Membership)]);
}

#[test]
fn conflicts_are_settled_once_a_round() {
    let conflict = || (Push, Err(FailureKind::SequenceConflict));
    let recovery = || vec![(Membership, Ok(Done)), (Pull, Ok(Done)), (Apply, Ok(Done)), (Rewind, Ok(Done))];
    let mut steps = vec![(Membership, Ok(Done)), (Pull, Ok(Done)), (Apply, Ok(Done)), conflict()];
    steps.extend(recovery());
    let mut good = steps.clone();
    good.push((Push, Ok(Done)));
    assert_eq!(Run::new().round(Event::Tick, good), Ok(()));
    steps.push(conflict());
    assert_eq!(Run::new().round(Event::Tick, steps), Err(FailureKind::SequenceConflict));
    let gone = || (Pull, Err(FailureKind::CursorGone));
    let anew = vec![(Membership, Ok(Done)), gone(), (StartAnew, Ok(Done)), (Membership, Ok(Done)), gone()];
    assert_eq!(Run::new().round(Event::Tick, anew), Err(FailureKind::CursorGone));
    let moved = vec![(Membership, Err(FailureKind::MembershipMoved)), (Membership, Ok(Done))];
    assert_eq!(Run::new().round(Event::Tick, moved), Ok(()));
}

#[test]
fn waits_double_to_five_minutes_and_start_over_after_success() {
    let mut run = Run::new();
    let mut expected = FIRST_WAIT_MS;
    for _ in 0..15 {
        run.now = run.engine.next_ms().unwrap().max(run.now);
        let failure = vec![(Membership, Err(FailureKind::Unreachable))];
        assert!(run.round(Event::Tick, failure).is_err());
        let wait = run.engine.next_ms().unwrap() - run.now;
        assert!(wait >= expected / 2 && wait <= expected, "{wait} of {expected}");
        expected = (expected * 2).min(LONGEST_WAIT_MS);
    }
    run.now = run.engine.next_ms().unwrap();
    assert_eq!(run.round(Event::Tick, vec![]), Ok(()));
    assert!(run.round(Event::Hint, vec![(Membership, Err(FailureKind::Unreachable))]).is_err());
    assert!(run.engine.next_ms().unwrap() - run.now <= FIRST_WAIT_MS);
}

#[test]
fn a_change_retries_at_once_but_not_in_a_storm() {
    let mut run = Run::new();
    for _ in 0..9 {
        run.now = run.engine.next_ms().unwrap().max(run.now);
        assert!(run.round(Event::Tick, vec![(Membership, Err(FailureKind::Unreachable))]).is_err());
    }
    assert!(run.event(Event::Changed).is_empty());
    assert_eq!(run.engine.next_ms(), Some(run.now + NUDGE_PAUSE_MS));
    run.now += NUDGE_PAUSE_MS;
    assert_eq!(run.event(Event::Changed), [Action::Run(Membership)]);
}

#[test]
fn the_relays_own_wait_is_kept() {
    let mut run = Run::new();
    run.event(Event::Tick);
    let failed = Failed { kind: FailureKind::RateLimited, retry_after_ms: Some(77_000) };
    run.event(Event::Finished(Membership, Err(failed)));
    assert!(run.engine.next_ms().unwrap() >= run.now + 77_000);
}

#[test]
fn a_late_answer_of_another_step_changes_nothing() {
    let mut run = Run::new();
    run.event(Event::Tick);
    let before = run.engine.clone();
    assert!(run.event(Event::Finished(Push, Ok(Done))).is_empty());
    assert_eq!(run.engine, before);
}
