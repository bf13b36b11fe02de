//! Mermaid's sequence diagrams.

use std::collections::HashMap;

use super::mermaid::{Cursor, excerpt};
use super::{DEPTH, Drawing, Form, Group, Node, PARTS, Step, StepKind, label};

/// What arrow says what; the longest come first.
const ARROWS: &[(&str, Arrow)] = &[
    ("<<-->>", Arrow::new().dotted()),
    ("<<->>", Arrow::new()),
    ("-->>", Arrow::new().dotted()),
    ("--|\\", Arrow::new().dotted()),
    ("--|/", Arrow::new().dotted()),
    ("\\|--", Arrow::new().dotted().reversed()),
    ("/|--", Arrow::new().dotted().reversed()),
    ("--\\\\", Arrow::new().dotted()),
    ("--//", Arrow::new().dotted()),
    ("\\\\--", Arrow::new().dotted().reversed()),
    ("//--", Arrow::new().dotted().reversed()),
    ("->>", Arrow::new()),
    ("-->", Arrow::new().dotted()),
    ("--x", Arrow::new().dotted()),
    ("--)", Arrow::new().dotted().asynchronous()),
    ("-|\\", Arrow::new()),
    ("-|/", Arrow::new()),
    ("\\|-", Arrow::new().reversed()),
    ("/|-", Arrow::new().reversed()),
    ("-\\\\", Arrow::new()),
    ("-//", Arrow::new()),
    ("\\\\-", Arrow::new().reversed()),
    ("//-", Arrow::new().reversed()),
    ("->", Arrow::new()),
    ("-x", Arrow::new()),
    ("-)", Arrow::new().asynchronous()),
];

#[derive(Debug, Clone, Copy, PartialEq)]
struct Arrow {
    dotted: bool,
    asynchronous: bool,
    reversed: bool,
}

impl Arrow {
    const fn new() -> Self {
        Arrow { dotted: false, asynchronous: false, reversed: false }
    }

    const fn dotted(mut self) -> Self {
        self.dotted = true;
        self
    }

    const fn asynchronous(mut self) -> Self {
        self.asynchronous = true;
        self
    }

    const fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }
}

/// Reads what follows the first word.
pub(super) fn read(cursor: Cursor<'_>) -> Drawing {
    let drawing = Drawing { form: Form::Sequence, ..Drawing::default() };
    let mut reader =
        Reader { drawing, keys: HashMap::new(), open: Vec::new(), holders: Vec::new(), count: 0, group: None };
    let mut line = cursor.line;
    for text in cursor.rest().lines() {
        reader.read_line(without_semicolon(text.trim()), line);
        line += 1;
    }
    reader.finish(line)
}

/// A semicolon ends a line, unless it ends an entity.
fn without_semicolon(line: &str) -> &str {
    let Some(bare) = line.strip_suffix(';') else { return line };
    let tail = bare.rfind('#').map_or(" ", |at| &bare[at + 1..]);
    let is_entity = !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_entity { line } else { bare.trim_end() }
}

struct Reader<'a> {
    drawing: Drawing,
    keys: HashMap<&'a str, usize>,
    /// The blocks around the line, from outside.
    open: Vec<Block>,
    /// Which of them hold steps, by index.
    holders: Vec<usize>,
    count: usize,
    /// The box around participants.
    group: Option<usize>,
}

/// What begins with a word and ends with `end`.
struct Block {
    word: Word,
    line: usize,
    branches: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    Holds(StepKind),
    /// A colour behind steps, or a block that is too deep: its steps belong to
    /// what is around it.
    Nothing,
    Participants,
}

impl<'a> Reader<'a> {
    fn read_line(&mut self, text: &'a str, line: usize) {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match word {
            "" | "autonumber" | "activate" | "deactivate" | "destroy" | "link" | "links" | "properties" | "details"
            | "accTitle:" | "accDescr:" => {}
            "title" | "title:" => self.drawing.title = label::read_text(rest.trim_start_matches(':')),
            "participant" | "actor" => self.declare(word, rest, line),
            "create" => {
                let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or(("participant", rest));
                self.declare(word, rest.trim(), line);
            }
            "box" => self.open_box(rest, line),
            "loop" => self.open_block(Word::Holds(StepKind::Loop), rest, line),
            "alt" | "opt" | "break" | "critical" => self.open_block(Word::Holds(StepKind::Alternative), rest, line),
            "par" | "par_over" => self.open_block(Word::Holds(StepKind::Parallel), rest, line),
            "rect" => self.open_block(Word::Nothing, rest, line),
            "else" | "option" => self.branch(StepKind::Alternative, rest, line),
            "and" => self.branch(StepKind::Parallel, rest, line),
            "end" => self.close(line),
            _ if word.eq_ignore_ascii_case("note") && self.read_note(rest, line) => {}
            _ => self.read_message(text, line),
        }
    }

    /// `A as Alice`, or `A@{ "type": "database" }`.
    fn declare(&mut self, word: &str, rest: &'a str, line: usize) {
        let (name, alias) = rest.split_once(" as ").map_or((rest, None), |(name, alias)| (name, Some(alias)));
        let (key, data) = name.split_once("@{").unwrap_or((name, ""));
        let Some(index) = self.participant(key.trim(), line) else { return };
        let kind = data.split(['"', '\'', ' ', ',', ':', '}']).find_map(|word| match word {
            "database" => Some("database"),
            "queue" => Some("queue"),
            "actor" => Some("person"),
            _ => None,
        });
        let node = &mut self.drawing.nodes[index];
        node.hint = kind.unwrap_or(if word == "actor" { "person" } else { "" });
        node.group = self.group.or(node.group);
        if let Some(alias) = alias {
            let said = label::read(alias.trim());
            (node.label, node.description) = (said.name, said.description);
            node.technology = said.technology;
            if node.hint.is_empty() {
                node.hint = said.kind;
            }
        }
    }

    fn participant(&mut self, key: &'a str, line: usize) -> Option<usize> {
        if let Some(index) = self.keys.get(key) {
            return Some(*index);
        }
        if key.is_empty() || self.drawing.nodes.len() >= PARTS {
            self.drawing.warn(line, "This participant has no name, or is one too many.");
            return None;
        }
        let index = self.drawing.nodes.len();
        self.keys.insert(key, index);
        self.drawing.nodes.push(Node { key: key.into(), label: label::read(key).name, ..Node::default() });
        Some(index)
    }

    /// `box Aqua Group Description`: a colour may come first.
    fn open_box(&mut self, rest: &str, line: usize) {
        let first = rest.split_whitespace().next().unwrap_or_default();
        let title = match rest.find(')').filter(|_| first.starts_with("rgb") || first.starts_with("hsl")) {
            Some(end) => &rest[end + 1..],
            None if COLOURS.contains(&first.to_ascii_lowercase().as_str()) => &rest[first.len()..],
            None => rest,
        };
        self.open.push(Block { word: Word::Participants, line, branches: Vec::new() });
        if self.drawing.groups.len() < PARTS {
            self.group = Some(self.drawing.groups.len());
            self.drawing.groups.push(Group { label: label::read(title).name, ..Group::default() });
        }
    }

    fn open_block(&mut self, word: Word, condition: &str, line: usize) {
        let mut branches = Vec::new();
        let word = match word {
            Word::Holds(_) if self.holders.len() >= DEPTH => {
                self.drawing.warn(line, format!("Blocks are read {DEPTH} deep; this one is left out."));
                Word::Nothing
            }
            Word::Holds(kind) => {
                branches.push(Step { condition: label::read_text(condition), line, ..Step::new(kind) });
                self.holders.push(self.open.len());
                word
            }
            other => other,
        };
        self.open.push(Block { word, line, branches });
    }

    fn branch(&mut self, kind: StepKind, condition: &str, line: usize) {
        match self.open.last_mut() {
            Some(block) if block.word == Word::Holds(kind) && self.count < PARTS => {
                self.count += 1;
                block.branches.push(Step { condition: label::read_text(condition), line, ..Step::new(kind) });
            }
            Some(block) if block.word == Word::Nothing => {}
            _ => self.drawing.warn(line, "This branch is in no block that has branches."),
        }
    }

    fn close(&mut self, line: usize) {
        let Some(mut block) = self.open.pop() else { return self.drawing.warn(line, "`end` ends no block.") };
        if matches!(block.word, Word::Holds(_)) {
            self.holders.pop();
        }
        match block.word {
            Word::Nothing => {}
            Word::Participants => self.group = None,
            Word::Holds(_) if block.branches.len() == 1 => self.push(block.branches.remove(0)),
            Word::Holds(kind) => self.push(Step { steps: block.branches, line: block.line, ..Step::new(kind) }),
        }
    }

    fn push(&mut self, step: Step) {
        self.count += 1;
        if self.count > PARTS {
            let what = format!("There are more than {PARTS} steps; the rest is left out.");
            if self.drawing.warnings.last().is_none_or(|(_, last)| *last != what) {
                self.drawing.warn(step.line, what);
            }
            return;
        }
        let around = self.holders.last().and_then(|index| self.open.get_mut(*index));
        around
            .and_then(|block| block.branches.last_mut())
            .map_or(&mut self.drawing.steps, |branch| &mut branch.steps)
            .push(step);
    }

    /// `over A,B: text`.
    fn read_note(&mut self, rest: &'a str, line: usize) -> bool {
        let Some((place, text)) = rest.split_once(':') else { return false };
        let places = ["over ", "left of ", "right of "];
        let Some(names) = places.iter().find_map(|word| place.strip_prefix(word)) else { return false };
        let mut names = names.split(',').map(str::trim);
        let from = names.next().and_then(|name| self.participant(name, line));
        let to = names.next().and_then(|name| self.participant(name, line));
        self.push(Step { from, to, text: label::read_text(text), line, ..Step::new(StepKind::Note) });
        true
    }

    fn read_message(&mut self, text: &'a str, line: usize) {
        let (ends, said) = text.split_once(':').unwrap_or((text, ""));
        let Some((at, mark, arrow)) = find_arrow(ends) else {
            return self.drawing.warn(line, format!("“{}” is not understood.", excerpt(text)));
        };
        let bare = |name: &'a str| name.trim().trim_matches(['+', '-']).trim_matches(['(', ')']).trim();
        let (left, right) = (bare(&ends[..at]), bare(&ends[at + mark.len()..]));
        let (Some(mut from), Some(mut to)) = (self.participant(left, line), self.participant(right, line)) else {
            return;
        };
        if arrow.reversed {
            std::mem::swap(&mut from, &mut to);
        }
        let is_return = arrow.dotted && !arrow.asynchronous;
        self.push(Step {
            from: Some(from),
            to: Some(to),
            text: label::read_text(said),
            asynchronous: arrow.asynchronous,
            line,
            ..Step::new(if is_return { StepKind::Return } else { StepKind::Message })
        });
    }

    fn finish(mut self, line: usize) -> Drawing {
        while let Some(block) = self.open.last() {
            let what = format!("The block of line {} has no `end`.", block.line);
            self.drawing.warn(line.saturating_sub(1), what);
            self.close(line);
        }
        self.drawing
    }
}

/// The first arrow of a line. Those with a head of `>` come before `-x` and
/// `-)`, since names may hold an `x` after a dash.
fn find_arrow(text: &str) -> Option<(usize, &'static str, Arrow)> {
    let find = |fits: &dyn Fn(&str) -> bool| {
        text.char_indices().filter(|(_, c)| matches!(c, '-' | '<' | '\\' | '/')).find_map(|(at, _)| {
            let mark = ARROWS.iter().find(|(mark, _)| text[at..].starts_with(mark) && fits(mark))?;
            Some((at, mark.0, mark.1))
        })
    };
    find(&|mark| mark.ends_with('>')).or_else(|| find(&|_| true))
}

/// Colours that are more likely a box's than the first word of its title.
const COLOURS: &[&str] = &[
    "transparent",
    "aqua",
    "black",
    "blue",
    "brown",
    "cyan",
    "gray",
    "green",
    "grey",
    "lightblue",
    "lightgreen",
    "lightgrey",
    "lightgray",
    "lightyellow",
    "magenta",
    "orange",
    "pink",
    "purple",
    "red",
    "white",
    "yellow",
];
