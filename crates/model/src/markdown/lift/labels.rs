//! Labels such as `**Purpose**:`, and what is a template's placeholder.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::reference::{CLOSE, OPEN};
use crate::schema::{COLLECTIONS, Collection, Field};

/// A name at the start of a text, set off from what follows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    /// Where the name stands in the text, without its marks.
    pub name: Range<usize>,
    /// Where the value begins.
    pub value: usize,
    /// Written in bold.
    pub bold: bool,
    /// What follows the name.
    pub mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Colon,
    /// A dash with white space around it.
    Dash,
    /// Nothing: the name is all there is.
    End,
}

/// The longest label that is not in bold, in bytes.
const PLAIN: usize = 60;

/// The label that a text begins with; the text is one line.
pub(super) fn label(line: &str) -> Option<Label> {
    let marks = ["**", "__", "*", "_"].into_iter().find(|marks| line.starts_with(marks));
    let Some(marks) = marks else { return plain(line) };
    let inside = marks.len();
    let close = inside + line[inside..].find(marks)?;
    let text = &line[inside..close];
    let bare = text.trim_end();
    let named = bare.strip_suffix(':');
    let name = named.unwrap_or(bare).trim_end();
    let rest = &line[close + inside..];
    if name.is_empty() || name.starts_with(|c: char| c.is_whitespace() || matches!(c, '*' | '_')) {
        return None;
    }
    let (mark, after) = match named {
        Some(_) => (Mark::Colon, rest),
        None => separator(rest)?,
    };
    let value = line.len() - after.trim_start().len();
    let bold = marks.len() == 2;
    Some(Label { name: inside..inside + name.len(), value, bold, mark })
}

/// What separates a name from its value, and what follows that.
fn separator(rest: &str) -> Option<(Mark, &str)> {
    let trimmed = rest.trim_start();
    if trimmed.is_empty() {
        return Some((Mark::End, trimmed));
    }
    if let Some(after) = trimmed.strip_prefix(':') {
        return Some((Mark::Colon, after));
    }
    let dash = ["– ", "— ", "- "].iter().find_map(|dash| trimmed.strip_prefix(dash));
    dash.filter(|_| trimmed.len() < rest.len()).map(|after| (Mark::Dash, after))
}

/// `Purpose: …`, or a reference with a colon or dash after it.
fn plain(line: &str) -> Option<Label> {
    if line.starts_with(OPEN) {
        let end = line.find(CLOSE)? + CLOSE.len_utf8();
        let (mark, after) = separator(&line[end..])?;
        return Some(Label { name: 0..end, value: line.len() - after.trim_start().len(), bold: false, mark });
    }
    let colon = line.find(':').filter(|colon| (1..=PLAIN).contains(colon))?;
    let name = line[..colon].trim_end();
    let fits = name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '\'' | '’' | '&' | '/'));
    let after = &line[colon + 1..];
    let value = line.len() - after.trim_start().len();
    let set_off = after.is_empty() || after.starts_with([' ', '\t']);
    (fits && set_off && !name.is_empty()).then_some(Label {
        name: 0..name.len(),
        value,
        bold: false,
        mark: Mark::Colon,
    })
}

type Fields = HashMap<String, &'static Field>;

static FIELDS: LazyLock<HashMap<Collection, Fields>> = LazyLock::new(|| {
    let names = |collection: Collection| {
        let mut names = Fields::new();
        let fields = || collection.table().fields.iter().filter(|field| !field.internal);
        // A title counts before another field's label.
        for field in fields() {
            names.entry(field.title.to_lowercase()).or_insert(field);
        }
        for field in fields() {
            for label in field.labels {
                names.entry(label.to_lowercase()).or_insert(field);
            }
        }
        names
    };
    COLLECTIONS.into_iter().map(|collection| (collection, names(collection))).collect()
});

/// The field of a collection that goes by a label.
pub(crate) fn field_called(collection: Collection, label: &str) -> Option<&'static Field> {
    FIELDS.get(&collection)?.get(&label.trim().to_lowercase()).copied()
}

/// Whether a text is a template's advice in brackets, and not a link.
pub(super) fn is_advice(text: &str) -> bool {
    is_bracketed(text) || (text.trim().contains('\n') && text.trim().lines().all(is_bracketed))
}

/// Whether a text begins with a label.
pub(crate) fn begins_with_label(text: &str) -> bool {
    label(text.lines().next().unwrap_or_default()).is_some()
}

/// Whether a text is one paragraph behind a label: no line of it begins a
/// block of its own or another label.
pub(crate) fn is_plain_text(text: &str) -> bool {
    let block = |line: &str| {
        let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
        line.trim().is_empty()
            || line.starts_with([' ', '\t', '-', '*', '+', '#', '>', '<', '|', '`', '~', '=', '_', ':'])
            || (digits.len() < line.len() && digits.starts_with(['.', ')']))
            || label(line).is_some()
    };
    text.trim() == text && !text.lines().skip(1).any(block) && !text.contains('\r')
}

fn is_bracketed(text: &str) -> bool {
    let text = text.trim();
    let bare = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '*' | '+' | '.' | ' '));
    let inside = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|inside| {
        let mut depth = 0_i32;
        inside.len() > 1
            && inside.chars().all(|c| {
                depth += i32::from(c == '[') - i32::from(c == ']');
                depth >= 0
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(&str, &str, bool, Mark)> {
        label(line).map(|label| (&line[label.name], &line[label.value..], label.bold, label.mark))
    }

    #[test]
    fn labels_are_read_in_every_spelling() {
        assert_eq!(read("**Purpose**: x"), Some(("Purpose", "x", true, Mark::Colon)));
        assert_eq!(read("**Purpose:** x"), Some(("Purpose", "x", true, Mark::Colon)));
        assert_eq!(read("__Purpose:__"), Some(("Purpose", "", true, Mark::Colon)));
        assert_eq!(read("**Purpose**"), Some(("Purpose", "", true, Mark::End)));
        assert_eq!(read("**Cache** – fast"), Some(("Cache", "fast", true, Mark::Dash)));
        assert_eq!(read("_Owner_: x"), Some(("Owner", "x", false, Mark::Colon)));
        assert_eq!(read("Trade-offs: x: y"), Some(("Trade-offs", "x: y", false, Mark::Colon)));
        assert_eq!(read("\u{e020}0a.name\u{e021}: x"), Some(("\u{e020}0a.name\u{e021}", "x", false, Mark::Colon)));
        for no in [
            "http://x",
            "**bold** text",
            "“Purpose: x",
            "a, b: c",
            ": x",
            "****",
            "** x**: y",
            "**\tx: **y",
            "",
            "**open",
        ] {
            assert_eq!(read(no), None, "{no}");
        }
    }

    #[test]
    fn advice_is_told_from_links() {
        for advice in ["[What it does]", "[e.g., \"see [tool] now.\"]", " [x y] "] {
            assert!(is_advice(advice), "{advice}");
        }
        for text in ["[a](b) [c]", "[link](x)", "[x] done", "text [x]", "", "[]"] {
            assert!(!is_advice(text), "{text}");
        }
    }

    #[test]
    fn titles_count_before_labels() {
        let name = |collection, label: &str| field_called(collection, label).map(|field| field.name);
        assert_eq!(name(Collection::Elements, "KEY responsibilities"), Some("responsibilities"));
        assert_eq!(name(Collection::Decisions, "Trade-Offs"), Some("tradeOffs"));
        assert_eq!(name(Collection::Elements, "weather"), None);
    }
}
