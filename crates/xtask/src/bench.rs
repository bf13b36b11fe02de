//! `cargo xtask bench`: the benchmarks, as ratios against raw libraries.

use crate::setup::{self, For};
use crate::shell::{Result, cargo, run};

pub const HELP: &str = "
Usage: cargo xtask bench [NAME] [ARGUMENT…]

Builds with optimisation and runs the benchmarks, or only the one named.
Everything after the name goes to it. docs/performance.md says what they
measure and what the figures were.
";

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    setup::ensure(For::Building)?;
    // Benchmarks of the relay and the window run the real programs.
    run(cargo().args(["build", "--release", "--bins"]))?;
    let mut command = cargo();
    command.arg("bench");
    match args.split_first() {
        None => command.args(["--bench", "*"]),
        Some((name, rest)) => command.args(["--bench", name, "--"]).args(rest),
    };
    run(&mut command)?;
    if args.is_empty() {
        // The relay is measured from outside, with a thousand real connections.
        let measure = ["test", "--release", "--test", "relay", "measure", "--", "--include-ignored", "--nocapture"];
        run(cargo().args(measure).arg("--test-threads=1"))?;
    }
    Ok(())
}
