//! Lists in Markdown, as decision records use them: which lines are items,
//! and how an item of several lines is written so that it is read back.

use super::verbatim::is_token;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// An item at the top of a list, without its mark and indentation.
    Item {
        /// What it says; nested lists are part of it.
        text: String,
        /// Its lines as they stand.
        raw: Vec<&'a str>,
        /// Its first line, from 0.
        line: usize,
    },
    /// Any other line.
    Line(&'a str, usize),
}

/// Takes a text apart. Code between fences is never an item.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut item: Option<Open> = None;
    let mut fence: Option<&str> = None;
    for (number, line) in text.split('\n').enumerate() {
        if let Some(mark) = fence {
            found.push(Block::Line(line, number));
            if line.trim().starts_with(mark) && line.trim().trim_start_matches(&mark[..1]).is_empty() {
                fence = None;
            }
            continue;
        }
        if let Some(open) = &mut item
            && open.takes(line)
        {
            continue;
        }
        if let Some(open) = item.take() {
            open.close(&mut found);
        }
        match marker(line) {
            Some(width) => item = Some(Open { width, raw: vec![line], line: number, blank: 0 }),
            None => {
                fence = fence_mark(line);
                found.push(Block::Line(line, number));
            }
        }
    }
    if let Some(open) = item {
        open.close(&mut found);
    }
    found
}

struct Open<'a> {
    width: usize,
    raw: Vec<&'a str>,
    line: usize,
    /// Blank lines at its end, which belong to it only if more follows.
    blank: usize,
}

impl<'a> Open<'a> {
    fn takes(&mut self, line: &'a str) -> bool {
        let blank = line.trim().is_empty();
        let nested = indent(line) >= self.width;
        let lazy = self.blank == 0
            && marker(line).is_none()
            && fence_mark(line).is_none()
            && !is_token(line)
            && !is_thematic(line.trim())
            && !line.trim_start().starts_with(['#', '>']);
        if !blank && !nested && !lazy {
            return false;
        }
        self.blank = if blank { self.blank + 1 } else { 0 };
        self.raw.push(line);
        true
    }

    fn close(mut self, found: &mut Vec<Block<'a>>) {
        let after = self.raw.split_off(self.raw.len() - self.blank);
        let first = self.raw[0].trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        let mut text = first.get(1..).unwrap_or_default().trim_start().to_owned();
        for line in &self.raw[1..] {
            text.push('\n');
            text.push_str(dedent(line, self.width));
        }
        let next = self.line + self.raw.len();
        found.push(Block::Item { text: text.trim_end().to_owned(), raw: self.raw, line: self.line });
        found.extend(after.into_iter().enumerate().map(|(at, line)| Block::Line(line, next + at)));
    }
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

fn dedent(line: &str, width: usize) -> &str {
    let mut rest = line;
    for _ in 0..width {
        match rest.strip_prefix(' ') {
            Some(shorter) => rest = shorter,
            None if rest.len() == line.len() => return rest.strip_prefix('\t').unwrap_or(rest),
            None => break,
        }
    }
    rest
}

/// How far an item's text is indented; `None` where no item begins.
fn marker(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = &line[indent..];
    if indent > 3 || is_thematic(rest.trim_end()) {
        return None;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match rest.as_bytes().get(digits)? {
        b'*' | b'-' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let after = &rest[mark..];
    let gap = after.len() - after.trim_start_matches([' ', '\t']).len();
    match gap {
        0 => None,
        _ if after.trim().is_empty() => None,
        1..=4 if !after[..gap].contains('\t') => Some(indent + mark + gap),
        _ => Some(indent + mark + 1),
    }
}

fn fence_mark(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(' ');
    let first = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = rest.chars().take_while(|c| *c == first).count();
    let info = &rest[length..];
    let fits = line.len() - rest.len() < 4 && length >= 3 && !(first == '`' && info.contains('`'));
    fits.then(|| &rest[..length])
}

fn is_thematic(line: &str) -> bool {
    let marks: Vec<char> = line.chars().filter(|c| !matches!(c, ' ' | '\t')).collect();
    marks.len() >= 3 && matches!(marks[0], '*' | '-' | '_') && marks.iter().all(|c| *c == marks[0])
}

/// The items of a text, and what else is in it.
pub(super) fn items(text: &str) -> (Vec<String>, String) {
    let mut items = Vec::new();
    let rest = sift(text, |item| {
        items.push(plain(item));
        true
    });
    (items, rest)
}

/// What an item begins with, in one line however it is wrapped, and what
/// stands below it.
pub(super) fn first_paragraph(item: &str) -> (String, String) {
    let lines: Vec<&str> = item.split('\n').collect();
    let begins = |line: &&str| {
        let trimmed = line.trim();
        trimmed.is_empty()
            || marker(line).is_some()
            || fence_mark(line).is_some()
            || is_token(line)
            || is_thematic(trimmed)
            || trimmed.starts_with(['#', '>', '<', '|'])
    };
    let end = lines.iter().skip(1).position(begins).map_or(lines.len(), |at| at + 1);
    let first: Vec<&str> = lines[..end].iter().map(|line| line.trim().trim_end_matches('\\')).collect();
    let first = if end == 1 { lines[0].to_owned() } else { first.join(" ") };
    (first, lines[end..].join("\n"))
}

/// Takes out the items that the function takes; what stays.
pub(super) fn sift(text: &str, mut take: impl FnMut(&str) -> bool) -> String {
    let mut left: Vec<&str> = Vec::new();
    let mut gap = false;
    for block in blocks(text) {
        match block {
            Block::Item { text, .. } if take(&text) => {
                gap = left.last().is_none_or(|line| line.trim().is_empty());
                continue;
            }
            Block::Item { raw, .. } => left.extend(raw),
            Block::Line(line, _) if gap && line.trim().is_empty() => continue,
            Block::Line(line, _) => left.push(line),
        }
        gap = false;
    }
    unpadded(&left.join("\n")).to_owned()
}

/// An item as it is written, further lines indented below the first. The mark
/// is followed by spaces up to where they begin.
pub(super) fn bullet(mark: &str, text: &str) -> String {
    let text = if looks_like_rule(text) { format!("\\{text}") } else { text.to_owned() };
    let mut lines = text.split('\n');
    let mut out = format!("{mark}{}\n", lines.next().unwrap_or_default());
    for line in lines {
        if !line.is_empty() {
            out.extend(mark.chars().map(|_| ' '));
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// Undoes what `bullet` does to an item that would be a line across the page.
fn plain(item: &str) -> String {
    match item.strip_prefix('\\') {
        Some(rest) if looks_like_rule(rest) => rest.to_owned(),
        _ => item.to_owned(),
    }
}

fn looks_like_rule(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default().trim_start_matches('\\').trim();
    !first.is_empty() && first.chars().all(|c| matches!(c, '*' | '-' | '_' | ' ' | '\t'))
}

/// A text without the blank lines around it; the indentation of its first line
/// and a break at the end of its last one stay.
pub(super) fn unpadded(text: &str) -> &str {
    let body = text.trim_start();
    let start = text[..text.len() - body.len()].rfind('\n').map_or(0, |newline| newline + 1);
    if body.is_empty() {
        return "";
    }
    let text = &text[start..];
    let end = text.trim_end().len();
    &text[..text[end..].find('\n').map_or(text.len(), |newline| end + newline)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_where_lists_are_and_nowhere_else() {
        let text = "Intro\n* one\n  more\n\n  * nested\n* two\nlazy\n\nafter\n```\n* code\n```\n 1. three\n\n    * quoted\n- - -\n";
        let (items, rest) = items(text);
        assert_eq!(items, ["one\nmore\n\n* nested", "two\nlazy", "three\n\n* quoted"]);
        assert_eq!(rest, "Intro\n\nafter\n```\n* code\n```\n- - -");
    }

    #[test]
    fn what_is_wrapped_is_one_line() {
        let split = |item: &str| first_paragraph(item);
        assert_eq!(split("one\nmore\n\nbelow"), ("one more".into(), "\nbelow".into()));
        assert_eq!(split("one\n* nested"), ("one".into(), "* nested".into()));
        assert_eq!(split("one  \ntwo"), ("one two".into(), String::new()));
    }

    #[test]
    fn an_item_is_read_as_it_was_written() {
        for item in
            ["a", "a\n\nb\n  c", "* *", "\\* *", "---", "# a", "```\nx\n```", "1. x", "\\", "x\n- y\nz", "a \tb\n  c"]
        {
            let written = format!("{}{}", bullet("* ", item), bullet("* ", "end"));
            assert_eq!(items(&written), (vec![item.to_owned(), "end".into()], String::new()), "{written}");
        }
    }
}
