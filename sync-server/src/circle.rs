//! Who listens for presence in a workspace, and what is passed on among them.
//! Nothing of it is kept: who is slow misses the oldest messages, and who is
//! not there misses all.

use std::sync::OnceLock;

use axum::body::Bytes;
use tokio::sync::broadcast;

/// Messages that wait for a slow listener before it misses the oldest.
const WAITING: usize = 32;

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The listener that said it, which need not hear it again; 0 for none.
    pub from: u64,
    pub bytes: Bytes,
}

/// The listeners of a workspace. Takes no memory until the first one comes.
#[derive(Default)]
pub struct Circle(OnceLock<broadcast::Sender<Passed>>);

impl Circle {
    /// Joins in: hears what is said from now on.
    pub fn enter(&self) -> broadcast::Receiver<Passed> {
        self.0.get_or_init(|| broadcast::Sender::new(WAITING)).subscribe()
    }

    /// Passes a message on to whoever listens. Never waits.
    pub fn pass(&self, passed: Passed) {
        if let Some(sender) = self.0.get() {
            // Nobody listening is fine.
            let _listeners = sender.send(passed);
        }
    }
}
