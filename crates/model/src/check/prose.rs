//! Reading prose: fences, words, names at their boundaries.

use std::ops::Range;

/// A line of a text.
pub struct Line<'a> {
    /// From 0.
    pub number: u32,
    /// Without its ending.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Inside a fenced code block, or a fence itself.
    pub code: bool,
}

/// The lines of a Markdown text.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut fence: Option<(u8, usize)> = None;
    let mut start = 0;
    (0..).zip(text.split_inclusive('\n')).map(move |(number, whole)| {
        let line = whole.trim_end_matches(['\n', '\r']);
        let begin = start;
        start += whole.len();
        let bare = line.trim_start();
        let mark = bare.bytes().next().filter(|mark| matches!(mark, b'`' | b'~'));
        let width = mark.map_or(0, |mark| bare.bytes().take_while(|byte| *byte == mark).count());
        let inside = fence.is_some();
        match (fence, mark) {
            (None, Some(mark)) if width >= 3 => fence = Some((mark, width)),
            (Some((open, length)), Some(mark))
                if mark == open && width >= length && bare[width..].trim().is_empty() =>
            {
                fence = None;
            }
            _ => {}
        }
        Line { number, text: line, start: begin, code: inside || fence.is_some() }
    })
}

/// The words of a text, letters and digits, with where they stand.
pub fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let end = text[start..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |end| start + end);
        at = end;
        Some(start..end)
    })
}

/// What stands at a line's beginning in bold or as code, as the names of a list
/// of components do: `- **Web client**: …`.
pub fn leading_name(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let item = item.strip_prefix(['-', '*', '+'])?.strip_prefix(' ')?.trim_start();
    ["**", "__", "`"].into_iter().find_map(|mark| {
        let (name, _) = item.strip_prefix(mark)?.split_once(mark)?;
        let name = name.trim().trim_end_matches(':').trim_end();
        (!name.is_empty() && name.len() <= 100).then_some(name)
    })
}

/// Bracketed advice that makes up the whole value of a line: `[How it works]`
/// after a list's mark or a label. Links, check boxes and footnotes are not.
pub fn bracketed(line: &str) -> Option<&str> {
    let value = line.trim().trim_start_matches(['-', '*', '+', ' ']);
    let value = value.split_once("**:").map_or(value, |(_, value)| value).trim();
    let value = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim();
    let inside = value.strip_prefix('[')?.strip_suffix(']')?;
    let words = inside.trim();
    let advice = words.chars().filter(|c| c.is_alphabetic()).count() > 2 && !inside.contains(['[', ']']);
    (advice && !words.starts_with(['^', '!', '@'])).then_some(value)
}

/// A name as it is compared: lower case, letters and digits, one space between
/// words.
pub fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in words(name) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(name[word].chars().flat_map(char::to_lowercase));
    }
    out
}

/// How code hosts make the anchor of a heading.
pub fn anchor(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    title.trim().to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_prose() {
        let code: Vec<bool> = lines("a\n```\nb\n~~~\n```\nc\n~~~~ x\nd\n~~~\n~~~~\ne").map(|line| line.code).collect();
        assert_eq!(code, [false, true, true, true, true, false, true, true, true, true, false]);
    }

    #[test]
    fn advice_is_told_from_links_and_boxes() {
        for advice in
            ["[How it works]", "- [Responsibility 1]", "**Purpose**: [What it does]", "1. [Step 1 description]"]
        {
            assert!(bracketed(advice).is_some(), "{advice}");
        }
        for other in
            ["- [ ] do", "[x]", "[a](b)", "[^1]", "[label]: https://x", "see [1]", "[[wiki link]]", "plain", "[]"]
        {
            assert!(bracketed(other).is_none(), "{other}");
        }
    }

    #[test]
    fn names_are_compared_without_case_and_marks() {
        assert_eq!(folded("  Web-Client (Größe)"), "web client größe");
        assert_eq!(folded("!?"), "");
    }

    #[test]
    fn names_of_lists_are_found() {
        assert_eq!(leading_name("- **Web client**: shows it"), Some("Web client"));
        assert_eq!(leading_name("  * `orders-api` – takes orders"), Some("orders-api"));
        assert_eq!(leading_name("- **Purpose:** x"), Some("Purpose"));
        assert_eq!(leading_name("**Web**: x"), None);
        assert_eq!(leading_name("- a **b**"), None);
    }
}
