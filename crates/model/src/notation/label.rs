//! What is written in and at the parts of a Mermaid diagram: quotes, breaks,
//! tags and entities, read and written.

use crate::kinds::kind_meant;

/// The longest tag that is taken for one, in bytes.
const TAG: usize = 200;

/// Tags that end a line.
const BLOCKS: &[&str] = &["br", "div", "p", "li", "ul", "h1", "h2", "h3", "h4", "hr"];
/// Tags that only change how text looks.
const STYLES: &[&str] =
    &["b", "i", "u", "em", "strong", "small", "big", "span", "sub", "sup", "font", "code", "center"];

/// Entities by name.
const ENTITIES: &[(&str, char)] = &[
    ("quot", '"'),
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("semi", ';'),
    ("colon", ':'),
    ("num", '#'),
    ("hash", '#'),
    ("lbrack", '['),
    ("rbrack", ']'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
];

/// What a box says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Label {
    /// The first line.
    pub name: String,
    /// From a line such as `[Container: Java]`.
    pub kind: &'static str,
    /// From the same line, or one such as `[Java]`.
    pub technology: String,
    /// The other lines.
    pub description: String,
}

/// Reads what a box says.
pub(super) fn read(raw: &str) -> Label {
    let mut label = Label::default();
    let mut rest = Vec::new();
    for (index, line) in lines(raw).iter().enumerate() {
        if index == 0 {
            label.name = decode(line);
        } else if let Some(inside) = inside(line, '[', ']').filter(|_| label.technology.is_empty()) {
            let (kind, technology) = inside.split_once(':').unwrap_or((inside, ""));
            match kind_meant(kind) {
                Some(kind) => (label.kind, label.technology) = (kind, decode(technology.trim())),
                None => label.technology = decode(inside),
            }
        } else {
            rest.push(decode(inside_or_all(line)));
        }
    }
    label.description = rest.join(" ");
    label
}

/// Reads what an arrow says: text and technology.
pub(super) fn read_edge(raw: &str) -> (String, String) {
    let mut text = Vec::new();
    let mut technology = String::new();
    for line in lines(raw) {
        match inside(&line, '[', ']').filter(|_| technology.is_empty()) {
            Some(inside) => technology = decode(inside),
            None => text.push(decode(&line)),
        }
    }
    (text.join(" "), technology)
}

/// Reads text whose lines mean nothing.
pub(super) fn read_text(raw: &str) -> String {
    lines(raw).iter().map(|line| decode(line)).collect::<Vec<_>>().join("\n")
}

fn inside(line: &str, open: char, close: char) -> Option<&str> {
    line.strip_prefix(open)?.strip_suffix(close).map(str::trim)
}

fn inside_or_all(line: &str) -> &str {
    inside(line, '(', ')').unwrap_or(line)
}

/// The lines of a label, still with entities; none of them empty.
fn lines(raw: &str) -> Vec<String> {
    let mut text = raw.trim();
    if text.len() >= 2 && text.starts_with('"') && text.ends_with('"') {
        text = text[1..text.len() - 1].trim();
    }
    let marked = text.len() >= 2 && text.starts_with('`') && text.ends_with('`');
    let plain = if marked { text[1..text.len() - 1].replace('*', "") } else { text.to_owned() };
    let broken = without_tags(&plain).replace("\\n", "\n");
    broken.lines().map(without_icons).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (replacement, length) = tag(rest).unwrap_or(("<", 1));
        out.push_str(replacement);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// What stands for the tag at the beginning of a text, and how long it is.
fn tag(text: &str) -> Option<(&'static str, usize)> {
    let end = text.bytes().take(TAG).position(|byte| byte == b'>')?;
    let name: String = text[1..end].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    if BLOCKS.contains(&name.as_str()) {
        return Some(("\n", end + 1));
    }
    STYLES.contains(&name.as_str()).then_some(("", end + 1))
}

/// Takes out icons such as `fa:fa-user`.
fn without_icons(line: &str) -> String {
    if !line.contains(":fa-") {
        return line.to_owned();
    }
    line.split(' ').filter(|word| !(word.starts_with("fa") && word.contains(":fa-"))).collect::<Vec<_>>().join(" ")
}

/// Replaces entities, `#35;` as well as `&amp;`.
pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['#', '&']) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        match entity(rest) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// The character of the entity at the beginning of a text, and how long it is.
fn entity(text: &str) -> Option<(char, usize)> {
    let name = text[1..].trim_start_matches('#');
    let marks = text.len() - name.len();
    let end = name.bytes().take(12).position(|byte| byte == b';')?;
    let (name, length) = (&name[..end], marks + end + 1);
    if marks > 2 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let number = match name.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => name.parse().ok(),
    };
    let c = match number {
        Some(number) => char::from_u32(number)?,
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((c, length))
}

/// Text so that it can stand between quotes and is read back as it was.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            out.push_str("<br/>");
        }
        encode_line(line, &mut out);
    }
    out
}

fn encode_line(line: &str, out: &mut String) {
    let mut chars = line.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let special = match c {
            '"' => Some("#quot;"),
            '<' => Some("#lt;"),
            '>' => Some("#gt;"),
            '&' => Some("#amp;"),
            '#' => Some("#35;"),
            ';' => Some("#59;"),
            '`' => Some("#96;"),
            '\\' => Some("#92;"),
            '[' if first => Some("#91;"),
            '(' if first => Some("#40;"),
            '%' if first || chars.peek() == Some(&'%') => Some("#37;"),
            ':' if chars.peek() == Some(&'f') => Some("#58;"),
            c if c.is_control() => Some(" "),
            _ => None,
        };
        match special {
            Some(entity) => out.push_str(entity),
            None => out.push(c),
        }
        first = false;
    }
}

/// A technology for a line of its own, `[Java]`. One that would be taken for a
/// kind has its first letter as a number.
pub(super) fn encode_technology(technology: &str) -> String {
    let line = technology.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let encoded = encode(&line);
    if kind_meant(line.split(':').next().unwrap_or_default()).is_none() {
        return format!("[{encoded}]");
    }
    let mut chars = line.chars();
    let first = chars.next().map_or(0, u32::from);
    format!("[#{first};{}]", encode(&format!("x{}", chars.as_str())).split_off(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_their_breaks_tags_and_entities() {
        assert_eq!(read("CLI Commands<br/>cmd/litestream/").name, "CLI Commands");
        assert_eq!(read("\"CLI<br>cmd\"").description, "cmd");
        assert_eq!(
            read("\"a #quot;b#quot; &amp; #9829; List<String> &unknown;\"").name,
            "a \"b\" & ♥ List<String> &unknown;"
        );
        assert_eq!(read("\"`**Web** *client*`\"").name, "Web client");
        assert_eq!(read("fa:fa-user Jane").name, "Jane");
        let drawn = "<div style='font-weight: bold'>Shop</div><div>[Container: Java]</div><div>Sells (all)</div>";
        let label = Label {
            name: "Shop".into(),
            kind: "container",
            technology: "Java".into(),
            description: "Sells (all)".into(),
        };
        assert_eq!(read(drawn), label);
        assert_eq!(read_edge("Reads<br/>orders<br/>[JDBC]"), ("Reads orders".into(), "JDBC".into()));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in
            ["a \"b\" <br/> [c]", "[a]", "(a)", "%% a", "a;b#35;", "`x`", "a\\nb", "fa:fa-user a", "&lt;", "50%"]
        {
            assert_eq!(read(&format!("\"{}\"", encode(text))).name, text);
        }
        for technology in ["Java", "Person", "Container: Java", "[x]", "é"] {
            let label = read(&format!("\"a<br/>{}\"", encode_technology(technology)));
            assert_eq!((label.technology.as_str(), label.kind), (technology, ""));
        }
    }
}
