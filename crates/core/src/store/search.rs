//! Full-text search over the projected sections.

use rusqlite::{Connection, params};

use crate::error::Result;

/// A section found.
pub struct HitRow {
    /// The document.
    pub document: [u8; 16],
    /// Its title.
    pub document_title: String,
    /// The section.
    pub section: String,
    /// Its heading.
    pub title: String,
    /// Path for the command line.
    pub path: String,
    /// The passage, matches between U+E000 and U+E001.
    pub excerpt: String,
}

/// Sections that hold every word; the last word may be unfinished.
///
/// # Errors
/// SQLite's.
pub fn search(conn: &Connection, query: &str, limit: u32) -> Result<Vec<HitRow>> {
    let Some(expression) = expression(query) else { return Ok(Vec::new()) };
    let mut statement = conn.prepare_cached(
        "SELECT documents.id, documents.title, sections.section, sections.title, sections.path,
                snippet(section_index, -1, char(57344), char(57345), '…', 16)
         FROM section_index
         JOIN sections ON sections.id = section_index.rowid
         JOIN documents ON documents.id = sections.document
         WHERE section_index MATCH ?1 AND documents.deleted_ms = 0
         ORDER BY bm25(section_index, 4.0, 1.0) LIMIT ?2",
    )?;
    let rows = statement.query_map(params![expression, limit], |row| {
        Ok(HitRow {
            document: row.get(0)?,
            document_title: row.get(1)?,
            section: row.get(2)?,
            title: row.get(3)?,
            path: row.get(4)?,
            excerpt: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Each word becomes a quoted string, so that nothing a person types is taken
/// for the query language.
fn expression(query: &str) -> Option<String> {
    let words: Vec<String> = query
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\""))
        .collect();
    if words.is_empty() { None } else { Some(format!("{}*", words.join(" "))) }
}
