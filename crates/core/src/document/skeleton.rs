//! The maps that hold the model's records.
//!
//! Two devices that each made these maps would have two of each, and one
//! would lose what the other wrote into them. So nobody makes them: they are
//! changes with a fixed author and time, the same bytes and hash on every
//! device, that are applied to each document when it is loaded. They are never
//! sent; a change that builds on them names a predecessor that everyone has.

use std::sync::LazyLock;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, Change, ObjType, ROOT, ReadDoc, TextEncoding};
use drystone_model::schema::{COLLECTIONS, Collection};

use crate::error::{Error, Result};

/// The author of the change: no device's, since those are random.
const ACTOR: [u8; 16] = *b"drystone model 1";

/// Every collection of schema 2. A later one gets a change of its own.
const MAPS: usize = 19;

/// The author of the change of schema 3.
const ACTOR_3: [u8; 16] = *b"drystone model 2";

/// The collection of schema 3.
const MAP_3: Collection = Collection::Attachments;

/// The key of the map of collections.
pub(super) const MODEL: &str = "model";

/// The changes, each building on the one before.
pub(super) fn changes() -> Result<[Change; 2]> {
    static CHANGES: LazyLock<std::result::Result<[Change; 2], String>> =
        LazyLock::new(|| make_all().map_err(|e| e.to_string()));
    CHANGES.clone().map_err(Error::internal)
}

fn make_all() -> std::result::Result<[Change; 2], automerge::AutomergeError> {
    let first = make()?;
    let mut doc = AutoCommit::new_with_encoding(TextEncoding::Utf16CodeUnit);
    doc.apply_changes([first.clone()])?;
    doc.set_actor(ActorId::from(ACTOR_3));
    let model = doc.get(ROOT, MODEL)?.map(|(_, id)| id).ok_or(automerge::AutomergeError::Fail)?;
    doc.put_object(&model, MAP_3.name(), ObjType::Map)?;
    doc.commit_with(CommitOptions::default().with_message("The map of attachments").with_time(0));
    let second = doc.get_last_local_change().ok_or(automerge::AutomergeError::Fail)?;
    Ok([first, second])
}

fn make() -> std::result::Result<Change, automerge::AutomergeError> {
    let mut doc = AutoCommit::new_with_encoding(TextEncoding::Utf16CodeUnit);
    doc.set_actor(ActorId::from(ACTOR));
    let model = doc.put_object(ROOT, MODEL, ObjType::Map)?;
    for collection in COLLECTIONS.into_iter().take(MAPS) {
        doc.put_object(&model, collection.name(), ObjType::Map)?;
    }
    doc.commit_with(CommitOptions::default().with_message("The model's maps").with_time(0));
    doc.get_last_local_change().ok_or(automerge::AutomergeError::Fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The change is part of every document that was ever written: its hash
    /// must never change, in no version and on no system.
    #[test]
    fn the_change_is_the_same_for_ever() {
        let hashes = changes().unwrap().map(|change| data_encoding::HEXLOWER.encode(&change.hash().0));
        let first = "e1ad91b491ca49448005dc524a98c58798fbdcf97b6d18ecf8ccf46243300f4c";
        let second = "994718089c530c736d0ee26b3438a39280bf5b5d73b28a7b542942165af2fcaf";
        assert_eq!(hashes, [first, second]);
    }
}
