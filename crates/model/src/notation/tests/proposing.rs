//! From drawings to edits.

use super::*;
use crate::edit::{Edit, apply, check};
use crate::graph::Model;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// A model, with what a drawing proposes for it done.
pub(super) fn lift(model: &Model, drawing: &Drawing) -> (Model, Proposal) {
    let mut next = model.len();
    let mut fresh = || {
        next += 1;
        format!("{next:016x}")
    };
    let proposal = to_edits(drawing, model, &mut fresh);
    let edits = check(model, proposal.edits.clone()).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let mut after = model.clone();
    edits.iter().for_each(|edit| apply(&mut after, edit));
    (after, proposal)
}

/// Elements with their place, and relationships, in lines.
pub(super) fn told_of(model: &Model) -> Vec<String> {
    let mut lines = Vec::new();
    for element in model.list(Collection::Elements) {
        let trail = model.trail(&element.id).join(" / ");
        let group = element.text("group");
        let group = if group.is_empty() { String::new() } else { format!(" in {group}") };
        let technologies = element.list("technologies").join(", ");
        lines.push(format!("{trail}{group} ({}) {technologies}", element.text("kind")).trim_end().to_owned());
    }
    for relationship in model.list(Collection::Relationships) {
        let name = |end: &str| model.get(relationship.text(end)).unwrap().label();
        let rest = ["description", "technology", "interaction"].map(|field| relationship.text(field)).join(" | ");
        let line = format!("{} -> {}: {rest}", name("from"), name("to"));
        lines.push(line.trim_end_matches([' ', '|', ':']).to_owned());
    }
    lines.sort();
    lines
}

fn element(id: &str, name: &str) -> Record {
    Record::new(Collection::Elements, id).with("name", Value::text(name)).with("kind", Value::text("service"))
}

#[test]
fn what_is_there_is_completed_and_the_rest_added_once() {
    let model = Model::of([
        element("a1", "web  CLIENT"),
        element("a2", "Orders").with("technologies", Value::list(["Java"])),
        element("a3", "Backend"),
        Record::new(Collection::Relationships, "a4")
            .with("from", Value::text("a1"))
            .with("to", Value::text("a2"))
            .with("description", Value::text("Asks")),
    ]);
    let drawing = mermaid(
        "graph LR\n w[Web client] -->|Asks| o\n w --> o\n w -.->|Told| o\nsubgraph be [Backend]\n o[\"Orders<br/>[Kotlin]\"]\n\
         subgraph store [Stores]\n db[(Rows)] \n end\n end\n o --> db\n subgraph outer\n subgraph inner\n x[Mail queue]\n end\n end\n",
    );
    let (after, proposal) = lift(&model, &drawing);
    assert_eq!(
        told_of(&after),
        [
            "Backend (service)",
            "Backend / Orders (service) Java",
            "Backend / Rows in Stores (database)",
            "Mail queue in outer/inner (queue)",
            "Orders -> Rows",
            "web  CLIENT (service)",
            "web  CLIENT -> Orders: Asks",
            "web  CLIENT -> Orders: Told |  | asynchronous",
        ]
    );
    assert_eq!(proposal.notes, Vec::<String>::new());
    let (again, proposal) = lift(&after, &drawing);
    assert_eq!((proposal.edits, told_of(&again)), (vec![], told_of(&after)));
}

#[test]
fn groups_that_arrows_lead_to_are_elements() {
    let text = include_str!("../../templates/full.md");
    let found = find(text).remove(0);
    let drawing = read(found.language, &text[found.range]);
    let (after, _) = lift(&Model::default(), &drawing);
    let told = told_of(&after);
    assert!(told.contains(&"Data Layer / Cache (cache)".to_owned()), "{told:?}");
    assert!(told.contains(&"Client Layer -> API Gateway".to_owned()) && told.len() == 16, "{told:?}");
    assert_eq!(lift(&after, &drawing).1.edits, []);
}

#[test]
fn nothing_is_moved_into_itself() {
    let child = element("a2", "Inner").with("parent", Value::text("a1"));
    let model = Model::of([element("a1", "Outer"), child]);
    let (after, proposal) =
        lift(&model, &mermaid("graph LR\n subgraph Inner\n Outer\n end\n subgraph z\n Inner\n end"));
    assert_eq!(told_of(&after), told_of(&model));
    assert_eq!(proposal.notes.len(), 1, "{:?}", proposal.notes);
}

#[test]
fn names_that_do_not_tell_apart_are_noted() {
    let drawing = mermaid("graph LR\n a[Store] --> b[Store]\n c[\" \"] --> a");
    let (after, proposal) = lift(&Model::default(), &drawing);
    assert_eq!(told_of(&after), ["Store (file-store)", "Store (file-store)", "Store -> Store"]);
    assert_eq!(proposal.notes.len(), 2, "{:?}", proposal.notes);
    let (_, proposal) = lift(&after, &drawing);
    assert_eq!(proposal.edits, []);
}

#[test]
fn sequences_become_flows() {
    let model = Model::of([
        element("a1", "Web"),
        element("a2", "API"),
        Record::new(Collection::Relationships, "a3").with("from", Value::text("a1")).with("to", Value::text("a2")),
    ]);
    let drawing = mermaid(
        "sequenceDiagram\ntitle Check out\nactor U as User\nWeb->>API: pay\nalt paid\nAPI-->>Web: ok\nelse not\nU->>Web: retry\nend",
    );
    let (after, proposal) = lift(&model, &drawing);
    let flow = after.list(Collection::Flows).next().unwrap();
    assert_eq!(flow.label(), "Check out");
    let steps: Vec<String> = after
        .owned(&flow.id, Collection::Steps)
        .map(|step| ["kind", "from", "to", "text", "condition", "relationship"].map(|field| step.text(field)).join(","))
        .collect();
    let user = after.list(Collection::Elements).find(|element| element.label() == "User").unwrap();
    assert_eq!(
        steps,
        [
            "message,a1,a2,pay,,a3".to_owned(),
            "alternative,,,,,".into(),
            "alternative,,,,paid,".into(),
            "return,a2,a1,ok,,a3".into(),
            "alternative,,,,not,".into(),
            format!("message,{},a1,retry,,", user.id),
        ]
    );
    assert_eq!(user.text("kind"), "person");
    assert_eq!(proposal.notes, ["1 steps go where there is no relationship."]);
    assert_eq!(lift(&after, &drawing).1.edits, []);
}

#[test]
fn deployments_become_environments() {
    let drawing = mermaid(
        "C4Deployment\ntitle Live\nDeployment_Node(eu, \"Europe\", \"AWS\") {\nNode(vm, \"Machine\", \"Debian\") {\n\
         Container(a, \"API\", \"Rust\")\n}\nNode(vm2, \"Second\") {\nContainer(b, \"API\", \"Rust\")\n}\n}\nRel(a, b, \"Syncs\")",
    );
    let (after, proposal) = lift(&Model::default(), &drawing);
    let count = |collection| after.list(collection).count();
    assert_eq!([Collection::Environments, Collection::Nodes, Collection::Instances].map(count), [1, 3, 2]);
    assert_eq!(told_of(&after), ["API (container) Rust", "API -> API: Syncs"]);
    let machine = after.list(Collection::Nodes).find(|node| node.label() == "Machine").unwrap();
    assert_eq!(
        (after.trail(&machine.id), machine.text("technology")),
        (vec!["Europe".into(), "Machine".into()], "Debian")
    );
    assert!(proposal.notes.is_empty());
    assert_eq!(lift(&after, &drawing).1.edits, []);
}

#[test]
fn long_texts_still_fit_the_model() {
    let long = "ä".repeat(4_000);
    let drawing =
        mermaid(&format!("graph LR\na[\"{long}\"] -->|\"{long}\"| b[\"x<br/>[{long}]\"]\nsubgraph \"{long}\"\nb\nend"));
    let (after, proposal) = lift(&Model::default(), &drawing);
    assert_eq!(after.list(Collection::Elements).count(), 2);
    assert!(matches!(proposal.edits[0], Edit::Add { .. }));
}
