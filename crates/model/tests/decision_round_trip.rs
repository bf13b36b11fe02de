//! Whatever decisions say, it comes back from the files of every format.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod folders;
#[path = "../src/properties.rs"]
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use drystone_model::adr::{AdrFormat, looks_like_record, read};
use drystone_model::{Collection, Model, Record, Value};
use proptest::prelude::*;

use folders::{file, import, said, there_and_back};

/// What people write, and what may be taken for something else.
const PIECES: &[&str] = &[
    "Use A",
    "because it is fast",
    "* Good, because x",
    "* Bad: y",
    "- item",
    "* * *",
    "---",
    "===",
    "# One",
    "## Decision",
    "## Considered Options",
    "### Consequences",
    "#### Why not",
    "## Status",
    "Accepted",
    "Chosen option: \"A\", because b",
    "Chosen option: A",
    "```",
    "~~~",
    "<!--",
    "-->",
    "<!-- verbatim 1 -->",
    "<!-- end of verbatim 1 -->",
    "<pre>",
    "    code",
    "\tTab",
    "> quote",
    "1. one",
    "10) ten",
    "|a|b|",
    "Status: accepted",
    "Date: 2020-01-01",
    "Outcome: chosen",
    "\\",
    "\\[x]",
    "[a](b)",
    "[a]: b",
    "![i](0001-x.md)",
    "é 😀",
    "שלום",
    "a  ",
    " ",
    "",
    "",
    "Title\n=====",
    "```yaml\na: b\n```",
    "\u{e020}0\u{e021}",
    "## Links\n\n* Amends [x](nowhere.md)",
    "* [x](y)",
    "&amp;",
    "*",
    "_a_",
    "## Elements\n\n* Nothing",
    "+ plus",
    "#",
    "because",
    "\"",
    "'",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => "[ -~äß\\n]{0,12}"];
    prop::collection::vec((piece, prop::sample::select(&["\n", "\n\n", " "][..])), 0..6).prop_map(|pieces| {
        let all: String = pieces.into_iter().flat_map(|(piece, gap)| [piece, gap.to_owned()]).collect();
        // The characters of references show as replacement characters.
        drystone_model::reference::clean(&all)
    })
}

/// One line, as the schema keeps it.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => prop::sample::select(PIECES).prop_map(str::to_owned), 2 => "[ -~äß]{1,12}"];
    prop::collection::vec(piece, 1..3).prop_map(|pieces| {
        let all = drystone_model::reference::clean(&pieces.join(" "));
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

fn items() -> impl Strategy<Value = Vec<String>> {
    let item = prop_oneof![2 => line(), 1 => text(), 1 => "[A-Z][a-z]{1,5}"];
    prop::collection::vec(item.prop_map(|item| item.trim().to_owned()), 0..4)
        .prop_map(|items| items.into_iter().filter(|item| !item.is_empty()).collect())
}

fn with(record: Record, fields: Vec<(&'static str, Value)>) -> Record {
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(record, |record, (name, value)| record.with(name, value))
}

fn words(choices: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(choices).prop_map(Value::text)
}

fn option() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let name = prop_oneof![2 => line(), 1 => prop::sample::select(&["A", "B", "A b"][..]).prop_map(str::to_owned)];
    let url = prop_oneof![3 => Just(String::new()), 1 => Just("https://a/b?c#d".to_owned()), 1 => line()];
    let sides = (items(), items(), items());
    (
        name,
        words(&["", "chosen", "rejected"]),
        prop_oneof![Just(String::new()), text()],
        sides,
        prop_oneof![Just(String::new()), text()],
        url,
    )
        .prop_map(|(name, outcome, description, (pros, neutral, cons), why, url)| {
            let name = if name.is_empty() { "A".to_owned() } else { name };
            vec![
                ("name", Value::text(name)),
                ("outcome", outcome),
                ("description", Value::text(description)),
                ("pros", Value::List(pros)),
                ("neutral", Value::List(neutral)),
                ("cons", Value::List(cons)),
                ("whyNot", Value::text(why)),
                ("url", Value::text(url)),
            ]
        })
}

type Made = (Vec<(&'static str, Value)>, Vec<Vec<(&'static str, Value)>>, Vec<(usize, String)>, Vec<usize>);

fn decision() -> impl Strategy<Value = Made> {
    let decided =
        prop_oneof![2 => text(), 1 => prop::sample::select(&["A", "B", "We use A.", ""][..]).prop_map(str::to_owned)];
    let why = prop_oneof![2 => text(), 1 => Just("it is.".to_owned()), 1 => Just(String::new())];
    let texts = (text(), decided, why, text(), text(), text());
    let lists = (items(), items(), items(), items(), items(), items());
    let status = words(&["", "proposed", "accepted", "rejected", "deprecated", "superseded"]);
    let phrase = prop::sample::select(&["amends", "amended by", "", "is [part] of", "refers to", "1. x, y"][..]);
    let links = prop::collection::vec((0_usize..5, phrase.prop_map(str::to_owned)), 0..3);
    let date = words(&["", "2024-01-11", "2019-12-31"]);
    let options = prop::collection::vec(option(), 0..4);
    (line(), status, date, texts, lists, options, links, prop::collection::vec(0_usize..4, 0..3)).prop_map(
        |(title, status, date, texts, lists, options, links, replaced)| {
            let title = if title.is_empty() { "T".to_owned() } else { title };
            let tags: BTreeSet<String> = lists.5.into_iter().collect();
            let fields = vec![
                ("title", Value::text(title)),
                ("status", status),
                ("date", date),
                ("context", Value::text(texts.0)),
                ("decision", Value::text(texts.1)),
                ("rationale", Value::text(texts.2)),
                ("consequences", Value::text(texts.3)),
                ("confirmation", Value::text(texts.4)),
                ("more", Value::text(texts.5)),
                ("deciders", Value::List(lists.0)),
                ("consulted", Value::List(lists.1)),
                ("informed", Value::List(lists.2)),
                ("drivers", Value::List(lists.3)),
                ("tradeOffs", Value::List(lists.4)),
                ("tags", Value::list(tags)),
            ];
            (fields, options, links, replaced)
        },
    )
}

/// Decisions 1, 2, 7b and so on, with what they have to do with each other,
/// with an element, and with nothing that is here.
fn model(made: Vec<Made>) -> Model {
    let numbers = ["1", "2", "7b", "12"];
    let id = |at: usize| format!("d{at}");
    let count = made.len();
    let mut all = vec![Record::new(Collection::Elements, "e0").with("name", Value::text("Web [client]"))];
    for (at, (fields, options, links, replaced)) in made.into_iter().enumerate() {
        let replaced: BTreeSet<String> = replaced.into_iter().filter(|to| *to < count && *to != at).map(id).collect();
        let target = |to: usize| if to < count { id(to) } else { "e0".to_owned() };
        let links: BTreeMap<String, String> =
            links.into_iter().map(|(to, phrase)| (target(to), phrase)).filter(|(to, _)| *to != id(at)).collect();
        let mut record = Record::new(Collection::Decisions, id(at)).with("number", Value::text(numbers[at]));
        record.order = format!("{at:03}");
        record = with(record, fields);
        record = with(record, vec![("supersedes", Value::list(replaced)), ("links", Value::Map(links))]);
        all.push(record.with("elements", Value::list(["e0"])));
        for (place, fields) in options.into_iter().enumerate() {
            let mut option = Record::new(Collection::Alternatives, format!("a{at}{place}"));
            option.order = format!("{at:03}{place:03}");
            all.push(with(option.with("decision", Value::text(id(at))), fields));
        }
    }
    Model::of(all)
}

proptest! {
    #![proptest_config(properties::same_each_time(120))]

    #[test]
    fn decisions_come_back_from_every_format(made in prop::collection::vec(decision(), 1..4)) {
        let model = model(made);
        for format in AdrFormat::ALL {
            let (files, back) = there_and_back(&model, format);
            let text = || files.iter().map(|file| format!("{}:\n{}\n", file.name, String::from_utf8_lossy(&file.bytes))).collect::<String>();
            prop_assert_eq!(said(&back), said(&model), "{}\n{}", format.name(), text());
        }
    }

    #[test]
    fn what_is_read_from_any_file_comes_back(parts in prop::collection::vec(text(), 0..8), name in "([0-9]{1,4}[a-z]?|20240111|x)-[a-z]{0,2}") {
        let text = parts.join("\n");
        let name = format!("{name}.md");
        looks_like_record(&name, &text);
        for format in [None, Some(AdrFormat::Log4brains)] {
            let Ok(import) = import(&[file(&name, &text)], format, &Model::default()) else { continue };
            let model = folders::applied(&Model::default(), &import.edits);
            for format in [AdrFormat::Nygard, AdrFormat::Madr4] {
                let (files, back) = there_and_back(&model, format);
                let text = String::from_utf8_lossy(&files[0].bytes);
                prop_assert_eq!(said(&back), said(&model), "{}\n{}", format.name(), text);
            }
        }
    }
}

/// A file that the properties found, read and written in both styles.
fn comes_back(text: &str) -> Model {
    let import = import(&[file("0-.md", text)], None, &Model::default()).unwrap();
    let model = folders::applied(&Model::default(), &import.edits);
    for format in AdrFormat::ALL {
        let (files, back) = there_and_back(&model, format);
        assert_eq!(said(&back), said(&model), "{}\n{}", format.name(), String::from_utf8_lossy(&files[0].bytes));
    }
    model
}

#[test]
fn an_enclosed_text_above_an_underlined_heading_is_no_part_of_it() {
    let model = comes_back("<!-- verbatim 1 -->\ninside\n<!-- end of verbatim 1 -->\nTitle\n=====\n");
    assert_eq!(model.list(Collection::Decisions).next().unwrap().text("title"), "Title");
}

#[test]
fn an_enclosed_text_where_a_word_is_meant_is_kept() {
    let enclosed = "<!-- verbatim 1 -->\ninside\n<!-- end of verbatim 1 -->\n";
    for section in ["Status", "Deciders", "Date", "Tags", "Links"] {
        let model = comes_back(&format!("# One\n\n## {section}\n\n{enclosed}\n## Context\n\nWhy\n"));
        let decision = model.list(Collection::Decisions).next().unwrap();
        assert!(decision.text("more").contains("inside"), "{section}: {:?}", decision.fields);
    }
}

#[test]
fn options_are_named_without_marks_and_as_a_whole() {
    let text = "# A\n\n## Considered Options\n\n* **One**: the first\n* A long name that\n  is wrapped\n* **Three:** x\n* Four\n\n  below\n* **Five**\n* **bold** and more\n";
    let model = comes_back(text);
    let options =
        model.list(Collection::Alternatives).map(|option| format!("{}|{}", option.label(), option.text("description")));
    let wanted =
        ["One|the first", "A long name that is wrapped|", "Three|x", "Four|below", "Five|", "**bold** and more|"];
    assert_eq!(options.collect::<Vec<_>>(), wanted);
}

#[test]
fn hostile_files_end_soon() {
    let deep = ["> ", "* ", "[", "(", "[a](", "![", "`", "<!--", "# ", "\\[", "**", "|", "- - ", "\t", "[a]: "];
    for sign in deep {
        let text = format!(
            "# A\n\n## Context\n\n{}\n\n## Decision\n\n{}",
            sign.repeat(50_000),
            format!("{sign}\n").repeat(20_000)
        );
        let files = [file("0001-a.md", &text)];
        let import = read(&files, None, &Model::default(), &mut || "00".into()).unwrap();
        assert_eq!(import.decisions.len(), 1);
    }
    let many = |line: &str, count| line.repeat(count);
    for text in [
        many("* Deciders: a\n", 40_000),
        format!("## Links\n\n{}", many("* Amends [x](y.md)\n* Is [x](z.md)\n", 20_000)),
        format!("## Links\n\n{}", (0..20_000).map(|at| format!("* Is {at} [x](0001-a.md)\n")).collect::<String>()),
        (0..20_000).map(|at| format!("[x](00{at}-a.md)\n")).collect::<String>(),
        many("<!-- verbatim 1 -->\n", 40_000),
        many("## Context\n\nc\n\n", 20_000),
        many("## Negative Consequences\n\nc\n\n", 20_000),
        format!("## Decision Outcome\n\nChosen option: {}", many("\"x ", 200_000)),
        format!("## Considered Options\n\n* {}", many("[", 1_900)),
        format!("---\n{}---\n# A\n", many("a: [\"\n", 50_000)),
    ] {
        let files = [file("0001-b.md", &format!("# A\n\n{text}"))];
        // Some of them have more than a field takes.
        let _ = read(&files, None, &Model::default(), &mut || "00".into());
    }
    let options = format!("# A\n\n## Considered Options\n\n{}", many("* x\n", 20_000));
    let error = read(&[file("0001-a.md", &options)], None, &Model::default(), &mut || "00".into()).unwrap_err();
    assert_eq!(error.place.as_deref(), Some("0001-a.md:3"));
}
