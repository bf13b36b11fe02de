//! Numbers and names of files.

use crate::graph::slug;

use super::AdrFormat;
use super::format::file_day;
use super::skip::{base, stem};

/// The longest slug in a file's name, in bytes.
const SLUG: usize = 100;

/// The number a text begins with, such as `0007b`, without leading zeros, and
/// what follows it.
pub(super) fn number(text: &str) -> Option<(String, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    if !(1..=9).contains(&length) {
        return None;
    }
    let bare = digits.trim_start_matches('0');
    let bare = if bare.is_empty() { "0" } else { bare };
    let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
    if (1..=3).contains(&letters) && ends(&rest[letters..]) {
        return Some((format!("{bare}{}", &rest[..letters]), &rest[letters..]));
    }
    ends(rest).then(|| (bare.to_owned(), rest))
}

/// The number in a file's name.
pub(super) fn of_file(name: &str) -> Option<String> {
    let stem = stem(base(name))?;
    let bare = stem.strip_prefix("adr").or_else(|| stem.strip_prefix("ADR"));
    number(bare.map_or(stem, |bare| bare.trim_start_matches(['-', '_']))).map(|(number, _)| number)
}

/// Takes a number off a title, as in `5. Title`, `ADR-0005: Title`. Without a
/// number in the file's name any is taken off, else only the same.
pub(super) fn of_title<'a>(title: &'a str, file: Option<&str>) -> (Option<String>, &'a str) {
    let none = (None, title);
    let adr = title.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("adr"));
    let bare = if adr { title[3..].trim_start_matches([' ', '-', '#']) } else { title };
    let Some((number, rest)) = number(bare) else { return none };
    let marks = rest.trim_start();
    let end = marks.strip_prefix(['.', ':', ')', '-', '–', '—']).filter(|end| end.starts_with([' ', '\t']));
    match end.map(str::trim_start).filter(|end| !end.is_empty()) {
        Some(end) if file.is_none_or(|file| file == number) => (Some(number), end),
        _ => none,
    }
}

/// A number for comparing: its digits, then its letters.
pub(super) fn order(number: &str) -> (u64, String) {
    let length = number.bytes().take_while(u8::is_ascii_digit).count();
    (number[..length].parse().unwrap_or(u64::MAX), number[length..].to_owned())
}

/// A number as in file names and references: `7b` as `0007b`.
pub(super) fn padded(number: &str) -> String {
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    format!("{}{number}", "0".repeat(4_usize.saturating_sub(digits)))
}

/// The name of a decision's file. One that it was imported with is kept if the
/// format could have it, so that links in its prose stay right.
pub(super) fn file_name(format: AdrFormat, number: &str, day: &str, title: &str, source: &str) -> String {
    let kept = base(source);
    let safe =
        kept.len() <= 200 && kept.ends_with(".md") && !kept.chars().any(|c| c.is_control() || "<>:\"|?*".contains(c));
    let fits = match format {
        AdrFormat::Log4brains => file_day(kept).is_some(),
        _ => file_day(kept).is_none() && kept.starts_with(&format!("{}-", padded(number))),
    };
    if safe && fits && super::skip::by_name(kept).is_none() {
        return kept.to_owned();
    }
    let slug = shortened(&slug(title));
    let name = match format {
        AdrFormat::Log4brains => format!("{}-{slug}.md", day.replace('-', "")),
        _ => format!("{}-{slug}.md", padded(number)),
    };
    // A decision called “Template” is not to be taken for one.
    if super::skip::by_name(&name).is_some() { name.replace(".md", "-decision.md") } else { name }
}

fn shortened(slug: &str) -> String {
    let mut short = String::new();
    for word in slug.split('-') {
        if short.len() + word.len() >= SLUG {
            break;
        }
        if !short.is_empty() {
            short.push('-');
        }
        short.push_str(word);
    }
    match short.is_empty() {
        true => slug.chars().take(SLUG / 4).collect(),
        false => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        for (name, expected) in [
            ("0007-a.md", Some("7")),
            ("0007b-a.md", Some("7b")),
            ("x/0000_a.md", Some("0")),
            ("adr-12.md", Some("12")),
            ("12a3.md", None),
            ("a.md", None),
            ("0001.txt", None),
        ] {
            assert_eq!(of_file(name).as_deref(), expected, "{name}");
        }
        let title = |title: &'static str, file: Option<&str>| of_title(title, file).1;
        assert_eq!(title("5. A", Some("5")), "A");
        assert_eq!(title("ADR-0005: A", None), "A");
        assert_eq!(title("5. A", Some("7")), "5. A");
        assert_eq!(title("7b. 7b. A", Some("7b")), "7b. A");
        for kept in ["3 ways", "2024-01-11 A", "5.", "é", "adé", "3.5 is out"] {
            assert_eq!(title(kept, None), kept);
        }
        assert_eq!((padded("7b"), padded("12345")), ("0007b".into(), "12345".into()));
    }

    #[test]
    fn names_follow_the_format() {
        let name = |format, source| file_name(format, "7b", "2024-01-11", "Use A, not B!", source);
        assert_eq!(name(AdrFormat::Madr4, ""), "0007b-use-a-not-b.md");
        assert_eq!(name(AdrFormat::Log4brains, "0007b-x.md"), "20240111-use-a-not-b.md");
        assert_eq!(name(AdrFormat::Nygard, "adr/0007b-Old.md"), "0007b-Old.md");
        assert_eq!(name(AdrFormat::Log4brains, "20200101-old.md"), "20200101-old.md");
        assert_eq!(shortened(&"é".repeat(90)), "é".repeat(25));
    }
}
