//! For tests: how often records are looked up and fields read, so that growth
//! is measured in steps and not in time.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// One step more.
pub fn count() {
    STEPS.set(STEPS.get() + 1);
}

/// The steps that something takes, on this thread.
pub fn of(act: impl FnOnce()) -> u64 {
    let before = STEPS.get();
    act();
    STEPS.get() - before
}
