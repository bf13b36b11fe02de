//! A network in between: records every byte, and can be cut in mid-message.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Forwards connections and keeps what went through.
pub struct Proxy {
    address: String,
    seen: Arc<Mutex<Vec<u8>>>,
    /// Bytes that may still pass before every connection is cut.
    budget: Arc<AtomicU64>,
    /// Requests that begin like this are cut.
    refused: Arc<Mutex<Option<&'static [u8]>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target`.
    pub async fn to(target: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let budget = Arc::new(AtomicU64::new(u64::MAX));
        let refused: Arc<Mutex<Option<&'static [u8]>>> = Arc::default();
        let (target, log, left, cut) = (target.to_owned(), seen.clone(), budget.clone(), refused.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, log, left, cut) = (target.clone(), log.clone(), left.clone(), cut.clone());
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(&target).await else { return };
                    let (client_in, client_out) = client.into_split();
                    let (server_in, server_out) = server.into_split();
                    let none = Mutex::default();
                    // When one direction ends, both do: the connection is gone.
                    tokio::select! {
                        () = forward(client_in, server_out, &log, &left, &cut) => {}
                        () = forward(server_in, client_out, &log, &left, &none) => {}
                    }
                });
            }
        });
        Proxy { address, seen, budget, refused, task }
    }

    /// Where clients connect to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that went through, both ways.
    pub fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }

    /// Lets this many bytes pass and then cuts every connection in the middle
    /// of whatever it carries, until [`Proxy::mend`].
    pub fn cut_after(&self, bytes: u64) {
        self.budget.store(bytes, Ordering::SeqCst);
    }

    /// Cuts connections on which a request begins like this, as networks do that
    /// let no WebSocket through.
    pub fn refuse(&self, beginning: &'static [u8]) {
        *self.refused.lock().unwrap() = Some(beginning);
    }

    /// Lets everything pass again.
    pub fn mend(&self) {
        self.budget.store(u64::MAX, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    log: &Mutex<Vec<u8>>,
    budget: &AtomicU64,
    refused: &Mutex<Option<&'static [u8]>>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let left = budget.load(Ordering::SeqCst);
        let pass = usize::try_from(left).unwrap_or(usize::MAX).min(length);
        if left != u64::MAX {
            budget.fetch_sub(pass as u64, Ordering::SeqCst);
        }
        if refused.lock().unwrap().is_some_and(|beginning| buffer[..length].starts_with(beginning)) {
            return;
        }
        log.lock().unwrap().extend_from_slice(&buffer[..pass]);
        if to.write_all(&buffer[..pass]).await.is_err() || pass < length {
            return;
        }
    }
}
