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
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target`.
    pub async fn to(target: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let budget = Arc::new(AtomicU64::new(u64::MAX));
        let (target, log, left) = (target.to_owned(), seen.clone(), budget.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, log, left) = (target.clone(), log.clone(), left.clone());
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(&target).await else { return };
                    let (client_in, client_out) = client.into_split();
                    let (server_in, server_out) = server.into_split();
                    // When one direction ends, both do: the connection is gone.
                    tokio::select! {
                        () = forward(client_in, server_out, &log, &left) => {}
                        () = forward(server_in, client_out, &log, &left) => {}
                    }
                });
            }
        });
        Proxy { address, seen, budget, task }
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
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let left = budget.load(Ordering::SeqCst);
        let pass = usize::try_from(left).unwrap_or(usize::MAX).min(length);
        if left != u64::MAX {
            budget.fetch_sub(pass as u64, Ordering::SeqCst);
        }
        log.lock().unwrap().extend_from_slice(&buffer[..pass]);
        if to.write_all(&buffer[..pass]).await.is_err() || pass < length {
            return;
        }
    }
}
