//! Sections about one decision: its fields, and what else was considered.

use std::ops::Range;

use crate::reference::OPEN;
use crate::schema::Collection;
use crate::value::Value;

use super::blocks::Body;
use super::fields::{Found, comma_parts};
use super::labels::{Mark, field_called, is_advice, label};
use super::lists::Entry;
use super::work::{Labelled, Work, quote};

/// Labels of what else was considered.
const ALTERNATIVES: &[&str] = &[
    "alternatives considered",
    "alternatives",
    "considered alternatives",
    "considered options",
    "options considered",
    "options",
];

/// The most words that an alternative has that is not set off in a list.
const WORDS: usize = 5;

/// Whether a label or heading is that of the alternatives.
pub(super) fn is_alternatives(label: &str) -> bool {
    ALTERNATIVES.contains(&label.trim().to_lowercase().as_str())
}

/// Fields that other things have as well: they make no decision.
const NOT_TELLING: &[&str] = &["title", "number", "links", "tags", "more", "source", "elements"];

/// Whether a label or heading is one of a decision.
pub(super) fn says_decision(label: &str) -> bool {
    field_called(Collection::Decisions, label).is_some_and(|field| !NOT_TELLING.contains(&field.name))
}

/// Whether a text has a label of a decision at the start of a line.
pub(super) fn has_decision_label(body: &Body<'_>) -> bool {
    let lines = (0..body.lines.len()).filter(|line| !body.dead[*line]);
    lines.map(|line| body.line(line).trim()).any(|line| {
        let text = line.trim_start_matches(['-', '*', '+']);
        let text = if text.starts_with(' ') { text.trim_start() } else { line };
        let label = label(text).filter(|label| label.mark == Mark::Colon || (label.mark == Mark::End && label.bold));
        label.is_some_and(|label| says_decision(&text[label.name.clone()]) || is_alternatives(&text[label.name]))
    })
}

impl Work<'_, '_> {
    /// Everything that is labelled in a section about a decision.
    pub fn lift_decision(&mut self, id: &str) {
        for labelled in self.all_labelled(Collection::Decisions) {
            let name = self.text(labelled.name.clone());
            if is_alternatives(name) {
                self.lift_alternatives(id, &labelled.found);
            } else if name == "Evidence" {
                self.lift_one_evidence(id, &labelled.found);
            } else {
                self.lift_decision_field(id, &labelled);
            }
        }
    }

    fn lift_decision_field(&mut self, id: &str, labelled: &Labelled) {
        let name = self.text(labelled.name.clone());
        let field = field_called(Collection::Decisions, name);
        match field.filter(|field| !matches!(field.name, "title" | "number")) {
            Some(field) => drop(self.lift_field(id, field, &labelled.found)),
            None if labelled.bold && !labelled.found.whole.is_empty() && !name.contains(OPEN) => {
                self.left(quote(name), "a decision has no field of this name".into(), labelled.name.start);
            }
            None => {}
        }
    }

    pub fn lift_alternatives(&mut self, id: &str, found: &Found) {
        let owner = [("decision", Value::text(id))];
        let text = self.text(found.text.clone());
        if found.items.is_empty() && is_advice(text) {
            self.left("Alternatives considered".into(), "it is the template's advice".into(), found.whole.start);
            return;
        }
        for item in &found.items {
            self.lift_alternative(&owner, *item);
        }
        if found.items.is_empty() && !text.is_empty() && !text.contains(OPEN) {
            self.lift_inline_alternatives(&owner, found.text.clone());
        }
    }

    fn lift_alternative(&mut self, owner: &[(&str, Value)], item: usize) {
        let own = self.body.own(&self.body.items[item]);
        let text = self.text(own.clone());
        let labelled = self.label_of(item).is_some_and(|(label, _)| label.bold || label.mark == Mark::Colon);
        let one_line = !text.contains('\n') && !text.contains(OPEN);
        let mark =
            [" because ", " – ", " — ", " - "].iter().filter_map(|mark| Some((text.find(mark)?, mark.len()))).min();
        let Some((at, length)) = mark.filter(|_| !labelled && one_line && !is_advice(text)) else {
            self.lift_item(Collection::Alternatives, owner, item);
            return;
        };
        let name = own.start..own.start + at;
        let rest = own.start + at + length..own.end;
        let because = text[at..].starts_with(" because ");
        let items = self.body.items[item].children.clone();
        let nothing = rest.end..rest.end;
        let found = Found { text: nothing.clone(), items, whole: nothing };
        let Some(id) = self.lift_entry(Collection::Alternatives, owner, Entry { name, found }) else { return };
        let field = Collection::Alternatives.field(if because { "whyNot" } else { "description" });
        if let Some(field) = field {
            self.lift_field(&id, field, &Found { text: rest.clone(), items: Vec::new(), whole: rest });
        }
    }

    /// Names with commas between.
    fn lift_inline_alternatives(&mut self, owner: &[(&str, Value)], range: Range<usize>) {
        let text = self.text(range.clone());
        let parts = comma_parts(text.trim_end_matches('.'));
        let short = |part: &str| !part.is_empty() && part.split_whitespace().count() <= WORDS && !part.contains('\n');
        if !parts.iter().all(|part| short(&text[part.clone()])) {
            let why = "it is prose; in a list each would be an alternative".to_owned();
            self.left("Alternatives considered".into(), why, range.start);
            return;
        }
        for part in parts {
            let name = self.without_marks(range.start + part.start..range.start + part.end);
            self.record_named(Collection::Alternatives, owner, name);
        }
    }

    /// A section whose heading is a label of the decision above it.
    pub fn lift_decision_part(&mut self, id: &str, heading: &str) {
        if !is_alternatives(heading) {
            if let Some(field) = field_called(Collection::Decisions, heading) {
                self.lift_whole_section(id, Collection::Decisions, field);
            }
            return;
        }
        let lists = self.body.blocks.iter().filter_map(|block| match block {
            super::blocks::Block::List(items) => Some(items.clone()),
            _ => None,
        });
        let items: Vec<usize> = lists.flatten().collect();
        let whole = 0..self.body.text.len();
        self.lift_alternatives(id, &Found { text: 0..0, items, whole });
    }
}
