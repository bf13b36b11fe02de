//! Opening, migrating and sharing the encrypted database.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::search;
use crate::error::{Error, ErrorCode, Result};

/// Shipped migrations, in order; `PRAGMA user_version` counts those applied.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_documents.sql"),
    include_str!("migrations/0002_sharing.sql"),
    include_str!("migrations/0003_model.sql"),
    include_str!("migrations/0004_members.sql"),
    include_str!("migrations/0005_bundles.sql"),
    include_str!("migrations/0006_recovery.sql"),
    include_str!("migrations/0007_attachments.sql"),
    include_str!("migrations/0008_compaction.sql"),
];

/// Migrations after which the search has the index of today, which only the
/// code can fill.
const SEARCH_SINCE: usize = 3;

/// Older versions can corrupt a database in WAL mode when resetting the log.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long to wait for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections kept for reading, beyond which they are closed after use.
const IDLE_READERS: usize = 4;

/// The database of one data folder. One connection writes, several read.
pub struct Database {
    path: PathBuf,
    key: zeroize::Zeroizing<[u8; 32]>,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    after_commit: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Database {
    /// Opens or creates the database and brings its schema up to date.
    ///
    /// # Errors
    /// `wrong-key`, `damaged`, `too-new`, `permission`, `disk-full` or `busy`.
    pub fn open(path: &Path, key: &[u8; 32]) -> Result<Database> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(Error::internal(format_args!("SQLite {} is too old", rusqlite::version())));
        }
        check_not_truncated(path)?;
        let mut writer = connect(path, key, false).map_err(|error| error.at(path.display().to_string()))?;
        migrate(&mut writer).map_err(|error| error.at(path.display().to_string()))?;
        Ok(Database {
            path: path.to_path_buf(),
            key: zeroize::Zeroizing::new(*key),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            after_commit: OnceLock::new(),
        })
    }

    /// Reads. Sees one consistent state.
    ///
    /// # Errors
    /// What `f` returns, or that no connection can be opened.
    pub fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, &self.key, true)?,
        };
        let snapshot = connection.unchecked_transaction()?;
        let result = f(&snapshot);
        drop(snapshot);
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    /// Writes in one transaction, committed when `f` returns `Ok`. A commit
    /// that fails is *unknown*: callers use idempotent ids and read again.
    ///
    /// # Errors
    /// What `f` returns, or why the transaction could not begin or commit.
    pub fn write<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = f(&transaction)?;
        transaction.commit()?;
        self.committed();
        Ok(value)
    }

    /// Writes with one statement, which is a transaction of its own: a third
    /// cheaper than [`Database::write`], for what happens with every keystroke.
    ///
    /// # Errors
    /// What `f` returns; nothing is written then.
    pub fn write_one<T>(&self, f: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let writer = lock(&self.writer);
        let value = f(&writer)?;
        self.committed();
        Ok(value)
    }

    /// From now on calls this right after each commit, while no other can begin.
    pub fn call_after_commits(&self, call: Box<dyn Fn() + Send + Sync>) {
        // Set once, when a simulation opens the folder.
        let _first = self.after_commit.set(call);
    }

    fn committed(&self) {
        if let Some(call) = self.after_commit.get() {
            call();
        }
    }

    /// A connection of its own, for watching what other processes commit.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn watcher(&self) -> Result<Connection> {
        connect(&self.path, &self.key, true)
    }

    /// SQLite's and SQLCipher's own verification of every page.
    ///
    /// # Errors
    /// When the check itself cannot run.
    pub fn verify(&self) -> Result<Vec<String>> {
        let connection = connect(&self.path, &self.key, true)?;
        let mut findings = Vec::new();
        for pragma in ["PRAGMA cipher_integrity_check", "PRAGMA integrity_check(20)"] {
            let mut statement = connection.prepare(pragma)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            for row in rows {
                findings.push(row?);
            }
        }
        findings.retain(|finding| finding != "ok");
        Ok(findings)
    }

    /// Moves the write-ahead log into the database file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn checkpoint(&self) -> Result<()> {
        lock(&self.writer).query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// A poisoned lock only says that some thread panicked; transactions roll
/// back by themselves, so the connection is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path, key: &[u8; 32], read_only: bool) -> Result<Connection> {
    let access = if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let hex = zeroize::Zeroizing::new(data_encoding::HEXLOWER.encode(key));
    let pragma = zeroize::Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", hex.as_str()));
    connection.execute_batch(&pragma)?;
    // The first read decides whether the key fits.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if !read_only {
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;")?;
    }
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let applied = applied as usize;
    if applied > MIGRATIONS.len() {
        return Err(Error::new(
            ErrorCode::TooNew,
            "This data folder was written by a newer version of Drystone.",
            "Install the newest version; nothing was changed.",
        ));
    }
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(applied) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", (index + 1) as i64)?;
    }
    if applied < SEARCH_SINCE {
        search::rebuild(&transaction)?;
    }
    transaction.commit()?;
    Ok(())
}

/// A database file that was cut off is recognised before SQLite writes to it.
/// SQLCipher encrypts the header, so the length is all there is to look at:
/// whole pages of 4096 bytes. While a journal lies beside it, SQLite was
/// stopped in the middle of writing a page and mends it: with the rollback
/// journal of a new database, or with the write-ahead log.
fn check_not_truncated(path: &Path) -> Result<()> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let name = path.file_name().unwrap_or_default().display();
    let beside = |suffix| length(&path.with_file_name(format!("{name}{suffix}")));
    if length(path) % 4096 != 0 && beside("-journal") == 0 && beside("-wal") == 0 {
        return Err(damaged().at(path.display().to_string()));
    }
    Ok(())
}

fn damaged() -> Error {
    Error::new(
        ErrorCode::Damaged,
        "The database file is damaged or was cut off.",
        "Nothing was written to it. Restore it from a backup, or move it away and join your workspaces again: what the relay stored comes back.",
    )
}

/// Says in plain words what SQLite reports.
pub fn sql_error(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Sql;
    match error.sqlite_error_code() {
        Some(Sql::DatabaseCorrupt | Sql::NotADatabase) => damaged(),
        Some(Sql::DiskFull) => Error::new(
            ErrorCode::DiskFull,
            "The disk is full: the change could not be saved.",
            "Free some space and try again; everything saved before is intact.",
        ),
        Some(Sql::SystemIoFailure) => Error::new(
            ErrorCode::DiskFull,
            format!("The disk refused to read or write: {error}."),
            "Check the disk and its free space, then try again; everything saved before is intact.",
        ),
        Some(Sql::ReadOnly | Sql::PermissionDenied | Sql::CannotOpen) => Error::new(
            ErrorCode::Permission,
            "The data folder cannot be written.",
            "Check who owns it and its permissions, or choose another one with --data-dir.",
        ),
        Some(Sql::DatabaseBusy | Sql::DatabaseLocked) => Error::new(
            ErrorCode::Busy,
            "Another Drystone process has been writing for more than ten seconds.",
            "Wait for it to finish, or close it, and try again.",
        ),
        _ => Error::internal(format_args!("SQLite says: {error}")),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        sql_error(error)
    }
}
