//! The search: one index of all sections and records, by words, unfinished
//! words, and words of names with typos in them.
//!
//! What is found first: names that are what was typed, names that begin so
//! (both in alphabetical order), names that have all the words, then texts, by
//! BM25; last what has the words only with typos.

mod fold;
mod index;
mod passage;
mod trash;
mod typos;

use std::collections::HashSet;

use drystone_model::Collection;
use drystone_model::schema::Shape;
use rusqlite::{Connection, OptionalExtension, params};

pub use index::{put_record, put_section, rebuild, remove};

use crate::error::{Error, ErrorCode, Result};
use crate::store::records;
use trash::Trash;

/// Words a search may have.
const WORDS: usize = 32;
/// Bytes a search may have.
const BYTES: usize = 2_000;
/// With fewer hits, none of them by name, the words may have typos.
const FEW: usize = 5;

/// A section or record found.
pub struct HitRow {
    /// The document.
    pub document: [u8; 16],
    /// Its title.
    pub document_title: String,
    /// What was found.
    pub place: Place,
    /// The heading without Markdown, or the record's name.
    pub name: String,
    /// The passage, matches between U+E000 and U+E001.
    pub excerpt: String,
}

/// What was found.
pub enum Place {
    /// A section, by id, and its path for the command line.
    Section {
        /// Its id.
        id: String,
        /// Its path for the command line.
        path: String,
    },
    /// A record. Its path follows from the names of others.
    Record {
        /// Its collection.
        collection: Collection,
        /// Its id.
        id: String,
    },
}

/// A word that is searched for.
#[derive(Debug, Clone)]
struct Word {
    folded: String,
    /// Others that begin so are meant too.
    unfinished: bool,
    /// The how manieth of the words that were typed.
    place: usize,
}

impl Word {
    /// The words of what was typed; the last may be unfinished.
    fn all(query: &str) -> Vec<Word> {
        let folded = fold::words(query).map(|(_, word)| fold::fold(word)).filter(|word| !word.is_empty());
        let mut words: Vec<Word> =
            folded.enumerate().map(|(place, folded)| Word { folded, unfinished: false, place }).collect();
        if let Some(last) = words.last_mut() {
            last.unfinished = true;
        }
        words
    }

    /// Whether a word of a text is this one; `folded` is room for working.
    fn fits(&self, word: &str, folded: &mut String) -> bool {
        let wanted = self.folded.as_bytes();
        if !word.is_ascii() {
            folded.clear();
            fold::fold_into(word, folded);
            return if self.unfinished { folded.starts_with(&self.folded) } else { *folded == self.folded };
        }
        let start = word.as_bytes().get(..wanted.len());
        (self.unfinished || word.len() == wanted.len()) && start.is_some_and(|start| start.eq_ignore_ascii_case(wanted))
    }

    /// In the index's query language: a quoted string, so that nothing a person
    /// types is taken for anything else.
    fn quoted(&self) -> String {
        format!("\"{}\"{}", self.folded.replace('"', "\"\""), if self.unfinished { "*" } else { "" })
    }

    /// The first and the last of the words that it fits.
    fn range(&self) -> (&str, String) {
        (&self.folded, format!("{}{}", self.folded, if self.unfinished { "\u{10ffff}" } else { "" }))
    }
}

/// Sections and records that hold every word, in all documents or in one.
///
/// # Errors
/// SQLite's, or that this is too much to search for.
pub fn search(conn: &Connection, query: &str, document: Option<&[u8; 16]>, limit: u32) -> Result<Vec<HitRow>> {
    let words = if query.len() > BYTES { return Err(too_long()) } else { Word::all(query) };
    if words.len() > WORDS {
        return Err(too_long());
    }
    if words.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let mut found = Found {
        conn,
        document,
        limit: limit as usize,
        seen: HashSet::new(),
        trash: Trash::new(conn),
        hits: Vec::new(),
        named: false,
    };
    found.names(&words)?;
    let all: Vec<String> = words.iter().map(Word::quoted).collect();
    found.matching(&all.join(" "), &words)?;
    if found.hits.len() < FEW && !found.named {
        found.mistyped(words)?;
    }
    Ok(found.hits)
}

fn too_long() -> Error {
    Error::new(
        ErrorCode::TooLarge,
        format!("A search takes at most {WORDS} words and {BYTES} bytes."),
        "Search for a few of the words.",
    )
}

/// What was found so far.
struct Found<'a> {
    conn: &'a Connection,
    document: Option<&'a [u8; 16]>,
    limit: usize,
    seen: HashSet<i64>,
    trash: Trash<'a>,
    hits: Vec<HitRow>,
    /// Whether a name has all the words.
    named: bool,
}

/// What [`Found::take`] reads. Deleted documents are left out.
const COLUMNS: &str = "places.id, documents.id, documents.title, places.is_record, places.item";
const DOCUMENTS: &str = "CROSS JOIN place_documents ON place_documents.number = places.document
     CROSS JOIN documents ON documents.id = place_documents.document AND documents.deleted_ms = 0";

impl Found<'_> {
    /// Names that are or begin with what was typed.
    fn names(&mut self, words: &[Word]) -> Result<()> {
        let typed = words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ");
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM places {DOCUMENTS}
             WHERE places.name >= ?1 AND places.name <= ?2 AND (?3 IS NULL OR documents.id = ?3)
             ORDER BY places.name, places.id"
        ))?;
        let rows = statement.query(params![typed, format!("{typed}\u{10ffff}"), self.document])?;
        self.take(rows, words)
    }

    /// What the index finds for an expression, the best first.
    fn matching(&mut self, expression: &str, words: &[Word]) -> Result<()> {
        if self.hits.len() >= self.limit || (self.document.is_none() && self.best(expression, words)?) {
            return Ok(());
        }
        // The order is the index's own: the tables are asked row by row until there is enough.
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM place_index CROSS JOIN places ON places.id = place_index.rowid {DOCUMENTS}
             WHERE place_index MATCH ?1 AND (?2 IS NULL OR documents.id = ?2) ORDER BY place_index.rank"
        ))?;
        let rows = statement.query(params![expression, self.document])?;
        self.take(rows, words)
    }

    /// The same, a third faster, for no more than are still wanted; says
    /// whether that was enough. It is not where many of them are not shown.
    fn best(&mut self, expression: &str, words: &[Word]) -> Result<bool> {
        let wanted = self.limit + self.seen.len();
        let mut statement = self.conn.prepare_cached(
            "SELECT rowid FROM place_index WHERE place_index MATCH ?1
             ORDER BY bm25(place_index, 1000000.0, 1.0) LIMIT ?2",
        )?;
        let best =
            statement.query_map(params![expression, i64::try_from(wanted).unwrap_or(i64::MAX)], |row| row.get(0))?;
        let best: Vec<i64> = best.collect::<rusqlite::Result<_>>()?;
        let mut place =
            self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM places {DOCUMENTS} WHERE places.id = ?1"))?;
        for id in &best {
            let rows = place.query([id])?;
            self.take(rows, words)?;
        }
        Ok(self.hits.len() >= self.limit || best.len() < wanted)
    }

    /// Names that have words near those that no name has.
    fn mistyped(&mut self, mut words: Vec<Word>) -> Result<()> {
        let mut parts = Vec::with_capacity(words.len());
        let mut meant: Vec<Word> = Vec::new();
        for word in &words {
            let others = typos::meant(self.conn, word)?;
            if others.is_empty() {
                parts.push(format!("({})", word.quoted()));
                continue;
            }
            let others: Vec<Word> =
                others.into_iter().map(|folded| Word { folded, unfinished: false, place: word.place }).collect();
            let names: Vec<String> = others.iter().map(Word::quoted).collect();
            parts.push(format!("({} OR {{name}} : ({}))", word.quoted(), names.join(" OR ")));
            meant.extend(others);
        }
        if meant.is_empty() {
            return Ok(());
        }
        words.extend(meant);
        self.matching(&parts.join(" AND "), &words)
    }

    fn take(&mut self, mut rows: rusqlite::Rows<'_>, words: &[Word]) -> Result<()> {
        while self.hits.len() < self.limit {
            let Some(row) = rows.next()? else { break };
            let id: i64 = row.get(0)?;
            if !self.seen.insert(id) {
                continue;
            }
            let document: [u8; 16] = row.get(1)?;
            let item = index::item(row.get(4)?);
            let is_record: bool = row.get(3)?;
            let hit =
                if is_record { self.record(document, item, words)? } else { self.section(document, item, words)? };
            let Some((place, name, excerpt)) = hit else { continue };
            self.named = self.named || passage::has_all(&name, words);
            self.hits.push(HitRow { document, document_title: row.get(2)?, place, name, excerpt });
        }
        Ok(())
    }

    fn section(&self, document: [u8; 16], id: String, words: &[Word]) -> Result<Option<(Place, String, String)>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT title, path, CASE WHEN rendered = '' THEN text ELSE rendered END FROM sections
             WHERE document = ?1 AND section = ?2",
        )?;
        let hit = statement.query_row(params![document, id], |row| {
            let name = drystone_model::templates::plain(row.get_ref(0)?.as_str()?);
            let excerpt = passage::passage(&name, row.get_ref(2)?.as_str()?, words);
            Ok((Place::Section { id: id.clone(), path: row.get(1)? }, name, excerpt))
        });
        Ok(hit.optional()?)
    }

    fn record(&mut self, document: [u8; 16], id: String, words: &[Word]) -> Result<Option<(Place, String, String)>> {
        let Some(record) = records::find(self.conn, &document, &id)? else { return Ok(None) };
        if self.trash.hides(&document, &record)? {
            return Ok(None);
        }
        let excerpt = passage::passage(&index::name(&record), &index::text(&record), words);
        let label = record.collection.table().label;
        let named_by = record.collection.field(label).filter(|field| matches!(field.shape, Shape::Ref(_)));
        let name = match named_by {
            // An instance is called what its element is called.
            Some(_) => self.trash.holder(&document, record.text(label))?.unwrap_or_else(|| record.clone()).label(),
            None => record.label(),
        };
        Ok(Some((Place::Record { collection: record.collection, id }, name, excerpt)))
    }
}

#[cfg(test)]
mod tests;
