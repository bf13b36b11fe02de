//! What Mermaid's diagrams have in common: comments, front matter, the first
//! word, and a cursor to read with.

use super::{Drawing, c4, flowchart, label, sequence};

/// Reads a diagram of whichever type.
pub(super) fn read(text: &str) -> Drawing {
    let (text, title) = without_asides(text);
    let mut cursor = Cursor { text: &text, at: 0, line: 1 };
    cursor.skip_white();
    let line = cursor.line;
    let word = cursor.take(|c| !c.is_whitespace() && c != ';' && c != ':');
    let mut drawing = match word {
        "graph" | "flowchart" | "flowchart-elk" | "flowchart-v2" => flowchart::read(cursor),
        "sequenceDiagram" => sequence::read(cursor),
        "C4Context" | "C4Container" | "C4Component" | "C4Dynamic" | "C4Deployment" => c4::read(cursor, word),
        "" => Drawing { warnings: vec![(line, "The diagram is empty.".into())], ..Drawing::default() },
        other => {
            let word: String = other.chars().take(40).collect();
            let what = format!("A diagram of the type {word} shows no part of the model.");
            Drawing { warnings: vec![(line, what)], ..Drawing::default() }
        }
    };
    if drawing.title.is_empty() {
        drawing.title = title;
    }
    drawing
}

/// The text with front matter, directives and comments as empty lines, and the
/// title that the front matter gives.
fn without_asides(text: &str) -> (String, String) {
    let mut out = String::with_capacity(text.len());
    let mut title = String::new();
    let mut front = None;
    let mut directive = false;
    for line in text.lines() {
        let trimmed = line.trim();
        let mut shown = "";
        if directive || trimmed.starts_with("%%{") {
            let end = trimmed.find("}%%");
            directive = end.is_none();
            shown = end.map_or("", |end| &trimmed[end + 3..]);
        } else if front == Some(true) {
            front = Some(trimmed != "---");
            if let Some(value) = trimmed.strip_prefix("title:") {
                title = label::decode(value.trim().trim_matches(['"', '\'']));
            }
        } else if front.is_none() && trimmed == "---" {
            front = Some(true);
        } else if !trimmed.starts_with("%%") {
            shown = line;
        }
        if front.is_none() && !shown.trim().is_empty() {
            front = Some(false);
        }
        out.push_str(shown);
        out.push('\n');
    }
    (out, title)
}

/// A place in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub text: &'a str,
    pub at: usize,
    /// From 1.
    pub line: usize,
}

impl<'a> Cursor<'a> {
    /// What has not been read.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Whether there is nothing left.
    pub fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Reads so many bytes.
    pub fn advance(&mut self, bytes: usize) -> &'a str {
        let read = &self.text[self.at..self.at + bytes];
        self.line += read.bytes().filter(|byte| *byte == b'\n').count();
        self.at += bytes;
        read
    }

    /// Reads a text, if it is the next.
    pub fn eat(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.advance(text.len());
        }
        is_next
    }

    /// Reads as long as characters fit.
    pub fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest().find(|c| !fits(c)).unwrap_or(self.rest().len());
        self.advance(length)
    }

    /// Skips spaces within the line.
    pub fn skip_blank(&mut self) {
        self.take(|c| c != '\n' && c.is_whitespace());
    }

    /// Skips white space and ends of lines.
    pub fn skip_white(&mut self) {
        self.take(char::is_whitespace);
    }

    /// Reads to the end of the line.
    pub fn take_line(&mut self) -> &'a str {
        self.take(|c| c != '\n')
    }
}

/// The first words of a text that was not understood, for a warning.
pub(super) fn excerpt(text: &str) -> String {
    let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
    let short: String = line.chars().take(60).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}
