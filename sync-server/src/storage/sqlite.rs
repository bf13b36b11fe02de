//! The SQLite database: opening, migrating and checking it.

pub mod admin;
pub mod blobs;
pub mod read;
pub mod roster;
pub mod snapshots;
pub mod transfer;
pub mod verify;
pub mod write;

use std::path::Path;

use drystone_wire::RelayKey;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::StoreError;
use crate::error::Fatal;

/// Older versions can corrupt a database when a write-ahead log is reset.
const OLDEST_SQLITE: i32 = 3_051_003;
/// A larger database is not read through at every start.
const CHECKED_BYTES: u64 = 512 << 20;
/// The write-ahead log is cut back to this size after a checkpoint.
const WAL_BYTES: i64 = 64 << 20;
const BUSY_MS: u64 = 5000;

/// Every migration that was ever shipped, in order; `user_version` counts them.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_log_and_membership.sql"),
    include_str!("../../migrations/0002_administration.sql"),
    include_str!("../../migrations/0003_recovery.sql"),
    include_str!("../../migrations/0004_compaction.sql"),
];

/// Opens the database for the one writer, migrates and checks it.
pub fn open(path: &Path, relay: &RelayKey, max_bytes: u64) -> Result<Connection, Fatal> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(Fatal::Input(format!(
            "this relay was built with SQLite {}, which can damage its database: build it with 3.51.3 or later",
            rusqlite::version()
        )));
    }
    let fatal = |error: rusqlite::Error| unusable(path, &StoreError::from(error));
    let mut connection = Connection::open(path).map_err(fatal)?;
    configure(&connection).map_err(fatal)?;
    connection
        .execute_batch(&format!("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {WAL_BYTES};"))
        .map_err(fatal)?;
    check_pages(&connection, path)?;
    migrate(&mut connection, path)?;
    check_owner(&connection, relay, path)?;
    check_standings(&connection, path)?;
    admin::count_members(&connection).map_err(|error| unusable(path, &error))?;
    limit_size(&connection, max_bytes).map_err(fatal)?;
    Ok(connection)
}

/// Opens the database for reading.
pub fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// Opens an existing database for the command line, beside a running relay or without one.
pub fn open_beside(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    connection.execute_batch("PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

/// Opens a file that nobody writes to, such as a backup.
pub fn open_still(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// Whether the database has the format of this program: how many migrations it has seen, and how many there are.
pub fn format(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((uint(version), MIGRATIONS.len() as u64))
}

/// The key of the relay whose signatures are in the database.
pub fn owner(connection: &Connection) -> Result<RelayKey, StoreError> {
    Ok(RelayKey(connection.query_row("SELECT public_key FROM relay WHERE one = 1", [], |row| row.get(0))?))
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn limit_size(connection: &Connection, max_bytes: u64) -> Result<(), rusqlite::Error> {
    if max_bytes == 0 {
        return Ok(());
    }
    let page_size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = (int(max_bytes) / page_size).max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?;
    Ok(())
}

fn unusable(path: &Path, error: &StoreError) -> Fatal {
    match error {
        StoreError::Damaged(cause) => Fatal::Integrity(format!(
            "the database {} is damaged ({cause}): stop here, keep a copy of the folder, and restore a backup; \
             devices send again what the backup does not hold",
            path.display()
        )),
        StoreError::Full => Fatal::Input(format!(
            "there is no room for the database {}: free space on its disk, or raise --max-store-bytes",
            path.display()
        )),
        other => Fatal::Input(format!(
            "the database {} cannot be opened ({other}): check that its disk works and that the relay may write there",
            path.display()
        )),
    }
}

fn damaged(path: &Path, cause: &str) -> Fatal {
    unusable(path, &StoreError::Damaged(cause.to_string()))
}

fn check_pages(connection: &Connection, path: &Path) -> Result<(), Fatal> {
    let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > CHECKED_BYTES {
        tracing::info!(size, "the database is large and was not read through; `PRAGMA quick_check` does it");
        return Ok(());
    }
    let verdict: Result<String, _> = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match verdict {
        Ok(text) if text == "ok" => Ok(()),
        Ok(text) => Err(damaged(path, text.trim())),
        Err(error) => Err(unusable(path, &StoreError::from(error))),
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Fatal> {
    let fatal = |error: rusqlite::Error| unusable(path, &StoreError::from(error));
    let version: usize = connection
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .map(|version| usize::try_from(version).unwrap_or(usize::MAX))
        .map_err(fatal)?;
    if version > MIGRATIONS.len() {
        return Err(Fatal::Input(format!(
            "the database {} was written by a newer relay (format {version}, this one knows {}): use the newer one",
            path.display(),
            MIGRATIONS.len()
        )));
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction().map_err(fatal)?;
        transaction.execute_batch(migration).map_err(fatal)?;
        transaction.pragma_update(None, "user_version", int(index as u64 + 1)).map_err(fatal)?;
        transaction.commit().map_err(fatal)?;
    }
    Ok(())
}

/// The key beside the database must be the one that signed what is in it.
fn check_owner(connection: &Connection, relay: &RelayKey, path: &Path) -> Result<(), Fatal> {
    let fatal = |error: rusqlite::Error| unusable(path, &StoreError::from(error));
    let stored: Option<Vec<u8>> = connection
        .query_row("SELECT public_key FROM relay WHERE one = 1", [], |row| row.get(0))
        .optional()
        .map_err(fatal)?;
    match stored {
        Some(stored) if stored == relay.as_bytes() => Ok(()),
        Some(_) => Err(Fatal::Integrity(format!(
            "the relay's key does not belong to the database {}: restore key and database from the same backup",
            path.display()
        ))),
        None => {
            let insert = "INSERT INTO relay (one, public_key) VALUES (1, ?1)";
            connection.execute(insert, params![relay.as_bytes()]).map_err(fatal)?;
            Ok(())
        }
    }
}

/// What each workspace says of itself must be what is there.
fn check_standings(connection: &Connection, path: &Path) -> Result<(), Fatal> {
    const WRONG: &str = "SELECT count(*) FROM workspaces AS w
        WHERE w.number NOT IN (SELECT workspace FROM deletions WHERE collecting = 1)
          AND (w.position <> (SELECT coalesce(max(position), 0) FROM entries WHERE workspace = w.number)
           OR w.membership <> (SELECT coalesce(max(position), 0) FROM records WHERE workspace = w.number))";
    let wrong: i64 =
        connection.query_row(WRONG, [], |row| row.get(0)).map_err(|error| unusable(path, &StoreError::from(error)))?;
    if wrong == 0 { Ok(()) } else { Err(damaged(path, &format!("{wrong} logs do not end where they should"))) }
}

/// SQLite's integers have a sign. Nothing of ours comes near the end of them;
/// what a request names beyond it is beyond everything stored.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Back again. The schema allows nothing negative.
fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(error.to_string()),
            _ => StoreError::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELAY: RelayKey = RelayKey([1; 32]);

    fn refused(path: &Path) -> Fatal {
        open(path, &RELAY, 0).err().unwrap()
    }

    #[test]
    fn opens_again_and_syncs_fully() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("db");
        drop(open(&path, &RELAY, 0).unwrap());
        let connection = open(&path, &RELAY, 0).unwrap();
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(pragma("synchronous"), 2);
        assert_eq!(pragma("user_version"), MIGRATIONS.len() as i64);
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn refuses_what_is_no_database_and_what_is_cut_off() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("db");
        std::fs::write(&path, vec![7; 8192]).unwrap();
        assert_eq!(refused(&path).exit_code(), 4);
        std::fs::remove_file(&path).unwrap();
        drop(open(&path, &RELAY, 0).unwrap());
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        let error = refused(&path);
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().contains("damaged"), "{error}");
    }

    #[test]
    fn refuses_another_relays_key_and_a_newer_format() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("db");
        drop(open(&path, &RELAY, 0).unwrap());
        let error = open(&path, &RelayKey([2; 32]), 0).err().unwrap();
        assert!(error.to_string().contains("does not belong"), "{error}");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(refused(&path).to_string().contains("newer relay"));
    }

    #[test]
    fn refuses_a_log_that_does_not_end_where_its_workspace_says() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("db");
        let connection = open(&path, &RELAY, 0).unwrap();
        let insert =
            "INSERT INTO workspaces VALUES (1, zeroblob(32), 1, 5, zeroblob(32), 1, 0, 0, 1, 1, 0, 0, 0, 0, 0)";
        connection.execute(insert, []).unwrap();
        drop(connection);
        assert_eq!(refused(&path).exit_code(), 4);
    }

    #[test]
    fn every_table_is_strict_and_every_column_not_null() {
        let home = tempfile::tempdir().unwrap();
        let connection = open(&home.path().join("db"), &RELAY, 0).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(
            count(
                "SELECT count(*) FROM pragma_table_list WHERE schema='main' AND NOT strict AND name NOT LIKE 'sqlite_%'"
            ),
            0
        );
        let nullable = "SELECT count(*) FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
            WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' AND NOT c.\"notnull\"";
        assert_eq!(count(nullable), 0);
    }
}
