//! Texts that are hard to read.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn component(body: &str) -> Document {
    Document::read(&format!("# S\n\n## Components\n\n### Web\n\n{body}\n\n### Disk\n\n**Owner**: Bo\n")).lift()
}

#[test]
fn labels_in_code_quotes_html_and_tables_are_no_labels() {
    let document = component(
        "```\n**Purpose**: no\n```\n\n    **Purpose**: no\n\n> **Purpose**: no\n\n<div>\n**Purpose**: no\n</div>\n\n<!--\n**Purpose**: no\n\n**Owner**: no\n-->\n\n| **Purpose**: no | x |\n|---|---|\n| **Owner**: no | x |\n\n- ```\n  **Purpose**: no\n  ```\n\nIn \"**Purpose**: no\" there is no label.\n\n**Owner**: “Ada: **Purpose**: no”[^1]\n\n[^1]: **Purpose**: no",
    );
    assert_eq!(document.field(Collection::Elements, "Web", "owner"), "“Ada: **Purpose**: no”[^1]");
    assert_eq!(document.field(Collection::Elements, "Web", "purpose"), "");
}

#[test]
fn lists_are_read_in_every_form() {
    let list = |body: &str| component(body).field(Collection::Elements, "Web", "responsibilities").replace('\n', "|");
    assert_eq!(list("**Responsibilities**:\n\n+ a\n+ b"), "a|b");
    assert_eq!(list("**Responsibilities:**\n\n* a\n\n* b"), "a|b");
    assert_eq!(list("Responsibilities:\n\t- a\n\t- b"), "a|b");
    assert_eq!(list("- **Responsibilities**\n   1) a\n   2) b"), "a|b");
    assert_eq!(list("- __Responsibilities__:\n        - a\n        - 😀 שלום"), "a|😀 שלום");
    assert_eq!(list("**Responsibilities**: only one, with a comma"), "only one, with a comma");
    // Not evenly marked, more than a line, nested, or partly advice: it stays.
    for body in ["- a\n*  b\n- c", "- a\n  b", "- a\n    - b", "- a\n- [b c]", "3. a\n5. b", "- a\n- \n- b"] {
        assert_eq!(list(&format!("**Responsibilities**:\n{body}")), "", "{body}");
    }
}

#[test]
fn texts_keep_their_lines_and_lose_their_indentation() {
    let purpose = |body: &str| component(body).field(Collection::Elements, "Web", "purpose");
    assert_eq!(
        purpose("- **Purpose**: one\n  two\n\n  ```\n  code\n    more\n  ```\n\n- x"),
        "one\ntwo\n\n```\ncode\n  more\n```"
    );
    assert_eq!(purpose("- **Purpose**:\n    - a\n      - b"), "- a\n  - b");
    assert_eq!(purpose("**Purpose**: one\ntwo  \n**Owner**: x"), "one\ntwo");
    assert_eq!(purpose("**Purpose**: one\n\nprose"), "one");
    assert_eq!(purpose("**Purpose**:\n1. a\n2. b\n\nprose"), "1. a\n2. b");
    assert_eq!(purpose("- **Purpose**: a\tb <b>c</b> [d](e) \\* &amp;"), "a\tb <b>c</b> [d](e) \\* &amp;");
    assert_eq!(purpose("- **Purpose**: one\n  \n  two"), "", "white space that would be lost");
    assert_eq!(purpose("**Purpose**:"), "");
}

#[test]
fn references_that_are_not_known_stay() {
    let document =
        component("**Purpose**: shows \u{e020}ffff.name\u{e021} and \u{e020}\n\n**Owner**: \u{e020}ffff.owner\u{e021}");
    assert_eq!(document.field(Collection::Elements, "Web", "purpose"), "");
    assert_eq!(document.field(Collection::Elements, "Web", "owner"), "");
}

#[test]
fn headings_of_all_kinds_are_names() {
    let document = Document::read(
        "# S\n\n## Components\n\n### `Web`\n\n### 2. **Disk** ###\n\n### 😀 מסד נתונים\n\n#### Responsibilities\n\n- a\n- b\n\n#### Details\n\ntext\n\n#### Part\n\n**Owner**: Ada\n\n### [Component Name]\n\n**Purpose**: real\n\n### Web\n\n**Owner**: Bo\n",
    )
    .lift();
    assert_eq!(document.labels(Collection::Elements), ["Web", "Disk", "😀 מסד נתונים", "Part"]);
    assert_eq!(document.field(Collection::Elements, "😀 מסד נתונים", "responsibilities"), "a\nb");
    assert_eq!(document.field(Collection::Elements, "Web", "owner"), "Bo");
    assert_eq!(document.field(Collection::Elements, "Part", "parent"), "😀 מסד נתונים");
    assert_eq!(document.why("[Component Name]").len(), 1);
}

#[test]
fn dependencies_are_lifted_whole_or_not_at_all() {
    let dependencies = |body: &str| {
        let document = component(&format!("{body}\n\n### Cache\n\n**Owner**: C"));
        let all = document.model.list(Collection::Relationships);
        let name = |id: &str| document.model.get(id).map(Record::label).unwrap_or_default();
        all.map(|it| format!("{}-{}:{}", name(it.text("from")), name(it.text("to")), it.text("description")))
            .collect::<Vec<_>>()
    };
    assert_eq!(dependencies("**Dependencies**: Disk, `Cache`"), ["Web-Disk:", "Web-Cache:"]);
    assert_eq!(dependencies("- **Depends on**: **Disk**,Cache"), ["Web-Disk:", "Web-Cache:"]);
    assert_eq!(
        dependencies("**Dependencies**:\n- Disk – keeps it\n- **Disk**: reads it\n- Cache"),
        ["Web-Disk:keeps it", "Web-Disk:reads it", "Web-Cache:"]
    );
    for body in ["Disk, Tape", "disk", "Web", "Disk and Cache", "\n- Disk\n- Tape", "[What it depends on]", "none"] {
        assert_eq!(dependencies(&format!("**Dependencies**: {body}")), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn large_texts_are_read_in_linear_time() {
    let unit = "- **Purpose**: text with **Web** and `code` \n    - a\n1. step\n\n> quote\n[x](y) <a <b **\n";
    for unit in [
        unit,
        "- a\n",
        "  - ",
        "**Purpose**: ",
        "`",
        "[",
        "<a",
        "**a",
        "> ",
        "| a ",
        "\t",
        "1. a\n",
        "a\n\n",
        "<!-- ",
        "A B ",
        "\u{e020}",
    ] {
        let text = unit.repeat((256 << 10) / unit.len());
        let document = Document::read("# S\n\n## Components\n\n### Web\n\nx\n\n### A B\n\nx\n");
        for place in [
            "components.component",
            "data-flow.flow",
            "security.network",
            "glossary",
            "deployment.environments",
            "decisions.decision",
        ] {
            let mut document =
                Document { sections: document.sections.clone(), ids: 1, model: Model::default(), notes: vec![] };
            document.sections[2].key = Some(place.into());
            document.sections[2].body.clone_from(&text);
            let start = Instant::now();
            let options = LiftOptions { mentions: true, ..Default::default() };
            let mut fresh = || {
                document.ids += 1;
                format!("{:016x}", document.ids)
            };
            lift(&document.sections, &document.model, &options, &mut fresh);
            assert!(start.elapsed() < Duration::from_secs(4), "{unit:?} at {place}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn a_section_of_ten_megabytes_is_lifted_in_time() {
    let text = "Prose about **Web** and `code`, [x](y), <b>z</b> — ünïcode 😀.\n\n> quote\n\n".repeat((10 << 20) / 75);
    let start = Instant::now();
    let mut document = Document::read(&format!("# S\n\n## Components\n\n### Web\n\n**Purpose**: x\n\n{text}"));
    document.lift_once();
    assert_eq!(document.field(Collection::Elements, "Web", "purpose"), "x");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// Pieces that Markdown and lifting give a meaning to.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "**Purpose**: ",
        "- **Owner**: ",
        "**Responsibilities**:",
        "- ",
        "* ",
        "1. ",
        "2. ",
        "    ",
        "  ",
        "\t",
        "\n",
        "\n",
        "\n\n",
        "a",
        "b c",
        "**Web**",
        "Web",
        "Disk",
        "[x]",
        "[x](y)",
        "```",
        "`",
        "> ",
        "<div>",
        "-->",
        "<!--",
        "| a | b |",
        "|---|---|",
        ": ",
        "; mitigation: ",
        "**Dependencies**: ",
        "Input: ",
        "**Context**: ",
        "**Alternatives**:",
        " because ",
        "Condition: x; Channel: y",
        "😀",
        "שלום",
        "\\",
        "\r",
        "\u{e020}",
        "\u{e021}",
        "\u{e020}1.name\u{e021}",
        "## ",
        "Status: Accepted",
        "**",
        "__Date:__ 2026-01-02",
        "Runs **Web**",
        "Evidence: x",
        "- Basis: told",
        " - ",
        "**API**: ",
        "**Trust boundary**: a",
        "- Name: ",
        "- Kind: ",
        "context",
    ])
}

/// A document with two components and these sections below them: the place,
/// the level, the title and the text of each.
fn with_places(sections: &[(&str, u8, &str, &str)]) -> Document {
    let mut document = Document::read("# S\n\n## Components\n\n### Web\n\n### Disk\n");
    for (index, (place, level, title, body)) in sections.iter().enumerate() {
        let parent = document.sections.iter().rposition(|section| section.level < *level);
        document.sections.push(SectionText {
            id: format!("b{index}"),
            parent,
            level: *level,
            title: (*title).to_owned(),
            key: Some((*place).to_owned()),
            body: (*body).to_owned(),
        });
    }
    document
}

#[test]
fn white_space_after_the_marks_makes_no_name() {
    let document = with_places(&[("security.network", 1, "Web", "- **\ta: **Responsibilities**:")]).lift();
    assert_eq!(document.labels(Collection::Concerns), ["** a: **Responsibilities**:"]);
}

/// Lifts so that an export adds nothing; gives back the notes on sections that
/// were left for it.
fn shown_as_it_was(mut document: Document) -> Vec<LiftNote> {
    let mut ids = 0;
    let mut fresh = || {
        ids += 1;
        format!("{ids:016x}")
    };
    let options = LiftOptions { mentions: true, ..LiftOptions::default() };
    let lifting = lift_as_shown(&document.sections, &document.model, &options, None, &mut fresh);
    let model = lifting.model(&document.model);
    lifting.put_into(&mut document.sections);
    let added = complete(&document.sections, &model, &CompleteOptions::default());
    assert_eq!(added.len(), 0, "{added:?}");
    lifting.notes.into_iter().filter(|note| note.why.contains("an export")).collect()
}

/// Texts that once read otherwise the second time, since lifting shortens a
/// value of several lines, or learns names after it has looked for them.
#[test]
fn texts_that_were_lifted_further_by_lifting_again() {
    with_places(&[("glossary", 1, "Web", "**Dependencies**: \n- \n<div>Runs **Web**")]).lift();
    with_places(&[("glossary", 1, "Web", "a**b**:\n**c**:    - \n\n    **Web**: x\n    **Web**:")]).lift();
    with_places(&[("components", 2, "x", "| a | b |**Context**: "), ("components", 2, "Context", "- **Context**: a")])
        .lift();
    with_places(&[("components", 2, "x", "**Context**: **Late**"), ("components", 2, "y", "- **Late**: a")]).lift();
}

#[test]
fn what_is_named_before_it_is_known_is_found() {
    let document = Document::read(
        "# S\n\n## Components\n\n### Web\n\n- **Trust boundary**: Office\n- **Data held**: Orders, People\n\n## Boundaries\n\n- **Office**: inside\n\n## Data classes\n\n- **Orders**: x\n- **People**: y\n",
    )
    .lift();
    assert_eq!(document.field(Collection::Elements, "Web", "boundary"), "Office");
    assert_eq!(document.field(Collection::Elements, "Web", "data"), "Orders, People");
}

#[test]
fn concerns_that_say_the_same_have_names_of_their_own() {
    let item = "- **Bottleneck**: “so”\n    - Name: a\n    - Severity: High\n- **Bottleneck**: “so”\n    - Name: b\n    - Severity: Low\n";
    let document = with_places(&[("scalability", 2, "Scaling", item)]).lift();
    assert_eq!(document.field(Collection::Concerns, "a", "severity"), "High");
    assert_eq!(document.field(Collection::Concerns, "b", "severity"), "Low");
}

proptest! {
    #![proptest_config(crate::properties::same_each_time(1_500))]

    #[test]
    fn any_text_reads_as_before(
        bodies in prop::collection::vec((prop::collection::vec(piece(), 0..25), 0_usize..13, 1_u8..5), 1..6),
    ) {
        let places = [
            "components", "components.component", "data-flow", "data-flow.flow", "security.network", "security", "scalability",
            "deployment.environments", "decisions", "decisions.decision", "glossary", "future", "risks",
        ];
        let texts: Vec<String> = bodies.iter().map(|(pieces, ..)| pieces.concat()).collect();
        let title = |index: usize| if index.is_multiple_of(2) { "Web" } else { texts[index].lines().next().unwrap_or("x") };
        let sections = bodies.iter().enumerate();
        let sections: Vec<_> =
            sections.map(|(index, (_, place, level))| (places[*place], *level, title(index), texts[index].as_str())).collect();
        with_places(&sections).lift();
        shown_as_it_was(with_places(&sections));
    }
}
