//! The passage of a text that is shown with a hit, and the marks in it.

use std::ops::Range;

use super::Word;
use super::fold;

/// Stands before a match.
const START: char = '\u{e000}';
/// Stands after one.
const END: char = '\u{e001}';
/// Words of a passage.
const LENGTH: usize = 16;
/// Bytes of a text that are looked through for a passage.
const LOOKED_AT: usize = 1 << 20;
/// Matches of a text that a passage is chosen from.
const MATCHES: usize = 256;

/// A word of the text that was searched for.
struct Match {
    /// The how manieth word of the text.
    at: usize,
    /// The how manieth word of the search.
    word: usize,
}

/// The name with its matches marked where it holds as many of the words as any
/// passage of the text; otherwise that passage, or how the text begins.
pub(super) fn passage(name: &str, text: &str, words: &[Word]) -> String {
    let wanted = distinct(words);
    let named = Looked::through(name, words, wanted);
    let in_name = named.best().map_or(0, |(_, count)| count);
    if in_name > 0 && in_name == wanted {
        return named.cut(name, 0..usize::MAX);
    }
    let text = floor(text, LOOKED_AT);
    let looked = Looked::through(text, words, wanted);
    match looked.best() {
        Some((start, count)) if count > in_name => looked.cut(text, looked.around(start)),
        _ if in_name > 0 => named.cut(name, 0..usize::MAX),
        _ => looked.cut(text, 0..LENGTH),
    }
}

/// Whether a name has every one of the words.
pub(super) fn has_all(name: &str, words: &[Word]) -> bool {
    let looked = Looked::through(name, words, distinct(words));
    words.iter().all(|word| looked.matches.iter().any(|found| found.word == word.place))
}

/// How many words were typed: what they were meant to be does not count.
fn distinct(words: &[Word]) -> usize {
    words.iter().map(|word| word.place + 1).max().unwrap_or(0)
}

/// Not in the middle of a character.
fn floor(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes { text } else { &text[..text.floor_char_boundary(bytes)] }
}

/// The words of a text as far as it was looked through.
struct Looked {
    ranges: Vec<Range<usize>>,
    matches: Vec<Match>,
}

impl Looked {
    /// Looks until a passage with every word is found.
    fn through(text: &str, words: &[Word], wanted: usize) -> Looked {
        let mut looked = Looked { ranges: Vec::new(), matches: Vec::new() };
        let mut folded = String::new();
        let mut enough = usize::MAX;
        for (at, (range, word)) in fold::words(text).enumerate() {
            if at > enough {
                break;
            }
            looked.ranges.push(range);
            let Some(word) = words.iter().find(|wanted| wanted.fits(word, &mut folded)) else { continue };
            if looked.matches.len() < MATCHES {
                looked.matches.push(Match { at, word: word.place });
                let newest = looked.matches.len() - 1;
                let first = looked.matches.iter().position(|other| at - other.at < LENGTH).unwrap_or(newest);
                if enough == usize::MAX && looked.count(first) == wanted {
                    enough = at + LENGTH + 1;
                }
            }
        }
        looked
    }

    /// Different words within a passage that begins with this match.
    fn count(&self, first: usize) -> usize {
        let end = self.matches[first].at + LENGTH;
        let within = self.matches[first..].iter().take_while(|found| found.at < end);
        let mut seen: Vec<usize> = within.map(|found| found.word).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len()
    }

    /// The first of the matches with most words after them, and how many.
    fn best(&self) -> Option<(usize, usize)> {
        (0..self.matches.len()).map(|first| (first, self.count(first))).rev().max_by_key(|(_, count)| *count)
    }

    /// The words around the matches from this one on: as many before as after.
    fn around(&self, first: usize) -> Range<usize> {
        let start = self.matches[first].at;
        let within = self.matches[first..].iter().take_while(|found| found.at < start + LENGTH);
        let last = within.last().map_or(start, |found| found.at);
        let before = (LENGTH - 1 - (last - start)) / 2;
        let begin = start.saturating_sub(before).min(self.ranges.len().saturating_sub(LENGTH));
        begin..begin + LENGTH
    }

    /// The text from one word to another, its matches marked.
    fn cut(&self, text: &str, words: Range<usize>) -> String {
        let from = if words.start == 0 { 0 } else { self.ranges[words.start].start };
        let to = if words.end < self.ranges.len() { self.ranges[words.end - 1].end } else { text.len() };
        let mut out = String::with_capacity(to - from + 16);
        if from > 0 {
            out.push('…');
        }
        let mut at = from;
        for found in self.matches.iter().filter(|found| words.contains(&found.at)) {
            let range = &self.ranges[found.at];
            push(&mut out, &text[at..range.start]);
            out.push(START);
            push(&mut out, &text[range.clone()]);
            out.push(END);
            at = range.end;
        }
        push(&mut out, &text[at..to]);
        let cut_off = if to < text.trim_end().len() { "…" } else { "" };
        format!("{}{cut_off}", out.trim())
    }
}

/// Without marks that the text brings along itself.
fn push(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| *c != START && *c != END));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, name: &str, text: &str) -> String {
        passage(name, text, &Word::all(query)).replace(START, "[").replace(END, "]")
    }

    #[test]
    fn the_passage_with_most_of_the_words_is_shown() {
        let filler = "lorem ipsum dolor ".repeat(20);
        let text = format!("A queue here. {filler} the retry queue is bounded, {filler}");
        let shown = found("retry queue", "Resilience", &text);
        assert!(shown.contains("the [retry] [queue] is bounded, lorem"), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert_eq!(shown.split_whitespace().count(), LENGTH);
    }

    #[test]
    fn a_name_that_has_the_words_is_shown_before_the_text() {
        assert_eq!(found("zuri", "Zürich-Nord", "In Zürich."), "[Zürich]-Nord");
        assert_eq!(found("zurich pump", "Zürich", "The Zürich pumps.\n"), "The [Zürich] [pumps].");
        assert_eq!(found("nowhere", "Name", "\n\nSome text."), "Some text.");
        assert_eq!(found("x", "", ""), "");
    }

    #[test]
    fn a_text_cannot_mark_itself() {
        assert_eq!(found("b", "", "\u{e000}a\u{e001} b"), "a [b]");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = format!("{}é", "x".repeat(LOOKED_AT - 1));
        assert_eq!(found("nothing", "", &text).len(), LOOKED_AT - 1);
    }
}
