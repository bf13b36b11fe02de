//! The records of a file.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value as Json;

use super::{Later, Object, Place, RECORDS, array, missing, object, only, optional, prose, required, within};
use crate::graph::Model;
use crate::record::Record;
use crate::reference;
use crate::refusal::Result;
use crate::schema::{Collection, Field, Shape};
use crate::value::Value;

/// The longest id.
const ID: usize = 32;
/// What every record may say besides its fields.
const ABOUT: [&str; 8] = ["id", "slug", "path", "label", "order", "conflicts", "collection", "deleted"];

struct Reader<'a> {
    later: &'a mut Later,
    ids: HashSet<String>,
    /// Values that need no other record are checked against this one.
    empty: Model,
}

pub(super) fn read(file: &Object, root: &Place, collections: &[Collection], later: &mut Later) -> Result<Model> {
    let mut reader = Reader { later, ids: HashSet::new(), empty: Model::default() };
    let mut records = Vec::new();
    let lists = collections.iter().map(|collection| (collection.name(), Some(*collection)));
    for (name, collection) in lists.chain([("trash", None)]) {
        let Some(list) = file.get(name) else { continue };
        let place = root.name(name);
        let list = array(list, &place)?;
        within(records.len() + list.len(), RECORDS, "records", &place)?;
        let mut last = String::new();
        for (at, item) in list.iter().enumerate() {
            let place = place.at(at);
            let mut record = reader.record(object(item, &place)?, &place, collection)?;
            // A record without an order stands where it stands in the list:
            // behind the last one that has.
            if record.order.is_empty() {
                record.order = format!("{last}~{at:07}");
            } else {
                last.clone_from(&record.order);
            }
            records.push(record);
        }
    }
    Ok(Model::of(records))
}

impl Reader<'_> {
    fn record(&mut self, item: &Object, place: &Place, listed: Option<Collection>) -> Result<Record> {
        let collection = self.collection(item, place, listed)?;
        let mut known = ABOUT.to_vec();
        known.extend(collection.table().fields.iter().filter(|field| !field.secret).map(|field| field.name));
        only(item, place, &known)?;
        let id = required(item, place, "id")?;
        if !is_id(&id) || !self.ids.insert(id.clone()) {
            return Err(place.name("id").refuse(
                format!("“{id}” is not an id, or is there twice."),
                "Ids are 1 to 32 hexadecimal digits in lower case, unique in the file.",
            ));
        }
        let mut record = Record::new(collection, id);
        for name in ["slug", "path", "label"] {
            optional(item, place, name)?;
        }
        record.order = optional(item, place, "order")?.unwrap_or_default();
        record.deleted = match item.get("deleted") {
            None => listed.is_none(),
            Some(Json::Bool(deleted)) if listed.is_none() || !deleted => *deleted,
            Some(_) => {
                return Err(place.name("deleted").refuse(
                    "This is not true or false, or a deleted record outside of the trash.",
                    "Put deleted records into `trash`.",
                ));
            }
        };
        for field in collection.table().fields.iter().filter(|field| !field.secret) {
            let Some(value) = item.get(field.name) else { continue };
            let place = place.name(field.name);
            if field.is_derived() {
                let said = strings(value, &place)?;
                self.later.dependencies.push((place.to_string(), record.id.clone(), said));
                continue;
            }
            let value = self.value(value, &place, field)?;
            if !value.is_empty() {
                record.fields.insert(field.name, value);
            }
        }
        if let Some(field) = collection.table().fields.iter().find(|field| is_missing(field, &record)) {
            return Err(missing(place, field.name));
        }
        self.conflicts(item, place, &mut record)?;
        Ok(record)
    }

    fn collection(&self, item: &Object, place: &Place, listed: Option<Collection>) -> Result<Collection> {
        let said = optional(item, place, "collection")?;
        let found = said.as_deref().map(Collection::find);
        match (found, listed) {
            (Some(Some(said)), None) => Ok(said),
            (None, Some(listed)) => Ok(listed),
            (Some(Some(said)), Some(listed)) if said == listed => Ok(listed),
            (None, None) => Err(missing(place, "collection")),
            _ => Err(place.name("collection").refuse(
                "This is not the collection of the record.",
                "Name the collection it is of, such as elements.",
            )),
        }
    }

    fn conflicts(&mut self, item: &Object, place: &Place, record: &mut Record) -> Result<()> {
        let Some(conflicts) = item.get("conflicts") else { return Ok(()) };
        let place = place.name("conflicts");
        let conflicts = object(conflicts, &place)?;
        let stored = || record.collection.table().fields.iter().filter(|field| !field.is_derived() && !field.secret);
        only(conflicts, &place, &stored().map(|field| field.name).collect::<Vec<_>>())?;
        let mut read = BTreeMap::new();
        for field in stored() {
            let Some(values) = conflicts.get(field.name) else { continue };
            let place = place.name(field.name);
            let mut out = Vec::new();
            for (at, value) in array(values, &place)?.iter().enumerate() {
                out.push(self.value(value, &place.at(at), field)?);
            }
            read.insert(field.name, out);
        }
        record.conflicts = read.into_iter().collect();
        Ok(())
    }

    fn value(&mut self, value: &Json, place: &Place, field: &Field) -> Result<Value> {
        let shape = field.shape;
        let read = match (shape, value) {
            (Shape::Text, value) => Value::text(prose(value, place, self.later)?),
            (Shape::Line | Shape::Date | Shape::Choice(_) | Shape::Ref(_), Json::String(text)) => {
                Value::text(reference::clean(text))
            }
            (Shape::Number, Json::Number(number)) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                Value::Number(number.ok_or_else(|| expected(place, shape))?)
            }
            (Shape::List, Json::Array(items)) => {
                let mut out = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    out.push(prose(item, &place.at(at), self.later)?);
                }
                Value::List(out)
            }
            (Shape::Tags | Shape::Refs(_), value @ Json::Array(_)) => Value::List(strings(value, place)?),
            (Shape::Map, Json::Object(entries)) => {
                let mut out = BTreeMap::new();
                for name in entries.keys() {
                    let value = required(entries, place, name)?;
                    out.insert(reference::clean(name), value);
                }
                Value::Map(out)
            }
            _ => return Err(expected(place, shape)),
        };
        match (shape, read) {
            (Shape::Ref(collections), Value::Text(id)) => {
                self.refers(place, &id, collections)?;
                Ok(Value::Text(id))
            }
            (Shape::Refs(collections), Value::List(ids)) => {
                for id in &ids {
                    self.refers(place, id, collections)?;
                }
                let set: BTreeSet<String> = ids.into_iter().collect();
                Ok(Value::List(set.into_iter().collect()))
            }
            (shape, read) => shape.check(read, &self.empty).map_err(|refusal| refusal.at(place.to_string())),
        }
    }

    /// A record that is not in the file may be meant: deleting and merging
    /// leave such references, and the checks report them.
    fn refers(&mut self, place: &Place, id: &str, collections: &'static [Collection]) -> Result<()> {
        if !id.is_empty() && !is_id(id) {
            return Err(place.refuse(format!("“{id}” is not an id."), "Give the id of a record, not its name."));
        }
        self.later.refs.push((place.to_string(), id.to_owned(), collections));
        Ok(())
    }
}

/// A decision's number is given when it is stored, so a file may lack it.
fn is_missing(field: &Field, record: &Record) -> bool {
    field.required && field.name != "number" && !record.has(field.name)
}

fn is_id(id: &str) -> bool {
    (1..=ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn expected(place: &Place, shape: Shape) -> crate::Refusal {
    place.refuse(format!("This is not a {}.", shape.name()), format!("The field takes {}.", shape.expected()))
}

fn strings(value: &Json, place: &Place) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for (at, item) in array(value, place)?.iter().enumerate() {
        let text = item.as_str().ok_or_else(|| place.at(at).refuse("This is not a text.", "Give a string."))?;
        out.push(reference::clean(text));
    }
    Ok(out)
}
