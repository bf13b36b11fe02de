//! A C4 diagram of the model.

use std::collections::HashSet;
use std::fmt::Write;

use super::scene::{Frame, Scene};
use super::{label, technologies};
use crate::graph::Model;
use crate::record::Record;

/// A C4 diagram of all elements, or of what is inside one with its neighbours.
pub fn mermaid_c4(model: &Model, scope: Option<&str>) -> String {
    let scene = Scene::of(model, scope);
    let ends: HashSet<&str> =
        scene.relationships.iter().flat_map(|record| [record.text("from"), record.text("to")]).collect();
    let mut out = format!("{}\n", diagram(&scene));
    write_frame(&scene, &scene.frames[0], &ends, &mut out);
    for relationship in &scene.relationships {
        let keys = ["from", "to"].map(|end| scene.keys.get(relationship.text(end)));
        let [Some(from), Some(to)] = keys else { continue };
        let said = label::encode(relationship.text("description"));
        let technology = relationship.text("technology");
        let technology =
            if technology.is_empty() { String::new() } else { format!(", \"{}\"", label::encode(technology)) };
        let _ = writeln!(out, "  Rel({from}, {to}, \"{said}\"{technology})");
    }
    out
}

/// The type of diagram that fits the deepest level shown.
fn diagram(scene: &Scene<'_>) -> &'static str {
    let leaves = scene.frames.iter().flat_map(|frame| &frame.leaves);
    let is_context = |record: &&Record| matches!(record.text("kind"), "person" | "system" | "external");
    let kinds: Vec<&Record> = leaves.copied().collect();
    if kinds.iter().all(is_context) {
        "C4Context"
    } else if kinds.iter().any(|record| record.text("kind") == "component") {
        "C4Component"
    } else {
        "C4Container"
    }
}

/// Frames nest no deeper than the limit of a scene.
fn write_frame(scene: &Scene<'_>, frame: &Frame<'_>, ends: &HashSet<&str>, out: &mut String) {
    let indent = "  ".repeat(frame.depth + 1);
    for leaf in &frame.leaves {
        let _ = writeln!(out, "{indent}{}", shape(scene, leaf));
    }
    for inner in frame.frames.iter().map(|index| &scene.frames[*index]) {
        let title = label::encode(&inner.title);
        let Some(element) = inner.element else {
            let _ = writeln!(out, "{indent}Boundary({}, \"{title}\") {{", inner.key);
            write_frame(scene, inner, ends, out);
            let _ = writeln!(out, "{indent}}}");
            continue;
        };
        let kind = element.text("kind");
        let (name, usual) =
            if kind == "system" { ("System_Boundary", "system") } else { ("Container_Boundary", "container") };
        let tags = if kind == usual || kind.is_empty() { String::new() } else { format!(", $tags=\"{kind}\"") };
        let _ = writeln!(out, "{indent}{name}({}_inside, \"{title}\"{tags}) {{", inner.key);
        // Relations lead to shapes only, so the element itself stands in its boundary.
        if ends.contains(element.id.as_str()) {
            let _ = writeln!(out, "{indent}  {}", shape(scene, element));
        }
        write_frame(scene, inner, ends, out);
        let _ = writeln!(out, "{indent}}}");
    }
}

fn shape(scene: &Scene<'_>, element: &Record) -> String {
    let kind = element.text("kind");
    let (name, usual, has_technology) = match kind {
        "person" => ("Person", "person", false),
        "system" => ("System", "system", false),
        "external" => ("System_Ext", "external", false),
        "component" => ("Component", "component", true),
        "database" => ("ContainerDb", "database", true),
        "queue" => ("ContainerQueue", "queue", true),
        _ => ("Container", "container", true),
    };
    let key = scene.keys.get(element.id.as_str()).map_or("", String::as_str);
    let mut out = format!("{name}({key}, \"{}\"", label::encode(&element.label()));
    let purpose = element.text("purpose").lines().next().unwrap_or_default();
    let purpose = crate::reference::clean(purpose);
    let technologies = technologies(element);
    if has_technology && !(technologies.is_empty() && purpose.is_empty()) {
        out.push_str(&format!(", \"{}\"", label::encode(&technologies)));
    }
    if !purpose.is_empty() {
        out.push_str(&format!(", \"{}\"", label::encode(&purpose)));
    }
    if kind != usual && !kind.is_empty() {
        out.push_str(&format!(", $tags=\"{kind}\""));
    }
    out.push(')');
    out
}
