//! Edits. Each leaves the document with operations to commit.

use automerge::transaction::Transactable;
use automerge::{ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use drystone_model::json::SectionForm;
use drystone_model::reference::{self, OPEN};
use fractional_index::FractionalIndex;

use super::difference::{Step, difference};
use super::migrate::SCHEMA;
use super::read::{self, Origin, Section, style_word};
use super::{Document, HeadingStyle, utf16_len};
use crate::api::{SectionBody, Splice};
use crate::error::{Error, ErrorCode, Result};

/// Where a section goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Nested in this section; at the top when absent.
    pub parent: Option<String>,
    /// Directly after this sibling; first when absent.
    pub after: Option<String>,
}

/// A section to add, with the exact source around its heading and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSection {
    /// Its id; random, 16 hexadecimal digits.
    pub id: String,
    /// Heading levels below the parent, 0 without heading.
    pub jump: u8,
    /// How the heading is written.
    pub style: HeadingStyle,
    /// Indentation before the heading.
    pub lead: String,
    /// Between `#` and title.
    pub gap: String,
    /// The heading's source.
    pub title: String,
    /// From the title's end to the body.
    pub tail: String,
    /// The Markdown below the heading.
    pub body: String,
    /// White space after the body.
    pub foot: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The place of a template it fills, or "".
    pub key: String,
}

impl NewSection {
    /// A section as someone adds it in the editor: one level below its parent.
    pub fn made(id: String, title: &str, body: &str) -> Self {
        NewSection {
            id,
            jump: 1,
            style: HeadingStyle::Atx,
            lead: String::new(),
            gap: " ".into(),
            title: title.to_owned(),
            tail: "\n\n".into(),
            body: body.to_owned(),
            foot: String::new(),
            origin: Origin::Made,
            key: String::new(),
        }
    }

    /// Takes over what stood around heading and text in a file.
    pub fn take_form(&mut self, form: &SectionForm) {
        self.style = match form.style.as_str() {
            "none" => HeadingStyle::None,
            "setext" => HeadingStyle::Setext,
            _ => HeadingStyle::Atx,
        };
        (self.lead, self.gap) = (form.lead.clone(), form.gap.clone());
        (self.tail, self.foot) = (form.tail.clone(), form.foot.clone());
        self.origin = if form.origin == "imported-last" { Origin::ImportedLast } else { Origin::Imported };
    }
}

impl Document {
    /// A new document without sections.
    ///
    /// # Errors
    /// Never in practice; Automerge's errors are passed on.
    pub fn create(title: &str, template: &str, now_ms: u64, actor: [u8; 16]) -> Result<Document> {
        let mut document = Document::load(None, &[], actor)?;
        document.edited_ms = now_ms;
        let doc = &mut document.doc;
        let now = ScalarValue::Timestamp(i64::try_from(now_ms).unwrap_or(i64::MAX));
        doc.put(ROOT, "schema", SCHEMA).map_err(Error::internal)?;
        doc.put(ROOT, "template", template).map_err(Error::internal)?;
        doc.put(ROOT, "created", now).map_err(Error::internal)?;
        doc.put(ROOT, "deleted", ScalarValue::Timestamp(0)).map_err(Error::internal)?;
        doc.put(ROOT, "newline", "lf").map_err(Error::internal)?;
        doc.put(ROOT, "bom", false).map_err(Error::internal)?;
        doc.put_object(ROOT, "sections", ObjType::Map).map_err(Error::internal)?;
        document.put_text(&ROOT, "title", title)?;
        Ok(document)
    }

    /// Sets how the file is written out.
    ///
    /// # Errors
    /// Automerge's.
    pub fn set_source_form(&mut self, crlf: bool, bom: bool) -> Result<()> {
        self.doc.put(ROOT, "newline", if crlf { "crlf" } else { "lf" }).map_err(Error::internal)?;
        self.doc.put(ROOT, "bom", bom).map_err(Error::internal)
    }

    /// Changes the template: a built-in one by its id, or one with its file.
    ///
    /// # Errors
    /// Automerge's.
    pub fn set_template(&mut self, id: &str, file: &str) -> Result<()> {
        self.doc.put(ROOT, "template", id).map_err(Error::internal)?;
        self.doc.put(ROOT, "templateFile", file).map_err(Error::internal)
    }

    /// Keeps the place that a section has in a template, for going back to it.
    ///
    /// # Errors
    /// `not-found`.
    pub fn set_section_key(&mut self, section: &str, key: &str) -> Result<()> {
        let object = self.section_object(section)?;
        self.doc.put(&object, "key", key).map_err(Error::internal)
    }

    /// Says which device made the document: it gives decision numbers without
    /// a suffix.
    ///
    /// # Errors
    /// Automerge's.
    pub fn set_creator(&mut self, device: &str) -> Result<()> {
        self.doc.put(ROOT, "creator", device).map_err(Error::internal)
    }

    /// Changes the document's name, word by word where two do so at once.
    ///
    /// # Errors
    /// `damaged` when the document has no title.
    pub fn set_title(&mut self, title: &str) -> Result<()> {
        let object = read::object(&self.doc, &ROOT, "title").ok_or_else(missing)?;
        self.replace_text(&object, title)
    }

    /// Marks the document as deleted, or, with 0, not.
    ///
    /// # Errors
    /// Automerge's.
    pub fn set_deleted(&mut self, when_ms: u64) -> Result<()> {
        let when = ScalarValue::Timestamp(i64::try_from(when_ms).unwrap_or(i64::MAX));
        self.doc.put(ROOT, "deleted", when).map_err(Error::internal)
    }

    /// Length of a section's body in UTF-16 units.
    ///
    /// # Errors
    /// `not-found`.
    pub fn body_length(&mut self, section: &str) -> Result<usize> {
        let body = self.body_object(section)?;
        Ok(self.doc.length(&body))
    }

    /// Replaces stretches of a section's body.
    ///
    /// # Errors
    /// `not-found`, or `bad-input` when a position is outside the text; then
    /// nothing was changed by the replacement that does not fit.
    pub fn splice(&mut self, section: &str, splices: &[Splice]) -> Result<()> {
        let body = self.body_object(section)?;
        for splice in splices {
            let length = self.doc.length(&body);
            if (splice.at as usize).saturating_add(splice.delete as usize) > length {
                return Err(Error::new(
                    ErrorCode::BadInput,
                    format!("Position {} is outside the section's text of {length}.", splice.at),
                    "Open the section again.",
                )
                .at(section));
            }
            self.replace(&body, splice.at as usize, splice.delete as usize, &splice.insert)?;
        }
        Ok(())
    }

    /// Replaces a section's body by another text, as the fewest edits.
    ///
    /// # Errors
    /// `not-found`.
    pub fn set_body(&mut self, section: &str, text: &str) -> Result<()> {
        let body = self.body_object(section)?;
        self.replace_text(&body, text)
    }

    /// Replaces a section's heading or text, references included, and returns
    /// what was there.
    ///
    /// # Errors
    /// `not-found`.
    pub fn set_section(&mut self, new: &SectionBody) -> Result<SectionBody> {
        let object = self.section_object(&new.section)?;
        let mut before = SectionBody { section: new.section.clone(), title: None, text: None };
        if let Some(title) = &new.title {
            before.title = Some(read::text(&self.doc, &object, "title"));
            self.set_section_title(&new.section, title)?;
        }
        if let Some(text) = &new.text {
            before.text = Some(read::text(&self.doc, &object, "body"));
            self.set_body(&new.section, text)?;
        }
        Ok(before)
    }

    /// Replaces a text so that what stays is not touched, and what another
    /// device does to it meanwhile is kept. Between a common start and end a
    /// long stretch is replaced as one.
    pub(super) fn replace_text(&mut self, object: &ObjId, new: &str) -> Result<()> {
        let old = self.doc.text(object).map_err(Error::internal)?;
        if old.contains(OPEN) || new.contains(OPEN) {
            return self.replace_pieces(object, &old, new);
        }
        let start: usize = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
        let tails = old[start..].chars().rev().zip(new[start..].chars().rev());
        let end: usize = tails.take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
        let (gone, come) = (&old[start..old.len() - end], &new[start..new.len() - end]);
        if gone.len() <= DIFF_LIMIT && come.len() <= DIFF_LIMIT {
            return self.doc.update_text(object, new).map_err(Error::internal);
        }
        self.replace(object, utf16_len(&old[..start]) as usize, utf16_len(gone) as usize, come)
    }

    /// The same for a text with references. Letter by letter, two devices could
    /// make one reference of two; so it goes word by word, and a reference is a
    /// word.
    fn replace_pieces(&mut self, object: &ObjId, old: &str, new: &str) -> Result<()> {
        let (mut at, mut gone, mut come) = (0, 0, String::new());
        let (old, new) = (words(old), words(new));
        for step in difference(&old, &new, WORDS_DIFF).into_iter().chain([Step::Keep("")]) {
            match step {
                Step::Delete(word) => gone += utf16_len(word) as usize,
                Step::Insert(word) => come.push_str(word),
                Step::Keep(word) => {
                    if gone > 0 || !come.is_empty() {
                        self.replace(object, at, gone, &come)?;
                    }
                    at += (utf16_len(&come) + utf16_len(word)) as usize;
                    (gone, come) = (0, String::new());
                }
            }
        }
        Ok(())
    }

    /// Replaces a stretch of a text, in pieces where much comes in.
    fn replace(&mut self, object: &ObjId, at: usize, delete: usize, insert: &str) -> Result<()> {
        let (mut at, mut delete, mut rest) = (at, delete, insert);
        loop {
            let piece = head(rest, CHANGE_TEXT);
            if self.unsplit > 0 && self.unsplit + piece.len() > CHANGE_TEXT {
                self.commit_piece("Part of a large edit", self.edited_ms);
            }
            self.doc.splice_text(object, at, delete as isize, piece).map_err(Error::internal)?;
            self.unsplit += piece.len();
            at += utf16_len(piece) as usize;
            delete = 0;
            rest = &rest[piece.len()..];
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Changes a heading.
    ///
    /// # Errors
    /// `not-found`.
    pub fn set_section_title(&mut self, section: &str, title: &str) -> Result<()> {
        let object = self.section_object(section)?;
        let text = read::object(&self.doc, &object, "title").ok_or_else(missing)?;
        self.replace_text(&text, title)
    }

    /// Adds a section.
    ///
    /// # Errors
    /// `not-found` when the place does not exist.
    pub fn add_section(&mut self, new: &NewSection, place: &Place) -> Result<()> {
        let order = self.order_at(place, None)?;
        self.insert_section(new, place.parent.as_deref().unwrap_or(""), &order)
    }

    /// Adds sections one after the other to an empty document; `parents[i]` is
    /// the index of a section before it.
    ///
    /// # Errors
    /// Automerge's.
    pub fn add_all(&mut self, new: &[NewSection], parents: &[Option<usize>]) -> Result<()> {
        let mut order = FractionalIndex::default();
        for (section, parent) in new.iter().zip(parents) {
            let parent = parent.map_or("", |index| new[index].id.as_str());
            self.insert_section(section, parent, &order.to_string())?;
            order = FractionalIndex::new_after(&order);
        }
        Ok(())
    }

    /// Moves a section with everything in it.
    ///
    /// # Errors
    /// `not-found`, or `bad-input` when it would land inside itself.
    pub fn move_section(&mut self, section: &str, place: &Place) -> Result<()> {
        let object = self.section_object(section)?;
        let sections = self.sections();
        let mut above = place.parent.clone();
        while let Some(id) = above {
            if id == section {
                return Err(Error::new(
                    ErrorCode::BadInput,
                    "A section cannot be moved into itself.",
                    "Choose a place outside of it.",
                ));
            }
            above = sections.iter().find(|other| other.id == id).and_then(|other| other.parent.clone());
        }
        let order = self.order_at(place, Some(section))?;
        self.doc.put(&object, "parent", place.parent.as_deref().unwrap_or("")).map_err(Error::internal)?;
        self.doc.put(&object, "order", order).map_err(Error::internal)?;
        self.doc.put(&object, "jump", 1_u64).map_err(Error::internal)
    }

    /// Deletes a section with everything in it, or brings it back.
    ///
    /// # Errors
    /// `not-found`.
    pub fn set_section_deleted(&mut self, section: &str, deleted: bool) -> Result<()> {
        let object = self.section_object(section)?;
        self.doc.put(&object, "deleted", deleted).map_err(Error::internal)
    }

    fn insert_section(&mut self, new: &NewSection, parent: &str, order: &str) -> Result<()> {
        let map = read::sections_map(&self.doc).ok_or_else(missing)?;
        let doc = &mut self.doc;
        let section = doc.put_object(&map, new.id.as_str(), ObjType::Map).map_err(Error::internal)?;
        let fields = [
            ("parent", parent),
            ("order", order),
            ("style", style_word(new.style)),
            ("lead", &new.lead),
            ("gap", &new.gap),
            ("tail", &new.tail),
            ("foot", &new.foot),
            ("key", &new.key),
            ("origin", new.origin.as_str()),
        ];
        for (name, value) in fields {
            doc.put(&section, name, value).map_err(Error::internal)?;
        }
        doc.put(&section, "jump", u64::from(new.jump)).map_err(Error::internal)?;
        doc.put(&section, "deleted", false).map_err(Error::internal)?;
        self.put_text(&section, "title", &new.title)?;
        self.put_text(&section, "body", &new.body)
    }

    /// A fractional index for a place. Siblings with the same index (two people
    /// added at one place) leave no room between them: those after it are
    /// numbered anew.
    fn order_at(&mut self, place: &Place, moving: Option<&str>) -> Result<String> {
        let sections = self.sections();
        if let Some(parent) = &place.parent
            && !sections.iter().any(|section| section.id == *parent)
        {
            return Err(no_section(parent));
        }
        let siblings: Vec<&Section> = sections
            .iter()
            .filter(|section| section.parent == place.parent && Some(section.id.as_str()) != moving)
            .collect();
        let next = match &place.after {
            None => 0,
            Some(after) => {
                let position = siblings.iter().position(|sibling| sibling.id == *after);
                position.ok_or_else(|| no_section(after))? + 1
            }
        };
        let before = next.checked_sub(1).and_then(|index| index_of(siblings[index]));
        let following = siblings.get(next).and_then(|sibling| index_of(sibling));
        if let Some(order) = FractionalIndex::new(before.as_ref(), following.as_ref()) {
            return Ok(order.to_string());
        }
        let mut order = FractionalIndex::new_after(&before.unwrap_or_default());
        let chosen = order.to_string();
        let ids: Vec<String> = siblings[next..].iter().map(|sibling| sibling.id.clone()).collect();
        for id in ids {
            order = FractionalIndex::new_after(&order);
            let object = self.section_object(&id)?;
            self.doc.put(&object, "order", order.to_string()).map_err(Error::internal)?;
        }
        Ok(chosen)
    }

    pub(super) fn put_text(&mut self, parent: &ObjId, key: &str, text: &str) -> Result<()> {
        let object = self.doc.put_object(parent, key, ObjType::Text).map_err(Error::internal)?;
        if text.is_empty() { Ok(()) } else { self.replace(&object, 0, 0, text) }
    }

    fn section_object(&self, id: &str) -> Result<ObjId> {
        read::sections_map(&self.doc).and_then(|map| read::object(&self.doc, &map, id)).ok_or_else(|| no_section(id))
    }

    pub(super) fn body_object(&mut self, id: &str) -> Result<ObjId> {
        if let Some(body) = self.bodies.get(id) {
            return Ok(body.clone());
        }
        let section = self.section_object(id)?;
        let body = read::object(&self.doc, &section, "body").ok_or_else(missing)?;
        self.bodies.insert(id.to_owned(), body.clone());
        Ok(body)
    }
}

/// A text's references, and its words and what stands between them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut at = 0;
    for (range, _) in reference::find(text) {
        plain_words(&text[at..range.start], &mut words);
        words.push(&text[range.clone()]);
        at = range.end;
    }
    plain_words(&text[at..], &mut words);
    words
}

fn plain_words<'a>(text: &'a str, words: &mut Vec<&'a str>) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()).max(first.len_utf8());
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
}

fn index_of(section: &Section) -> Option<FractionalIndex> {
    FractionalIndex::from_string(&section.order).ok()
}

/// Bytes of differing text up to which the fewest edits are looked for: the
/// search takes time in the product of both lengths.
const DIFF_LIMIT: usize = 8 << 10;

/// Numbers of words whose product is at most this are compared word by word.
const WORDS_DIFF: usize = 1 << 20;

/// Bytes of text after which a change is closed and another begun: an envelope
/// holds one change at least, and has a limit.
const CHANGE_TEXT: usize = 256 << 10;

/// The first `limit` bytes or a little less, up to a character's end.
fn head(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn no_section(id: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("There is no section {id}."), "Open the document again.").at(id)
}

fn missing() -> Error {
    Error::new(
        ErrorCode::Damaged,
        "The document lacks a part that every document has.",
        "Update Drystone; if it is the newest version, restore the document from a backup.",
    )
}
