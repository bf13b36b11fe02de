//! Prose that names an element by an old name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use std::ops::Range;

use crate::check::prose::words;
use crate::check::{Area, Case, Checked, Example, Findings, Prose, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::reference::{self, Reference};
use crate::value::Value;

/// Prose that names an element by an old name.
pub static RULE: Rule = Rule {
    id: "old-name-in-prose",
    title: "Prose that names an element by an old name",
    severity: Severity::Warning,
    area: Area::Prose,
    scope: Scope::Document,
    explanation: "\
        An element was renamed, and a text still calls it by its old name.\n\n\
        Readers look for an element of that name and find none, or take it for another one.\n\n\
        Mention the element instead, so that the text follows the next renaming by itself. The fix does that \
        everywhere in the text.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let names = Names::of(subject);
    if names.by_words.is_empty() {
        return;
    }
    for prose in subject.prose() {
        let text = prose.text();
        let mut found: BTreeMap<(&str, &str), Vec<Range<usize>>> = BTreeMap::new();
        for (range, element, old) in names.find(text) {
            found.entry((&element.id, old)).or_default().push(range);
        }
        for ((id, old), ranges) in found {
            let name = subject.name(id);
            let first = ranges.first().map_or(0, |range| range.start);
            let finding = findings.prose(prose, first, format!("“{old}” is called {name} now."));
            match prose {
                Prose::Section(section) => {
                    let text = replaced(text, &ranges, &Reference::mention(id, "name").encode());
                    finding.rewrite(format!("Mention {name} instead"), section, text);
                }
                Prose::Field(record, field) => {
                    let value = Some(Value::text(replaced(text, &ranges, &name)));
                    let set = Edit::Set { id: record.id.clone(), field: field.name.into(), value };
                    finding.fix(format!("Write {name} instead"), vec![set]);
                }
            }
        }
    }
}

/// Shorter names are words of the language.
const SHORTEST: usize = 3;
/// Longer names are not looked for.
const WORDS: usize = 12;
/// The most elements that are told apart by one old name.
const SHARED: usize = 4;

/// Old names from their first word to their last, so that a text is read once
/// for all of them.
struct Names<'a> {
    by_words: HashMap<&'a str, Vec<(&'a Record, &'a str)>>,
    /// How many words names have that begin with this one, the most first.
    lengths: HashMap<&'a str, BTreeSet<Reverse<usize>>>,
}

impl<'a> Names<'a> {
    fn of(subject: &Checked<'a>) -> Names<'a> {
        let mut names = Names { by_words: HashMap::default(), lengths: HashMap::default() };
        if subject.former_names.is_empty() {
            return names;
        }
        let current: HashSet<&str> = subject.elements().map(|element| element.text("name")).collect();
        for (id, old) in subject.former_names {
            let Some(element) = subject.element(id) else { continue };
            let unused: BTreeSet<&str> =
                old.iter().map(|old| old.trim()).filter(|old| !current.contains(old)).collect();
            unused.into_iter().filter(|old| old.len() >= SHORTEST).for_each(|old| names.add(element, old));
        }
        names
    }

    fn add(&mut self, element: &'a Record, old: &'a str) {
        let all: Vec<Range<usize>> = words(old).take(WORDS + 1).collect();
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return };
        let same = self.by_words.entry(&old[first.start..last.end]).or_default();
        if all.len() <= WORDS && same.len() < SHARED {
            same.push((element, old));
            self.lengths.entry(&old[first.clone()]).or_default().insert(Reverse(all.len()));
        }
    }

    fn find(&self, text: &str) -> Vec<(Range<usize>, &'a Record, &'a str)> {
        let mut inside = reference::find(text).into_iter().map(|(range, _)| range).peekable();
        let mut found: Vec<(Range<usize>, &Record, &str)> = Vec::new();
        let all: Vec<Range<usize>> = words(text).collect();
        for (place, word) in all.iter().enumerate() {
            while inside.next_if(|range| range.end <= word.start).is_some() {}
            let taken = found.last().is_some_and(|(range, ..)| word.start < range.end);
            if taken || inside.peek().is_some_and(|range| range.contains(&word.start)) {
                continue;
            }
            let lengths = self.lengths.get(&text[word.clone()]).into_iter().flatten();
            let spans =
                lengths.filter_map(|length| all.get(place + length.0 - 1)).map(|last| &text[word.start..last.end]);
            let names = spans.flat_map(|span| self.by_words.get(span).into_iter().flatten());
            found.extend(names.filter_map(|(element, old)| fit(text, word.start, element, old)).next());
        }
        found
    }
}

/// Where the old name stands around a word, unless it is part of the new one.
fn fit<'a>(text: &str, word: usize, element: &'a Record, old: &'a str) -> Option<(Range<usize>, &'a Record, &'a str)> {
    let start = word.checked_sub(words(old).next()?.start)?;
    let end = start + old.len();
    let whole = text.get(start..end)? == old;
    let name = element.text("name");
    let is_new = name.match_indices(old).any(|(at, _)| {
        start.checked_sub(at).and_then(|begin| text.get(begin..begin + name.len())).is_some_and(|part| part == name)
    });
    (whole && !is_new).then_some((start..end, element, old))
}

fn replaced(text: &str, ranges: &[Range<usize>], by: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        out.push_str(&text[at..range.start]);
        out.push_str(by);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

fn bad() -> Case {
    Case::new()
        .element("Checkout", "service", &[])
        .element("Mailer", "service", &[("purpose", "Writes to customers of the Cart API")])
        .formerly("Checkout", "Cart API")
        .section("overview", "Overview", "The Cart API takes orders. The Cart API also sends them.")
}

fn good() -> Case {
    Case::new()
        .element("Checkout", "service", &[])
        .element("Mailer", "service", &[("purpose", "Writes to customers of Checkout")])
        .formerly("Checkout", "Cart API")
        .section("overview", "Overview", "{{Checkout}} takes orders, as other Cart APIs do.")
}
