//! How commands speak: one JSON object, or text for people. Standard output
//! carries results only; errors, warnings and progress go to standard error.

pub mod qr;
pub mod table;
pub mod text;
pub mod time;

use std::io::{IsTerminal, Write};

use drystone_core::error::{Error, ErrorCode};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::output::text::{BAD, DIM, STRONG, WARN, plain};

/// Why a command ended early.
pub enum Stop {
    /// With an error to report.
    Failed(Error),
    /// Whoever reads the output has closed it; nothing is wrong.
    PipeClosed,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// What every command returns.
pub type Result<T> = std::result::Result<T, Stop>;

/// How a command that did its work ends the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// All is done.
    pub const DONE: Exit = Exit(0);
    /// There are findings.
    pub const FINDINGS: Exit = Exit(1);

    /// Part of the work failed with this error, which was reported already.
    pub fn failed(code: ErrorCode) -> Exit {
        Exit(code.exit_code())
    }

    /// The more serious of both.
    pub fn worse(self, other: Exit) -> Exit {
        Exit(self.0.max(other.0))
    }

    /// The number for the operating system.
    pub fn code(self) -> u8 {
        self.0
    }
}

/// Where results and messages go.
pub struct Output {
    json: bool,
}

impl Output {
    /// Output in JSON or for people.
    pub fn new(json: bool) -> Self {
        Output { json }
    }

    /// Whether results are wanted as JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person reads standard output right now.
    pub fn on_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Prints one JSON object: on one line in a pipe, indented on a terminal.
    pub fn object(&self, value: &impl Serialize) -> Result<()> {
        let text = if self.on_terminal() { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        let mut text = text.map_err(Error::internal)?;
        text.push('\n');
        self.bytes(text.as_bytes())
    }

    /// Prints text; its colours go where they are understood and wanted.
    pub fn text(&self, text: &str) -> Result<()> {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(stopped)
    }

    /// Writes bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(stopped)
    }

    /// Reports an error: what, where, what to do; as `{"error": …}` with `--json`.
    pub fn error(&self, error: &Error) {
        let text = if self.json {
            format!("{}\n", serde_json::json!({ "error": error }))
        } else {
            let mut text = format!("{BAD}error:{BAD:#} {STRONG}{}{STRONG:#}\n", plain(&error.message));
            if let Some(place) = &error.place {
                text += &format!("{DIM}   at:{DIM:#} {}\n", plain(place));
            }
            text + &format!("{DIM}  try:{DIM:#} {}\n", plain(&error.advice))
        };
        self.complain(&text);
    }

    /// Warns people; says nothing to programs.
    pub fn warning(&self, message: &str) {
        if !self.json {
            self.complain(&format!("{WARN}warning:{WARN:#} {message}\n"));
        }
    }

    /// Tells people something besides the result; says nothing to programs.
    pub fn note(&self, text: &str) {
        if !self.json {
            self.complain(text);
        }
    }

    fn complain(&self, text: &str) {
        // When standard error is closed there is nobody left to tell.
        let _ = anstream::stderr().lock().write_all(text.as_bytes());
    }

    /// A bar over a known number of things, on a terminal only.
    pub fn progress(&self, total: u64, what: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        bar
    }

    /// A sign of life for work of unknown length, on a terminal only.
    pub fn spinner(&self, what: &str) -> Spinner {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Spinner(bar)
    }
}

/// Disappears when dropped, also when the work failed.
pub struct Spinner(ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn stopped(error: std::io::Error) -> Stop {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Stop::PipeClosed,
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Stop::Failed(Error::new(
            ErrorCode::DiskFull,
            "The output could not be written: the disk is full.",
            "Free some space and run the command again.",
        )),
        _ => Stop::Failed(Error::new(
            ErrorCode::BadInput,
            format!("The output could not be written: {error}."),
            "Check where standard output leads.",
        )),
    }
}
