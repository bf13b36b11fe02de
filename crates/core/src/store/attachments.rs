//! Blobs, where they are needed, and what documents refer to.

pub mod places;
pub mod references;

use drystone_wire::Hash;
use drystone_wire::blob::Manifest;
use drystone_wire::canonical;
use rusqlite::{Connection, OptionalExtension, params};

use crate::attachments::picture::Small;
use crate::crypto::attachment::FileKey;
use crate::error::{Error, Result};
use crate::store::sharing::hash;

/// What is known of a blob.
#[derive(Debug, Clone)]
pub struct BlobRow {
    /// What it consists of, once that is known.
    pub manifest: Option<Manifest>,
    /// Whether every chunk is here.
    pub whole: bool,
}

/// A blob, if it is known here.
///
/// # Errors
/// SQLite's.
pub fn blob(conn: &Connection, id: &Hash) -> Result<Option<BlobRow>> {
    let mut statement = conn.prepare_cached("SELECT manifest, whole FROM blobs WHERE id = ?1")?;
    let row = statement
        .query_row([id.as_bytes()], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, bool>(1)?)))
        .optional()?;
    row.map(|(manifest, whole)| Ok(BlobRow { manifest: opened(&manifest)?, whole })).transpose()
}

fn opened(manifest: &[u8]) -> Result<Option<Manifest>> {
    if manifest.is_empty() {
        return Ok(None);
    }
    Manifest::open(manifest).map(Some).map_err(|error| Error::internal(format_args!("a stored manifest: {error}")))
}

/// A file of these bytes that was added here and is needed in a workspace.
///
/// # Errors
/// SQLite's.
pub fn same_file(conn: &Connection, workspace: &[u8; 32], digest: &[u8; 32]) -> Result<Option<(Hash, FileKey)>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, key FROM blobs JOIN blob_places ON blob = id
         WHERE workspace = ?1 AND digest = ?2 AND digest <> x'' AND whole = 1 AND marked = 0",
    )?;
    let found = statement
        .query_row(params![workspace, digest], |row| Ok((hash(row, 0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?;
    Ok(found.map(|(id, key)| (id, FileKey::new(key))))
}

/// Stores a blob whose chunks are all here.
///
/// # Errors
/// SQLite's.
pub fn insert_whole(conn: &Connection, manifest: &Manifest, added: Option<(&FileKey, &[u8; 32])>) -> Result<()> {
    let (key, digest): (&[u8], &[u8]) = added.map_or((&[], &[]), |(key, digest)| (key.expose(), digest));
    conn.prepare_cached(
        "INSERT INTO blobs (id, manifest, whole, key, digest) VALUES (?1, ?2, 1, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET manifest = ?2, whole = 1",
    )?
    .execute(params![manifest.id().as_bytes(), canonical::encode(manifest), key, digest])?;
    Ok(())
}

/// Remembers what a blob consists of.
///
/// # Errors
/// SQLite's.
pub fn set_manifest(conn: &Connection, manifest: &Manifest) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO blobs (id, manifest, whole, key, digest) VALUES (?1, ?2, 0, x'', x'')
         ON CONFLICT (id) DO UPDATE SET manifest = ?2",
    )?
    .execute(params![manifest.id().as_bytes(), canonical::encode(manifest)])?;
    Ok(())
}

/// Remembers whether all of a blob is here.
///
/// # Errors
/// SQLite's.
pub fn set_whole(conn: &Connection, id: &Hash, whole: bool) -> Result<()> {
    conn.prepare_cached("UPDATE blobs SET whole = ?2 WHERE id = ?1")?.execute(params![id.as_bytes(), whole])?;
    Ok(())
}

/// Forgets a blob whose files are gone.
///
/// # Errors
/// SQLite's.
pub fn remove(conn: &Connection, id: &Hash) -> Result<()> {
    conn.execute("DELETE FROM thumbnails WHERE blob = ?1", [id.as_bytes()])?;
    conn.execute("DELETE FROM blobs WHERE id = ?1", [id.as_bytes()])?;
    Ok(())
}

/// A small picture that was made before; `Some(None)` when there can be none.
///
/// # Errors
/// SQLite's.
pub fn thumbnail(conn: &Connection, id: &Hash) -> Result<Option<Option<Small>>> {
    let mut statement =
        conn.prepare_cached("SELECT media_type, width, height, bytes FROM thumbnails WHERE blob = ?1")?;
    let row = statement
        .query_row([id.as_bytes()], |row| {
            let media_type = match row.get_ref(0)?.as_str()? {
                "image/jpeg" => "image/jpeg",
                "image/png" => "image/png",
                _ => return Ok(None),
            };
            Ok(Some(Small { media_type, width: row.get(1)?, height: row.get(2)?, bytes: row.get(3)? }))
        })
        .optional()?;
    Ok(row)
}

/// Keeps a small picture, or that there can be none.
///
/// # Errors
/// SQLite's.
pub fn put_thumbnail(conn: &Connection, id: &Hash, small: Option<&Small>) -> Result<()> {
    let (media_type, width, height, bytes): (&str, u32, u32, &[u8]) = match small {
        Some(small) => (small.media_type, small.width, small.height, &small.bytes),
        None => ("", 0, 0, &[]),
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO thumbnails (blob, media_type, width, height, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id.as_bytes(), media_type, width, height, bytes])?;
    Ok(())
}
