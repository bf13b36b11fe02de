//! Diagrams that others wrote, where they lie beside the checkout, and the
//! examples of the templates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;
use crate::edit::{Edit, check};
use crate::graph::Model;

fn corpora() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    if !path.is_dir() {
        // A test that had nothing to do says so.
        #[allow(clippy::print_stdout)]
        let () = println!("The corpora are not beside the checkout; this test has nothing to read.");
    }
    path.is_dir().then_some(path)
}

fn lifted(markdown: &str) -> (BTreeSet<String>, Vec<String>) {
    let found = find(markdown).remove(0);
    let drawing = read(found.language, &markdown[found.range]);
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        format!("{next:016x}")
    };
    let proposal = to_edits(&drawing, &Model::default(), &mut fresh);
    assert_eq!(proposal.notes, Vec::<String>::new());
    let edits = check(&Model::default(), proposal.edits).unwrap();
    let mut names = std::collections::HashMap::new();
    let mut edges = Vec::new();
    for edit in &edits {
        let Edit::Add { collection, id: Some(id), fields, .. } = edit else { panic!("{edit:?}") };
        let text = |name: &str| fields.get(name).map_or("", |value| value.as_str()).to_owned();
        match collection.as_str() {
            "elements" => drop(names.insert(id.clone(), text("name"))),
            "relationships" => {
                edges.push(format!("{} > {}: {}", names[&text("from")], names[&text("to")], text("description")))
            }
            other => panic!("{other}"),
        }
    }
    edges.sort();
    (names.into_values().collect(), edges)
}

/// The nodes and edges of the model that belongs to the text.
fn expected(json: &str) -> (BTreeSet<String>, Vec<String>) {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let text = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap().to_owned();
    let nodes = json["nodes"].as_array().unwrap();
    let label = |id: &str| text(nodes.iter().find(|node| node["id"] == id).unwrap(), "label");
    let edges = json["edges"].as_array().unwrap().iter();
    let mut edges: Vec<String> = edges
        .map(|edge| format!("{} > {}: {}", label(&text(edge, "from")), label(&text(edge, "to")), text(edge, "label")))
        .collect();
    edges.sort();
    (nodes.iter().map(|node| text(node, "label")).collect(), edges)
}

#[test]
fn traderx_gives_the_nodes_and_edges_of_its_model() {
    let Some(corpora) = corpora() else { return };
    for state in ["001-baseline-uncontainerized-parity", "005-postgres-database-replacement"] {
        let folder = corpora.join("architecture-md/traderx").join(state);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(lifted(&read("architecture.md")), expected(&read("architecture.model.json")), "{state}");
    }
    // The third comes without its model: counted by hand.
    let text = std::fs::read_to_string(corpora.join("infrastructure/traderx-004/architecture.md")).unwrap();
    let (nodes, edges) = lifted(&text);
    assert_eq!((nodes.len(), edges.len()), (11, 16));
    assert!(edges.contains(&"NGINX Ingress > Trade Feed: /trade-feed and /socket.io".to_owned()), "{edges:?}");
}

#[test]
fn every_diagram_of_the_corpora_is_read() {
    let Some(corpora) = corpora() else { return };
    let mut waiting = vec![corpora];
    let mut forms = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for found in find(&text) {
            let drawing = read(found.language, &text[found.range.clone()]);
            let is_state = text[found.range].starts_with("stateDiagram");
            assert_eq!(drawing.warnings.is_empty(), !is_state, "{}:{} {drawing:?}", path.display(), found.line);
            forms.push(format!("{:?} {} {}", drawing.form, drawing.nodes.len(), drawing.edges.len()));
        }
    }
    forms.sort();
    assert_eq!(
        forms,
        [
            "Boxes 1 0",
            "Boxes 15 0",
            "Flowchart 10 15",
            "Flowchart 11 16",
            "Flowchart 11 16",
            "Flowchart 15 16",
            "Other 0 0",
            "Other 0 0",
            "Sequence 5 0",
        ]
    );
}

#[test]
fn the_compact_template_has_twelve_nodes_and_twelve_edges() {
    let text = include_str!("../../templates/compact.md");
    let (nodes, edges) = lifted(text);
    assert_eq!((nodes.len(), edges.len()), (12, 12), "{nodes:?} {edges:?}");
    assert!(edges.contains(&"Order Service > Message Broker: ".to_owned()));
}

#[test]
fn the_full_template_has_four_layers_with_their_parts() {
    let text = include_str!("../../templates/full.md");
    let found = find(text).remove(0);
    assert_eq!(found.language, Language::Ascii);
    let drawing = read(found.language, &text[found.range]);
    is_read_as(
        &drawing,
        "Client Layer/Web Client
        Client Layer/Mobile App
        Client Layer/CLI Tool
        API Gateway | Authentication, Rate Limiting
        Application Layer/Service A
        Application Layer/Service B
        Application Layer/Service C
        Data Layer/Database
        Data Layer/Cache
        Data Layer/File Store
        Client Layer/ -> API Gateway
        API Gateway -> Application Layer/
        Application Layer/ -> Data Layer/",
    );
}

#[test]
fn a_box_that_is_ruled_into_parts_has_titles_with_cells() {
    let Some(corpora) = corpora() else { return };
    let text = std::fs::read_to_string(corpora.join("architecture-md/oxc.md")).unwrap();
    let found = find(&text).remove(0);
    let told = told(&read(found.language, &text[found.range]));
    for line in ["Applications/Language Server", "Core Libraries/Codegen", "Foundation Libraries/AST"] {
        assert!(told.lines().any(|told| told == line), "{told}");
    }
    assert_eq!(told.lines().count(), 15, "{told}");
}
