//! Records as list items, with their fields and what is in them below.

use std::collections::{HashMap, HashSet};

use super::lines::{DEPTH, head, labelled, name_field};
use super::sections::Writer;
use crate::record::Record;
use crate::reference::{Hint, Reference};
use crate::schema::{Collection, Field};

/// Columns that one list is further in than the one around it.
pub(super) const STEP: usize = 4;

impl Writer<'_> {
    /// Whether anything of a record or of the evidence for it is not shown.
    pub fn lacks(&self, record: &Record) -> bool {
        !self.shown.any(&record.id) || !self.shown.missing(record).is_empty() || !self.evidence_of(record).is_empty()
    }

    /// Evidence that is not shown.
    pub fn evidence_of(&self, record: &Record) -> Vec<&Record> {
        let evidence = self.ties.evidence.get(record.id.as_str()).into_iter().flatten().copied();
        evidence.filter(|it| !self.shown.any(&it.id) || !self.shown.missing(it).is_empty()).collect()
    }

    /// A record with its fields and the evidence for it.
    pub fn item(&self, record: &Record, indent: usize) -> String {
        let mut fields = self.shown.missing(record).to_vec();
        fields.retain(|field| field.name != name_field(record.collection));
        let (head, main) = head(record, &fields, indent);
        let below = self.below(record, &fields, main, indent + STEP);
        // A name alone needs no colon.
        let alone = below.is_empty() && main.is_none() && record.collection != Collection::Concerns;
        let head = if alone { head.trim_end_matches(':').to_owned() } else { head };
        std::iter::once(head).chain(below).collect::<Vec<_>>().join("\n")
    }

    /// The fields below an item's first line, but for the one that is in it.
    pub fn below(
        &self,
        record: &Record,
        fields: &[&'static Field],
        main: Option<&Field>,
        indent: usize,
    ) -> Vec<String> {
        let others = fields.iter().filter(|field| main.is_none_or(|main| main.name != field.name));
        let lines = others.map(|field| labelled(field.title, record, field, Some(indent)));
        let mut below: Vec<String> = lines.collect();
        if record.collection != Collection::Evidence {
            below.extend(self.evidence_of(record).into_iter().map(|evidence| self.item(evidence, indent)));
        }
        below
    }

    /// An environment with its nodes and what runs on them; nothing where all
    /// of it is shown.
    pub fn environment(&self, environment: &Record) -> Option<String> {
        let mut all = vec![(environment, 0_usize, None)];
        let mut todo: Vec<(&Record, usize, usize)> = Vec::new();
        let tops = self.ties.owned.get(environment.id.as_str()).into_iter().flatten();
        todo.extend(tops.rev().filter(|node| self.model.parent(&node.id).is_none()).map(|node| (*node, 1, 0)));
        while let Some((record, depth, above)) = todo.pop() {
            let here = all.len();
            all.push((record, depth, Some(above)));
            let inside = self.ties.children.get(record.id.as_str()).into_iter().flatten();
            let running = self.ties.owned.get(record.id.as_str()).into_iter().flatten();
            let next = running.chain(inside).copied().collect::<Vec<&Record>>();
            todo.extend(next.into_iter().rev().map(|record| (record, depth + 1, here)));
        }
        let mut wanted = vec![false; all.len()];
        for index in (0..all.len()).rev() {
            wanted[index] = wanted[index] || self.lacks(all[index].0);
            if let (true, Some(above)) = (wanted[index], all[index].2) {
                wanted[above] = true;
            }
        }
        let lines = all.iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        let lines: Vec<String> = lines.map(|((record, depth, _), _)| self.inside(record, *depth)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// A node or an instance at its depth; one that is too deep says where it
    /// belongs.
    fn inside(&self, record: &Record, depth: usize) -> String {
        let indent = STEP * depth.min(DEPTH);
        let mut text = self.item(record, indent);
        if let (true, Some(field)) = (depth > DEPTH, record.collection.field("parent")) {
            let place = Reference { id: record.id.clone(), field: "parent".into(), hint: Hint::Plain }.encode();
            text.push_str(&format!("\n{}- {}: {place}", " ".repeat(indent + STEP), field.title));
        }
        text
    }

    /// What is listed below a heading of its own.
    pub fn listed(&mut self) {
        let all = [
            Collection::Considerations,
            Collection::Risks,
            Collection::Terms,
            Collection::Scenarios,
            Collection::Boundaries,
            Collection::Classes,
            Collection::Views,
            Collection::Suppressions,
            Collection::Attachments,
        ];
        for collection in all {
            for record in self.model.list(collection) {
                if !self.lacks(record) {
                    continue;
                }
                let text = self.item(record, 0);
                let node = match self.shown.home(&record.id) {
                    Some(home) => self.page.of_section(home),
                    None => self.page.place(self.place_of(collection)),
                };
                self.page.write(node, text);
            }
        }
        self.loose_evidence();
    }

    fn place_of(&self, collection: Collection) -> &'static str {
        let arc42 = "quality.scenarios";
        let has = |key| self.page.has_place(key) || self.options.template.is_some_and(|it| it.slot(key).is_some());
        if collection == Collection::Scenarios && has(arc42) { arc42 } else { super::page::key_of(collection) }
    }

    /// Evidence about what no text is about by itself.
    fn loose_evidence(&mut self) {
        let written: HashSet<Collection> = HashSet::from([Collection::Evidence, Collection::Steps]);
        let mut parts: Vec<String> = Vec::new();
        for record in self.model.list(Collection::Evidence).filter(|it| !self.shown.any(&it.id)) {
            let about = self.model.get(record.text("about"));
            if about.is_none_or(|about| written.contains(&about.collection)) {
                parts.push(self.item(record, 0));
            }
        }
        if !parts.is_empty() {
            let node = self.page.place(Collection::Evidence.name());
            parts.into_iter().for_each(|part| self.page.write(node, part));
        }
    }
}

/// What records have to do with each other, worked out once.
#[derive(Default)]
pub(super) struct Ties<'a> {
    pub children: HashMap<&'a str, Vec<&'a Record>>,
    pub owned: HashMap<&'a str, Vec<&'a Record>>,
    pub leaving: HashMap<&'a str, Vec<&'a Record>>,
    pub evidence: HashMap<&'a str, Vec<&'a Record>>,
}

impl<'a> Ties<'a> {
    pub fn of(model: &'a crate::graph::Model) -> Self {
        let mut ties = Ties::default();
        for record in crate::schema::COLLECTIONS.into_iter().flat_map(|collection| model.list(collection)) {
            if let Some(parent) = model.parent(&record.id) {
                ties.children.entry(parent).or_default().push(record);
            }
            let owner = record.collection.table().owner;
            if let Some(owner) = owner.filter(|_| record.collection != Collection::Attachments) {
                ties.owned.entry(record.text(owner)).or_default().push(record);
            }
            match record.collection {
                Collection::Relationships => ties.leaving.entry(record.text("from")).or_default().push(record),
                Collection::Evidence => ties.evidence.entry(record.text("about")).or_default().push(record),
                _ => {}
            }
        }
        ties
    }
}
