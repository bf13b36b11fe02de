//! The document schema's version and the path from older ones.

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc, ScalarValue, Value};

use super::Document;
use crate::error::{Error, ErrorCode, Result};

/// The schema this version writes.
pub(super) const SCHEMA: u64 = 3;

/// One step of the way from schema `n` to `n + 1`. Steps run as ordinary
/// edits, so two devices that migrate apart merge like any other two: a step
/// must write the same values on every device, and must not create objects.
type Step = fn(&mut AutoCommit) -> std::result::Result<(), automerge::AutomergeError>;

/// `STEPS[n]` leads from schema `n + 1` to `n + 2`.
///
/// 1 → 2: the model's maps, 2 → 3: the map of attachments; `skeleton.rs` brings
/// both with every load.
const STEPS: &[Step] = &[|_| Ok(()), |_| Ok(())];

impl Document {
    /// The schema version of the document; 0 when it is empty.
    pub fn schema(&self) -> u64 {
        match self.doc.get(ROOT, "schema") {
            Ok(Some((Value::Scalar(value), _))) => match value.as_ref() {
                ScalarValue::Int(version) => u64::try_from(*version).unwrap_or(0),
                ScalarValue::Uint(version) => *version,
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Brings an older document up to the current schema; to be committed like
    /// any edit. Returns whether anything was done.
    ///
    /// # Errors
    /// When a step cannot be applied.
    pub fn migrate(&mut self) -> Result<bool> {
        self.migrate_with(STEPS)
    }

    fn migrate_with(&mut self, steps: &[Step]) -> Result<bool> {
        let from = self.schema();
        let Some(done) = from.checked_sub(1) else { return Ok(false) };
        let due = steps.iter().skip(usize::try_from(done).unwrap_or(usize::MAX));
        let mut version = from;
        for step in due {
            step(&mut self.doc).map_err(Error::internal)?;
            version += 1;
            self.doc.put(ROOT, "schema", version).map_err(Error::internal)?;
        }
        Ok(version != from)
    }

    pub(super) fn check_schema(&self) -> Result<()> {
        if self.schema() <= SCHEMA {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::TooNew,
            "A newer version of Drystone wrote this document.",
            "Install the newest version; nothing was changed or lost.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_applied_once_and_two_devices_that_migrate_apart_agree() {
        let mut original = Document::create("Plant", "full", 1, [1; 16]).unwrap();
        let base = original.commit("Created", 1).remove(0).bytes;
        let steps: &[Step] = &[|_| Ok(()), |_| Ok(()), |doc| doc.put(ROOT, "newline", "crlf")];
        let device = |actor| Document::load(None, std::slice::from_ref(&base), [actor; 16]).unwrap();
        let (mut a, mut b) = (device(2), device(3));
        assert!(a.migrate_with(steps).unwrap());
        assert!(b.migrate_with(steps).unwrap());
        assert!(!a.migrate_with(steps).unwrap(), "a migrated document is left alone");
        let (from_a, from_b) = (a.commit("Migrated", 2).remove(0).bytes, b.commit("Migrated", 2).remove(0).bytes);
        // The current program refuses what a newer one wrote, and says so.
        let error = a.apply(&[from_b]).unwrap_err();
        assert_eq!(error.code, ErrorCode::TooNew);
        assert_eq!(b.apply(&[from_a]).unwrap_err().code, ErrorCode::TooNew);
        assert_eq!(a.doc.get(ROOT, "newline").unwrap().unwrap().0, b.doc.get(ROOT, "newline").unwrap().unwrap().0);
        assert_eq!((a.schema(), b.schema()), (4, 4));
    }

    #[test]
    fn the_current_schema_needs_no_migration() {
        let mut document = Document::create("Plant", "full", 1, [1; 16]).unwrap();
        assert!(!document.migrate().unwrap());
    }
}
