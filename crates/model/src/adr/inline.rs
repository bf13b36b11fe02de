//! Links and names within a line, and the few signs that must be escaped so
//! that a name stays a name.

use comrak::nodes::NodeValue;

/// A link as it stands in a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Where it begins and ends, in bytes.
    pub start: usize,
    pub end: usize,
    /// What people read, brackets unescaped.
    pub text: String,
    /// Where it leads.
    pub url: String,
}

/// The first link `[text](url)` of a line at or after a place; no image.
pub(super) fn link(line: &str, from: usize) -> Option<Link> {
    let mut at = from;
    // Each unclosed bracket is looked through to the end of its line.
    if line.len() > LINE {
        return None;
    }
    loop {
        let start = at + open_bracket(&line[at..])?;
        let found = closing(&line[start..]).and_then(|close| {
            let (url, length) = destination(&line[start + close + 1..])?;
            let text = unescape(&line[start + 1..start + close]);
            Some(Link { start, end: start + close + 1 + length, text, url })
        });
        match found {
            Some(link) if !line[..start].ends_with('!') => return Some(link),
            _ => at = start + 1,
        }
    }
}

/// All links of a line.
pub(super) fn links(line: &str) -> Vec<Link> {
    let mut found: Vec<Link> = Vec::new();
    while let Some(link) = link(line, found.last().map_or(0, |link| link.end)) {
        found.push(link);
    }
    found
}

/// The longest line in which links are looked for, in bytes.
const LINE: usize = 4_000;

fn open_bracket(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let opens = byte == b'[' && !escaped;
        escaped = byte == b'\\' && !escaped;
        opens
    })
}

/// The bracket that closes the first one.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => depth += 1,
            b']' if depth == 1 => return Some(at),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `(url)` or `(<url>)`, with or without a title: the address, and how long
/// all of it is.
fn destination(text: &str) -> Option<(String, usize)> {
    let inside = text.strip_prefix('(')?;
    if let Some(angled) = inside.strip_prefix('<') {
        let mut escaped = false;
        let end = angled.bytes().position(|byte| {
            let ends = byte == b'>' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        return angled[end + 1..].starts_with(')').then(|| (unescape(&angled[..end]), end + 4));
    }
    let mut depth = 0_usize;
    let end = inside.bytes().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return true,
            b')' => depth -= 1,
            _ => {}
        }
        false
    })?;
    let url = inside[..end].split_whitespace().next().unwrap_or_default();
    Some((url.to_owned(), end + 2))
}

/// A link, whatever is in its text and address.
pub(super) fn write_link(text: &str, url: &str) -> String {
    let simple = !url.is_empty() && !url.chars().any(|c| c.is_whitespace() || "()<>\\".contains(c));
    let url = if simple { url.to_owned() } else { format!("<{}>", escape(url)) };
    format!("[{}]({url})", escape(text))
}

const SIGNS: [char; 5] = ['\\', '[', ']', '<', '>'];

/// A text without signs that would begin or end a link.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if SIGNS.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// What `escape` was given.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '\\' && SIGNS.contains(next) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// A name as an item or heading: one that begins like a link is none, and marks
/// of bold are a part of it.
pub(super) fn write_name(name: &str) -> String {
    if begins_marked(name) { format!("\\{name}") } else { name.to_owned() }
}

/// What `write_name` was given.
pub(super) fn read_name(text: &str) -> String {
    let rest = text.strip_prefix('\\').filter(|rest| begins_marked(rest));
    rest.unwrap_or(text).to_owned()
}

fn begins_marked(name: &str) -> bool {
    let bare = name.trim_start_matches('\\');
    bare.starts_with('[') || bare.starts_with("**")
}

/// `**Name**` and `**Name**: what it is`.
pub(super) fn bold(line: &str) -> Option<(&str, &str)> {
    let (name, after) = line.strip_prefix("**")?.split_once("**")?;
    let fits = |name: &str| !name.is_empty() && name.trim() == name && !name.starts_with('*');
    if let Some(name) = name.strip_suffix(':').filter(|_| after.is_empty() || after.starts_with(' ')) {
        return fits(name).then_some((name, after.trim()));
    }
    let marks = [":", " – ", " — ", " - "];
    let what = if after.is_empty() { Some("") } else { marks.iter().find_map(|mark| after.strip_prefix(mark)) };
    what.filter(|_| fits(name)).map(|what| (name, what.trim()))
}

/// A heading's text: `#` at its end is no closing mark.
pub(super) fn write_heading(text: &str) -> String {
    match closing_marks(text) {
        Some(at) => format!("{}\\{}", &text[..at], &text[at..]),
        None => text.to_owned(),
    }
}

/// What `write_heading` was given.
pub(super) fn read_heading(text: &str) -> String {
    let text = text.trim();
    match closing_marks(text).filter(|at| text[..*at].ends_with('\\')) {
        Some(at) => format!("{}{}", &text[..at - 1], &text[at..]),
        None => text.to_owned(),
    }
}

/// Where `#` at the end begin that would close the heading, or would without
/// the backslashes before them.
fn closing_marks(text: &str) -> Option<usize> {
    let head = text.trim_end_matches('#');
    let bare = head.trim_end_matches('\\');
    (head.len() < text.len() && (bare.is_empty() || bare.ends_with([' ', '\t']))).then_some(head.len())
}

/// A text without `<!-- … -->` at its end, as templates have it.
pub(super) fn uncommented(text: &str) -> &str {
    let text = text.trim();
    match text.rfind("<!--").filter(|at| text.ends_with("-->") && text[*at..].find("-->") == Some(text.len() - at - 3))
    {
        Some(at) => text[..at].trim_end(),
        None => text,
    }
}

/// Addresses of the links of a text; those in code are none.
pub(super) fn addresses(text: &str) -> Vec<String> {
    if !text.contains("](") && !text.contains("]:") {
        return Vec::new();
    }
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, text, &comrak::Options::default());
    let mut found = Vec::new();
    for node in root.descendants() {
        if let NodeValue::Link(link) = &node.data.borrow().value {
            found.push(link.url.clone());
        }
    }
    found
}

/// Letters and digits in lower case with spaces between: what two names that
/// mean the same have in common.
pub(super) fn words(text: &str) -> String {
    crate::graph::slug(&shown(text)).replace('-', " ")
}

/// A text with its links replaced by their texts.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for link in links(text) {
        out.push_str(&text[at..link.start]);
        out.push_str(&link.text);
        at = link.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_and_written() {
        let line = "a [b [c]](d(e).md \"t\"), \\[no](x), ![img](y) and [](<p q\\>.md>) [open](";
        let found: Vec<_> = links(line).into_iter().map(|link| (link.text, link.url)).collect();
        assert_eq!(found, [("b [c]".into(), "d(e).md".into()), (String::new(), "p q>.md".into())]);
        for (text, url) in [("a", "b"), ("[", "]"), ("\\", "\\"), ("a]b", "(<"), ("é", ""), ("x\\", "a b\\>")] {
            let written = write_link(text, url);
            let links = links(&written);
            assert_eq!(links.len(), 1, "{written}");
            assert_eq!((links[0].text.as_str(), links[0].url.as_str()), (text, url), "{written}");
        }
    }

    #[test]
    fn names_and_headings_come_back() {
        for name in ["a", "[a](b)", "\\[a", "\\\\[", "C#", "a #", "#", "a \\#", "\\#", "\\\\##", "[#", "# a"] {
            assert_eq!(read_name(&write_name(name)), name);
            assert_eq!(read_heading(&write_heading(name)), name);
            let sections = crate::markdown::split(&format!("# {}\n", write_heading(name)));
            assert_eq!(read_heading(&sections[0].title), name);
        }
    }

    #[test]
    fn comments_of_templates_are_not_part_of_a_value() {
        assert_eq!(uncommented("Drivers <!-- optional -->"), "Drivers");
        assert_eq!(uncommented("a <!-- b --> c"), "a <!-- b --> c");
    }
}
