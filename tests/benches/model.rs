//! A document of many elements: opening, one field edited, checked, searched,
//! exported; and how each grows from 1,000 elements to 10,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::Duration;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc};
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::model::edit::Edit;
use drystone_core::model::{Model, Record, Value};
use drystone_tests::measure::{median, report, timed};
use drystone_tests::*;

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
const RUNS: usize = 15;

fn text(value: impl Into<String>) -> Value {
    Value::text(value.into())
}

/// Elements in a tree ten wide, two relationships each.
fn edits(count: usize) -> Vec<Edit> {
    let id = |index: usize| format!("{index:016x}");
    let kinds = ["service", "database", "cache", "gateway", "web-client"];
    let mut edits = Vec::new();
    for index in 0..count {
        let mut fields = vec![
            ("name", text(format!("Element {index}"))),
            ("kind", text(kinds[index % kinds.len()])),
            ("purpose", text(format!("Does part {index} of what the system has to do."))),
            ("technologies", Value::list(["Rust", "PostgreSQL"])),
            ("owner", text(format!("Team {}", index % 40))),
        ];
        if index > 0 {
            fields.push(("parent", text(id(index / 10))));
        }
        edits.push(add("elements", &id(index), fields));
    }
    for index in 0..count * 2 {
        let (from, to) = (index % count, (index * 7 + 3) % count);
        let fields = vec![
            ("from", text(id(from))),
            ("to", text(id(if to == from { (to + 1) % count } else { to }))),
            ("description", text(format!("sends message {index}"))),
            ("technology", text("HTTPS")),
        ];
        edits.push(add("relationships", &format!("{:016x}", 0x1000_0000 + index), fields));
    }
    edits
}

fn add(collection: &str, id: &str, fields: Vec<(&str, Value)>) -> Edit {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Edit::Add { collection: collection.into(), id: Some(id.into()), fields, after: None }
}

struct Measured {
    open: Duration,
    /// From a program that was just started to its first edit made durable.
    editable: Duration,
    edit: Duration,
    check: Duration,
    search: Duration,
    markdown: Duration,
    html: Duration,
    json: Duration,
}

async fn several<T>(mut run: impl AsyncFnMut() -> T) -> Duration {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = std::time::Instant::now();
        std::hint::black_box(run().await);
        times.push(started.elapsed());
    }
    median(&mut times)
}

async fn set_owner(device: &Device, document: &str, owner: String) -> Applied {
    let set = Edit::Set { id: format!("{:016x}", 0), field: "owner".into(), value: Some(text(owner)) };
    let apply =
        ApplyEdits { document: document.into(), edits: vec![set], sections: vec![], summary: None, confirm: false };
    device.call(Request::ModelApply(apply)).await.unwrap()
}

async fn export(device: &Device, id: &str, format: ExportFormat) -> Exported {
    device.call(Request::DocumentExport(ExportDocument { document: id.into(), format })).await.unwrap()
}

async fn measure(count: usize) -> (Measured, Vec<u8>) {
    let device = Device::new().await;
    let id = device.create("Large", "full").await;
    if count > 0 {
        let apply =
            ApplyEdits { document: id.clone(), edits: edits(count), sections: vec![], summary: None, confirm: false };
        let (_, took) = {
            let started = std::time::Instant::now();
            let applied: Applied = device.call(Request::ModelApply(apply)).await.unwrap();
            (applied, started.elapsed())
        };
        println!("{count} elements and {} relationships added in {took:?}", count * 2);
    } else {
        let apply =
            ApplyEdits { document: id.clone(), edits: edits(1), sections: vec![], summary: None, confirm: false };
        let _: Applied = device.call(Request::ModelApply(apply)).await.unwrap();
    }
    let reference = DocumentRef { document: id.clone() };
    let mut opens = Vec::new();
    device.app().close().await.unwrap();
    for _ in 0..RUNS.min(7) {
        let cold = device.again().await;
        let started = std::time::Instant::now();
        let view: ModelView = cold.call(Request::ModelOpen(reference.clone())).await.unwrap();
        opens.push(started.elapsed());
        assert!(view.records.len() >= count);
        cold.app().close().await.unwrap();
    }
    let mut firsts = Vec::new();
    for run in 0..RUNS.min(7) {
        let cold = device.again().await;
        let started = std::time::Instant::now();
        set_owner(&cold, &id, format!("Nobody {run}")).await;
        firsts.push(started.elapsed());
        cold.app().close().await.unwrap();
    }
    let device = device.again().await;
    let mut serial = 0;
    let edit = several(async || {
        serial += 1;
        set_owner(&device, &id, format!("Somebody {serial}")).await
    })
    .await;
    let check = several(async || {
        let check = CheckDocument { document: id.clone(), rules: None };
        device.call::<CheckReport>(Request::CheckRun(check)).await.unwrap()
    })
    .await;
    let search = several(async || {
        let search = Search { query: "element 77".into(), limit: 50, document: None };
        device.call::<Vec<SearchHit>>(Request::Search(search)).await.unwrap()
    })
    .await;
    let markdown = several(async || export(&device, &id, ExportFormat::Markdown).await).await;
    let html = several(async || export(&device, &id, ExportFormat::Html).await).await;
    let json = several(async || export(&device, &id, ExportFormat::Json).await).await;
    let exported = export(&device, &id, ExportFormat::Json).await;
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &exported.content).unwrap();
    (
        Measured { open: median(&mut opens), editable: median(&mut firsts), edit, check, search, markdown, html, json },
        bytes,
    )
}

/// The same records in a plain Automerge document: loaded, and walked into a
/// typed model.
fn raw(count: usize) -> Duration {
    let mut doc = AutoCommit::new();
    let map = doc.put_object(ROOT, "records", ObjType::Map).unwrap();
    for edit in edits(count) {
        let Edit::Add { id: Some(id), fields, .. } = edit else { continue };
        let record = doc.put_object(&map, id.as_str(), ObjType::Map).unwrap();
        for (name, value) in fields {
            match value {
                Value::List(items) => {
                    let list = doc.put_object(&record, name.as_str(), ObjType::List).unwrap();
                    for (index, item) in items.into_iter().enumerate() {
                        doc.insert(&list, index, item).unwrap();
                    }
                }
                Value::Text(line) if name == "purpose" => {
                    let object = doc.put_object(&record, name.as_str(), ObjType::Text).unwrap();
                    doc.splice_text(&object, 0, 0, &line).unwrap();
                }
                value => doc.put(&record, name.as_str(), value.as_str()).unwrap(),
            }
        }
    }
    let bytes = doc.save();
    let mut times: Vec<Duration> = (0..RUNS.min(7)).map(|_| timed(|| load_and_walk(&bytes)).1).collect();
    median(&mut times)
}

fn load_and_walk(bytes: &[u8]) -> Model {
    let doc = AutoCommit::load(bytes).unwrap();
    let (_, map) = doc.get(ROOT, "records").unwrap().unwrap();
    let mut records = Vec::new();
    for id in doc.keys(&map) {
        let (_, object) = doc.get(&map, &id).unwrap().unwrap();
        let collection = match doc.get(&object, "from").unwrap() {
            Some(_) => drystone_core::model::Collection::Relationships,
            None => drystone_core::model::Collection::Elements,
        };
        let mut record = Record::new(collection, id);
        for key in doc.keys(&object) {
            let (value, inner) = doc.get(&object, &key).unwrap().unwrap();
            let value = match value.as_str() {
                Some(line) => text(line),
                None if doc.object_type(&inner).unwrap() == ObjType::Text => text(doc.text(&inner).unwrap()),
                None => Value::list(doc.values(&inner).filter_map(|(item, _)| item.as_str().map(str::to_owned))),
            };
            record = record.with(&key, value);
        }
        records.push(record);
    }
    Model::of(records)
}

#[tokio::main]
async fn main() {
    let (empty, _) = measure(0).await;
    let (small, _) = measure(SMALL).await;
    let (large, json) = measure(LARGE).await;
    let loaded = raw(LARGE);
    let mut parses: Vec<Duration> =
        (0..RUNS).map(|_| timed(|| serde_json::from_slice::<serde_json::Value>(&json).unwrap()).1).collect();
    let parsed = median(&mut parses);
    report("editable, 10,000 elements", large.editable, "raw load and walk of the same", loaded, 1.1);
    report("open, 10,000 elements", large.open, "raw load and walk of the same", loaded, 1.1);
    report("records on screen, 10,000 elements", large.open, "parsing the same JSON", parsed, 1.5);
    report("field edit to durable, 10,000 elements", large.edit, "the same in an empty document", empty.edit, 1.5);
    println!("check of 10,000 elements: {:?} (goal 300 ms)", large.check);
    println!("search in 10,000 elements: {:?} (goal 16 ms)", large.search);
    let growth = [
        ("open", small.open, large.open),
        ("editable", small.editable, large.editable),
        ("field edit", small.edit, large.edit),
        ("check", small.check, large.check),
        ("search", small.search, large.search),
        ("export as Markdown", small.markdown, large.markdown),
        ("export as HTML", small.html, large.html),
        ("export as JSON", small.json, large.json),
    ];
    for (what, small, large) in growth {
        report(&format!("{what}, from 1,000 to 10,000 elements"), large, "ten times", small * 10, 1.0);
    }
}
