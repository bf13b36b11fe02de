//! What is written is read back.

use proptest::prelude::*;

use super::proposing::{lift, told_of};
use super::*;
use crate::graph::Model;
use crate::record::Record;
use crate::reference;
use crate::schema::{Collection, element_kinds};
use crate::value::Value;

fn sample() -> Model {
    let element = |id: &str, name: &str, kind: &str, parent: &str| {
        Record::new(Collection::Elements, id)
            .with("name", Value::text(name))
            .with("kind", Value::text(kind))
            .with("parent", Value::text(parent))
    };
    let relationship = |id: &str, from: &str, to: &str, said: &str| {
        Record::new(Collection::Relationships, id)
            .with("from", Value::text(from))
            .with("to", Value::text(to))
            .with("description", Value::text(said))
    };
    let step = |id: &str, kind: &str, within: &str, ends: [&str; 2], text: &str, condition: &str| {
        Record::new(Collection::Steps, id)
            .with("flow", Value::text("e0"))
            .with("kind", Value::text(kind))
            .with("within", Value::text(within))
            .with("from", Value::text(ends[0]))
            .with("to", Value::text(ends[1]))
            .with("text", Value::text(text))
            .with("condition", Value::text(condition))
    };
    Model::of([
        element("a1", "Customer", "person", ""),
        element("a2", "Shop", "system", ""),
        element("a3", "Web client", "web-client", "a2").with("technologies", Value::list(["Svelte", "Vite"])),
        element("a4", "Orders", "service", "a2").with("group", Value::text("Backend/Core")),
        element("a5", "Rows", "database", "a2").with("group", Value::text("Backend")),
        element("a6", "End", "external", ""),
        relationship("b1", "a1", "a3", "Buys"),
        relationship("b2", "a3", "a4", "").with("technology", Value::text("HTTPS")),
        relationship("b3", "a4", "a5", "Reads \"rows\""),
        relationship("b4", "a4", "a6", "Mails").with("interaction", Value::text("asynchronous")),
        relationship("b5", "a1", "a2", "Trusts"),
        Record::new(Collection::Flows, "e0").with("name", Value::text("Buy")),
        step("f1", "message", "", ["a1", "a3"], "opens", ""),
        step("f2", "alternative", "", ["", ""], "", ""),
        step("f3", "alternative", "f2", ["", ""], "", "in stock"),
        step("f4", "message", "f3", ["a3", "a4"], "orders; pays", ""),
        step("f5", "return", "f3", ["a4", "a3"], "done", ""),
        step("f6", "alternative", "f2", ["", ""], "", "sold out"),
        step("f7", "note", "f6", ["a3", ""], "says so\ntwice", ""),
        step("f8", "loop", "", ["", ""], "", "each day"),
        step("f9", "message", "f8", ["a4", "a6"], "mails", "").with("relationship", Value::text("b4")),
    ])
}

#[test]
fn a_flowchart_shows_groups_shapes_and_arrows() {
    let expected = r#"flowchart TB
  customer(["Customer"])
  end_["End"]:::external
  subgraph shop["Shop<br/>[Software system]"]
    web_client["Web client<br/>[Svelte, Vite]"]
    subgraph group_backend["Backend"]
      rows[("Rows")]
      subgraph group_core["Core"]
        orders["Orders"]
      end
    end
  end
  customer -->|"Buys"| web_client
  web_client -->|"[HTTPS]"| orders
  orders -->|"Reads #quot;rows#quot;"| rows
  orders -.->|"Mails"| end_
  customer -->|"Trusts"| shop
"#;
    assert_eq!(mermaid_flowchart(&sample(), None), expected);
    let drawing = mermaid(expected);
    assert_eq!(drawing.warnings, []);
    assert_eq!(told_of(&lift(&Model::default(), &drawing).0), told_of(&sample()));
}

#[test]
fn a_scope_shows_what_is_inside_with_its_neighbours() {
    let text = mermaid_flowchart(&sample(), Some("a4"));
    let drawing = mermaid(&text);
    let names: Vec<&str> = drawing.nodes.iter().map(|node| node.label.as_str()).collect();
    assert_eq!(names, ["Web client", "End", "Rows", "Orders"], "{text}");
    assert_eq!(drawing.edges.len(), 3);
}

#[test]
fn a_c4_diagram_shows_boundaries_shapes_and_relations() {
    let text = mermaid_c4(&sample(), None);
    let expected = r#"C4Container
  Person(customer, "Customer")
  System_Ext(end_, "End")
  System_Boundary(shop_inside, "Shop") {
    System(shop, "Shop")
    Container(web_client, "Web client", "Svelte, Vite", $tags="web-client")
    Boundary(group_backend, "Backend") {
      ContainerDb(rows, "Rows")
      Boundary(group_core, "Core") {
        Container(orders, "Orders", $tags="service")
      }
    }
  }
  Rel(customer, web_client, "Buys")
  Rel(web_client, orders, "", "HTTPS")
  Rel(orders, rows, "Reads #quot;rows#quot;")
  Rel(orders, end_, "Mails")
  Rel(customer, shop, "Trusts")
"#;
    assert_eq!(text, expected);
    let drawing = mermaid(&text);
    assert_eq!(drawing.warnings, []);
    let without = |lines: Vec<String>| lines.join("\n").replace(" |  | asynchronous", "");
    assert_eq!(without(told_of(&lift(&Model::default(), &drawing).0)), without(told_of(&sample())));
}

#[test]
fn a_sequence_shows_the_steps_with_their_blocks() {
    let text = mermaid_sequence(&sample(), "e0");
    let expected = "sequenceDiagram
  title Buy
  actor customer as Customer
  participant web_client as Web client
  participant orders as Orders
  participant end_ as End
  customer->>web_client: opens
  alt in stock
    web_client->>orders: orders#59; pays
    orders-->>web_client: done
  else sold out
    Note over web_client: says so<br/>twice
  end
  loop each day
    orders-)end_: mails
  end
";
    assert_eq!(text, expected);
    let (model, drawing) = (sample(), mermaid(&text));
    assert_eq!(drawing.warnings, []);
    assert_eq!(lift(&model, &drawing).1.edits, [], "the flow that is there is the one that was written");
    assert_eq!(mermaid_sequence(&model, "a1"), "");
}

/// Names that hurt: quotes, brackets, words of the language, and what else
/// there is.
fn name() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "end",
            "subgraph",
            "\"",
            "'",
            "[",
            "]",
            "(",
            ")",
            "{",
            "}",
            "|",
            "<br/>",
            "<b>",
            "-->",
            "%%",
            "%%{",
            ";",
            "#35;",
            "&amp;",
            "\\n",
            "`",
            ":::",
            "@{",
            "🦀",
            "注文",
            "é",
            " ",
            ":",
            ",",
            "$tags",
            "fa:fa-x",
            "note over",
            "\n",
            "->>",
            "+",
            "o",
            "x",
            "class",
            "[Person]",
            "/",
            "\u{200f}",
            "*"
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9 ]{1,5}",
        any::<char>().prop_map(String::from),
    ];
    // Texts that come from outside are cleaned before the model has them.
    prop::collection::vec(piece, 1..6).prop_map(|pieces| reference::clean(&pieces.concat()))
}

fn nasty() -> impl Strategy<Value = Model> {
    let elements = prop::collection::vec((name(), 0usize..20, 0usize..30, prop::option::of(name())), 1..8);
    let relationships = prop::collection::vec((0usize..8, 0usize..8, name(), any::<bool>()), 0..8);
    (elements, relationships).prop_map(|(elements, relationships)| {
        let kinds = element_kinds();
        let mut model = Model::default();
        let id = |index: usize| format!("{:016x}", index + 1);
        let line = |text: &str| {
            let line = text.lines().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
        };
        for (index, (name, parent, kind, technology)) in elements.iter().enumerate() {
            // Numbers keep names apart, and from being empty.
            let mut record = Record::new(Collection::Elements, id(index))
                .with("name", Value::text(line(&format!("{name}{index}"))))
                .with("kind", Value::text(kinds[kind % kinds.len()].value));
            record.order = format!("{index:04}");
            if *parent < index {
                record = record.with("parent", Value::text(id(*parent)));
            }
            let technology = technology.as_deref().map(|text| line(&text.replace(',', ""))).unwrap_or_default();
            if !technology.is_empty() {
                record = record.with("technologies", Value::list([technology]));
            }
            model.put(record);
        }
        for (index, (from, to, said, dotted)) in relationships.iter().enumerate() {
            let (from, to) = (from % elements.len(), to % elements.len());
            let mut record = Record::new(Collection::Relationships, id(100 + index))
                .with("from", Value::text(id(from)))
                .with("to", Value::text(id(to)))
                .with("description", Value::text(line(&format!("{said}{index}"))));
            if *dotted {
                record = record.with("interaction", Value::text("asynchronous"));
            }
            model.put(record);
        }
        model
    })
}

/// Without relationships between an element and what it is in, which Mermaid
/// cannot draw.
fn drawable(model: &Model) -> Model {
    let nested = |a: &str, b: &str| {
        let mut at = model.parent(a);
        while let Some(id) = at {
            if id == b {
                return true;
            }
            at = model.parent(id);
        }
        false
    };
    let keeps = |record: &&Record| {
        let (from, to) = (record.text("from"), record.text("to"));
        record.collection != Collection::Relationships || !(nested(from, to) || nested(to, from))
    };
    Model::of(model.all().filter(keeps).cloned())
}

proptest! {
    #![proptest_config(crate::properties::same_each_time(400))]

    #[test]
    fn flowcharts_are_read_back_whatever_the_names(model in nasty()) {
        let text = mermaid_flowchart(&model, None);
        let drawing = mermaid(&text);
        prop_assert_eq!(&drawing.warnings, &[], "{}", text);
        let read = lift(&Model::default(), &drawing).0;
        prop_assert_eq!(told_of(&read), told_of(&drawable(&model)), "{}", text);
    }

    #[test]
    fn c4_diagrams_are_read_back_whatever_the_names(model in nasty()) {
        let text = mermaid_c4(&model, None);
        let drawing = mermaid(&text);
        prop_assert_eq!(&drawing.warnings, &[], "{}", text);
        let without = |model: &Model| {
            let lines = told_of(model).into_iter().map(|line| line.replace(" |  | asynchronous", ""));
            // People and systems have no technologies in C4.
            let mut lines: Vec<String> =
                lines.map(|line| line.split(") ").next().unwrap_or_default().trim_end_matches(')').to_owned()).collect();
            // What is left out here has a part in the order.
            lines.sort();
            lines
        };
        let read = lift(&Model::default(), &drawing).0;
        prop_assert_eq!(without(&read), without(&model), "{}", text);
    }

    #[test]
    fn sequences_are_read_back_whatever_they_say(texts in prop::collection::vec((name(), name(), 0usize..3), 1..6)) {
        let mut model = sample();
        for (index, (text, condition, kind)) in texts.iter().enumerate() {
            let within = if index % 2 == 0 { "" } else { "f8" };
            let one_line = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
            let clean = |text: &str| one_line(text).trim().to_owned();
            let step = Record::new(Collection::Steps, format!("ff{index}"))
                .with("flow", Value::text("e0"))
                .with("within", Value::text(within))
                .with("kind", Value::text(["message", "loop", "note"][*kind]))
                .with("text", Value::text(if *kind == 1 { String::new() } else { clean(text) }))
                .with("condition", Value::text(if *kind == 1 { clean(condition) } else { String::new() }))
                .with("from", Value::text(if *kind == 1 { "" } else { "a1" }))
                .with("to", Value::text(if *kind == 1 { "" } else { "a3" }));
            model.put(step);
        }
        let text = mermaid_sequence(&model, "e0");
        let drawing = mermaid(&text);
        prop_assert_eq!(&drawing.warnings, &[], "{}", text);
        prop_assert_eq!(lift(&model, &drawing).1.edits, vec![], "{}", text);
    }
}
