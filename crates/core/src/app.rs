//! The façade: opens a data folder, takes commands, tells what happened. The
//! only place that puts documents, storage and synchronisation together, and
//! the only one that looks at a clock.

mod attachments;
mod checking;
mod compaction;
mod decisions;
mod documents;
mod exporting;
mod housekeeping;
mod importing;
mod lifting;
mod model;
mod model_paths;
mod nearby;
mod open_document;
mod paths;
mod persist;
mod presence;
mod project;
mod proving;
mod recover;
mod sections;
mod sharing;
mod syncing;
mod template;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use drystone_wire::{DocumentHandle, RelayKey};
use serde_json::value::RawValue;
use tokio::sync::{Notify, broadcast};

use crate::api::*;
use crate::command::Request;
use crate::crypto::address::RelayAddress;
use crate::crypto::keys::SigningPair;
use crate::crypto::random::array;
use crate::error::{Error, Result};
use crate::store::Database;
use crate::surroundings::{self, AppRandom, Surroundings};
use crate::sync::client::Client;
use crate::unlock::{self, Unlock};

pub use model::schema;
use open_document::OpenDocument;
pub(crate) use persist::RemoteChanges;

/// Events that wait for a slow subscriber before it is told that it lagged.
const EVENT_QUEUE: usize = 4096;

/// How to open a data folder.
pub struct Config {
    /// The folder; made when it does not exist.
    pub data_dir: PathBuf,
    /// How its database is unlocked.
    pub unlock: Unlock,
    /// Whether to synchronise in the background as long as this is open.
    pub background_sync: bool,
}

/// An open data folder. Clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    data_dir: PathBuf,
    db: Database,
    session: String,
    /// Held as long as this process lives, so that others can tell.
    _alive: File,
    key_source: KeySource,
    events: broadcast::Sender<Event>,
    /// Only simulations have them.
    surroundings: Option<Arc<dyn Surroundings>>,
    outbox: Notify,
    /// Added to this computer's clock; only tests set it.
    clock_shift_ms: AtomicI64,
    documents: Mutex<HashMap<DocumentHandle, Arc<Mutex<OpenDocument>>>>,
    intakes: attachments::Intakes,
    sync: Mutex<Option<syncing::SyncTask>>,
    /// When snapshots are made; only tests change it.
    compaction: compaction::Thresholds,
    housekeeping: Mutex<Option<housekeeping::Housekeeping>>,
    presence: presence::Presence,
    nearby: nearby::Nearby,
}

/// Nothing uses SQLite any more once the last handle is gone: a process that
/// ends then takes OpenSSL down with nobody in it.
impl Drop for Inner {
    fn drop(&mut self) {
        let housekeeping = self.housekeeping.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(housekeeping) = housekeeping {
            housekeeping.stop();
        }
    }
}

impl App {
    /// Opens a data folder, recovers what a crashed process had typed, and
    /// starts to watch for what other processes do.
    ///
    /// # Errors
    /// Says what is wrong with the folder, the key or the database.
    pub async fn open(config: Config) -> Result<App> {
        let background_sync = config.background_sync;
        let open = move || {
            let app = App::open_blocking(config, None)?;
            let housekeeping = housekeeping::start(&app)?;
            *app.0.housekeeping.lock().unwrap_or_else(PoisonError::into_inner) = Some(housekeeping);
            Ok::<App, Error>(app)
        };
        let app = tokio::task::spawn_blocking(open).await.map_err(Error::internal)??;
        if background_sync {
            // Not waited for: nothing depends on it.
            let collecting = app.clone();
            tokio::task::spawn_blocking(move || collecting.collect_all());
            let task = app.start_background_sync();
            *app.0.sync.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
            app.start_presence();
            app.start_nearby();
        }
        Ok(app)
    }

    /// Opens a data folder in replaced surroundings. Nothing runs beside the
    /// commands that are called, neither synchronisation nor housekeeping, so
    /// that what happens depends on them alone.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_in(config: Config, surroundings: Arc<dyn Surroundings>) -> Result<App> {
        let open = move || App::open_blocking(config, Some(surroundings));
        tokio::task::spawn_blocking(open).await.map_err(Error::internal)?
    }

    fn open_blocking(config: Config, surroundings: Option<Arc<dyn Surroundings>>) -> Result<App> {
        let data_dir = config.data_dir;
        make_private_dir(&data_dir)?;
        let key = unlock::database_key(&data_dir, &config.unlock)?;
        unlock::check_database_is_there(&data_dir)?;
        let db = Database::open(&data_dir.join("drystone.db"), &key)?;
        if let Some(surroundings) = &surroundings {
            let surroundings = surroundings.clone();
            db.call_after_commits(Box::new(move || surroundings.committed()));
        }
        let bytes: [u8; 16] = array(&mut AppRandom(surroundings.clone()));
        let session = data_encoding::HEXLOWER.encode(&bytes);
        let alive = recover::announce(&data_dir, &session)?;
        let app = App(Arc::new(Inner {
            key_source: unlock::configured(&data_dir)?.unwrap_or(KeySource::Keychain),
            data_dir,
            db,
            session,
            _alive: alive,
            events: broadcast::channel(EVENT_QUEUE).0,
            surroundings,
            outbox: Notify::new(),
            clock_shift_ms: AtomicI64::new(0),
            documents: Mutex::default(),
            intakes: attachments::Intakes::default(),
            sync: Mutex::default(),
            compaction: compaction::Thresholds::default(),
            housekeeping: Mutex::default(),
            presence: presence::Presence::new(bytes.first_chunk().copied().unwrap_or_default()),
            nearby: nearby::Nearby::default(),
        }));
        let now = app.now_ms();
        let mut random = app.random();
        app.db().write(|tx| sharing::ensure_identity_and_default_workspace(tx, now, "", &mut random).map(|_| ()))?;
        unlock::remember_database(app.data_dir())?;
        app.recover_typing()?;
        app.open_all_carried()?;
        Ok(app)
    }

    /// How the folder's key is kept; `None` when there is nothing there yet.
    ///
    /// # Errors
    /// When the record of it cannot be read.
    pub fn configured_unlock(data_dir: &Path) -> Result<Option<KeySource>> {
        unlock::configured(data_dir)
    }

    /// Everything that happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// Saves everything and stops what runs in the background.
    ///
    /// # Errors
    /// When something could not be saved; it is in the journal then.
    pub async fn close(&self) -> Result<()> {
        self.leave_presence().await;
        self.0.nearby.stop();
        let task = self.0.sync.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(task);
        self.blocking(|app| {
            let housekeeping = app.0.housekeeping.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(housekeeping) = housekeeping {
                housekeeping.stop();
            }
            app.settle_all()?;
            app.db().checkpoint()
        })
        .await
    }

    pub(crate) async fn app_info(&self, _: Empty) -> Result<AppInfo> {
        let user_name = self.db().read(sharing::user_name)?;
        Ok(AppInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            data_dir: self.data_dir().display().to_string(),
            session: self.0.session.clone(),
            user_name,
            key_source: self.0.key_source.clone(),
        })
    }

    pub(crate) async fn doctor(&self, _: Empty) -> Result<Vec<DoctorCheck>> {
        let mut checks = self.blocking(|app| app.doctor_storage()).await?;
        checks.extend(self.doctor_sync().await);
        Ok(checks)
    }

    fn doctor_storage(&self) -> Result<Vec<DoctorCheck>> {
        // A damaged page can end the verification itself: that is a finding too.
        let findings = self.db().verify().unwrap_or_else(|error| vec![error.message]);
        let database = DoctorCheck {
            check: "database.integrity".into(),
            ok: findings.is_empty(),
            detail: if findings.is_empty() { "every page verifies".into() } else { findings.join("; ") },
            advice: (!findings.is_empty()).then(|| "Restore the data folder from a backup.".into()),
        };
        let key = DoctorCheck {
            check: "database.key".into(),
            ok: true,
            detail: match self.0.key_source {
                KeySource::Keychain => "kept in the keychain",
                KeySource::Passphrase => "derived from a passphrase",
                KeySource::KeyFile => "kept in a key file",
            }
            .into(),
            advice: None,
        };
        let typing = match self.db().read(crate::store::journal::sessions) {
            Ok(journal) => {
                let others = journal.iter().filter(|session| **session != self.0.session).count();
                DoctorCheck {
                    check: "journal.recovered".into(),
                    ok: true,
                    detail: format!("{others} other process(es) are typing right now"),
                    advice: None,
                }
            }
            Err(error) => DoctorCheck {
                check: "journal.recovered".into(),
                ok: false,
                detail: error.message,
                advice: Some(error.advice),
            },
        };
        Ok(vec![database, key, typing])
    }

    /// Runs something that blocks, off the async threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || work(&app)).await.map_err(Error::internal)?
    }

    pub(crate) fn db(&self) -> &Database {
        &self.0.db
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// Notified when something waits to be sent, from any process.
    pub(crate) fn outbox_signal(&self) -> &Notify {
        &self.0.outbox
    }

    pub(crate) fn emit(&self, event: Event) {
        // Nobody listening is fine.
        let _listeners = self.0.events.send(event);
    }

    /// Milliseconds since 1970 by this computer's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        let now = surroundings::now_ms(self.0.surroundings.as_ref());
        now.saturating_add_signed(self.0.clock_shift_ms.load(Ordering::Relaxed))
    }

    /// Lives so many milliseconds after this computer's clock, or before it:
    /// lets tests see what happens on another day.
    pub fn shift_clock(&self, milliseconds: i64) {
        self.0.clock_shift_ms.store(milliseconds, Ordering::Relaxed);
    }

    /// 16 random bytes: an actor, a document or a section id.
    pub(crate) fn fresh_id(&self) -> Result<[u8; 16]> {
        let mut id = [0; 16];
        match &self.0.surroundings {
            Some(surroundings) => surroundings.fill(&mut id),
            None => unlock::random(&mut id)?,
        }
        Ok(id)
    }

    /// Where keys and nonces come from.
    pub(crate) fn random(&self) -> AppRandom {
        AppRandom(self.0.surroundings.clone())
    }

    /// Access to a relay, through what this app has for a network.
    pub(crate) fn new_client(
        &self,
        relay: RelayAddress,
        pinned: Option<RelayKey>,
        signer: SigningPair,
        roots: &[u8],
    ) -> Result<Client> {
        match &self.0.surroundings {
            Some(surroundings) => Client::carried_by(surroundings.clone(), relay, pinned, signer),
            None => Client::new(relay, pinned, signer, roots),
        }
    }
}

macro_rules! define_call {
    ($($(#[$doc:meta])* $name:literal $variant:ident $method:ident $args:ty => $reply:ty;)*) => {
        impl App {
            /// Runs a command; the reply is the JSON text of its type.
            ///
            /// # Errors
            /// What the command reports.
            pub async fn call(&self, request: Request) -> Result<Box<RawValue>> {
                match request {
                    $(Request::$variant(args) => {
                        let reply: $reply = self.$method(args).await?;
                        serde_json::value::to_raw_value(&reply).map_err(Error::internal)
                    })*
                }
            }
        }
    };
}
crate::for_each_command!(define_call);

fn make_private_dir(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|error| unlock::cannot_write(path, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
            .map_err(|error| unlock::cannot_write(path, &error))?;
    }
    Ok(())
}

/// A time as the interface gets it: RFC 3339 in UTC.
pub(crate) fn rfc3339(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}
