//! Where the blobs of a workspace stand: here, at its relay, no longer needed.

use drystone_wire::blob::Manifest;
use drystone_wire::{Hash, RelayKey, WorkspaceId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::opened;
use crate::error::{Error, Result};
use crate::store::sharing::{hash, relay_key, signed, unsigned};

/// A blob in a workspace.
#[derive(Debug, Clone)]
pub struct Place {
    /// The blob.
    pub blob: Hash,
    /// What it consists of, once that is known.
    pub manifest: Option<Manifest>,
    /// Whether every chunk is here.
    pub whole: bool,
    /// The relay that has all of it; zeros when none is known to.
    pub relay: RelayKey,
    /// When that was looked at last.
    pub checked_ms: u64,
    /// Whether a person asked for it.
    pub wanted: bool,
    /// Since when nothing refers to it; 0 when something does.
    pub unused_ms: u64,
    /// Whether the relay was told so.
    pub marked: bool,
    /// The size of its file in bytes, as records say.
    pub size: u64,
    /// Whether anything that is not in the trash refers to it.
    pub live: bool,
    /// What is wrong with it.
    pub problem: Option<Error>,
}

const SELECT: &str = "SELECT blob_places.blob, iif(?2, coalesce(manifest, x''), x''), coalesce(whole, 0), relay, checked_ms, wanted,
        unused_ms, marked, coalesce(size, 0), coalesce(live, 0), problem
    FROM blob_places LEFT JOIN blobs ON id = blob_places.blob
    LEFT JOIN (SELECT blob, max(size) AS size, max(live) AS live FROM blob_references
               JOIN documents ON documents.id = document WHERE documents.workspace = ?1 GROUP BY blob) AS used
        ON used.blob = blob_places.blob
    WHERE blob_places.workspace = ?1";

fn read(row: &Row<'_>) -> rusqlite::Result<(Place, Vec<u8>)> {
    let place = Place {
        blob: hash(row, 0)?,
        manifest: None,
        whole: row.get(2)?,
        relay: relay_key(row, 3)?,
        checked_ms: unsigned(row, 4)?,
        wanted: row.get(5)?,
        unused_ms: unsigned(row, 6)?,
        marked: row.get(7)?,
        size: unsigned(row, 8)?,
        live: row.get(9)?,
        problem: serde_json::from_str(&row.get::<_, String>(10)?).ok(),
    };
    Ok((place, row.get(1)?))
}

/// All blobs of a workspace, small ones first.
///
/// # Errors
/// SQLite's.
pub fn all(conn: &Connection, workspace: &WorkspaceId) -> Result<Vec<Place>> {
    listed(conn, workspace, true)
}

/// The same without what they consist of, for counting.
///
/// # Errors
/// SQLite's.
pub fn brief(conn: &Connection, workspace: &WorkspaceId) -> Result<Vec<Place>> {
    listed(conn, workspace, false)
}

fn listed(conn: &Connection, workspace: &WorkspaceId, manifests: bool) -> Result<Vec<Place>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT} ORDER BY size, blob_places.blob"))?;
    let rows = statement.query_map(params![workspace.as_bytes(), manifests], read)?;
    rows.map(|row| {
        let (place, manifest) = row?;
        Ok(Place { manifest: opened(&manifest)?, ..place })
    })
    .collect()
}

/// One blob of a workspace.
///
/// # Errors
/// SQLite's.
pub fn find(conn: &Connection, workspace: &WorkspaceId, blob: &Hash) -> Result<Option<Place>> {
    let mut statement = conn.prepare_cached(&format!("{SELECT} AND blob_places.blob = ?3"))?;
    let row = statement.query_row(params![workspace.as_bytes(), true, blob.as_bytes()], read).optional()?;
    row.map(|(place, manifest)| Ok(Place { manifest: opened(&manifest)?, ..place })).transpose()
}

/// A blob is needed in a workspace.
///
/// # Errors
/// SQLite's.
pub fn insert(conn: &Connection, workspace: &WorkspaceId, blob: &Hash) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO blob_places (workspace, blob, relay, checked_ms, wanted, unused_ms, marked, problem)
         VALUES (?1, ?2, zeroblob(32), 0, 0, 0, 0, '') ON CONFLICT (workspace, blob) DO UPDATE SET unused_ms = 0",
    )?
    .execute(params![workspace.as_bytes(), blob.as_bytes()])?;
    Ok(())
}

/// Whether a relay has all of it, as was just seen; zeros when it has not.
///
/// # Errors
/// SQLite's.
pub fn set_relay(conn: &Connection, workspace: &WorkspaceId, blob: &Hash, relay: &RelayKey, now_ms: u64) -> Result<()> {
    conn.prepare_cached(
        "UPDATE blob_places SET relay = ?3, checked_ms = ?4, marked = 0 WHERE workspace = ?1 AND blob = ?2",
    )?
    .execute(params![workspace.as_bytes(), blob.as_bytes(), relay.as_bytes(), signed(now_ms)])?;
    Ok(())
}

/// Whether a person asked for it.
///
/// # Errors
/// SQLite's.
pub fn set_wanted(conn: &Connection, workspace: &WorkspaceId, blob: &Hash, wanted: bool) -> Result<()> {
    conn.prepare_cached("UPDATE blob_places SET wanted = ?3 WHERE workspace = ?1 AND blob = ?2")?.execute(params![
        workspace.as_bytes(),
        blob.as_bytes(),
        wanted
    ])?;
    Ok(())
}

/// Since when nothing refers to it; 0 when something does.
///
/// # Errors
/// SQLite's.
pub fn set_unused(conn: &Connection, workspace: &WorkspaceId, blob: &Hash, since_ms: u64) -> Result<()> {
    conn.prepare_cached("UPDATE blob_places SET unused_ms = ?3 WHERE workspace = ?1 AND blob = ?2")?
        .execute(params![workspace.as_bytes(), blob.as_bytes(), signed(since_ms)])?;
    Ok(())
}

/// The relay was told that it is no longer needed.
///
/// # Errors
/// SQLite's.
pub fn set_marked(conn: &Connection, workspace: &WorkspaceId, blob: &Hash) -> Result<()> {
    conn.prepare_cached(
        "UPDATE blob_places SET marked = 1, relay = zeroblob(32), checked_ms = 0 WHERE workspace = ?1 AND blob = ?2",
    )?
    .execute(params![workspace.as_bytes(), blob.as_bytes()])?;
    Ok(())
}

/// What is wrong with it, if anything.
///
/// # Errors
/// SQLite's.
pub fn set_problem(conn: &Connection, workspace: &WorkspaceId, blob: &Hash, problem: Option<&Error>) -> Result<()> {
    conn.prepare_cached("UPDATE blob_places SET problem = ?3 WHERE workspace = ?1 AND blob = ?2 AND problem <> ?3")?
        .execute(params![workspace.as_bytes(), blob.as_bytes(), text(problem)?])?;
    Ok(())
}

/// A workspace needs a blob no more. Returns whether no other one does.
///
/// # Errors
/// SQLite's.
pub fn remove(conn: &Connection, workspace: &WorkspaceId, blob: &Hash) -> Result<bool> {
    conn.execute(
        "DELETE FROM blob_places WHERE workspace = ?1 AND blob = ?2",
        params![workspace.as_bytes(), blob.as_bytes()],
    )?;
    let mut statement = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM blob_places WHERE blob = ?1)")?;
    Ok(!statement.query_row([blob.as_bytes()], |row| row.get::<_, bool>(0))?)
}

/// Where sending and fetching stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// What is wrong.
    pub problem: Option<Error>,
    /// When it is tried again; 0: any time.
    pub next_ms: u64,
}

/// Where sending and fetching of a workspace's files stands.
///
/// # Errors
/// SQLite's.
pub fn standing(conn: &Connection, workspace: &WorkspaceId) -> Result<Standing> {
    let mut statement = conn.prepare_cached("SELECT problem, next_ms FROM blob_sync WHERE workspace = ?1")?;
    let row = statement
        .query_row([workspace.as_bytes()], |row| {
            let problem = serde_json::from_str(&row.get::<_, String>(0)?).ok();
            Ok(Standing { problem, next_ms: unsigned(row, 1)? })
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// Stores where sending and fetching stands.
///
/// # Errors
/// SQLite's.
pub fn set_standing(conn: &Connection, workspace: &WorkspaceId, standing: &Standing) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO blob_sync (workspace, problem, next_ms) VALUES (?1, ?2, ?3)")?
        .execute(params![workspace.as_bytes(), text(standing.problem.as_ref())?, signed(standing.next_ms)])?;
    Ok(())
}

fn text(problem: Option<&Error>) -> Result<String> {
    problem.map_or(Ok(String::new()), |error| serde_json::to_string(error).map_err(Error::internal))
}
