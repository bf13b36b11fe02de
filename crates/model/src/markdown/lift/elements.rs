//! Sections about one element: its fields, and what it depends on.

use std::ops::Range;

use crate::naming::one;
use crate::reference::{Hint, OPEN};
use crate::schema::{Collection, Field, Shape};
use crate::value::Value;

use super::blocks::Block;
use super::fields::{Found, comma_parts};
use super::labels::{field_called, is_advice};
use super::lists::Entry;
use super::work::{Labelled, Work, quote};

/// What one depends on: a name, what for, and more below it.
struct Dependency {
    name: Range<usize>,
    purpose: Option<Found>,
    children: Vec<usize>,
}

impl Work<'_, '_> {
    /// Elements that are items of a list, each with its purpose.
    pub fn lift_element_list(&mut self) {
        let mut items = self.all_labelled(Collection::Elements);
        items.retain(|labelled| labelled.bold && labelled.item.is_some());
        let field = |labelled: &Labelled| field_called(Collection::Elements, self.text(labelled.name.clone()));
        let among_elements = items.iter().any(|labelled| field(labelled).is_none());
        // “API” is another word for a field; among elements it is one.
        items.retain(|labelled| {
            let is_title = |field: &Field| field.title.eq_ignore_ascii_case(self.text(labelled.name.clone()));
            field(labelled).is_none_or(|field| among_elements && !is_title(field))
        });
        for labelled in items {
            let entry = Entry { name: labelled.name, found: labelled.found };
            self.lift_entry(Collection::Elements, &[], entry);
        }
    }

    /// Everything that is labelled in a section about a record.
    pub fn lift_labelled(&mut self, id: &str, collection: Collection) {
        for labelled in self.all_labelled(collection) {
            let name = self.text(labelled.name.clone());
            if name == "Evidence" {
                self.lift_one_evidence(id, &labelled.found);
                continue;
            }
            let Some(field) = field_called(collection, name) else {
                if labelled.bold
                    && collection != Collection::Flows
                    && !labelled.found.whole.is_empty()
                    && !name.contains(OPEN)
                {
                    let what = collection.table().singular;
                    self.left(quote(name), format!("{} has no field of this name", one(what)), labelled.name.start);
                }
                continue;
            };
            self.lift_behind_label(id, collection, field, &labelled.found);
        }
    }

    fn lift_behind_label(&mut self, id: &str, collection: Collection, field: &'static Field, found: &Found) {
        let table = collection.table();
        if field.name == table.label || Some(field.name) == table.owner {
            return;
        }
        match field.shape {
            Shape::Targets => self.lift_dependencies(id, found),
            _ if field.name == "interfaces" && self.lift_ends(id, found) => {}
            _ => drop(self.lift_field(id, field, found)),
        }
    }

    /// `Input:` and `Output:` below `Interfaces`.
    fn lift_ends(&mut self, id: &str, found: &Found) -> bool {
        let ends: Vec<Option<(&'static Field, Found)>> = found
            .items
            .iter()
            .map(|item| {
                let end = self.nested_field(Collection::Elements, *item);
                end.filter(|(field, _)| matches!(field.name, "input" | "output"))
            })
            .collect();
        if ends.iter().all(Option::is_none) {
            return false;
        }
        for (item, end) in found.items.clone().into_iter().zip(ends) {
            match end {
                Some((field, found)) => drop(self.lift_field(id, field, &found)),
                None => {
                    let own = self.body.own(&self.body.items[item]);
                    let why = "beside input and output it stays text".to_owned();
                    self.left(quote(self.text(own.clone())), why, own.start);
                }
            }
        }
        true
    }

    /// A section whose heading is a label of the record above it.
    pub fn lift_whole_section(&mut self, id: &str, collection: Collection, field: &'static Field) {
        let body = self.body;
        let whole = 0..body.text.len();
        let items = match &body.blocks[..] {
            [Block::List(items)] if field.shape != Shape::Text => items.clone(),
            _ => Vec::new(),
        };
        let text = if items.is_empty() { whole.clone() } else { 0..0 };
        if !body.text.is_empty() {
            self.lift_behind_label(id, collection, field, &Found { text, items, whole });
        }
    }

    fn lift_dependencies(&mut self, id: &str, found: &Found) {
        let what = format!("Dependencies of {}", self.label(id));
        if found.items.is_empty() && self.text(found.text.clone()).contains(OPEN) {
            return;
        }
        let parts: Vec<Dependency> = if found.items.is_empty() {
            self.inline_dependencies(found.text.clone())
        } else {
            found.items.iter().filter_map(|item| self.dependency(*item)).collect()
        };
        let advice = parts.iter().any(|part| is_advice(self.text(part.name.clone())));
        if advice || is_advice(self.text(found.text.clone())) {
            self.left(what, "it is the template's advice".into(), found.whole.start);
            return;
        }
        let known = |part: &Dependency| {
            let name = self.text(part.name.clone());
            name.contains(OPEN) || self.draft.element(name).is_some_and(|to| to != id)
        };
        let unknown: Vec<String> = parts
            .iter()
            .filter(|part| !known(part))
            .map(|part| format!("“{}”", quote(self.text(part.name.clone()))))
            .collect();
        if !unknown.is_empty() || parts.is_empty() || (!found.items.is_empty() && !found.text.is_empty()) {
            let why = format!("no element is called exactly {}", unknown.join(" or "));
            self.left(what, why, found.whole.start);
            return;
        }
        let mut used = Vec::new();
        for part in parts {
            self.lift_dependency(id, part, &mut used);
        }
        self.lifted(what, found.whole.start);
    }

    fn inline_dependencies(&self, range: Range<usize>) -> Vec<Dependency> {
        let parts = comma_parts(self.text(range.clone())).into_iter().filter(|part| !part.is_empty());
        let names = parts.map(|part| self.without_marks(range.start + part.start..range.start + part.end));
        names.map(|name| Dependency { name, purpose: None, children: Vec::new() }).collect()
    }

    fn dependency(&self, item: usize) -> Option<Dependency> {
        let children = self.body.items[item].children.clone();
        if self.body.items[item].dead {
            return None;
        }
        if let Some((label, found)) = self.label_of(item) {
            let text = found.text;
            let purpose = Found { whole: text.clone(), items: Vec::new(), text };
            let purpose = Some(purpose).filter(|purpose| !purpose.text.is_empty());
            return Some(Dependency { name: self.without_marks(label.name), purpose, children });
        }
        let own = self.body.own(&self.body.items[item]);
        let text = self.text(own.clone());
        // A dash after a name that is in no bold.
        let dash = [" – ", " — ", " - "].iter().filter_map(|dash| Some((text.find(dash)?, dash.len()))).min();
        let Some((at, length)) = dash else {
            return Some(Dependency { name: self.without_marks(own), purpose: None, children });
        };
        let rest = own.start + at + length..own.end;
        let purpose = Some(Found { whole: rest.clone(), items: Vec::new(), text: rest });
        Some(Dependency { name: self.without_marks(own.start..own.start + at), purpose, children })
    }

    /// Without bold or code marks around it.
    pub fn without_marks(&self, range: Range<usize>) -> Range<usize> {
        let text = self.text(range.clone());
        for marks in ["**", "__", "`"] {
            let inside = text.strip_prefix(marks).and_then(|text| text.strip_suffix(marks));
            if inside.is_some_and(|inside| !inside.is_empty() && !inside.contains(marks)) {
                return range.start + marks.len()..range.end - marks.len();
            }
        }
        range
    }

    fn lift_dependency(&mut self, from: &str, part: Dependency, used: &mut Vec<String>) {
        let name = self.text(part.name.clone());
        if let Some(id) = self.referred(Collection::Relationships, name) {
            self.lift_nested(&id, Collection::Relationships, &part.children);
            return;
        }
        let Some(to) = self.draft.element(name).map(str::to_owned) else { return };
        let purpose = part.purpose.as_ref().map_or("", |found| self.text(found.text.clone()));
        let fits = |id: &&String| {
            let there = self.draft.get(id).map_or("", |record| record.text("description"));
            !used.contains(id) && (purpose.is_empty() || there == purpose || there.is_empty())
        };
        let there = self.draft.between(from, &to).iter().find(fits).cloned();
        let id = there.unwrap_or_else(|| {
            let fields = [("from", Value::text(from)), ("to", Value::text(to))];
            self.draft.add(Collection::Relationships, &fields, None)
        });
        self.place(part.name, &id, "to", Hint::Plain);
        if let (Some(purpose), Some(field)) = (part.purpose, Collection::Relationships.field("description")) {
            self.lift_field(&id, field, &purpose);
        }
        let others = self.lift_nested(&id, Collection::Relationships, &part.children);
        self.lift_evidence(&id, others);
        used.push(id);
    }
}
