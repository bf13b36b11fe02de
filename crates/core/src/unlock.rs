//! Where the key that opens the database is kept: the keychain, a passphrase,
//! or a key file. Chosen once per data folder, recorded in `unlock.json`,
//! never silently in plain text.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::KeySource;
use crate::error::{Error, ErrorCode, Result};

const RECORD: &str = "unlock.json";
const SERVICE: &str = "drystone";
/// A locked keychain may wait for a prompt that nobody sees.
const KEYCHAIN_TIMEOUT: Duration = Duration::from_secs(60);
/// Argon2id with 64 MiB and 3 passes: the second recommendation of RFC 9106.
const ARGON2_MEMORY_KIB: u32 = 64 * 1024;
const ARGON2_PASSES: u32 = 3;
const ARGON2_LANES: u32 = 4;
const KEY_CHECK_CONTEXT: &str = "drystone v1 database key check";

/// How the caller wants to open a data folder.
#[derive(Clone)]
pub enum Unlock {
    /// The operating system's keychain.
    Keychain,
    /// A passphrase.
    Passphrase(Zeroizing<String>),
    /// A file that holds the key; made when the data folder is new.
    KeyFile(PathBuf),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnlockRecord {
    version: u32,
    source: KeySource,
    /// The keychain item's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    /// The database key, sealed under the passphrase's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<SealedKey>,
    /// Tells a wrong key from a damaged database.
    check: String,
    /// Whether the database has been there: if it is empty now, it was lost.
    #[serde(default)]
    made: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SealedKey {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    nonce: String,
    ciphertext: String,
}

type Key = Zeroizing<[u8; 32]>;

/// How the data folder's key is kept, or `None` when the folder is new.
///
/// # Errors
/// When the record exists and cannot be read.
pub fn configured(data_dir: &Path) -> Result<Option<KeySource>> {
    Ok(read_record(data_dir)?.map(|record| record.source))
}

/// The database key of a data folder; makes one when the folder is new.
///
/// # Errors
/// `wrong-key`, `keychain`, `permission`, or `usage` when the folder's key is
/// kept in another way than asked for.
pub fn database_key(data_dir: &Path, unlock: &Unlock) -> Result<Key> {
    // Two processes that start at once on a new folder must agree on one key.
    let lock = File::create(data_dir.join("unlock.lock")).map_err(|error| cannot_write(data_dir, &error))?;
    lock.lock().map_err(|error| cannot_write(data_dir, &error))?;
    let key = match read_record(data_dir)? {
        Some(record) => {
            let key = recover(&record, unlock)?;
            if key_check(&key) != record.check {
                return Err(wrong_key(record.source));
            }
            key
        }
        None => create(data_dir, unlock)?,
    };
    drop(lock);
    Ok(key)
}

/// Refuses to make a new database where there has been one.
///
/// # Errors
/// `damaged` when the database is gone or empty.
pub fn check_database_is_there(data_dir: &Path) -> Result<()> {
    let path = data_dir.join("drystone.db");
    let empty = std::fs::metadata(&path).map_or(true, |metadata| metadata.len() == 0);
    if empty && read_record(data_dir)?.is_some_and(|record| record.made) {
        return Err(Error::new(
            ErrorCode::Damaged,
            "The database of this data folder is gone or empty.",
            "Restore it from a backup, or choose a new folder and join your workspaces again: what the relay stored comes back.",
        )
        .at(path.display().to_string()));
    }
    Ok(())
}

/// Remembers that the database is there from now on.
///
/// # Errors
/// When the record cannot be written.
pub fn remember_database(data_dir: &Path) -> Result<()> {
    match read_record(data_dir)? {
        Some(mut record) if !record.made => {
            record.made = true;
            write_record(data_dir, &record)
        }
        _ => Ok(()),
    }
}

fn write_record(data_dir: &Path, record: &UnlockRecord) -> Result<()> {
    let text = serde_json::to_string_pretty(record).map_err(Error::internal)?;
    write_private(&data_dir.join(RECORD), text.as_bytes())
}

fn create(data_dir: &Path, unlock: &Unlock) -> Result<Key> {
    if data_dir.join("drystone.db").exists() {
        return Err(Error::new(
            ErrorCode::Damaged,
            "The data folder has a database but no record of how its key is kept.",
            "Put unlock.json back from a backup of the data folder.",
        )
        .at(data_dir.display().to_string()));
    }
    let mut key = Key::default();
    random(key.as_mut())?;
    let mut record = UnlockRecord {
        version: 1,
        source: KeySource::Keychain,
        item: None,
        sealed: None,
        check: String::new(),
        made: false,
    };
    match unlock {
        Unlock::Keychain => {
            let mut name = [0; 8];
            random(&mut name)?;
            let item = format!("database-{}", HEXLOWER.encode(&name));
            keychain_store(&item, &key)?;
            record.item = Some(item);
        }
        Unlock::Passphrase(passphrase) => {
            record.source = KeySource::Passphrase;
            record.sealed = Some(seal_key(&key, passphrase)?);
        }
        Unlock::KeyFile(path) => {
            record.source = KeySource::KeyFile;
            if path.exists() {
                key = read_key_file(path)?;
            } else {
                write_private(path, format!("{}\n", HEXLOWER.encode(&key[..])).as_bytes())?;
            }
        }
    }
    record.check = key_check(&key);
    write_record(data_dir, &record)?;
    Ok(key)
}

fn recover(record: &UnlockRecord, unlock: &Unlock) -> Result<Key> {
    match (record.source.clone(), unlock) {
        (KeySource::Keychain, Unlock::Keychain) => {
            keychain_load(record.item.as_deref().ok_or_else(|| broken_record("has no keychain item"))?)
        }
        (KeySource::Passphrase, Unlock::Passphrase(passphrase)) => {
            open_key(record.sealed.as_ref().ok_or_else(|| broken_record("has no sealed key"))?, passphrase)
        }
        (KeySource::KeyFile, Unlock::KeyFile(path)) => read_key_file(path),
        (source, _) => Err(Error::new(
            ErrorCode::WrongKey,
            format!("This data folder's key is kept in {}.", describe(&source)),
            match source {
                KeySource::Keychain => "Open it without a passphrase or key file.",
                KeySource::Passphrase => "Set DRYSTONE_PASSPHRASE, or enter the passphrase when asked.",
                KeySource::KeyFile => "Name the key file with --key-file.",
            },
        )),
    }
}

fn describe(source: &KeySource) -> &'static str {
    match source {
        KeySource::Keychain => "the keychain",
        KeySource::Passphrase => "a passphrase",
        KeySource::KeyFile => "a key file",
    }
}

fn read_record(data_dir: &Path) -> Result<Option<UnlockRecord>> {
    let path = data_dir.join(RECORD);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot_write(&path, &error)),
    };
    let record: UnlockRecord = serde_json::from_str(&text)
        .map_err(|error| broken_record(&error.to_string()).at(path.display().to_string()))?;
    if record.version != 1 {
        return Err(Error::new(
            ErrorCode::TooNew,
            "This data folder was written by a newer version of Drystone.",
            "Install the newest version; nothing was changed.",
        ));
    }
    Ok(Some(record))
}

fn seal_key(key: &Key, passphrase: &str) -> Result<SealedKey> {
    let (mut salt, mut nonce) = ([0; 16], [0; 24]);
    random(&mut salt)?;
    random(&mut nonce)?;
    let wrapping = stretch(passphrase, &salt, ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES)?;
    let ciphertext = XChaCha20Poly1305::new((&*wrapping).into())
        .encrypt(&XNonce::from(nonce), &key[..])
        .map_err(|_| Error::internal("sealing the database key failed"))?;
    Ok(SealedKey {
        memory_kib: ARGON2_MEMORY_KIB,
        passes: ARGON2_PASSES,
        lanes: ARGON2_LANES,
        salt: HEXLOWER.encode(&salt),
        nonce: HEXLOWER.encode(&nonce),
        ciphertext: HEXLOWER.encode(&ciphertext),
    })
}

fn open_key(sealed: &SealedKey, passphrase: &str) -> Result<Key> {
    let decode = |text: &str| HEXLOWER.decode(text.as_bytes()).map_err(|_| broken_record("is not hexadecimal"));
    let nonce: [u8; 24] =
        decode(&sealed.nonce)?.try_into().map_err(|_| broken_record("has a nonce of another length"))?;
    // The record is a file that others may have written: bound what it asks for.
    if sealed.memory_kib > 1 << 20 || sealed.passes > 16 || sealed.lanes > 16 {
        return Err(broken_record("asks for more memory or time than is sensible"));
    }
    let wrapping = stretch(passphrase, &decode(&sealed.salt)?, sealed.memory_kib, sealed.passes, sealed.lanes)?;
    let plain = XChaCha20Poly1305::new((&*wrapping).into())
        .decrypt(&XNonce::from(nonce), decode(&sealed.ciphertext)?.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| wrong_key(KeySource::Passphrase))?;
    to_key(&plain).ok_or_else(|| broken_record("holds a key of another length"))
}

fn stretch(passphrase: &str, salt: &[u8], memory_kib: u32, passes: u32, lanes: u32) -> Result<Key> {
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| broken_record("has odd parameters"))?;
    let mut key = Key::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .map_err(|error| Error::internal(format_args!("Argon2 failed: {error}")))?;
    Ok(key)
}

fn read_key_file(path: &Path) -> Result<Key> {
    let place = path.display().to_string();
    check_private(path)?;
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| {
        Error::new(
            ErrorCode::WrongKey,
            format!("The key file cannot be read: {error}."),
            "Name the right file with --key-file.",
        )
        .at(&place)
    })?);
    HEXLOWER.decode(text.trim().as_bytes()).ok().map(Zeroizing::new).and_then(|bytes| to_key(&bytes)).ok_or_else(|| {
        Error::new(
            ErrorCode::WrongKey,
            "This is not a Drystone key file: it should hold 64 hexadecimal digits.",
            "Name the right file with --key-file.",
        )
        .at(place)
    })
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => Err(Error::new(
            ErrorCode::Permission,
            "Others than its owner may read the key file.",
            "Run `chmod 600` on it.",
        )
        .at(path.display().to_string())),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<()> {
    // A profile's folder is readable by its owner only on these systems.
    Ok(())
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| cannot_write(path, &error))
}

pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    let (code, advice) = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => {
            (ErrorCode::DiskFull, "Free some space and try again.")
        }
        _ => (
            ErrorCode::Permission,
            "Check who owns the data folder and its permissions, or choose another one with --data-dir.",
        ),
    };
    Error::new(code, format!("The data folder cannot be written: {error}."), advice).at(path.display().to_string())
}

fn keychain_store(item: &str, key: &Key) -> Result<()> {
    let (item, key) = (item.to_owned(), key.clone());
    with_keychain(move || {
        let entry = keyring::Entry::new(SERVICE, &item)?;
        entry.set_secret(&key[..])?;
        entry.get_secret().map(|_| ())
    })
}

fn keychain_load(item: &str) -> Result<Key> {
    let item = item.to_owned();
    let secret = with_keychain(move || keyring::Entry::new(SERVICE, &item)?.get_secret().map(Zeroizing::new))?;
    to_key(&secret).ok_or_else(|| wrong_key(KeySource::Keychain))
}

/// Runs on a thread of its own and gives up after a while: a locked keychain
/// blocks until someone answers its prompt.
fn with_keychain<T: Send + 'static>(work: impl FnOnce() -> keyring::Result<T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // The receiver is gone only after the time limit; nobody waits then.
        let _late = sender.send(work());
    });
    match receiver.recv_timeout(KEYCHAIN_TIMEOUT) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(keyring::Error::NoEntry)) => Err(Error::new(
            ErrorCode::WrongKey,
            "The keychain does not have this data folder's key.",
            "Open it as the user who made it, on the computer where it was made, or restore the keychain.",
        )),
        Ok(Err(error)) => Err(keychain_error(&error.to_string())),
        Err(_) => Err(keychain_error("it did not answer within a minute; it may be waiting to be unlocked")),
    }
}

fn keychain_error(detail: &str) -> Error {
    Error::new(
        ErrorCode::Keychain,
        format!("The keychain of this computer cannot be used: {detail}."),
        "Unlock or start it (on Linux: a Secret Service such as gnome-keyring), or choose a passphrase \
         (DRYSTONE_PASSPHRASE) or a key file (--key-file FILE) instead.",
    )
}

fn wrong_key(source: KeySource) -> Error {
    let (message, advice) = match source {
        KeySource::Passphrase => ("The passphrase is wrong.", "Try again; capitals and spaces count."),
        KeySource::KeyFile => {
            ("The key file does not belong to this data folder.", "Name the right file with --key-file.")
        }
        KeySource::Keychain => (
            "The key in the keychain does not belong to this data folder.",
            "Restore the keychain together with the data folder.",
        ),
    };
    Error::new(ErrorCode::WrongKey, message, advice)
}

fn broken_record(what: &str) -> Error {
    Error::new(
        ErrorCode::Damaged,
        format!("The record of how the key is kept {what}."),
        "Put unlock.json back from a backup of the data folder.",
    )
}

fn key_check(key: &Key) -> String {
    blake3::Hasher::new_derive_key(KEY_CHECK_CONTEXT).update(&key[..]).finalize().to_hex()[..32].to_owned()
}

fn to_key(bytes: &[u8]) -> Option<Key> {
    <[u8; 32]>::try_from(bytes).ok().map(Zeroizing::new)
}

/// Fills a buffer from the operating system's random source.
///
/// # Errors
/// When there is none.
pub(crate) fn random(buffer: &mut [u8]) -> Result<()> {
    getrandom::fill(buffer).map_err(|error| Error::internal(format_args!("no randomness: {error}")))
}
