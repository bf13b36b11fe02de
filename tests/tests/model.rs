//! The typed model through the façade: every field of the templates, what
//! imports lift, what an edit changes of a file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::ErrorCode;
use drystone_core::model::edit::Edit;
use drystone_core::model::{Value, templates};
use drystone_tests::*;

async fn exported(device: &Device, id: &str, format: ExportFormat) -> String {
    let args = ExportDocument { document: id.into(), format };
    let exported: Exported = device.call(Request::DocumentExport(args)).await.unwrap();
    String::from_utf8(BASE64.decode(exported.content).unwrap()).unwrap()
}

async fn set(device: &Device, id: &str, path: &str, value: &str) {
    if let Err(error) = device.app().set(id, path, value).await {
        panic!("{path} = {value}: {error} {}", error.advice);
    }
}

async fn show(device: &Device, id: &str, path: &str) -> serde_json::Value {
    device.app().show(id, Some(path)).await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

async fn lifted(device: &Device, name: &str, bytes: &[u8]) -> Imported {
    let args = ImportDocument {
        name: name.into(),
        content: BASE64.encode(bytes),
        template: None,
        template_file: None,
        workspace: None,
        format: None,
        lift: true,
        into: None,
    };
    device.call(Request::DocumentImport(args)).await.unwrap()
}

/// What stands in `<…>` of a place, a record of its own for each row.
fn concrete(path: &str, row: usize) -> String {
    let words = [
        ("<component>", format!("part-{row}")),
        ("<use-case>", format!("use-{row}")),
        ("<decision>", format!("choice-{row}")),
        ("<alternative>", format!("other-{row}")),
        ("<consideration>", format!("later-{row}")),
        ("<environment>", format!("place-{row}")),
        ("<node>", format!("machine-{row}")),
        ("<relationship>", "front--back".to_owned()),
        ("<n>", "1".to_owned()),
    ];
    words.iter().fold(path.to_owned(), |path, (word, value)| path.replace(word, value))
}

#[tokio::test]
async fn every_bracketed_field_of_the_seeds_is_set_and_found_in_every_export() {
    let alice = Device::new().await;
    for template in ["full", "compact"] {
        let id = alice.create("Filled", template).await;
        for name in ["Front", "Back"] {
            set(&alice, &id, &format!("elements.{}.name", name.to_lowercase()), name).await;
        }
        let mut wanted: BTreeMap<String, String> = BTreeMap::new();
        let fields = templates::bracketed_fields(templates::source(template).unwrap());
        assert!(fields.len() > 30, "{template} has {} brackets", fields.len());
        for (row, field) in fields.iter().enumerate() {
            // A section of a use case is made by its own heading.
            let also = field.also.iter().filter(|path| !(path.starts_with("sections.") && path.contains('<')));
            for (index, path) in std::iter::once(&field.path).chain(also).enumerate() {
                let path = concrete(path, row);
                let value = format!("Filled-{row}-{index}");
                if path.ends_with(".dependencies") {
                    set(&alice, &id, &format!("elements.{}.kind", value.to_lowercase()), "service").await;
                    set(&alice, &id, &format!("elements.{}.name", value.to_lowercase()), &value).await;
                }
                set(&alice, &id, &path, &value).await;
                wanted.insert(path, value);
            }
        }
        for format in [ExportFormat::Markdown, ExportFormat::Json, ExportFormat::Html] {
            let text = exported(&alice, &id, format).await;
            let missing: Vec<_> = wanted.iter().filter(|(_, value)| !text.contains(value.as_str())).collect();
            assert!(missing.is_empty(), "{template} as {format:?} lacks {missing:?}");
        }
    }
}

#[tokio::test]
async fn real_documents_come_out_byte_for_byte_after_all_was_lifted() {
    let alice = Device::new().await;
    let mut records = 0;
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        let imported = lifted(&alice, &path.display().to_string(), &bytes).await;
        records += imported.lift.added.values().sum::<u32>();
        assert_eq!(alice.export(&imported.id).await.as_bytes(), bytes, "{}", path.display());
    }
    assert_eq!(records > 100, corpora().is_some(), "{records} records were lifted");
}

/// How many lines of the old text differ, counted between what is common at
/// both ends: one stretch, whatever is in it.
fn hunk(old: &str, new: &str) -> (usize, usize) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tails = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = tails.take_while(|(a, b)| a == b).count();
    (old.len() - start - end, new.len() - start - end)
}

#[tokio::test]
async fn an_edit_of_one_field_changes_only_its_lines() {
    let alice = Device::new().await;
    let text = include_str!("model/harbour.md");
    let imported = lifted(&alice, "harbour.md", text.as_bytes()).await;
    let id = imported.id;
    assert_eq!(alice.export(&id).await, text, "unedited");
    set(&alice, &id, "elements.gate-keeper.purpose", "Opens the gate.").await;
    let edited = alice.export(&id).await;
    assert_eq!(hunk(text, &edited), (1, 1), "{edited}");
    assert!(edited.contains("- **Purpose**: Opens the gate.\n"), "{edited}");
    set(&alice, &id, "elements.gate-keeper.responsibilities", "Count ships\nRefuse pirates\nSound the horn").await;
    let more = alice.export(&id).await;
    assert_eq!(hunk(&edited, &more), (0, 1), "{more}");
    set(&alice, &id, "elements.gate-keeper.name", "Lock keeper").await;
    let renamed = alice.export(&id).await;
    assert!(renamed.contains("### Lock keeper") && renamed.contains("The **Lock keeper** asks"), "{renamed}");
    assert!(!renamed.contains("Gate keeper"), "the name is stored once: {renamed}");
}

#[tokio::test]
async fn what_is_set_as_text_reaches_the_fields_it_shows() {
    let alice = Device::new().await;
    let id = lifted(&alice, "harbour.md", include_bytes!("model/harbour.md")).await.id;
    let path = "sections.components.gate-keeper";
    let text = show(&alice, &id, path).await.as_str().unwrap().to_owned();
    assert!(text.contains("**Purpose**: Lets ships in"), "{text}");
    set(&alice, &id, path, &text.replace("Lets ships in", "Lets ships out")).await;
    assert_eq!(show(&alice, &id, "elements.gate-keeper.purpose").await, "Lets ships out and keeps water where it is.");
    assert_eq!(show(&alice, &id, path).await, text.replace("Lets ships in", "Lets ships out"));
}

#[tokio::test]
async fn a_json_export_is_the_whole_document() {
    let alice = Device::new().await;
    let id = lifted(&alice, "harbour.md", include_bytes!("model/harbour.md")).await.id;
    set(&alice, &id, "elements.gate-keeper.owner", "Harbour office").await;
    let json = exported(&alice, &id, ExportFormat::Json).await;
    let again = lifted(&alice, "harbour.json", json.as_bytes()).await;
    assert_ne!(again.id, id);
    assert_eq!(alice.export(&again.id).await, alice.export(&id).await);
    assert_eq!(show(&alice, &again.id, "elements.gate-keeper.owner").await, "Harbour office");
    let error = alice.app().set(&id, "elements.gate-keeper.colour", "red").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn deleting_much_asks_and_every_edit_can_be_taken_back() {
    let alice = Device::new().await;
    let id = alice.create("Fleet", "full").await;
    let mut edits = Vec::new();
    let add = |id: String, parent: &str| {
        let mut fields =
            BTreeMap::from([("name".to_owned(), Value::text(&id)), ("kind".to_owned(), Value::text("service"))]);
        if !parent.is_empty() {
            fields.insert("parent".to_owned(), Value::text(parent));
        }
        Edit::Add { collection: "elements".into(), id: Some(id), fields, after: None }
    };
    edits.push(add("f000".into(), ""));
    edits.extend((1..=20).map(|index| add(format!("f{index:03}"), "f000")));
    let apply = |edits: Vec<Edit>, confirm: bool| {
        Request::ModelApply(ApplyEdits { document: id.clone(), edits, sections: vec![], summary: None, confirm })
    };
    let _: Applied = alice.call(apply(edits, false)).await.unwrap();
    let delete = vec![Edit::Delete { id: "f000".into() }];
    assert_eq!(alice.run(apply(delete.clone(), false)).await.unwrap_err().code, ErrorCode::Confirm);
    let gone: Applied = alice.call(apply(delete, true)).await.unwrap();
    assert_eq!(show(&alice, &id, "elements").await["elements"].as_array().unwrap().len(), 0);
    let _: Applied = alice.call(apply(gone.undo, false)).await.unwrap();
    assert_eq!(show(&alice, &id, "elements").await["elements"].as_array().unwrap().len(), 21);
    let log: Vec<LogEntry> = alice.call(Request::DocumentLog(DocumentRef { document: id })).await.unwrap();
    let said: Vec<&str> = log.iter().map(|entry| entry.summary.as_str()).collect();
    assert_eq!(said[..2], ["Restored the element f000", "Deleted the element f000"], "{said:?}");
}

#[tokio::test]
async fn a_template_changes_and_changes_back_without_a_letter_lost() {
    let alice = Device::new().await;
    let id = alice.create("Plant", "full").await;
    set(&alice, &id, "sections.resilience.retry", "Three times.").await;
    let before = alice.export(&id).await;
    let change = |template: &str| ChangeTemplate { document: id.clone(), template: Some(template.into()), file: None };
    let _: DocumentSummary = alice.call(Request::DocumentSetTemplate(change("arc42"))).await.unwrap();
    assert_eq!(alice.export(&id).await, before);
    let view = alice.open(&id).await;
    assert!(view.missing.iter().any(|slot| slot.key == "glossary"), "arc42's places are offered");
    let _: DocumentSummary = alice.call(Request::DocumentSetTemplate(change("full"))).await.unwrap();
    assert_eq!(show(&alice, &id, "sections.resilience.retry").await, "Three times.");
    assert_eq!(alice.export(&id).await, before);
}

#[tokio::test]
async fn a_records_fields_and_conflicts_are_objects_even_when_there_are_none() {
    let alice = Device::new().await;
    let id = alice.create("Locks", "full").await;
    set(&alice, &id, "elements.gate.owner", "Canal").await;
    for device in [&alice, &alice.again().await] {
        let view = device.run(Request::ModelOpen(DocumentRef { document: id.clone() })).await.unwrap();
        let record = &view["records"][0];
        assert_eq!(record["conflicts"], serde_json::json!({}), "{record}");
        assert_eq!(record["fields"]["owner"], "Canal", "{record}");
        let typed: ModelView = serde_json::from_value(view.clone()).unwrap();
        assert_eq!(typed.records[0].fields.get("owner"), Some(&Value::text("Canal")));
    }
}
