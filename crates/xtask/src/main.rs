//! The repository's own commands: `cargo xtask setup | run | test | bench |
//! generate | tidy | package`.
//!
//! Invariants: no dependencies, so that it builds in a second on a bare
//! machine; nothing is changed outside the checkout except packages that
//! `setup` names before it installs them.

// A command-line tool talks to the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

use std::process::ExitCode;

mod bench;
mod generate;
mod icons;
mod json;
mod package;
mod run;
mod setup;
mod shell;
mod test;
mod tidy;
mod ui;

use shell::{Failure, Result};

/// One command: its name, what it does in a line, its help, and its function.
struct Task {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// The one list of commands.
const TASKS: &[Task] = &[
    Task {
        name: "setup",
        summary: "install what building needs and this machine lacks",
        help: setup::HELP,
        run: setup::main,
    },
    Task {
        name: "run",
        summary: "build everything and open the window on a sample document",
        help: run::HELP,
        run: run::main,
    },
    Task { name: "test", summary: "run every check and every test", help: test::HELP, run: test::main },
    Task { name: "bench", summary: "run the benchmarks", help: bench::HELP, run: bench::main },
    Task {
        name: "generate",
        summary: "write what is generated: TypeScript types, icons",
        help: generate::HELP,
        run: generate::main,
    },
    Task { name: "tidy", summary: "check the rules of the house", help: tidy::HELP, run: tidy::main },
    Task { name: "package", summary: "build what is given to users", help: package::HELP, run: package::main },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {}", failure.what);
            if !failure.advice.is_empty() {
                eprintln!("  {}", failure.advice);
            }
            ExitCode::from(failure.exit)
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let wants_help = args.iter().any(|arg| arg == "--help" || arg == "-h");
    let Some(name) = args.first().filter(|name| !name.starts_with('-')) else {
        print_overview();
        return if wants_help { Ok(()) } else { Err(Failure::usage("no command was given")) };
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        return Err(Failure::usage(format!("there is no command `{name}`")));
    };
    if wants_help {
        println!("{}", task.help.trim());
        return Ok(());
    }
    std::env::set_current_dir(shell::root()?)
        .map_err(|e| Failure::new(format!("the checkout cannot be entered: {e}")))?;
    (task.run)(&args[1..])
}

fn print_overview() {
    println!("Usage: cargo xtask COMMAND [--help]\n");
    for task in TASKS {
        println!("  {:<9} {}", task.name, task.summary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_explains_itself() {
        for task in TASKS {
            assert!(task.help.contains(&format!("cargo xtask {}", task.name)), "{}", task.name);
        }
    }

    #[test]
    fn an_unknown_command_is_a_usage_error() {
        assert_eq!(dispatch(&["nonsense".into()]).unwrap_err().exit, 2);
    }
}
