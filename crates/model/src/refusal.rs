//! Why something cannot be read, written or done: the one error type here.

/// What kind of refusal. Programs match on this and never on text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// A file or value is not what it should be.
    BadInput,
    /// A named limit was exceeded.
    TooLarge,
    /// What is named does not exist.
    NotFound,
    /// A name fits several things; the message lists them.
    Ambiguous,
    /// Much would be lost at once: asked for again with consent, it is done.
    Confirm,
}

/// What is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub kind: RefusalKind,
    /// One sentence, for people.
    pub message: String,
    /// A file with line and column, or a path in a document.
    pub place: Option<String>,
    /// One sentence on what to do.
    pub advice: String,
}

/// Every fallible function here returns this.
pub type Result<T> = std::result::Result<T, Refusal>;

impl Refusal {
    /// A refusal that says what is wrong and what to do.
    pub fn new(kind: RefusalKind, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Refusal { kind, message: message.into(), place: None, advice: advice.into() }
    }

    /// Something that is not what it should be.
    pub fn bad(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::BadInput, message, advice)
    }

    /// Something that does not exist.
    pub fn not_found(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Refusal::new(RefusalKind::NotFound, message, advice)
    }

    /// The same, saying where.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}
