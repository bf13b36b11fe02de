//! The relay inside another program, without sockets: what simulations run.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use tower::ServiceExt;

use crate::admin::{Store, backup, restore};
use crate::config::{Config, Options};
use crate::routes::{self, Peer};
use crate::serve;
use crate::state::Relay;
use crate::storage::folder::Folder;

pub use axum::http;

/// The longest reply that is read, in bytes.
const REPLY_BYTES: usize = 64 << 20;

/// A relay on a data folder, with everything but connections. Dropping it is a
/// crash: what it confirmed is on disk.
pub struct Embedded {
    relay: Arc<Relay>,
    router: Router,
    /// Locked as long as this lives.
    _folder: Folder,
}

impl Embedded {
    /// Opens a data folder, or makes it.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn open(data: &Path) -> Result<Embedded, String> {
        Embedded::open_with_grace(data, None)
    }

    /// The same with another grace of compaction, in seconds.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn open_with_grace(data: &Path, grace: Option<u64>) -> Result<Embedded, String> {
        let options = Options { data: Some(data.to_path_buf()), compaction_grace: grace, ..unlimited() };
        let config = Config::from_options(options, None).map_err(|fatal| fatal.to_string())?;
        let folder = Folder::open(data).map_err(|fatal| fatal.to_string())?;
        folder.check_whole().map_err(|fatal| fatal.to_string())?;
        let (relay, _ended) = serve::open(config, &folder).map_err(|fatal| fatal.to_string())?;
        Ok(Embedded { router: routes::public(relay.clone()), relay, _folder: folder })
    }

    /// Answers one request as the relay answers it over a connection.
    ///
    /// # Errors
    /// When the reply's body cannot be read.
    pub async fn answer(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, String> {
        let mut request = request.map(Body::from);
        request.extensions_mut().insert(Peer(SocketAddr::from((Ipv4Addr::LOCALHOST, 7410))));
        let reply = match self.router.clone().oneshot(request).await {
            Ok(reply) => reply,
            Err(never) => match never {},
        };
        let (parts, body) = reply.into_parts();
        let bytes = axum::body::to_bytes(body, REPLY_BYTES).await.map_err(|error| error.to_string())?;
        Ok(http::Response::from_parts(parts, bytes.to_vec()))
    }

    /// Removes what is due, as a relay that runs does now and then.
    pub async fn collect(&self) {
        self.relay.collect().await;
    }

    /// Stops it with everything on disk and lets go of the folder.
    pub async fn close(self) {
        self.relay.readers.close();
        self.relay.writer.close().await;
    }
}

/// All limits that come from one address are off: all devices come from one.
fn unlimited() -> Options {
    Options {
        address_rate: Some(0),
        anonymous_rate: Some(0),
        device_rate: Some(0),
        account_rate: Some(0),
        create_rate: Some(0),
        ..Options::default()
    }
}

/// Makes a backup of a data folder as `drystone-relay backup` does.
///
/// # Errors
/// What went wrong, in words.
pub fn back_up(data: &Path, file: &Path) -> Result<(), String> {
    let store = Store::open(data.to_path_buf()).map_err(|fault| fault.to_string())?;
    backup::write(&store, file).map(|_| ()).map_err(|fault| fault.to_string())
}

/// Restores a backup into an empty folder as `drystone-relay restore` does.
///
/// # Errors
/// What went wrong, in words.
pub fn restore_into(data: &Path, file: &Path) -> Result<(), String> {
    restore::whole(data, file).map(|_| ()).map_err(|fault| fault.to_string())
}
