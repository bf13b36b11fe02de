//! One run over the sections of a document: headings first, then texts.

use std::collections::HashSet;

use crate::edit::EDITS;
use crate::reference::{self, Reference};
use crate::schema::{Collection, Field};
use crate::value::Value;

use super::blocks::Body;
use super::decisions::{has_decision_label, is_alternatives, says_decision};
use super::draft::Draft;
use super::kinds::guess_kind;
use super::labels::field_called;
use super::roles::{Role, holds};
use super::work::{Work, labels_of, quote};
use super::{LiftNote, Lifting, Outcome, SectionChange, SectionText, refers, titles};

/// The most list items that a section has to be lifted.
const ITEMS: usize = 20_000;
/// Elements above one another that are walked through, at most.
const DEPTH: usize = 1_000;

pub(super) struct Run<'a> {
    sections: &'a [SectionText],
    roles: &'a [Role],
    draft: Draft<'a>,
    mentions: bool,
    /// The record that each section's heading names.
    homes: Vec<Option<String>>,
    /// Records that a heading names.
    claimed: HashSet<String>,
    changes: Vec<SectionChange>,
    /// Notes of each section.
    notes: Vec<Vec<LiftNote>>,
    holds: Vec<bool>,
}

impl<'a> Run<'a> {
    pub fn new(sections: &'a [SectionText], roles: &'a [Role], draft: Draft<'a>, mentions: bool) -> Self {
        let holds = holds(sections, roles);
        let changes = sections.iter().map(|section| SectionChange { id: section.id.clone(), ..Default::default() });
        let mut run = Run {
            sections,
            roles,
            draft,
            mentions,
            homes: vec![None; sections.len()],
            claimed: HashSet::new(),
            changes: changes.collect(),
            notes: vec![Vec::new(); sections.len()],
            holds,
        };
        for index in 0..sections.len() {
            run.homes[index] = run.referred(index);
        }
        run.claimed = run.homes.iter().flatten().cloned().collect();
        run
    }

    /// The record that a heading refers to already.
    fn referred(&self, index: usize) -> Option<String> {
        let collection = self.roles[index].collection()?;
        let found = reference::find(&self.sections[index].title);
        let ids = found.into_iter().map(|(_, reference)| reference.id);
        ids.into_iter().find(|id| {
            self.draft.is_live(id) && self.draft.get(id).is_some_and(|record| record.collection == collection)
        })
    }

    fn note(&mut self, index: usize, what: String, why: Option<&str>) {
        let outcome = if why.is_some() { Outcome::Left } else { Outcome::Lifted };
        let section = self.sections[index].id.clone();
        let why = why.unwrap_or_default().to_owned();
        self.notes[index].push(LiftNote { section, what, outcome, why, line: 0 });
    }

    /// The record that a section's heading names.
    pub fn title(&mut self, index: usize) {
        let section = &self.sections[index];
        let Some(collection) = self.roles[index].collection() else { return };
        if self.homes[index].is_some() || section.title.is_empty() {
            return;
        }
        if refers(&section.title) {
            return self.note(index, quote(&self.draft.plain(&section.title)), Some("it is in the trash"));
        }
        let body = Body::read(&section.body);
        let told = Work::has_steps(&body) || !labels_of(&body, Collection::Flows).is_empty();
        if collection == Collection::Flows && !told {
            if self.roles[index] == Role::Flow {
                self.note(index, quote(&section.title), Some("it has no numbered steps"));
            }
            return;
        }
        if collection == Collection::Decisions && !self.is_decision(index, &body) {
            let why = "neither a number nor a field such as a status says that it is a decision";
            return self.note(index, quote(&section.title), Some(why));
        }
        let Some(heading) = titles::read(&section.title, collection) else {
            return self.note(index, quote(&section.title), Some("the heading is the template's advice, or no name"));
        };
        let mark = self.draft.mark();
        let name = &section.title[heading.name.clone()];
        let shape = collection.field(collection.table().label).map(|field| field.shape);
        let value = shape.and_then(|shape| shape.check(Value::text(name), &Default::default()).ok());
        if value != Some(Value::text(name)) {
            return self.note(index, quote(name), Some("it cannot be a name"));
        }
        let id = self.record(index, collection, name, heading.number);
        let reference = Reference::mention(&id, collection.table().label).encode();
        let title =
            format!("{}{reference}{}", &section.title[..heading.name.start], &section.title[heading.name.end..]);
        if self.draft.name(&id) != name {
            self.note(index, quote(name), Some("the model spells the name differently"));
        } else if self.draft.reads_the_same(&section.title, &title) {
            self.changes[index].title = Some(title);
            self.note(index, format!("{} {}", crate::naming::capital(collection.table().singular), quote(name)), None);
        } else {
            self.draft.go_back(mark);
            return self.note(index, quote(name), Some("the heading would not read as before"));
        }
        self.claimed.insert(id.clone());
        self.homes[index] = Some(id);
    }

    /// Whether a section among decisions is one, and no part of an essay.
    fn is_decision(&self, index: usize, body: &Body<'_>) -> bool {
        let section = &self.sections[index];
        let number = titles::read(&section.title, Collection::Decisions).and_then(|heading| heading.number);
        let part = |other: &SectionText| {
            let title = other.title.trim_end_matches(':');
            other.parent == Some(index) && (is_alternatives(title) || says_decision(title))
        };
        number.is_some() || has_decision_label(body) || self.sections[index + 1..].iter().any(part)
    }

    /// A record of this name: one that is there, or a new one.
    fn record(&mut self, index: usize, collection: Collection, name: &str, number: Option<String>) -> String {
        let there = self.draft.namesakes(collection, "", name);
        if collection == Collection::Elements {
            return self.element(index, name);
        }
        let label = collection.table().label;
        if let Some(id) = there.first() {
            return id.clone();
        }
        let number = number.filter(|number| self.draft.is_free(number)).unwrap_or_default();
        self.draft.add(collection, &[(label, Value::text(name)), ("number", Value::text(number))], None)
    }

    fn element(&mut self, index: usize, name: &str) -> String {
        let section = &self.sections[index];
        let nested = self.roles[index] == Role::Element { nested: true };
        let parent =
            section.parent.filter(|_| nested).and_then(|parent| self.homes[parent].clone()).unwrap_or_default();
        let there = self.draft.namesakes(Collection::Elements, "", name).to_vec();
        let inside = |id: &&String| self.draft.get(id).is_some_and(|record| record.text("parent") == parent);
        let free: Vec<&String> = there.iter().filter(|id| !self.claimed.contains(*id)).collect();
        let known = there.iter().find(inside).or(if let [one] = free[..] { Some(one) } else { None }).cloned();
        if let Some(id) = known {
            let field =
                Collection::Elements.field("parent").filter(|_| !parent.is_empty() && !self.is_inside(&parent, &id));
            if let Some(field) = field {
                // Where the model has it elsewhere, that counts.
                let _ = self.draft.fill(&id, field, Value::text(parent));
            }
            return id;
        }
        let body = Body::read(&section.body);
        let labels: Vec<(&Field, &str)> = labels_of(&body, Collection::Elements);
        let guess =
            || guess_kind(name, |field| labels.iter().any(|(it, _)| it.name == field), self.holds[index], nested);
        let told = labels.iter().find(|(field, _)| field.name == "kind");
        let told = told.and_then(|(field, text)| field.shape.parse(text, &Default::default()).ok());
        let kind = told.filter(|kind| !kind.is_empty()).unwrap_or_else(|| Value::text(guess()));
        let fields = [("name", Value::text(name)), ("kind", kind), ("parent", Value::text(parent))];
        self.draft.add(Collection::Elements, &fields, None)
    }

    /// Whether an element is the other one or somewhere inside of it.
    fn is_inside(&self, id: &str, other: &str) -> bool {
        let mut at = id.to_owned();
        for _ in 0..DEPTH {
            if at == other {
                return true;
            }
            match self.draft.get(&at).map(|record| record.text("parent")).filter(|parent| !parent.is_empty()) {
                Some(parent) => at = parent.to_owned(),
                None => return false,
            }
        }
        true
    }

    /// What a section's text says.
    pub fn body(&mut self, index: usize) {
        let section = &self.sections[index];
        if section.body.trim().is_empty() {
            return;
        }
        let mark = self.draft.mark();
        let body = Body::read(&section.body);
        let above = section.parent.and_then(|parent| self.homes.get(parent).cloned().flatten());
        let parent_role = section.parent.and_then(|parent| self.roles.get(parent));
        let mut work = Work {
            draft: &mut self.draft,
            body: &body,
            section: &section.id,
            mentions: self.mentions,
            patches: Vec::new(),
            notes: Vec::new(),
        };
        match (&self.roles[index], self.homes[index].as_deref()) {
            (Role::Plain, _) => {}
            _ if body.items.len() > ITEMS => {
                let why = format!("it has more than {ITEMS} list items");
                work.left(quote(&section.title), why, 0);
            }
            (Role::ElementList, _) => work.lift_element_list(),
            (Role::Element { .. }, Some(id)) => work.lift_labelled(id, Collection::Elements),
            (Role::Environment, Some(id)) => work.lift_labelled(id, Collection::Environments),
            (Role::Flow | Role::FlowList, Some(id)) => {
                work.lift_labelled(id, Collection::Flows);
                work.lift_steps(id);
            }
            (Role::Topic(topic), _) => work.lift_concerns(topic),
            (Role::Area { scaling }, _) => work.lift_area(*scaling),
            (Role::List(collection), _) => work.lift_list(*collection),
            (Role::Decision, Some(id)) => work.lift_decision(id),
            (Role::Part(title), _) => match (parent_role, above) {
                (Some(Role::Decision), Some(id)) => work.lift_decision_part(&id, title),
                (_, Some(id)) => {
                    if let Some(field) = field_called(Collection::Elements, title) {
                        work.lift_whole_section(&id, Collection::Elements, field);
                    }
                }
                _ => {}
            },
            _ => {}
        }
        work.mention_rest();
        let text = work.patched();
        let notes = work.notes;
        let why = match text {
            Ok(text) if text == section.body => {
                // What changes no text changes nothing.
                self.draft.go_back(mark);
                self.notes[index].extend(notes);
                return;
            }
            Ok(_) if self.draft.mark() > EDITS => "this is too much for one step; lift the section by itself",
            Ok(text) if self.draft.reads_the_same(&section.body, &text) => {
                self.changes[index].body = Some(text);
                self.notes[index].extend(notes);
                return;
            }
            Ok(_) => "its text would not read as before",
            Err(()) => "a part of it can be read in two ways",
        };
        self.draft.go_back(mark);
        self.note(index, quote(&section.title), Some(why));
    }

    /// The result.
    ///
    /// # Errors
    /// Sections, by index, whose text would not read as before, since other
    /// sections changed what they show.
    pub fn finish(self) -> Result<Lifting, Vec<usize>> {
        let broken = |(section, change): (&SectionText, &SectionChange)| {
            let texts = [(&section.title, &change.title), (&section.body, &change.body)];
            texts.into_iter().any(|(before, after)| {
                let after = after.as_ref().unwrap_or(before);
                refers(after) && !self.draft.reads_the_same(before, after)
            })
        };
        let sections = self.sections.iter().zip(&self.changes).enumerate();
        let broken: Vec<usize> = sections.filter(|(_, pair)| broken(*pair)).map(|(index, _)| index).collect();
        if !broken.is_empty() {
            return Err(broken);
        }
        let changed = self.changes.into_iter().filter(|change| change.title.is_some() || change.body.is_some());
        Ok(Lifting {
            sections: changed.collect(),
            notes: self.notes.into_iter().flatten().collect(),
            edits: self.draft.into_edits(),
        })
    }
}
