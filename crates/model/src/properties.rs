//! How properties are tried: by default the same cases in every run, so that a
//! gate does not fail by chance on code that nobody changed.
//!
//! More of them, and others than the last time, are tried with the variables
//! that proptest reads; a failure prints the case, which then becomes an
//! ordinary test beside the property:
//!
//! ```sh
//! PROPTEST_CASES=500000 PROPTEST_RNG_SEED=$RANDOM cargo test -p drystone-model any_text_reads_as_before
//! ```

use proptest::test_runner::{Config, RngSeed};

/// What every run starts from, unless a variable says otherwise.
const SEED: u64 = 2026;

/// A number of cases, the same ones in every run.
pub fn same_each_time(cases: u32) -> Config {
    // What proptest does when no variable is set is not told apart from what
    // is asked for, but for its value.
    let asked = Config::default();
    let unset = asked.cases == 256;
    Config {
        cases: if unset { cases } else { asked.cases },
        rng_seed: if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(SEED) } else { asked.rng_seed },
        failure_persistence: None,
        ..asked
    }
}
