//! Which headings of a document fill which place of a template.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::full_and_compact::PLACES;
use super::{Heading, Known, Slot, Template, plain};

/// A place as it is recognised.
pub(super) struct Place {
    pub key: String,
    pub repeatable: bool,
    /// Whether any heading will do inside of the places it is nested in.
    pub any: bool,
    /// The headings it goes by, normalised.
    headings: Vec<String>,
    /// The keys of the places it is nested in.
    within: Vec<String>,
}

impl Place {
    fn of_known(known: &Known) -> Place {
        Place {
            key: known.key.to_owned(),
            repeatable: known.repeatable,
            any: known.headings.contains(&"*"),
            headings: known.headings.iter().filter(|heading| **heading != "*").map(|it| normalise(it)).collect(),
            within: above(known.key).map(str::to_owned).into_iter().collect(),
        }
    }

    fn of_slot(slot: &Slot) -> Place {
        let headings = std::iter::once(&slot.title).chain(&slot.aliases);
        Place {
            key: slot.key.clone(),
            repeatable: slot.repeatable,
            // Among the main headings it would swallow every one that is there.
            any: slot.repeatable && !slot.within.is_empty(),
            headings: headings.map(|heading| normalise(heading)).collect(),
            within: slot.within.clone(),
        }
    }

    /// Whether it can stand in a place, or among the main headings. What has
    /// no dot in its key can stand among the main headings wherever its
    /// template has it.
    pub(super) fn stands_in(&self, parent: Option<&str>) -> bool {
        match parent {
            Some(parent) => self.within.iter().any(|key| key == parent) || above(&self.key) == Some(parent),
            None => self.within.is_empty() || !self.key.contains('.'),
        }
    }

    /// Whether it goes by a heading that is normalised already.
    pub(super) fn is_called(&self, title: &str) -> bool {
        self.headings.iter().any(|heading| heading == title)
    }
}

/// The places of the two seeds.
pub(super) static SEED_PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| PLACES.iter().map(Place::of_known).collect());

/// The places of the templates that are built in and read from files, before
/// those of the seeds: theirs are recognised in every template but the seeds.
static MORE_PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    super::all().iter().filter(|it| !it.is_seed()).flat_map(|it| &it.slots).map(Place::of_slot).collect()
});

/// Every place that is known without a user's own template.
pub(super) fn known_places() -> [&'static [Place]; 2] {
    [&MORE_PLACES, &SEED_PLACES]
}

/// For each section the key of the place it fills, in the two seeds. A place
/// that is not repeatable is filled by the first heading that fits; what fits
/// nothing stays where it stands, without a key.
pub fn match_sections<H: Heading>(sections: &[H]) -> Vec<Option<String>> {
    Matching { own: &[], known: &[&SEED_PLACES], template: None, attributes: false }.run(sections)
}

/// For each section the key of the place it fills in a template: by the key
/// it keeps if the template has that, or else by its heading. The template's
/// own headings and aliases come before those that Drystone knows by itself. A
/// section whose place the template lacks has its key all the same, so that
/// nothing is forgotten.
pub fn match_sections_with<H: Heading>(template: &Template, sections: &[H]) -> Vec<Option<String>> {
    if template.is_seed() {
        let known: &[&[Place]] = &[&SEED_PLACES];
        return Matching { own: &[], known, template: Some(template), attributes: false }.run(sections);
    }
    let built_in = super::find(&template.id).is_some();
    let own: Vec<Place> = if built_in { Vec::new() } else { template.slots.iter().map(Place::of_slot).collect() };
    Matching { own: &own, known: &known_places(), template: Some(template), attributes: true }.run(sections)
}

struct Matching<'a> {
    own: &'a [Place],
    known: &'a [&'a [Place]],
    template: Option<&'a Template>,
    /// Whether `{#name}` at the end of a heading is no part of it.
    attributes: bool,
}

impl Matching<'_> {
    fn run<H: Heading>(&self, sections: &[H]) -> Vec<Option<String>> {
        let kept = |section: &H| self.template.is_some_and(|template| template.slot(section.key()).is_some());
        let mut keys: Vec<Option<String>> = Vec::with_capacity(sections.len());
        let mut taken: HashSet<String> =
            sections.iter().filter(|section| kept(section)).map(|section| section.key().to_owned()).collect();
        for section in sections {
            if kept(section) {
                keys.push(Some(section.key().to_owned()));
                continue;
            }
            let parent_key = section.parent().and_then(|parent| keys.get(parent).cloned().flatten());
            let is_main = parent_key.is_none() && is_main(sections, section);
            let place = (section.has_heading() && (parent_key.is_some() || is_main))
                .then(|| self.best(section.title(), parent_key.as_deref(), &taken))
                .flatten();
            if let Some(place) = place.filter(|place| !place.repeatable) {
                taken.insert(place.key.clone());
            }
            let stored = Some(section.key()).filter(|key| self.template.is_some() && !key.is_empty());
            keys.push(place.map(|place| place.key.as_str()).or(stored).map(str::to_owned));
        }
        keys
    }

    fn best(&self, title: &str, parent: Option<&str>, taken: &HashSet<String>) -> Option<&Place> {
        let title = normalise(if self.attributes { without_attributes(title) } else { title });
        let places = || self.own.iter().chain(self.known.iter().copied().flatten());
        let free = |place: &&Place| place.stands_in(parent) && (place.repeatable || !taken.contains(&place.key));
        let by_name = places().filter(free).find(|place| place.is_called(&title));
        by_name.or_else(|| places().filter(free).find(|place| place.any))
    }
}

/// Nesting that still counts as a main heading: below the title, at most.
const MAIN_DEPTH: usize = 2;

fn is_main<H: Heading>(sections: &[H], section: &H) -> bool {
    let mut above = section.parent();
    for _ in 1..MAIN_DEPTH {
        above = above.and_then(|index| sections.get(index)).and_then(Heading::parent);
    }
    above.is_none()
}

/// The key of the place around it, as far as the key says.
pub(super) fn above(key: &str) -> Option<&str> {
    key.rsplit_once('.').map(|(above, _)| above)
}

/// Converters leave `{#section-goals}` after a heading.
fn without_attributes(title: &str) -> &str {
    let trimmed = title.trim_end();
    match trimmed.strip_suffix('}').and_then(|rest| rest.rfind("{#")) {
        Some(start) => trimmed[..start].trim_end(),
        None => title,
    }
}

/// A heading as it is compared: without marks, numbering, case and punctuation.
pub fn normalise(title: &str) -> String {
    let words = plain(title).replace('&', " and ").to_lowercase();
    let words = words.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' ' | '#' | '§'));
    let letters: String = words.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The built-in template that fits a document best, and the places its
/// sections fill in it. arc42 has so many places of its own that a few of them
/// say little: it is taken when most of its main headings are there.
pub fn suggest<H: Heading>(sections: &[H]) -> (&'static Template, Vec<Option<String>>) {
    let all = super::all();
    let seeds = match_sections(sections);
    let count = |template: &Template, keys: &[Option<String>]| {
        keys.iter().flatten().filter(|key| template.slot(key).is_some()).count()
    };
    let seed = all.iter().filter(|template| template.is_seed()).rev().max_by_key(|template| count(template, &seeds));
    let best = seed.unwrap_or(&all[0]);
    for template in all.iter().filter(|template| !template.is_seed()) {
        let keys = match_sections_with(template, sections);
        let main: Vec<&Slot> = template.slots.iter().filter(|slot| slot.within.is_empty()).collect();
        let filled = main.iter().filter(|slot| keys.iter().flatten().any(|key| *key == slot.key)).count();
        if 2 * filled >= main.len() && count(template, &keys) > count(best, &seeds) {
            return (template, keys);
        }
    }
    (best, seeds)
}
