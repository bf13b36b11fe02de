//! Which format a file has, and whether it is a decision record at all.

use crate::schema::is_day;

use super::inline::{uncommented, words};
use super::page::{Page, Section, is_known};
use super::{AdrFile, AdrFormat};

/// What says that a file is a record, and of which format.
struct Signs {
    front: bool,
    makers: bool,
    bullets: bool,
    status: bool,
    context: bool,
    decision: bool,
    confirmed: bool,
    title: bool,
    /// Sections by their words.
    headings: Vec<String>,
}

/// The format of most of the files that have one; `None` when none has.
pub fn detect(files: &[AdrFile]) -> Option<AdrFormat> {
    let mut votes = [0_usize; 5];
    for file in files.iter().filter(|file| super::skip::by_name(&file.name).is_none()) {
        let text = std::str::from_utf8(&file.bytes).ok().filter(|text| text.len() <= super::FILE);
        if let Some(format) = text.and_then(|text| detect_file(&file.name, text)) {
            votes[format as usize] += 1;
        }
    }
    // One file that only the newest format can have tells that of its folder.
    if votes[AdrFormat::Madr4 as usize] > 0 {
        votes[AdrFormat::Madr4 as usize] += votes[AdrFormat::Madr3 as usize];
        votes[AdrFormat::Madr3 as usize] = 0;
    }
    let most = votes.iter().copied().max().filter(|most| *most > 0)?;
    AdrFormat::ALL.into_iter().find(|format| votes[*format as usize] == most)
}

/// The format of one file; `None` when it is no decision record.
pub fn detect_file(name: &str, text: &str) -> Option<AdrFormat> {
    let signs = Signs::of(text);
    if !signs.is_record() {
        return None;
    }
    let has = |heading: &str| signs.headings.iter().any(|other| other == heading);
    let dated = file_day(super::skip::base(name)).is_some();
    let madr = has("context and problem statement") || has("considered options") || has("decision outcome");
    Some(match () {
        () if signs.makers || signs.confirmed => AdrFormat::Madr4,
        () if signs.front => AdrFormat::Madr3,
        () if dated => AdrFormat::Log4brains,
        () if has("status") && !madr => AdrFormat::Nygard,
        () if signs.bullets => AdrFormat::Madr2,
        () if madr => AdrFormat::Madr3,
        () => AdrFormat::Nygard,
    })
}

/// Whether a single Markdown file is one decision record: a title, a context,
/// and a decision or a status.
pub fn looks_like_record(name: &str, text: &str) -> bool {
    text.len() <= super::FILE && super::skip::by_name(name).is_none() && Signs::of(text).is_record()
}

/// The day that the name of a log4brains file begins with.
pub(super) fn file_day(base: &str) -> Option<String> {
    let digits = base.get(..8).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    if !base[8..].starts_with(['-', '_']) {
        return None;
    }
    let day = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
    is_day(&day).then_some(day)
}

impl Signs {
    fn of(text: &str) -> Signs {
        let page = Page::cut(&text.replace("\r\n", "\n"));
        let keyed = |keys: &[&str]| page.front.entries.iter().any(|entry| keys.contains(&entry.key.as_str()));
        let metas: Vec<(bool, &str)> = page.header.lines().filter_map(meta).collect();
        let title = |section: &Section| words(uncommented(&section.title));
        let headings: Vec<String> = page.sections.iter().map(title).collect();
        let has = |names: &[&str]| headings.iter().any(|heading| names.contains(&heading.as_str()));
        Signs {
            front: !page.front.entries.is_empty(),
            makers: keyed(&["decision-makers", "decision-maker"]),
            bullets: metas.iter().any(|(bullet, _)| *bullet),
            status: has(&["status"]) || keyed(&["status"]) || metas.iter().any(|(_, key)| *key == "status"),
            context: has(&["context", "context and problem statement", "problem statement", "problem", "issue"]),
            decision: has(&["decision", "decision outcome", "outcome"]),
            confirmed: page
                .sections
                .iter()
                .flat_map(|section| &section.below)
                .any(|below| title(below) == "confirmation"),
            title: page.title.is_some(),
            headings,
        }
    }

    /// An architecture document may have such sections too; it has others
    /// besides, and more of them.
    fn is_record(&self) -> bool {
        let known = self.headings.iter().filter(|heading| is_known(heading)).count();
        self.title && self.context && (self.decision || self.status) && self.headings.len() <= known * 2
    }
}

/// Whether a line under the title is an item, and which key it has.
fn meta(line: &str) -> Option<(bool, &'static str)> {
    let bare = line.trim_start_matches(['*', '-', ' ', '_']).to_lowercase();
    let names =
        |key: &&str| bare.strip_prefix(*key).is_some_and(|rest| rest.trim_start_matches(['*', '_']).starts_with(':'));
    let key = ["status", "date", "deciders"].into_iter().find(names)?;
    Some((line.starts_with("* ") || line.starts_with("- "), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        let madr = "## Context and Problem Statement\n\nc\n\n## Decision Outcome\n\nd\n";
        for (name, text, expected) in [
            ("0001-a.md", format!("# A\n\n* Status: accepted\n\n{madr}"), Some(AdrFormat::Madr2)),
            ("0001-a.md", format!("---\nstatus: accepted\n---\n# A\n\n{madr}"), Some(AdrFormat::Madr3)),
            ("0001-a.md", format!("---\ndecision-makers: A\n---\n# A\n\n{madr}"), Some(AdrFormat::Madr4)),
            ("0001-a.md", format!("# A\n\n{madr}\n### Confirmation\n\nc\n"), Some(AdrFormat::Madr4)),
            ("20240101-a.md", format!("# A\n\n- Status: accepted\n\n{madr}"), Some(AdrFormat::Log4brains)),
            ("1.md", "# 1. A\r\n\r\n## Status\r\n\r\n## Context\r\n".into(), Some(AdrFormat::Nygard)),
            ("a.md", "# Shop\n\n## Context\n\n## Status\n\n## A\n\n## B\n\n## C\n".into(), None),
            ("a.md", "Nothing".into(), None),
        ] {
            assert_eq!(detect_file(name, &text), expected, "{text}");
            assert_eq!(looks_like_record(name, &text), expected.is_some());
        }
        assert!(!looks_like_record("template.md", &format!("# A\n\n{madr}")));
    }
}
