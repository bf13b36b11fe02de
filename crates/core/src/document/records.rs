//! The model's records in Automerge: each a map in the map of its collection,
//! so that what two people change merges field by field.
//!
//! A line, a choice, a date, a number and a reference are scalars: where two
//! set one at once both values are kept, and the one that does not count is a
//! conflict until someone picks. A text merges letter by letter, a list item
//! by item, a set or map name by name.

use std::collections::BTreeMap;

use automerge::transaction::Transactable;
use automerge::{ObjId, ObjType, ReadDoc, ScalarValue, Value as Stored};
use drystone_model::edit::Edit;
use drystone_model::schema::{COLLECTIONS, Collection, Field, Shape};
use drystone_model::{Model, Record, Value};

use super::skeleton::MODEL;
use super::{Document, read};
use crate::error::{Error, ErrorCode, Result};

const DELETED: &str = "$deleted";
const ORDER: &str = "$order";

/// Lengths of lists whose product is at most this are compared item by item.
const LIST_DIFF: usize = 1 << 16;

impl Document {
    /// All records.
    pub fn model(&self) -> Model {
        let mut records = Vec::new();
        for collection in COLLECTIONS {
            let Some(map) = self.collection(collection) else { continue };
            for id in self.doc.keys(&map) {
                records.extend(self.record_at(collection, &map, &id));
            }
        }
        Model::of(records)
    }

    /// One record.
    pub fn record(&self, collection: Collection, id: &str) -> Option<Record> {
        self.record_at(collection, &self.collection(collection)?, id)
    }

    /// Makes edits that were checked and whose records have ids; `orders` are
    /// the keys of those that add or move, see `drystone_model::edit::orders`.
    ///
    /// # Errors
    /// `not-found` when a record is not there, or Automerge's errors.
    pub fn edit_records(&mut self, edits: &[Edit], orders: &[String]) -> Result<()> {
        let mut orders = orders.iter();
        let mut next_order = || orders.next().cloned().ok_or_else(|| Error::internal("an edit has no place"));
        for edit in edits {
            match edit {
                Edit::Add { collection, id: Some(id), fields, .. } => {
                    let collection = Collection::find(collection).ok_or_else(|| no_record(collection))?;
                    self.add_record(collection, id, fields, &next_order()?)?;
                }
                Edit::Add { id: None, .. } => return Err(Error::internal("a record to add has no id")),
                Edit::Set { id, field, value } => {
                    let (collection, object) = self.find_record(id)?;
                    let field = collection.field(field).ok_or_else(|| no_record(id))?;
                    self.set_field(&object, field, value.as_ref())?;
                }
                Edit::Move { id, .. } => {
                    let (_, object) = self.find_record(id)?;
                    self.doc.put(&object, ORDER, next_order()?).map_err(Error::internal)?;
                }
                Edit::DeleteWith { id, with } => {
                    let (_, object) = self.find_record(id)?;
                    self.doc.put(&object, DELETED, with.as_str()).map_err(Error::internal)?;
                }
                Edit::Delete { id } | Edit::Restore { id } => {
                    let (_, object) = self.find_record(id)?;
                    let deleted = matches!(edit, Edit::Delete { .. });
                    self.doc.put(&object, DELETED, deleted).map_err(Error::internal)?;
                }
            }
        }
        Ok(())
    }

    fn collection(&self, collection: Collection) -> Option<ObjId> {
        let model = read::object(&self.doc, &automerge::ROOT, MODEL)?;
        read::object(&self.doc, &model, collection.name())
    }

    fn find_record(&self, id: &str) -> Result<(Collection, ObjId)> {
        let found = COLLECTIONS.into_iter().find_map(|collection| {
            let map = self.collection(collection)?;
            Some((collection, read::object(&self.doc, &map, id)?))
        });
        found.ok_or_else(|| no_record(id))
    }

    fn record_at(&self, collection: Collection, map: &ObjId, id: &str) -> Option<Record> {
        let object = read::object(&self.doc, map, id)?;
        let mut record = Record::new(collection, id);
        record.deleted_with = read::string(&self.doc, &object, DELETED);
        record.deleted = !record.deleted_with.is_empty() || read::boolean(&self.doc, &object, DELETED);
        record.order = read::string(&self.doc, &object, ORDER);
        for key in self.doc.keys(&object) {
            let Some(field) = collection.table().fields.iter().find(|field| field.name == key) else { continue };
            let (value, others) = self.field_value(&object, field);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                record.fields.insert(field.name, value);
            }
            if !others.is_empty() {
                record.conflicts.insert(field.name, others);
            }
        }
        Some(record)
    }

    /// The value that counts, and those that were set at the same time.
    fn field_value(&self, record: &ObjId, field: &Field) -> (Option<Value>, Vec<Value>) {
        let all = self.doc.get_all(record, field.name).unwrap_or_default();
        if let Shape::Tags | Shape::Refs(_) | Shape::Map = field.shape {
            // Sets and maps that two began at once are one.
            let mut entries = BTreeMap::new();
            for (_, object) in all.iter().filter(|(value, _)| value.is_object()) {
                for key in self.doc.keys(object) {
                    let value = read::string(&self.doc, object, &key);
                    entries.insert(key, value);
                }
            }
            let value = match field.shape {
                Shape::Map => Value::Map(entries),
                _ => Value::List(entries.into_keys().collect()),
            };
            return (Some(value), Vec::new());
        }
        // The last is the one that `get` returns, on every device the same.
        let mut values: Vec<Value> = all.iter().filter_map(|(value, object)| self.plain(value, object)).collect();
        let counts = values.pop();
        values.retain(|value| Some(value) != counts.as_ref() && !value.is_empty());
        values.dedup();
        (counts, values)
    }

    fn plain(&self, value: &Stored<'_>, object: &ObjId) -> Option<Value> {
        match value {
            Stored::Object(ObjType::Text) => self.doc.text(object).ok().map(Value::Text),
            Stored::Object(ObjType::List) => {
                let items = (0..self.doc.length(object)).filter_map(|index| match self.doc.get(object, index) {
                    Ok(Some((Stored::Scalar(item), _))) => item.as_str().map(str::to_owned),
                    _ => None,
                });
                Some(Value::List(items.collect()))
            }
            Stored::Object(_) => None,
            Stored::Scalar(scalar) => match scalar.as_ref() {
                ScalarValue::Str(text) => Some(Value::Text(text.to_string())),
                ScalarValue::Int(number) => i32::try_from(*number).ok().map(Value::Number),
                ScalarValue::Uint(number) => i32::try_from(*number).ok().map(Value::Number),
                _ => None,
            },
        }
    }

    fn add_record(
        &mut self,
        collection: Collection,
        id: &str,
        fields: &BTreeMap<String, Value>,
        order: &str,
    ) -> Result<()> {
        let map = self.collection(collection).ok_or_else(|| Error::internal("the model's maps are missing"))?;
        if read::object(&self.doc, &map, id).is_some() {
            return Err(Error::new(
                ErrorCode::BadInput,
                format!("There is a record {id} already."),
                "Leave the id out, and one is chosen.",
            ));
        }
        let object = self.doc.put_object(&map, id, ObjType::Map).map_err(Error::internal)?;
        self.doc.put(&object, ORDER, order).map_err(Error::internal)?;
        for (name, value) in fields {
            let field = collection.field(name).ok_or_else(|| no_record(name))?;
            self.set_field(&object, field, Some(value))?;
        }
        Ok(())
    }

    fn set_field(&mut self, record: &ObjId, field: &Field, value: Option<&Value>) -> Result<()> {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return self.clear_field(record, field);
        };
        match (field.shape, value) {
            (Shape::Text, Value::Text(text)) => match self.one_object(record, field) {
                Some(object) => self.replace_text(&object, text),
                None => self.put_text(record, field.name, text),
            },
            (Shape::List, Value::List(items)) => {
                let object = match self.one_object(record, field) {
                    Some(object) => object,
                    None => self.doc.put_object(record, field.name, ObjType::List).map_err(Error::internal)?,
                };
                self.replace_list(&object, items)
            }
            (Shape::Tags | Shape::Refs(_), Value::List(items)) => {
                let entries = items.iter().map(|item| (item.clone(), String::new())).collect();
                self.replace_map(record, field, &entries)
            }
            (Shape::Map, Value::Map(entries)) => self.replace_map(record, field, entries),
            (_, Value::Number(number)) => self.doc.put(record, field.name, i64::from(*number)).map_err(Error::internal),
            (_, Value::Text(text)) => self.doc.put(record, field.name, text.as_str()).map_err(Error::internal),
            _ => Err(Error::internal(format_args!("{} has a value of another shape", field.name))),
        }
    }

    /// A set or map is emptied name by name, so that what another device adds
    /// at the same time stays; everything else is taken away as a whole.
    fn clear_field(&mut self, record: &ObjId, field: &Field) -> Result<()> {
        match field.shape {
            Shape::Tags | Shape::Refs(_) | Shape::Map => self.replace_map(record, field, &BTreeMap::new()),
            _ if self.doc.get(record, field.name).map_err(Error::internal)?.is_some() => {
                self.doc.delete(record, field.name).map_err(Error::internal)
            }
            _ => Ok(()),
        }
    }

    /// The text or list of a field; `None` when there is none, or several of
    /// which one is being picked now.
    fn one_object(&self, record: &ObjId, field: &Field) -> Option<ObjId> {
        match &self.doc.get_all(record, field.name).unwrap_or_default()[..] {
            [(Stored::Object(_), object)] => Some(object.clone()),
            _ => None,
        }
    }

    fn replace_map(&mut self, record: &ObjId, field: &Field, wanted: &BTreeMap<String, String>) -> Result<()> {
        let objects: Vec<ObjId> = self
            .doc
            .get_all(record, field.name)
            .unwrap_or_default()
            .into_iter()
            .filter(|(value, _)| value.is_object())
            .map(|(_, object)| object)
            .collect();
        let mut present: BTreeMap<String, String> = BTreeMap::new();
        for object in &objects {
            let keys: Vec<String> = self.doc.keys(object).collect();
            for key in keys {
                if wanted.contains_key(&key) {
                    let value = read::string(&self.doc, object, &key);
                    present.insert(key, value);
                } else {
                    self.doc.delete(object, key).map_err(Error::internal)?;
                }
            }
        }
        let missing: Vec<_> = wanted.iter().filter(|(key, value)| present.get(*key) != Some(*value)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let target = match objects.last() {
            Some(object) => object.clone(),
            None => self.doc.put_object(record, field.name, ObjType::Map).map_err(Error::internal)?,
        };
        for (key, value) in missing {
            self.doc.put(&target, key.as_str(), value.as_str()).map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Brings a list to other items with few edits, so that what another
    /// device does to the items that stay is kept.
    fn replace_list(&mut self, list: &ObjId, wanted: &[String]) -> Result<()> {
        let old = match self.plain(&Stored::Object(ObjType::List), list) {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        };
        let mut at = 0;
        for step in difference(&old, wanted) {
            match step {
                Step::Keep => at += 1,
                Step::Delete => self.doc.delete(list, at).map_err(Error::internal)?,
                Step::Insert(item) => {
                    self.doc.insert(list, at, item).map_err(Error::internal)?;
                    at += 1;
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq)]
enum Step<'a> {
    Keep,
    Delete,
    Insert(&'a str),
}

/// The fewest deletions and insertions between two lists, by the longest
/// common subsequence; long lists are only compared at both ends.
fn difference<'a>(old: &[String], new: &'a [String]) -> Vec<Step<'a>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tails = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = tails.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let mut steps: Vec<Step<'a>> = (0..start).map(|_| Step::Keep).collect();
    if a.len() * b.len() > LIST_DIFF {
        steps.extend(a.iter().map(|_| Step::Delete));
        steps.extend(b.iter().map(|item| Step::Insert(item)));
    } else {
        steps.extend(common_subsequence(a, b));
    }
    steps.extend((0..end).map(|_| Step::Keep));
    steps
}

fn common_subsequence<'a>(a: &[String], b: &'a [String]) -> Vec<Step<'a>> {
    let width = b.len() + 1;
    let mut best = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            best[i * width + j] = if a[i] == b[j] {
                best[(i + 1) * width + j + 1] + 1
            } else {
                best[(i + 1) * width + j].max(best[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            steps.push(Step::Keep);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && best[(i + 1) * width + j] >= best[i * width + j + 1]) {
            steps.push(Step::Delete);
            i += 1;
        } else {
            steps.push(Step::Insert(&b[j]));
            j += 1;
        }
    }
    steps
}

fn no_record(id: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("There is no record {id}."), "Open the document again.").at(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_change_by_the_fewest_edits() {
        let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        for (old, new, edits) in
            [("abc", "abc", 0), ("abc", "axc", 2), ("abcd", "bcde", 2), ("", "ab", 2), ("ab", "", 2)]
        {
            let (old, new) = (list(old), list(new));
            let steps = difference(&old, &new);
            assert_eq!(steps.iter().filter(|step| **step != Step::Keep).count(), edits, "{old:?} → {new:?}");
        }
    }
}
