//! The `drystone` command line: argument parsing, one file per command, and
//! the browser host. Everything it knows about documents it asks the core.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod commands;
mod confirm;
mod data_folder;
mod files;
mod names;
mod output;
mod serve;
mod template;
mod unlock;

use std::process::ExitCode;

use clap::Parser;
use drystone_core::error::{Error, ErrorCode};

use crate::commands::Command;
use crate::output::{Output, Stop};

/// A large document is tens of thousands of small pieces; the system's allocator
/// scatters them, and all that goes through them then waits for memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long work that a command left behind may take to end.
const EXIT_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

const AFTER_HELP: &str = "\
Examples:
  drystone new \"Payment platform\"
  drystone import ARCHITECTURE.md
  drystone set payment-platform sections.overview \"Takes card payments.\"
  drystone export payment-platform --format markdown -o ARCHITECTURE.md

DOC is a title, a slug or the first digits of an id. With --json every command
prints exactly one object; an error is one object on standard error.

Exit codes: 0 done, 1 findings, 2 usage or bad input, 3 cannot reach or
authenticate, 4 damaged data or a defect.";

/// System architecture documents that hold together without a server.
#[derive(Parser)]
#[command(name = "drystone", version, about, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command takes.
#[derive(clap::Args)]
pub struct Global {
    /// Folder that holds the documents [default: the platform's folder for application data]
    #[arg(long, global = true, value_name = "DIR", env = "DRYSTONE_DATA_DIR", help_heading = "Global options")]
    data_dir: Option<std::path::PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// File that holds the database key; made when it does not exist on first use
    #[arg(long, global = true, value_name = "FILE", env = "DRYSTONE_KEY_FILE", help_heading = "Global options")]
    key_file: Option<std::path::PathBuf>,
    /// Read the passphrase from the first line of standard input (or set DRYSTONE_PASSPHRASE)
    #[arg(long, global = true, conflicts_with = "key_file", help_heading = "Global options")]
    passphrase_stdin: bool,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_arguments(&error),
    };
    let output = Output::new(cli.global.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&output, Stop::Failed(Error::internal(error))),
    };
    let result = runtime.block_on(cli.command.run(&cli.global, &output));
    // What still runs ends before the process does, unless it hangs.
    runtime.shutdown_timeout(EXIT_LIMIT);
    match result {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(stop) => report(&output, stop),
    }
}

fn report(output: &Output, stop: Stop) -> ExitCode {
    match stop {
        // The reader has seen enough, as with `drystone list | head`.
        Stop::PipeClosed => ExitCode::SUCCESS,
        Stop::Failed(error) => {
            output.error(&error);
            ExitCode::from(error.code.exit_code())
        }
    }
}

/// Help and version go to standard output with 0; wrong arguments are an
/// error like every other, also in form when `--json` was among them.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && json {
        let text = error.render().to_string();
        let sentence: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let message = sentence.join(" ").trim_start_matches("error: ").to_owned();
        Output::new(true).error(&Error::new(
            ErrorCode::Usage,
            message,
            "See `drystone --help`, or `drystone COMMAND --help` for one command.",
        ));
    } else if error.print().is_err() {
        // Nobody reads what was to be said; the exit code remains.
        return ExitCode::from(u8::from(error.use_stderr()) * 2);
    }
    ExitCode::from(if error.use_stderr() { ErrorCode::Usage.exit_code() } else { 0 })
}
