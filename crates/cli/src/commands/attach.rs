//! `drystone attach`

mod add;
mod list;
mod remove;
pub mod save;

use clap::Subcommand;
use drystone_core::api::{AttachmentState, AttachmentView};

use crate::Global;
use crate::output::{Exit, Output, Result};

/// What `attach` does.
#[derive(Subcommand)]
pub enum Command {
    /// Attach files to a section or a record
    Add(add::Arguments),
    /// List attachments, and where their files are
    List(list::Arguments),
    /// Save an attachment's file, after fetching it if need be
    Save(save::Arguments),
    /// Put an attachment into the trash
    Remove(remove::Arguments),
}

/// Runs a command about attachments.
pub async fn run(command: Command, global: &Global, output: &Output) -> Result<Exit> {
    match command {
        Command::Add(arguments) => add::run(arguments, global, output).await,
        Command::List(arguments) => list::run(arguments, global, output).await,
        Command::Save(arguments) => save::run(arguments, global, output).await,
        Command::Remove(arguments) => remove::run(arguments, global, output).await,
    }
}

/// A size as people read it: `512 B`, `3.4 MB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "kB", "MB", "GB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    let digits = usize::from(unit > 0 && value < 100.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Where an attachment's file is, in words.
fn whereabouts(view: &AttachmentView) -> String {
    let here = match view.state {
        AttachmentState::Here if view.stored => "here, and at the relay".to_owned(),
        AttachmentState::Here if view.waits => "here; waits to be sent".to_owned(),
        AttachmentState::Here => "here".to_owned(),
        AttachmentState::Arriving if view.total > 0 => format!("arriving, {} of {} pieces", view.done, view.total),
        AttachmentState::Arriving => "arriving".to_owned(),
        AttachmentState::Remote => "at the relay; `attach save` fetches it".to_owned(),
        AttachmentState::Missing => "not here".to_owned(),
    };
    match &view.problem {
        Some(problem) => format!("{here}: {}", problem.message),
        None => here,
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 999, 1000, 3_400_000, 123_456_789, 1_073_741_824].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "3.4 MB", "123 MB", "1.1 GB"]);
    }
}
