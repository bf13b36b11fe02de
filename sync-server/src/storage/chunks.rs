//! Chunks of attachments: one file each, in a folder for each blob, in one for
//! each workspace, beside the database. A name is there only with all of its bytes.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use drystone_wire::{Hash, WorkspaceId};

use super::folder::{make_private_folder, private_file, sync_folder};

const FOLDER: &str = "blobs";
/// Files on their way; what is left here by a crash is removed at the next start.
const UNFINISHED: &str = "unfinished";

/// The chunks of one data folder.
#[derive(Debug, Clone)]
pub struct Chunks {
    root: PathBuf,
    written: Arc<AtomicU64>,
}

impl Chunks {
    /// Those of a data folder; nothing is made before the first one is stored.
    pub fn of(data: &Path) -> Chunks {
        Chunks { root: data.join(FOLDER), written: Arc::default() }
    }

    fn blob(&self, workspace: &WorkspaceId, blob: &Hash) -> PathBuf {
        self.root.join(workspace.to_string()).join(blob.to_string())
    }

    fn chunk(&self, workspace: &WorkspaceId, blob: &Hash, index: usize) -> PathBuf {
        self.blob(workspace, blob).join(index.to_string())
    }

    /// Stores a chunk, durably before this returns: written aside, synced, renamed, and the name synced.
    pub fn put(&self, workspace: &WorkspaceId, blob: &Hash, index: usize, bytes: &[u8]) -> io::Result<()> {
        let path = self.chunk(workspace, blob, index);
        // What is there is compared: storing it again mends a chunk that a disk has changed.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        let unfinished = self.root.join(UNFINISHED);
        let folder = self.blob(workspace, blob);
        make_private_folder(&unfinished)?;
        make_private_folder(&folder)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = unfinished.join(format!("{}-{number}", std::process::id()));
        let mut file = private_file(&aside)?;
        let stored = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&aside, &path));
        if let Err(error) = stored {
            // A full disk is no less full for a leftover.
            let _ = fs::remove_file(&aside);
            return Err(error);
        }
        // The chunk's own name, then those of the folders on the way that may be new.
        for folder in folder.ancestors().take_while(|it| it.starts_with(&self.root)) {
            sync_folder(folder)?;
        }
        self.root.parent().map_or(Ok(()), sync_folder)
    }

    /// A chunk's bytes, if it is there.
    pub fn get(&self, workspace: &WorkspaceId, blob: &Hash, index: usize) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.chunk(workspace, blob, index)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Which of so many chunks are there, as in [`drystone_wire::blob::BlobState`].
    pub fn present(&self, workspace: &WorkspaceId, blob: &Hash, count: usize) -> Vec<u8> {
        let mut bits = vec![0_u8; count.div_ceil(8)];
        for index in 0..count {
            if self.chunk(workspace, blob, index).exists() {
                bits[index / 8] |= 1 << (index % 8);
            }
        }
        bits
    }

    /// Removes a blob's chunks.
    pub fn remove(&self, workspace: &WorkspaceId, blob: &Hash) -> io::Result<()> {
        removed(&self.blob(workspace, blob))
    }

    /// Removes all of a workspace's chunks.
    pub fn remove_workspace(&self, workspace: &WorkspaceId) -> io::Result<()> {
        removed(&self.root.join(workspace.to_string()))
    }

    /// Removes everything, for a restore that begins anew.
    pub fn remove_all(&self) -> io::Result<()> {
        removed(&self.root)
    }

    /// Removes what a crash left unfinished. Only who holds the folder's lock may.
    pub fn tidy(&self) -> io::Result<()> {
        removed(&self.root.join(UNFINISHED))
    }
}

fn removed(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    // On the way out of a folder that is itself being removed there is nothing left to sync.
    match folder.parent().map(File::open) {
        Some(Ok(parent)) => parent.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: WorkspaceId = WorkspaceId([1; 32]);
    const BLOB: Hash = Hash([2; 32]);

    #[test]
    fn chunks_are_there_whole_or_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let chunks = Chunks::of(home.path());
        assert_eq!(chunks.get(&WORKSPACE, &BLOB, 0).unwrap(), None);
        chunks.put(&WORKSPACE, &BLOB, 9, b"nine").unwrap();
        chunks.put(&WORKSPACE, &BLOB, 0, b"zero").unwrap();
        chunks.put(&WORKSPACE, &BLOB, 0, b"zero").unwrap();
        assert_eq!(chunks.get(&WORKSPACE, &BLOB, 9).unwrap().unwrap(), b"nine");
        assert_eq!(chunks.present(&WORKSPACE, &BLOB, 10), [1, 2]);
        let unfinished = home.path().join(FOLDER).join(UNFINISHED);
        assert_eq!(fs::read_dir(&unfinished).unwrap().count(), 0);
        fs::write(unfinished.join("1-1"), "half").unwrap();
        chunks.tidy().unwrap();
        assert!(!unfinished.exists());
        chunks.remove(&WORKSPACE, &BLOB).unwrap();
        chunks.remove(&WORKSPACE, &BLOB).unwrap();
        assert_eq!(chunks.present(&WORKSPACE, &BLOB, 10), [0, 0]);
        chunks.put(&WORKSPACE, &BLOB, 1, b"one").unwrap();
        chunks.remove_workspace(&WORKSPACE).unwrap();
        assert_eq!(chunks.get(&WORKSPACE, &BLOB, 1).unwrap(), None);
    }
}
