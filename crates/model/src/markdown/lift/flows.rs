//! Numbered lists as the steps of a flow.

use crate::reference::{self, Hint, OPEN, Reference};
use crate::schema::{Collection, Field, Shape};
use crate::value::Value;

use super::blocks::Block;
use super::fields::Found;
use super::labels::{Mark, is_advice};
use super::mentions::{Mentions, Reach, mention};
use super::work::{Work, quote};

/// Words between two elements that say that the second one acts.
const BACKWARDS: &[&str] = &[" receives ", " received ", " gets ", " by ", " is told ", " returned ", " from "];
/// Words before a source that the first one reads: it still acts.
const READS: &[&str] = &["read", "retrieve", "fetch", "load", "quer", "request", "pull", "consume", "get"];
/// How far from its beginning a step names who acts, in bytes.
const NEAR: usize = 24;

impl Work<'_, '_> {
    /// Whether the section has steps.
    pub fn has_steps(body: &super::blocks::Body) -> bool {
        body.blocks.iter().any(|block| match block {
            Block::List(items) => items.first().is_some_and(|item| {
                let first = &body.items[*item];
                first.ordered && !is_advice(&body.text[body.own(first)])
            }),
            _ => false,
        })
    }

    /// The numbered lists of the section as one flow's steps, as long as each
    /// continues the one before.
    pub fn lift_steps(&mut self, flow: &str) {
        let mut expected = None;
        for block in &self.body.blocks {
            let Block::List(items) = block else { continue };
            let Some(first) = items.first().map(|item| &self.body.items[*item]).filter(|first| first.ordered) else {
                continue;
            };
            let number = self.number_of(first.marker.clone());
            if expected.is_some_and(|expected| expected != number) {
                let why = "a second numbered list does not continue the first".to_owned();
                self.left(quote(self.text(self.body.own(first))), why, first.start);
                continue;
            }
            expected = Some(number + items.len() as u64);
            self.lift_step_list(flow, "", items);
        }
    }

    fn number_of(&self, marker: std::ops::Range<usize>) -> u64 {
        self.text(marker).trim_end_matches(['.', ')']).parse().unwrap_or(1)
    }

    fn lift_step_list(&mut self, flow: &str, within: &str, items: &[usize]) {
        let mut before: Option<String> = None;
        for item in items {
            before = self.lift_step(flow, within, *item, before.clone()).or(before);
        }
    }

    fn lift_step(&mut self, flow: &str, within: &str, item: usize, before: Option<String>) -> Option<String> {
        let own = self.body.own(&self.body.items[item]);
        let text = self.text(own.clone());
        let children = self.body.items[item].children.clone();
        if let Some(id) = self.referred(Collection::Steps, text) {
            self.lift_below_step(flow, &id, &children);
            return Some(id);
        }
        if self.body.items[item].dead || text.is_empty() || is_advice(text) {
            let why = if is_advice(text) { "it is the template's advice" } else { "it is not text" };
            self.left(quote(text), why.into(), own.start);
            return None;
        }
        let shape = Collection::Steps.field("kind").map_or(Shape::Line, |field| field.shape);
        let kind = self.label_of(item).filter(|(label, _)| {
            label.bold && label.mark == Mark::Colon && self.is_choice(shape, self.text(label.name.clone()))
        });
        let range = kind.as_ref().map_or(own.clone(), |(_, found)| found.text.clone());
        let mut fields = vec![("flow", Value::text(flow)), ("within", Value::text(within))];
        let reading = if range.is_empty() { None } else { Some(self.read_text(range)) };
        let reading = match reading.transpose() {
            Ok(reading) => reading,
            Err(why) => {
                self.left(quote(text), why, own.start);
                return None;
            }
        };
        let mut kind_hint = Hint::Plain;
        if let Some((label, _)) = &kind {
            let word = self.text(label.name.clone());
            let value = shape.parse(word, &crate::graph::Model::default()).unwrap_or(Value::text(""));
            if shape.format(&value, &crate::graph::Model::default()) != word {
                kind_hint = Hint::Spelled(word.to_owned());
            }
            fields.push(("kind", value));
        }
        if let Some(reading) = &reading {
            let mentions = self.step_mentions(reading.value.as_str());
            if let Some((from, to)) = self.ends(&mentions) {
                fields.push(("from", Value::text(from)));
                fields.push(("to", Value::text(to)));
            }
            fields.push(("text", Value::text(mentions.text)));
        }
        let id = self.draft.add(Collection::Steps, &fields, before);
        if let Some((label, _)) = kind {
            self.place(label.name, &id, "kind", kind_hint);
        }
        if let Some(reading) = reading {
            self.place(reading.at, &id, "text", reading.hint);
        }
        self.lifted(format!("Step {}", quote(text)), own.start);
        self.lift_below_step(flow, &id, &children);
        Some(id)
    }

    fn step_mentions(&self, text: &str) -> Mentions {
        if self.mentions {
            return mention(text, self.draft, Reach::Names);
        }
        Mentions { text: text.to_owned(), ids: Vec::new(), changed: false }
    }

    /// Fields and further steps below a step.
    fn lift_below_step(&mut self, flow: &str, step: &str, children: &[usize]) {
        let mut steps = Vec::new();
        for child in children {
            match self.step_field(*child) {
                Some((field, found)) => drop(self.lift_field(step, field, &found)),
                None => steps.push(*child),
            }
        }
        let steps = self.lift_evidence(step, steps);
        self.lift_step_list(flow, step, &steps);
    }

    /// A field of a step: a label that is not in bold, in a list without numbers.
    fn step_field(&self, item: usize) -> Option<(&'static Field, Found)> {
        let (label, _) = self.label_of(item)?;
        let (field, found) = self.nested_field(Collection::Steps, item)?;
        let own = !matches!(field.name, "flow" | "within");
        (own && !label.bold && !self.body.items[item].ordered).then_some((field, found))
    }

    /// Who acts on whom, where a text names two elements and says so plainly.
    fn ends(&self, mentions: &Mentions) -> Option<(String, String)> {
        ends(&mentions.text).filter(|(from, to)| {
            let element = |id: &str| self.draft.get(id).is_some_and(|it| it.collection == Collection::Elements);
            element(from) && element(to)
        })
    }
}

/// The two elements that a step's text names, the one that acts first.
pub(crate) fn ends(text: &str) -> Option<(String, String)> {
    if !text.contains(OPEN) {
        return None;
    }
    let names: Vec<(std::ops::Range<usize>, Reference)> =
        reference::find(text).into_iter().filter(|(_, reference)| reference.field == "name").collect();
    let (first, from) = names.first()?;
    let (second, to) = names.iter().find(|(_, other)| other.id != from.id)?;
    if names.iter().any(|(_, other)| other.id != from.id && other.id != to.id) || first.start > NEAR {
        return None;
    }
    let between = text[first.end..second.start].to_lowercase();
    let reads = READS.iter().any(|word| between.contains(word)) && between.contains(" from ");
    let backwards = BACKWARDS.iter().any(|word| format!("{between} ").contains(word)) && !reads;
    let acts = between.chars().any(|c| c.is_alphabetic() || matches!(c, '→' | '>'));
    (acts && !backwards && !between.contains(". ")).then(|| (from.id.clone(), to.id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_who_acts_on_whom_when_it_is_plain() {
        let read = |text: &str| {
            let text = text.replace('A', "\u{e020}a.name\u{e021}").replace('B', "\u{e020}b.name\u{e021}");
            ends(&text).map(|(from, to)| format!("{from}{to}"))
        };
        for text in
            ["The **A** sends an order to the **B**.", "A → B", "A retrieves data from B", "B calls A and waits"]
        {
            assert!(read(text).is_some(), "{text}");
        }
        assert_eq!(read("B calls A").as_deref(), Some("ba"));
        for text in
            ["A receives an event from B", "The data in A is read by B", "A and C", "It ends. A waits. Then B", "A, B"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
