//! Texts that would be taken for something else where they stand, such as a
//! context with a heading “Decision” in it, are written between two comments
//! that nobody sees in the rendered page. What is between them is the text.

use std::collections::HashMap;

use crate::reference::{CLOSE, OPEN};

use super::lists::unpadded;

const BEGIN: &str = "<!-- verbatim ";
const END: &str = "<!-- end of verbatim ";
const TAIL: &str = " -->";

/// Texts taken out of a file, each with what stood there.
#[derive(Debug, Default)]
pub(super) struct Held {
    texts: Vec<(String, String)>,
    /// Line of the shortened text, and how many lines are missing below it.
    missing: Vec<(usize, usize)>,
}

/// The text between two comments.
pub(super) fn enclose(text: &str) -> String {
    let mut number = 1;
    while text.contains(&format!("{END}{number}{TAIL}")) {
        number += 1;
    }
    format!("{BEGIN}{number}{TAIL}\n{text}\n{END}{number}{TAIL}")
}

/// Whether a line stands for a text that was taken out.
pub(super) fn is_token(line: &str) -> bool {
    line.starts_with(OPEN) && line.ends_with(CLOSE)
}

/// Takes what is between such comments out of a text, a token in its place.
/// The text must be free of the characters of tokens.
pub(super) fn hold(text: &str) -> (String, Held) {
    let mut held = Held::default();
    if !text.contains(BEGIN) {
        return (text.to_owned(), held);
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let last: HashMap<&str, usize> = lines.iter().enumerate().map(|(at, line)| (*line, at)).collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let number = lines[at].strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(TAIL));
        let end = number.filter(|number| number.parse::<u16>().is_ok()).and_then(|number| {
            let wanted = format!("{END}{number}{TAIL}");
            last.get(wanted.as_str()).filter(|last| **last > at)?;
            lines[at..].iter().position(|line| *line == wanted).map(|length| at + length)
        });
        match end {
            Some(end) if end > at + 1 => {
                out.push(format!("{OPEN}{}{CLOSE}", held.texts.len()));
                held.missing.push((out.len(), end - at));
                held.texts.push((lines[at + 1..end].join("\n"), lines[at..=end].join("\n")));
                at = end;
            }
            _ => out.push(lines[at].to_owned()),
        }
        at += 1;
    }
    (out.join("\n"), held)
}

impl Held {
    /// A text with its tokens replaced: by the text alone where there is
    /// nothing else, by what stood there otherwise.
    pub(super) fn restore(&self, text: &str) -> String {
        let text = unpadded(text);
        if !text.contains(OPEN) {
            return text.to_owned();
        }
        if let Some((inside, _)) = self.find(text) {
            return inside.clone();
        }
        let line = |line: &str| self.find(line).map_or_else(|| line.to_owned(), |(_, source)| source.clone());
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    fn find(&self, token: &str) -> Option<&(String, String)> {
        let number = token.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
        self.texts.get(number.parse::<usize>().ok()?)
    }

    /// The line in the file of a line, from 1, of the shortened text.
    pub(super) fn line(&self, short: usize) -> usize {
        short + self.missing.iter().filter(|(at, _)| *at < short).map(|(_, lines)| lines).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_enclosed_comes_back() {
        let nasty = "## Decision\n<!-- end of verbatim 1 -->\n\n```";
        let text = format!("a\n{}\nb\nc\n<!-- verbatim 7 -->\nopen", enclose(nasty));
        let (short, held) = hold(&text);
        let lines: Vec<&str> = short.split('\n').collect();
        assert_eq!(lines, ["a", "\u{e020}0\u{e021}", "b", "c", "<!-- verbatim 7 -->", "open"]);
        assert_eq!(held.restore(lines[1]), nasty);
        assert_eq!(held.restore(&short), text);
        assert_eq!((held.line(2), held.line(3)), (2, 8));
    }
}
