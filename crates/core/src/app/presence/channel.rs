//! The way to others: one WebSocket to each relay of the documents that pages
//! of this process show, open for as long as they do.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use drystone_wire::{RelayKey, WorkspaceId, limits};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{App, Inner};
use crate::crypto::address::RelayAddress;
use crate::crypto::presence::{self as sealed, Content};
use crate::crypto::random::{OsRandom, Random, array};
use crate::error::Result;
use crate::store::sharing::{self as store, workspaces};
use crate::sync::client::{Attendance, Client};
use crate::sync::request::{Failure, FailureKind};

/// How often to look who left, and which relays are needed.
const LOOK: Duration = Duration::from_secs(1);
/// Between two messages of this process; the last state is always said.
const PAUSE: Duration = Duration::from_millis(100);
/// The same where there is no WebSocket and each message is a request.
const POST_PAUSE: Duration = Duration::from_secs(2);
/// What has not changed is said again this often, three times in a life.
const HEARTBEAT: Duration = Duration::from_secs(limits::PRESENCE_SECONDS / 3);
/// Who is new is answered within this time, not by all in the same moment.
const ANSWER: Duration = Duration::from_millis(200);
/// A relay is attended for so long after the last page has left.
const LINGER: Duration = Duration::from_secs(20);
/// The first and the longest wait between two tries.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Before a relay that knows no presence is asked again.
const UNKNOWN_THERE: Duration = Duration::from_secs(300);

/// A task that ends with its handle.
pub(super) struct Owned(JoinHandle<()>);

impl Owned {
    pub fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Owned {
        Owned(tokio::spawn(task))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A relay that is attended.
struct Attended {
    workspaces: Vec<WorkspaceId>,
    client: Arc<Client>,
    _task: Owned,
}

/// The relays and workspaces that pages of this process need.
type Needed = HashMap<RelayAddress, (RelayKey, Vec<WorkspaceId>)>;

/// Starts the task that looks after all of them.
pub(super) fn start(app: &App) -> Owned {
    Owned::spawn(supervise(Arc::downgrade(&app.0)))
}

async fn supervise(app: Weak<Inner>) {
    let mut attended: HashMap<RelayAddress, Attended> = HashMap::new();
    let mut lingering: HashMap<WorkspaceId, Instant> = HashMap::new();
    loop {
        let Some(inner) = app.upgrade() else { return };
        let this = App(inner);
        let kept = lingering;
        let looked = this.blocking(move |app| app.needed(kept)).await;
        lingering = match looked {
            Ok((needed, lingering)) => {
                attend(&this, &mut attended, needed);
                lingering
            }
            Err(error) => {
                tracing::debug!(code = ?error.code, "presence waits: {error}");
                HashMap::new()
            }
        };
        // Running out of time is as good as a signal.
        let _signal = tokio::time::timeout(LOOK, this.0.presence.pages.notified()).await;
    }
}

/// Starts and stops tasks as they are needed.
fn attend(app: &App, attended: &mut HashMap<RelayAddress, Attended>, needed: Needed) {
    attended.retain(|relay, _| needed.contains_key(relay));
    for (relay, (key, workspaces)) in needed {
        let Ok(client) = app.client(&relay, Some(key)) else { continue };
        let same = attended
            .get(&relay)
            .is_some_and(|known| known.workspaces == workspaces && Arc::ptr_eq(&known.client, &client));
        if !same {
            let voice = Voice {
                app: Arc::downgrade(&app.0),
                client: client.clone(),
                workspaces: workspaces.clone(),
                said: HashMap::new(),
            };
            let task = Owned::spawn(voice.run(app.0.presence.moved.subscribe()));
            attended.insert(relay, Attended { workspaces, client, _task: task });
        }
    }
}

impl App {
    /// Which relays are needed now; workspaces that the last page left a moment
    /// ago still are. Lets go who was silent.
    fn needed(&self, mut lingering: HashMap<WorkspaceId, Instant>) -> Result<(Needed, HashMap<WorkspaceId, Instant>)> {
        let now = Instant::now();
        {
            let mut state = self.0.presence.state();
            state.pages.retain(|_, page| now.duration_since(page.seen) <= super::LIFE + LINGER);
            lingering.extend(state.pages.values().map(|page| (page.workspace, now)));
        }
        lingering.retain(|_, left| now.duration_since(*left) <= LINGER);
        let mut needed = Needed::new();
        if lingering.is_empty() {
            self.let_go(&[])?;
            return Ok((needed, lingering));
        }
        let rows = self.db().read(workspaces::all)?;
        let met = rows.into_iter().filter(|row| lingering.contains_key(&row.id) && row.relay_key != RelayKey::ZERO);
        for row in met {
            let Some(relay) = row.relay else { continue };
            let (_, list) = needed.entry(relay).or_insert((row.relay_key, Vec::new()));
            if list.len() < limits::LISTEN_WORKSPACES {
                list.push(row.id);
            }
        }
        let all: Vec<WorkspaceId> = needed.values().flat_map(|(_, list)| list.iter().copied()).collect();
        self.let_go(&all)?;
        Ok((needed, lingering))
    }

    /// Seals what is new to say in these workspaces, or due again. Notes what
    /// was said.
    fn words(
        &self,
        workspaces: &[WorkspaceId],
        said: &mut HashMap<WorkspaceId, (Content, Instant)>,
        now_ms: u64,
    ) -> Result<Vec<(WorkspaceId, Vec<u8>)>> {
        let (shown, own) = (self.presence_shown()?, self.db().read(store::own)?);
        let now = Instant::now();
        let mut words = Vec::new();
        for workspace in workspaces {
            let presence = &self.0.presence;
            let content = if shown { presence.state().content(workspace, now) } else { Content::of(Vec::new()) };
            let answer = presence.state().answers.remove(workspace);
            let last = said.get(workspace);
            let there = !content.places.is_empty();
            let news = last.map_or(there, |(last, _)| *last != content);
            let due = there && (answer || last.is_none_or(|(_, at)| now.duration_since(*at) >= HEARTBEAT));
            if !news && !due {
                continue;
            }
            let circle = self.circle(workspace)?;
            let epoch = circle.roster.epoch;
            // Without the key, or after a removal, there is nobody to tell.
            let key = circle.keys.get(&epoch).filter(|_| super::is_member(&circle, &own.identity.device_key()));
            let Some(key) = key else { continue };
            let number = presence.number.fetch_add(1, Ordering::Relaxed) + 1;
            let speaker =
                sealed::Speaker { workspace: *workspace, session: presence.session, number, time_ms: now_ms, epoch };
            let message = sealed::seal(&speaker, &content, key, own.identity.device(), &mut OsRandom)
                .map_err(crate::error::Error::internal)?;
            words.push((*workspace, message.to_bytes()));
            said.insert(*workspace, (content, now));
        }
        Ok(words)
    }
}

/// What this process says and hears at one relay.
struct Voice {
    app: Weak<Inner>,
    client: Arc<Client>,
    workspaces: Vec<WorkspaceId>,
    said: HashMap<WorkspaceId, (Content, Instant)>,
}

/// Why a conversation ended.
enum End {
    /// The app is gone.
    App,
    /// The connection is.
    Connection,
}

impl Voice {
    async fn run(mut self, mut moved: watch::Receiver<()>) {
        let mut failures = 0;
        loop {
            let wait = match self.client.attend(&self.workspaces).await {
                Ok(mut socket) => {
                    failures = 0;
                    // Others may have missed what was said before.
                    self.said.clear();
                    match self.converse(&mut socket, &mut moved).await {
                        End::App => return,
                        End::Connection => retry_wait(0),
                    }
                }
                Err(Failure { kind: FailureKind::NotFound, .. }) => UNKNOWN_THERE,
                Err(failure) => {
                    failures += 1;
                    retry_wait(failures).max(Duration::from_millis(failure.retry_after_ms.unwrap_or(0)))
                }
            };
            // Without a WebSocket one is at least seen.
            if matches!(self.post(wait, &mut moved).await, End::App) {
                return;
            }
        }
    }

    /// Says what is new and hears others, until the connection ends.
    async fn converse(&mut self, socket: &mut Attendance, moved: &mut watch::Receiver<()>) -> End {
        let mut look = tokio::time::interval(LOOK);
        let mut spoke = Instant::now();
        let mut due = Some(spoke);
        loop {
            let speak = async {
                match due {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = moved.changed() => match changed {
                    Ok(()) => due = due.or(Some(spoke + PAUSE)),
                    Err(_) => return End::App,
                },
                () = speak => {
                    (due, spoke) = (None, Instant::now());
                    let Some(words) = self.words().await else { return End::App };
                    for (_, message) in words {
                        if socket.say(message).await.is_err() {
                            return End::Connection;
                        }
                    }
                    if self.note().is_none() {
                        return End::App;
                    }
                }
                message = socket.next() => match message {
                    Err(_) => return End::Connection,
                    Ok(message) => match self.hear(message).await {
                        None => return End::App,
                        Some(true) => due = due.or(Some(Instant::now() + ANSWER.mul_f64(fraction()))),
                        Some(false) => {}
                    },
                },
                // Says again what is due, and hears again what can be understood now.
                _ = look.tick() => {
                    if self.hear_again().await.is_none() {
                        return End::App;
                    }
                    due = due.or(Some(spoke + PAUSE));
                }
            }
        }
    }

    /// Says what is new by requests for a while.
    async fn post(&mut self, wait: Duration, moved: &mut watch::Receiver<()>) -> End {
        let until = Instant::now() + wait;
        while Instant::now() < until {
            let Some(words) = self.words().await else { return End::App };
            for (workspace, message) in words {
                if self.client.say(&workspace, message).await.is_err() {
                    self.said.remove(&workspace);
                }
            }
            if self.note().is_none() {
                return End::App;
            }
            tokio::time::sleep(POST_PAUSE.min(wait)).await;
            // The time is up, or something moved: both are reasons to look.
            let left = until.saturating_duration_since(Instant::now()).min(HEARTBEAT);
            if let Ok(Err(_)) = tokio::time::timeout(left, moved.changed()).await {
                return End::App;
            }
        }
        End::Connection
    }

    /// What there is to say now; nothing once the app is gone.
    async fn words(&mut self) -> Option<Vec<(WorkspaceId, Vec<u8>)>> {
        let app = App(self.app.upgrade()?);
        let (workspaces, mut said) = (self.workspaces.clone(), std::mem::take(&mut self.said));
        let now_ms = self.now_ms(&app);
        let work = move |app: &App| {
            let words = app.words(&workspaces, &mut said, now_ms);
            Ok((words, said))
        };
        let words = match app.blocking(work).await {
            Ok((words, said)) => {
                self.said = said;
                words
            }
            Err(error) => Err(error),
        };
        Some(words.unwrap_or_else(|error| {
            tracing::debug!(code = ?error.code, "where one is cannot be said: {error}");
            Vec::new()
        }))
    }

    /// Notes where others were told that this process is there.
    fn note(&self) -> Option<()> {
        let app = App(self.app.upgrade()?);
        let mut state = app.0.presence.state();
        for workspace in &self.workspaces {
            if self.said.get(workspace).is_some_and(|(content, _)| !content.places.is_empty()) {
                state.told.insert(*workspace);
            } else {
                state.told.remove(workspace);
            }
        }
        Some(())
    }

    /// Whether a message is to be answered; nothing once the app is gone.
    async fn hear(&self, message: Vec<u8>) -> Option<bool> {
        let app = App(self.app.upgrade()?);
        let (workspaces, now_ms) = (self.workspaces.clone(), self.now_ms(&app));
        let heard = app.blocking(move |app| app.hear_presence(&message, &workspaces, now_ms)).await;
        Some(heard.unwrap_or_else(|error| {
            tracing::debug!(code = ?error.code, "a presence message cannot be taken in: {error}");
            false
        }))
    }

    /// The same for what could not be understood before.
    async fn hear_again(&self) -> Option<()> {
        let app = App(self.app.upgrade()?);
        let (workspaces, now_ms) = (self.workspaces.clone(), self.now_ms(&app));
        if let Err(error) = app.blocking(move |app| app.hear_again(&workspaces, now_ms)).await {
            tracing::debug!(code = ?error.code, "presence messages cannot be taken in: {error}");
        }
        Some(())
    }

    /// This computer's clock, corrected by the relay's.
    fn now_ms(&self, app: &App) -> u64 {
        app.now_ms().saturating_add_signed(self.client.clock_offset_ms().unwrap_or(0))
    }
}

fn retry_wait(failures: u32) -> Duration {
    let (first, longest) = RETRY;
    let wait = first.saturating_mul(1 << failures.min(10)).min(longest);
    wait / 2 + (wait / 2).mul_f64(fraction())
}

/// Somewhere between 0 and 1.
fn fraction() -> f64 {
    let random = u32::from_le_bytes(array(&mut OsRandom as &mut dyn Random));
    f64::from(random) / f64::from(u32::MAX)
}
