//! What must hold of every document at every moment.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use automerge::ReadDoc;
use drystone_model::edit::Edit;
use drystone_model::schema::Collection;
use drystone_model::{Model, Record, Value};

use super::super::{Document, Section, read};

/// Two models are one: their records, and what each works out from them.
pub(super) fn same(kept: &Model, rebuilt: &Model) {
    assert_eq!(kept.len(), rebuilt.len(), "records");
    for (a, b) in kept.all().zip(rebuilt.all()) {
        assert_eq!(a, b);
        assert_eq!(kept.is_hidden(&a.id), rebuilt.is_hidden(&a.id), "whether {} is hidden", a.id);
        assert_eq!(kept.parent(&a.id), rebuilt.parent(&a.id), "what {} is in", a.id);
        assert_eq!(kept.slug_of(a), rebuilt.slug_of(b), "the slug of {}", a.id);
    }
}

/// What the model in memory makes of edits is what the document makes of them.
pub(super) fn as_foreseen(expected: &Model, made: &Model, edits: &[Edit]) {
    for edit in edits {
        let (Edit::Add { id: Some(id), .. }
        | Edit::Set { id, .. }
        | Edit::Move { id, .. }
        | Edit::Delete { id }
        | Edit::DeleteWith { id, .. }
        | Edit::Restore { id }) = edit
        else {
            panic!("an edit without a record");
        };
        let (mut expected, mut made) = (expected.get(id).unwrap().clone(), made.get(id).unwrap().clone());
        expected.fields.retain(|_, value| !value.is_empty());
        (expected.order, made.order) = Default::default();
        assert_eq!(expected, made, "{edit:?}");
    }
}

pub(super) fn hold(model: &Model, sections: &[Section]) {
    let gone: HashSet<&str> =
        model.all().filter(|record| is_gone(model, record, 0)).map(|record| record.id.as_str()).collect();
    let mut paths = HashSet::new();
    for record in model.all() {
        let (mut at, mut steps) = (record.id.as_str(), 0);
        while let Some(parent) = model.parent(at) {
            (at, steps) = (parent, steps + 1);
            assert!(steps <= model.len(), "{} is in itself", record.id);
        }
        assert!(!record.order.is_empty(), "{} has no place", record.id);
        assert_eq!(
            model.live(&record.id).is_none(),
            gone.contains(record.id.as_str()),
            "whether {} is live",
            record.id
        );
        assert!(paths.insert(model.path_of(record)), "{} has the path of another", record.id);
        for field in record.collection.table().fields.iter().filter(|field| field.required) {
            assert!(record.has(field.name), "{} lost its {}", record.id, field.name);
        }
    }
    let leads_nowhere = |id: &str| gone.contains(id) || model.get(id).is_none();
    nothing_dangles_unreported(model, sections, &leads_nowhere);
    sections_end(sections);
}

/// Worked out from the top down by the model, from the bottom up here.
fn is_gone(model: &Model, record: &Record, depth: usize) -> bool {
    assert!(depth <= model.len(), "{} is in itself", record.id);
    let owner = record.collection.table().owner.map(|owner| record.text(owner)).unwrap_or_default();
    let above = model.parent(&record.id).into_iter().chain(Some(owner).filter(|owner| !owner.is_empty()));
    record.deleted || above.into_iter().any(|id| model.get(id).is_none_or(|above| is_gone(model, above, depth + 1)))
}

/// Finds ids by their look alone, wherever they stand.
fn nothing_dangles_unreported(model: &Model, sections: &[Section], leads_nowhere: &dyn Fn(&str) -> bool) {
    let mut expected = BTreeSet::new();
    for record in model.all().filter(|record| !leads_nowhere(&record.id)) {
        for (field, value) in &record.fields {
            let dangling = strings(value).flat_map(ids).filter(|id| leads_nowhere(id));
            expected.extend(dangling.map(|id| (record.id.clone(), *field, id.to_owned())));
        }
    }
    let reported: BTreeSet<_> = model.dangling().into_iter().collect();
    assert_eq!(reported, expected, "references that lead nowhere");
    for section in sections {
        for text in [&section.title, &section.body] {
            let expected: BTreeSet<&str> = ids(text).into_iter().filter(|id| leads_nowhere(id)).collect();
            let found = model.dangling_in(text);
            let reported: BTreeSet<&str> = found.iter().map(|reference| reference.id.as_str()).collect();
            assert_eq!(reported, expected, "references that lead nowhere in {}", section.id);
        }
    }
}

/// Every record of these tests has an id that begins like this.
pub(super) const LOOK: &str = "fa11";

fn strings(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::Number(_) => Box::new(std::iter::empty()),
        Value::Text(text) => Box::new(std::iter::once(text.as_str())),
        Value::List(items) => Box::new(items.iter().map(String::as_str)),
        Value::Map(entries) => Box::new(entries.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()])),
    }
}

fn ids(text: &str) -> Vec<&str> {
    let found = text.match_indices(LOOK).filter_map(|(at, _)| text.get(at..at + 16));
    found.filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit())).collect()
}

fn sections_end(sections: &[Section]) {
    let mut seen = HashSet::new();
    for section in sections {
        let parent = section.parent.as_deref();
        assert!(parent.is_none_or(|parent| seen.contains(parent)), "{} is not after its parent", section.id);
        assert!(seen.insert(section.id.as_str()), "{} is there twice", section.id);
    }
}

/// A section that is not shown is deleted, or somewhere inside of one that is.
pub(super) fn no_section_is_lost(document: &Document, sections: &[Section]) {
    let doc = &document.doc;
    let Some(map) = read::sections_map(doc) else { return };
    let shown: HashSet<&str> = sections.iter().map(|section| section.id.as_str()).collect();
    let all: Vec<String> = doc.keys(&map).collect();
    for id in all.iter().filter(|id| !shown.contains(id.as_str())) {
        let (mut at, mut steps) = (id.clone(), 0);
        while let Some(section) = read::object(doc, &map, &at) {
            if read::boolean(doc, &section, "deleted") {
                break;
            }
            at = read::string(doc, &section, "parent");
            steps += 1;
            assert!(steps <= all.len() && !at.is_empty(), "{id} is lost");
        }
    }
}

/// A number that anyone ever saw never belongs to another decision.
pub(super) fn numbers_stay(model: &Model, known: &mut BTreeMap<String, String>) {
    for decision in model.every(Collection::Decisions) {
        let number = decision.text("number").trim_start_matches('0').to_owned();
        let owner = known.entry(number).or_insert_with(|| decision.id.clone());
        assert_eq!(*owner, decision.id, "two decisions have the number {}", decision.text("number"));
    }
}
