//! A person of a simulation: a device, its app, and what was acknowledged.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use drystone_core::{App, Config, Unlock};

use super::air::{Air, Line};
use super::dice::Dice;
use super::{copy_files, folder};
use crate::Device;

/// A word that somebody wrote, and the app said it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The document.
    pub document: String,
    /// The word; there is no other like it.
    pub text: String,
    /// Whether the app said that the relay has it.
    pub stored: bool,
}

/// Somebody with one device.
pub struct Person {
    /// Their name.
    pub name: String,
    /// Whether they are a member as far as the world knows.
    pub member: bool,
    /// What they wrote and must be there.
    pub words: Vec<Word>,
    /// A backup of their folder, and how many words were in it.
    backup: Option<(Arc<tempfile::TempDir>, usize)>,
    device: Option<Device>,
    line: Arc<Line>,
    air: Arc<Air>,
    seed: u64,
    who: usize,
    starts: u64,
}

impl Person {
    /// Somebody with an empty device.
    pub async fn new(seed: u64, who: usize, name: &str, air: &Arc<Air>) -> Person {
        let line = Line::new(who, air, folder().path().to_path_buf(), Dice::new(seed, 0), None);
        let mut person = Person {
            name: name.into(),
            member: true,
            words: vec![],
            backup: None,
            device: None,
            line: Arc::new(line),
            air: air.clone(),
            seed,
            who,
            starts: 0,
        };
        person.open(folder()).await;
        person
    }

    /// The same person's device once more, from a copy of its folder: a clone.
    pub async fn clone_device(&self, who: usize) -> Person {
        let line = Line::new(who, &self.air, self.device().folder().to_path_buf(), Dice::new(self.seed, 0), None);
        let mut clone = Person {
            name: self.name.clone(),
            member: true,
            words: vec![],
            backup: None,
            device: None,
            line: Arc::new(line),
            air: self.air.clone(),
            seed: self.seed,
            who,
            starts: 0,
        };
        clone.open(copy_files(self.device().folder())).await;
        clone
    }

    /// The device; the app is open.
    pub fn device(&self) -> &Device {
        self.device.as_ref().unwrap()
    }

    /// The end of its line.
    pub fn line(&self) -> &Line {
        &self.line
    }

    async fn open(&mut self, folder: tempfile::TempDir) {
        self.starts += 1;
        let random = Dice::new(self.seed, 1_000 * (self.who as u64 + 1) + self.starts);
        let line = Line::new(self.who, &self.air, folder.path().to_path_buf(), random, Some(&self.line));
        self.line = Arc::new(line);
        let app = open_app(folder.path(), self.line.clone()).await;
        self.device = Some(Device::of(folder, app));
    }

    /// The process is gone without warning; what it had committed is there.
    pub async fn restart(&mut self) {
        let remains = self.line.remains().unwrap_or_else(|| copy_files(self.device().folder()));
        self.device = None;
        self.open(remains).await;
    }

    /// If the device has died meanwhile, it starts again. Returns whether it had.
    pub async fn revive(&mut self) -> bool {
        let dead = self.line.is_dead();
        if dead {
            self.restart().await;
        }
        dead
    }

    /// Makes a copy of the folder to go back to.
    pub fn back_up(&mut self) {
        self.backup = Some((Arc::new(copy_files(self.device().folder())), self.words.len()));
    }

    /// Goes back to the copy. What was written since and did not reach the
    /// relay is gone. Returns whether there was one.
    pub async fn restore(&mut self) -> bool {
        let Some((backup, words)) = self.backup.clone() else { return false };
        let mut index = 0;
        self.words.retain(|word| {
            index += 1;
            index <= words || word.stored
        });
        self.device = None;
        self.open(copy_files(backup.path())).await;
        true
    }

    /// Notes that the relay has everything written until now.
    pub fn all_stored(&mut self) {
        self.words.iter_mut().for_each(|word| word.stored = true);
    }

    /// Whether the relay can be reached.
    pub fn is_cut(&self) -> bool {
        self.line.cut.load(Ordering::SeqCst)
    }
}

async fn open_app(folder: &Path, line: Arc<Line>) -> App {
    let unlock = Unlock::KeyFile(folder.join("key"));
    let config = Config { data_dir: folder.to_path_buf(), unlock, background_sync: false };
    App::open_in(config, line).await.unwrap()
}
