//! Keeps the index in step with the projected sections and records, in the
//! transaction that writes them.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use drystone_model::schema::Shape;
use drystone_model::{Record, Value, reference, templates};
use rusqlite::types::Value as Key;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{fold, typos};
use crate::error::Result;
use crate::store::documents::SectionRow;

/// Makes a section be found by its heading and its text, as people read them.
///
/// # Errors
/// SQLite's.
pub fn put_section(tx: &Transaction<'_>, document: &[u8; 16], row: &SectionRow) -> Result<()> {
    let place = Place { document, item: &row.section, is_record: false };
    put(tx, &place, &templates::plain(&row.title), row.shown())
}

/// Makes a record be found by its name and its texts; not when it is deleted.
///
/// # Errors
/// SQLite's.
pub fn put_record(tx: &Transaction<'_>, document: &[u8; 16], record: &Record) -> Result<()> {
    if record.deleted {
        return remove(tx, document, &record.id);
    }
    let place = Place { document, item: &record.id, is_record: true };
    put(tx, &place, &name(record), &text(record))
}

/// What a record is called; "" when nobody has named it.
pub(super) fn name(record: &Record) -> String {
    let table = record.collection.table();
    let named = record.collection.field(table.label).is_some_and(|field| !matches!(field.shape, Shape::Ref(_)));
    let label = record.label();
    let unnamed = record.text(table.label).trim().is_empty() && label == format!("Unnamed {}", table.singular);
    if named && !unnamed { label } else { String::new() }
}

/// What is written in a record besides its name, field by field. Ids of other
/// records are not text, and neither are numbers, dates and choices.
pub(super) fn text(record: &Record) -> String {
    let table = record.collection.table();
    let mut parts: Vec<&str> = Vec::new();
    // Names of before are kept for prose that still uses them, not for the search.
    for field in table.fields.iter().filter(|field| field.name != "formerNames" && !field.internal) {
        let own_name = field.name == table.label && !matches!(field.shape, Shape::Text);
        match (field.shape, record.get(field.name)) {
            (Shape::Line | Shape::Text, Some(Value::Text(text))) if !own_name => parts.push(text),
            (Shape::List | Shape::Tags, Some(Value::List(items))) => parts.extend(items.iter().map(String::as_str)),
            (Shape::Map, Some(Value::Map(entries))) => {
                for (name, value) in entries {
                    parts.extend((!is_id(name)).then_some(name.as_str()));
                    parts.push(value);
                }
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    without_references(parts.join("\n"))
}

/// Links between records are kept by id.
fn is_id(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A mention stands for a name that changes without this record.
fn without_references(text: String) -> String {
    if !text.contains(reference::OPEN) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, _) in reference::find(&text) {
        out.push_str(&text[at..range.start]);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// What is to be found.
struct Place<'a> {
    document: &'a [u8; 16],
    item: &'a str,
    is_record: bool,
}

fn put(tx: &Transaction<'_>, place: &Place<'_>, name: &str, text: &str) -> Result<()> {
    let name = fold::name(name);
    let text = fold::fold(text);
    if let Some((id, before)) = known(tx, place.document, place.item)? {
        if before != name {
            count_words(tx, &before, &name)?;
        }
        tx.prepare_cached("UPDATE places SET name = ?2, is_record = ?3 WHERE id = ?1")?.execute(params![
            id,
            name,
            place.is_record
        ])?;
        tx.prepare_cached("UPDATE place_index SET name = ?2, text = ?3 WHERE rowid = ?1")?
            .execute(params![id, name, text])?;
        return Ok(());
    }
    count_words(tx, "", &name)?;
    tx.prepare_cached("INSERT OR IGNORE INTO place_documents (document) VALUES (?1)")?.execute([place.document])?;
    tx.prepare_cached(
        "INSERT INTO places (document, item, is_record, name)
         SELECT number, ?2, ?3, ?4 FROM place_documents WHERE document = ?1",
    )?
    .execute(params![place.document, key(place.item), place.is_record, name])?;
    tx.prepare_cached("INSERT INTO place_index (rowid, name, text) VALUES (?1, ?2, ?3)")?.execute(params![
        tx.last_insert_rowid(),
        name,
        text
    ])?;
    Ok(())
}

/// Makes a section or record not be found any more.
///
/// # Errors
/// SQLite's.
pub fn remove(tx: &Transaction<'_>, document: &[u8; 16], item: &str) -> Result<()> {
    let Some((id, name)) = known(tx, document, item)? else { return Ok(()) };
    count_words(tx, &name, "")?;
    tx.prepare_cached("DELETE FROM place_index WHERE rowid = ?1")?.execute([id])?;
    tx.prepare_cached("DELETE FROM places WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// An id as it is kept: ids are 16 hexadecimal digits, which take half the room
/// in bytes; what somebody else's version has made of them is kept as text.
fn key(item: &str) -> Key {
    match HEXLOWER.decode(item.as_bytes()) {
        Ok(bytes) if bytes.len() == 8 => Key::Blob(bytes),
        _ => Key::Text(item.to_owned()),
    }
}

/// The id that was kept so.
pub(super) fn item(key: Key) -> String {
    match key {
        Key::Blob(bytes) => HEXLOWER.encode(&bytes),
        Key::Text(item) => item,
        _ => String::new(),
    }
}

/// The id of what can be found already, and its name.
fn known(conn: &Connection, document: &[u8; 16], item: &str) -> Result<Option<(i64, String)>> {
    Ok(conn
        .prepare_cached(
            "SELECT id, name FROM places
             WHERE item = ?2 AND document = (SELECT number FROM place_documents WHERE document = ?1)",
        )?
        .query_row(params![document, key(item)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Keeps account of how many names use a word.
fn count_words(tx: &Transaction<'_>, before: &str, after: &str) -> Result<()> {
    let words = |name: &str| -> BTreeSet<String> {
        name.split(' ').filter(|word| typos::can_be_mistyped(word) && !word.is_empty()).map(str::to_owned).collect()
    };
    let (before, after) = (words(before), words(after));
    for word in after.difference(&before) {
        tx.prepare_cached(
            "INSERT INTO name_words (word, uses) VALUES (?1, 1) ON CONFLICT (word) DO UPDATE SET uses = uses + 1",
        )?
        .execute([word])?;
    }
    for word in before.difference(&after) {
        tx.prepare_cached("UPDATE name_words SET uses = uses - 1 WHERE word = ?1")?.execute([word])?;
        tx.prepare_cached("DELETE FROM name_words WHERE word = ?1 AND uses <= 0")?.execute([word])?;
    }
    Ok(())
}

/// Makes the index anew from what is projected.
///
/// # Errors
/// SQLite's, or `damaged` when a row cannot be read.
pub fn rebuild(tx: &Transaction<'_>) -> Result<()> {
    tx.execute_batch(
        "INSERT INTO place_index (place_index) VALUES ('delete-all');
         DELETE FROM places; DELETE FROM place_documents; DELETE FROM name_words;",
    )?;
    let documents: Vec<[u8; 16]> = {
        let mut statement =
            tx.prepare("SELECT document FROM sections UNION SELECT document FROM records ORDER BY document")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for document in documents {
        for row in crate::store::documents::sections(tx, &document)? {
            put_section(tx, &document, &row)?;
        }
        for record in crate::store::records::all(tx, &document)? {
            put_record(tx, &document, &record)?;
        }
    }
    Ok(())
}
