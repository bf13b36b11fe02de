//! Why a command of administration did not do what was asked.

use crate::error::Fatal;
use crate::storage::StoreError;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $exit:literal;)*) => {
        /// For programs; also decides the exit code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            pub fn exit_code(self) -> u8 {
                match self { $(Code::$name => $exit,)* }
            }
        }
    };
}

codes! {
    /// An option, the folder or a file has to change.
    Input = "input", 2;
    /// No workspace begins with these digits.
    NoWorkspace = "no-such-workspace", 2;
    /// More than one workspace begins with these digits.
    Ambiguous = "ambiguous", 2;
    /// It cannot be taken back, and nobody said yes.
    Confirm = "confirm", 2;
    /// The workspace is not in the state that this needs.
    State = "wrong-state", 2;
    /// There is something where something new should go.
    Exists = "exists", 2;
    /// The database has another format than this program.
    Format = "format", 2;
    /// Another process holds the database.
    Busy = "busy", 2;
    /// The disk is full.
    Full = "storage-full", 2;
    /// The file is no backup of a relay.
    NotABackup = "not-a-backup", 2;
    /// The backup is another relay's.
    OtherRelay = "other-relay", 4;
    /// Store and backup went on in different ways.
    Diverged = "diverged", 4;
    /// What is stored does not verify.
    Integrity = "integrity", 4;
}

/// A code, and for people what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub code: Code,
    pub message: String,
}

impl Fault {
    pub fn new(code: Code, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into() }
    }

    /// What failed with a file, and why.
    pub fn file(path: &std::path::Path, cause: &dyn std::fmt::Display) -> Fault {
        let message = format!("{} cannot be used: {cause}. Choose another place, or change its owner", path.display());
        Fault::new(Code::Input, message)
    }
}

impl From<Fatal> for Fault {
    fn from(fatal: Fatal) -> Fault {
        let code = if fatal.exit_code() == 4 { Code::Integrity } else { Code::Input };
        Fault::new(code, fatal.to_string())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        match error {
            StoreError::NoWorkspace => Fault::new(Code::NoWorkspace, "there is no such workspace"),
            StoreError::Busy => Fault::new(
                Code::Busy,
                "another process holds the database; nothing was changed, so try again when it has ended",
            ),
            StoreError::Full => Fault::new(Code::Full, "the disk is full: free some space and try again"),
            StoreError::Failed(cause) => Fault::new(
                Code::Input,
                format!("the database cannot be used: {cause}. Check that its disk works and that you may write there"),
            ),
            other => Fault::new(Code::Integrity, format!("{other}: run `drystone-relay check`, and restore a backup")),
        }
    }
}
