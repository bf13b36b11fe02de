//! A flowchart of the model.

use std::fmt::Write;

use super::scene::{Frame, Scene};
use super::{label, technologies};
use crate::graph::Model;
use crate::kinds::guess_kind;
use crate::parallel;
use crate::record::Record;
use crate::schema::element_kinds;

/// How many arrows are written in one go.
const AT_ONCE: usize = 512;

/// A flowchart of all elements, or of what is inside one with its neighbours.
pub fn mermaid_flowchart(model: &Model, scope: Option<&str>) -> String {
    let scene = Scene::of(model, scope);
    let mut out = String::from("flowchart TB\n");
    write_frame(&scene, &scene.frames[0], &mut out);
    let parts: Vec<&[&Record]> = scene.relationships.chunks(AT_ONCE).collect();
    let arrows = parallel::map(&parts, scene.relationships.len(), |part| {
        let mut out = String::new();
        part.iter().for_each(|relationship| write_arrow(model, &scene, relationship, &mut out));
        out
    });
    arrows.iter().for_each(|part| out.push_str(part));
    out
}

/// Frames nest no deeper than the limit of a scene.
fn write_frame(scene: &Scene<'_>, frame: &Frame<'_>, out: &mut String) {
    let indent = "  ".repeat(frame.depth + 1);
    for leaf in &frame.leaves {
        let key = scene.keys.get(leaf.id.as_str()).map_or("", String::as_str);
        let _ = writeln!(out, "{indent}{key}{}", shape(leaf));
    }
    for inner in frame.frames.iter().map(|index| &scene.frames[*index]) {
        let mut title = label::encode(&inner.title);
        if let Some(element) = inner.element {
            title.push_str(&format!("<br/>{}", kind_line(element)));
        }
        let _ = writeln!(out, "{indent}subgraph {}[\"{title}\"]", inner.key);
        write_frame(scene, inner, out);
        let _ = writeln!(out, "{indent}end");
    }
}

/// `[Software system: Java]`. Only what is an element has it.
fn kind_line(element: &Record) -> String {
    let kind = element_kinds().iter().find(|kind| kind.value == element.text("kind"));
    let kind = kind.map_or("Custom", |kind| kind.title);
    match technologies(element) {
        empty if empty.is_empty() => format!("[{kind}]"),
        technologies => format!("[{kind}: {}]", label::encode(&technologies.replace('\n', " "))),
    }
}

fn shape(element: &Record) -> String {
    let name = element.label();
    let mut text = label::encode(&name);
    let technologies = technologies(element);
    if !technologies.is_empty() {
        text.push_str(&format!("<br/>{}", label::encode_technology(&technologies)));
    }
    let (open, close) = match element.text("kind") {
        "person" => ("([", "])"),
        "database" => ("[(", ")]"),
        "queue" => ("[[", "]]"),
        "file-store" => ("[/", "/]"),
        "gateway" => ("{{", "}}"),
        "cache" => ("(", ")"),
        _ => ("[", "]"),
    };
    let kind = element.text("kind");
    let told = if kind == "database" { kind } else { guess_kind(&name) };
    let is_known = element_kinds().iter().any(|known| known.value == kind);
    let class = if told != kind && is_known { format!(":::{kind}") } else { String::new() };
    format!("{open}\"{text}\"{close}{class}")
}

fn write_arrow(model: &Model, scene: &Scene<'_>, relationship: &Record, out: &mut String) {
    let (from, to) = (relationship.text("from"), relationship.text("to"));
    let (Some(a), Some(b)) = (scene.keys.get(from), scene.keys.get(to)) else { return };
    let arrow = if relationship.text("interaction") == "asynchronous" { "-.->" } else { "-->" };
    let mut said = label::encode(relationship.text("description"));
    let technology = relationship.text("technology");
    if !technology.trim().is_empty() {
        let gap = if said.is_empty() { "" } else { "<br/>" };
        said.push_str(&format!("{gap}[{}]", label::encode(technology)));
    }
    let said = if said.is_empty() { said } else { format!("|\"{said}\"|") };
    // Mermaid draws no arrow between a frame and what is in it, and fails over it.
    let comment = if scene.is_nested(model, from, to) { "%% " } else { "" };
    let _ = writeln!(out, "  {comment}{a} {arrow}{said} {b}");
}
