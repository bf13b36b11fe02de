//! Mermaid's flowcharts.

mod arrow;
mod shape;

use std::collections::{HashMap, HashSet};

use super::mermaid::{Cursor, excerpt};
use super::{DEPTH, Drawing, Edge, End, Form, Group, Node, PARTS, label};
use arrow::Arrow;

/// Statements that say how it looks and not what it shows.
const LOOKS: &[&str] =
    &["class", "classDef", "style", "linkStyle", "click", "direction", "accTitle", "accDescr", "title"];

/// Reads what follows the first word.
pub(super) fn read(mut cursor: Cursor<'_>) -> Drawing {
    cursor.skip_blank();
    let before = cursor;
    let direction = cursor.take(|c| c.is_ascii_alphabetic() || "<>^".contains(c));
    if !["TB", "TD", "BT", "RL", "LR", "<", ">", "^", "v"].contains(&direction) {
        cursor = before;
    }
    let mut reader = Reader { cursor, ..Reader::new(before) };
    while reader.next_statement() {}
    reader.finish()
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    drawing: Drawing,
    nodes: HashMap<String, usize>,
    groups: HashMap<String, usize>,
    /// Nodes that have a shape of their own, and so are no groups.
    shaped: HashSet<usize>,
    /// Names of arrows.
    arrows: HashSet<&'a str>,
    /// The groups around the cursor, from outside.
    open: Vec<usize>,
    /// Groups that are too deep to be told apart.
    too_deep: usize,
}

impl<'a> Reader<'a> {
    fn new(cursor: Cursor<'a>) -> Self {
        Reader {
            cursor,
            drawing: Drawing { form: Form::Flowchart, ..Drawing::default() },
            nodes: HashMap::new(),
            groups: HashMap::new(),
            shaped: HashSet::new(),
            arrows: HashSet::new(),
            open: Vec::new(),
            too_deep: 0,
        }
    }

    /// Reads one statement; false at the end.
    fn next_statement(&mut self) -> bool {
        self.cursor.take(|c| c.is_whitespace() || c == ';');
        if self.cursor.is_done() {
            return false;
        }
        let mut ahead = self.cursor;
        let word = ahead.take(char::is_alphanumeric);
        let ends = ahead.peek().is_none_or(|c| c.is_whitespace() || matches!(c, ';' | ':' | '{'));
        match word {
            "subgraph" if ends => {
                self.cursor = ahead;
                self.open_group();
            }
            "end" if ends => {
                self.cursor = ahead;
                self.close_group();
            }
            word if ends && LOOKS.contains(&word) => {
                self.cursor = ahead;
                self.skip_looks(word);
            }
            _ => self.read_chain(),
        }
        true
    }

    fn skip_looks(&mut self, word: &str) {
        self.cursor.skip_blank();
        if word == "accDescr" && self.cursor.peek() == Some('{') {
            self.cursor.take(|c| c != '}');
            self.cursor.eat("}");
        } else if word == "title" {
            self.drawing.title = label::decode(self.cursor.take_line().trim_start_matches(':'));
        } else if word == "click" {
            self.cursor.take_line();
        } else {
            self.cursor.take(|c| c != '\n' && c != ';');
        }
    }

    fn open_group(&mut self) {
        self.cursor.skip_blank();
        let line = self.cursor.line;
        if self.open.len() >= DEPTH || self.drawing.groups.len() >= PARTS {
            self.drawing
                .warn(line, format!("Groups are read {DEPTH} deep, and {PARTS} of them; this one is left out."));
            self.too_deep += 1;
            self.cursor.take_line();
            return;
        }
        let (key, title) = self.read_group_title();
        let said = label::read(title);
        let group = Group {
            key: key.to_owned(),
            label: said.name,
            hint: said.kind,
            technology: said.technology,
            description: said.description,
            parent: self.open.last().copied(),
        };
        let index = self.drawing.groups.len();
        self.open.push(index);
        self.groups.entry(group.key.clone()).or_insert(index);
        self.drawing.groups.push(group);
    }

    /// `id`, `id[title]`, `"title"` or `some words`.
    fn read_group_title(&mut self) -> (&'a str, &'a str) {
        let start = self.cursor;
        let key = self.take_id();
        self.cursor.skip_blank();
        if !key.is_empty()
            && let Some((title, _)) = shape::take(&mut self.cursor)
        {
            return (key, title);
        }
        self.cursor = start;
        if self.cursor.peek() == Some('"')
            && let Some(length) = self.cursor.rest()[1..].find('"')
        {
            let title = self.cursor.advance(length + 2);
            return (title.trim_matches('"'), title);
        }
        let title = self.cursor.take(|c| c != '\n' && c != ';').trim();
        let title = title.split_once(":::").map_or(title, |(title, _)| title);
        (title, title)
    }

    fn close_group(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if self.open.pop().is_none() {
            self.drawing.warn(self.cursor.line, "`end` ends no group.");
        }
    }

    /// `a & b --> c --> d`.
    fn read_chain(&mut self) {
        let start = self.cursor;
        let Some(mut left) = self.read_cluster() else { return self.skip_line(start) };
        loop {
            let before = self.cursor;
            let line = self.cursor.line;
            let Some(arrow) = self.take_arrow() else {
                self.cursor = before;
                break;
            };
            self.cursor.skip_white();
            let Some(right) = self.read_cluster() else { return self.skip_line(before) };
            self.connect(&left, &right, &arrow, line);
            left = right;
        }
        self.cursor.skip_blank();
        if !matches!(self.cursor.peek(), None | Some('\n' | ';')) {
            self.skip_line(self.cursor);
        }
    }

    fn skip_line(&mut self, from: Cursor<'_>) {
        let what = format!("“{}” is not understood.", excerpt(from.rest()));
        self.drawing.warn(from.line, what);
        self.cursor.take_line();
    }

    fn take_arrow(&mut self) -> Option<Arrow<'a>> {
        self.cursor.skip_white();
        let before = self.cursor;
        let name = self.take_id();
        if !name.is_empty() && self.cursor.eat("@") && self.cursor.peek().is_some_and(|c| "-=<.~xo".contains(c)) {
            self.arrows.insert(name);
        } else {
            self.cursor = before;
        }
        arrow::take(&mut self.cursor)
    }

    fn connect(&mut self, left: &[usize], right: &[usize], arrow: &Arrow<'_>, line: usize) {
        if arrow.invisible {
            return;
        }
        let (label, technology) = label::read_edge(arrow.label);
        for a in left {
            for b in right {
                let (from, to) = if arrow.backward && !arrow.forward { (b, a) } else { (a, b) };
                let added = self.drawing.connect(Edge {
                    from: End::Node(*from),
                    to: End::Node(*to),
                    label: label.clone(),
                    technology: technology.clone(),
                    asynchronous: arrow.dotted,
                    both: arrow.backward && arrow.forward,
                    line,
                });
                if !added {
                    return;
                }
            }
        }
    }

    fn read_cluster(&mut self) -> Option<Vec<usize>> {
        let mut nodes = vec![self.read_node()?];
        loop {
            let before = self.cursor;
            self.cursor.skip_white();
            if !self.cursor.eat("&") {
                self.cursor = before;
                return Some(nodes);
            }
            self.cursor.skip_white();
            nodes.push(self.read_node()?);
        }
    }

    fn read_node(&mut self) -> Option<usize> {
        let key = self.take_id();
        if key.is_empty() {
            return None;
        }
        let mut label = None;
        let mut hint = "";
        let before = self.cursor;
        self.cursor.skip_blank();
        if let Some((text, shape)) = shape::take(&mut self.cursor) {
            (label, hint) = (Some(label::read(text)), shape);
        } else {
            self.cursor = before;
        }
        if let Some(data) = shape::take_data(&mut self.cursor) {
            hint = data.hint;
            label = data.label.map(|text| label::read(&text)).or(label);
            if self.arrows.contains(key) {
                return Some(0);
            }
        }
        if self.cursor.eat(":::") {
            let class = self.cursor.take(|c| c.is_alphanumeric() || c == '_' || c == '-');
            hint =
                crate::schema::element_kinds().iter().find(|kind| kind.value == class).map_or(hint, |kind| kind.value);
        }
        self.place(key, label, hint)
    }

    /// Adds a node, or what else is said about it; and puts it into the group
    /// around the cursor, unless it is in a deeper one.
    fn place(&mut self, key: &str, label: Option<label::Label>, hint: &'static str) -> Option<usize> {
        let index = match self.nodes.get(key) {
            Some(index) => *index,
            None if self.drawing.nodes.len() >= PARTS => {
                self.drawing
                    .warn(self.cursor.line, format!("There are more than {PARTS} nodes; this one is left out."));
                return None;
            }
            None => {
                let index = self.drawing.nodes.len();
                self.nodes.insert(key.to_owned(), index);
                self.drawing.nodes.push(Node { key: key.into(), label: label::decode(key), ..Node::default() });
                index
            }
        };
        let here = self.open.last().copied();
        let moves = self.is_within(here, self.drawing.nodes[index].group);
        let node = &mut self.drawing.nodes[index];
        if moves {
            node.group = here;
        }
        if !hint.is_empty() {
            node.hint = hint;
        }
        if let Some(label) = label {
            self.shaped.insert(index);
            node.label = label.name;
            node.technology = label.technology;
            node.description = label.description;
            if node.hint.is_empty() {
                node.hint = label.kind;
            }
        }
        Some(index)
    }

    fn is_within(&self, inner: Option<usize>, outer: Option<usize>) -> bool {
        let Some(outer) = outer else { return inner.is_some() };
        let mut at = inner;
        while let Some(group) = at {
            if group == outer {
                return true;
            }
            at = self.drawing.groups[group].parent;
        }
        false
    }

    /// An id: what is neither white space nor the beginning of something else.
    fn take_id(&mut self) -> &'a str {
        let rest = self.cursor.rest();
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let belongs = match c {
                '-' => next.is_some_and(|next| next.is_alphanumeric() || next == '_'),
                '=' => next.is_some_and(|next| next != '=' && next != '>'),
                '.' => next.is_some_and(|next| next != '-' && next != '.'),
                ':' => next.is_some_and(|next| next != ':') && !rest[..at].ends_with(':'),
                '[' | ']' | '(' | ')' | '{' | '}' | '<' | '>' | '|' | '&' | ';' | '@' | '~' | '"' => false,
                c => !c.is_whitespace(),
            };
            if !belongs {
                end = at;
                break;
            }
        }
        self.cursor.advance(end)
    }

    /// Nodes that turn out to be groups give way to them.
    fn finish(mut self) -> Drawing {
        if let Some(group) = self.open.last() {
            let name = self.drawing.groups[*group].label.clone();
            self.drawing.warn(self.cursor.line, format!("The group “{name}” has no `end`."));
        }
        let mut ends = Vec::with_capacity(self.drawing.nodes.len());
        let mut kept = Vec::with_capacity(self.drawing.nodes.len());
        for (index, node) in std::mem::take(&mut self.drawing.nodes).into_iter().enumerate() {
            match self.groups.get(&node.key).filter(|_| !self.shaped.contains(&index)) {
                Some(group) => ends.push(End::Group(*group)),
                None => {
                    ends.push(End::Node(kept.len()));
                    kept.push(node);
                }
            }
        }
        self.drawing.nodes = kept;
        for edge in &mut self.drawing.edges {
            for end in [&mut edge.from, &mut edge.to] {
                if let End::Node(index) = *end {
                    *end = ends[index];
                }
            }
        }
        self.drawing
    }
}
