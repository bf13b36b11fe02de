//! Boxes drawn with characters.

mod boxes;
mod canvas;
mod lines;

use super::{Drawing, Edge, End, Form, Group, Node};
use boxes::{Boxes, Frame};
use canvas::Canvas;

/// Reads a picture. One without boxes has no parts, and a warning.
pub(super) fn read(text: &str) -> Drawing {
    let canvas = Canvas::new(text);
    let boxes = Boxes::find(&canvas);
    let mut drawing = Drawing { form: Form::Boxes, ..Drawing::default() };
    for line in &boxes.tables {
        drawing.warn(*line + 1, "This is a table, not boxes.");
    }
    if boxes.frames.is_empty() {
        drawing.form = Form::Other;
        drawing.warn(1, "There is no box in this picture that can be read.");
        return drawing;
    }
    let found = lines::find(&canvas, &boxes);
    let mut ends = Vec::new();
    for index in 0..boxes.frames.len() {
        let parent = boxes.frames[index].parent.and_then(|parent| match ends[parent] {
            End::Group(group) => Some(group),
            End::Node(_) => None,
        });
        let end = add_box(&canvas, &boxes, &found.taken, index, parent, &mut drawing);
        ends.push(end);
    }
    for connector in &found.connectors {
        let edge = Edge {
            from: ends[connector.from],
            to: ends[connector.to],
            label: connector.label.clone(),
            technology: String::new(),
            asynchronous: connector.dashed,
            both: connector.both,
            line: connector.row + 1,
        };
        drawing.connect(edge);
    }
    for row in &found.loose {
        drawing.warn(*row + 1, "A line leads from a box to nowhere.");
    }
    drawing
}

/// Adds what a box stands for; the first of it is what lines lead to.
fn add_box(
    canvas: &Canvas,
    boxes: &Boxes,
    taken: &canvas::Marks,
    index: usize,
    parent: Option<usize>,
    drawing: &mut Drawing,
) -> End {
    let frame = &boxes.frames[index];
    let parts = boxes.parts(canvas, taken, index);
    if frame.holds_boxes {
        let lines: Vec<String> = parts.into_iter().flatten().flatten().collect();
        return End::Group(add_group(drawing, frame, &lines, parent));
    }
    if parts.iter().all(|cells| cells.len() <= 1) {
        let mut parts = parts.into_iter().flatten().filter(|lines| !lines.is_empty());
        let first = parts.next().unwrap_or_default();
        let rest: Vec<String> = parts.flatten().collect();
        return End::Node(add_node(drawing, &first, &rest, parent));
    }
    add_parts(drawing, frame, parts, parent)
}

/// A box that is ruled into parts: a part with a single text is the title of
/// the cells below it.
fn add_parts(drawing: &mut Drawing, frame: &Frame, parts: Vec<Vec<Vec<String>>>, parent: Option<usize>) -> End {
    let mut first = None;
    let mut title: Option<Vec<String>> = None;
    for mut cells in parts {
        if cells.len() <= 1 {
            if let Some(alone) = title.replace(cells.pop().unwrap_or_default()) {
                let node = add_node(drawing, &alone, &[], parent);
                first.get_or_insert(End::Node(node));
            }
            continue;
        }
        let group = title.take().map(|title| add_group(drawing, frame, &title, parent));
        first = first.or(group.map(End::Group));
        for cell in cells.iter().filter(|cell| !cell.is_empty()) {
            let node = add_node(drawing, cell, &[], group.or(parent));
            first.get_or_insert(End::Node(node));
        }
    }
    if let Some(alone) = title {
        let node = add_node(drawing, &alone, &[], parent);
        first.get_or_insert(End::Node(node));
    }
    first.unwrap_or_else(|| End::Node(add_node(drawing, &[], &[], parent)))
}

fn add_group(drawing: &mut Drawing, frame: &Frame, lines: &[String], parent: Option<usize>) -> usize {
    let (mut name, technology, description) = read_lines(lines);
    if !frame.title.is_empty() {
        name.clone_from(&frame.title);
    }
    let key = format!("{}:{}", frame.top + 1, frame.left + 1);
    drawing.groups.push(Group { key, label: name, hint: "", technology, description, parent });
    drawing.groups.len() - 1
}

fn add_node(drawing: &mut Drawing, lines: &[String], rest: &[String], group: Option<usize>) -> usize {
    let (label, technology, mut description) = read_lines(lines);
    for line in rest {
        if !description.is_empty() {
            description.push('\n');
        }
        description.push_str(line);
    }
    let key = format!("n{}", drawing.nodes.len() + 1);
    drawing.nodes.push(Node { key, label, hint: "", technology, description, group });
    drawing.nodes.len() - 1
}

/// Name, technology and description: the name runs up to the first line in
/// brackets.
fn read_lines(lines: &[String]) -> (String, String, String) {
    let in_brackets = |line: &str, open: char, close: char| {
        line.strip_prefix(open).and_then(|line| line.strip_suffix(close)).map(|line| line.trim().to_owned())
    };
    let mut name: Vec<&str> = Vec::new();
    let (mut technology, mut description) = (String::new(), Vec::new());
    for line in lines {
        if let Some(inside) = in_brackets(line, '[', ']').filter(|_| technology.is_empty() && !name.is_empty()) {
            technology = inside;
        } else if let Some(inside) = in_brackets(line, '(', ')').filter(|_| !name.is_empty()) {
            description.push(inside);
        } else if description.is_empty() && technology.is_empty() {
            name.push(line);
        } else {
            description.push(line.clone());
        }
    }
    (name.join(" "), technology, description.join(" "))
}
