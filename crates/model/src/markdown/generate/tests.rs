//! What is generated is complete, is read again, and is made in time.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::markdown::lift::{LiftOptions, lift};
use crate::markdown::split;
use crate::record::Record;
use crate::reference;
use crate::schema::{COLLECTIONS, Collection, Shape};
use crate::templates::{self, match_sections};
use crate::value::Value;

fn sections_of(text: &str) -> Vec<SectionText> {
    let parsed = split(text);
    let keys = match_sections(&parsed);
    let sections = parsed.into_iter().zip(keys).enumerate().map(|(index, (section, key))| SectionText {
        id: format!("s{index}"),
        parent: section.parent,
        level: section.level,
        title: section.title,
        key,
        body: section.body,
    });
    sections.collect()
}

/// The document with what was generated, as stored text.
fn put_in(sections: &[SectionText], generated: &[Generated]) -> Vec<SectionText> {
    let mut out = sections.to_vec();
    for part in generated {
        let within = part.within.as_ref().map(|id| out.iter().position(|section| section.id == *id).unwrap());
        let Some(heading) = &part.heading else {
            let section = &mut out[within.unwrap()];
            let gap = if section.body.is_empty() { "" } else { "\n\n" };
            section.body = format!("{}{gap}{}", section.body, part.body);
            continue;
        };
        let end = within.map_or(out.len(), |within| {
            let below = out[within + 1..].iter().take_while(|section| section.level > out[within].level);
            within + 1 + below.count()
        });
        let parent = out[..end].iter().rposition(|section| section.level < part.level);
        let id = format!("g{}", out.len());
        let key = Some(part.key.clone()).filter(|key| !key.is_empty());
        out.iter_mut()
            .filter_map(|section| section.parent.as_mut())
            .filter(|parent| **parent >= end)
            .for_each(|parent| *parent += 1);
        out.insert(
            end,
            SectionText { id, parent, level: part.level, title: heading.clone(), key, body: part.body.clone() },
        );
    }
    out
}

fn markdown(sections: &[SectionText], model: &Model) -> String {
    let mut out = String::new();
    for section in sections {
        let title = reference::render(&section.title, model);
        let body = reference::render(&section.body, model);
        if section.level > 0 {
            out.push_str(&format!("{} {title}\n\n", "#".repeat(usize::from(section.level))));
        }
        if !body.is_empty() {
            out.push_str(&format!("{body}\n\n"));
        }
    }
    out
}

fn generated(sections: &[SectionText], model: &Model, template: &str) -> Vec<SectionText> {
    let options = CompleteOptions { template: templates::find(template), ..Default::default() };
    let parts = complete(sections, model, &options);
    let whole = put_in(sections, &parts);
    let again = complete(&whole, model, &options);
    let again: Vec<String> =
        again.iter().map(|part| format!("{part:?}\n{}", reference::render(&part.body, model))).collect();
    assert!(again.is_empty(), "what was put in is not shown: {}\n{}", again.concat(), markdown(&whole, model));
    whole
}

fn lifted(text: &str) -> Model {
    let mut ids = 0;
    let mut fresh = || {
        ids += 1;
        format!("{ids:016x}")
    };
    let options = LiftOptions { mentions: true, ..Default::default() };
    lift(&sections_of(text), &Model::default(), &options, &mut fresh).model(&Model::default())
}

/// Every record by the labels above it, with its fields as text. What follows
/// from the place or the words is left out.
fn told(model: &Model) -> BTreeMap<String, Vec<BTreeMap<&'static str, String>>> {
    let mut all: BTreeMap<String, Vec<BTreeMap<&'static str, String>>> = BTreeMap::new();
    let name = |record: &Record| match model.get(record.text("element")) {
        Some(element) => element.label(),
        None => reference::render(&record.label(), model),
    };
    for collection in COLLECTIONS {
        for record in model.list(collection) {
            let mut at = vec![name(record)];
            let mut above = model.parent(&record.id).and_then(|id| model.get(id)).or_else(|| model.owner(record));
            while let Some(record) = above {
                at.push(name(record));
                above = model.parent(&record.id).and_then(|id| model.get(id)).or_else(|| model.owner(record));
            }
            at.push(collection.name().to_owned());
            at.reverse();
            let mut fields = BTreeMap::new();
            for field in collection.table().fields {
                let refs = matches!(field.shape, Shape::Ref(_) | Shape::Refs(_));
                let Some(value) = record.get(field.name).filter(|value| !value.is_empty()) else { continue };
                // A step is one that does not say so.
                let plain = collection == Collection::Steps && *value == Value::text("message");
                if plain
                    || matches!(field.name, "number" | "links" | "formerNames")
                    || (refs && collection != Collection::Relationships)
                {
                    continue;
                }
                let mut text = reference::render(&field.shape.format(value, model), model);
                if refs {
                    let mut names: Vec<&str> = text.split(", ").collect();
                    names.sort();
                    text = names.join(", ");
                }
                fields.insert(field.name, text);
            }
            let mut key = at.join(" > ");
            if collection == Collection::Relationships {
                key = format!("relationships > {} > {}", fields["from"], fields["to"]);
            }
            if collection == Collection::Evidence {
                key = format!("evidence > {}", model.get(record.text("about")).map(name).unwrap_or_default());
            }
            all.entry(key).or_default().push(fields);
        }
    }
    all.values_mut().for_each(|records| records.sort());
    all
}

#[test]
fn a_document_without_records_gets_nothing() {
    let sections = sections_of(include_str!("../../templates/full.md"));
    assert_eq!(complete(&sections, &Model::default(), &CompleteOptions::default()), []);
    let mut gone = Record::new(Collection::Elements, "a").with("name", Value::text("x"));
    gone.deleted = true;
    assert_eq!(complete(&sections, &Model::of([gone]), &CompleteOptions::default()), []);
}

/// A value for every field of every collection, to be found in the output.
fn filled() -> (Model, Vec<(String, String)>) {
    let mut model = Model::default();
    let mut wanted = Vec::new();
    for (index, collection) in COLLECTIONS.into_iter().enumerate() {
        let id = |collection: Collection| {
            format!("{:04x}", COLLECTIONS.iter().position(|other| *other == collection).unwrap() + 1)
        };
        let mut record = Record::new(collection, format!("{:04x}", index + 1));
        for field in collection.table().fields.iter().filter(|field| !field.internal) {
            let word = format!("{} {}", collection.table().singular, field.title.to_lowercase());
            let (value, shown) = match field.shape {
                Shape::Line | Shape::Text => (Value::text(word.as_str()), word),
                Shape::Number => (Value::Number(41 + index as i32), (41 + index).to_string()),
                Shape::Date => (Value::text("2026-11-24"), "2026-11-24".into()),
                Shape::Choice(choices) => (Value::text(choices[1].value), choices[1].title.to_owned()),
                Shape::List | Shape::Tags => (Value::list([word.as_str()]), word),
                Shape::Map => (Value::Map(BTreeMap::from([(word.clone(), "value".into())])), format!("{word} = value")),
                Shape::Ref([]) => (Value::text(id(Collection::Elements)), String::new()),
                Shape::Ref([own]) if *own == collection => continue,
                Shape::Ref(targets) => (Value::text(id(targets[0])), String::new()),
                Shape::Refs(targets) => (Value::list([id(targets[0])]), String::new()),
                Shape::Targets => continue,
            };
            let shown = if collection == Collection::Decisions && field.name == "number" {
                "decision number".into()
            } else {
                shown
            };
            wanted.push((format!("{}.{}", collection.name(), field.name), shown));
            record = record.with(field.name, value);
        }
        model.put(record);
    }
    (model, wanted)
}

#[test]
fn everything_that_can_be_set_is_found() {
    let (model, wanted) = filled();
    for template in ["full", "compact"] {
        for source in
            ["", "# System\n", include_str!("../../templates/compact.md"), include_str!("../../templates/full.md")]
        {
            let sections = sections_of(source);
            let text = markdown(&generated(&sections, &model, template), &model);
            for (field, shown) in &wanted {
                // A topic is shown by its place; what a thing was called before is only kept.
                let known = matches!(field.as_str(), "concerns.topic" | "decisions.number" | "elements.formerNames");
                assert!(known || text.contains(shown.as_str()), "{template}: {field} is not shown as {shown}\n{text}");
            }
        }
    }
}

#[test]
fn a_field_that_was_set_later_follows_its_section() {
    let text =
        "# S\n\n## Components\n\n### Web\n\n- **Purpose**: x\n\n### Disk\n\n**Purpose**: y\n\n## Future\n\n- Search\n";
    let mut ids = 0;
    let mut fresh = || {
        ids += 1;
        format!("{ids:016x}")
    };
    let mut sections = sections_of(text);
    let lifting = lift(&sections, &Model::default(), &LiftOptions::default(), &mut fresh);
    let mut model = lifting.model(&Model::default());
    for change in lifting.sections {
        let section = sections.iter_mut().find(|section| section.id == change.id).unwrap();
        section.title = change.title.unwrap_or(std::mem::take(&mut section.title));
        section.body = change.body.unwrap_or(std::mem::take(&mut section.body));
    }
    assert_eq!(complete(&sections, &model, &CompleteOptions::default()), [], "what was lifted is shown");
    let id = |name: &str| model.all().find(|record| record.label() == name).unwrap().clone();
    let (web, disk, search) = (id("Web"), id("Disk"), id("Search"));
    model.put(web.clone().with("owner", Value::text("Ada")));
    model.put(disk.clone().with("owner", Value::text("Bo")));
    model.put(search.with("horizon", Value::text("next")));
    let uses =
        Record::new(Collection::Relationships, "ff").with("from", Value::text(web.id)).with("to", Value::text(disk.id));
    model.put(uses.with("timeout", Value::text("2 s")));
    let parts = complete(&sections, &model, &CompleteOptions::default());
    let parts: Vec<(Option<&str>, String)> =
        parts.iter().map(|part| (part.within.as_deref(), reference::render(&part.body, &model))).collect();
    assert_eq!(
        parts,
        [
            (Some("s2"), "- **Owner**: Ada\n- **Dependencies**:\n    - **Disk**:\n        - Timeout: 2 s".to_owned()),
            (Some("s3"), "**Owner**: Bo".to_owned()),
            (Some("s4"), "- **Search**:\n    - Horizon: Next".to_owned()),
        ]
    );
}

#[test]
fn the_notation_is_that_of_the_template() {
    let element = Record::new(Collection::Elements, "a")
        .with("name", Value::text("Disk"))
        .with("kind", Value::text("service"))
        .with("purpose", Value::text("Keeps"))
        .with("responsibilities", Value::list(["a", "b"]))
        .with("technologies", Value::list(["Rust", "C"]))
        .with("input", Value::text("bytes"));
    let concern = Record::new(Collection::Concerns, "c")
        .with("topic", Value::text("authentication"))
        .with("statement", Value::text("By key"));
    let model = Model::of([element, concern]);
    let text = |template| markdown(&generated(&[], &model, template), &model);
    assert_eq!(
        text("full"),
        "## Components\n\n### Disk\n\n**Purpose**: Keeps\n\n**Responsibilities**:\n- a\n- b\n\n**Technologies**: Rust, C\n\n**Interfaces**:\n- Input: bytes\n\n## Security Architecture\n\n### Authentication\n\n- By key\n\n"
    );
    assert_eq!(
        text("compact"),
        "## Component Breakdown\n\n### Disk\n\n- **Purpose**: Keeps\n- **Key Responsibilities**:\n    - a\n    - b\n- **Technologies**: Rust, C\n- **Interfaces**:\n    - Input: bytes\n\n## Security Considerations\n\n- **Authentication**: By key\n\n"
    );
}

#[test]
fn the_diagram_fills_an_empty_place() {
    let model = Model::of([Record::new(Collection::Elements, "a")
        .with("name", Value::text("Disk"))
        .with("kind", Value::text("service"))]);
    let options = CompleteOptions { diagram: Some(&|| "flowchart TD\n".into()), ..Default::default() };
    let parts = complete(&sections_of("# S\n\n## Diagram\n\n## Components\n"), &model, &options);
    assert!(
        parts.iter().any(|part| part.body == "```mermaid\nflowchart TD\n```" && part.within.as_deref() == Some("s1"))
    );
    let parts = complete(&sections_of("# S\n\n## Diagram\n\nx\n"), &model, &options);
    assert!(parts.iter().all(|part| !part.body.contains("mermaid")));
}

#[test]
fn ten_thousand_elements_are_written() {
    let mut records = Vec::new();
    for index in 0..10_000 {
        let parent = if index % 10 == 0 { String::new() } else { format!("{:04x}", index - index % 10) };
        records.push(
            Record::new(Collection::Elements, format!("{index:04x}"))
                .with("name", Value::text(format!("Element {index}")))
                .with("kind", Value::text("service"))
                .with("parent", Value::text(parent))
                .with("purpose", Value::text("For something.")),
        );
    }
    for index in 0..20_000 {
        records.push(
            Record::new(Collection::Relationships, format!("f{index:05x}"))
                .with("from", Value::text(format!("{:04x}", index % 10_000)))
                .with("to", Value::text(format!("{:04x}", (index * 7 + 1) % 10_000)))
                .with("description", Value::text("calls")),
        );
    }
    // A chain as deep as the model allows.
    for index in 0..5_000_u32 {
        let parent = index.checked_sub(1).map_or(String::new(), |above| format!("e{above:05x}"));
        let node = Record::new(Collection::Nodes, format!("e{index:05x}")).with("environment", Value::text("e"));
        records.push(node.with("name", Value::text(format!("Node {index}"))).with("parent", Value::text(parent)));
    }
    records.push(Record::new(Collection::Environments, "e").with("name", Value::text("Production")));
    let model = Model::of(records);
    let parts = complete(&[], &model, &CompleteOptions::default());
    let size: usize = parts.iter().map(|part| part.body.len()).sum();
    assert!(parts.len() > 10_000 && size < 20_000_000, "{} {size}", parts.len());
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "orders", "Queue", "reads", "the", "REST", "42", "(v2)", "größer", "数据", "a/b", "x_y", "it's", "e.g.", "50%",
        "“so”", "`code`", "→",
    ]);
    prop::collection::vec(word, 1..5).prop_map(|words| words.join(" "))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => words(),
        2 => (words(), words()).prop_map(|(a, b)| format!("{a}\n{b}")),
        1 => (words(), words()).prop_map(|(a, b)| format!("{a}\n\n{b}")),
        1 => (words(), words()).prop_map(|(a, b)| format!("{a}:\n\n- {b}\n- x\n\n```\n**Purpose**: no\n```")),
        1 => words().prop_map(|a| format!("- {a}\n- y")),
        1 => words().prop_map(|a| format!("{a}\n**Owner**: nobody\nInput: none")),
    ]
}

/// A record's fields, those that are not references, some of them.
fn record(collection: Collection, id: String) -> impl Strategy<Value = Record> {
    let fields: Vec<_> = collection.table().fields.iter().collect();
    let values = fields.into_iter().map(move |field| {
        let value = match field.shape {
            Shape::Line => words().prop_map(Value::text).boxed(),
            Shape::Text => text().prop_map(Value::text).boxed(),
            Shape::Number => (0..9_i32).prop_map(Value::Number).boxed(),
            Shape::Date => Just(Value::text("2026-02-28")).boxed(),
            Shape::Choice(choices) => (0..choices.len()).prop_map(|at| Value::text(choices[at].value)).boxed(),
            Shape::List => prop::collection::vec(words(), 1..4).prop_map(Value::list).boxed(),
            Shape::Tags => prop::collection::btree_set("[a-z]{1,5}", 1..4).prop_map(Value::list).boxed(),
            Shape::Map => prop::collection::btree_map("[a-z]{1,5}", "[a-z]{1,5}", 1..3).prop_map(Value::Map).boxed(),
            Shape::Ref(_) | Shape::Refs(_) | Shape::Targets => return Just(None).boxed(),
        };
        let value = value.prop_map(move |value| Some((field.name, value)));
        if field.required { value.boxed() } else { prop::option::of(value).prop_map(Option::flatten).boxed() }
    });
    values.collect::<Vec<_>>().prop_map(move |values| {
        let mut record = Record::new(collection, id.clone());
        record.order = id.clone();
        for (name, value) in values.into_iter().flatten() {
            record = record.with(name, value);
        }
        record
    })
}

/// The collections that come back by name, with how many of each.
const MADE: &[(Collection, usize)] = &[
    (Collection::Elements, 5),
    (Collection::Relationships, 4),
    (Collection::Flows, 2),
    (Collection::Steps, 6),
    (Collection::Environments, 2),
    (Collection::Nodes, 4),
    (Collection::Instances, 2),
    (Collection::Concerns, 4),
    (Collection::Decisions, 2),
    (Collection::Alternatives, 3),
    (Collection::Considerations, 2),
    (Collection::Risks, 2),
    (Collection::Terms, 2),
    (Collection::Scenarios, 1),
    (Collection::Boundaries, 2),
    (Collection::Classes, 1),
    (Collection::Views, 2),
    (Collection::Suppressions, 2),
    (Collection::Evidence, 2),
];

fn id_of(collection: Collection, index: usize) -> String {
    format!("{:02x}{index:02x}", COLLECTIONS.iter().position(|other| *other == collection).unwrap() + 0x10)
}

fn models() -> impl Strategy<Value = Model> {
    let records = MADE.iter().flat_map(move |(collection, count)| {
        (0..*count).map(move |index| record(*collection, id_of(*collection, index)).boxed())
    });
    (records.collect::<Vec<_>>(), prop::collection::vec(0..1_000_usize, 64)).prop_map(|(records, choices)| {
        let mut knots = Knots { choices, at: 0, seen: BTreeMap::new(), counts: BTreeMap::new() };
        let tied: Vec<Record> = records.into_iter().map(|record| knots.tie(record)).collect();
        let keep = |record: &Record| {
            let itself = record.collection == Collection::Relationships && record.text("from") == record.text("to");
            let untold = record.collection == Collection::Concerns && !record.has("statement") && !record.has("name");
            !itself && !untold
        };
        Model::of(tied.into_iter().filter(keep))
    })
}

/// Ties records to each other, and gives them names of their own.
struct Knots {
    choices: Vec<usize>,
    at: usize,
    seen: BTreeMap<(Collection, String), usize>,
    counts: BTreeMap<Collection, usize>,
}

impl Knots {
    fn pick(&mut self, count: usize) -> usize {
        self.at += 1;
        self.choices[self.at % self.choices.len()] % count
    }

    fn tie(&mut self, mut record: Record) -> Record {
        let collection = record.collection;
        let index = *self.counts.entry(collection).and_modify(|count| *count += 1).or_insert(0);
        let one = |of: Collection, at: usize| Value::text(id_of(of, at));
        record = match collection {
            Collection::Relationships => record
                .with("from", one(Collection::Elements, self.pick(5)))
                .with("to", one(Collection::Elements, self.pick(5))),
            // Every flow has a step.
            Collection::Steps if index < 2 => record.with("flow", one(Collection::Flows, index)),
            Collection::Steps => record.with("flow", one(Collection::Flows, self.pick(2))),
            Collection::Nodes => record.with("environment", one(Collection::Environments, self.pick(2))),
            Collection::Instances => record
                .with("node", one(Collection::Nodes, self.pick(4)))
                .with("element", one(Collection::Elements, index)),
            Collection::Alternatives => record.with("decision", one(Collection::Decisions, self.pick(2))),
            Collection::Evidence => record.with("about", one(Collection::Elements, self.pick(5))),
            Collection::Decisions => record.with("number", Value::text((index + 1).to_string())),
            Collection::Views if !record.has("kind") => record.with("kind", Value::text("container")),
            _ => record,
        };
        let nesting = collection.table().nesting.filter(|_| index > 0 && collection != Collection::Boundaries);
        let above = self.pick(index + 1);
        if let Some(nesting) = nesting.filter(|_| above < index) {
            record = record.with(nesting, one(collection, above));
        }
        if collection == Collection::Steps && !record.has("text") {
            record = record.with("text", Value::text(format!("say {index}")));
        }
        self.name(record, index)
    }

    /// Names are unique; so are the statements of concerns without one.
    fn name(&mut self, record: Record, index: usize) -> Record {
        let collection = record.collection;
        let bare = collection == Collection::Concerns && !record.has("name");
        let label = if bare { "statement" } else { collection.table().label };
        let unnamed = [
            Collection::Relationships,
            Collection::Steps,
            Collection::Instances,
            Collection::Evidence,
            Collection::Suppressions,
        ];
        if !record.has(label) || unnamed.contains(&collection) {
            return record;
        }
        // Marks around a whole heading are not taken for a part of the name.
        let name = record.text(label);
        let name = if bare { name.to_owned() } else { name.replace('`', "") };
        let count = self.seen.entry((collection, name.to_lowercase())).or_insert(0);
        *count += 1;
        let name = if *count > 1 { format!("no {index}, {name}") } else { name };
        record.with(label, Value::text(name))
    }
}

/// A model that a failing test does not print as a whole.
struct Shown(Model);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records", self.0.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 500, ..crate::properties::same_each_time(200) })]

    #[test]
    fn what_is_generated_is_read_again(Shown(model) in models().prop_map(Shown), template in prop::sample::select(vec!["full", "compact"])) {
        let whole = generated(&[], &model, template);
        let text = markdown(&whole, &model);
        let again = lifted(&text);
        let (before, after) = (told(&model), told(&again));
        for (key, fields) in &before {
            let found = after.get(key);
            if Some(fields) != found {
                return Err(TestCaseError::fail(format!("{key}\n{fields:?}\n{found:?}\n{:?}\n{text}", after.keys().collect::<Vec<_>>())));
            }
        }
        prop_assert_eq!(before.len(), after.len(), "{:?}\n{}", after.keys().collect::<Vec<_>>(), text);
    }
}
