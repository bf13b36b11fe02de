//! Lifting until there is nothing more to lift, and without what an export
//! would not give back.

use std::collections::{HashMap, HashSet};

use super::draft::Draft;
use super::roles::{self, Role};
use super::sections::Run;
use super::work::quote;
use super::{LiftNote, LiftOptions, Lifting, Outcome, SectionChange, SectionText};
use crate::graph::Model;
use crate::markdown::generate::{CompleteOptions, complete};
use crate::markdown::told_by_diagrams;
use crate::reference;
use crate::templates::{Template, plain};

/// How often a document is read again: what is known in the end may be named
/// before that, and a text with references in it may show more of its form.
const ROUNDS: usize = 8;
/// How often lifting begins again without sections that cannot be lifted.
const ATTEMPTS: usize = 8;

/// Why a section is not lifted after all.
const READS_DIFFERENTLY: &str = "its text would not read as before";
const NOT_GIVEN_BACK: &str = "an export would say it again, or differently";

/// Reads sections and says what of them can be in the model. Lifting again
/// what was lifted gives nothing.
pub fn lift(
    sections: &[SectionText],
    model: &Model,
    options: &LiftOptions,
    fresh_id: &mut dyn FnMut() -> String,
) -> Lifting {
    let mut lifting = without_broken(sections, model, options, fresh_id);
    if lifting.is_nothing() {
        return lifting.in_order(sections);
    }
    let (mut texts, mut after) = (sections.to_vec(), lifting.model(model));
    lifting.put_into(&mut texts);
    for _ in 1..ROUNDS {
        let more = without_broken(&texts, &after, options, fresh_id);
        if more.is_nothing() {
            break;
        }
        after = more.model(&after);
        more.put_into(&mut texts);
        lifting.join(more);
    }
    lifting.in_order(sections)
}

/// Lifts as [`lift`] does, but leaves the sections of which an export by this
/// template would add what is in no text, so that it is as the import was.
pub fn lift_as_shown(
    sections: &[SectionText],
    model: &Model,
    options: &LiftOptions,
    template: Option<&Template>,
    fresh_id: &mut dyn FnMut() -> String,
) -> Lifting {
    let before = added(sections, model, template);
    let mut left: Vec<usize> = Vec::new();
    for attempt in 0..ATTEMPTS {
        let options = without(sections, options, &left);
        let mut lifting = lift(sections, model, &options, fresh_id);
        let mut texts = sections.to_vec();
        lifting.put_into(&mut texts);
        let added: HashSet<String> = &added(&texts, &lifting.model(model), template) - &before;
        if added.is_empty() {
            lifting.leave(sections, model, &left, NOT_GIVEN_BACK);
            return lifting.in_order(sections);
        }
        let shows = |text: &str| reference::find(text).iter().any(|(_, found)| added.contains(&found.id));
        let changed: Vec<usize> = (0..texts.len()).filter(|at| texts[*at] != sections[*at]).collect();
        let guilty = changed.iter().copied().filter(|at| shows(&texts[*at].title) || shows(&texts[*at].body));
        let guilty: Vec<usize> = guilty.collect();
        // Where no text shows it, or it never ends, nothing is lifted.
        left.extend(if guilty.is_empty() || attempt + 2 == ATTEMPTS { changed } else { guilty });
    }
    let mut lifting = Lifting::default();
    lifting.leave(sections, model, &left, NOT_GIVEN_BACK);
    lifting.in_order(sections)
}

/// The records of which an export would add something.
fn added(sections: &[SectionText], model: &Model, template: Option<&Template>) -> HashSet<String> {
    let show = |text: &str| reference::render(text, model);
    let shown: Vec<(String, String)> = sections.iter().map(|it| (show(&it.title), show(&it.body))).collect();
    let told = told_by_diagrams(shown.iter().map(|(title, body)| (title.as_str(), body.as_str())), model);
    let added = complete(sections, model, &CompleteOptions { template, diagram: None, told });
    let texts = added.iter().flat_map(|part| [part.heading.as_deref().unwrap_or_default(), part.body.as_str()]);
    texts.flat_map(reference::find).map(|(_, reference)| reference.id).collect()
}

/// The options without some sections.
fn without(sections: &[SectionText], options: &LiftOptions, left: &[usize]) -> LiftOptions {
    if left.is_empty() {
        return options.clone();
    }
    let wanted = |id: &String| options.sections.as_ref().is_none_or(|wanted| wanted.contains(id));
    let kept = sections.iter().enumerate().filter(|(index, section)| !left.contains(index) && wanted(&section.id));
    LiftOptions { sections: Some(kept.map(|(_, section)| section.id.clone()).collect()), ..options.clone() }
}

/// One round, again without the sections that other sections would change.
fn without_broken(
    sections: &[SectionText],
    model: &Model,
    options: &LiftOptions,
    fresh_id: &mut dyn FnMut() -> String,
) -> Lifting {
    let mut left: Vec<usize> = Vec::new();
    for _ in 0..ATTEMPTS {
        match round(sections, model, &without(sections, options, &left), fresh_id) {
            Ok(mut lifting) => {
                lifting.leave(sections, model, &left, READS_DIFFERENTLY);
                return lifting;
            }
            Err(broken) => left.extend(broken),
        }
    }
    let mut lifting = Lifting::default();
    lifting.leave(sections, model, &left, READS_DIFFERENTLY);
    lifting
}

fn round(
    sections: &[SectionText],
    model: &Model,
    options: &LiftOptions,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<Lifting, Vec<usize>> {
    let texts = sections.iter().flat_map(|section| [section.title.as_str(), section.body.as_str()]);
    let draft = Draft::new(model, fresh_id, texts);
    let roles = roles::assign(sections);
    let wanted = options.sections.as_ref().map(|ids| ids.iter().map(String::as_str).collect::<HashSet<_>>());
    let wanted = |section: &SectionText| wanted.as_ref().is_none_or(|wanted| wanted.contains(section.id.as_str()));
    let mut run = Run::new(sections, &roles, draft, options.mentions);
    let chosen: Vec<usize> = (0..sections.len()).filter(|index| wanted(&sections[*index])).collect();
    for index in &chosen {
        run.title(*index);
    }
    // Lists of elements first, so that everything else knows their names.
    let (lists, others): (Vec<usize>, Vec<usize>) =
        chosen.into_iter().partition(|index| matches!(roles[*index], Role::ElementList));
    for index in lists.into_iter().chain(others) {
        run.body(index);
    }
    run.finish()
}

impl Lifting {
    fn is_nothing(&self) -> bool {
        self.edits.is_empty() && self.sections.is_empty()
    }

    /// Changes the texts.
    fn put_into(&self, sections: &mut [SectionText]) {
        let changes: HashMap<&str, &SectionChange> = self.sections.iter().map(|it| (it.id.as_str(), it)).collect();
        for section in sections {
            let Some(change) = changes.get(section.id.as_str()) else { continue };
            if let Some(title) = &change.title {
                section.title.clone_from(title);
            }
            if let Some(body) = &change.body {
                section.body.clone_from(body);
            }
        }
    }

    /// Takes a later round in. What was left before and is lifted now is said
    /// once, where it stood in the text as people know it.
    fn join(&mut self, more: Lifting) {
        self.edits.extend(more.edits);
        let places: HashMap<String, usize> =
            self.sections.iter().enumerate().map(|(at, change)| (change.id.clone(), at)).collect();
        for change in more.sections {
            match places.get(&change.id).and_then(|at| self.sections.get_mut(*at)) {
                Some(there) => {
                    there.title = change.title.or(there.title.take());
                    there.body = change.body.or(there.body.take());
                }
                None => self.sections.push(change),
            }
        }
        let key = |note: &LiftNote| (note.section.clone(), note.what.clone());
        let mut places: HashMap<(String, String), usize> = HashMap::new();
        for (at, note) in self.notes.iter().enumerate() {
            let place = places.entry(key(note)).or_insert(at);
            if note.outcome == Outcome::Left {
                *place = at;
            }
        }
        for note in more.notes {
            match places.get(&key(&note)).and_then(|at| self.notes.get_mut(*at)) {
                Some(_) if note.outcome == Outcome::Left => {}
                Some(there) if there.outcome == Outcome::Left => *there = LiftNote { line: there.line, ..note },
                _ => self.notes.push(note),
            }
        }
    }

    /// Notes that sections were left.
    fn leave(&mut self, sections: &[SectionText], model: &Model, left: &[usize], why: &str) {
        let left = left.iter().filter_map(|index| sections.get(*index));
        self.notes.extend(left.map(|section| LiftNote {
            section: section.id.clone(),
            what: quote(&plain(&reference::render(&section.title, model))),
            outcome: Outcome::Left,
            why: why.to_owned(),
            line: 0,
        }));
    }

    /// Notes and changes in the order of the document.
    fn in_order(mut self, sections: &[SectionText]) -> Lifting {
        let places: HashMap<&str, usize> =
            sections.iter().enumerate().map(|(at, section)| (section.id.as_str(), at)).collect();
        self.notes.sort_by_key(|note| places.get(note.section.as_str()));
        self.sections.sort_by_key(|change| places.get(change.id.as_str()));
        self
    }
}
