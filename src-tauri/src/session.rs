//! The core behind the window: being opened, locked, or open.

use std::path::PathBuf;

use drystone_core::api::{Event, KeySource};
use drystone_core::error::{Error, ErrorCode, Result};
use drystone_core::{App, Config, Unlock};
use serde::Serialize;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::{Mutex, broadcast, watch};
use zeroize::Zeroizing;

use crate::args::Args;

/// The name events reach the page by.
const EVENT: &str = "drystone";

/// The key file in a data folder, where someone chose that in the window.
const KEY_FILE: &str = "drystone.key";

/// One per process: where the data is, and the core once it is open.
pub struct Session {
    data_dir: PathBuf,
    key_file: Option<PathBuf>,
    passphrase: Option<Zeroizing<String>>,
    phase: watch::Sender<Phase>,
    /// One attempt to open at a time.
    attempt: Mutex<()>,
}

#[derive(Clone)]
enum Phase {
    Opening,
    Locked(Option<Error>),
    Open(App),
}

/// What the page is told about the lock.
#[derive(Debug, Serialize)]
pub struct LockState {
    state: &'static str,
    configured: Option<KeySource>,
    problem: Option<Error>,
}

impl Session {
    /// A session that has not opened anything yet.
    pub fn new(args: &Args, passphrase: Option<Zeroizing<String>>) -> Session {
        Session {
            data_dir: args.data_dir(),
            key_file: args.key_file.clone(),
            passphrase,
            phase: watch::Sender::new(Phase::Opening),
            attempt: Mutex::new(()),
        }
    }

    /// The core, once opening has ended; the reason when it is locked.
    pub async fn app(&self) -> Result<App> {
        match self.settled().await {
            Phase::Open(app) => Ok(app),
            Phase::Locked(Some(problem)) => Err(problem),
            Phase::Locked(None) | Phase::Opening => Err(locked()),
        }
    }

    /// The core if it is open at this moment.
    pub fn app_now(&self) -> Option<App> {
        match &*self.phase.borrow() {
            Phase::Open(app) => Some(app.clone()),
            Phase::Opening | Phase::Locked(_) => None,
        }
    }

    /// The core as soon as it is open, however often it takes to unlock it.
    pub async fn app_when_open(&self) -> Option<App> {
        let mut phase = self.phase.subscribe();
        let open = phase.wait_for(|phase| matches!(phase, Phase::Open(_))).await.ok()?;
        match &*open {
            Phase::Open(app) => Some(app.clone()),
            Phase::Opening | Phase::Locked(_) => None,
        }
    }

    /// Whether the data can be read, and how its key is kept.
    pub async fn lock_state(&self) -> LockState {
        let (state, mut problem) = match self.settled().await {
            Phase::Open(_) => ("open", None),
            Phase::Locked(problem) => ("locked", problem),
            Phase::Opening => ("locked", None),
        };
        let configured = App::configured_unlock(&self.data_dir).unwrap_or_else(|error| {
            problem.get_or_insert(error);
            None
        });
        LockState { state, configured, problem }
    }

    /// The key file: named at the start, or the one in the data folder that
    /// the page offers to make. `None` when that one is gone.
    pub fn key_file(&self) -> Result<Option<PathBuf>> {
        let own = self.data_dir.join(KEY_FILE);
        let is_new = self.configured()?.is_none();
        Ok(self.key_file.clone().or_else(|| (is_new || own.is_file()).then_some(own)))
    }

    fn configured(&self) -> Result<Option<KeySource>> {
        App::configured_unlock(&self.data_dir)
    }

    async fn settled(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        match phase.wait_for(|phase| !matches!(phase, Phase::Opening)).await {
            Ok(phase) => phase.clone(),
            Err(_) => Phase::Locked(None),
        }
    }

    /// What the data folder asks for, answered from the arguments; `None`
    /// when someone has to be asked. A new folder does as the arguments say.
    fn first_attempt(&self) -> Result<Option<Unlock>> {
        let key_file = self.key_file.clone().map(Unlock::KeyFile);
        let passphrase = self.passphrase.clone().map(Unlock::Passphrase);
        Ok(match self.configured()? {
            Some(KeySource::Keychain) => key_file.or(Some(Unlock::Keychain)),
            Some(KeySource::Passphrase) => key_file.or(passphrase),
            Some(KeySource::KeyFile) => self.key_file()?.map(Unlock::KeyFile),
            None => key_file.or(passphrase).or(Some(Unlock::Keychain)),
        })
    }
}

/// The first attempt to open the data, by what the window was started with.
pub async fn start(handle: &AppHandle) {
    let session = handle.state::<Session>();
    let result = match session.first_attempt() {
        Ok(Some(unlock)) => open(handle, unlock).await,
        Ok(None) => {
            session.phase.send_replace(Phase::Locked(None));
            return;
        }
        Err(problem) => Err(problem),
    };
    if let Err(problem) = result {
        session.phase.send_replace(Phase::Locked(Some(problem)));
    }
}

/// Opens the data and begins to pass on its events. When it is already open,
/// nothing is done.
pub async fn open(handle: &AppHandle, unlock: Unlock) -> Result<()> {
    let session = handle.state::<Session>();
    let _one = session.attempt.lock().await;
    if session.app_now().is_some() {
        return Ok(());
    }
    let config = Config { data_dir: session.data_dir.clone(), unlock, background_sync: true };
    match App::open(config).await {
        Ok(app) => {
            tauri::async_runtime::spawn(forward(app.subscribe(), handle.clone()));
            session.phase.send_replace(Phase::Open(app));
            Ok(())
        }
        Err(problem) => {
            session.phase.send_replace(Phase::Locked(Some(problem.clone())));
            Err(problem)
        }
    }
}

/// Passes events to the page. One that was missed is reported as such: the
/// page then reads everything again.
async fn forward(mut events: broadcast::Receiver<Event>, handle: AppHandle) {
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(_)) => Event::Lagged {},
            Err(broadcast::error::RecvError::Closed) => return,
        };
        if let Err(error) = handle.emit(EVENT, &event) {
            tracing::warn!("an event did not reach the page: {error}");
        }
    }
}

fn locked() -> Error {
    Error::new(ErrorCode::Keychain, "The documents are locked.", "Unlock them first.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn session(args: &[&str]) -> Session {
        let passphrase = Some(Zeroizing::new("p".to_owned())).filter(|_| args.contains(&"--key-file"));
        Session::new(&Args::parse_from([&["drystone-desktop"], args].concat()), passphrase)
    }

    #[test]
    fn a_key_file_comes_before_everything() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap();
        let session = session(&["--data-dir", data, "--key-file", "k"]);
        assert!(matches!(session.first_attempt(), Ok(Some(Unlock::KeyFile(path))) if path.ends_with("k")));
    }

    #[test]
    fn a_folder_with_a_key_file_asks_for_it_and_not_for_a_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let record = r#"{"version": 1, "source": "keyFile", "check": ""}"#;
        std::fs::write(folder.path().join("unlock.json"), record).unwrap();
        let mut session = session(&["--data-dir", folder.path().to_str().unwrap()]);
        session.passphrase = Some(Zeroizing::new("of another folder".to_owned()));
        assert!(matches!(session.first_attempt(), Ok(None)));
        std::fs::write(folder.path().join(KEY_FILE), "").unwrap();
        assert!(matches!(session.first_attempt(), Ok(Some(Unlock::KeyFile(path))) if path.ends_with(KEY_FILE)));
    }

    #[test]
    fn a_new_folder_tries_the_keychain() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&["--data-dir", folder.path().to_str().unwrap()]);
        assert!(matches!(session.first_attempt(), Ok(Some(Unlock::Keychain))));
    }

    #[tokio::test]
    async fn a_locked_session_says_why() {
        let session = session(&["--data-dir", "nowhere"]);
        session.phase.send_replace(Phase::Locked(Some(Error::new(ErrorCode::WrongKey, "No.", "Yes."))));
        assert_eq!(session.app().await.err().map(|error| error.code), Some(ErrorCode::WrongKey));
        let state = session.lock_state().await;
        assert_eq!((state.state, state.problem.map(|error| error.code)), ("locked", Some(ErrorCode::WrongKey)));
    }
}
