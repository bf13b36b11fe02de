//! Styles, and text from documents made safe to show on a terminal.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

/// Names and headings.
pub const STRONG: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// What is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What needs attention.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What was searched for.
pub const MATCH: Style = AnsiColor::Cyan.on_default().bold();

/// How many digits of an id are shown.
pub const SHORT_ID: usize = 8;

/// Text without control characters: titles and names come from other people,
/// and a terminal would obey what is hidden in them.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| is_unsafe(c) || c == '\n' || c == '\t') {
        let line = text.chars().map(|c| match c {
            '\n' | '\t' => ' ',
            c if is_unsafe(c) => '\u{fffd}',
            c => c,
        });
        Cow::Owned(line.collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The same for text of several lines.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        // A carriage return before a line feed is a line ending, not an order to the terminal.
        let text = text.replace("\r\n", "\n");
        Cow::Owned(text.chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_unsafe(c: char) -> bool {
    let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || reorders
}

/// The first digits of an id.
pub fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

/// `1 document`, `2 documents`.
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_to_the_terminal_are_shown_and_not_obeyed() {
        assert_eq!(plain("a\u{1b}[31mb\u{9b}c\u{202e}d"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d");
        assert_eq!(plain("two\nlines"), "two lines");
        assert_eq!(plain_lines("a\r\nb\u{7}"), "a\nb\u{fffd}");
        assert_eq!(plain("Größe 建築"), "Größe 建築");
    }

    #[test]
    fn short_ids_never_split_a_character() {
        assert_eq!(short("0123456789"), "01234567");
        assert_eq!(short("abc"), "abc");
        assert_eq!(short("aaaaaaaé"), "aaaaaaaé");
    }
}
