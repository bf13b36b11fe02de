//! Markdown in, losing nothing: a file is cut at its headings, and every byte
//! of it belongs to exactly one part of one section. The parser only tells
//! where headings are; the text between them is kept as it is.

use comrak::nodes::NodeValue;

use crate::refusal::{Refusal, RefusalKind, Result};

/// How a heading is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadingStyle {
    /// `## Title`.
    Atx,
    /// Title with a line of `=` or `-` below.
    Setext,
    /// No heading: text before the first one.
    None,
}

/// The largest Markdown file that is imported, in bytes.
pub const LIMIT: usize = 16 << 20;

/// A Markdown file, cut into sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedMarkdown {
    /// Starts with a byte order mark.
    pub bom: bool,
    /// Every line ends with `\r\n`; the sections have `\n` instead. Where line
    /// endings are mixed this is false and `\r` stays in the text.
    pub crlf: bool,
    /// In the file's order.
    pub sections: Vec<ParsedSection>,
}

/// A heading and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedSection {
    /// The section it is nested in, by index.
    pub parent: Option<usize>,
    /// Heading level; 0 for text before the first heading.
    pub level: u8,
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
}

/// Reads a file.
///
/// # Errors
/// `too-large`, or `bad-input` with line and column where it is not UTF-8.
pub fn parse(bytes: &[u8], name: &str) -> Result<ParsedMarkdown> {
    if bytes.len() > LIMIT {
        return Err(Refusal::new(
            RefusalKind::TooLarge,
            format!("The file has {} MB; at most {} MB can be imported.", bytes.len() >> 20, LIMIT >> 20),
            "Split it, or take out what is not text.",
        )
        .at(name));
    }
    let text = text(bytes, name)?;
    let (bom, text) = match text.strip_prefix('\u{feff}') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let crlf = only_crlf(text);
    let sections = if crlf { split(&text.replace("\r\n", "\n")) } else { split(text) };
    Ok(ParsedMarkdown { bom, crlf, sections })
}

/// The text of a file.
///
/// # Errors
/// `bad-input` with line and column where it is not UTF-8.
pub(crate) fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to(), name))
}

fn not_utf8(bytes: &[u8], valid: usize, name: &str) -> Refusal {
    let before = &bytes[..valid];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let hint = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "It looks like UTF-16: save it as UTF-8 and import it again.",
        _ => "Save it as UTF-8 and import it again.",
    };
    Refusal::bad(format!("The file is not UTF-8: byte {:#04x} does not fit.", bytes[valid]), hint)
        .at(format!("{name}:{line}:{column}"))
}

fn only_crlf(text: &str) -> bool {
    let pairs = text.matches("\r\n").count();
    pairs > 0 && pairs == text.matches('\n').count() && pairs == text.matches('\r').count()
}

/// Cuts a text at its top-level headings. Headings in quotes, lists and code
/// belong to the text around them.
pub fn split(text: &str) -> Vec<ParsedSection> {
    let lines = lines(text);
    let mut sections: Vec<ParsedSection> = Vec::new();
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut at = 0;
    for heading in headings(text) {
        let (Some(first), Some(last)) = (lines.get(heading.first), lines.get(heading.last)) else { continue };
        let Some(section) = read_heading(&text[first.0..last.1], &heading) else { continue };
        close(&mut sections, &text[at..first.0]);
        while open.last().is_some_and(|(level, _)| *level >= heading.level) {
            open.pop();
        }
        let parent = open.last().map(|(_, index)| *index);
        open.push((heading.level, sections.len()));
        sections.push(ParsedSection { parent, ..section });
        at = last.1;
    }
    close(&mut sections, &text[at..]);
    sections
}

/// Gives the text up to the next heading to the section before it.
fn close(sections: &mut Vec<ParsedSection>, text: &str) {
    if sections.is_empty() {
        if text.is_empty() {
            return;
        }
        sections.push(ParsedSection {
            parent: None,
            level: 0,
            style: HeadingStyle::None,
            lead: String::new(),
            gap: String::new(),
            title: String::new(),
            tail: String::new(),
            body: String::new(),
            foot: String::new(),
        });
    }
    let Some(section) = sections.last_mut() else { return };
    let blank = text.len() - text.trim_start_matches(['\n', '\r']).len();
    let (before, rest) = text.split_at(blank);
    section.tail.push_str(before);
    let body = rest.trim_end_matches(['\n', '\r', ' ', '\t']);
    // Two spaces at a line's end are a break: only whole lines are taken off.
    let cut = rest[body.len()..].find('\n').map_or(rest.len(), |newline| body.len() + newline);
    let cut = if cut > body.len() && rest[..cut].ends_with('\r') { cut - 1 } else { cut };
    section.body.push_str(&rest[..cut]);
    section.foot.push_str(&rest[cut..]);
}

struct HeadingAt {
    level: u8,
    setext: bool,
    /// Line indices, both included.
    first: usize,
    last: usize,
}

fn headings(text: &str) -> Vec<HeadingAt> {
    let mut options = comrak::Options::default();
    options.extension.front_matter_delimiter = Some("---".into());
    options.extension.table = true;
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, text, &options);
    let mut found = Vec::new();
    for node in root.children() {
        let data = node.data.borrow();
        if let NodeValue::Heading(heading) = &data.value {
            let position = data.sourcepos;
            found.push(HeadingAt {
                level: heading.level,
                setext: heading.setext,
                first: position.start.line.saturating_sub(1),
                last: position.end.line.saturating_sub(1),
            });
        }
    }
    found
}

/// Start and end of every line, its ending included, as Markdown counts them.
fn lines(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let width = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\n' | b'\r' => 1,
            _ => 0,
        };
        at += width.max(1);
        if width > 0 {
            lines.push((start, at));
            start = at;
        }
    }
    if start < bytes.len() {
        lines.push((start, bytes.len()));
    }
    lines
}

/// Takes a heading's source apart so that putting it together again gives the
/// same bytes. `None` when it is not written as expected; it is text then.
fn read_heading(source: &str, heading: &HeadingAt) -> Option<ParsedSection> {
    let section = |style, lead: &str, gap: &str, title: &str, tail: &str| ParsedSection {
        parent: None,
        level: heading.level,
        style,
        lead: lead.into(),
        gap: gap.into(),
        title: title.into(),
        tail: tail.into(),
        body: String::new(),
        foot: String::new(),
    };
    let marks = source.trim_start_matches(' ');
    let lead = &source[..source.len() - marks.len()];
    if heading.setext {
        let end = source.trim_end_matches(['\n', '\r']);
        let underline = end.rfind(['\n', '\r'])?;
        let title = source[..underline].trim_end_matches(['\n', '\r', ' ', '\t']).get(lead.len()..)?;
        let tail = &source[lead.len() + title.len()..];
        return Some(section(HeadingStyle::Setext, lead, "", title, tail));
    }
    let after = marks.strip_prefix(&"#".repeat(usize::from(heading.level)))?;
    let content = after.trim_start_matches([' ', '\t']);
    let gap = &after[..after.len() - content.len()];
    let line = content.trim_end_matches(['\n', '\r', ' ', '\t']);
    let unclosed = line.trim_end_matches('#');
    let title = match unclosed.chars().next_back() {
        // A closing sequence counts only after white space.
        Some(' ' | '\t') => unclosed.trim_end_matches([' ', '\t']),
        None => "",
        Some(_) => line,
    };
    Some(section(HeadingStyle::Atx, lead, gap, title, &content[title.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(text: &str) -> Vec<(u8, String)> {
        split(text).into_iter().map(|section| (section.level, section.title)).collect()
    }

    #[test]
    fn headings_are_found_where_markdown_has_them_and_nowhere_else() {
        let text = "---\ntitle: x\n---\nbefore\n# One\n```\n# no\n```\n> # no\n- # no\n\nTwo\nlines\n===\n   ### Three ###\n#### `four` #5\n#no\n";
        assert_eq!(
            titles(text),
            [
                (0, String::new()),
                (1, "One".into()),
                (1, "Two\nlines".into()),
                (3, "Three".into()),
                (4, "`four` #5".into())
            ]
        );
    }

    #[test]
    fn nesting_follows_levels() {
        let parents: Vec<_> = split("# a\n### b\n## c\n### d\n# e\n").into_iter().map(|s| s.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(0), Some(2), None]);
    }

    #[test]
    fn a_hard_break_at_the_end_stays_in_the_body() {
        let sections = split("# a\n\ntext  \n\n\n# b\n");
        assert_eq!(
            (sections[0].tail.as_str(), sections[0].body.as_str(), sections[0].foot.as_str()),
            ("\n\n", "text  ", "\n\n\n")
        );
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_refused_with_line_and_column() {
        let error = parse(b"# ok\n\n\xc3\xa4 then \xff", "notes.md").unwrap_err();
        assert_eq!(error.kind, RefusalKind::BadInput);
        assert_eq!(error.place.as_deref(), Some("notes.md:3:8"));
    }
}
