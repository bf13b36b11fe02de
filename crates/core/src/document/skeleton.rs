//! The maps that hold the model's records.
//!
//! Two devices that each made these maps would have two of each, and one
//! would lose what the other wrote into them. So nobody makes them: they are
//! one change with a fixed author and time, the same bytes and hash on every
//! device, that is applied to each document when it is loaded. It is never
//! sent; a change that builds on it names a predecessor that everyone has.

use std::sync::LazyLock;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, Change, ObjType, ROOT, TextEncoding};
use drystone_model::schema::{COLLECTIONS, Collection};

use crate::error::{Error, Result};

/// The author of the change: no device's, since those are random.
const ACTOR: [u8; 16] = *b"drystone model 1";

/// Every collection of schema 2. A later one gets a change of its own.
const MAPS: [Collection; 19] = COLLECTIONS;

/// The key of the map of collections.
pub(super) const MODEL: &str = "model";

/// The change.
pub(super) fn change() -> Result<Change> {
    static CHANGE: LazyLock<std::result::Result<Change, String>> = LazyLock::new(|| make().map_err(|e| e.to_string()));
    CHANGE.clone().map_err(Error::internal)
}

fn make() -> std::result::Result<Change, automerge::AutomergeError> {
    let mut doc = AutoCommit::new_with_encoding(TextEncoding::Utf16CodeUnit);
    doc.set_actor(ActorId::from(ACTOR));
    let model = doc.put_object(ROOT, MODEL, ObjType::Map)?;
    for collection in MAPS {
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
        let hash = data_encoding::HEXLOWER.encode(&change().unwrap().hash().0);
        assert_eq!(hash, "e1ad91b491ca49448005dc524a98c58798fbdcf97b6d18ecf8ccf46243300f4c");
    }
}
