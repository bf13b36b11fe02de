//! Where the diagrams of a Markdown text are.

use std::ops::Range;

/// How a diagram is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Mermaid.
    Mermaid,
    /// Boxes drawn with characters.
    Ascii,
}

/// A diagram in a Markdown text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where its text is, in bytes, without the fences around it.
    pub range: Range<usize>,
    /// How it is written.
    pub language: Language,
    /// The line on which its text begins, from 1.
    pub line: usize,
}

/// The words behind a fence under which boxes are drawn.
const PLAIN: &[&str] = &["", "text", "txt", "ascii", "plain", "plaintext", "diagram"];

/// Every fenced block that is a diagram, in order. Only ``` and ~~~ at the
/// beginning of a line count, indented or not.
pub fn find(markdown: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open: Option<Fence> = None;
    let mut at = 0;
    for (number, line) in markdown.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        match &open {
            None => open = Fence::open(line).map(|fence| Fence { start: at, line: number + 2, ..fence }),
            Some(fence) if fence.is_closed_by(line) => {
                found.extend(fence.diagram(markdown, start));
                open = None;
            }
            Some(_) => {}
        }
    }
    found.extend(open.and_then(|fence| fence.diagram(markdown, markdown.len())));
    found
}

struct Fence<'a> {
    mark: char,
    width: usize,
    info: &'a str,
    start: usize,
    line: usize,
}

impl<'a> Fence<'a> {
    fn open(line: &'a str) -> Option<Fence<'a>> {
        let line = line.trim();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = line.trim_start_matches(mark);
        let width = line.len() - info.len();
        let valid = width >= 3 && !(mark == '`' && info.contains('`'));
        valid.then_some(Fence { mark, width, info: info.trim(), start: 0, line: 0 })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.width && line.chars().all(|c| c == self.mark)
    }

    fn diagram(&self, markdown: &str, end: usize) -> Option<Found> {
        let text = &markdown[self.start..end];
        let word = self.info.split(|c: char| c.is_whitespace() || c == ',').next().unwrap_or_default();
        let word = word.trim_matches(['{', '}', '.']).to_lowercase();
        let language = match word.as_str() {
            "mermaid" => Language::Mermaid,
            word if PLAIN.contains(&word) && draws_boxes(text) => Language::Ascii,
            _ => return None,
        };
        Some(Found { range: self.start..end, language, line: self.line })
    }
}

/// Whether there is the upper and the lower edge of a box. Trees of folders
/// have no upper one.
fn draws_boxes(text: &str) -> bool {
    let drawn = ["┌─", "╔═", "╭─", "┏━", "┌╌", "╒═", "╓─"].iter().any(|corner| text.contains(corner));
    drawn || text.matches("+--").take(2).count() == 2 && text.contains('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(markdown: &str) -> Vec<(Language, &str, usize)> {
        find(markdown).into_iter().map(|found| (found.language, &markdown[found.range], found.line)).collect()
    }

    #[test]
    fn diagrams_are_found_in_their_fences() {
        let markdown = "a\n```mermaid\ngraph TD\n```\n\n- b\n   ~~~ {.Mermaid}\n   graph\n   ```\n   ~~~~\n\
                        ```\n┌─┐\n└─┘\n```\n```rust\n┌─┐\n```\n```text\n├─ a\n```\n```mermaid title=x\nlast";
        assert_eq!(
            texts(markdown),
            [
                (Language::Mermaid, "graph TD\n", 3),
                (Language::Mermaid, "   graph\n   ```\n", 8),
                (Language::Ascii, "┌─┐\n└─┘\n", 12),
                (Language::Mermaid, "last", 22),
            ]
        );
        assert_eq!(texts("no ```mermaid here\n``` a`b\n"), []);
    }
}
