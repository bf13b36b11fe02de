//! Starting, running and stopping.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::config::Config;
use crate::connection::{self, Door};
use crate::error::Fatal;
use crate::metrics::Metrics;
use crate::routes;
use crate::state::Relay;
use crate::storage::chunks::Chunks;
use crate::storage::folder::Folder;
use crate::storage::sqlite::{self, admin, read::Readers, snapshots};
use crate::storage::writer::{Ended, Writer};
use crate::storage::{Quotas, StoreError, WorkspaceQuotas};

/// How long requests at work may take to finish once the relay stops.
const FINISH_TIME: Duration = Duration::from_secs(6);
/// How long the writer may take after that.
const CLOSE_TIME: Duration = Duration::from_secs(2);

/// Runs the relay until it is told to stop.
pub async fn run(config: Config) -> Result<(), Fatal> {
    // Held until the end: the folder is unlocked when this goes.
    let folder = Folder::open(&config.data)?;
    folder.check_whole()?;
    let (relay, mut ended) = open(config, &folder)?;
    // Before anyone can know that it runs, so that no signal comes too early.
    let stop_asked = stop_signal();
    let public = bind(relay.config.listen).await?;
    let admin = match relay.config.admin_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let tls = relay.config.tls.as_ref().map(|(cert, key)| connection::tls(cert, key)).transpose()?;
    warn_of_plain_text(&relay.config);
    let scheme = if tls.is_some() { "https" } else { "http" };
    announce("listening", scheme, &public)?;
    relay.tasks.spawn(relay.clone().administrate());
    let router = routes::public(relay.clone());
    let accepting = tokio::spawn(Door { listener: public, tls, router, relay: relay.clone() }.run());
    if let Some(listener) = admin {
        announce("admin", "http", &listener)?;
        let router = routes::admin(relay.clone());
        tokio::spawn(Door { listener, tls: None, router, relay: relay.clone() }.run());
    }
    tokio::select! {
        signal = stop_asked => tracing::info!(signal, "stopping"),
        result = &mut ended => return Err(store_failed(result.unwrap_or(Err(StoreError::Stopping)))),
    }
    relay.draining.cancel();
    tokio::time::sleep(relay.config.drain).await;
    relay.stopping.cancel();
    // It ends by itself at once; an error could only say that it ended before.
    let _ = accepting.await;
    stop(&relay, ended).await
}

/// Opens the store and puts the relay together.
pub fn open(config: Config, folder: &Folder) -> Result<(Arc<Relay>, Ended), Fatal> {
    let key = folder.signing_key()?;
    let relay_key = drystone_wire::RelayKey(key.verifying_key().to_bytes());
    let connection = sqlite::open(&folder.private_database()?, &relay_key, config.limits.max_store_bytes)?;
    let each = WorkspaceQuotas {
        bytes: config.limits.workspace_bytes,
        entries: config.limits.workspace_entries,
        devices: config.limits.workspace_devices,
        attachments: config.limits.workspace_attachments,
    };
    admin::set_defaults(&connection, &each)
        .and_then(|()| snapshots::set_grace(&connection, config.limits.compaction_grace_ms))
        .map_err(|error| store_failed(Err(error)))?;
    let quotas = Quotas { workspaces: config.limits.max_workspaces, each };
    let chunks = Chunks::of(&config.data);
    chunks.tidy().map_err(|error| store_failed(Err(StoreError::from(error))))?;
    let metrics = Arc::new(Metrics::new());
    let (writer, ended) = Writer::start(connection, chunks.clone(), quotas, config.limits.write_queue, metrics.clone())
        .map_err(|error| {
            Fatal::Input(format!("the writing thread cannot start: {error}; raise the limit of threads"))
        })?;
    let mut challenge_key = [0; 32];
    getrandom::fill(&mut challenge_key)
        .map_err(|error| Fatal::Input(format!("the operating system gives no randomness: {error}")))?;
    let readers = Readers::new(folder.database());
    tracing::info!(data = %config.data.display(), relay_key = %relay_key, version = env!("CARGO_PKG_VERSION"), "started");
    Ok((Arc::new(Relay::new(config, key, challenge_key, readers, writer, chunks, metrics)), ended))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Fatal> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another program has this port: stop it, or choose another with --listen",
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a privilege: choose a higher one, or a proxy"
            }
            _ => "choose an address of this machine with --listen ADDR:PORT",
        };
        Fatal::Input(format!("cannot listen on {address}: {error}; {hint}"))
    })
}

/// One line on standard output that people and programs read.
fn announce(what: &str, scheme: &str, listener: &TcpListener) -> Result<(), Fatal> {
    let address =
        listener.local_addr().map_err(|error| Fatal::Input(format!("the listener has no address: {error}")))?;
    // With nobody to read it, the relay works all the same.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "drystone-relay {what} on {scheme}://{address}").and_then(|()| out.flush());
    Ok(())
}

fn warn_of_plain_text(config: &Config) {
    let exposed = !config.listen.ip().is_loopback();
    if exposed && config.tls.is_none() && config.trusted_proxies.is_empty() {
        tracing::warn!(
            "listening beyond this machine without TLS: contents stay sealed, but tokens and who talks when do not. \
             Give --tls-cert and --tls-key, or put a proxy in front and name it with --trusted-proxy"
        );
    }
}

fn store_failed(result: Result<(), StoreError>) -> Fatal {
    let cause = result.err().map_or_else(|| "it ended".to_string(), |error| error.to_string());
    Fatal::Integrity(format!(
        "the store failed ({cause}). What the last writes did is unknown, so the relay stops here; the next start reads \
         the database anew, and devices send again what was not confirmed. Check the disk if this comes again"
    ))
}

/// Lets what is at work finish, then closes the store.
async fn stop(relay: &Relay, ended: Ended) -> Result<(), Fatal> {
    relay.tasks.close();
    if tokio::time::timeout(FINISH_TIME, relay.tasks.wait()).await.is_err() {
        tracing::warn!(left = relay.tasks.len(), "some connections did not finish in time and are cut");
    }
    relay.readers.close();
    relay.writer.close().await;
    match tokio::time::timeout(CLOSE_TIME, ended).await {
        Ok(Ok(Ok(()))) => tracing::info!("stopped"),
        Ok(Ok(Err(error))) => return Err(store_failed(Err(error))),
        Ok(Err(_)) | Err(_) => tracing::warn!("the store did not close in time; what was confirmed is on disk"),
    }
    Ok(())
}

/// Takes over the signals at once; the future resolves when one comes.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = &'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
            tracing::warn!("signals cannot be handled; the relay stops only when it is killed");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> &'static str {
    // An error means that there is no console to stop it from.
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    "Ctrl-C"
}
