//! What diagrams are read as, in pictures and in the corpora.

mod corpora;
mod proposing;
mod writing;

use std::fmt::Write;

use super::*;

/// A drawing in lines that a test can state: groups, nodes, edges.
pub(super) fn told(drawing: &Drawing) -> String {
    let mut out = String::new();
    let path = |mut group: Option<usize>| {
        let mut path = String::new();
        while let Some(index) = group {
            path = format!("{}/{path}", drawing.groups[index].label);
            group = drawing.groups[index].parent;
        }
        path
    };
    let name = |end: End| match end {
        End::Node(index) => drawing.nodes[index].label.clone(),
        End::Group(index) => format!("{}/", drawing.groups[index].label),
    };
    for node in &drawing.nodes {
        let _ = write!(out, "{}{}", path(node.group), node.label);
        for part in [node.hint, &node.technology, &node.description] {
            if !part.is_empty() {
                let _ = write!(out, " | {part}");
            }
        }
        out.push('\n');
    }
    for edge in &drawing.edges {
        let arrow = match (edge.asynchronous, edge.both) {
            (_, true) => "<->",
            (true, _) => "~>",
            _ => "->",
        };
        let said = [edge.label.as_str(), edge.technology.as_str()].join(" | ");
        let _ = writeln!(out, "{} {arrow} {}: {}", name(edge.from), name(edge.to), said.trim_matches([' ', '|']));
    }
    tell_steps(drawing, &drawing.steps, 0, &mut out);
    out.trim_end().replace(": \n", "\n").trim_end_matches(": ").trim_end_matches(':').to_owned()
}

fn tell_steps(drawing: &Drawing, steps: &[Step], depth: usize, out: &mut String) {
    let name = |node: Option<usize>| node.map_or("", |node| &drawing.nodes[node].label);
    for step in steps {
        let indent = "  ".repeat(depth);
        let (from, to) = (name(step.from), name(step.to));
        let line = match step.kind {
            StepKind::Message if step.asynchronous => format!("{from} async {to}: {}", step.text),
            StepKind::Message => format!("{from} calls {to}: {}", step.text),
            StepKind::Return => format!("{from} answers {to}: {}", step.text),
            StepKind::Note => format!("note {from},{to}: {}", step.text),
            kind => format!("{kind:?} {}", step.condition),
        };
        let _ = writeln!(out, "{indent}{}", line.trim_end());
        tell_steps(drawing, &step.steps, depth + 1, out);
    }
}

pub(super) fn mermaid(text: &str) -> Drawing {
    read(Language::Mermaid, text)
}

fn is_read_as(drawing: &Drawing, expected: &str) {
    assert_eq!(
        told(drawing),
        expected
            .lines()
            .map(|line| line.strip_prefix("        ").unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
    );
    assert_eq!(drawing.warnings, []);
}

#[test]
fn flowcharts_are_read_with_chains_and_every_shape() {
    let drawing = mermaid(
        "---\ntitle: \"The shop\"\n---\n%%{init: {\n 'theme': 'dark'}}%%\ngraph TD; A[User] --> B(Front-end);\n\
         %% a comment\nB --> C{API Gateway} --> D((Bus)) & E[(Orders)]\n\
         D & E -. later .-> F@{ shape: cyl, label: \"Ware\nhouse\" }\n\
         F ==>|\"a | b\"| G[[x]]:::queue\nG <--> H>flag]; H --- I[/path/to/]\nI ~~~ A\n\
         J([\"`**Bold** text`\"]) -- \"no --> arrow\" --> K{{hex}}\nK e1@--> L[/account-service]\n\
         e1@{ animate: true }\nstyle A fill:#f9f\nlinkStyle 0 stroke:#333;\nclass A,B user\nclick A \"https://x.y/;z\"\n\
         M[\"a #quot;q#quot;<br/>[Container: Java]<br/>does it\"]\n L-->M\nM\n-->N\n",
    );
    assert_eq!(drawing.title, "The shop");
    is_read_as(
        &drawing,
        "User
        Front-end
        API Gateway
        Bus
        Orders | database
        Ware | database | house
        x | queue
        flag
        path/to
        Bold text
        hex
        /account-service
        a \"q\" | container | Java | does it
        N
        User -> Front-end
        Front-end -> API Gateway
        API Gateway -> Bus
        API Gateway -> Orders
        Bus ~> Ware: later
        Orders ~> Ware: later
        Ware -> x: a | b
        x <-> flag
        flag -> path/to
        Bold text -> hex: no --> arrow
        hex -> /account-service
        /account-service -> a \"q\"
        a \"q\" -> N",
    );
    assert_eq!(drawing.edges[12].line, 23);
}

#[test]
fn groups_of_flowcharts_hold_what_is_named_in_them() {
    is_read_as(
        &mermaid(
            "flowchart LR\n a --> one\n subgraph one [\"First one\"]\n direction TB\n b; subgraph two\n c --> b\n end\n end\n\
             subgraph \"Third group\"\n d --> b\n end\n subgraph Two words\n e\n end\n two --> d\n",
        ),
        "a
        First one/two/b
        First one/two/c
        Third group/d
        Two words/e
        a -> First one/
        c -> b
        d -> b
        two/ -> d",
    );
}

#[test]
fn mistakes_are_warned_of_with_their_line_and_the_rest_is_read() {
    let drawing = mermaid("graph LR\n A --> B\n [oops\n B --> ;\n C --> D ) x\nend\nsubgraph open\n E\n");
    assert_eq!(told(&drawing), "A\nB\nC\nD\nopen/E\nA -> B\nC -> D");
    let lines: Vec<usize> = drawing.warnings.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 9], "{:?}", drawing.warnings);
}

#[test]
fn c4_diagrams_are_read() {
    is_read_as(
        &mermaid(
            "C4Container\ntitle Shop\nPerson(user, \"User\", \"Buys, sells\")\nEnterprise_Boundary(e, \"Company\") {\n\
             System_Boundary(shop, \"Shop\")\n{\nContainer(web, \"Web\", \"Svelte\", \"Shows it\", $tags=\"web-client\")\n\
             ContainerDb(db, \"Store\", $techn=\"SQLite\")\n}\nSystemQueue(bus, \"Bus\")\n}\n\
             System_Ext(mail, \"Mail\")\nRel(user, web, \"Uses\", \"HTTPS\")\nRel_Back(web, db, \"Rows\")\n\
             BiRel(bus, mail, \"Mails\")\nUpdateRelStyle(user, web, $textColor=\"red\")\n\
             UpdateLayoutConfig($c4ShapeInRow=\"3\", $c4BoundaryInRow=\"1\")\n",
        ),
        "User | person | Buys, sells
        Company/Shop/Web | web-client | Svelte | Shows it
        Company/Shop/Store | database | SQLite
        Company/Bus | queue
        Mail | external
        User -> Web: Uses | HTTPS
        Store -> Web: Rows
        Bus <-> Mail: Mails",
    );
    let drawing = mermaid(
        "C4Dynamic\nComponent(a, \"A\")\nComponent(b, \"B\")\nRelIndex(1, a, b, \"asks\")\nRel(a, c, \"x\")\nNope(1)\n}\n",
    );
    assert_eq!(told(&drawing), "A | component\nB | component\nA -> B: asks\nA calls B: asks");
    let lines: Vec<usize> = drawing.warnings.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [6, 7, 5]);
}

#[test]
fn sequences_are_read_with_their_blocks() {
    is_read_as(
        &mermaid(
            "sequenceDiagram\nautonumber\nbox Aqua Inside\nactor U as The user\nparticipant web-x\nend\n\
             participant db@{ \"type\": \"database\" } as Rows\nU->>+web-x: opens: it;\nalt found\nweb-x->>db: reads\n\
             db-->>web-x: rows #59; more\nelse not found\nNote over web-x,db: gone\nend\nloop each\npar one\nU-)db: a\n\
             and two\nU-xdb: b\nend\nend\nrect rgb(1,2,3)\nopt maybe\nweb-x-->>-U: done\nend\nend\n\
             critical c\noption d\nend\nbreak x\nend\ncreate participant Z\nU->>Z: hi\ndestroy Z\n",
        ),
        "Inside/The user | person
        Inside/web-x
        Rows | database
        Z
        The user calls web-x: opens: it
        Alternative
          Alternative found
            web-x calls Rows: reads
            Rows answers web-x: rows ; more
          Alternative not found
            note web-x,Rows: gone
        Loop each
          Parallel
            Parallel one
              The user async Rows: a
            Parallel two
              The user calls Rows: b
        Alternative maybe
          web-x answers The user: done
        Alternative
          Alternative c
          Alternative d
        Alternative x
        The user calls Z: hi",
    );
}

#[test]
fn other_diagrams_show_no_part_of_the_model() {
    let drawing = mermaid("\nstateDiagram-v2\n a --> b\n");
    assert!(drawing.nodes.is_empty() && drawing.form == Form::Other);
    assert_eq!(drawing.warnings, [(2, "A diagram of the type stateDiagram-v2 shows no part of the model.".into())]);
    assert!(mermaid("").warnings[0].1.contains("empty"));
}

fn ascii(text: &str) -> Drawing {
    read(Language::Ascii, text)
}

#[test]
fn boxes_are_read_with_lines_labels_and_nesting() {
    is_read_as(
        &ascii(
            "
┌──────────┐  HTTPS   ╔═════════╗        ╭──────╮
│ Web      │─────────▶║ 注文API ║── SQL ▶│ Rows │
│ client   │          ╚════╤════╝        │ (3)  │
└──────────┘               │ events      ╰──────╯
      ▲                    ▼
      │     ┌─ Backend ─────────────────┐
      │     │ ┏━━━━━━━┓     ┌─────────┐ │
      └─────┤ ┃ Queue ┃◄───►│ Worker  │ │
            │ ┗━━━━━━━┛     │ [Rust]  │ │
            │               └─────────┘ │
            └───────────────────────────┘
",
        ),
        "Web client
        注文API
        Rows | 3
        Backend/Queue
        Backend/Worker | Rust
        Web client -> 注文API: HTTPS
        注文API -> Rows: SQL
        注文API -> Backend/: events
        Backend/ -> Web client
        Worker <-> Queue",
    );
}

#[test]
fn boxes_of_plain_characters_are_read() {
    is_read_as(
        &ascii(
            "
+--------+     +---------+
| Client |---->| Server  |
+--------+     +----+----+
                    |
               +----+----+
               |         |
               v         v
            +-----+   +-----+
            | A   |   | B   |
            |-----|   +-----+
            | v1  |
            +-----+
",
        ),
        "Client
        Server
        A | v1
        B
        Client -> Server
        Server -> A
        Server -> B",
    );
    let table = ascii("+----+----+\n| id | n  |\n+----+----+\n| 1  | x  |\n+----+----+\n");
    assert!(table.nodes.is_empty() && table.warnings.len() == 2, "{table:?}");
    let nothing = ascii("├── src\n│   └── main.rs\n└── x\n");
    assert!(nothing.nodes.is_empty() && nothing.warnings.len() == 1);
}
