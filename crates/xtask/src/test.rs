//! `cargo xtask test`: every check and every test, as steps.
//!
//! A failed step does not end the run: the others still say what they find,
//! except those that need its result. One run then shows all there is to
//! repair, which matters where a run takes minutes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::setup::{self, For};
use crate::shell::{self, Failure, Result, cargo, run};
use crate::{generate, tidy, ui};

mod licences;

pub const HELP: &str = "
Usage: cargo xtask test [STEP…] [--list]

Runs every step, or only those named and what they need. A failed step does
not end the run; steps that need its result are skipped. Ends with code 1 when
any step failed.
";

/// One step.
struct Step {
    name: &'static str,
    about: &'static str,
    /// Steps without whose success this one makes no sense.
    needs: &'static [&'static str],
    run: fn(&mut State) -> Result<()>,
}

/// What steps hand on to the end.
#[derive(Default)]
struct State {
    licences: Option<licences::Install>,
    passed: u32,
    failed: u32,
}

enum Outcome {
    Passed,
    Failed(Failure),
    Skipped(&'static str),
}

/// The one list of steps, in order. Quick ones first; `licences` before the
/// long ones that its installation runs beside.
const STEPS: &[Step] = &[
    Step { name: "setup", about: "what this machine lacks", needs: &[], run: |_| setup::ensure(For::Testing) },
    Step { name: "format", about: "cargo fmt", needs: &[], run: |_| run(cargo().args(["fmt", "--all", "--check"])) },
    Step { name: "tidy", about: "the rules of the house", needs: &[], run: |_| tidy::main(&[]) },
    Step {
        name: "ui-install",
        about: "npm ci",
        needs: &["setup"],
        run: |state| {
            state.licences = Some(licences::Install::start());
            ui::install_if_stale()
        },
    },
    Step { name: "ui-check", about: "types of the interface", needs: &["ui-install"], run: |_| ui::script("check") },
    Step { name: "ui-lint", about: "lint of the interface", needs: &["ui-install"], run: |_| ui::script("lint") },
    Step { name: "ui-test", about: "tests of the interface", needs: &["ui-install"], run: |_| ui::script("test") },
    Step { name: "ui-build", about: "bundle of the interface", needs: &["ui-install"], run: |_| ui::build_if_stale() },
    Step { name: "build", about: "cargo build", needs: &["setup", "ui-build"], run: |_| run(cargo().arg("build")) },
    Step {
        name: "generated",
        about: "what is generated is current",
        needs: &["build"],
        run: |_| generate::check_all(),
    },
    Step {
        name: "clippy",
        about: "lint of all Rust",
        needs: &["setup"],
        run: |_| run(cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"])),
    },
    Step {
        name: "licences",
        about: "licences, bans, sources, advisories",
        needs: &[],
        run: |state| licences::check(state.licences.take()),
    },
    Step { name: "test", about: "cargo test", needs: &["build"], run: cargo_test },
];

/// The command.
pub fn main(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| arg == "--list") {
        for step in STEPS {
            println!("  {:<11} {}", step.name, step.about);
        }
        return Ok(());
    }
    let chosen = choose(STEPS, args)?;
    let begun = Instant::now();
    let mut state = State::default();
    let mut results: Vec<(&str, Outcome, Duration)> = Vec::new();
    for (number, step) in chosen.iter().enumerate() {
        let start = Instant::now();
        println!("\n── {}/{} {}: {}", number + 1, chosen.len(), step.name, step.about);
        let outcome = match missing(step, &results) {
            Some(needed) => Outcome::Skipped(needed),
            None => (step.run)(&mut state).map_or_else(Outcome::Failed, |()| Outcome::Passed),
        };
        println!("── {} {} after {}", step.name, outcome.word(), shell::seconds(start.elapsed()));
        results.push((step.name, outcome, start.elapsed()));
    }
    summarise(&results, &state, begun.elapsed())
}

/// The named steps with what they need, in the list's order; all when none is named.
fn choose<'a>(steps: &'a [Step], names: &[String]) -> Result<Vec<&'a Step>> {
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(unknown) = wanted.iter().find(|name| !steps.iter().any(|step| step.name == **name)) {
        return Err(
            Failure::usage(format!("there is no step `{unknown}`")).advice("`cargo xtask test --list` names them.")
        );
    }
    // Backwards, since a step only needs earlier ones.
    for step in steps.iter().rev() {
        if wanted.contains(&step.name) {
            wanted.extend(step.needs);
        }
    }
    Ok(steps.iter().filter(|step| names.is_empty() || wanted.contains(&step.name)).collect())
}

/// The first step this one needs that did not pass.
fn missing(step: &Step, results: &[(&'static str, Outcome, Duration)]) -> Option<&'static str> {
    let passed =
        |name: &str| results.iter().any(|(done, outcome, _)| *done == name && matches!(outcome, Outcome::Passed));
    step.needs.iter().copied().find(|name| !passed(name))
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "skipped",
        }
    }
}

fn summarise(results: &[(&str, Outcome, Duration)], state: &State, total: Duration) -> Result<()> {
    println!();
    for (name, outcome, took) in results {
        println!("  {:<11} {:<8} {:>12}", name, outcome.word(), shell::seconds(*took));
    }
    println!();
    for (name, outcome, _) in results {
        match outcome {
            Outcome::Passed => {}
            Outcome::Failed(failure) => println!("  {name}: {} {}", failure.what, failure.advice),
            Outcome::Skipped(needed) => println!("  {name}: not run, since it needs {needed}"),
        }
    }
    let failed = results.iter().filter(|(_, outcome, _)| !matches!(outcome, Outcome::Passed)).count();
    println!("{} tests passed, {} failed", state.passed, state.failed);
    println!("steps: {} passed, {failed} failed, in {}", results.len() - failed, shell::seconds(total));
    if failed == 0 { Ok(()) } else { Err(Failure::new("not every step passed")) }
}

/// All Rust tests, counted as they go by.
fn cargo_test(state: &mut State) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]).stdout(Stdio::piped());
    // What someone set for their own data must not reach the programs under test.
    for name in ["DRYSTONE_DATA_DIR", "DRYSTONE_KEY_FILE", "DRYSTONE_PASSPHRASE", "DRYSTONE_LOG"] {
        command.env_remove(name);
    }
    let cannot = |e: std::io::Error| Failure::new(format!("cargo test could not be run: {e}"));
    let mut child = command.spawn().map_err(cannot)?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(cannot)?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some((passed, failed)) = counts(&line) {
                state.passed += passed;
                state.failed += failed;
            }
        }
    }
    match child.wait().map_err(cannot)? {
        status if status.success() => Ok(()),
        status => {
            Err(Failure::new(format!("`cargo test` failed ({status})"))
                .advice("The tests that failed are named above."))
        }
    }
}

/// Reads `test result: ok. 5 passed; 0 failed; …`.
fn counts(line: &str) -> Option<(u32, u32)> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |unit: &str| numbers.split("; ").find_map(|part| part.strip_suffix(unit)?.trim().parse().ok());
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_need_only_earlier_steps() {
        for (index, step) in STEPS.iter().enumerate() {
            for needed in step.needs {
                assert!(STEPS[..index].iter().any(|earlier| earlier.name == *needed), "{} needs {needed}", step.name);
            }
        }
    }

    #[test]
    fn a_named_step_brings_what_it_needs() {
        let names: Vec<&str> = choose(STEPS, &["build".into()]).unwrap().iter().map(|step| step.name).collect();
        assert_eq!(names, ["setup", "ui-install", "ui-build", "build"]);
        assert_eq!(choose(STEPS, &[]).unwrap().len(), STEPS.len());
        assert!(choose(STEPS, &["nonsense".into()]).is_err());
    }

    #[test]
    fn a_step_whose_need_failed_is_skipped() {
        let step = &STEPS[STEPS.len() - 1];
        let failed = [("build", Outcome::Failed(Failure::new("x")), Duration::ZERO)];
        assert_eq!(missing(step, &failed), Some("build"));
        assert_eq!(missing(step, &[("build", Outcome::Passed, Duration::ZERO)]), None);
    }

    #[test]
    fn a_failed_or_skipped_step_fails_the_run() {
        let results = [("a", Outcome::Passed, Duration::ZERO), ("b", Outcome::Skipped("a"), Duration::ZERO)];
        assert!(summarise(&results, &State::default(), Duration::ZERO).is_err());
        assert!(summarise(&results[..1], &State::default(), Duration::ZERO).is_ok());
    }

    #[test]
    fn results_of_cargo_test_are_counted() {
        assert_eq!(
            counts("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s"),
            Some((12, 0))
        );
        assert_eq!(counts("test result: FAILED. 1 passed; 2 failed; 0 ignored"), Some((1, 2)));
        assert_eq!(counts("test something ... ok"), None);
    }
}
