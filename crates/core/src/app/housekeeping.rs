//! One thread that settles typing after a pause and notices what other
//! processes on the same data folder commit.

use std::sync::{Arc, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use drystone_wire::DocumentHandle;

use super::persist::lock;
use super::{App, Inner};
use crate::api::Event;
use crate::error::{Error, Result};
use crate::store::changes;

/// How often to look.
const TICK: Duration = Duration::from_millis(60);
/// Typing becomes a change after a pause of this length …
const PAUSE: Duration = Duration::from_millis(300);
/// … and at the latest when it is this old, so that others see it within a second.
const OLDEST: Duration = Duration::from_millis(700);
/// Loaded documents that nobody has touched for this long are dropped.
const IDLE: Duration = Duration::from_secs(300);

/// The thread. It is waited for when the app closes or is let go, so that
/// nothing uses SQLite any more while the process ends.
pub(super) struct Housekeeping {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Housekeeping {
    /// Ends the thread and waits for it, unless it is the one that asks: it may
    /// have held the app last.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.thread().id() == std::thread::current().id() {
            return;
        }
        // A panic in it has been reported by the panic hook.
        let _ended = self.thread.join();
    }
}

/// Starts the thread; it ends with the app.
pub(super) fn start(app: &App) -> Result<Housekeeping> {
    let watcher = app.db().watcher()?;
    let (_, newest) = app.db().read(|conn| changes::touched_since(conn, 0))?;
    let weak = Arc::downgrade(&app.0);
    let (stop, stopped) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("drystone-watch".into())
        .spawn(move || run(&weak, &watcher, newest, &stopped))
        .map_err(Error::internal)?;
    Ok(Housekeeping { stop, thread })
}

fn run(weak: &Weak<Inner>, watcher: &rusqlite::Connection, mut newest: i64, stopped: &mpsc::Receiver<()>) {
    let mut version = data_version(watcher);
    // The sender is dropped to stop; nothing is ever sent.
    while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
        let Some(inner) = weak.upgrade() else { return };
        let app = App(inner);
        app.settle_due();
        let now = data_version(watcher);
        if now != version {
            version = now;
            newest = app.notice(newest);
        }
    }
}

/// Changes whenever another connection has committed, in any process.
fn data_version(watcher: &rusqlite::Connection) -> i64 {
    watcher.query_row("PRAGMA data_version", [], |row| row.get(0)).unwrap_or(0)
}

impl App {
    fn settle_due(&self) {
        for open in self.all_open() {
            // Someone who is typing right now settles later.
            let Ok(mut open) = open.try_lock() else { continue };
            let due = open
                .typing
                .as_ref()
                .is_some_and(|typing| typing.last.elapsed() >= PAUSE || typing.since.elapsed() >= OLDEST);
            let retry = open.typing.is_none() && !open.unsaved.is_empty();
            if due || retry {
                if let Err(error) = self.settle(&mut open) {
                    // Still durable in the journal; tried again at the next tick.
                    tracing::warn!(code = ?error.code, "typing is not settled yet: {error}");
                } else {
                    self.emit(Event::LibraryChanged {});
                }
            } else if open.typing.is_none() && open.document.is_some() && open.last_used.elapsed() > IDLE {
                open.forget();
            }
        }
    }

    /// Takes in what was committed after `newest` and returns how far it came.
    fn notice(&self, newest: i64) -> i64 {
        self.outbox_signal().notify_one();
        let Ok((touched, last)) = self.db().read(|conn| changes::touched_since(conn, newest)) else { return newest };
        if touched.is_empty() {
            return newest;
        }
        for open in self.all_open() {
            let mut open = lock(&open);
            // What this process committed itself is already in: typing goes on.
            let newer = self.db().read(|conn| changes::last(conn, &open.id.0)).unwrap_or(i64::MAX) > open.seen;
            if !touched.contains(&open.id.0) || !newer {
                continue;
            }
            if let Err(error) = self.settle(&mut open).and_then(|()| self.catch_up(&mut open)) {
                tracing::warn!(code = ?error.code, "changes of another process are not taken in yet: {error}");
                return newest;
            }
        }
        self.library_touched(&touched.into_iter().map(DocumentHandle).collect::<Vec<_>>());
        last
    }

    pub(super) fn touch(open: &mut super::OpenDocument) {
        open.last_used = Instant::now();
    }
}
