//! Synchronisation in the background, as long as the app is open: one task a
//! workspace, one listener a relay, and one that looks after them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use drystone_wire::{RelayKey, WorkspaceId, limits};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::SyncLock;
use super::rounds::Rounds;
use crate::app::attachments::Transfers;
use crate::app::{App, Inner};
use crate::crypto::address::RelayAddress;
use crate::crypto::random::{OsRandom, Random, array};
use crate::error::Result;
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::store::sharing::{outbox, requests};
use crate::sync::client::Client;
use crate::sync::engine::{Action, Engine, Event, Failed, Outcome, Step};

/// How often to look for what other processes ask, when nothing says so.
const LOOK: Duration = Duration::from_millis(400);
/// News of one workspace that wait for its task.
const QUEUE: usize = 64;
/// Subscribers hear of one workspace this often at most.
const ANNOUNCE_PAUSE: Duration = Duration::from_millis(200);
/// After so many WebSockets failed in a row, long polls take over for a while.
const SOCKET_TRIES: u32 = 3;
/// The first and the longest wait between two tries to listen.
const LISTEN_WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Without news of the membership chores run this often.
const CHORES_EVERY: Duration = Duration::from_secs(10 * 60);
/// Relays to which connections are kept.
const CLIENTS: usize = 16;
/// Long polls in a row before a WebSocket is tried again.
const POLLS: u32 = 10;

/// What a workspace's task is told.
enum News {
    /// Something was written here.
    Changed,
    /// The relay has got to this position and membership.
    Wake { position: u64, membership: u64 },
    /// Wake-ups arrive, or no longer.
    Listening(bool),
    /// A round is wanted; say when it has ended.
    Round(oneshot::Sender<()>),
}

/// What an open app keeps for synchronisation: connections, and the background
/// task if there is one, which ends when this is dropped.
#[derive(Default)]
pub(crate) struct SyncTask {
    pub(super) clients: Clients,
    _task: Option<Owned>,
}

impl SyncTask {
    pub(super) fn start(app: &App) -> SyncTask {
        let task = Owned(tokio::spawn(supervise(Arc::downgrade(&app.0))));
        SyncTask { clients: Clients::default(), _task: Some(task) }
    }
}

/// Access to relays, kept so that connections and tokens serve more than once.
#[derive(Default)]
pub(super) struct Clients(Vec<KnownClient>);

/// Address, pinned key, certificate authorities, and the access they made.
type KnownClient = (RelayAddress, Option<RelayKey>, Vec<u8>, Arc<Client>);

/// A workspace to listen for, where its news goes, and through what.
type Wanted = (WorkspaceId, mpsc::Sender<News>, Arc<Client>);

impl Clients {
    /// The access to a relay with this key and these authorities.
    pub fn get(
        &mut self,
        relay: &RelayAddress,
        pinned: Option<RelayKey>,
        roots: &[u8],
        make: impl FnOnce() -> Result<Client>,
    ) -> Result<Arc<Client>> {
        let known = self.0.iter().find(|known| known.0 == *relay && known.1 == pinned && known.2 == roots);
        if let Some((_, _, _, client)) = known {
            return Ok(client.clone());
        }
        let client = Arc::new(make()?);
        if self.0.len() >= CLIENTS {
            self.0.remove(0);
        }
        self.0.push((relay.clone(), pinned, roots.to_vec(), client.clone()));
        Ok(client)
    }
}

/// A task that ends with its handle.
struct Owned(JoinHandle<()>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Running {
    relay: RelayAddress,
    client: Arc<Client>,
    news: mpsc::Sender<News>,
    newest: i64,
    _task: Owned,
}

struct Listening {
    workspaces: Vec<WorkspaceId>,
    client: Arc<Client>,
    _task: Owned,
}

#[derive(Default)]
struct Supervisor {
    running: HashMap<WorkspaceId, Running>,
    listening: HashMap<RelayAddress, Listening>,
    /// The last request that was passed on.
    request: u64,
}

async fn supervise(app: Weak<Inner>) {
    let mut lock = None;
    let mut supervisor = Supervisor::default();
    loop {
        // Held for one look at a time, so that this does not keep the app open.
        let Some(inner) = app.upgrade() else { return };
        let this = App(inner);
        if lock.is_none() {
            lock = SyncLock::acquire(this.data_dir()).unwrap_or_default();
        }
        if lock.is_some()
            && let Err(error) = supervisor.look(&this).await
        {
            tracing::warn!(code = ?error.code, "synchronisation waits: {error}");
        }
        // Running out of time is as good as a signal.
        let _signal = tokio::time::timeout(LOOK, this.outbox_signal().notified()).await;
    }
}

impl Supervisor {
    /// Starts and stops tasks as the workspaces' relays say, tells them of
    /// local changes, and passes on what other processes ask.
    async fn look(&mut self, app: &App) -> Result<()> {
        let (rows, requested) = app
            .blocking(|app| {
                app.db().read(|conn| {
                    let mut rows = Vec::new();
                    for row in workspaces::all(conn)?.into_iter().filter(|row| row.relay.is_some()) {
                        let newest = outbox::newest(conn, &row.id)?;
                        rows.push((row, newest));
                    }
                    let (requested, served) = requests::standing(conn)?;
                    Ok((rows, (requested > served).then_some(requested)))
                })
            })
            .await?;
        self.running.retain(|id, running| {
            rows.iter().any(|(row, _)| {
                row.id == *id && row.relay.as_ref() == Some(&running.relay) && is_key_of(&running.client, row)
            })
        });
        for (row, newest) in &rows {
            self.attend(app, row, *newest)?;
        }
        self.listen();
        if let Some(requested) = requested.filter(|requested| *requested > self.request) {
            self.request = requested;
            self.pass_on(app, requested);
        }
        Ok(())
    }

    fn attend(&mut self, app: &App, row: &WorkspaceRow, newest: i64) -> Result<()> {
        if let Some(running) = self.running.get_mut(&row.id) {
            if newest > running.newest {
                running.newest = newest;
                // A full queue has news enough to start a round.
                let _full = running.news.try_send(News::Changed);
            }
            return Ok(());
        }
        let Some(relay) = row.relay.clone() else { return Ok(()) };
        let shared = self.running.values().find(|other| other.relay == relay && is_key_of(&other.client, row));
        let client = match shared {
            Some(other) => other.client.clone(),
            None => {
                let pinned = (row.relay_key != RelayKey::ZERO).then_some(row.relay_key);
                app.client(&relay, pinned)?
            }
        };
        let rounds = Rounds::new(app, row, client.clone())?;
        let (news, receiver) = mpsc::channel(QUEUE);
        let task = Workspace::new(Arc::downgrade(&app.0), rounds, receiver, row);
        let task = Owned(tokio::spawn(task.run()));
        self.running.insert(row.id, Running { relay, client, news, newest, _task: task });
        Ok(())
    }

    /// One listener a relay, for all its workspaces.
    fn listen(&mut self) {
        let mut wanted: HashMap<RelayAddress, Vec<Wanted>> = HashMap::new();
        for (id, running) in &self.running {
            let list = wanted.entry(running.relay.clone()).or_default();
            if list.len() < limits::LISTEN_WORKSPACES {
                list.push((*id, running.news.clone(), running.client.clone()));
            }
        }
        self.listening.retain(|relay, _| wanted.contains_key(relay));
        for (relay, mut list) in wanted {
            list.sort_by_key(|(id, _, _)| *id);
            let ids: Vec<WorkspaceId> = list.iter().map(|(id, _, _)| *id).collect();
            let client = list[0].2.clone();
            let same = self
                .listening
                .get(&relay)
                .is_some_and(|known| known.workspaces == ids && Arc::ptr_eq(&known.client, &client));
            if same {
                continue;
            }
            let targets = list.into_iter().map(|(id, news, _)| (id, news)).collect();
            let task = Owned(tokio::spawn(hear(client.clone(), targets)));
            self.listening.insert(relay, Listening { workspaces: ids, client, _task: task });
        }
    }

    /// Asks every task for a round and notes when all have ended.
    fn pass_on(&self, app: &App, requested: u64) {
        let targets: Vec<mpsc::Sender<News>> = self.running.values().map(|running| running.news.clone()).collect();
        let app = Arc::downgrade(&app.0);
        tokio::spawn(async move {
            let mut ends = Vec::new();
            for news in targets {
                let (sender, receiver) = oneshot::channel();
                if news.send(News::Round(sender)).await.is_ok() {
                    ends.push(receiver);
                }
            }
            for end in ends {
                // A task that ended has nothing more to exchange.
                let _ended = end.await;
            }
            let Some(inner) = app.upgrade() else { return };
            let written = App(inner).blocking(move |app| app.db().write(|tx| requests::served(tx, requested))).await;
            if let Err(error) = written {
                tracing::warn!(code = ?error.code, "a round's end is not noted: {error}");
            }
        });
    }
}

fn is_key_of(client: &Client, row: &WorkspaceRow) -> bool {
    row.relay_key == RelayKey::ZERO || client.relay_key().is_none_or(|known| known == row.relay_key)
}

/// One workspace's task.
struct Workspace {
    app: Weak<Inner>,
    rounds: Rounds,
    news: mpsc::Receiver<News>,
    engine: Engine,
    /// What the relay is known to hold, so that old wake-ups start nothing.
    position: u64,
    membership: u64,
    waiters: Vec<oneshot::Sender<()>>,
    /// When chores ran last, and with how many membership records.
    chores: Option<(Instant, u64)>,
    announced: Option<Instant>,
    announce_due: bool,
    /// Files go and come after text.
    transfers: Transfers,
}

type StepEnd = (Step, std::result::Result<Outcome, Failed>);

impl Workspace {
    fn new(app: Weak<Inner>, rounds: Rounds, news: mpsc::Receiver<News>, row: &WorkspaceRow) -> Self {
        let transfers = Transfers::start(app.clone(), row.id, rounds.client());
        Workspace {
            app,
            rounds,
            news,
            engine: Engine::default(),
            position: row.cursor.position,
            membership: 0,
            waiters: Vec::new(),
            chores: None,
            announced: None,
            announce_due: true,
            transfers,
        }
    }

    async fn run(mut self) {
        let (ends, mut ended) = mpsc::channel::<StepEnd>(1);
        let mut actions = self.event(Event::Tick);
        loop {
            while let Some(action) = actions.pop() {
                match action {
                    Action::Run(step) => self.start(step, ends.clone()),
                    Action::Ended(result) => self.end(result).await,
                }
            }
            let wake = self.next_wake();
            let event = tokio::select! {
                end = ended.recv() => end.map(|(step, result)| Event::Finished(step, result)),
                news = self.news.recv() => match news {
                    Some(news) => self.hear(news),
                    None => return,
                },
                () = tokio::time::sleep(wake) => Some(Event::Tick),
            };
            self.announce_if_due().await;
            if self.app.strong_count() == 0 {
                return;
            }
            if let Some(event) = event {
                actions = self.event(event);
            }
        }
    }

    fn now_ms(&self) -> u64 {
        self.app.upgrade().map_or(0, |inner| App(inner).now_ms())
    }

    fn event(&mut self, event: Event) -> Vec<Action> {
        let now = self.now_ms();
        self.engine.handle(now, &mut OsRandom, event)
    }

    fn start(&mut self, step: Step, ends: mpsc::Sender<StepEnd>) {
        self.announce_due = true;
        let (app, rounds) = (self.app.clone(), self.rounds.clone());
        tokio::spawn(async move {
            let Some(inner) = app.upgrade() else { return };
            let result = rounds.step_for_engine(&App(inner), step).await;
            // The task that waits may have ended with the app.
            let _gone = ends.send((step, result)).await;
        });
    }

    async fn end(&mut self, result: std::result::Result<(), Failed>) {
        let Some(inner) = self.app.upgrade() else { return };
        let app = App(inner);
        if let Err(error) = self.rounds.record_end(&app, result, self.engine.next_ms()).await {
            tracing::warn!(code = ?error.code, "the end of a round is not noted: {error}");
        }
        if result.is_ok() && self.chores_are_due() {
            // Not waited for: what it posts comes back as news.
            let (app, id) = (Arc::downgrade(&app.0), *self.rounds.workspace());
            tokio::spawn(async move {
                let Some(inner) = app.upgrade() else { return };
                App(inner).chores_of(&id).await;
            });
        }
        if result.is_ok() {
            self.transfers.nudge(!self.waiters.is_empty());
        }
        for waiter in self.waiters.drain(..) {
            // Whoever asked may no longer wait.
            let _gone = waiter.send(());
        }
        self.announce_due = true;
    }

    /// Chores read the whole membership, which is not for every pause in typing.
    fn chores_are_due(&mut self) -> bool {
        let position = self.rounds.membership_position();
        let done = self.chores.is_some_and(|(at, known)| known == position && at.elapsed() < CHORES_EVERY);
        if !done {
            self.chores = Some((Instant::now(), position));
        }
        !done
    }

    fn hear(&mut self, news: News) -> Option<Event> {
        match news {
            News::Changed => {
                self.announce_due = true;
                Some(Event::Changed)
            }
            News::Listening(on) => Some(Event::Listening(on)),
            News::Round(waiter) => {
                self.waiters.push(waiter);
                Some(Event::Hint)
            }
            News::Wake { position, membership } => {
                let app = App(self.app.upgrade()?);
                let row = app.db().read(|conn| workspaces::get(conn, self.rounds.workspace())).ok()?;
                let new = position > row.cursor.position || (membership > self.membership && self.membership > 0);
                self.position = self.position.max(position);
                self.membership = self.membership.max(membership);
                new.then_some(Event::Hint)
            }
        }
    }

    fn next_wake(&self) -> Duration {
        let round = match self.engine.next_ms() {
            Some(at) => Duration::from_millis(at.saturating_sub(self.now_ms())),
            None => Duration::from_secs(60),
        };
        let announce = match self.announced {
            _ if !self.announce_due => return round,
            Some(at) => ANNOUNCE_PAUSE.saturating_sub(at.elapsed()),
            None => Duration::ZERO,
        };
        round.min(announce)
    }

    async fn announce_if_due(&mut self) {
        let rested = self.announced.is_none_or(|at| at.elapsed() >= ANNOUNCE_PAUSE);
        if !self.announce_due || !rested {
            return;
        }
        let Some(inner) = self.app.upgrade() else { return };
        self.announce_due = false;
        self.announced = Some(Instant::now());
        if let Err(error) = self.rounds.announce(&App(inner), self.engine.is_running()).await {
            tracing::warn!(code = ?error.code, "the state of synchronisation is not known: {error}");
        }
    }
}

/// Listens to one relay for several workspaces, for as long as they have it.
async fn hear(client: Arc<Client>, targets: Vec<(WorkspaceId, mpsc::Sender<News>)>) {
    let ids: Vec<WorkspaceId> = targets.iter().map(|(id, _)| *id).collect();
    let mut failures = 0u32;
    loop {
        if let Ok(mut listener) = client.listen(&ids).await {
            failures = 0;
            tell_all(&targets, true).await;
            while let Ok(wake) = listener.next().await {
                if let Some((_, news)) = targets.iter().find(|(id, _)| *id == wake.workspace) {
                    // A full queue has news enough to start a round.
                    let _full = news.try_send(News::Wake { position: wake.position, membership: wake.membership });
                }
            }
            tell_all(&targets, false).await;
        }
        failures += 1;
        if failures >= SOCKET_TRIES {
            poll(&client, &targets).await;
        } else {
            tokio::time::sleep(listen_wait(failures)).await;
        }
    }
}

async fn tell_all(targets: &[(WorkspaceId, mpsc::Sender<News>)], listening: bool) {
    for (_, news) in targets {
        // A task that has ended needs no news.
        let _ended = news.send(News::Listening(listening)).await;
    }
}

fn listen_wait(failures: u32) -> Duration {
    let (first, longest) = LISTEN_WAIT;
    let wait = first.saturating_mul(1 << failures.min(10)).min(longest);
    let random = u32::from_le_bytes(array(&mut OsRandom as &mut dyn Random));
    wait / 2 + (wait / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Long polls for every workspace, for networks that let no WebSocket through.
async fn poll(client: &Arc<Client>, targets: &[(WorkspaceId, mpsc::Sender<News>)]) {
    let mut polls = tokio::task::JoinSet::new();
    for (id, news) in targets {
        let (client, id, news) = (client.clone(), *id, news.clone());
        polls.spawn(async move {
            let (mut position, mut membership) = (0, 0);
            for failures in 1..=POLLS {
                match client.wait(&id, position, membership).await {
                    Ok(head) => {
                        (position, membership) = (head.position, head.membership);
                        // A full queue has news enough to start a round.
                        let _full = news.try_send(News::Wake { position, membership });
                    }
                    Err(_) => tokio::time::sleep(listen_wait(failures)).await,
                }
            }
        });
    }
    while polls.join_next().await.is_some() {}
}
