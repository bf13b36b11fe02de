//! The lines between `---` at the top of a file: the little YAML that decision
//! records have there. What goes beyond it is kept as it is written.

/// What stands at the top of a file.
#[derive(Debug, Default)]
pub(super) struct Front {
    /// In the file's order.
    pub entries: Vec<Entry>,
    /// How many lines it takes, with both marks.
    pub lines: usize,
}

/// A key with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// As it is written; empty for a line that has none.
    pub key: String,
    /// `None` where the value is beyond what is understood.
    pub value: Option<Values>,
    /// Its lines as they stand.
    pub raw: String,
    /// From 1.
    pub line: usize,
}

/// A value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// One, or none when it is empty.
    One(String),
    /// A list.
    Many(Vec<String>),
}

/// Takes the front matter off a text.
pub(super) fn take(text: &str) -> (Front, &str) {
    let none = (Front::default(), text);
    let mut lines = text.split_inclusive('\n');
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return none;
    }
    let inside: Vec<&str> = lines.take_while(|line| !matches!(line.trim_end(), "---" | "...")).collect();
    let start = text.find('\n').map_or(text.len(), |newline| newline + 1);
    let end = start + inside.iter().map(|line| line.len()).sum::<usize>();
    let closing = text[end..].split_inclusive('\n').next().unwrap_or_default();
    let entries = entries(&text[start..end]);
    // Without a key it is a line across the page and not front matter.
    if closing.is_empty() || !entries.iter().any(|entry| !entry.key.is_empty()) {
        return none;
    }
    (Front { entries, lines: inside.len() + 2 }, &text[end + closing.len()..])
}

/// The entries between the marks.
pub(super) fn entries(inside: &str) -> Vec<Entry> {
    let mut found: Vec<(String, Vec<&str>, usize)> = Vec::new();
    for (at, line) in inside.lines().enumerate() {
        let line = line.trim_end();
        match key(line) {
            Some(key) => found.push((key.to_owned(), vec![line], at + 2)),
            None => match found.last_mut() {
                Some((key, raw, _)) if !key.is_empty() && !line.starts_with('#') => raw.push(line),
                Some((key, raw, _)) if key.is_empty() => raw.push(line),
                _ => found.push((String::new(), vec![line], at + 2)),
            },
        }
    }
    let entry = |(key, raw, line): (String, Vec<&str>, usize)| {
        let value = if key.is_empty() { None } else { value(raw[0][key.len()..].trim_start(), &raw[1..]) };
        Entry { key, value, raw: raw.join("\n").trim_end().to_owned(), line }
    };
    found.into_iter().map(entry).filter(|entry| !entry.raw.is_empty()).collect()
}

fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let plain = key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
    (plain && key.starts_with(char::is_alphabetic) && (rest.is_empty() || rest.starts_with(' '))).then_some(key)
}

/// A value from what follows the key: the rest of its line and the lines below.
fn value(first: &str, below: &[&str]) -> Option<Values> {
    let first = first.strip_prefix(':').unwrap_or(first).trim();
    let below: Vec<&str> = below.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    if !below.is_empty() {
        if !uncommented(first).is_empty() {
            return None;
        }
        let item = |line: &&str| line.strip_prefix("- ").and_then(scalar);
        return below.iter().map(item).collect::<Option<Vec<_>>>().map(Values::Many);
    }
    let bare = uncommented(first);
    if let Some(inside) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return flow(inside).map(Values::Many);
    }
    scalar(first).map(Values::One)
}

fn uncommented(text: &str) -> &str {
    if text.starts_with('#') {
        return "";
    }
    text.split_once(" #").map_or(text, |(before, _)| before).trim()
}

fn scalar(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with(['"', '\'']) {
        let (value, rest) = quoted(text)?;
        return uncommented(rest.trim()).is_empty().then_some(value);
    }
    let text = uncommented(text);
    if text.starts_with(['{', '[', '|', '>', '&', '*', '!', '%', '@', '`']) || text.contains(": ") {
        return None;
    }
    Some(if matches!(text, "~" | "null") { String::new() } else { text.to_owned() })
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    if quote == '\'' {
        let mut value = String::new();
        let mut rest = &text[1..];
        loop {
            let (part, after) = rest.split_once('\'')?;
            value.push_str(part);
            match after.strip_prefix('\'') {
                Some(more) => {
                    value.push('\'');
                    rest = more;
                }
                None => return Some((value, after)),
            }
        }
    }
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let (end, _) = end?;
    Some((serde_json::from_str(&text[..=end]).ok()?, &text[end + 1..]))
}

fn flow(inside: &str) -> Option<Vec<String>> {
    let mut items = Vec::new();
    let mut rest = inside.trim();
    while !rest.is_empty() {
        let (item, after) = if rest.starts_with(['"', '\'']) {
            quoted(rest)?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            (scalar(&rest[..end])?, &rest[end..])
        };
        items.push(item);
        rest = match after.trim_start() {
            "" => "",
            after => after.strip_prefix(',')?.trim_start(),
        };
    }
    Some(items)
}

/// A value as YAML that every parser reads as the same text.
pub(super) fn written(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || " -_./()@'".contains(c))
        && text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_the_forms_that_records_have() {
        let text = "---\n# Note\nstatus: \"superseded by [A](b.md)\" # yes\ndate: 2024-01-11\ndeciders:\n  - Ann\n  - \"B, C\"\ntags: [a, 'it''s', \"x,y\"]\nnav_order: 0\nempty:\nodd: {a: b}\nlong: |\n  text\n---\n# T\n";
        let (front, rest) = take(text);
        assert_eq!((rest, front.lines), ("# T\n", 14));
        let one = |text: &str| Some(Values::One(text.into()));
        let many = |items: &[&str]| Some(Values::Many(items.iter().map(|item| (*item).to_owned()).collect()));
        let values: Vec<_> = front.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        let expected = [
            ("", None),
            ("status", one("superseded by [A](b.md)")),
            ("date", one("2024-01-11")),
            ("deciders", many(&["Ann", "B, C"])),
            ("tags", many(&["a", "it's", "x,y"])),
            ("nav_order", one("0")),
            ("empty", one("")),
            ("odd", None),
            ("long", None),
        ];
        assert_eq!(values, expected.map(|(key, value)| (key.to_owned(), value)));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in
            ["a", "a: b", "# x", "\"q\" \\", "[x](y.md)", "no", "1", "tab\tnew\nline", "é 😀", "- a", "'", "a #b"]
        {
            let yaml = format!("---\nkey: {}\n---\n", written(text));
            let (front, _) = take(&yaml);
            assert_eq!(front.entries[0].value, Some(Values::One(text.into())), "{yaml}");
        }
    }

    #[test]
    fn lines_across_the_page_are_text() {
        for text in ["---\nfoo\n---\n", "---\n", "---\na: b\n", "--- \n", "x\n---\n"] {
            assert_eq!(take(text).1, text);
        }
    }
}
