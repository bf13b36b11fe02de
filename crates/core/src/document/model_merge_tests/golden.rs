//! Documents that earlier versions wrote, which every later version reads.

use std::collections::BTreeMap;

use drystone_model::edit::{self, Edit};
use drystone_model::reference::Reference;
use drystone_model::schema::{COLLECTIONS, Collection, Field, Shape};
use drystone_model::{Model, Value};

use super::super::{Document, NewSection, Place};

/// Written by the first version that had schema 2: a record of every
/// collection with every field, one that was deleted, a conflict, and a
/// section that mentions an element.
const GOLDEN: &[u8] = include_bytes!("../../../tests/golden/document-2.automerge");
const GOLDEN_1: &[u8] = include_bytes!("../../../tests/golden/document-1.automerge");

/// An id that depends on the collection's name alone.
fn id(collection: Collection) -> String {
    let name = collection.name().bytes().chain(std::iter::repeat(0)).take(8).collect::<Vec<u8>>();
    data_encoding::HEXLOWER.encode(&name)
}

/// The value that each field of the golden document has.
fn value(collection: Collection, field: &Field) -> Value {
    match field.shape {
        _ if field.name == "number" => Value::text("1"),
        Shape::Line => Value::text(format!("Line {} of {}", field.name, collection.name())),
        Shape::Text => Value::text(format!("Text {}\n\n- über 😀 of {}", field.name, collection.name())),
        Shape::Number => Value::Number(3),
        Shape::Date => Value::text("2026-11-24"),
        Shape::Choice(choices) => Value::text(choices[0].value),
        Shape::List => Value::list(["second", "first", "second"]),
        Shape::Tags => Value::list(["a", "ü"]),
        Shape::Map if field.name == "links" => {
            Value::Map(BTreeMap::from([(id(Collection::Elements), "concerns".to_owned())]))
        }
        Shape::Map => Value::Map(BTreeMap::from([("key".to_owned(), "value".to_owned())])),
        Shape::Ref(targets) => Value::text(id(targets.first().copied().unwrap_or(Collection::Elements))),
        Shape::Refs(targets) => Value::list([id(targets.first().copied().unwrap_or(Collection::Elements))]),
        Shape::Targets => Value::list([id(Collection::Elements)]),
    }
}

fn fields(collection: Collection) -> BTreeMap<String, Value> {
    let stored = collection.table().fields.iter().filter(|field| !field.is_derived());
    // Nothing is inside of itself.
    let fields = stored.filter(|field| Some(field.name) != collection.table().nesting);
    fields.map(|field| (field.name.to_owned(), value(collection, field))).collect()
}

fn perform(document: &mut Document, edits: Vec<Edit>) -> Vec<Vec<u8>> {
    let model = document.model();
    let edits = edit::cascade(&model, edit::check(&model, edits).unwrap());
    document.edit_records(&edits, &edit::orders(&model, &edits)).unwrap();
    document.commit("Edited", 2).into_iter().map(|record| record.bytes).collect()
}

fn set(collection: Collection, field: &str, value: Value) -> Edit {
    Edit::Set { id: id(collection), field: field.into(), value: Some(value) }
}

/// As the golden document was made, by this version.
fn made() -> Vec<u8> {
    let mut document = Document::create("Golden", "full", 1, [7; 16]).unwrap();
    document.set_creator("00").unwrap();
    let body = format!("Orders of {}.", Reference::mention(&id(Collection::Elements), "name").encode());
    document
        .add_section(&NewSection::made("9e00000000000001".into(), "Überblick 😀", &body), &Place::default())
        .unwrap();
    let add = |collection: Collection| Edit::Add {
        collection: collection.name().into(),
        id: Some(id(collection)),
        fields: fields(collection),
        after: None,
    };
    let inside = Edit::Add {
        collection: "elements".into(),
        id: Some(INSIDE.into()),
        fields: [("name", "Inside"), ("kind", "component"), ("parent", &id(Collection::Elements))]
            .map(|(name, text)| (name.to_owned(), Value::text(text)))
            .into(),
        after: None,
    };
    perform(&mut document, COLLECTIONS.into_iter().map(add).chain([inside]).collect());
    perform(&mut document, vec![Edit::Delete { id: id(Collection::Risks) }]);
    let mut other = document.fork(8);
    let here = perform(&mut document, vec![set(Collection::Elements, "owner", Value::text("Ada"))]);
    let there = perform(&mut other, vec![set(Collection::Elements, "owner", Value::text("Grace"))]);
    assert!(!here.is_empty());
    document.apply(&there).unwrap();
    document.save()
}

#[test]
fn every_field_of_every_collection_is_stored_and_read() {
    let model = Document::load(Some(&made()), &[], [1; 16]).unwrap().model();
    for collection in COLLECTIONS {
        let record = model.get(&id(collection)).unwrap();
        for (name, stored) in fields(collection).into_iter().filter(|(name, _)| name != "owner") {
            assert_eq!(record.get(&name), Some(&stored), "{collection:?}.{name}");
        }
    }
}

#[test]
fn the_golden_document_of_schema_2_is_still_read() {
    let document = Document::load(Some(GOLDEN), &[], [1; 16]).unwrap();
    let model = document.model();
    assert_eq!(document.title(), "Golden");
    assert_eq!(model.len(), 20);
    for record in model.all().filter(|record| record.id != INSIDE) {
        assert_eq!(record.id, id(record.collection));
        assert_eq!(record.deleted, record.collection == Collection::Risks);
        for (name, stored) in &record.fields {
            let field = record.collection.field(name).unwrap();
            match field.shape {
                // Where the words or the targets of a field grow in number, others come first.
                Shape::Choice(choices) => assert!(choices.iter().any(|choice| choice.value == stored.as_str())),
                Shape::Ref(_) | Shape::Refs(_) => {
                    let ids = std::iter::once(stored.as_str()).filter(|id| !id.is_empty());
                    assert!(ids.chain(stored.items().iter().map(String::as_str)).all(|id| model.get(id).is_some()));
                }
                _ if *name == "owner" && record.collection == Collection::Elements => {}
                _ => assert_eq!(*stored, value(record.collection, field), "{:?}.{name}", record.collection),
            }
        }
    }
    let count = model.all().map(|record| record.fields.len()).sum::<usize>();
    assert_eq!(count, WRITTEN, "fields that were written are not read");
    let owner = model.get(&id(Collection::Elements)).unwrap();
    let mut both = vec![owner.text("owner").to_owned(), owner.conflicts.get("owner").unwrap()[0].as_str().to_owned()];
    both.sort();
    assert_eq!(both, ["Ada", "Grace"]);
    assert_eq!(model.parent(INSIDE), Some(id(Collection::Elements).as_str()));
    let body = &document.sections()[0].body;
    assert_eq!(drystone_model::reference::render(body, &model), "Orders of Line name of elements.");
}

/// An element that is inside of another one.
const INSIDE: &str = "9100000000000001";

/// The fields of the golden document that have a value.
const WRITTEN: usize = 160;

/// Two devices that have a document of schema 1 each meet the new version
/// apart, edit the model, and meet.
#[test]
fn a_document_of_schema_1_is_edited_by_two_that_each_migrate_it() {
    let mut devices = [1, 2].map(|actor| Document::load(Some(GOLDEN_1), &[], [actor; 16]).unwrap());
    let mut made = Vec::new();
    for (index, document) in devices.iter_mut().enumerate() {
        assert!(document.migrate().unwrap());
        let mut changes: Vec<Vec<u8>> = document.commit("Migrated", 2).into_iter().map(|record| record.bytes).collect();
        let add = Edit::Add {
            collection: "elements".into(),
            id: Some(format!("9200000000000{index:03}")),
            fields: [("name", "Shop"), ("kind", "service")]
                .map(|(name, text)| (name.to_owned(), Value::text(text)))
                .into(),
            after: None,
        };
        changes.extend(perform(document, vec![add]));
        let section = document.sections()[0].id.clone();
        document.set_body(&section, &format!("From device {index}.")).unwrap();
        changes.extend(document.commit("Edited", 3).into_iter().map(|record| record.bytes));
        made.push(changes);
    }
    let [a, b] = &mut devices;
    a.apply(&made[1]).unwrap();
    b.apply(&made[0]).unwrap();
    assert_eq!(a.heads(), b.heads());
    assert_eq!((a.schema(), b.schema()), (3, 3));
    let (model, other): (Model, Model) = (a.model(), b.model());
    super::invariants::same(&model, &other);
    assert_eq!(model.list(Collection::Elements).count(), 2);
    assert_eq!(a.sections(), b.sections());
    assert!(a.sections().iter().any(|section| section.title == "Überblick 😀"), "what was there is there");
    // And a device that meets it in its old form last of all.
    let mut late = Document::load(Some(GOLDEN_1), &made.concat(), [3; 16]).unwrap();
    super::invariants::same(&model, &late.model());
    assert_eq!(late.heads(), a.heads());
}
