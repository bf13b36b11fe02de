//! Markdown out. What was imported and not changed comes out byte for byte.

use crate::document::{Document, HeadingStyle, Origin, Section};

/// The document as a Markdown file.
pub fn export(document: &Document) -> Vec<u8> {
    let text = join(&document.sections());
    let text = if document.crlf() { text.replace('\n', "\r\n") } else { text };
    let mut bytes = Vec::with_capacity(text.len() + 3);
    if document.bom() {
        bytes.extend_from_slice("\u{feff}".as_bytes());
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Puts sections together. Where two parts stand together as they did in the
/// imported file, the file's own white space is between them, whatever it is;
/// elsewhere a blank line is, and one line end closes the file.
pub fn join(sections: &[Section]) -> String {
    let mut out = String::new();
    for (index, section) in sections.iter().enumerate() {
        let last = index + 1 == sections.len();
        let as_in_file = match section.origin {
            Origin::Made => false,
            Origin::Imported => !last,
            Origin::ImportedLast => last,
        };
        let end = if last { "\n" } else { "\n\n" };
        heading(&mut out, section);
        if section.body.is_empty() {
            if !as_in_file && section.style != HeadingStyle::None {
                end_with(&mut out, end);
            }
            continue;
        }
        if section.style != HeadingStyle::None && !section.tail.contains(['\n', '\r']) {
            out.push_str("\n\n");
        }
        out.push_str(&section.body);
        // Text typed where the file had none has no white space of its own.
        if as_in_file && (last || section.foot.contains(['\n', '\r'])) {
            out.push_str(&section.foot);
        } else {
            end_with(&mut out, end);
        }
    }
    out
}

fn end_with(out: &mut String, end: &str) {
    out.truncate(out.trim_end_matches(['\n', '\r']).len());
    out.push_str(end);
}

fn heading(out: &mut String, section: &Section) {
    // Without a heading there still are blank lines before the text.
    if section.style == HeadingStyle::None {
        out.push_str(&section.tail);
        return;
    }
    out.push_str(&section.lead);
    let setext = section.style == HeadingStyle::Setext && section.level <= 2;
    if !setext {
        out.push_str(&"#".repeat(usize::from(section.level)));
        let gap = if section.gap.is_empty() && !section.title.is_empty() { " " } else { &section.gap };
        out.push_str(gap);
    }
    // Only a heading with a line below may have several lines.
    if setext {
        out.push_str(&section.title)
    } else {
        out.push_str(&section.title.replace(['\n', '\r'], " "))
    }
    if section.style == HeadingStyle::Setext {
        setext_tail(out, section, setext);
    } else {
        out.push_str(&section.tail);
    }
}

/// The line below a setext heading says its level; a heading that has moved
/// too deep for it is written with `#`.
fn setext_tail(out: &mut String, section: &Section, keep: bool) {
    let mark = if section.level == 1 { '=' } else { '-' };
    for c in section.tail.chars() {
        match c {
            '=' | '-' if keep => out.push(mark),
            '=' | '-' => {}
            other => out.push(other),
        }
    }
}
