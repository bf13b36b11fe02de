//! Sealed chunks as files, in the folder `blobs` beside the database. A chunk
//! is written under another name, synced, and given its own: what has its name
//! is whole. Everything in the folder is ciphertext.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use drystone_wire::Hash;
use drystone_wire::blob::CHUNK_BYTES;

use crate::crypto::random::{self, OsRandom};
use crate::error::{Error, ErrorCode, Result};

/// The folder's name in the data folder.
const FOLDER: &str = "blobs";
/// What is being added lies in folders of this name, until its id is known.
const INCOMING: &str = "incoming-";
/// The ending of what is being written.
const PART: &str = "part";
/// What was left behind half-done is cleared away at this age.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The chunks of one data folder.
#[derive(Debug, Clone)]
pub struct Chunks {
    folder: PathBuf,
}

impl Chunks {
    /// Those of this data folder.
    pub fn of(data_dir: &Path) -> Chunks {
        Chunks { folder: data_dir.join(FOLDER) }
    }

    fn blob(&self, id: &Hash) -> PathBuf {
        let name = id.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// A folder for a file whose id is not known yet; gone when it is dropped.
    ///
    /// # Errors
    /// `disk-full` or `permission`.
    pub fn incoming(&self, session: &str) -> Result<Incoming> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{INCOMING}{session}-{number}"));
        make_folder(&path)?;
        Ok(Incoming { path: Some(path) })
    }

    /// Gives what came in its place under its id. Where it is already, nothing
    /// is changed.
    ///
    /// # Errors
    /// `disk-full` or `permission`.
    pub fn settle(&self, mut incoming: Incoming, id: &Hash) -> Result<()> {
        let Some(from) = incoming.path.take() else { return Ok(()) };
        let to = self.blob(id);
        let parent = to.parent().unwrap_or(&self.folder).to_path_buf();
        make_folder(&parent)?;
        sync_folder(&from)?;
        match fs::rename(&from, &to) {
            Ok(()) => sync_folder(&parent),
            Err(_) if to.is_dir() => {
                remove_folder(&from)?;
                Ok(())
            }
            Err(error) => Err(failed(&error, &to)),
        }
    }

    /// Stores a chunk that was verified.
    ///
    /// # Errors
    /// `disk-full` or `permission`.
    pub fn put(&self, id: &Hash, index: usize, sealed: &[u8]) -> Result<()> {
        let folder = self.blob(id);
        make_folder(&folder)?;
        write(&folder, index, sealed)?;
        sync_folder(&folder)
    }

    /// A chunk; `None` when it is not here.
    ///
    /// # Errors
    /// When it is here and cannot be read.
    pub fn get(&self, id: &Hash, index: usize) -> Result<Option<Vec<u8>>> {
        let path = self.blob(id).join(index.to_string());
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error, &path)),
        };
        let mut sealed = Vec::with_capacity(CHUNK_BYTES);
        file.take(CHUNK_BYTES as u64 + 1).read_to_end(&mut sealed).map_err(|error| failed(&error, &path))?;
        Ok(Some(sealed))
    }

    /// Which of a blob's first `count` chunks are here.
    pub fn present(&self, id: &Hash, count: usize) -> Vec<bool> {
        let mut present = vec![false; count];
        for entry in fs::read_dir(self.blob(id)).into_iter().flatten().flatten() {
            let index = entry.file_name().to_str().and_then(|name| name.parse::<usize>().ok());
            if let Some(slot) = index.and_then(|index| present.get_mut(index)) {
                *slot = true;
            }
        }
        present
    }

    /// Takes a chunk away: it is not what it should be.
    ///
    /// # Errors
    /// `permission`.
    pub fn discard(&self, id: &Hash, index: usize) -> Result<()> {
        let path = self.blob(id).join(index.to_string());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&error, &path)),
            _ => Ok(()),
        }
    }

    /// Takes a whole blob away.
    ///
    /// # Errors
    /// `permission`.
    pub fn remove(&self, id: &Hash) -> Result<()> {
        remove_folder(&self.blob(id))
    }

    /// Clears away what processes that ended in the middle left behind, and
    /// blobs that nobody knows of.
    ///
    /// # Errors
    /// What `known` returns. What cannot be removed stays for the next time.
    pub fn sweep(&self, now: SystemTime, known: impl Fn(&Hash) -> Result<bool>) -> Result<()> {
        let old = |path: &Path| {
            let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
            changed.is_ok_and(|changed| now.duration_since(changed).is_ok_and(|age| age > ABANDONED))
        };
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if name.starts_with(INCOMING) {
                if old(&path) {
                    discard_quietly(&path);
                }
                continue;
            }
            for blob in fs::read_dir(&path).into_iter().flatten().flatten() {
                let id = format!("{name}{}", blob.file_name().to_string_lossy()).parse::<Hash>();
                if old(&blob.path()) && id.is_ok_and(|id| known(&id).is_ok_and(|known| !known)) {
                    discard_quietly(&blob.path());
                }
            }
        }
        Ok(())
    }
}

/// Chunks of a file that is being added.
#[derive(Debug)]
pub struct Incoming {
    path: Option<PathBuf>,
}

impl Incoming {
    /// Stores the next chunk.
    ///
    /// # Errors
    /// `disk-full` or `permission`.
    pub fn put(&self, index: usize, sealed: &[u8]) -> Result<()> {
        match &self.path {
            Some(path) => write(path, index, sealed),
            None => Err(Error::internal("a file that was settled gets another chunk")),
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            discard_quietly(&path);
        }
    }
}

fn write(folder: &Path, index: usize, sealed: &[u8]) -> Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // Two processes may fetch the same chunk: each writes a file of its own.
    let part = folder.join(format!("{index}.{}-{number}.{PART}", own()));
    let written = (|| {
        let mut file = File::create(&part)?;
        file.write_all(sealed)?;
        file.sync_data()?;
        fs::rename(&part, folder.join(index.to_string()))
    })();
    written.map_err(|error| {
        // What could not be written whole is not left behind, if that can be helped.
        let _left = fs::remove_file(&part);
        failed(&error, folder)
    })
}

/// What no other process has: its own random bytes.
fn own() -> &'static str {
    static OWN: LazyLock<String> = LazyLock::new(|| {
        let bytes: [u8; 8] = random::array(&mut OsRandom);
        data_encoding::HEXLOWER.encode(&bytes)
    });
    &OWN
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| failed(&error, path))
}

fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&error, path)),
        _ => Ok(()),
    }
}

fn discard_quietly(path: &Path) {
    if let Err(error) = remove_folder(path) {
        tracing::warn!(code = ?error.code, "what was left of a file stays for now: {error}");
    }
}

/// A folder's entries are as durable as it was synced; other systems than Unix
/// keep them with the files.
fn sync_folder(path: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| failed(&error, path))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn failed(error: &io::Error, path: &Path) -> Error {
    let (code, message, advice) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            ErrorCode::DiskFull,
            "The disk is full: the file could not be kept.".to_owned(),
            "Free some space and try again; documents and other attachments are intact.",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorCode::Permission,
            "The folder of attachments cannot be written.".to_owned(),
            "Check who owns the data folder and its permissions.",
        ),
        _ => (
            ErrorCode::DiskFull,
            format!("The disk refused to read or write an attachment: {error}."),
            "Check the disk and its free space, then try again.",
        ),
    };
    Error::new(code, message, advice).at(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_has_its_place_and_what_did_not_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let chunks = Chunks::of(folder.path());
        let incoming = chunks.incoming("a").unwrap();
        incoming.put(0, b"one").unwrap();
        incoming.put(1, b"two").unwrap();
        drop(chunks.incoming("a").unwrap());
        let id = Hash([7; 32]);
        chunks.settle(incoming, &id).unwrap();
        assert_eq!(chunks.get(&id, 1).unwrap().unwrap(), b"two");
        assert_eq!(chunks.present(&id, 3), [true, true, false]);
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1);
        chunks.put(&id, 2, b"three").unwrap();
        chunks.discard(&id, 0).unwrap();
        assert_eq!(chunks.present(&id, 3), [false, true, true]);
        chunks.remove(&id).unwrap();
        assert_eq!(chunks.get(&id, 1).unwrap(), None);
    }

    #[test]
    fn only_what_is_old_and_unknown_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let chunks = Chunks::of(folder.path());
        let (known, unknown) = (Hash([1; 32]), Hash([2; 32]));
        let dead = chunks.incoming("dead").unwrap();
        for id in [&known, &unknown] {
            chunks.put(id, 0, b"x").unwrap();
        }
        std::mem::forget(dead);
        let is_known = |id: &Hash| Ok(*id == known);
        chunks.sweep(SystemTime::now(), is_known).unwrap();
        assert_eq!(chunks.present(&unknown, 1), [true]);
        chunks.sweep(SystemTime::now() + ABANDONED * 2, is_known).unwrap();
        assert_eq!((chunks.present(&known, 1), chunks.present(&unknown, 1)), (vec![true], vec![false]));
        assert!(
            fs::read_dir(folder.path().join(FOLDER))
                .unwrap()
                .flatten()
                .all(|entry| { !entry.file_name().to_string_lossy().starts_with(INCOMING) })
        );
    }
}
