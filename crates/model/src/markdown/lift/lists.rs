//! List items that are records: a name, a text after it, and fields nested
//! below. Environments with what is in them, considerations, risks, terms.

use std::collections::HashSet;
use std::ops::Range;

use crate::naming::{capital, one};
use crate::reference::{self, Hint, OPEN};
use crate::schema::{Collection, Shape};
use crate::value::Value;

use super::blocks::{Block, cells};
use super::fields::{Found, Reading};
use super::kinds::guess_kind;
use super::labels::{Mark, is_advice};
use super::work::{Labelled, Work, quote};

/// A record as a list shows it.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: Range<usize>,
    /// The text that follows the name.
    pub found: Found,
}

/// The field that the text after a name is.
pub(crate) fn main_field(collection: Collection) -> &'static str {
    match collection {
        Collection::Elements => "purpose",
        Collection::Terms => "definition",
        Collection::Scenarios => "response",
        Collection::Evidence => "claim",
        Collection::Concerns => "statement",
        Collection::Suppressions => "reason",
        Collection::Attachments => "caption",
        _ => "description",
    }
}

/// Collections whose items need no name that is set off: all of the item is
/// the name then.
fn may_be_bare(collection: Collection) -> bool {
    matches!(
        collection,
        Collection::Considerations | Collection::Risks | Collection::Alternatives | Collection::Environments
    )
}

/// The field by which a list names a record of a collection.
pub(crate) fn name_field(collection: Collection) -> &'static str {
    if collection == Collection::Suppressions { "rule" } else { collection.table().label }
}

impl Work<'_, '_> {
    /// Every item, labelled paragraph and table row of the section.
    pub fn lift_list(&mut self, collection: Collection) {
        let paragraphs = self.all_labelled(collection).into_iter().filter(|labelled| labelled.item.is_none());
        let paragraphs: Vec<Labelled> = paragraphs.collect();
        let taken: HashSet<usize> = paragraphs.iter().flat_map(|labelled| labelled.found.items.clone()).collect();
        for block in &self.body.blocks {
            match block {
                Block::List(items) => {
                    for item in items.iter().filter(|item| !taken.contains(item)) {
                        self.lift_item(collection, &[], *item);
                    }
                }
                Block::Table(lines) if collection == Collection::Terms => self.lift_terms(lines.clone()),
                _ => {}
            }
        }
        for labelled in paragraphs.into_iter().filter(|labelled| labelled.bold) {
            let entry = Entry { name: labelled.name, found: labelled.found };
            self.lift_entry(collection, &[], entry);
        }
    }

    /// A list item as a record of a collection; gives back its id.
    pub fn lift_item(&mut self, collection: Collection, owner: &[(&str, Value)], item: usize) -> Option<String> {
        let own = self.body.own(&self.body.items[item]);
        let text = self.text(own.clone());
        if self.body.items[item].dead || text.is_empty() {
            return None;
        }
        if is_advice(text) {
            self.left(quote(text), "it is the template's advice".into(), own.start);
            return None;
        }
        let entry = match self.label_of(item) {
            Some((label, found))
                if label.bold || label.mark == Mark::Colon || self.text(label.name.clone()).contains(OPEN) =>
            {
                Entry { name: label.name, found }
            }
            _ if may_be_bare(collection) && !text.contains('\n') => {
                let below = self.where_text_begins(own.end..self.body.whole(&self.body.items[item]).end.max(own.end));
                let items = self.body.items[item].children.clone();
                Entry { name: own, found: Found { text: below.start..below.start, items, whole: below } }
            }
            _ => {
                let what = Collection::table(collection).singular;
                self.left(quote(text), format!("no name is set off that {} could have", one(what)), own.start);
                return None;
            }
        };
        self.lift_entry(collection, owner, entry)
    }

    /// A name with a text and fields as a record.
    pub fn lift_entry(&mut self, collection: Collection, owner: &[(&str, Value)], entry: Entry) -> Option<String> {
        let name = self.text(entry.name.clone());
        if is_advice(self.text(entry.found.text.clone())) && entry.found.items.is_empty() {
            self.left(quote(name), "it is the template's advice".into(), entry.name.start);
            return None;
        }
        let has_fields = || entry.found.items.iter().any(|item| self.nested_field(collection, *item).is_some());
        if collection == Collection::Views && !name.contains(OPEN) && !has_fields() {
            self.left(quote(name), "no field says that it is a diagram".into(), entry.name.start);
            return None;
        }
        let id = self.record_named(collection, owner, entry.name.clone())?;
        let others = self.lift_nested(&id, collection, &entry.found.items);
        let others = self.lift_evidence(&id, others);
        let others = self.lift_inside(&id, collection, others);
        self.lift_main(&id, collection, &entry.found, &others);
        Some(id)
    }

    /// The text after a name, with what is nested below unless that was fields.
    fn lift_main(&mut self, id: &str, collection: Collection, found: &Found, others: &[usize]) {
        let Some(field) = collection.field(main_field(collection)) else { return };
        let all_others = others.len() == found.items.len();
        let only = Found { items: Vec::new(), whole: found.text.clone(), text: found.text.clone() };
        let found = if all_others { found.clone() } else { only };
        if !found.whole.is_empty() {
            self.lift_field(id, field, &found);
        }
        if !all_others {
            for item in others {
                let at = self.body.items[*item].start;
                self.left(quote(self.text(self.body.own(&self.body.items[*item]))), "it is no field".into(), at);
            }
        }
    }

    /// The record of a name: the one that a reference leads to, one that is
    /// there, or a new one. Its name becomes a reference.
    pub fn record_named(
        &mut self,
        collection: Collection,
        owner: &[(&str, Value)],
        name: Range<usize>,
    ) -> Option<String> {
        let text = self.text(name.clone());
        let label = name_field(collection);
        if text.contains(OPEN) {
            return self.referred(collection, text);
        }
        let value = match self
            .read_field(collection.field(label)?, &Found { text: name.clone(), items: Vec::new(), whole: name.clone() })
        {
            Ok(Reading { value, .. }) if value.as_str() == text => value,
            _ => {
                self.left(quote(text), "it cannot be a name".into(), name.start);
                return None;
            }
        };
        let owner_field = collection.table().owner;
        let owner_id =
            owner.iter().find(|(field, _)| Some(*field) == owner_field).map_or("", |(_, value)| value.as_str());
        let there = self.draft.namesakes(collection, owner_id, text).first().cloned();
        // One rule may be suppressed at several places.
        let there = there.filter(|_| label == collection.table().label);
        let id = there.unwrap_or_else(|| {
            let mut fields = owner.to_vec();
            if collection == Collection::Elements {
                fields.push(("kind", Value::text(guess_kind(text, |_| false, false, false))));
            }
            fields.push((label, value));
            self.draft.add(collection, &fields, None)
        });
        if self.draft.get(&id).is_some_and(|record| record.text(label) == text) {
            self.place(name.clone(), &id, label, Hint::Plain);
            self.lifted(format!("{} {}", capital(collection.table().singular), quote(text)), name.start);
        } else {
            self.left(quote(text), "the model spells the name differently".into(), name.start);
        }
        Some(id)
    }

    /// The record of a collection that a text refers to.
    pub fn referred(&self, collection: Collection, text: &str) -> Option<String> {
        let found = reference::find(text).into_iter().map(|(_, reference)| reference.id);
        found
            .into_iter()
            .find(|id| self.draft.is_live(id) && self.draft.get(id).is_some_and(|it| it.collection == collection))
    }

    /// What stands in an environment or a node: nodes, and what runs on them.
    fn lift_inside(&mut self, id: &str, collection: Collection, items: Vec<usize>) -> Vec<usize> {
        let environment = match collection {
            Collection::Environments => id.to_owned(),
            Collection::Nodes => self.draft.get(id).map_or("", |node| node.text("environment")).to_owned(),
            _ => return items,
        };
        let mut others = Vec::new();
        for item in items {
            if collection == Collection::Nodes && self.lift_instance(id, item) {
                continue;
            }
            let named = self.label_of(item).is_some_and(|(label, _)| label.bold);
            if !named {
                others.push(item);
                continue;
            }
            let mut owner = vec![("environment", Value::text(environment.as_str()))];
            if collection == Collection::Nodes {
                owner.push(("parent", Value::text(id)));
            }
            self.lift_item(Collection::Nodes, &owner, item);
        }
        others
    }

    /// `Runs **Web client**: …` below a node.
    fn lift_instance(&mut self, node: &str, item: usize) -> bool {
        let own = self.body.own(&self.body.items[item]);
        let Some(rest) = self.text(own.clone()).strip_prefix("Runs ") else { return false };
        let start = own.end - rest.len();
        let Some(label) = super::labels::label(rest.split('\n').next().unwrap_or_default()) else { return false };
        let name = start + label.name.start..start + label.name.end;
        let children = self.body.items[item].children.clone();
        if let Some(id) = self.referred(Collection::Instances, self.text(name.clone())) {
            self.lift_nested(&id, Collection::Instances, &children);
            return true;
        }
        let Some(element) = self.draft.element(self.text(name.clone())).map(str::to_owned) else { return false };
        let there = self.draft.namesakes(Collection::Instances, node, &element).first().cloned();
        let id = there.unwrap_or_else(|| {
            let fields = [("node", Value::text(node)), ("element", Value::text(element))];
            self.draft.add(Collection::Instances, &fields, None)
        });
        self.place(name, &id, "element", Hint::Plain);
        let value = start + label.value;
        self.lift_nested(&id, Collection::Instances, &children);
        let found = Found { text: value..own.end, items: Vec::new(), whole: value..own.end };
        if let Some(field) = Collection::Instances.field("description").filter(|_| value < own.end) {
            self.lift_field(&id, field, &found);
        }
        true
    }

    /// Items below a record that say how sure one is of it.
    pub fn lift_evidence(&mut self, about: &str, items: Vec<usize>) -> Vec<usize> {
        let mut others = Vec::new();
        for item in items {
            let label = self.label_of(item).filter(|(label, _)| self.text(label.name.clone()) == "Evidence");
            let Some((_, found)) = label else {
                others.push(item);
                continue;
            };
            self.lift_one_evidence(about, &found);
        }
        others
    }

    /// Evidence behind its label.
    pub fn lift_one_evidence(&mut self, about: &str, found: &Found) {
        if self.text(found.whole.clone()).contains(OPEN) {
            return;
        }
        let basis = found.items.iter().find_map(|item| {
            let (field, found) = self.nested_field(Collection::Evidence, *item)?;
            (field.name == "basis").then(|| self.read_field(field, &found).ok()).flatten()
        });
        let Some(basis) = basis else {
            self.left("Evidence".into(), "it has no basis: observed, told or assumed".into(), found.whole.start);
            return;
        };
        let id = self.draft.add(Collection::Evidence, &[("about", Value::text(about)), ("basis", basis.value)], None);
        let others = self.lift_nested(&id, Collection::Evidence, &found.items);
        self.lift_main(&id, Collection::Evidence, found, &others);
    }

    /// A table of terms: the word, and what it means.
    fn lift_terms(&mut self, lines: Range<usize>) {
        for index in lines.skip(2) {
            let start = self.body.lines[index].start;
            let cells = cells(self.body.line(index));
            let [name, definition] = &cells[..] else { continue };
            let shift = |cell: &Range<usize>| start + cell.start..start + cell.end;
            let (mut name, text) = (shift(name), shift(definition));
            let marked = self.text(name.clone());
            if marked.len() > 4 && marked.starts_with("**") && marked.ends_with("**") {
                name = name.start + 2..name.end - 2;
            }
            if name.is_empty() {
                continue;
            }
            let found = Found { text: text.clone(), items: Vec::new(), whole: text };
            self.lift_entry(Collection::Terms, &[], Entry { name, found });
        }
    }

    /// A line that is one of the choices of a field.
    pub fn is_choice(&self, shape: Shape, text: &str) -> bool {
        matches!(shape, Shape::Choice(_))
            && shape.parse(text, &crate::graph::Model::default()).is_ok_and(|value| !value.is_empty())
    }
}
