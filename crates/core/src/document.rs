//! One architecture document as an Automerge document: the only user of
//! Automerge. Pure: no SQLite, no network, no clock; what is random or timed
//! comes in as an argument.
//!
//! Schema 3 (1 had no `model`, 2 no attachments):
//!
//! ```text
//! root
//!   schema    3
//!   template  a template's id
//!   templateFile  the text of its file when it is not built in, absent in schema 1
//!   title     Text      the document's name
//!   created   timestamp milliseconds
//!   creator   key of the device that made it, absent in schema 1
//!   deleted   timestamp milliseconds, 0: not deleted
//!   newline   "lf" | "crlf"      how text is written out
//!   bom       boolean
//!   sections  map of section id to
//!     title, body   Text
//!     parent        section id or ""
//!     order         fractional index among siblings
//!     jump          heading levels below the parent, 0: text without heading
//!     style         "atx" | "setext" | "none"
//!     lead, gap, tail, foot   the heading's and body's exact surroundings
//!     key           place of a template, or ""
//!     origin        "made" | "imported" | "imported-last"
//!     deleted       boolean
//!   model     map of collection to map of record id to      (made by `skeleton.rs`)
//!     $order        key among its like, see drystone_model::order
//!     $deleted      boolean, or the id of the record it went into the trash with; absent: not deleted
//!     a key for each field that has a value, by its shape:
//!       line, date, choice, ref: string; number: integer; text: Text; list: list of strings;
//!       tags, refs: map of word or id to ""; map: map of name to string
//! ```

mod cursor;
mod difference;
mod edit;
#[cfg(test)]
mod merge_tests;
mod migrate;
#[cfg(test)]
mod model_merge_tests;
mod read;
mod records;
pub mod scan;
mod skeleton;
mod text;
mod touched;

use std::collections::{BTreeSet, HashMap};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, Change, ChangeHash, LoadOptions, ObjId, PatchAction, Prop, TextEncoding};
use drystone_model::Collection;

use crate::error::{Error, ErrorCode, Result};

pub use drystone_model::markdown::HeadingStyle;
pub use edit::{NewSection, Place};
pub use read::{Origin, Section};
pub use text::{apply_splices, utf16_len};

/// A version of a document: concatenated change hashes.
pub type Heads = Vec<[u8; 32]>;

/// A change that is ready to be stored.
#[derive(Debug, Clone)]
pub struct ChangeRecord {
    /// Its hash.
    pub hash: [u8; 32],
    /// When it was made, by its author's clock, milliseconds since 1970.
    pub time_ms: u64,
    /// How many operations it holds.
    pub operations: u32,
    /// What was done, in words.
    pub summary: String,
    /// Its Automerge chunk.
    pub bytes: Vec<u8>,
}

/// What edits did, for those who show the document.
#[derive(Debug, Default, PartialEq)]
pub struct Effect {
    /// Text updates of section bodies, each a list of replacements in UTF-16 units.
    pub texts: Vec<(String, Vec<crate::api::Splice>)>,
    /// Whether sections or the document's own fields changed, besides bodies.
    pub structure: bool,
    /// Records of the model that changed.
    pub records: BTreeSet<(Collection, String)>,
}

/// A loaded document.
pub struct Document {
    doc: AutoCommit,
    /// Changes that a large edit was split into, until the next commit.
    pieces: Vec<ChangeRecord>,
    /// Bytes of text inserted since the last of them.
    unsplit: usize,
    /// When the edit under way began, for the pieces it may be split into.
    edited_ms: u64,
    /// Object ids of section bodies; saves two map look-ups a keystroke.
    bodies: HashMap<String, ObjId>,
    /// Records that the edits under way touch.
    touched: BTreeSet<(Collection, String)>,
    /// Whether the edit under way is of records alone; see
    /// [`Document::edited_only_records`].
    only_records: bool,
    /// Changes that came before what they build on.
    waiting: Vec<Change>,
}

impl Document {
    /// Loads a document from a snapshot and the changes after it. `actor` must
    /// be fresh: never used by any other process or restore.
    ///
    /// # Errors
    /// `damaged` when the bytes are not what was stored; `too-new` when a newer
    /// version wrote the document.
    pub fn load(snapshot: Option<&[u8]>, changes: &[Vec<u8>], actor: [u8; 16]) -> Result<Document> {
        let mut doc = match snapshot {
            Some(bytes) => AutoCommit::load_with_options(
                bytes,
                LoadOptions::new()
                    .text_encoding(TextEncoding::Utf16CodeUnit)
                    .verification_mode(automerge::VerificationMode::Check),
            )
            .map_err(damaged)?,
            None => AutoCommit::new_with_encoding(TextEncoding::Utf16CodeUnit),
        };
        doc.set_actor(ActorId::from(actor));
        let mut document = Document::of(doc);
        document.doc.apply_changes_batch(skeleton::changes()?).map_err(damaged)?;
        document.waiting = document.apply_bytes(changes)?;
        document.forget_applied();
        document.doc.update_diff_cursor();
        document.check_schema()?;
        Ok(document)
    }

    fn of(doc: AutoCommit) -> Document {
        let (pieces, bodies, touched, waiting) = Default::default();
        Document { doc, pieces, unsplit: 0, edited_ms: 0, bodies, touched, only_records: false, waiting }
    }

    /// Applies changes from elsewhere, all in one batch, and says what they did.
    /// What was typed and not committed must be committed first.
    ///
    /// # Errors
    /// `integrity` when the bytes are not changes, or changes that no program
    /// of ours could have made. The document is to be loaded anew then.
    pub fn apply(&mut self, changes: &[Vec<u8>]) -> Result<Effect> {
        debug_assert_eq!(self.doc.pending_ops(), 0, "typing is committed before anything is applied");
        self.doc.update_diff_cursor();
        self.touched.clear();
        self.only_records = false;
        guarded(|| {
            let applied = self.apply_bytes(changes)?;
            self.note_touched(applied);
            self.check_schema()?;
            Ok(self.effect())
        })
    }

    fn apply_bytes(&mut self, changes: &[Vec<u8>]) -> Result<Vec<Change>> {
        let mut parsed = Vec::with_capacity(changes.len());
        for bytes in changes {
            parsed.push(Change::from_bytes(bytes.clone()).map_err(unreadable)?);
        }
        self.doc.apply_changes_batch(parsed.iter().cloned()).map_err(damaged)?;
        Ok(parsed)
    }

    /// What a change from elsewhere says of itself.
    ///
    /// # Errors
    /// `integrity` when the bytes are not a change.
    pub fn describe(bytes: &[u8]) -> Result<ChangeRecord> {
        let change = guarded(|| Change::from_bytes(bytes.to_vec()).map_err(unreadable))?;
        Ok(ChangeRecord {
            hash: change.hash().0,
            time_ms: u64::try_from(change.timestamp()).unwrap_or(0),
            operations: u32::try_from(change.len()).unwrap_or(u32::MAX),
            summary: change.message().unwrap_or_default().to_owned(),
            bytes: bytes.to_vec(),
        })
    }

    /// Closes what was edited since the last commit: into one change, or, where
    /// much text came in, into several that each fit an envelope.
    pub fn commit(&mut self, summary: &str, time_ms: u64) -> Vec<ChangeRecord> {
        self.commit_piece(summary, time_ms);
        std::mem::take(&mut self.pieces)
    }

    fn commit_piece(&mut self, summary: &str, time_ms: u64) {
        self.unsplit = 0;
        let time = i64::try_from(time_ms).unwrap_or(i64::MAX);
        let options = CommitOptions::default().with_message(summary).with_time(time);
        let Some(hash) = self.doc.commit_with(options) else { return };
        let Some(mut change) = self.doc.get_change_by_hash(&hash) else { return };
        self.pieces.push(ChangeRecord {
            hash: hash.0,
            time_ms,
            operations: u32::try_from(change.len()).unwrap_or(u32::MAX),
            summary: summary.to_owned(),
            bytes: change.bytes().into_owned(),
        });
    }

    /// Whether a change is part of it, and waits for none that is missing.
    pub fn has_change(&mut self, hash: &[u8; 32]) -> bool {
        self.doc.get_change_by_hash(&automerge::ChangeHash(*hash)).is_some()
    }

    /// The version, which must have nothing uncommitted.
    pub fn heads(&mut self) -> Heads {
        self.doc.get_heads().into_iter().map(|hash| hash.0).collect()
    }

    /// Everything in one compact piece, without touching what is uncommitted.
    pub fn clone_bytes(&self) -> Vec<u8> {
        self.doc.clone().save()
    }

    /// Everything in one compact piece, for a snapshot.
    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }

    /// Edits as of an earlier version, as a crashed process had begun to, and
    /// commits. Edits to sections unknown at that version are skipped.
    ///
    /// # Errors
    /// When an edit does not fit the version.
    pub fn replay(
        &mut self,
        heads: &Heads,
        edits: &[(String, Vec<crate::api::Splice>)],
        time_ms: u64,
    ) -> Result<Vec<ChangeRecord>> {
        self.edited_ms = time_ms;
        let at: Vec<ChangeHash> = heads.iter().map(|hash| ChangeHash(*hash)).collect();
        self.doc.isolate(&at);
        self.bodies.clear();
        let mut outcome = Ok(());
        for (section, splices) in edits {
            outcome = self.splice(section, splices);
            if outcome.is_err() {
                break;
            }
        }
        let records = self.commit("Recovered typing", time_ms);
        self.doc.integrate();
        self.bodies.clear();
        outcome.map(|()| records)
    }

    /// Starts an edit at this time and watches what it does; see
    /// [`Document::effect`].
    pub fn begin(&mut self, now_ms: u64) {
        self.edited_ms = now_ms;
        self.touched.clear();
        self.only_records = false;
        self.doc.update_diff_cursor();
    }

    /// Promises that the edit under way, which is at its end, was of records
    /// alone: those are known then, and nobody needs to look for them. Finding
    /// out from Automerge goes through all records of a collection.
    pub fn edited_only_records(&mut self) {
        self.only_records = true;
    }

    /// Starts typing at this time.
    pub fn begin_typing(&mut self, now_ms: u64) {
        self.edited_ms = now_ms;
    }

    /// What happened since [`Document::begin`]; everything must be committed.
    pub fn effect(&mut self) -> Effect {
        let mut effect = Effect { records: std::mem::take(&mut self.touched), ..Effect::default() };
        if self.doc.get_heads() == self.doc.diff_cursor() {
            return Effect::default();
        }
        if std::mem::take(&mut self.only_records) {
            return effect;
        }
        for patch in self.doc.diff_incremental() {
            let path: Vec<&Prop> = patch.path.iter().map(|(_, prop)| prop).collect();
            match &path[..] {
                [Prop::Map(sections), Prop::Map(section), Prop::Map(field)]
                    if sections == "sections" && field == "body" =>
                {
                    if let Some(splice) = text::splice_of(&patch.action) {
                        match effect.texts.last_mut() {
                            Some((last, splices)) if last == section => splices.push(splice),
                            _ => effect.texts.push((section.clone(), vec![splice])),
                        }
                    }
                }
                [Prop::Map(model), Prop::Map(collection), rest @ ..] if model == skeleton::MODEL => {
                    let Some(collection) = Collection::find(collection) else { continue };
                    let id = match (rest.first(), &patch.action) {
                        (Some(Prop::Map(id)), _) => Some(id),
                        (None, PatchAction::PutMap { key, .. } | PatchAction::Conflict { prop: Prop::Map(key) }) => {
                            Some(key)
                        }
                        _ => None,
                    };
                    effect.records.extend(id.map(|id| (collection, id.clone())));
                }
                // The maps themselves come with the document.
                [Prop::Map(model)] if model == skeleton::MODEL => {}
                _ => effect.structure = true,
            }
        }
        effect
    }
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Integrity,
        format!("A change cannot be read: {error}."),
        "It was set aside; ask its author to send the document again.",
    )
}

/// Automerge asserts what well-formed changes can make untrue, such as text put
/// after a letter that there is not. One hostile member must not end others.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(
            ErrorCode::Integrity,
            "A change contradicts the document that it is for.",
            "It was not applied. Ask its author to update Drystone.",
        ))
    })
}

fn damaged(error: automerge::AutomergeError) -> Error {
    Error::new(
        ErrorCode::Damaged,
        format!("The stored document cannot be read: {error}."),
        "Restore the data folder from a backup, or join the workspace again: what the relay stored comes back.",
    )
}
