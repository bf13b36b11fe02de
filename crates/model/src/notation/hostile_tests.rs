//! Whatever the text: no panic, no waiting, no more than the limits.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::edit::check;
use crate::graph::Model;

/// Texts of every form, to be damaged.
const REAL: &[&str] = &[
    "flowchart LR\n  a[\"A<br/>[x]\"] -->|\"b | c\"| d((e)) & f@{ shape: cyl, label: \"g\" }\n  subgraph h [i]\n  j -. k .-> l:::m\n  end\n  a <--> h\n",
    "C4Container\nSystem_Boundary(a, \"b\") {\nContainer(c, \"d\", \"e\", $tags=\"f\")\n}\nRel(c, g, \"h\", \"i\")\nPerson(g, \"g\")\n",
    "sequenceDiagram\nactor a as b\na->>+c: d\nalt e\nc-->>-a: f\nelse g\nNote over a,c: h\nend\nloop i\na-)c: j\nend\n",
    "┌────┐  a   ┌─ b ──┐\n│ c  ├─────▶│ d    │\n└─┬──┘      │ ┌──┐ │\n  │ e       │ └──┘ │\n  ▼         └──────┘\n┌────┐\n├────┤\n└────┘\n",
    "+----+    +----+\n| a  |--->| b  |\n+----+    +----+\n  ^ x\n  |\n+-+--+\n| c  |\n+----+\n",
];

fn survive(text: &str) {
    for language in [Language::Mermaid, Language::Ascii] {
        let drawing = read(language, text);
        let limits = [drawing.nodes.len(), drawing.groups.len(), drawing.edges.len(), drawing.steps.len()];
        assert!(limits.iter().all(|count| *count <= PARTS) && drawing.warnings.len() <= WARNINGS);
        for group in drawing.groups.iter().enumerate() {
            assert!(group.1.parent.is_none_or(|parent| parent < group.0));
        }
        let mut next = 0;
        let proposal = to_edits(&drawing, &Model::default(), &mut || {
            next += 1;
            format!("{next:016x}")
        });
        if proposal.edits.len() < 500 {
            assert!(check(&Model::default(), proposal.edits).is_ok(), "{text:?}");
        }
    }
    for found in find(text) {
        assert!(text.is_char_boundary(found.range.start) && text.is_char_boundary(found.range.end));
    }
}

proptest! {
    #![proptest_config(crate::properties::same_each_time(1500))]

    #[test]
    fn any_text_is_survived(text in "[-=+|<>v^ .~xo\\[\\](){}\"#;:&@$%,/\\\\a-e\\n┌─┐│└┘├┤┬┴┼▼►注]{0,200}", head in 0usize..4) {
        survive(&text);
        let heads = ["graph LR\n", "C4Context\n", "sequenceDiagram\n", "```mermaid\n"];
        survive(&format!("{}{text}", heads[head]));
    }

    #[test]
    fn any_characters_are_survived(text in "\\PC{0,60}", head in 0usize..4) {
        let heads = ["graph LR\n", "C4Context\n", "sequenceDiagram\n", "┌─┐\n"];
        survive(&format!("{}{text}", heads[head]));
    }

    #[test]
    fn damaged_diagrams_are_survived(
        which in 0..REAL.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, "[-=+|<> \\[\\](){}\"#;:&@%a\\n┌─┐│└┘├▼]{0,3}"), 1..6),
    ) {
        let mut text: Vec<char> = REAL[which].chars().collect();
        for (at, length, new) in cuts {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, new.chars());
        }
        survive(&text.into_iter().collect::<String>());
    }
}

/// Patterns that make careless readers slow, repeated up to the limit.
#[test]
fn the_longest_diagrams_take_no_long_time() {
    let patterns = [
        ("graph LR\n", "a-->b "),
        ("graph LR\n", "a -- "),
        ("graph LR\n", "a[\""),
        ("graph LR\n", "a[("),
        ("graph LR\n", "a@{\n"),
        ("graph LR\n", "a-->|"),
        ("graph LR\n", "a & "),
        ("graph LR\na", "-"),
        ("graph LR\na -- b ", "-- "),
        ("graph LR\n", "subgraph a\n"),
        ("graph LR\n", "a[[x] --> "),
        ("graph LR\n", "a&b&c-->d&e&f\n"),
        ("graph LR\n", "&#<"),
        ("graph LR\na[\"", "<b #x &y "),
        ("C4Context\n", "Boundary(a){"),
        ("C4Context\n", "Person("),
        ("C4Context\n", "Rel(a,b)\n"),
        ("sequenceDiagram\n", "alt a\n"),
        ("sequenceDiagram\n", "rect a\n"),
        ("sequenceDiagram\n", "a-"),
        ("sequenceDiagram\n", "a->>b: c\n"),
        ("", "+-"),
        ("", "+-+\n"),
        ("", "+--+ "),
        ("", "┌─"),
        ("", "┌┐\n└┘\n"),
        ("", "│\n"),
        ("", "-- a "),
        ("", "├─\n"),
        ("", "|+\n"),
    ];
    for (head, pattern) in patterns {
        let text = format!("{head}{}", pattern.repeat((SIZE - head.len()) / pattern.len()));
        let start = Instant::now();
        survive(&text);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(10), "{pattern:?} took {took:?}");
    }
}

/// Boxes inside of boxes, as deep as the limit lets them be.
#[test]
fn boxes_in_boxes_are_survived() {
    let depth = 120;
    let mut rows = Vec::new();
    for row in 0..2 * depth {
        let level = row.min(2 * depth - 1 - row);
        let side = "│".repeat(level);
        let (left, right) = if row < depth { ('┌', '┐') } else { ('└', '┘') };
        let line = "─".repeat(2 * (depth - level) + 1);
        rows.push(format!("{side}{left}{line}{right}{side}"));
    }
    let drawing = read(Language::Ascii, &rows.join("\n"));
    assert!(drawing.nodes.len() + drawing.groups.len() > depth / 2, "{:?}", drawing.warnings);
    survive(&rows.join("\n"));
}
