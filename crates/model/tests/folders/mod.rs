//! The vocabulary of these tests: folders, the model they make, and what one
//! says about a decision.

use std::collections::BTreeMap;

use drystone_model::adr::{AdrFile, AdrFormat, AdrImport, read, write};
use drystone_model::edit::{Edit, apply, check};
use drystone_model::{Collection, Model, Record, Value};

/// A file of a folder.
pub fn file(name: &str, text: &str) -> AdrFile {
    AdrFile { name: name.into(), bytes: text.into() }
}

/// Reads a folder into a model, with ids in sequence.
pub fn import(files: &[AdrFile], format: Option<AdrFormat>, model: &Model) -> drystone_model::Result<AdrImport> {
    let mut next = 0xad00;
    read(files, format, model, &mut || {
        next += 1;
        format!("{next:016x}")
    })
}

/// A model after edits, each record behind the ones before.
pub fn applied(model: &Model, edits: &[Edit]) -> Model {
    let edits = check(model, edits.to_vec()).unwrap();
    let mut model = model.clone();
    for (at, edit) in edits.iter().enumerate() {
        apply(&mut model, edit);
        if let Edit::Add { id: Some(id), .. } = edit {
            let mut record = model.get(id).unwrap().clone();
            record.order = format!("z{at:06}");
            model.put(record);
        }
    }
    model
}

/// All that a model says about its decisions, by number, with numbers for ids.
pub fn said(model: &Model) -> BTreeMap<String, Vec<String>> {
    let number = |id: &str| match model.get(id) {
        Some(record) if record.collection == Collection::Decisions => record.text("number").to_owned(),
        Some(record) => record.label(),
        None => id.to_owned(),
    };
    let value = |name: &str, value: &Value| match value {
        Value::Map(map) => {
            let mut pairs: Vec<_> = map.iter().map(|(id, phrase)| (number(id), phrase.clone())).collect();
            pairs.sort();
            format!("{pairs:?}")
        }
        Value::List(ids) if matches!(name, "supersedes" | "elements") => {
            let mut ids: Vec<_> = ids.iter().map(|id| number(id)).collect();
            ids.sort();
            format!("{ids:?}")
        }
        value => format!("{value:?}"),
    };
    let fields = |record: &Record, without: &[&str]| -> Vec<String> {
        let kept = record.fields.iter().filter(|(name, value)| !without.contains(name) && !value.is_empty());
        kept.map(|(name, field)| format!("{name}: {}", value(name, field))).collect()
    };
    let all = model.list(Collection::Decisions).map(|decision| {
        let mut lines = fields(decision, &["source"]);
        for option in model.owned(&decision.id, Collection::Alternatives) {
            lines.push(format!("option {}", fields(option, &["decision"]).join("; ")));
        }
        (decision.text("number").to_owned(), lines)
    });
    all.collect()
}

/// Writes a model's decisions and reads them into the model without them.
pub fn there_and_back(model: &Model, format: AdrFormat) -> (Vec<AdrFile>, Model) {
    let files = write(model, format);
    let apart = [Collection::Decisions, Collection::Alternatives];
    let rest = Model::of(model.all().filter(|record| !apart.contains(&record.collection)).cloned());
    let import = import(&files, Some(format), &rest).unwrap();
    let notes: Vec<_> = import.notes.iter().map(|note| &note.what).collect();
    assert_eq!(import.skipped, [], "{notes:?}");
    (files, applied(&rest, &import.edits))
}
