//! `drystone completions`

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::Cli;
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone completions bash > ~/.local/share/bash-completion/completions/drystone
  drystone completions zsh > ~/.zfunc/_drystone
  drystone completions fish > ~/.config/fish/completions/drystone.fish

With --json: {\"shell\", \"script\"}.";

/// Arguments of `completions`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints a completion script.
pub fn run(arguments: &Arguments, output: &Output) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "drystone", &mut script);
    if output.is_json() {
        let script = String::from_utf8_lossy(&script);
        output.object(&json!({ "shell": arguments.shell.to_string(), "script": script }))?;
    } else {
        output.bytes(&script)?;
    }
    Ok(Exit::DONE)
}
