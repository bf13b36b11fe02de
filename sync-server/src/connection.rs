//! Connections: how many there may be, how long one may stall, and TLS.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tower::ServiceExt;

use crate::error::Fatal;
use crate::limits::network_of;
use crate::routes::Peer;
use crate::state::Relay;

/// Headers of one request.
const HEADERS: usize = 64;
/// All headers of one request, in bytes; also the connection's read buffer.
const HEADER_BYTES: usize = 32 << 10;
/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How long, and for how many bytes, an ending connection still takes what the
/// client is sending. Closing at once would reset the connection, and a client
/// in the middle of a refused upload would never see why it was refused.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 << 20;
/// The pause after accepting failed, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections there may be, in all and from one address.
pub struct Slots {
    all: u32,
    each: u32,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: u32,
    each: HashMap<IpAddr, u32>,
}

/// A connection's place; free again when dropped.
pub struct Slot {
    address: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Slots {
    pub fn new(all: u32, each: u32) -> Slots {
        Slots { all, each, taken: Arc::default() }
    }

    /// A place for a connection, if there is one. Many clients share a proxy's address.
    fn take(&self, address: IpAddr, is_proxy: bool) -> Option<Slot> {
        let address = network_of(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let each = taken.each.get(&address).copied().unwrap_or(0);
        if taken.all >= self.all || (each >= self.each && !is_proxy) {
            return None;
        }
        taken.all += 1;
        taken.each.insert(address, each + 1);
        Some(Slot { address, taken: self.taken.clone() })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        match taken.each.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.each.remove(&self.address)),
        }
    }
}

/// Where connections come in.
pub struct Door {
    pub listener: TcpListener,
    pub tls: Option<TlsAcceptor>,
    pub router: Router,
    pub relay: Arc<Relay>,
}

impl Door {
    /// Accepts until the relay stops.
    pub async fn run(self) {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.relay.stopping.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let address = peer.ip().to_canonical();
        let is_proxy = self.relay.config.trusted_proxies.iter().any(|net| net.contains(&address));
        let Some(slot) = self.relay.slots.take(address, is_proxy) else {
            self.relay.metrics.connections_refused.inc();
            return;
        };
        // A wake-up is small and should leave at once; without it, it is only later.
        let _ = stream.set_nodelay(true);
        let stream = Guarded::new(stream, slot, self.relay.clone());
        let (tls, router, relay) = (self.tls.clone(), self.router.clone(), self.relay.clone());
        self.relay.tasks.spawn(async move {
            match tls {
                None => serve(stream, peer, router, &relay).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream, peer, router, &relay).await,
                    _ => tracing::debug!("a TLS handshake failed"),
                },
            }
        });
    }
}

async fn serve<S>(stream: S, peer: SocketAddr, router: Router, relay: &Relay)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(relay.config.limits.header_timeout)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = relay.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A stream that holds its slot, also after an upgrade, and fails when the
/// other end takes no bytes for too long.
struct Guarded {
    stream: TcpStream,
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Lingering>,
    relay: Arc<Relay>,
    _slot: Slot,
}

/// What is left of an ending connection's time and bytes.
struct Lingering {
    until: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Guarded {
    fn new(stream: TcpStream, slot: Slot, relay: Arc<Relay>) -> Guarded {
        relay.metrics.connections.inc();
        Guarded { stream, stalled: None, lingering: None, relay, _slot: slot }
    }

    /// Throws away what still comes in, until the other end closes too.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let lingering = self
            .lingering
            .get_or_insert_with(|| Lingering { until: Box::pin(tokio::time::sleep(LINGER_TIME)), bytes: LINGER_BYTES });
        let mut scratch = [0; 4096];
        while lingering.bytes > 0 {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return lingering.until.as_mut().poll(context).map(Ok),
                Poll::Ready(Err(_)) => break,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => break,
                Poll::Ready(Ok(())) => lingering.bytes = lingering.bytes.saturating_sub(buffer.filled().len()),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Starts the clock when a write stalls and stops it when one goes through.
    fn watched<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.relay.config.limits.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + limit)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.relay.metrics.connections.dec();
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            std::task::ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        self.linger(context)
    }
}

/// TLS with the certificate chain and key in these files.
pub fn tls(cert: &Path, key: &Path) -> Result<TlsAcceptor, Fatal> {
    let wrong = |path: &Path, cause: &dyn std::fmt::Display| {
        Fatal::Input(format!("TLS cannot use {}: {cause}. Give a PEM file that the relay may read", path.display()))
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .and_then(|certificates| certificates.collect())
        .map_err(|error| wrong(cert, &error))?;
    if chain.is_empty() {
        return Err(wrong(cert, &"it holds no certificate"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(cert, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| wrong(key, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_run_out_in_all_and_by_address_and_come_back() {
        let slots = Slots::new(3, 2);
        let (one, two): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = slots.take(one, false).unwrap();
        let _second = slots.take(one, false).unwrap();
        assert!(slots.take(one, false).is_none(), "a third from one address");
        let third = slots.take(one, true).expect("a proxy is exempt");
        assert!(slots.take(two, false).is_none(), "a fourth in all");
        drop((first, third));
        let _again = slots.take(two, false).unwrap();
        assert!(slots.take(one, false).is_some());
    }
}
