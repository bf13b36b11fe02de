//! The blocks of a section's text as lifting sees them: paragraphs, lists with
//! their nesting, tables, and what is not to be touched, such as code. Read
//! line by line, in time that is linear in the text; where Markdown is
//! ambiguous the reading is the careful one, which lifts less.

use std::ops::Range;

use super::labels::{Mark, label};

/// Lists nested deeper than this are text.
const DEPTH: usize = 32;

/// A line without its ending, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub start: usize,
    pub end: usize,
}

/// A block that stands in no other. Ranges count lines.
#[derive(Debug, PartialEq)]
pub(super) enum Block {
    Paragraph(Range<usize>),
    /// Its items, by index.
    List(Vec<usize>),
    Table(Range<usize>),
    /// Code, quotes, HTML: never lifted.
    Other(Range<usize>),
}

/// An item of a list. Lines by number, everything else in bytes.
#[derive(Debug)]
pub(super) struct Item {
    pub first: usize,
    /// The line after its first paragraph.
    pub own_end: usize,
    /// The line after all of it.
    pub end: usize,
    /// Where its text begins.
    pub start: usize,
    /// `-`, `*`, `+`, or a number with what follows it.
    pub marker: Range<usize>,
    pub ordered: bool,
    pub children: Vec<usize>,
    /// Holds more than its first paragraph and nested lists.
    pub more: bool,
    /// Begins with what is not lifted.
    pub dead: bool,
}

/// A section's text with its blocks.
#[derive(Debug)]
pub(super) struct Body<'a> {
    pub text: &'a str,
    pub lines: Vec<Line>,
    pub items: Vec<Item>,
    pub blocks: Vec<Block>,
    /// For each line whether it is code, a quote, HTML or a table.
    pub dead: Vec<bool>,
}

impl<'a> Body<'a> {
    /// Reads a text.
    pub fn read(text: &'a str) -> Body<'a> {
        let mut reader = Reader {
            body: Body { text, lines: lines(text), items: Vec::new(), blocks: Vec::new(), dead: Vec::new() },
            open: Vec::new(),
            paragraph: Paragraph::None,
            held: None,
        };
        reader.body.dead = vec![false; reader.body.lines.len()];
        for index in 0..reader.body.lines.len() {
            reader.line(index);
        }
        reader.body
    }

    /// A line's text.
    pub fn line(&self, index: usize) -> &'a str {
        self.lines.get(index).map_or("", |line| &self.text[line.start..line.end])
    }

    /// The bytes of an item's first paragraph.
    pub fn own(&self, item: &Item) -> Range<usize> {
        let end = self.lines[item.own_end - 1].end.max(item.start);
        trimmed(self.text, item.start..end)
    }

    /// The bytes of everything in an item.
    pub fn whole(&self, item: &Item) -> Range<usize> {
        let end = self.lines[item.end - 1].end.max(item.start);
        trimmed(self.text, item.start..end)
    }

    /// The line that a byte is in, from 1.
    pub fn line_of(&self, at: usize) -> u32 {
        let line = self.lines.partition_point(|line| line.start <= at).max(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    }
}

/// A range without white space at its end.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let kept = text[range.clone()].trim_end_matches([' ', '\t', '\n', '\r']);
    range.start..range.start + kept.len()
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        lines.push(Line { start, end: start + line.len() });
        start += line.len() + 1;
    }
    lines
}

/// What the line before leaves open for the next one to continue.
#[derive(Clone, Copy, PartialEq)]
enum Paragraph {
    None,
    /// The first of an item.
    Own(usize),
    /// A later one in an item.
    Later,
    /// One that is in no list.
    Top,
    /// A quote or a table.
    Dead,
}

/// Lines that belong to something that ends in its own way.
struct Held {
    end: End,
    /// The column that a line must reach to be in the same item.
    column: usize,
}

enum End {
    /// A fence of at least so many of these.
    Fence(char, usize),
    /// A line that holds this, in lower case.
    Holding(&'static str),
    Blank,
}

struct Open {
    item: usize,
    /// The column of its text.
    column: usize,
}

struct Reader<'a> {
    body: Body<'a>,
    open: Vec<Open>,
    paragraph: Paragraph,
    held: Option<Held>,
}

impl Reader<'_> {
    fn line(&mut self, index: usize) {
        let line = self.body.line(index);
        let rest = line.trim_start_matches([' ', '\t']);
        let column = width(&line[..line.len() - rest.len()], 0);
        let blank = rest.trim_end().is_empty();
        if self.holds(index, rest, column, blank) {
            return;
        }
        if blank {
            self.paragraph = Paragraph::None;
            return;
        }
        let depth = self.open.iter().take_while(|open| open.column <= column).count();
        let inner = column - depth.checked_sub(1).map_or(0, |last| self.open[last].column);
        // Deep indentation below a paragraph makes no code; people mean a list.
        let below_text = !matches!(self.paragraph, Paragraph::None | Paragraph::Dead);
        let marker = marker(rest).filter(|_| (inner < 4 || below_text) && !is_rule(rest));
        if let Some(marker) = marker.filter(|marker| !self.is_text(marker, depth)) {
            if depth < DEPTH {
                self.begin_item(index, depth, column, line.len() - rest.len(), &marker);
                return;
            }
            self.dead(index, depth);
        } else if self.paragraph != Paragraph::None
            && (inner >= 4 || !begins_block(rest))
            && !self.is_label(depth, rest)
        {
            self.continue_paragraph(index);
        } else {
            self.begin_block(index, depth, inner, column, rest);
        }
    }

    /// Whether a number in the middle of a paragraph is only a number.
    fn is_text(&self, marker: &Marker, depth: usize) -> bool {
        let in_paragraph = match self.paragraph {
            Paragraph::None | Paragraph::Dead => false,
            Paragraph::Top => true,
            Paragraph::Own(_) | Paragraph::Later => depth == self.open.len(),
        };
        in_paragraph && marker.ordered && marker.number != 1
    }

    /// Whether a line that could continue an item is the next label: people
    /// mean it so, though Markdown takes it for a part of the item.
    fn is_label(&self, depth: usize, rest: &str) -> bool {
        depth < self.open.len() && label(rest).is_some_and(|label| label.bold && label.mark == Mark::Colon)
    }

    /// Whether the line belongs to a fence, HTML or a table that is open.
    fn holds(&mut self, index: usize, rest: &str, column: usize, blank: bool) -> bool {
        let Some(held) = &self.held else { return false };
        if !blank && column < held.column {
            self.held = None;
            self.paragraph = Paragraph::None;
            return false;
        }
        let over = match &held.end {
            End::Fence(mark, count) => {
                let marks = rest.len() - rest.trim_start_matches(*mark).len();
                marks >= *count && rest[marks..].trim().is_empty()
            }
            End::Holding(end) => rest.to_ascii_lowercase().contains(end),
            End::Blank => blank,
        };
        if over {
            self.held = None;
            self.paragraph = Paragraph::None;
        }
        if !(blank && over) {
            self.body.dead[index] = true;
            if !blank {
                self.extend(index, true);
            } else {
                self.extend_other(index);
            }
        }
        true
    }

    fn begin_item(&mut self, index: usize, depth: usize, column: usize, indent: usize, marker: &Marker) {
        self.open.truncate(depth);
        let line = self.body.lines[index];
        let after = &self.body.text[line.start + indent + marker.length..line.end];
        let text = after.trim_start_matches([' ', '\t']);
        let base = column + marker.length;
        let gap = width(&after[..after.len() - text.len()], base);
        // Five columns or more: the item begins with indented code.
        let (gap, dead) = match (text.trim_end().is_empty(), gap) {
            (true, _) => (1, false),
            (false, 5..) => (1, true),
            (false, gap) => (gap, false),
        };
        let id = self.body.items.len();
        let marked = line.start + indent;
        self.body.items.push(Item {
            first: index,
            own_end: index + 1,
            end: index + 1,
            start: line.end - text.len(),
            marker: marked..marked + marker.length,
            ordered: marker.ordered,
            children: Vec::new(),
            more: dead,
            dead,
        });
        match self.open.last().map(|open| open.item) {
            Some(parent) => self.body.items[parent].children.push(id),
            None => self.add_to_list(id),
        }
        self.open.push(Open { item: id, column: base + gap });
        self.extend(index, false);
        self.paragraph = if text.trim_end().is_empty() { Paragraph::None } else { Paragraph::Own(id) };
        if dead || begins_dead(text) {
            self.body.items[id].dead = true;
            self.paragraph = Paragraph::Dead;
            self.dead(index, depth + 1);
            self.hold(text, base + gap);
        }
    }

    fn add_to_list(&mut self, id: usize) {
        let body = &mut self.body;
        if let Some(Block::List(items)) = body.blocks.last_mut()
            && items.first().is_some_and(|first| body.items[*first].ordered == body.items[id].ordered)
        {
            items.push(id);
            return;
        }
        body.blocks.push(Block::List(vec![id]));
    }

    fn continue_paragraph(&mut self, index: usize) {
        match self.paragraph {
            Paragraph::Own(item) => self.body.items[item].own_end = index + 1,
            Paragraph::Top => {
                if let Some(Block::Paragraph(lines)) = self.body.blocks.last_mut() {
                    lines.end = index + 1;
                }
                return;
            }
            Paragraph::Dead => {
                self.body.dead[index] = true;
                self.extend_other(index);
            }
            Paragraph::Later | Paragraph::None => {}
        }
        self.extend(index, false);
    }

    fn begin_block(&mut self, index: usize, depth: usize, inner: usize, column: usize, rest: &str) {
        self.open.truncate(depth);
        let next = self.body.lines.get(index + 1).map(|line| &self.body.text[line.start..line.end]);
        let table = rest.contains('|') && next.is_some_and(is_delimiter_row);
        if inner >= 4 || begins_dead(rest) || is_rule(rest) || table {
            self.dead(index, depth);
            if inner < 4 && !is_rule(rest) {
                self.paragraph = Paragraph::Dead;
                self.hold(rest, if depth > 0 { column.min(self.open[depth - 1].column) } else { 0 });
                if table {
                    self.held = Some(Held { end: End::Blank, column: 0 });
                    self.mark_table();
                }
            }
            return;
        }
        self.paragraph = if depth > 0 { Paragraph::Later } else { Paragraph::Top };
        if depth == 0 {
            self.body.blocks.push(Block::Paragraph(index..index + 1));
        }
        self.extend(index, true);
    }

    fn mark_table(&mut self) {
        if self.open.is_empty()
            && let Some(block) = self.body.blocks.last_mut()
            && let Block::Other(lines) = block
        {
            *block = Block::Table(lines.end - 1..lines.end);
        }
    }

    /// A line that is not lifted.
    fn dead(&mut self, index: usize, depth: usize) {
        self.open.truncate(depth);
        self.body.dead[index] = true;
        self.paragraph = Paragraph::None;
        if depth == 0 {
            self.body.blocks.push(Block::Other(index..index + 1));
        }
        self.extend(index, true);
    }

    fn hold(&mut self, rest: &str, column: usize) {
        let fence = rest.chars().next().filter(|first| matches!(first, '`' | '~'));
        let end = match fence {
            Some(mark) => End::Fence(mark, rest.len() - rest.trim_start_matches(mark).len()),
            None if rest.starts_with("<!--") => End::Holding("-->"),
            None if rest.starts_with('<') => {
                let lower = rest.get(..12).unwrap_or(rest).to_ascii_lowercase();
                let raw = [("<pre", "</pre>"), ("<script", "</script>"), ("<style", "</style>")];
                let raw = raw.iter().find(|(start, _)| lower.starts_with(start));
                raw.map_or(End::Blank, |(_, end)| End::Holding(end))
            }
            None => return,
        };
        let closed = match &end {
            End::Holding(end) => rest.get(4..).is_some_and(|rest| rest.to_ascii_lowercase().contains(end)),
            _ => false,
        };
        self.held = (!closed).then_some(Held { end, column });
        self.paragraph = if closed { Paragraph::None } else { self.paragraph };
    }

    /// Makes a line part of every item that is open.
    fn extend(&mut self, index: usize, more: bool) {
        for open in &self.open {
            self.body.items[open.item].end = index + 1;
        }
        match self.open.last() {
            Some(open) if more => self.body.items[open.item].more = true,
            Some(_) => {}
            None => self.extend_other(index),
        }
    }

    fn extend_other(&mut self, index: usize) {
        if self.open.is_empty()
            && let Some(Block::Other(lines) | Block::Table(lines)) = self.body.blocks.last_mut()
        {
            lines.end = index + 1;
        }
    }
}

struct Marker {
    length: usize,
    ordered: bool,
    number: u32,
}

/// The mark of a list item at the start of a line, with white space or nothing
/// after it.
fn marker(rest: &str) -> Option<Marker> {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let ordered = (1..=9).contains(&digits);
    let length = if ordered { digits + 1 } else { 1 };
    let mark = rest.as_bytes().get(length - 1)?;
    let fits = if ordered { matches!(mark, b'.' | b')') } else { matches!(mark, b'-' | b'*' | b'+') };
    let after = rest.as_bytes().get(length);
    let number = if ordered { rest[..digits].parse().unwrap_or(0) } else { 0 };
    (fits && matches!(after, None | Some(b' ' | b'\t'))).then_some(Marker { length, ordered, number })
}

/// Columns that white space takes from a column on; a tab leads to the next
/// multiple of four.
fn width(blank: &str, from: usize) -> usize {
    let end = blank.bytes().fold(from, |at, byte| if byte == b'\t' { at + 4 - at % 4 } else { at + 1 });
    end - from
}

fn is_rule(rest: &str) -> bool {
    ['-', '*', '_'].iter().any(|mark| {
        let marks = rest.chars().filter(|c| c == mark).count();
        marks >= 3 && rest.chars().all(|c| c == *mark || c == ' ' || c == '\t')
    })
}

/// Whether a line begins code in a fence, a quote or HTML.
fn begins_dead(rest: &str) -> bool {
    let html = || {
        let next = rest.chars().nth(1);
        rest.starts_with('<') && next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
    };
    is_fence(rest) || rest.starts_with('>') || html()
}

fn is_fence(rest: &str) -> bool {
    (rest.starts_with("```") && !rest.trim_start_matches('`').contains('`')) || rest.starts_with("~~~")
}

/// Whether a line ends the paragraph before it.
fn begins_block(rest: &str) -> bool {
    is_fence(rest) || rest.starts_with('>') || is_rule(rest) || rest.starts_with("<!--")
}

fn is_delimiter_row(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

/// The cells of a table's row with where they stand in the line.
pub(super) fn cells(line: &str) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    let trim = |range: Range<usize>| {
        let text = &line[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        start..start.max(range.start + text.trim_end().len())
    };
    for (at, c) in line.char_indices() {
        if c == '|' && !escaped {
            if !(cells.is_empty() && line[..at].trim().is_empty()) {
                cells.push(trim(start..at));
            }
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    if !line[start..].trim().is_empty() {
        cells.push(trim(start..line.len()));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of every item that is not dead, with its depth before it.
    fn items(text: &str) -> Vec<String> {
        let body = Body::read(text);
        let mut out = Vec::new();
        let mut todo: Vec<(usize, usize)> = Vec::new();
        for block in body.blocks.iter().rev() {
            if let Block::List(items) = block {
                todo.extend(items.iter().rev().map(|item| (0, *item)));
            }
        }
        while let Some((depth, item)) = todo.pop() {
            let item = &body.items[item];
            if !item.dead {
                out.push(format!("{depth} {}", &text[body.own(item)]));
            }
            todo.extend(item.children.iter().rev().map(|item| (depth + 1, *item)));
        }
        out
    }

    #[test]
    fn lists_are_nested_by_indentation() {
        assert_eq!(
            items("- a\n  wrapped\n    - b\n\t- c\n\n  later\n- d\n1. e\n   - f\n2. g"),
            ["0 a\n  wrapped", "1 b", "1 c", "0 d", "0 e", "1 f", "0 g"]
        );
        assert_eq!(items("text\n14. no\n\n14. yes\n15. more\n* * *\n- "), ["0 yes", "0 more", "0 "]);
    }

    #[test]
    fn code_quotes_html_and_tables_are_left_alone() {
        let text = "- a\n\n  ```\n  - no\n  ```\n- b\n\n```\n- no\n\n- no\n```\n> - no\nlazy\n\n<div>\n- no\n</div>\n\n<!-- x\n\n- no\n-->\n\n    - code\n\n| a | b |\n|---|---|\n| - | - |\n\n- ```\n  - no\n  ```\n- c";
        assert_eq!(items(text), ["0 a", "0 b", "0 c"]);
        let tables = Body::read(text).blocks.iter().filter(|block| matches!(block, Block::Table(_))).count();
        assert_eq!(tables, 1);
    }

    #[test]
    fn cells_are_found_with_and_without_outer_bars() {
        let show = |line: &str| cells(line).into_iter().map(|cell| line[cell].to_owned()).collect::<Vec<_>>();
        assert_eq!(show("| a | b \\| c |"), ["a", "b \\| c"]);
        assert_eq!(show("a|b"), ["a", "b"]);
        assert_eq!(show("| | b |"), ["", "b"]);
    }

    #[test]
    fn depth_is_limited() {
        let deep: String = (0..200).map(|depth| format!("{}- x\n", "  ".repeat(depth))).collect();
        assert_eq!(items(&deep).len(), DEPTH);
    }
}
