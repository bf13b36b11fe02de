//! `drystone serve`: the browser host. The same interface as the window, over
//! HTTP: `/` the page, `POST /session`, `POST /rpc`, WebSocket `/events`.

mod assets;
mod events;
mod guard;
mod listener;
mod reply;
mod rpc;
mod session;

use std::future::IntoFuture;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use drystone_core::App;
use drystone_core::error::Error;
use serde_json::json;
use tokio::sync::{Semaphore, watch};

use crate::Global;
use crate::data_folder::{Background, with};
use crate::output::text::{DIM, STRONG};
use crate::output::{Exit, Output, Result, qr};
use crate::serve::guard::Addresses;
use crate::serve::listener::{BoundedListener, Peer};
use crate::serve::session::Sessions;

/// Where pages listen to events.
const EVENTS_PATH: &str = "/events";
/// The largest request that opens a session.
const SESSION_BODY_LIMIT: usize = 4 * 1024;
/// How long running requests may take after the signal to stop.
const STOP_LIMIT: Duration = Duration::from_secs(5);

const AFTER_HELP: &str = "\
Examples:
  drystone serve --open
  drystone serve --listen 127.0.0.1:0      (any free port)
  drystone serve --listen 0.0.0.0:7411     (phones and tablets in the local network)

Prints an address with a token; whoever has it can read and change everything
while the command runs. Stop it with Ctrl-C.

With --json: {\"url\"}, and \"networkUrl\" when others on the network can reach it.";

/// Arguments of `serve`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7411")]
    listen: SocketAddr,
    /// Open the address in the browser
    #[arg(long)]
    open: bool,
}

/// What all requests share.
struct Host {
    app: App,
    sessions: Sessions,
    addresses: Addresses,
    commands: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

/// Serves until stopped.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    // The port first: when it is taken, the database need not be opened.
    let listener = listener::bind(arguments.listen).await?;
    let address = listener.address()?;
    with(global, Background::Sync, async |app| {
        let (stop, stopping) = watch::channel(false);
        let host = Arc::new(Host {
            app: app.clone(),
            sessions: Sessions::new(address.port())?,
            addresses: Addresses::of(address),
            commands: Arc::new(Semaphore::new(rpc::CONCURRENT_LIMIT)),
            streams: Arc::new(Semaphore::new(events::STREAMS_LIMIT)),
            stopping,
        });
        let url = announce(output, address, host.sessions.token())?;
        if arguments.open
            && let Err(error) = open::that_detached(&url)
        {
            output.warning(&format!("The browser could not be opened ({error}); open the address yourself."));
        }
        serve(listener, router(host), stop).await
    })
    .await?;
    Ok(Exit::DONE)
}

fn router(host: Arc<Host>) -> Router {
    let rpc = post(rpc::call)
        .layer(DefaultBodyLimit::max(rpc::BODY_LIMIT))
        .layer(from_fn_with_state(host.clone(), rpc::with_session));
    Router::new()
        .route("/session", post(session::start).layer(DefaultBodyLimit::max(SESSION_BODY_LIMIT)))
        .route("/rpc", rpc)
        .route(EVENTS_PATH, get(events::open))
        .fallback(get(assets::file))
        .layer(from_fn_with_state(host.clone(), guard::guard))
        .with_state(host)
}

/// Serves until the signal to stop, then lets running requests end; a second
/// signal does not wait for them.
async fn serve(listener: BoundedListener, router: Router, stop: watch::Sender<bool>) -> Result<()> {
    let mut stopping = stop.subscribe();
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<Peer>());
    let mut server = pin!(
        server
            .with_graceful_shutdown(async move {
                stop_signal().await;
                stop.send_replace(true);
            })
            .into_future()
    );
    let patience = async {
        // An error means that the server is gone, and with it the wait.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::select! {
            () = stop_signal() => {}
            () = tokio::time::sleep(STOP_LIMIT) => {}
        }
    };
    tokio::select! {
        ended = &mut server => ended.map_err(|error| Error::internal(error).into()),
        () = patience => Ok(()),
    }
}

/// Says where it is served; returns the address for a browser on this computer.
fn announce(output: &Output, address: SocketAddr, token: &str) -> Result<String> {
    let url = |ip: IpAddr| format!("http://{}/#token={token}", SocketAddr::new(ip, address.port()));
    let local = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => url(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => url(Ipv6Addr::LOCALHOST.into()),
        ip => url(ip),
    };
    if address.ip().is_loopback() {
        if output.is_json() {
            output.object(&json!({ "url": local }))?;
        } else {
            output.text(&format!("Drystone is served at {STRONG}{local}{STRONG:#}\n"))?;
        }
        return Ok(local);
    }
    let network =
        if address.ip().is_unspecified() { listener::network_address().map(url) } else { Some(url(address.ip())) };
    output.warning(
        "Everyone in this network can reach Drystone, and the connection is not encrypted: \
         who can watch the network can read and change everything. Use it only in networks you trust.",
    );
    announce_network(output, &local, network.as_deref())?;
    Ok(local)
}

fn announce_network(output: &Output, local: &str, network: Option<&str>) -> Result<()> {
    if output.is_json() {
        return output.object(&json!({ "url": local, "networkUrl": network }));
    }
    let mut text = format!("Drystone is served at {STRONG}{local}{STRONG:#}\n");
    if let Some(network) = network {
        text += &format!("{DIM}in the local network:{DIM:#} {STRONG}{network}{STRONG:#}\n");
        if output.on_terminal() {
            text += &qr::draw(network).unwrap_or_default();
        }
    }
    output.text(&text)
}

/// Waits until the person or the system asks to stop.
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without handlers the system's own way of stopping stays in force.
    let _ = tokio::signal::ctrl_c().await;
}
