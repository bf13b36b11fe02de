//! While somebody else is in a document, what is typed there becomes a change
//! at once instead of after a pause: they see it letter by letter. Alone,
//! typing is collected as ever, which makes documents load faster.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use drystone_wire::DocumentHandle;
use tokio::sync::Notify;

use super::super::persist::lock;
use super::channel::Owned;
use crate::api::Event;
use crate::app::{App, Inner};

/// Between two changes that are made of somebody's typing.
const PAUSE: Duration = Duration::from_millis(80);
/// Making a change takes longer in a long document: then this many times as long.
const SHARE: u32 = 2;
/// The library is told of typing this often at most.
const LIBRARY_PAUSE: Duration = Duration::from_millis(700);

/// How long the app is held while nothing happens.
const LOOK: Duration = Duration::from_millis(400);

/// What waits to be done after edits.
#[derive(Default)]
pub(super) struct Live {
    signal: Notify,
    due: Mutex<Due>,
    runs: AtomicBool,
}

#[derive(Default)]
struct Due {
    /// Documents in which something was typed.
    typed: BTreeSet<DocumentHandle>,
    /// Documents in which a caret can perhaps be found now.
    carets: BTreeSet<DocumentHandle>,
    /// Whether the library is to be told.
    library: bool,
}

/// Starts the task that does it.
pub(super) fn start(app: &App) -> Owned {
    app.0.presence.live.runs.store(true, Ordering::Release);
    Owned::spawn(run(Arc::downgrade(&app.0)))
}

async fn run(app: Weak<Inner>) {
    // When the next change of a document may be made.
    let mut earliest: HashMap<DocumentHandle, Instant> = HashMap::new();
    let mut told = Instant::now();
    loop {
        let Some(inner) = app.upgrade() else { return };
        let this = App(inner);
        let now = Instant::now();
        let due = this.0.presence.live.take(now, &earliest, now.duration_since(told) >= LIBRARY_PAUSE);
        earliest.retain(|_, at| *at > now);
        if due.library {
            told = now;
            this.emit(Event::LibraryChanged {});
        }
        if !due.carets.is_empty() || !due.typed.is_empty() {
            let work = move |app: &App| Ok(app.follow_edits(due));
            earliest.extend(this.blocking(work).await.unwrap_or_default());
        }
        let waiting = this.0.presence.live.waits();
        drop(this);
        wait(&app, waiting, &earliest, told).await;
    }
}

/// Waits until there is something to do that may be done.
async fn wait(app: &Weak<Inner>, waiting: (bool, bool), earliest: &HashMap<DocumentHandle, Instant>, told: Instant) {
    let (typed, library) = waiting;
    let next = earliest.values().min().copied().filter(|_| typed);
    let next = next.into_iter().chain(library.then(|| told + LIBRARY_PAUSE)).min();
    let Some(signal) = app.upgrade() else { return };
    let until = next.unwrap_or_else(|| Instant::now() + LOOK);
    // Running out of time is as good as a signal. The app is held no longer than that.
    let _signal = tokio::time::timeout_at(until.into(), signal.presence.live.signal.notified()).await;
}

impl Live {
    fn due(&self) -> std::sync::MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be done now.
    fn take(&self, now: Instant, earliest: &HashMap<DocumentHandle, Instant>, library: bool) -> Due {
        let mut due = self.due();
        let ready = |id: &DocumentHandle| earliest.get(id).is_none_or(|at| *at <= now);
        let typed = due.typed.iter().copied().filter(ready).collect();
        due.typed.retain(|id| !ready(id));
        let library = library && std::mem::take(&mut due.library);
        Due { typed, carets: std::mem::take(&mut due.carets), library }
    }

    /// Whether typing and the library wait for their time.
    fn waits(&self) -> (bool, bool) {
        let due = self.due();
        (!due.typed.is_empty(), due.library)
    }
}

impl App {
    /// To be called after typing, which is durable in the journal then.
    pub(in crate::app) fn typed(&self, document: DocumentHandle) {
        let live = &self.0.presence.live;
        if live.runs.load(Ordering::Acquire) && self.has_company(document) {
            live.due().typed.insert(document);
            live.signal.notify_one();
        }
    }

    /// To be called after changes of others came in, while the documents are
    /// held; `small` when nothing but texts and fields changed.
    pub(in crate::app) fn arrived(&self, documents: &[DocumentHandle], small: bool) {
        let live = &self.0.presence.live;
        let carets = self.0.presence.state().people.waiting(documents);
        if !carets.is_empty() {
            live.due().carets.extend(carets);
            live.signal.notify_one();
        }
        if small { self.library_touched(documents) } else { self.emit(Event::LibraryChanged {}) }
    }

    /// Tells the library that documents have changed: at once, or, where people
    /// write in company and it would be told with every letter, now and then.
    pub(in crate::app) fn library_touched(&self, documents: &[DocumentHandle]) {
        let live = &self.0.presence.live;
        let company = || documents.iter().all(|document| self.has_company(*document));
        if live.runs.load(Ordering::Acquire) && company() {
            live.due().library = true;
            live.signal.notify_one();
        } else {
            self.emit(Event::LibraryChanged {});
        }
    }

    /// Makes changes of what was typed and finds carets again. Returns when the
    /// next changes may be made.
    fn follow_edits(&self, due: Due) -> Vec<(DocumentHandle, Instant)> {
        self.tell_presence(due.carets);
        let mut earliest = Vec::with_capacity(due.typed.len());
        for id in due.typed {
            let mut began = Instant::now();
            let settled = self.open_document(id).and_then(|open| {
                let mut open = lock(&open);
                // Waiting for somebody else's turn is not what making a change takes.
                began = Instant::now();
                self.settle(&mut open)
            });
            match settled {
                Ok(()) => self.0.presence.live.due().library = true,
                // Still durable in the journal; housekeeping tries again.
                Err(error) => tracing::warn!(code = ?error.code, "typing is not settled yet: {error}"),
            }
            earliest.push((id, began + PAUSE.max(began.elapsed() * SHARE)));
        }
        earliest
    }
}
