//! Diagrams that are text, in and out: Mermaid's flowcharts, C4 diagrams and
//! sequence diagrams, and boxes drawn with characters. What is read becomes a
//! [`Drawing`], and from that a [`Proposal`] for the model.

mod ascii;
mod c4;
mod flowchart;
mod found;
#[cfg(test)]
mod hostile_tests;
mod label;
mod mermaid;
mod proposal;
mod sequence;
#[cfg(test)]
mod tests;
mod write;

pub use found::{Found, Language, find};
pub use proposal::{Proposal, to_edits};
pub use write::{mermaid_c4, mermaid_flowchart, mermaid_sequence};

/// The longest diagram that is read, in bytes.
pub const SIZE: usize = 256 << 10;
/// The most nodes, groups, edges or steps of one diagram, each.
pub const PARTS: usize = 10_000;
/// The deepest nesting of groups or steps.
pub const DEPTH: usize = 40;
/// The most warnings that are kept of one diagram.
pub const WARNINGS: usize = 100;
/// The longest label without quotes, in bytes.
const LABEL: usize = 2_000;

/// What kind of diagram it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// None that shows a part of the model.
    #[default]
    Other,
    /// Mermaid's `flowchart` or `graph`.
    Flowchart,
    /// Mermaid's C4 diagrams.
    C4,
    /// The same for deployment: its groups are machines.
    Deployment,
    /// A sequence, or a dynamic C4 diagram: it has steps.
    Sequence,
    /// Boxes drawn with characters.
    Boxes,
}

/// What a diagram shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drawing {
    /// What kind of diagram it is.
    pub form: Form,
    /// Its title; "" when it has none.
    pub title: String,
    /// Boxes that hold no others, and participants.
    pub nodes: Vec<Node>,
    /// Boxes that hold others.
    pub groups: Vec<Group>,
    /// Arrows.
    pub edges: Vec<Edge>,
    /// The steps of a sequence.
    pub steps: Vec<Step>,
    /// Lines, from 1, and what was not understood there.
    pub warnings: Vec<(usize, String)>,
}

/// A box that holds no others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Its id in the diagram.
    pub key: String,
    /// What is written in it.
    pub label: String,
    /// The kind of element that its form speaks of; "" when it tells nothing.
    pub hint: &'static str,
    /// Technology, when the diagram names one.
    pub technology: String,
    /// What else is written in it.
    pub description: String,
    /// The group it is in, by index.
    pub group: Option<usize>,
}

/// A box that holds others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Its id in the diagram.
    pub key: String,
    /// What is written in it; "" when it has no title.
    pub label: String,
    /// The kind of element it stands for; "" when it is only a frame.
    pub hint: &'static str,
    /// Technology, when the diagram names one.
    pub technology: String,
    /// What else is written in it.
    pub description: String,
    /// The group around it, by index; always an earlier one.
    pub parent: Option<usize>,
}

/// Where an arrow begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// A node, by index.
    Node(usize),
    /// A group, by index.
    Group(usize),
}

/// An arrow.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Where it begins.
    pub from: End,
    /// Where it ends.
    pub to: End,
    /// What is written at it.
    pub label: String,
    /// Technology, when the diagram names one.
    pub technology: String,
    /// It is dotted, which says that nobody waits.
    pub asynchronous: bool,
    /// It points both ways.
    pub both: bool,
    /// The line of the diagram it is in, from 1.
    pub line: usize,
}

/// What a step of a sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// From one to another.
    Message,
    /// An answer.
    Return,
    /// Happens under a condition; without one, it holds alternatives of which
    /// one happens.
    Alternative,
    /// Happens several times.
    Loop,
    /// Happens at the same time; without a condition, it holds the parts that do.
    Parallel,
    /// A note.
    Note,
}

/// A step of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Who acts, by index of a node.
    pub from: Option<usize>,
    /// Who is acted on, by index of a node.
    pub to: Option<usize>,
    /// What happens.
    pub text: String,
    /// When it happens, or how often.
    pub condition: String,
    /// Nobody waits for it.
    pub asynchronous: bool,
    /// The steps it holds.
    pub steps: Vec<Step>,
    /// The line of the diagram it is in, from 1.
    pub line: usize,
}

impl Step {
    /// A step of which only the kind is known.
    fn new(kind: StepKind) -> Self {
        Step {
            kind,
            from: None,
            to: None,
            text: String::new(),
            condition: String::new(),
            asynchronous: false,
            steps: Vec::new(),
            line: 0,
        }
    }
}

impl Drawing {
    /// Notes what was not understood, as long as that is readable.
    fn warn(&mut self, line: usize, what: impl Into<String>) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push((line, what.into()));
        }
    }

    /// Adds an edge; false when there are too many, which the drawing then says.
    fn connect(&mut self, edge: Edge) -> bool {
        if self.edges.len() < PARTS {
            self.edges.push(edge);
            return true;
        }
        let what = format!("There are more than {PARTS} arrows; the rest is left out.");
        if self.warnings.last().is_none_or(|(_, last)| *last != what) {
            self.warn(edge.line, what);
        }
        false
    }
}

/// Reads a diagram. One that cannot be read has no parts, and a warning.
pub fn read(language: Language, text: &str) -> Drawing {
    if text.len() > SIZE {
        let what = format!("The diagram has {} kB; at most {} kB are read.", text.len() >> 10, SIZE >> 10);
        return Drawing { warnings: vec![(1, what)], ..Drawing::default() };
    }
    match language {
        Language::Mermaid => mermaid::read(text),
        Language::Ascii => ascii::read(text),
    }
}

/// The beginning of a text, at most as long as a label.
fn label_part(text: &str) -> &str {
    &text[..text.floor_char_boundary(LABEL)]
}
