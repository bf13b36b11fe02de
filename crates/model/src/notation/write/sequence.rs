//! A sequence diagram of a flow.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::{Keys, label};
use crate::graph::Model;
use crate::notation::DEPTH;
use crate::record::Record;
use crate::reference;
use crate::schema::Collection;

/// A sequence diagram of a flow; "" when there is no such flow.
pub fn mermaid_sequence(model: &Model, flow: &str) -> String {
    let Some(flow) = model.live(flow).filter(|record| record.collection == Collection::Flows) else {
        return String::new();
    };
    let mut script =
        Script { model, out: String::from("sequenceDiagram\n"), keys: HashMap::new(), inner: HashMap::new() };
    let title = label::encode(&flow.label());
    let _ = writeln!(script.out, "  title {title}");
    let steps: Vec<&Record> = model.owned(&flow.id, Collection::Steps).collect();
    for step in &steps {
        script.inner.entry(model.parent(&step.id).unwrap_or_default()).or_default().push(step);
    }
    script.introduce(&steps, flow);
    script.write_all();
    script.out
}

struct Script<'a> {
    model: &'a Model,
    out: String,
    keys: HashMap<&'a str, String>,
    /// Steps by the step that holds them.
    inner: HashMap<&'a str, Vec<&'a Record>>,
}

/// What is still to be written.
enum Task<'a> {
    Line(String),
    Step(&'a Record, usize),
    Inner(&'a str, usize),
}

impl<'a> Script<'a> {
    fn introduce(&mut self, steps: &[&'a Record], flow: &Record) {
        let mut keys = Keys::default();
        let mut seen = HashSet::new();
        let ends = steps.iter().flat_map(|step| [step.text("from"), step.text("to")]);
        for element in ends.filter_map(|id| self.model.live(id)).filter(|element| seen.insert(&element.id)) {
            let key = keys.give(self.model.slug_of(element));
            let word = if element.text("kind") == "person" { "actor" } else { "participant" };
            let _ = writeln!(self.out, "  {word} {key} as {}", label::encode(&element.label()));
            self.keys.insert(&element.id, key);
        }
        if seen.is_empty() && !steps.is_empty() {
            // A note needs somebody to stand over.
            let _ = writeln!(self.out, "  participant flow as {}", label::encode(&flow.label()));
        }
    }

    /// Writes all steps. Blocks that are nested deeper than the limit are left
    /// out, and their steps are written where they stand.
    fn write_all(&mut self) {
        let mut tasks = vec![Task::Inner("", 0)];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Line(line) => {
                    let _ = writeln!(self.out, "{line}");
                }
                Task::Inner(within, depth) => {
                    let steps = self.inner.get(within).cloned().unwrap_or_default();
                    tasks.extend(steps.into_iter().rev().map(|step| Task::Step(step, depth)));
                }
                Task::Step(step, depth) => {
                    let is_block = matches!(step.text("kind"), "alternative" | "loop" | "parallel");
                    if is_block && depth + 1 < DEPTH {
                        self.open_block(step, depth, &mut tasks);
                    } else {
                        self.write_line(step, &"  ".repeat(depth + 1));
                        tasks.push(Task::Inner(&step.id, depth));
                    }
                }
            }
        }
    }

    /// A block without a condition that holds several of its own kind is one
    /// with branches.
    fn open_block(&self, step: &'a Record, depth: usize, tasks: &mut Vec<Task<'a>>) {
        let indent = "  ".repeat(depth + 1);
        let inner = self.inner.get(step.id.as_str()).cloned().unwrap_or_default();
        let kind = step.text("kind");
        let is_branched = kind != "loop"
            && inner.len() > 1
            && step.text("condition").is_empty()
            && inner.iter().all(|inner| inner.text("kind") == kind);
        let branches = if is_branched { inner } else { vec![step] };
        let (first, next) = match (kind, is_branched) {
            ("alternative", true) => ("alt", "else"),
            ("alternative", false) => ("opt", ""),
            ("loop", _) => ("loop", ""),
            _ => ("par", "and"),
        };
        let mut block = Vec::new();
        for (index, branch) in branches.into_iter().enumerate() {
            let word = if index == 0 { first } else { next };
            let condition = label::encode(branch.text("condition"));
            block.push(Task::Line(format!("{indent}{word} {condition}").trim_end().to_owned()));
            block.push(Task::Inner(&branch.id, depth + 1));
        }
        block.push(Task::Line(format!("{indent}end")));
        tasks.extend(block.into_iter().rev());
    }

    fn write_line(&mut self, step: &Record, indent: &str) {
        let text = label::encode(&reference::render(step.text("text"), self.model));
        let key = |field: &str| self.keys.get(step.text(field)).map(String::as_str);
        let first = || self.keys.values().map(String::as_str).min().unwrap_or("flow");
        let is_said = !matches!(step.text("kind"), "note" | "return" | "loop" | "parallel" | "alternative");
        let line = match (key("from"), key("to")) {
            (Some(from), Some(to)) if step.text("kind") == "note" => format!("Note over {from},{to}: {text}"),
            (Some(from), Some(to)) => format!("{from}{}{to}: {text}", self.arrow(step)),
            (Some(at), None) | (None, Some(at)) if is_said => format!("{at}->>{at}: {text}"),
            (at, to) => format!("Note over {}: {text}", at.or(to).unwrap_or_else(first)),
        };
        let _ = writeln!(self.out, "{indent}{}", line.trim_end());
    }

    fn arrow(&self, step: &Record) -> &'static str {
        let relationship = self.model.live(step.text("relationship"));
        let is_asynchronous =
            relationship.is_some_and(|relationship| relationship.text("interaction") == "asynchronous");
        match step.text("kind") {
            "return" => "-->>",
            _ if is_asynchronous => "-)",
            _ => "->>",
        }
    }
}
