//! The one error type of the core: a code for programs, a sentence for people,
//! and always what to do next.

use serde::Serialize;
use ts_rs::TS;

/// What kind of thing went wrong. Programs match on this and never on text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// A command was called with arguments that do not fit together.
    Usage,
    /// The thing named does not exist here.
    NotFound,
    /// A name fits several things; the message lists them.
    Ambiguous,
    /// A file or value cannot be read as what it should be.
    BadInput,
    /// A named limit was exceeded.
    TooLarge,
    /// The disk or quota is full.
    DiskFull,
    /// The data folder cannot be read or written.
    Permission,
    /// Another process holds what is needed, and kept it too long.
    Busy,
    /// The keychain is missing or locked.
    Keychain,
    /// The passphrase or key does not open the database.
    WrongKey,
    /// The database or a stored record is damaged.
    Damaged,
    /// The data was written by a newer version.
    TooNew,
    /// The relay cannot be reached.
    Unreachable,
    /// The relay's certificate is not trusted.
    Certificate,
    /// The relay does not accept this device.
    Unauthorized,
    /// The relay asked to slow down.
    RateLimited,
    /// The relay refused a request for a reason that retrying will not change.
    Refused,
    /// The invitation is malformed, expired, used or revoked.
    Invite,
    /// Something signed, chained or sealed does not verify.
    Integrity,
    /// The address is already in use.
    PortInUse,
    /// Much would be lost at once: asked for again with consent, it is done.
    Confirm,
    /// A defect in Drystone.
    Internal,
}

impl ErrorCode {
    /// The process exit code: 2 usage or bad input, 3 cannot reach or
    /// authenticate, 4 integrity.
    pub fn exit_code(self) -> u8 {
        use ErrorCode::*;
        match self {
            Unreachable | Certificate | Unauthorized | RateLimited | Refused | Keychain | WrongKey => 3,
            Damaged | Integrity | TooNew | Internal => 4,
            Usage | NotFound | Ambiguous | BadInput | TooLarge | Confirm | DiskFull | Permission | Busy | Invite
            | PortInUse => 2,
        }
    }
}

/// An error with its code, what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// For programs.
    pub code: ErrorCode,
    /// What is wrong, one sentence, for people.
    pub message: String,
    /// Where: a file with line and column, a path in a document, an address.
    pub place: Option<String>,
    /// What to do about it, one sentence.
    pub advice: String,
}

/// Every fallible function of the core returns this.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error that says what is wrong and what to do.
    pub fn new(code: ErrorCode, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Error { code, message: message.into(), place: None, advice: advice.into() }
    }

    /// The same error, saying where it happened.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// A defect in Drystone itself.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Error::new(
            ErrorCode::Internal,
            format!("Something that should not happen happened: {what}."),
            "Nothing that was saved is lost. Please report this together with the output of `drystone doctor`.",
        )
    }
}

impl From<drystone_model::Refusal> for Error {
    fn from(refusal: drystone_model::Refusal) -> Self {
        use drystone_model::RefusalKind;
        let code = match refusal.kind {
            RefusalKind::BadInput => ErrorCode::BadInput,
            RefusalKind::TooLarge => ErrorCode::TooLarge,
            RefusalKind::NotFound => ErrorCode::NotFound,
            RefusalKind::Ambiguous => ErrorCode::Ambiguous,
            RefusalKind::Confirm => ErrorCode::Confirm,
        };
        Error { code, message: refusal.message, place: refusal.place, advice: refusal.advice }
    }
}
