//! Places in a section's text that stay where they are while others write: the
//! letter that a caret stands before, by its own name.

use automerge::{Cursor, CursorPosition, ReadDoc};

use super::{Document, guarded};
use crate::error::{Error, Result};

impl Document {
    /// The place at a position of a section's text, which counts UTF-16 units.
    /// A position beyond the end is the end.
    ///
    /// # Errors
    /// When there is no such section.
    pub fn point(&mut self, section: &str, at: usize) -> Result<Vec<u8>> {
        let body = self.body_object(section)?;
        let position = if at < self.doc.length(&body) { CursorPosition::Index(at) } else { CursorPosition::End };
        let cursor = self.doc.get_cursor(&body, position, None).map_err(Error::internal)?;
        Ok(cursor.to_bytes())
    }

    /// Where a place is now; `None` when the letter it is named after is not
    /// here, or has not arrived yet.
    pub fn position(&mut self, section: &str, point: &[u8]) -> Option<u32> {
        let cursor = Cursor::try_from(point).ok()?;
        // Those that lean backwards, which we never make, would search for long.
        if cursor.to_bytes() != point || cursor.to_string().starts_with('-') {
            return None;
        }
        let body = self.body_object(section).ok()?;
        let (doc, length) = (&self.doc, self.doc.length(&body));
        let find = || Ok(doc.get_cursor_position(&body, &cursor, None).ok());
        let at = guarded(find).ok().flatten()?;
        u32::try_from(at.min(length)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Splice;
    use crate::document::{NewSection, Place};

    fn written(actor: u8, text: &str) -> Document {
        let mut document = Document::create("T", "full", 1, [actor; 16]).unwrap();
        document.add_section(&NewSection::made("a".into(), "A", text), &Place::default()).unwrap();
        document.commit("made", 1);
        document
    }

    fn splice(document: &mut Document, at: u32, delete: u32, insert: &str) {
        document.splice("a", &[Splice { at, delete, insert: insert.into() }]).unwrap();
    }

    /// The same document on another device.
    fn copy(document: &mut Document, actor: u8) -> Document {
        Document::load(Some(&document.save()), &[], [actor; 16]).unwrap()
    }

    #[test]
    fn a_place_stays_while_others_write() {
        let mut anna = written(1, "One 🌊 three.");
        let at = |document: &mut Document, at| document.point("a", at).unwrap();
        let (start, inside, end) = (at(&mut anna, 0), at(&mut anna, 7), at(&mut anna, 99));
        let mut ben = copy(&mut anna, 2);
        assert_eq!(ben.position("a", &inside), Some(7));
        splice(&mut ben, 0, 0, "Zero, ");
        splice(&mut ben, 13, 2, "");
        assert_eq!(ben.position("a", &start), Some(6));
        assert_eq!(ben.position("a", &inside), Some(13), "its letter was deleted: where it was");
        assert_eq!(ben.position("a", &end), Some(u32::try_from(ben.body_length("a").unwrap()).unwrap()));
    }

    #[test]
    fn a_letter_that_has_not_arrived_is_no_place_yet() {
        let mut anna = written(1, "One.");
        let mut ben = copy(&mut anna, 2);
        splice(&mut anna, 0, 0, "New ");
        let point = anna.point("a", 2).unwrap();
        assert_eq!(ben.position("a", &point), None);
        let changes: Vec<Vec<u8>> = anna.commit("typed", 2).into_iter().map(|change| change.bytes).collect();
        ben.apply(&changes).unwrap();
        assert_eq!(ben.position("a", &point), Some(2));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let mut anna = written(1, "One.");
        let point = anna.point("a", 2).unwrap();
        let mut backwards = point.clone();
        *backwards.last_mut().unwrap() = 1;
        for wrong in [&[][..], b"x", &point[..point.len() - 1], &[&point[..], &[0]].concat(), &backwards] {
            assert_eq!(anna.position("a", wrong), None, "{wrong:?}");
        }
        assert_eq!(anna.position("b", &point), None);
        assert!(anna.point("b", 0).is_err());
    }
}
