//! Folders of decision records in and out: MADR 2, 3 and 4, adr-tools (after
//! Nygard) and log4brains. File names and bytes come in, edits go out; records
//! go in, file names and bytes come out. What is written is read back as the
//! same decisions, in every format.
//!
//! What a format has no place for stands under a heading of its own: an
//! option's `Outcome: not chosen`, “Why not”, “Rationale”, “Elements”,
//! “Trade-offs”. A text that would be taken for something else where it stands
//! is put between two comments.

mod compose;
mod dates;
mod folder;
mod format;
mod front;
mod inline;
mod lists;
mod naming;
mod outcome;
mod page;
mod parse;
mod resolve;
mod skip;
mod status;
mod verbatim;
mod write;

use crate::edit::Edit;

pub use folder::read;
pub use format::{detect, detect_file, looks_like_record};
pub use write::write;

/// The largest record that is imported, in bytes. A field takes a little more.
pub const FILE: usize = 1_000_000;
/// The most files of a folder.
pub const FILES: usize = 10_000;
/// The most bytes of a folder.
pub const FOLDER: usize = 64 << 20;

/// How a folder's records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdrFormat {
    /// Status, deciders and date in a list under the title.
    Madr2,
    /// Status, deciders and date between `---` at the top.
    Madr3,
    /// The same with decision-makers, and a confirmation.
    Madr4,
    /// adr-tools: numbered titles, and sections for status, context, decision
    /// and consequences.
    Nygard,
    /// MADR 2 with tags, and dates instead of numbers in file names.
    Log4brains,
}

impl AdrFormat {
    /// All of them, in the order of menus.
    pub const ALL: [AdrFormat; 5] =
        [AdrFormat::Madr2, AdrFormat::Madr3, AdrFormat::Madr4, AdrFormat::Nygard, AdrFormat::Log4brains];

    /// As the command line names it.
    pub fn name(self) -> &'static str {
        match self {
            AdrFormat::Madr2 => "madr2",
            AdrFormat::Madr3 => "madr3",
            AdrFormat::Madr4 => "madr4",
            AdrFormat::Nygard => "nygard",
            AdrFormat::Log4brains => "log4brains",
        }
    }

    /// By that name.
    pub fn find(name: &str) -> Option<AdrFormat> {
        AdrFormat::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdrFile {
    /// Its path in the folder, with `/`.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Something that could not be taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdrNote {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What it is, and what became of it.
    pub what: String,
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdrDecision {
    /// The new decision.
    pub id: String,
    /// Its number in the folder. Where the document has another decision with
    /// it, the new one gets another.
    pub number: String,
    /// Its title.
    pub title: String,
    /// The file.
    pub file: String,
}

/// A file that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdrSkipped {
    /// The file.
    pub file: String,
    /// Why, one sentence.
    pub why: String,
}

/// What a folder's import would do.
#[derive(Debug, Clone, PartialEq)]
pub struct AdrImport {
    /// Adds the decisions with their options, in order.
    pub edits: Vec<Edit>,
    /// What to look at.
    pub notes: Vec<AdrNote>,
    /// The decisions, in their order.
    pub decisions: Vec<AdrDecision>,
    /// Files that are no records.
    pub skipped: Vec<AdrSkipped>,
    /// The format that was found or given.
    pub format: AdrFormat,
}
