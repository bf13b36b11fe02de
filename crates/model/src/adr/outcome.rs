//! The options of a record and which of them was chosen.

use std::collections::BTreeMap;

use crate::value::Value;

use super::inline::{bold, link, read_name, words};
use super::lists::sift;

/// Fields of a record that is being read.
pub(super) type Fields = BTreeMap<&'static str, Value>;

/// The option that stands in `Chosen option: "…", because …`, and what follows.
/// `None` for any other text.
pub(super) fn chosen(text: &str) -> Option<(String, String)> {
    let bare = text.trim_start().trim_start_matches(['*', '_']);
    let label = "chosen option";
    let rest =
        bare.get(..label.len()).filter(|start| start.eq_ignore_ascii_case(label)).map(|_| &bare[label.len()..])?;
    let rest = rest.trim_start_matches(['*', '_']).strip_prefix(':')?.trim_start_matches(['*', '_']).trim_start();
    let line = rest.lines().next().unwrap_or_default();
    let (name, length) = quoted(line).or_else(|| unquoted(line))?;
    let after = rest[length..].trim_start_matches([',', '.']);
    let reason = after.trim_start();
    let because = reason.get(..7).filter(|word| word.eq_ignore_ascii_case("because")).map(|_| &reason[7..]);
    let why = because.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)).unwrap_or(after);
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_owned(), why.trim_start().to_owned()))
}

/// A name in quotation marks, and where the text after it begins. A name may
/// have such marks in it: the one before “because” ends it.
fn quoted(line: &str) -> Option<(&str, usize)> {
    let open = line.chars().next()?;
    let close = match open {
        '"' | '\'' => open,
        '“' => '”',
        '‘' => '’',
        _ => return None,
    };
    let start = open.len_utf8();
    let ends: Vec<usize> = line[start..].match_indices(close).map(|(at, _)| start + at).collect();
    let rest = |at: &usize| line[at + close.len_utf8()..].trim_start();
    let because = |at: &&usize| {
        let after = rest(at).trim_start_matches(',').trim_start();
        after.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("because"))
    };
    let stops = |at: &&usize| rest(at).is_empty() || rest(at).starts_with(['.', ',', ';']);
    let end = ends.iter().find(because).or_else(|| ends.iter().find(stops)).or_else(|| ends.last())?;
    Some((&line[start..*end], end + close.len_utf8()))
}

fn unquoted(line: &str) -> Option<(&str, usize)> {
    if line.is_empty() {
        return None;
    }
    let end = [", because", " because"].iter().find_map(|word| line.find(word));
    let end = end.unwrap_or_else(|| line.trim_end().trim_end_matches('.').len());
    Some((line[..end].trim_matches(['*', '_']), end))
}

/// The name that another one means: the same, the same words, or the only one
/// that begins with it or that it begins with.
pub(super) fn matching(names: &[(usize, &str)], wanted: &str) -> Option<usize> {
    let own: Vec<(usize, String)> = names.iter().map(|(at, name)| (*at, words(name))).collect();
    if let Some((at, _)) = names.iter().find(|(_, name)| *name == wanted) {
        return Some(*at);
    }
    let wanted = words(wanted);
    if let Some((at, _)) = own.iter().find(|(_, name)| *name == wanted) {
        return Some(*at);
    }
    let begins = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with(' '));
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = own.iter().filter(|(_, name)| fits(name));
        found.next().filter(|_| found.next().is_none()).map(|(at, _)| *at)
    };
    only(&|name| begins(name, &wanted)).or_else(|| only(&|name| begins(&wanted, name)))
}

/// An option as a line of a list names it: name, address, and what it is.
pub(super) fn option(line: &str) -> (String, String, String) {
    let line = line.trim();
    if let Some((name, what)) = bold(line) {
        return (name.to_owned(), String::new(), what.to_owned());
    }
    let Some(link) = link(line, 0).filter(|link| link.start == 0 && !link.text.trim().is_empty()) else {
        return (read_name(line), String::new(), String::new());
    };
    let after = &line[link.end..];
    let marks = [": ", " – ", " — ", " - "];
    let split = marks.iter().filter_map(|mark| after.find(mark).map(|at| (at, mark.len()))).min();
    let (name, what) = match split {
        Some((at, length)) => (&after[..at], after[at + length..].trim()),
        None => (after, ""),
    };
    (format!("{}{}", link.text, name.trim_end()), link.url, what.to_owned())
}

/// What speaks for and against an option, taken out of its text; what stays.
pub(super) fn arguments(text: &str, fields: &mut Fields) -> String {
    let mut found: [Vec<String>; 3] = Default::default();
    let rest = sift(text, |item| match verdict(item) {
        Some((side, argument)) => {
            found[side].push(argument.to_owned());
            true
        }
        None => false,
    });
    for (name, more) in ["pros", "neutral", "cons"].into_iter().zip(found) {
        if more.is_empty() {
            continue;
        }
        let mut all = fields.get(name).map_or_else(Vec::new, |value| value.items().to_vec());
        all.extend(more);
        fields.insert(name, Value::List(all));
    }
    rest
}

/// `Good, because …`: which side, and the argument.
fn verdict(item: &str) -> Option<(usize, &str)> {
    let bare = item.trim_start_matches(['*', '_']);
    let length = bare.bytes().take_while(u8::is_ascii_alphabetic).count();
    let side = match bare[..length].to_lowercase().as_str() {
        "good" => 0,
        "neutral" => 1,
        "bad" => 2,
        _ => return None,
    };
    let rest = bare[length..].trim_start_matches(['*', '_']);
    if let Some(rest) = rest.strip_prefix(':') {
        return Some((side, rest.trim_start_matches(['*', '_']).trim())).filter(|(_, argument)| !argument.is_empty());
    }
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start_matches(['*', '_']).trim_start();
    let argument = rest.strip_prefix("because").filter(|rest| rest.starts_with(char::is_whitespace))?.trim();
    (!argument.is_empty()).then_some((side, argument))
}

/// `Outcome: chosen` at the start of an option's text.
pub(super) fn stated(text: &str) -> (Option<&'static str>, &str) {
    for (line, outcome) in [("Outcome: chosen", "chosen"), ("Outcome: not chosen", "rejected"), ("Outcome: open", "")] {
        if let Some(rest) = text.strip_prefix(line)
            && (rest.is_empty() || rest.starts_with('\n'))
        {
            return (Some(outcome), super::lists::unpadded(rest));
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_option_is_read_in_all_its_forms() {
        for (text, name, why) in [
            ("Chosen option: \"A\", because b.\nc", "A", "b.\nc"),
            ("Chosen option: \"A\", because\n\n* b", "A", "* b"),
            ("Chosen option: 'S \"C\" as \"G\"', because x", "S \"C\" as \"G\"", "x"),
            ("Chosen option: \"S 'P' after 'D'\", because x", "S 'P' after 'D'", "x"),
            ("**Chosen option:** A because b", "A", "b"),
            ("Chosen option: **A**, because b", "A", "b"),
            ("Chosen option: \"A\".", "A", ""),
            ("Chosen option: A.\n\nMore", "A", "More"),
            ("Chosen option: \"`N-t.md`\", because b", "`N-t.md`", "b"),
        ] {
            assert_eq!(chosen(text), Some((name.into(), why.into())), "{text}");
        }
        for text in ["", "We chose A", "Chosen option:", "Chosen option: \"\"", "Chosen options: A"] {
            assert_eq!(chosen(text), None, "{text}");
        }
    }

    #[test]
    fn options_are_matched_by_what_they_are_called() {
        let names = [(0, "`A-b` - used by X"), (1, "MADR 3.0"), (2, "Dual license with MIT")];
        let find = |wanted| matching(&names, wanted);
        assert_eq!(
            (find("`A-b`"), find("madr 3.0!"), find("Dual license"), find("No")),
            (Some(0), Some(1), Some(2), None)
        );
        assert_eq!(matching(&[(0, "Use X"), (1, "Use Y")], "Use"), None);
    }

    #[test]
    fn options_and_arguments_are_taken_apart() {
        let parts = |line| option(line);
        let of = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(parts("[MADR](u) 3.0 – The records"), of("MADR 3.0", "u", "The records"));
        assert_eq!(parts("[A](u): b: c"), of("A", "u", "b: c"));
        assert_eq!(parts("Use [A](u), b"), of("Use [A](u), b", "", ""));
        let mut fields = Fields::new();
        let rest = arguments("x\n\n* Good, because a\n  b\n* Bad: c\n* OK, because d\n* good news\n", &mut fields);
        assert_eq!(rest, "x\n\n* OK, because d\n* good news");
        assert_eq!(fields["pros"], Value::list(["a\nb"]));
        assert_eq!(fields["cons"], Value::list(["c"]));
    }
}
