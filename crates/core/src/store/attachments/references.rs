//! Which blobs documents refer to, as their attachments say.

use drystone_model::Record;
use drystone_model::schema::Collection;
use drystone_wire::{Hash, WorkspaceId};
use rusqlite::{Connection, params};

use crate::crypto::attachment::FileKey;
use crate::error::Result;
use crate::store::records;

/// Records nested deeper than this count as where they stand.
const DEPTH: usize = 64;

/// A blob with the key that opens it, as a record says.
#[derive(Debug, Clone)]
pub struct Content {
    /// The blob.
    pub blob: Hash,
    /// Its key.
    pub key: FileKey,
}

impl Content {
    /// Reads the field `content`: id and key in hexadecimal with a dot between.
    pub fn parse(text: &str) -> Option<Content> {
        let (blob, key) = text.split_once('.')?;
        let key: Hash = key.parse().ok()?;
        Some(Content { blob: blob.parse().ok()?, key: FileKey::new(key.0) })
    }

    /// As the field has it.
    pub fn format(&self) -> String {
        format!("{}.{}", self.blob, Hash(*self.key.expose()))
    }
}

/// Brings the references of a workspace's documents up to what is projected.
/// Returns whether any changed.
///
/// # Errors
/// SQLite's.
pub fn refresh(conn: &Connection, workspace: &WorkspaceId) -> Result<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT documents.id, documents.projected, documents.deleted_ms = 0 FROM documents
         LEFT JOIN blob_documents ON blob_documents.document = documents.id
         WHERE workspace = ?1 AND blob_documents.projected IS NOT documents.projected",
    )?;
    let rows = statement.query_map([workspace.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let due: Vec<([u8; 16], i64, bool)> = rows.collect::<rusqlite::Result<_>>()?;
    for (document, projected, live) in &due {
        conn.prepare_cached("DELETE FROM blob_references WHERE document = ?1")?.execute([document])?;
        for (record, content) in attachments(conn, document)? {
            let live = *live && !is_hidden(conn, document, &record)?;
            conn.prepare_cached(
                "INSERT INTO blob_references (document, record, blob, key, size, live) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                document,
                record.id,
                content.blob.as_bytes(),
                &content.key.expose()[..],
                record.number("size"),
                live
            ])?;
            conn.prepare_cached(
                "INSERT OR IGNORE INTO blob_places (workspace, blob, relay, checked_ms, wanted, unused_ms, marked, problem)
                 VALUES (?1, ?2, zeroblob(32), 0, 0, 0, 0, '')",
            )?
            .execute(params![workspace.as_bytes(), content.blob.as_bytes()])?;
        }
        conn.prepare_cached("INSERT OR REPLACE INTO blob_documents (document, projected) VALUES (?1, ?2)")?
            .execute(params![document, projected])?;
    }
    Ok(!due.is_empty())
}

/// Whether references of a workspace are older than what is projected.
///
/// # Errors
/// SQLite's.
pub fn are_due(conn: &Connection, workspace: &WorkspaceId) -> Result<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM documents LEFT JOIN blob_documents ON blob_documents.document = documents.id
         WHERE workspace = ?1 AND blob_documents.projected IS NOT documents.projected)",
    )?;
    Ok(statement.query_row([workspace.as_bytes()], |row| row.get(0))?)
}

fn attachments(conn: &Connection, document: &[u8; 16]) -> Result<Vec<(Record, Content)>> {
    let ids: Vec<String> = {
        let mut statement =
            conn.prepare_cached("SELECT id FROM records WHERE document = ?1 AND collection = 'attachments'")?;
        let rows = statement.query_map([document], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(record) = records::find(conn, document, &id)? else { continue };
        if let Some(content) = Content::parse(record.text("content")) {
            found.push((record, content));
        }
    }
    Ok(found)
}

/// Whether an attachment, or what it is on, is in the trash.
fn is_hidden(conn: &Connection, document: &[u8; 16], attachment: &Record) -> Result<bool> {
    let section = attachment.text("section");
    if !section.is_empty() {
        let mut statement =
            conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM sections WHERE document = ?1 AND section = ?2)")?;
        if !statement.query_row(params![document, section], |row| row.get::<_, bool>(0))? {
            return Ok(true);
        }
    }
    let mut todo = vec![(attachment.clone(), 0)];
    while let Some((record, depth)) = todo.pop() {
        if record.deleted {
            return Ok(true);
        }
        let table = record.collection.table();
        for (field, is_owner) in [(table.owner, true), (table.nesting, false)] {
            let id = field.map_or("", |field| record.text(field));
            if id.is_empty() || depth >= DEPTH {
                continue;
            }
            match records::find(conn, document, id)? {
                Some(above) => todo.push((above, depth + 1)),
                // Without its owner a record is not shown; see `drystone_model::Model`.
                None if is_owner => return Ok(true),
                None => {}
            }
        }
    }
    debug_assert_eq!(attachment.collection, Collection::Attachments);
    Ok(false)
}
