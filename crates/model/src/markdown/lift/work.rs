//! One section while it is lifted: its text, what is put into it, and notes.

use std::ops::Range;

use crate::reference::{CLOSE, Hint, OPEN, Reference};

use super::blocks::{Block, Body};
use super::draft::Draft;
use super::fields::Found;
use super::labels::{Label, Mark, field_called, label};
use super::mentions::{Reach, mention};
use super::{LiftNote, Outcome};
use crate::schema::{Collection, Field};

/// The longest piece of a text that a note quotes, in characters.
const QUOTED: usize = 60;

pub(super) struct Work<'w, 'm> {
    pub draft: &'w mut Draft<'m>,
    pub body: &'w Body<'w>,
    /// The section's id.
    pub section: &'w str,
    /// Whether names are made mentions.
    pub mentions: bool,
    pub patches: Vec<Patch>,
    pub notes: Vec<LiftNote>,
}

/// A text in the place of another.
#[derive(Debug)]
pub(super) struct Patch {
    pub at: Range<usize>,
    pub text: String,
}

/// A label of a paragraph or a top-level list, with what stands behind it.
#[derive(Debug)]
pub(super) struct Labelled {
    pub name: Range<usize>,
    pub bold: bool,
    pub found: Found,
    /// The list item it begins.
    pub item: Option<usize>,
}

impl<'w> Work<'w, '_> {
    /// A record's name, for notes.
    pub fn label(&self, id: &str) -> String {
        self.draft.get(id).map_or_else(|| "a record".into(), |record| quote(&self.draft.plain(&record.label())))
    }

    /// Text of the section.
    pub fn text(&self, range: Range<usize>) -> &'w str {
        &self.body.text[range]
    }

    /// Puts a reference into the text.
    pub fn place(&mut self, at: Range<usize>, id: &str, field: &str, hint: Hint) {
        let reference = Reference { id: id.to_owned(), field: field.to_owned(), hint };
        self.patches.push(Patch { at, text: reference.encode() });
    }

    pub fn lifted(&mut self, what: String, at: usize) {
        self.note(what, Outcome::Lifted, String::new(), at);
    }

    pub fn left(&mut self, what: String, why: String, at: usize) {
        self.note(what, Outcome::Left, why, at);
    }

    fn note(&mut self, what: String, outcome: Outcome, why: String, at: usize) {
        let line = self.body.line_of(at);
        let what = if what.contains(OPEN) { self.draft.plain(&what) } else { what };
        self.notes.push(LiftNote { section: self.section.to_owned(), what, outcome, why, line });
    }

    /// The label of an item, and what stands behind it.
    pub fn labelled(&self, item: usize) -> Option<(Range<usize>, Found)> {
        let (label, found) = self.label_of(item)?;
        (label.mark != Mark::Dash).then_some((label.name, found))
    }

    /// The label of an item in bytes of the section's text.
    pub fn label_of(&self, item: usize) -> Option<(Label, Found)> {
        let item = &self.body.items[item];
        if item.dead {
            return None;
        }
        let own = self.body.own(item);
        let line = self.text(own.clone()).split('\n').next().unwrap_or_default();
        let label = shift(label(line)?, own.start);
        let text = self.where_text_begins(label.value..own.end.max(label.value));
        let whole = self.body.whole(item);
        let whole = self.where_text_begins(label.value..whole.end.max(label.value));
        let found = Found { text, items: item.children.clone(), whole };
        Some((label, found))
    }

    /// A range that begins with text, not with white space.
    pub fn where_text_begins(&self, range: Range<usize>) -> Range<usize> {
        let text = self.text(range.clone());
        range.start + (text.len() - text.trim_start().len())..range.end
    }

    /// Every label of the section's paragraphs and top-level lists. Words with
    /// a colon in a paragraph count only if the collection has such a field.
    pub fn all_labelled(&self, collection: Collection) -> Vec<Labelled> {
        let mut all = Vec::new();
        let mut blocks = self.body.blocks.iter().enumerate().peekable();
        while let Some((index, block)) = blocks.next() {
            match block {
                Block::Paragraph(lines) => {
                    let mut labels = self.paragraph_labels(lines.clone(), collection);
                    let list = self.body.blocks.get(index + 1);
                    if let (Some(last), Some(Block::List(items))) = (labels.last_mut(), list)
                        && self.take_list(last, lines.end, items)
                    {
                        blocks.next();
                    }
                    all.append(&mut labels);
                }
                Block::List(items) => {
                    for item in items {
                        let Some((label, found)) = self.label_of(*item) else { continue };
                        all.push(Labelled { name: label.name, bold: label.bold, found, item: Some(*item) });
                    }
                }
                Block::Table(_) | Block::Other(_) => {}
            }
        }
        all
    }

    fn paragraph_labels(&self, lines: Range<usize>, collection: Collection) -> Vec<Labelled> {
        let mut labels: Vec<Labelled> = Vec::new();
        for index in lines {
            let line = self.body.line(index);
            let start = self.body.lines[index].start + (line.len() - line.trim_start().len());
            let read = label(line.trim()).map(|label| shift(label, start));
            let counts = |label: &Label| match label.mark {
                Mark::Colon => label.bold || field_called(collection, self.text(label.name.clone())).is_some(),
                Mark::End => label.bold,
                Mark::Dash => false,
            };
            let end = start + line.trim().len();
            if let Some(label) = read.filter(counts) {
                let value = label.value.min(end)..end;
                let found = Found { text: value.clone(), items: Vec::new(), whole: value };
                labels.push(Labelled { name: label.name, bold: label.bold, found, item: None });
            } else if let Some(last) = labels.last_mut() {
                last.found.text = self.where_text_begins(last.found.text.start..end);
                last.found.whole = last.found.text.clone();
            }
        }
        labels
    }

    /// Whether the list below a label is its value.
    fn take_list(&self, label: &mut Labelled, end: usize, items: &[usize]) -> bool {
        let (Some(first), Some(last)) = (items.first(), items.last()) else { return false };
        let first = &self.body.items[*first];
        if !label.found.text.is_empty() && first.first != end {
            return false;
        }
        let stop = self.body.whole(&self.body.items[*last]).end;
        let start = if label.found.text.is_empty() { first.marker.start } else { label.found.text.start };
        label.found.items = items.to_vec();
        label.found.whole = start..stop;
        if label.found.text.is_empty() {
            label.found.text = start..start;
        }
        true
    }

    /// Makes the names in the rest of the text mentions.
    pub fn mention_rest(&mut self) {
        if !self.mentions {
            return;
        }
        let mut taken: Vec<Range<usize>> = self.patches.iter().map(|patch| patch.at.clone()).collect();
        taken.sort_by_key(|range| range.start);
        taken.push(self.body.text.len()..self.body.text.len());
        let (mut at, mut line) = (0, 0);
        let mut found = Vec::new();
        for range in taken {
            let free = at..range.start.max(at);
            while let Some(next) = self.body.lines.get(line).filter(|next| next.start < free.end) {
                let piece = free.start.max(next.start)..free.end.min(next.end);
                if piece.start < piece.end && !self.body.dead[line] {
                    found.push(piece);
                }
                if next.end > free.end {
                    break;
                }
                line += 1;
            }
            at = range.end.max(at);
        }
        for piece in found {
            let mentions = mention(self.text(piece.clone()), self.draft, Reach::Bold);
            if mentions.changed {
                self.patches.push(Patch { at: piece, text: mentions.text });
            }
        }
    }

    /// The text with everything put into it; as it is where there is nothing.
    ///
    /// # Errors
    /// Two readings of one place.
    pub fn patched(&mut self) -> Result<String, ()> {
        self.patches.sort_by_key(|patch| (patch.at.start, patch.at.end));
        let mut out = String::with_capacity(self.body.text.len());
        let mut at = 0;
        for patch in &self.patches {
            if patch.at.start < at {
                return Err(());
            }
            out.push_str(&self.body.text[at..patch.at.start]);
            out.push_str(&patch.text);
            at = patch.at.end;
        }
        out.push_str(&self.body.text[at..]);
        Ok(out)
    }
}

/// The fields of a collection that a text has labels of, each with what stands
/// behind it in the line.
pub(super) fn labels_of<'b>(
    body: &'b Body<'b>,
    collection: Collection,
) -> impl Iterator<Item = (&'static Field, &'b str)> + 'b {
    let lines = body.lines.iter().enumerate().filter(|(index, _)| !body.dead[*index]);
    lines.filter_map(move |(_, line)| {
        let text = body.text[line.start..line.end].trim_start();
        let text = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")).unwrap_or(text).trim();
        let label = label(text)?;
        let field = field_called(collection, &text[label.name]).filter(|_| label.bold && label.mark != Mark::Dash)?;
        Some((field, &text[label.value..]))
    })
}

fn shift(label: Label, by: usize) -> Label {
    Label { name: label.name.start + by..label.name.end + by, value: label.value + by, ..label }
}

/// The beginning of a text, for notes.
pub(super) fn quote(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let mut short: String = line.chars().take(QUOTED).collect();
    // Half a reference is none.
    if let Some(open) = short.rfind(OPEN).filter(|open| !short[*open..].contains(CLOSE)) {
        short.truncate(open);
    }
    if short.len() < line.len() { format!("{short}…") } else { short }
}
