//! The relay of a simulation: the real one, on a folder, without sockets. It
//! crashes, comes back, and is restored from backups.

use std::path::{Path, PathBuf};

use drystone_core::crypto::keys::{Secret, SigningPair};
use drystone_relay::embedded::{Embedded, back_up, restore_into};

use super::air::{Letter, Reply};
use super::{copy_files, folder};

/// A relay and its folder.
pub struct Post {
    folder: tempfile::TempDir,
    relay: Option<Embedded>,
    /// The backup of last week.
    backup: Option<tempfile::TempDir>,
}

impl Post {
    /// A new relay.
    pub fn new() -> Post {
        let mut post = Post { folder: folder(), relay: None, backup: None };
        post.start();
        post
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The relay's key, as who runs it has it.
    pub fn key(&self) -> SigningPair {
        let text = std::fs::read_to_string(self.data().join("relay.key")).unwrap();
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(&text.trim()[at..at + 2], 16).unwrap());
        SigningPair::new(&Secret::new(bytes.collect::<Vec<u8>>().try_into().unwrap()))
    }

    fn start(&mut self) {
        // What was confirmed by two snapshots is deleted when the relay next cleans up.
        self.relay = Some(Embedded::open_with_grace(&self.data(), Some(0)).unwrap());
    }

    /// Removes what is due, as a relay does every few seconds.
    pub async fn clean_up(&self) {
        self.relay.as_ref().unwrap().collect().await;
    }

    /// Answers a request.
    pub async fn answer(&self, letter: &Letter) -> Reply {
        let reply = self.relay.as_ref().unwrap().answer(letter.request()).await.unwrap();
        let (parts, body) = reply.into_parts();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Dies and comes back with what it had on disk.
    pub fn crash(&mut self) {
        let copy = folder();
        let files = copy_files(&self.data());
        copy_folder(&self.data().join("blobs"), &files.path().join("blobs"));
        std::fs::rename(files.path(), copy.path().join("data")).unwrap();
        // Its folder has moved and is removed with the copy's.
        let _moved = files.keep();
        self.relay = None;
        self.folder = copy;
        self.start();
    }

    /// Makes a backup, as its operator does.
    pub fn back_up(&mut self) {
        let kept = folder();
        back_up(&self.data(), &kept.path().join("relay.backup")).unwrap();
        self.backup = Some(kept);
    }

    /// Is lost, and restored from its backup. Returns whether there was one.
    pub fn restore(&mut self) -> bool {
        let Some(backup) = &self.backup else { return false };
        let fresh = folder();
        self.relay = None;
        restore_into(&fresh.path().join("data"), &backup.path().join("relay.backup")).unwrap();
        self.folder = fresh;
        self.start();
        true
    }
}

/// Copies contents of snapshots and attachments, which lie beside the database.
fn copy_folder(from: &Path, to: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    std::fs::create_dir_all(to).unwrap();
    for entry in entries {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

impl Default for Post {
    fn default() -> Self {
        Post::new()
    }
}
