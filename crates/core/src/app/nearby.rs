//! Devices of one's workspaces on the same local network: they find each other
//! and hand each other what either lacks, without a relay and without the
//! internet. Only when a person has switched it on.

mod finding;
mod talk;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use data_encoding::HEXLOWER;
use drystone_wire::{DeviceKey, WorkspaceId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio::task::JoinHandle;

use self::finding::{Finder, Peers};
use self::talk::Met;
use super::{App, Inner, sharing};
use crate::api::*;
use crate::app::rfc3339;
use crate::crypto::random::{OsRandom, array};
use crate::error::{Error, ErrorCode, Result};
use crate::store::settings;
use crate::store::sharing::workspaces;

/// What the setting reads when it is on.
const ON: &str = "on";
/// Devices that are answered at once.
const ANSWERED: usize = 8;
/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// After something was written here, others nearby get it within this time.
const PAUSE: Duration = Duration::from_millis(700);
/// Others nearby are asked at least this often.
const LOOK: Duration = Duration::from_secs(30);
/// The announcement is renewed this often: tags change with the day.
const RENEW: Duration = Duration::from_secs(60 * 60);

/// What runs while it is on.
#[derive(Default)]
pub(super) struct Nearby {
    state: Mutex<State>,
    /// Notified when it was switched on or off here.
    changed: Notify,
}

#[derive(Default)]
struct State {
    task: Option<Running>,
    /// When each device was met last in each workspace, milliseconds since 1970.
    met: BTreeMap<(WorkspaceId, DeviceKey), u64>,
    /// How many devices of one's workspaces are announced now.
    found: usize,
    problem: Option<Error>,
}

/// Ends with its handle.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Nearby {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody nearby is talked to any more.
    pub fn stop(&self) {
        self.state().task = None;
    }
}

impl App {
    pub(crate) async fn nearby_set(&self, args: SetNearby) -> Result<NearbyStatus> {
        if let Some(on) = args.on {
            let value = if on { ON } else { "off" };
            self.blocking(move |app| app.db().write(|tx| settings::put(tx, settings::NEARBY, value))).await?;
            self.0.nearby.changed.notify_one();
        }
        self.blocking(|app| app.nearby_status()).await
    }

    fn is_nearby_on(&self) -> Result<bool> {
        Ok(self.db().read(|conn| settings::get(conn, settings::NEARBY))?.as_deref() == Some(ON))
    }

    /// Looks for others from now on, whenever it is switched on.
    pub(super) fn start_nearby(&self) {
        let task = tokio::spawn(supervise(Arc::downgrade(&self.0)));
        self.0.nearby.state().task = Some(Running(task));
    }

    fn nearby_status(&self) -> Result<NearbyStatus> {
        if !self.is_nearby_on()? {
            return Ok(NearbyStatus { on: false, found: 0, devices: Vec::new(), problem: None });
        }
        let (met, found, problem) = {
            let state = self.0.nearby.state();
            (state.met.clone(), state.found, state.problem.clone())
        };
        let devices = self.db().read(|conn| {
            let mut devices = Vec::new();
            for ((workspace, device), at) in met {
                let Some(row) = workspaces::find(conn, &workspace)? else { continue };
                devices.push(NearbyDevice {
                    workspace: row.name,
                    member: sharing::author_name(conn, &workspace, &device)?,
                    device: device.to_string(),
                    met: rfc3339(at),
                });
            }
            Ok(devices)
        })?;
        Ok(NearbyStatus { on: true, found: found as u32, devices, problem })
    }

    fn note_nearby(&self, result: Result<Met>) {
        match result {
            Ok(met) => {
                tracing::debug!(received = met.received, sent = met.sent, "met a device nearby");
                self.0.nearby.state().met.insert((met.workspace, met.device), self.now_ms());
                if met.received > 0 {
                    self.emit(Event::WorkspacesChanged {});
                    self.outbox_signal().notify_one();
                }
            }
            Err(error) => tracing::debug!(code = ?error.code, "a device nearby was not met: {error}"),
        }
    }

    /// Connects to a device at an address and exchanges what either lacks, in one workspace.
    ///
    /// # Errors
    /// When it cannot be reached, or is no device of the workspace.
    pub async fn meet_at(&self, workspace: &str, addresses: &[SocketAddr]) -> Result<bool> {
        let id: WorkspaceId = workspace.parse().map_err(|_| Error::internal("not a workspace"))?;
        let mut last = None;
        for address in addresses {
            match tokio::time::timeout(CONNECTING, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let met = self.meet_nearby(id, stream).await?;
                    let changed = met.received > 0 || met.sent;
                    self.note_nearby(Ok(met));
                    return Ok(changed);
                }
                Ok(Err(error)) => last = Some(error.to_string()),
                Err(_) => last = Some("it does not answer".into()),
            }
        }
        Err(Error::new(
            ErrorCode::Unreachable,
            format!("The device nearby cannot be reached: {}.", last.unwrap_or_default()),
            "Check that its firewall lets Drystone be reached.",
        ))
    }

    /// Answers devices that connect, for as long as the listener lives.
    ///
    /// # Errors
    /// When nothing can be accepted any more.
    pub async fn answer_at(&self, listener: &TcpListener) -> Result<()> {
        let turns = Arc::new(Semaphore::new(ANSWERED));
        loop {
            let (stream, _) = listener.accept().await.map_err(Error::internal)?;
            // More than a few at once are closed: they come again.
            let Ok(turn) = turns.clone().try_acquire_owned() else { continue };
            let app = self.clone();
            tokio::spawn(async move {
                let result = app.answer_nearby(stream).await;
                app.note_nearby(result);
                drop(turn);
            });
        }
    }
}

/// Looks for others as long as the app is open and it is switched on; one
/// process of a data folder does.
async fn supervise(app: Weak<Inner>) {
    loop {
        let Some(inner) = app.upgrade() else { return };
        let this = App(inner);
        if this.is_nearby_on().unwrap_or_default() {
            let problem = run(&this).await.err();
            if let Some(problem) = &problem {
                tracing::info!(code = ?problem.code, "devices nearby are not looked for: {problem}");
            }
            let mut state = this.0.nearby.state();
            (state.found, state.problem) = (0, problem);
            state.met.clear();
        }
        // Another process may switch it on: the setting is looked at now and then.
        let _signal = tokio::time::timeout(LOOK, this.0.nearby.changed.notified()).await;
    }
}

async fn run(app: &App) -> Result<()> {
    let _lock = alone(app)?;
    let listener = listen().await?;
    let port = listener.local_addr().map_err(Error::internal)?.port();
    let name = format!("drystone-{}", HEXLOWER.encode(&array::<8>(&mut OsRandom)));
    let finder = Finder::start(name, port)?;
    app.0.nearby.state().problem = None;
    let mut events = app.subscribe();
    let mut peers = Peers::new();
    let mut renew = tokio::time::interval(RENEW);
    let mut look = tokio::time::interval(LOOK);
    // On its own, so that two who call each other at once both get an answer.
    let answerer = app.clone();
    let _answering = Running(tokio::spawn(async move {
        if let Err(error) = answerer.answer_at(&listener).await {
            tracing::info!(code = ?error.code, "devices nearby are not answered: {error}");
        }
    }));
    loop {
        let due = tokio::select! {
            found = finder.events.recv_async() => {
                let Ok(event) = found else { return Err(Error::internal("multicast DNS ended")) };
                let before = peers.clone();
                finder.note(event, &mut peers);
                peers != before
            }
            heard = events.recv() => {
                if !is_news(&heard) {
                    continue;
                }
                tokio::time::sleep(PAUSE).await;
                events = events.resubscribe();
                true
            }
            _ = renew.tick() => {
                let workspaces = app.blocking(|app| app.nearby_workspaces()).await?;
                finder.announce(&workspaces, app.now_ms())?;
                false
            }
            _ = look.tick() => true,
            () = app.0.nearby.changed.notified() => true,
        };
        if !app.is_nearby_on()? {
            return Ok(());
        }
        if due {
            meet_all(app, &peers).await;
        }
    }
}

/// Whether something may have been written that others lack.
fn is_news(event: &std::result::Result<Event, broadcast::error::RecvError>) -> bool {
    match event {
        Ok(event) => matches!(event, Event::SyncChanged { .. } | Event::WorkspacesChanged {}),
        Err(_) => true,
    }
}

async fn meet_all(app: &App, peers: &Peers) {
    let Ok(workspaces) = app.blocking(|app| app.nearby_workspaces()).await else { return };
    let now_ms = app.now_ms();
    let mut found = 0;
    for peer in peers.values() {
        for id in workspaces.iter().filter(|id| peer.is_in(id, now_ms)) {
            found += 1;
            if let Err(error) = app.meet_at(&id.to_string(), &peer.addresses).await {
                app.note_nearby(Err(error));
            }
        }
    }
    app.0.nearby.state().found = found;
}

/// Other processes on the same folder leave it to the first.
fn alone(app: &App) -> Result<File> {
    let path = app.data_dir().join("nearby.lock");
    let lock = File::create(&path).map_err(|error| crate::unlock::cannot_write(&path, &error))?;
    lock.try_lock().map_err(|_| {
        Error::new(
            ErrorCode::Busy,
            "Another Drystone process of this data folder looks for devices nearby.",
            "It does so for this one too.",
        )
    })?;
    Ok(lock)
}

async fn listen() -> Result<TcpListener> {
    let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    match TcpListener::bind(any).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind("0.0.0.0:0").await.map_err(|error| {
            Error::new(
                ErrorCode::Permission,
                format!("Devices nearby cannot be answered: {error}."),
                "Check the network settings of this computer.",
            )
        }),
    }
}
