//! The name in a heading: without numbering, a word such as “Component 1:”,
//! and marks around it.

use std::ops::Range;

use crate::schema::Collection;

use super::labels::is_advice;

/// Where a heading has its name, and the number before it.
#[derive(Debug, PartialEq)]
pub(super) struct Heading {
    pub name: Range<usize>,
    pub number: Option<String>,
}

/// Words that say what a heading names.
fn words(collection: Collection) -> &'static [&'static str] {
    match collection {
        Collection::Elements => &["component", "building block", "module", "service", "container", "element"],
        Collection::Flows => &["use case", "flow", "data flow", "scenario"],
        Collection::Decisions => &["decision", "adr"],
        Collection::Environments => &["environment"],
        _ => &[],
    }
}

/// The name in a heading; `None` where there is none or only advice.
pub(super) fn read(title: &str, collection: Collection) -> Option<Heading> {
    if title.contains('\n') || is_advice(title) {
        return None;
    }
    let mut start = 0;
    let mut number = None;
    if let Some((length, digits)) = numbering(title) {
        start = length;
        number = digits;
    }
    if let Some((length, digits)) = prefix(&title[start..], words(collection)) {
        start += length;
        number = digits.or(number);
    }
    let name = within_marks(title, start..title.len());
    let text = &title[name.clone()];
    if text.trim().is_empty() || is_advice(text) {
        return None;
    }
    let number = number.map(|digits| digits.trim_start_matches('0').to_owned()).filter(|digits| !digits.is_empty());
    Some(Heading { name, number: number.filter(|_| collection == Collection::Decisions) })
}

/// `3. `, `3) `, `4.1 `, `0003 - `: how long it is, and the number where it is
/// only one.
fn numbering(title: &str) -> Option<(usize, Option<String>)> {
    let end = title.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(title.len());
    let run = &title[..end];
    if !run.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = &title[end..];
    let digits = run.trim_end_matches('.');
    let mark = after.trim_start().chars().next().filter(|c| matches!(c, ':' | ')' | '-' | '–' | '—'));
    let marked = run.ends_with('.') || mark.is_some() || digits.contains('.');
    let rest = mark.map_or(after, |mark| &after.trim_start()[mark.len_utf8()..]);
    let single = (!digits.contains('.') && digits.len() <= 6).then(|| digits.to_owned());
    let set_off = rest.starts_with(' ') && !rest.trim().is_empty();
    (marked && set_off).then(|| (title.len() - rest.trim_start().len(), single))
}

/// `Component 1: `, `ADR-3: `, `Decision: `.
fn prefix(text: &str, words: &[&str]) -> Option<(usize, Option<String>)> {
    let word = words.iter().filter(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    let word = word.max_by_key(|word| word.len())?;
    let after = text[word.len()..].trim_start_matches([' ', '-', '#']);
    let digits = &after[..after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())];
    let after = &after[digits.len()..];
    let number = (!digits.is_empty() && digits.len() <= 6).then(|| digits.to_owned());
    let rest = if let Some(rest) = after.strip_prefix([':', '.']) {
        rest
    } else {
        // A dash sets off only after a number: “Service - A” is a name.
        number.as_ref()?;
        after.trim_start().strip_prefix(['-', '–', '—'])?
    };
    let set_off = rest.starts_with(' ') && !rest.trim().is_empty();
    set_off.then(|| (text.len() - rest.trim_start().len(), number))
}

/// Without marks around all of it, or around a part in brackets at its end.
fn within_marks(title: &str, mut range: Range<usize>) -> Range<usize> {
    for marks in ["**", "__", "`", "*", "_"] {
        let text = &title[range.clone()];
        let bare = text.strip_prefix(marks).and_then(|text| text.strip_suffix(marks));
        if bare.is_some_and(|bare| !bare.is_empty() && !bare.contains(marks)) {
            range = range.start + marks.len()..range.end - marks.len();
        }
    }
    let text = &title[range.clone()];
    let open = text.rfind(" (").filter(|open| text.ends_with(')') && text[*open..].contains(['`', '\\', '*', '[']));
    if let Some(open) = open
        && !text[..open].trim().is_empty()
    {
        let end = range.start + open;
        return within_marks(title, range.start..end);
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_headings() {
        let name = |title: &str, collection| {
            read(title, collection).map(|heading| (title[heading.name].to_owned(), heading.number))
        };
        let element = |title: &str| name(title, Collection::Elements).map(|(name, _)| name);
        for (title, expected) in [
            ("Frontend", "Frontend"),
            ("Component 1: Frontend", "Frontend"),
            ("1. Zero-Copy", "Zero-Copy"),
            ("4.1 **Web client**", "Web client"),
            ("`oxlint` (`apps/oxlint`)", "oxlint"),
            ("Database (PostgreSQL)", "Database (PostgreSQL)"),
            ("Service A", "Service A"),
            ("3D viewer", "3D viewer"),
            ("2 factor login", "2 factor login"),
            ("NAPI Bindings (napi/\\*)", "NAPI Bindings"),
        ] {
            assert_eq!(element(title).as_deref(), Some(expected), "{title}");
        }
        for none in ["[Component Name]", "[Component 1: e.g., Frontend]", "Component 1: [Name]", "", "a\nb"] {
            assert_eq!(element(none), None, "{none}");
        }
        let decision = |title: &str| name(title, Collection::Decisions);
        let numbered = |name: &str, number: &str| Some((name.to_owned(), Some(number.to_owned())));
        for title in ["Decision 3: Use it", "ADR-0003: Use it", "3. Use it", "0003 - Use it", "ADR 3 – Use it"] {
            assert_eq!(decision(title), numbered("Use it", "3"), "{title}");
        }
        assert_eq!(decision("Use it"), Some(("Use it".to_owned(), None)));
        assert_eq!(decision("4.1 Use it"), Some(("Use it".to_owned(), None)));
    }
}
