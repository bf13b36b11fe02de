//! Verifies what the relay says of its log: positions without gaps, the chain
//! over the ids, the signed head, and that nothing goes back.

use drystone_wire::envelope::Envelope;
use drystone_wire::log::{Head, Page, chain_next, chain_start};
use drystone_wire::{Hash, RelayKey, WorkspaceId, canonical, limits};

/// How far a log was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The log's generation; 0 before the first page.
    pub generation: u32,
    /// The last position, 0 for none.
    pub position: u64,
    /// The chain value there.
    pub chain: Hash,
}

impl Cursor {
    /// Before the first page.
    pub const START: Cursor = Cursor { generation: 0, position: 0, chain: Hash::ZERO };
}

/// Why a log is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// It is about another workspace.
    #[error("the log is that of another workspace")]
    Workspace,
    /// The head is not signed by the relay's pinned key.
    #[error("the log's head is not signed with the relay's key")]
    Signature,
    /// Its generation is older than one that was seen.
    #[error("the log is older than the one read before")]
    Generation,
    /// The log is shorter than it was.
    #[error("the log ends at {got}, before entry {seen} that was read already")]
    Shorter {
        /// Where it ends now.
        got: u64,
        /// What was read.
        seen: u64,
    },
    /// An entry is missing, doubled or out of order.
    #[error("entry {got} stands where {expected} should")]
    Position {
        /// The entry's position.
        got: u64,
        /// The position due.
        expected: u64,
    },
    /// The chain over the entries does not lead to the head.
    #[error("the chain of entries does not lead to the signed head at {position}")]
    Chain {
        /// Where they part.
        position: u64,
    },
    /// There is more, but the page is empty.
    #[error("the page is empty although the log goes on")]
    Empty,
}

/// A verified page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The chain value after each entry.
    pub chain: Vec<Hash>,
    /// The cursor after the page.
    pub cursor: Cursor,
    /// Whether the log ended there when the page was read.
    pub complete: bool,
}

/// The id of an encoded envelope, computed without looking further into it. An
/// entry that is no envelope still has its place in the chain: the hash of its
/// bytes as a header without ciphertext.
pub fn entry_id(bytes: &[u8]) -> Hash {
    match canonical::decode::<Envelope>(bytes, limits::ENVELOPE_BYTES) {
        Ok(envelope) => envelope.id(),
        Err(_) => drystone_wire::envelope::id(bytes, &[]),
    }
}

/// Verifies a head against what was read before.
///
/// # Errors
/// [`PageError`] says what does not hold.
pub fn verify_head(
    cursor: &Cursor,
    least_generation: u32,
    head: &Head,
    workspace: &WorkspaceId,
    relay: &RelayKey,
) -> Result<(), PageError> {
    if head.workspace != *workspace {
        return Err(PageError::Workspace);
    }
    if !head.verify(relay) {
        return Err(PageError::Signature);
    }
    if head.generation < least_generation || (cursor.generation > 0 && head.generation != cursor.generation) {
        return Err(PageError::Generation);
    }
    if head.position < cursor.position {
        return Err(PageError::Shorter { got: head.position, seen: cursor.position });
    }
    Ok(())
}

/// Verifies a page that was asked for after a cursor.
///
/// # Errors
/// [`PageError`] says what does not hold.
pub fn verify_page(
    cursor: &Cursor,
    least_generation: u32,
    page: &Page,
    workspace: &WorkspaceId,
    relay: &RelayKey,
) -> Result<Verified, PageError> {
    let head = &page.head;
    verify_head(cursor, least_generation, head, workspace, relay)?;
    let mut at = *cursor;
    if at.generation == 0 {
        at = Cursor { generation: head.generation, position: 0, chain: chain_start(workspace, head.generation) };
    }
    let mut chain = Vec::with_capacity(page.entries.len());
    for entry in &page.entries {
        let expected = at.position + 1;
        if entry.position != expected || expected > head.position {
            return Err(PageError::Position { got: entry.position, expected });
        }
        at.position = expected;
        at.chain = chain_next(&at.chain, &entry_id(&entry.envelope.0));
        chain.push(at.chain);
    }
    let complete = at.position == head.position;
    if complete && at.chain != head.chain {
        return Err(PageError::Chain { position: at.position });
    }
    if !complete && page.entries.is_empty() {
        return Err(PageError::Empty);
    }
    Ok(Verified { chain, cursor: at, complete })
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
