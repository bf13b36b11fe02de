//! What is projected from documents: reading never needs Automerge.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::search;
use crate::error::Result;

/// A document in the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its id.
    pub id: [u8; 16],
    /// The workspace it is shared in.
    pub workspace: [u8; 32],
    /// Its title.
    pub title: String,
    /// The title for the command line.
    pub slug: String,
    /// Its template.
    pub template: String,
    /// The text of the template's file, or "" for a built-in one.
    pub template_file: String,
    /// When it was created.
    pub created_ms: u64,
    /// When it was last changed.
    pub updated_ms: u64,
    /// When it was deleted, or 0.
    pub deleted_ms: u64,
    /// Sections that are written.
    pub written: u32,
    /// Sections that are expected.
    pub expected: u32,
    /// Its first words.
    pub excerpt: String,
    /// The last change that is projected.
    pub projected: i64,
}

/// A section as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionRow {
    /// Its id.
    pub section: String,
    /// The section it is nested in, or "".
    pub parent: String,
    /// Heading level.
    pub level: u8,
    /// Heading source, references replaced by what they show.
    pub title: String,
    /// The place of the template, or "".
    pub key: String,
    /// Path for the command line.
    pub path: String,
    /// The Markdown body as stored.
    pub text: String,
    /// What people read of it, where references make it differ; otherwise "".
    pub rendered: String,
    /// The heading as stored, where references make it differ; otherwise "".
    pub source_title: String,
}

impl SectionRow {
    /// The text as people read it.
    pub fn shown(&self) -> &str {
        if self.rendered.is_empty() { &self.text } else { &self.rendered }
    }

    /// The heading as stored.
    pub fn stored_title(&self) -> &str {
        if self.source_title.is_empty() { &self.title } else { &self.source_title }
    }
}

const COLUMNS: &str = "id, workspace, title, slug, template, created_ms, updated_ms, deleted_ms, written, expected, excerpt, projected, \
     template_file";

fn read(row: &Row<'_>) -> rusqlite::Result<DocumentRow> {
    let time = |index| row.get::<_, i64>(index).map(|ms| ms.max(0) as u64);
    Ok(DocumentRow {
        id: row.get(0)?,
        workspace: row.get(1)?,
        title: row.get(2)?,
        slug: row.get(3)?,
        template: row.get(4)?,
        created_ms: time(5)?,
        updated_ms: time(6)?,
        deleted_ms: time(7)?,
        written: row.get(8)?,
        expected: row.get(9)?,
        excerpt: row.get(10)?,
        projected: row.get(11)?,
        template_file: row.get(12)?,
    })
}

/// All documents, most recently changed first, with how many of their changes
/// wait for the relay.
///
/// # Errors
/// SQLite's.
pub fn list(conn: &Connection) -> Result<Vec<(DocumentRow, u32)>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, (SELECT count(*) FROM outbox WHERE outbox.document = documents.id)
         FROM documents ORDER BY updated_ms DESC, id"
    ))?;
    let rows = statement.query_map([], |row| Ok((read(row)?, row.get(13)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One document, with how many of its changes wait for the relay.
///
/// # Errors
/// SQLite's.
pub fn find(conn: &Connection, id: &[u8; 16]) -> Result<Option<(DocumentRow, u32)>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, (SELECT count(*) FROM outbox WHERE outbox.document = documents.id)
             FROM documents WHERE id = ?1"
        ))?
        .query_row([id], |row| Ok((read(row)?, row.get(13)?)))
        .optional()?)
}

/// Writes a document's row.
///
/// # Errors
/// SQLite's.
pub fn put(tx: &Transaction<'_>, row: &DocumentRow) -> Result<()> {
    let ms = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    tx.prepare_cached(&format!(
        "INSERT INTO documents ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET title = ?3, slug = ?4, template = ?5, created_ms = ?6, updated_ms = ?7,
             deleted_ms = ?8, written = ?9, expected = ?10, excerpt = ?11, projected = ?12,
             template_file = ?13"
    ))?
    .execute(params![
        row.id,
        row.workspace,
        row.title,
        row.slug,
        row.template,
        ms(row.created_ms),
        ms(row.updated_ms),
        ms(row.deleted_ms),
        row.written,
        row.expected,
        row.excerpt,
        row.projected,
        row.template_file,
    ])?;
    Ok(())
}

/// The sections of a document, in document order.
///
/// # Errors
/// SQLite's.
pub fn sections(conn: &Connection, document: &[u8; 16]) -> Result<Vec<SectionRow>> {
    let mut statement = conn.prepare_cached(
        "SELECT section, parent, level, title, key, path, text, rendered, source_title FROM sections WHERE document = ?1 ORDER BY ordinal",
    )?;
    let rows = statement.query_map([document], |row| {
        Ok(SectionRow {
            section: row.get(0)?,
            parent: row.get(1)?,
            level: row.get(2)?,
            title: row.get(3)?,
            key: row.get(4)?,
            path: row.get(5)?,
            text: row.get(6)?,
            rendered: row.get(7)?,
            source_title: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Brings the projected sections, and what the search finds them by, from
/// `before` to `after`, touching only what differs.
///
/// # Errors
/// SQLite's.
pub fn put_sections(
    tx: &Transaction<'_>,
    document: &[u8; 16],
    before: &[SectionRow],
    after: &[SectionRow],
) -> Result<()> {
    let old: std::collections::HashMap<&str, (usize, &SectionRow)> =
        before.iter().enumerate().map(|(ordinal, row)| (row.section.as_str(), (ordinal, row))).collect();
    let kept: std::collections::HashSet<&str> = after.iter().map(|row| row.section.as_str()).collect();
    for gone in before.iter().filter(|row| !kept.contains(row.section.as_str())) {
        tx.prepare_cached("DELETE FROM sections WHERE document = ?1 AND section = ?2")?
            .execute(params![document, gone.section])?;
        search::remove(tx, document, &gone.section)?;
    }
    let mut full = tx.prepare_cached(
        "INSERT INTO sections (document, section, ordinal, parent, level, title, key, path, text, rendered, source_title)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (document, section) DO UPDATE SET ordinal = ?3, parent = ?4, level = ?5, title = ?6, key = ?7,
             path = ?8, text = ?9, rendered = ?10, source_title = ?11",
    )?;
    let mut moved = tx.prepare_cached(
        "UPDATE sections SET ordinal = ?3, parent = ?4, level = ?5, key = ?6, path = ?7, source_title = ?8
         WHERE document = ?1 AND section = ?2",
    )?;
    for (ordinal, row) in after.iter().enumerate() {
        let position = ordinal as i64;
        match old.get(row.section.as_str()) {
            Some((before, same)) if *before == ordinal && *same == row => {}
            Some((_, same)) if (&same.title, &same.text, &same.rendered) == (&row.title, &row.text, &row.rendered) => {
                moved.execute(params![
                    document,
                    row.section,
                    position,
                    row.parent,
                    row.level,
                    row.key,
                    row.path,
                    row.source_title
                ])?;
            }
            _ => {
                full.execute(params![
                    document,
                    row.section,
                    position,
                    row.parent,
                    row.level,
                    row.title,
                    row.key,
                    row.path,
                    row.text,
                    row.rendered,
                    row.source_title
                ])?;
                search::put_section(tx, document, row)?;
            }
        }
    }
    Ok(())
}
