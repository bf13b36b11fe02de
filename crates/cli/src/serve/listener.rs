//! A listening socket with a bound on open connections.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::serve::{IncomingStream, Listener};
use drystone_core::error::{Error, ErrorCode, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many connections are open at once; more wait in the system's queue.
const CONNECTIONS_LIMIT: usize = 256;

/// The listening socket.
pub struct BoundedListener {
    inner: TcpListener,
    free: Arc<Semaphore>,
}

/// One connection; gives its place back when dropped.
pub struct Connection {
    stream: TcpStream,
    _place: Option<OwnedSemaphorePermit>,
}

/// Listens on an address.
pub async fn bind(address: SocketAddr) -> Result<BoundedListener> {
    match TcpListener::bind(address).await {
        Ok(inner) => Ok(BoundedListener { inner, free: Arc::new(Semaphore::new(CONNECTIONS_LIMIT)) }),
        Err(error) => Err(not_bound(address, &error)),
    }
}

impl BoundedListener {
    /// Where it listens, with the port that the system chose for port 0.
    pub fn address(&self) -> Result<SocketAddr> {
        self.inner.local_addr().map_err(Error::internal)
    }
}

fn not_bound(address: SocketAddr, error: &io::Error) -> Error {
    let port = address.port();
    let (code, message, advice) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            ErrorCode::PortInUse,
            format!("Port {port} is in use by another program, or by another `drystone serve`."),
            "Use that one, or choose a free port with `--listen 127.0.0.1:0`.".to_owned(),
        ),
        io::ErrorKind::PermissionDenied => (
            ErrorCode::Usage,
            format!("Port {port} may not be used by this user."),
            "Choose a port above 1023, such as `--listen 127.0.0.1:7411`.".to_owned(),
        ),
        io::ErrorKind::AddrNotAvailable => (
            ErrorCode::Usage,
            format!("{} is not an address of this computer.", address.ip()),
            format!("Use `--listen 127.0.0.1:{port}`, or `--listen 0.0.0.0:{port}` for the local network."),
        ),
        _ => (
            ErrorCode::Usage,
            format!("The address cannot be listened on: {error}."),
            "Choose another with `--listen ADDRESS:PORT`.".to_owned(),
        ),
    };
    Error::new(code, message, advice).at(address.to_string())
}

impl Listener for BoundedListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed, so a place is always got.
        let place = self.free.clone().acquire_owned().await.ok();
        let (stream, peer) = Listener::accept(&mut self.inner).await;
        // Events are small and wanted at once. Without this they are merely later.
        let _ = stream.set_nodelay(true);
        (Connection { stream, _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The peer's address, for the limit on wrong tokens.
#[derive(Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl axum::extract::connect_info::Connected<IncomingStream<'_, BoundedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BoundedListener>) -> Self {
        Peer(*stream.remote_addr())
    }
}

/// The address under which the local network reaches this computer. Nothing is
/// sent: choosing a way out names the address at this end of it.
pub fn network_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // An address from the range for documentation; any other would do.
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
