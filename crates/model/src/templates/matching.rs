//! Which headings of a document fill which place of a template.

use std::collections::HashSet;

use super::full_and_compact::PLACES;
use super::{Heading, Known, plain};

/// For each section the key of the place it fills. A place that is not
/// repeatable is filled by the first heading that fits; what fits nothing
/// stays where it stands, without a key.
pub fn match_sections<H: Heading>(sections: &[H]) -> Vec<Option<String>> {
    let mut keys: Vec<Option<String>> = Vec::with_capacity(sections.len());
    let mut taken: HashSet<&'static str> = HashSet::new();
    for section in sections {
        let parent_key = section.parent().and_then(|parent| keys.get(parent).cloned().flatten());
        let place = section
            .has_heading()
            .then(|| best(section.title(), parent_key.as_deref(), depth(sections, section), &taken))
            .flatten();
        if let Some(place) = place
            && !place.repeatable
        {
            taken.insert(place.key);
        }
        keys.push(place.map(|place| place.key.to_owned()));
    }
    keys
}

/// Nesting that still counts as a main heading: below the title, at most.
const MAIN_DEPTH: usize = 2;

fn depth<H: Heading>(sections: &[H], section: &H) -> usize {
    let mut depth = 1;
    let mut above = section.parent();
    while let Some(index) = above {
        depth += 1;
        above = sections[index].parent();
    }
    depth
}

fn best(title: &str, parent_key: Option<&str>, depth: usize, taken: &HashSet<&str>) -> Option<&'static Known> {
    let title = normalise(title);
    let fits = |place: &&Known| {
        let heading = place.headings.iter().any(|heading| *heading == "*" || normalise(heading) == title);
        heading && (place.repeatable || !taken.contains(place.key))
    };
    match parent_key {
        Some(parent) => PLACES.iter().filter(|place| nested_in(place.key, parent)).find(fits),
        None if depth <= MAIN_DEPTH => PLACES.iter().filter(|place| !place.key.contains('.')).find(fits),
        None => None,
    }
}

fn nested_in(key: &str, parent: &str) -> bool {
    key.rsplit_once('.').is_some_and(|(above, _)| above == parent)
}

/// A heading as it is compared: without marks, numbering, case and punctuation.
pub fn normalise(title: &str) -> String {
    let words = plain(title).replace('&', " and ").to_lowercase();
    let words = words.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' ' | '#' | '§'));
    let letters: String = words.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}
