//! Statements on security, scaling, resilience and observability.

use std::ops::Range;

use crate::graph::Model;
use crate::reference::Hint;
use crate::schema::{Collection, Shape};
use crate::value::Value;

use super::blocks::Block;
use super::fields::Found;
use super::labels::{Mark, is_advice};
use super::mentions::{Reach, mention};
use super::work::{Work, quote};

impl Work<'_, '_> {
    /// The list items of a place that is about one topic.
    pub fn lift_concerns(&mut self, topic: &str) {
        for block in &self.body.blocks {
            let Block::List(items) = block else { continue };
            for item in items {
                self.lift_concern_item(topic, *item);
            }
        }
    }

    /// Labelled items of a place about several topics: the label is a topic,
    /// or, where it is about scaling, an element.
    pub fn lift_area(&mut self, scaling: bool) {
        for labelled in self.all_labelled(Collection::Concerns) {
            let name = self.text(labelled.name.clone());
            let value = self.text(labelled.found.text.clone());
            if let Some(id) = self.referred(Collection::Concerns, name) {
                let others = self.lift_nested(&id, Collection::Concerns, &labelled.found.items);
                self.lift_evidence(&id, others);
                continue;
            }
            if is_advice(value) && labelled.found.items.is_empty() {
                self.left(quote(name), "it is the template's advice".into(), labelled.name.start);
                continue;
            }
            if let Some(topic) = self.topic(name) {
                let empty = labelled.name.start..labelled.name.start;
                self.lift_concern(&topic, empty, &labelled.found);
                continue;
            }
            let element = self.draft.called(&[Collection::Elements], name).map(str::to_owned);
            match (scaling, element, Collection::Elements.field("scaling")) {
                (true, Some(id), Some(field)) => drop(self.lift_field(&id, field, &labelled.found)),
                _ if labelled.bold => {
                    let why = if scaling { "it is no topic, and no element is called so" } else { "it is no topic" };
                    self.left(quote(name), why.into(), labelled.name.start);
                }
                _ => {}
            }
        }
    }

    /// The topic that a label names.
    fn topic(&self, label: &str) -> Option<String> {
        let shape = Collection::Concerns.field("topic").map_or(Shape::Line, |field| field.shape);
        let topic = shape.parse(label, &Model::default()).ok()?;
        Some(topic.as_str().to_owned()).filter(|topic| !topic.is_empty())
    }

    fn lift_concern_item(&mut self, topic: &str, item: usize) {
        let own = self.body.own(&self.body.items[item]);
        let text = self.text(own.clone());
        if self.body.items[item].dead || text.is_empty() {
            return;
        }
        if is_advice(text) {
            self.left(quote(text), "it is the template's advice".into(), own.start);
            return;
        }
        let children = self.body.items[item].children.clone();
        if let Some(id) = self.referred(Collection::Concerns, text) {
            let others = self.lift_nested(&id, Collection::Concerns, &children);
            self.lift_evidence(&id, others);
            return;
        }
        if self.lift_alert(topic, own.clone(), text) {
            return;
        }
        let whole = self.body.whole(&self.body.items[item]);
        match self.label_of(item).filter(|(label, _)| label.bold && label.mark != Mark::End) {
            // The topic itself is no name.
            Some((label, found)) if self.topic(self.text(label.name.clone())).as_deref() == Some(topic) => {
                self.lift_concern(topic, own.start..own.start, &found);
            }
            Some((label, found)) => self.lift_concern(topic, label.name, &found),
            None => {
                let found = Found { text: own.clone(), items: children, whole: own.start..whole.end };
                self.lift_concern(topic, own.start..own.start, &found);
            }
        }
    }

    /// `Condition: …; Channel: …` in one line.
    fn lift_alert(&mut self, topic: &str, own: Range<usize>, text: &str) -> bool {
        let Some(rest) = text.strip_prefix("Condition: ").filter(|_| !text.contains('\n')) else { return false };
        let mut parts = ["; Channel: ", ", Channel: "].iter().filter_map(|mark| Some((rest.find(mark)?, mark.len())));
        let (Some((at, length)), true) = (parts.next(), text.matches("Channel: ").count() == 1) else { return false };
        let condition = own.end - rest.len()..own.end - rest.len() + at;
        let channel = condition.end + length..own.end;
        let fields = [("topic", Value::text(topic)), ("condition", Value::text(self.text(condition.clone())))];
        let id = self.draft.add(Collection::Concerns, &fields, None);
        for (name, range) in [("condition", condition), ("channel", channel)] {
            let found = Found { text: range.clone(), items: Vec::new(), whole: range };
            if let Some(field) = Collection::Concerns.field(name) {
                self.lift_field(&id, field, &found);
            }
        }
        true
    }

    /// One concern: its name, which may be empty, and what stands behind it.
    fn lift_concern(&mut self, topic: &str, name: Range<usize>, found: &Found) {
        let text = self.text(found.text.clone());
        if let Some(id) = self.referred(Collection::Concerns, text) {
            let others = self.lift_nested(&id, Collection::Concerns, &found.items);
            self.lift_evidence(&id, others);
            return;
        }
        let is_field =
            |item: &usize| self.nested_field(Collection::Concerns, *item).is_some() || self.is_evidence(*item);
        let fields = found.items.iter().any(is_field);
        let (statement, mitigation) = split_mitigation(text);
        let start = found.text.start;
        let whole = match (&mitigation, fields) {
            (Some(_), _) => start..start + statement,
            (None, true) => found.text.clone(),
            (None, false) => found.whole.clone(),
        };
        let at = found.whole.start;
        let what = quote(if text.is_empty() { self.text(name.clone()) } else { text });
        let called = Value::text(self.text(name.clone()));
        if Shape::Line.check(called.clone(), &Model::default()).as_ref() != Ok(&called) {
            return self.left(what, "it cannot be a name".into(), at);
        }
        let reading = if whole.is_empty() { None } else { Some(self.read_text(whole)) };
        let reading = match reading.transpose() {
            Ok(reading) => reading,
            Err(why) => return self.left(what, why, at),
        };
        if reading.is_none() && found.items.is_empty() && name.is_empty() {
            return;
        }
        let told = self.told_name(found);
        let statement = reading.as_ref().map_or("", |reading| reading.value.as_str());
        let id = self.concern(topic, name, told.as_deref(), statement);
        if let Some(reading) = reading {
            self.fill_statement(&id, reading);
        }
        if let (Some(range), Some(field)) = (mitigation, Collection::Concerns.field("mitigation")) {
            let range = start + range.start..start + range.end;
            self.lift_field(&id, field, &Found { text: range.clone(), items: Vec::new(), whole: range });
        }
        if fields {
            let others = self.lift_nested(&id, Collection::Concerns, &found.items);
            self.lift_evidence(&id, others);
        }
        self.lifted(format!("Concern {what}"), at);
    }

    fn is_evidence(&self, item: usize) -> bool {
        self.label_of(item).is_some_and(|(label, _)| self.text(label.name) == "Evidence")
    }

    /// The name that a concern has in a field below it: two concerns may say
    /// the same and have names of their own.
    fn told_name(&self, found: &Found) -> Option<String> {
        let fields = found.items.iter().filter_map(|item| self.nested_field(Collection::Concerns, *item));
        let (field, found) = fields.into_iter().find(|(field, _)| field.name == "name")?;
        self.read_field(field, &found).ok().map(|reading| reading.value.as_str().to_owned())
    }

    /// The concern of a topic with this name, or with this statement when it
    /// has none; a new one when there is none.
    fn concern(&mut self, topic: &str, name: Range<usize>, told: Option<&str>, statement: &str) -> String {
        let shown = !name.is_empty();
        let text = if shown { self.text(name.clone()) } else { told.unwrap_or_default() };
        let key = if text.is_empty() { self.draft.plain(statement) } else { text.to_owned() };
        let there = self.draft.namesakes(Collection::Concerns, topic, &key).first().cloned();
        let there = there.filter(|_| !key.is_empty());
        let id = there.unwrap_or_else(|| {
            let reach = Reach::Phrases;
            let statement =
                if self.mentions { mention(statement, self.draft, reach).text } else { statement.to_owned() };
            let fields = [
                ("topic", Value::text(topic)),
                ("name", Value::text(text)),
                ("statement", Value::text(if text.is_empty() { statement } else { String::new() })),
            ];
            self.draft.add(Collection::Concerns, &fields, None)
        });
        if shown && self.draft.name(&id) == text {
            self.place(name, &id, "name", Hint::Plain);
        }
        id
    }

    fn fill_statement(&mut self, id: &str, reading: super::fields::Reading) {
        let text = reading.value.as_str();
        let mentions = self.mentions.then(|| mention(text, self.draft, Reach::Phrases));
        let value = mentions.as_ref().map_or(text, |mentions| mentions.text.as_str());
        let Some(field) = Collection::Concerns.field("statement") else { return };
        match self.draft.fill(id, field, Value::text(value)) {
            Ok(()) => self.place(reading.at.clone(), id, "statement", reading.hint),
            Err(why) => return self.left(quote(text), why, reading.at.start),
        }
        let mut elements = mentions.map(|mentions| mentions.ids).unwrap_or_default();
        elements.sort();
        if let Some(field) = Collection::Concerns.field("elements").filter(|_| !elements.is_empty()) {
            // What somebody linked by hand counts more.
            let _ = self.draft.fill(id, field, Value::List(elements));
        }
    }
}

/// `…; mitigation: …` or `… (mitigation: …)`: how long the statement is, and
/// where the mitigation is.
fn split_mitigation(text: &str) -> (usize, Option<Range<usize>>) {
    let whole = (text.len(), None);
    if text.contains('\n') {
        return whole;
    }
    let lower = text.to_ascii_lowercase();
    for (mark, end) in [("; mitigation: ", ""), (" (mitigation: ", ")")] {
        let mut places = lower.match_indices(mark).map(|(at, _)| at);
        if let (Some(at), None) = (places.next(), places.next())
            && text.ends_with(end)
            && at > 0
        {
            return (at, Some(at + mark.len()..text.len() - end.len()));
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mitigations_are_split_off() {
        let split = |text: &'static str| {
            let (end, range) = split_mitigation(text);
            (&text[..end], range.map(|range| &text[range]))
        };
        assert_eq!(split("Disk; mitigation: bigger"), ("Disk", Some("bigger")));
        assert_eq!(split("Disk (Mitigation: bigger)"), ("Disk", Some("bigger")));
        assert_eq!(split("Disk, mitigation unknown"), ("Disk, mitigation unknown", None));
    }
}
