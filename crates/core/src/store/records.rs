//! The model's records as they are projected.

use std::borrow::Cow;
use std::collections::BTreeMap;

use drystone_model::schema::Collection;
use drystone_model::{Record, Value, parallel};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::search;
use crate::error::{Error, Result};

/// How many rows are read into records in one go.
const AT_ONCE: usize = 1_024;

/// A record's row.
#[derive(Serialize, Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    order: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(default, borrow, skip_serializing_if = "str::is_empty")]
    with: Cow<'a, str>,
    #[serde(borrow)]
    fields: BTreeMap<Name<'a>, Value>,
    #[serde(default, borrow, skip_serializing_if = "BTreeMap::is_empty")]
    conflicts: BTreeMap<Name<'a>, Vec<Value>>,
}

/// A field's name; read, it lies in what was read.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// All records of a document, in no order.
///
/// # Errors
/// SQLite's, or `damaged` when a row cannot be read.
pub fn all(conn: &Connection, document: &[u8; 16]) -> Result<Vec<Record>> {
    let mut statement = conn.prepare_cached("SELECT id, collection, data FROM records WHERE document = ?1")?;
    let mut rows = statement.query([document])?;
    let mut stored: Vec<(Collection, String, String)> = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        // One of a newer version's collections stays where it is.
        let Some(collection) = Collection::find(name) else { continue };
        stored.push((collection, row.get(0)?, row.get(2)?));
    }
    let parts: Vec<_> = stored.chunks(AT_ONCE).collect();
    let read = parallel::map(&parts, stored.len(), |part| {
        part.iter().map(|(collection, id, data)| read(*collection, id.clone(), data)).collect::<Result<Vec<_>>>()
    });
    let mut records = Vec::with_capacity(stored.len());
    for part in read {
        records.extend(part?);
    }
    Ok(records)
}

/// One record; `None` when it is not here, or one of a newer version's.
///
/// # Errors
/// SQLite's, or `damaged` when the row cannot be read.
pub fn find(conn: &Connection, document: &[u8; 16], id: &str) -> Result<Option<Record>> {
    let mut statement = conn.prepare_cached("SELECT collection, data FROM records WHERE document = ?1 AND id = ?2")?;
    let record = statement.query_row(params![document, id], |row| {
        let collection = Collection::find(row.get_ref(0)?.as_str()?);
        let data = row.get_ref(1)?.as_str()?;
        Ok(collection.map(|collection| read(collection, id.to_owned(), data)))
    });
    record.optional()?.flatten().transpose()
}

fn read(collection: Collection, id: String, data: &str) -> Result<Record> {
    let data: Data<'_> = serde_json::from_str(data).map_err(Error::internal)?;
    let mut record = Record::new(collection, id);
    record.order = data.order.into_owned();
    record.deleted = data.deleted;
    record.deleted_with = data.with.into_owned();
    for (Name(name), value) in data.fields {
        if let Some(field) = collection.field(&name) {
            record.fields.insert(field.name, value);
        }
    }
    for (Name(name), values) in data.conflicts {
        if let Some(field) = collection.field(&name) {
            record.conflicts.insert(field.name, values);
        }
    }
    Ok(record)
}

/// Writes a record's row and what the search finds it by.
///
/// # Errors
/// SQLite's.
pub fn put(tx: &Transaction<'_>, document: &[u8; 16], record: &Record) -> Result<()> {
    let data = Data {
        order: record.order.as_str().into(),
        deleted: record.deleted,
        with: record.deleted_with.as_str().into(),
        fields: record.fields.iter().map(|(name, value)| (Name((*name).into()), value.clone())).collect(),
        conflicts: record.conflicts.iter().map(|(name, values)| (Name((*name).into()), values.clone())).collect(),
    };
    let data = serde_json::to_string(&data).map_err(Error::internal)?;
    tx.prepare_cached(
        "INSERT INTO records (document, id, collection, data) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (document, id) DO UPDATE SET collection = ?3, data = ?4",
    )?
    .execute(params![document, record.id, record.collection.name(), data])?;
    search::put_record(tx, document, record)
}
