//! Words as the search compares them: in lower case, without diacritics. Both
//! the index and what people type are folded, so that both always agree.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether a character is a part of a word. The tokenizer of the index has the
/// same rule.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && is_combining_mark(c))
}

/// The words of a text, with where they are.
pub(super) fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_word)?;
        let end = text[start..].find(|c| !is_word(c)).map_or(text.len(), |length| start + length);
        at = end;
        Some((start..end, &text[start..end]))
    })
}

/// Appends a text, folded.
pub(super) fn fold_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        for part in std::iter::once(c).nfkd().filter(|part| !matches!(part, '\u{300}'..='\u{36f}')) {
            match part {
                'ß' | 'ẞ' => out.push_str("ss"),
                'æ' | 'Æ' => out.push_str("ae"),
                'œ' | 'Œ' => out.push_str("oe"),
                'ø' | 'Ø' => out.push('o'),
                'ł' | 'Ł' => out.push('l'),
                'đ' | 'Đ' => out.push('d'),
                'ı' => out.push('i'),
                'ς' => out.push('σ'),
                _ => out.extend(part.to_lowercase().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))),
            }
        }
    }
}

/// A text, folded.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// A name as names are compared: its words, folded, one space between.
pub(super) fn name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (_, word) in words(text) {
        if !out.is_empty() {
            out.push(' ');
        }
        fold_into(word, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_their_case_and_their_marks() {
        for (text, folded) in [
            ("Zürich", "zurich"),
            ("Zu\u{308}rich", "zurich"),
            ("STRASSE straße", "strasse strasse"),
            ("Ærø Łódź İstanbul", "aero lodz istanbul"),
            ("Αθήνας", "αθηνασ"),
            ("ﬁle ＡＢＣ", "file abc"),
            ("日本", "日本"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn names_are_their_words() {
        assert_eq!(name("  Web-Client (`v2`)! "), "web client v2");
        assert_eq!((name("…"), name("")), (String::new(), String::new()));
        assert_eq!(words("a–b\0c").map(|(range, _)| range).collect::<Vec<_>>(), [0..1, 4..5, 6..7]);
    }
}
