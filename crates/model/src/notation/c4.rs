//! Mermaid's C4 diagrams.

use std::collections::HashMap;

use super::mermaid::{Cursor, excerpt};
use super::{DEPTH, Drawing, Edge, End, Form, Group, Node, PARTS, Step, StepKind, label};
use crate::kinds::kind_meant;
use crate::schema::element_kinds;

/// The most arguments of one statement.
const ARGUMENTS: usize = 20;

/// Reads what follows the first word, which says the type.
pub(super) fn read(cursor: Cursor<'_>, word: &str) -> Drawing {
    let form = match word {
        "C4Deployment" => Form::Deployment,
        "C4Dynamic" => Form::Sequence,
        _ => Form::C4,
    };
    let drawing = Drawing { form, ..Drawing::default() };
    let mut reader =
        Reader { cursor, drawing, ends: HashMap::new(), open: Vec::new(), too_deep: 0, relations: Vec::new() };
    while reader.next_statement() {}
    reader.finish()
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    drawing: Drawing,
    ends: HashMap<&'a str, End>,
    /// The boundaries around the cursor, from outside.
    open: Vec<usize>,
    /// Boundaries that are too deep to be told apart.
    too_deep: usize,
    /// Relations with their names and lines; what they lead to may come later.
    relations: Vec<(&'a str, usize, Arguments<'a>)>,
}

/// What stands between the brackets of a statement.
#[derive(Default)]
struct Arguments<'a> {
    plain: Vec<&'a str>,
    named: Vec<(&'a str, &'a str)>,
}

impl<'a> Arguments<'a> {
    fn raw(&self, place: usize, name: &str) -> &'a str {
        let named = self.named.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        named.or_else(|| self.plain.get(place).copied()).unwrap_or("")
    }

    fn text(&self, place: usize, name: &str) -> String {
        label::read_text(self.raw(place, name)).replace('\n', " ")
    }

    /// The kind that a tag names.
    fn tagged(&self) -> Option<&'static str> {
        let tags = self.raw(usize::MAX, "tags");
        let named = |tag: &str| element_kinds().iter().find(|kind| kind.value == tag).map(|kind| kind.value);
        tags.split(['+', ',']).find_map(|tag| named(tag.trim()))
    }
}

/// What a statement adds.
enum Macro {
    Node { hint: &'static str, has_technology: bool },
    Boundary { hint: &'static str },
    Machine,
    Relation,
    Looks,
}

fn classify(name: &str) -> Option<Macro> {
    let node = |hint, has_technology| Some(Macro::Node { hint, has_technology });
    let external = name.ends_with("_Ext");
    let base = name.strip_suffix("_Ext").unwrap_or(name);
    let has_technology = base.starts_with("Container") || base.starts_with("Component");
    match base {
        "Person" => node("person", false),
        "System" | "SystemDb" | "SystemQueue" | "Container" | "ContainerDb" | "ContainerQueue" | "Component"
        | "ComponentDb" | "ComponentQueue" => {
            let hint = match base {
                _ if external => "external",
                _ if base.ends_with("Db") => "database",
                _ if base.ends_with("Queue") => "queue",
                "System" => "system",
                "Container" => "container",
                _ => "component",
            };
            node(hint, has_technology)
        }
        "Enterprise_Boundary" | "Boundary" => Some(Macro::Boundary { hint: "" }),
        "System_Boundary" => Some(Macro::Boundary { hint: "system" }),
        "Container_Boundary" => Some(Macro::Boundary { hint: "container" }),
        "Deployment_Node" | "Deployment_Node_L" | "Deployment_Node_R" | "Node" | "Node_L" | "Node_R" => {
            Some(Macro::Machine)
        }
        _ if base.starts_with("Rel") || base.starts_with("BiRel") => Some(Macro::Relation),
        _ if base.starts_with("Update") || base.starts_with("Add") || base.starts_with("Lay") => Some(Macro::Looks),
        "SHOW_LEGEND" | "LAYOUT_WITH_LEGEND" => Some(Macro::Looks),
        _ => None,
    }
}

impl<'a> Reader<'a> {
    /// Reads one statement; false at the end.
    fn next_statement(&mut self) -> bool {
        self.cursor.skip_white();
        if self.cursor.is_done() {
            return false;
        }
        let start = self.cursor;
        if self.cursor.eat("}") {
            self.close();
            return true;
        }
        let word = self.cursor.take(|c| c.is_alphanumeric() || c == '_');
        self.cursor.skip_blank();
        match word {
            "title" => self.drawing.title = label::read_text(self.cursor.take_line()),
            "accTitle" | "direction" => drop(self.cursor.take_line()),
            "accDescr" if self.cursor.peek() == Some('{') => {
                self.cursor.take(|c| c != '}');
                self.cursor.eat("}");
            }
            "accDescr" => drop(self.cursor.take_line()),
            _ => match (classify(word), self.take_arguments()) {
                (Some(kind), Some(arguments)) => self.add(word, kind, arguments, start.line),
                _ => {
                    self.drawing.warn(start.line, format!("“{}” is not understood.", excerpt(start.rest())));
                    self.cursor.take_line();
                }
            },
        }
        true
    }

    fn close(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if self.open.pop().is_none() {
            self.drawing.warn(self.cursor.line, "`}` ends no boundary.");
        }
    }

    /// `(a, "b, c", $name="d")`.
    fn take_arguments(&mut self) -> Option<Arguments<'a>> {
        if !self.cursor.eat("(") {
            return None;
        }
        let mut arguments = Arguments::default();
        while arguments.plain.len() + arguments.named.len() < ARGUMENTS {
            self.cursor.skip_white();
            let name = if self.cursor.eat("$") {
                let name = self.cursor.take(|c| c.is_alphanumeric() || c == '_');
                self.cursor.skip_blank();
                self.cursor.eat("=");
                self.cursor.skip_blank();
                Some(name)
            } else {
                None
            };
            let value = if self.cursor.eat("\"") {
                let value = self.cursor.take(|c| c != '"');
                self.cursor.eat("\"");
                self.cursor.take(|c| !matches!(c, ',' | ')' | '\n'));
                value
            } else {
                self.cursor.take(|c| !matches!(c, ',' | ')' | '\n')).trim()
            };
            match name {
                Some(name) => arguments.named.push((name, value)),
                None => arguments.plain.push(value),
            }
            self.cursor.skip_white();
            if self.cursor.eat(")") {
                return Some(arguments);
            }
            if !self.cursor.eat(",") {
                return None;
            }
        }
        None
    }

    fn add(&mut self, word: &'a str, kind: Macro, arguments: Arguments<'a>, line: usize) {
        match kind {
            Macro::Looks => {}
            Macro::Relation => self.relations.push((word, line, arguments)),
            Macro::Node { hint, has_technology } => self.add_node(hint, has_technology, &arguments, line),
            Macro::Boundary { hint } => {
                let named = kind_meant(arguments.raw(2, "type")).filter(|_| word == "Boundary");
                let hint = arguments.tagged().or(named).unwrap_or(hint);
                self.add_group(hint, String::new(), String::new(), &arguments, line);
            }
            Macro::Machine => {
                let (technology, description) = (arguments.text(2, "type"), arguments.text(3, "descr"));
                self.add_group("", technology, description, &arguments, line);
            }
        }
    }

    fn add_node(&mut self, hint: &'static str, has_technology: bool, arguments: &Arguments<'a>, line: usize) {
        let key = arguments.raw(0, "alias");
        if self.drawing.nodes.len() >= PARTS {
            self.drawing.warn(line, format!("There are more than {PARTS} nodes; this one is left out."));
            return;
        }
        let label = arguments.text(1, "label");
        let place = 2 + usize::from(has_technology);
        self.ends.entry(key).or_insert(End::Node(self.drawing.nodes.len()));
        self.drawing.nodes.push(Node {
            key: key.into(),
            label: if label.is_empty() { key.into() } else { label },
            hint: arguments.tagged().unwrap_or(hint),
            technology: if has_technology { arguments.text(2, "techn") } else { String::new() },
            description: arguments.text(place, "descr"),
            group: self.open.last().copied(),
        });
    }

    fn add_group(
        &mut self,
        hint: &'static str,
        technology: String,
        description: String,
        arguments: &Arguments<'a>,
        line: usize,
    ) {
        self.cursor.skip_white();
        let holds = self.cursor.eat("{");
        if self.open.len() >= DEPTH || self.drawing.groups.len() >= PARTS {
            let what = format!("Boundaries are read {DEPTH} deep, and {PARTS} of them; this one is left out.");
            self.drawing.warn(line, what);
            self.too_deep += usize::from(holds);
            return;
        }
        let key = arguments.raw(0, "alias");
        let label = arguments.text(1, "label");
        let index = self.drawing.groups.len();
        self.ends.entry(key).or_insert(End::Group(index));
        self.drawing.groups.push(Group {
            key: key.into(),
            label: if label.is_empty() { key.into() } else { label },
            hint,
            technology,
            description,
            parent: self.open.last().copied(),
        });
        if holds {
            self.open.push(index);
        }
    }

    fn finish(mut self) -> Drawing {
        if !self.open.is_empty() {
            self.drawing.warn(self.cursor.line, "A boundary has no `}`.");
        }
        for (word, line, mut arguments) in std::mem::take(&mut self.relations) {
            if word == "RelIndex" && !arguments.plain.is_empty() {
                arguments.plain.remove(0);
            }
            let [from, to] = [(0, "from"), (1, "to")].map(|(place, name)| arguments.raw(place, name));
            let (Some(mut a), Some(mut b)) = (self.ends.get(from).copied(), self.ends.get(to).copied()) else {
                self.drawing.warn(line, format!("“{from}” or “{to}” is not in the diagram."));
                continue;
            };
            if word.starts_with("Rel_Back") {
                std::mem::swap(&mut a, &mut b);
            }
            let (label, technology) = (arguments.text(2, "label"), arguments.text(3, "techn"));
            if self.drawing.form == Form::Sequence {
                self.add_step(a, b, &label, line);
            }
            let (asynchronous, both) = (false, word.starts_with("BiRel"));
            self.drawing.connect(Edge { from: a, to: b, label, technology, asynchronous, both, line });
        }
        self.drawing
    }

    fn add_step(&mut self, from: End, to: End, text: &str, line: usize) {
        let node = |end| match end {
            End::Node(index) => Some(index),
            End::Group(_) => None,
        };
        if self.drawing.steps.len() < PARTS {
            self.drawing.steps.push(Step {
                from: node(from),
                to: node(to),
                text: text.to_owned(),
                line,
                ..Step::new(StepKind::Message)
            });
        }
    }
}
