//! The model's records in Automerge: each a map in the map of its collection,
//! so that what two people change merges field by field.
//!
//! A line, a choice, a date, a number and a reference are scalars: where two
//! set one at once both values are kept, and the one that does not count is a
//! conflict until someone picks. A text merges letter by letter, a list item
//! by item, a set or map name by name.

use std::collections::BTreeMap;

use automerge::transaction::Transactable;
use automerge::{ObjId, ObjType, ReadDoc, ScalarValue, Value as Stored, ValueRef};
use drystone_model::edit::Edit;
use drystone_model::schema::{COLLECTIONS, Collection, Field, Shape};
use drystone_model::{Model, Record, Value};

use super::difference::{Step, difference};
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
        let Some(model) = read::object(&self.doc, &automerge::ROOT, MODEL) else { return Model::default() };
        for map in self.doc.map_range(&model, ..) {
            let Some(collection) = Collection::find(&map.key) else { continue };
            for item in self.doc.map_range(map.id(), ..) {
                if matches!(item.value, ValueRef::Object(_)) {
                    records.push(self.read_record(collection, &item.id(), &item.key));
                }
            }
        }
        Model::of(records)
    }

    /// One record.
    pub fn record(&self, collection: Collection, id: &str) -> Option<Record> {
        let object = read::object(&self.doc, &self.collection(collection)?, id)?;
        Some(self.read_record(collection, &object, id))
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
                    self.touched.insert((collection, id.clone()));
                    self.add_record(collection, id, fields, &next_order()?)?;
                }
                Edit::Add { id: None, .. } => return Err(Error::internal("a record to add has no id")),
                Edit::Set { id, field, value } => {
                    let (collection, object) = self.record_to_edit(id)?;
                    let field = collection.field(field).ok_or_else(|| no_record(id))?;
                    self.set_field(&object, field, value.as_ref())?;
                }
                Edit::Move { id, .. } => {
                    let (_, object) = self.record_to_edit(id)?;
                    self.doc.put(&object, ORDER, next_order()?).map_err(Error::internal)?;
                }
                Edit::DeleteWith { id, with } => {
                    let (_, object) = self.record_to_edit(id)?;
                    self.doc.put(&object, DELETED, with.as_str()).map_err(Error::internal)?;
                }
                Edit::Delete { id } | Edit::Restore { id } => {
                    let (_, object) = self.record_to_edit(id)?;
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

    /// A record, noted as one that the edits under way touch.
    fn record_to_edit(&mut self, id: &str) -> Result<(Collection, ObjId)> {
        let model = read::object(&self.doc, &automerge::ROOT, MODEL).ok_or_else(|| no_record(id))?;
        let found = COLLECTIONS.into_iter().find_map(|collection| {
            let map = read::object(&self.doc, &model, collection.name())?;
            Some((collection, read::object(&self.doc, &map, id)?))
        });
        let (collection, object) = found.ok_or_else(|| no_record(id))?;
        self.touched.insert((collection, id.to_owned()));
        Ok((collection, object))
    }

    fn read_record(&self, collection: Collection, object: &ObjId, id: &str) -> Record {
        let mut record = Record::new(collection, id);
        for item in self.doc.map_range(object, ..) {
            let (id, value) = (item.id(), item.value.clone().into_value());
            match (item.key.as_ref(), &value) {
                (DELETED, Stored::Scalar(scalar)) => match scalar.as_ref() {
                    ScalarValue::Str(with) if !with.is_empty() => {
                        (record.deleted, record.deleted_with) = (true, with.to_string());
                    }
                    scalar => record.deleted = matches!(scalar, ScalarValue::Boolean(true)),
                },
                (ORDER, Stored::Scalar(scalar)) => record.order = scalar.as_str().unwrap_or_default().to_owned(),
                (key, _) => {
                    let Some(field) = collection.table().fields.iter().find(|field| field.name == key) else {
                        continue;
                    };
                    let all = if item.conflict {
                        self.doc.get_all(object, field.name).unwrap_or_default()
                    } else {
                        vec![(value, id)]
                    };
                    self.read_field(&mut record, field, &all);
                }
            }
        }
        record
    }

    /// The value that counts, and those that were set at the same time.
    fn read_field(&self, record: &mut Record, field: &Field, all: &[(Stored<'_>, ObjId)]) {
        let (value, others) = self.field_value(field, all);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            record.fields.insert(field.name, value);
        }
        if !others.is_empty() {
            record.conflicts.insert(field.name, others);
        }
    }

    fn field_value(&self, field: &Field, all: &[(Stored<'_>, ObjId)]) -> (Option<Value>, Vec<Value>) {
        if let Shape::Tags | Shape::Refs(_) | Shape::Map = field.shape {
            // Sets and maps that two began at once are one.
            let mut entries = BTreeMap::new();
            for (_, object) in all.iter().filter(|(value, _)| value.is_object()) {
                for item in self.doc.map_range(object, ..) {
                    let value = item.value.clone().into_value();
                    entries.insert(item.key.to_string(), value.as_str().unwrap_or_default().to_owned());
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
            Stored::Object(ObjType::Text) => self.doc.text(object).ok().map(Value::text),
            Stored::Object(ObjType::List) => {
                let items = (0..self.doc.length(object)).filter_map(|index| match self.doc.get(object, index) {
                    Ok(Some((Stored::Scalar(item), _))) => item.as_str().map(str::to_owned),
                    _ => None,
                });
                Some(Value::List(items.collect()))
            }
            Stored::Object(_) => None,
            Stored::Scalar(scalar) => match scalar.as_ref() {
                ScalarValue::Str(text) => Some(Value::text(text.to_string())),
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
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        for step in difference(&old, &wanted, LIST_DIFF) {
            match step {
                Step::Keep(_) => at += 1,
                Step::Delete(_) => self.doc.delete(list, at).map_err(Error::internal)?,
                Step::Insert(item) => {
                    self.doc.insert(list, at, item).map_err(Error::internal)?;
                    at += 1;
                }
            }
        }
        Ok(())
    }
}

fn no_record(id: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("There is no record {id}."), "Open the document again.").at(id)
}
