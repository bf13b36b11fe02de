//! Models so large that several threads go through them: what comes out is in
//! the order of the document all the same, each thing once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use drystone_model::check::{self, ProjectRules, Subject};
use drystone_model::html::{self, HtmlInput};
use drystone_model::json::JsonDocument;
use drystone_model::markdown::generate::{self, CompleteOptions};
use drystone_model::{Collection, Index, Model, Record, Value, notation, reference};

/// More than one thread takes up.
const COUNT: usize = 5_000;

fn name(index: usize) -> String {
    format!("Store {index:04}")
}

/// Databases, and a relationship from each to the next.
fn model() -> Model {
    let id = |index: usize| format!("{:016x}", index % COUNT);
    let order = |index: usize| format!("{index:08}");
    let text = |text: String| Value::text(text);
    let elements = (0..COUNT).map(|index| {
        let mut record = Record::new(Collection::Elements, id(index));
        record.order = order(index);
        record
            .with("name", text(name(index)))
            .with("kind", text("database".into()))
            .with("purpose", text(format!("Keeps part {index}.")))
    });
    let relationships = (0..COUNT).map(|index| {
        let mut record = Record::new(Collection::Relationships, format!("1{:015x}", index));
        record.order = order(index);
        let record = record.with("from", text(id(index))).with("to", text(id(index + 1)));
        record.with("description", text(format!("copies part {index}")))
    });
    Model::of(elements.chain(relationships))
}

/// Where each of these stands in a text; each stands there, one after the other.
fn in_order(text: &str, wanted: impl Fn(usize) -> String) {
    let mut at = 0;
    for index in 0..COUNT {
        let wanted = wanted(index);
        let found = text[at..].find(&wanted).unwrap_or_else(|| panic!("{wanted:?} is not after the one before"));
        at += found + wanted.len();
    }
    let again = wanted(0);
    assert!(!text[at..].contains(&again), "{again:?} comes once more");
}

#[test]
fn json_has_every_record_in_its_place() {
    let document = JsonDocument { title: "Many".into(), model: model(), ..JsonDocument::default() };
    let text = document.to_text();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read, document.to_value());
    in_order(&text, |index| format!("\"purpose\": \"Keeps part {index}.\""));
}

#[test]
fn a_page_has_every_part_with_its_records() {
    let model = model();
    let page = html::page(&HtmlInput {
        title: "Many",
        lang: "en",
        template: "",
        created: "",
        updated: "",
        sections: &[],
        model: &model,
    });
    in_order(&page, |index| format!("Keeps part {index}."));
    in_order(&page, |index| format!("copies part {index}<"));
    assert!(page.find("Elements").unwrap() < page.find("Relationships").unwrap());
    assert!(!page.contains("Other records"), "every record is on the page already");
}

#[test]
fn markdown_has_every_element_with_its_fields() {
    let model = model();
    let lacking = generate::complete(&[], &model, &CompleteOptions::default());
    let text: String = lacking
        .iter()
        .map(|one| {
            let heading = one.heading.as_deref().unwrap_or_default();
            format!("# {}\n{}\n", reference::render(heading, &model), reference::render(&one.body, &model))
        })
        .collect();
    in_order(&text, |index| format!("# {}\n", name(index)));
    for index in [0, 1, COUNT - 1] {
        let (_, own) = text.split_once(&format!("# {}\n", name(index))).unwrap();
        let own = own.split("\n# ").next().unwrap();
        assert!(own.contains(&format!("Keeps part {index}.")), "{own}");
        assert!(own.contains(&name((index + 1) % COUNT)), "{own}");
    }
}

#[test]
fn a_diagram_has_every_arrow() {
    let text = notation::mermaid_flowchart(&model(), None);
    in_order(&text, |index| format!("|\"copies part {index}\"|"));
}

#[test]
fn findings_come_in_the_order_of_the_document() {
    let (model, project, former) = (model(), ProjectRules::default(), BTreeMap::new());
    let report = check::run(&Subject {
        model: &model,
        index: &Index::new(&model),
        sections: &[],
        template: None,
        today: "2026-11-30",
        project: &project,
        file: None,
        former_names: &former,
    });
    let of = report.findings.iter().filter(|finding| finding.rule == "database-without-schema-management");
    let found: Vec<&str> = of.map(|finding| finding.target.record.as_deref().unwrap()).collect();
    let expected: Vec<&str> = model.list(Collection::Elements).map(|element| element.id.as_str()).collect();
    assert_eq!(found, expected);
}
