//! The Drystone relay: a post office that cannot read. It keeps an append-only
//! log of sealed envelopes for each workspace, gives out positions in it, and
//! wakes listeners. It holds no type that could hold a document's words.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod admin;
mod administration;
mod auth;
mod circle;
mod config;
mod connection;
pub mod embedded;
mod error;
mod limits;
mod metrics;
mod routes;
mod serve;
mod state;
mod storage;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat, Options};
use crate::error::Fatal;

/// How long the runtime's threads may take to end.
const RUNTIME_TIME: std::time::Duration = std::time::Duration::from_millis(500);

/// A relay for Drystone workspaces: it stores sealed envelopes, orders them, and wakes devices. It can read nothing
#[derive(Debug, Parser)]
#[command(name = "drystone-relay", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay
    #[command(after_long_help = SERVE_HELP)]
    Serve {
        /// TOML file with any of these options by their long names, such as `listen = "0.0.0.0:7410"`
        #[arg(long, env = "DRYSTONE_RELAY_CONFIG", value_name = "FILE", help_heading = "Operation")]
        config: Option<PathBuf>,
        #[command(flatten)]
        options: Box<Options>,
    },
    #[command(flatten)]
    Admin(admin::Command),
}

const SERVE_HELP: &str = "\
A flag wins over its environment variable, that over the file, that over the default.

Examples:
  drystone-relay serve
      For devices on this machine, at http://127.0.0.1:7410.
  drystone-relay serve --listen 0.0.0.0:7410
      For the whole network. Put TLS in front, or give --tls-cert and --tls-key.
  drystone-relay serve --listen 127.0.0.1:7410 --trusted-proxy 127.0.0.1 --public-url https://relay.example.org
      Behind a proxy on the same machine.

When it is ready it prints one line: drystone-relay listening on http://127.0.0.1:7410
SIGTERM or Ctrl-C stops it within ten seconds, with everything confirmed on disk.

Exit codes: 0 stopped as asked; 2 something around it has to change (options, port, folder, room on the disk);
4 what is stored is damaged or does not belong together, or the disk failed.";

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let (config, options) = match Arguments::parse().command {
        Command::Serve { config, options } => (config, options),
        Command::Admin(command) => return admin::run(command),
    };
    match serve(*options, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fatal) => {
            // Without a standard error there is nobody to tell; the exit code still does.
            let _ = writeln!(std::io::stderr(), "error: {fatal}");
            ExitCode::from(fatal.exit_code())
        }
    }
}

fn serve(options: Options, file: Option<PathBuf>) -> Result<(), Fatal> {
    let config = Config::from_options(options, file.as_deref())?;
    start_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fatal::Input(format!("the threads of the relay cannot start: {error}")))?;
    let result = runtime.block_on(serve::run(config));
    runtime.shutdown_timeout(RUNTIME_TIME);
    result
}

fn start_log(config: &Config) -> Result<(), Fatal> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| Fatal::Input(format!("--log {}: {error}; give a level such as info", config.log)))?;
    let stderr = std::io::stderr;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match config.log_format {
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
