//! A sequence as a flow with its steps.

use super::{Lifting, line, plain};
use crate::notation::{End, Step, StepKind};
use crate::record::Record;
use crate::reference;
use crate::schema::Collection;

/// The name of a flow whose diagram has no title.
const UNNAMED: &str = "Flow";

impl Lifting<'_> {
    /// Adds the steps as a flow, unless there is one of the same name and steps.
    pub(super) fn lift_steps(&mut self) {
        let drawing = self.drawing;
        if drawing.steps.is_empty() {
            return;
        }
        let title = line(&drawing.title);
        let name = if title.is_empty() { UNNAMED.to_owned() } else { title };
        let mut drawn = Vec::new();
        self.fingerprint(&drawing.steps, &mut drawn);
        drawn.sort();
        let same_name = |flow: &&Record| plain(&flow.label()) == plain(&name);
        for flow in self.model.list(Collection::Flows).filter(same_name) {
            let mut there: Vec<String> = self.model.owned(&flow.id, Collection::Steps).map(fingerprint).collect();
            there.sort();
            if there == drawn {
                return;
            }
        }
        if self.model.list(Collection::Flows).any(|flow| same_name(&flow)) {
            self.note(format!("There is a flow “{name}” with other steps; this one is added besides it."));
        }
        let flow = self.add(Collection::Flows, vec![("name", name)]);
        let mut loose = 0;
        self.add_steps(&drawing.steps, &flow, "", &mut loose);
        if loose > 0 {
            self.note(format!("{loose} steps go where there is no relationship."));
        }
    }

    fn end(&self, node: Option<usize>) -> String {
        node.and_then(|node| self.ends.get(&End::Node(node))).cloned().unwrap_or_default()
    }

    fn fingerprint(&self, steps: &[Step], drawn: &mut Vec<String>) {
        for step in steps {
            let parts = [
                kind(step.kind).to_owned(),
                self.end(step.from),
                self.end(step.to),
                reference::clean(&step.text),
                line(&step.condition),
            ];
            drawn.push(parts.join("\u{1f}"));
            self.fingerprint(&step.steps, drawn);
        }
    }

    /// Steps nest no deeper than the drawing's limit.
    fn add_steps(&mut self, steps: &[Step], flow: &str, within: &str, loose: &mut usize) {
        for step in steps {
            let (from, to) = (self.end(step.from), self.end(step.to));
            // An answer goes over the relationship it answers.
            let ends = if step.kind == StepKind::Return { (&to, &from) } else { (&from, &to) };
            let found = self.relationships.get(&(ends.0.clone(), ends.1.clone()));
            let relationship = found.filter(|ids| ids.len() == 1).and_then(|ids| ids.first().cloned());
            let goes = matches!(step.kind, StepKind::Message | StepKind::Return) && from != to;
            *loose += usize::from(goes && found.is_none());
            let id = self.add(
                Collection::Steps,
                vec![
                    ("flow", flow.to_owned()),
                    ("within", within.to_owned()),
                    ("kind", kind(step.kind).to_owned()),
                    ("text", reference::clean(&step.text)),
                    ("condition", line(&step.condition)),
                    ("from", from),
                    ("to", to),
                    ("relationship", relationship.filter(|_| goes).unwrap_or_default()),
                ],
            );
            self.add_steps(&step.steps, flow, &id, loose);
        }
    }
}

fn kind(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Message => "message",
        StepKind::Return => "return",
        StepKind::Alternative => "alternative",
        StepKind::Loop => "loop",
        StepKind::Parallel => "parallel",
        StepKind::Note => "note",
    }
}

fn fingerprint(step: &Record) -> String {
    ["kind", "from", "to", "text", "condition"].map(|field| step.text(field)).join("\u{1f}")
}
