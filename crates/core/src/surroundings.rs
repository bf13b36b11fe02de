//! What an app gets from the computer it runs on, as far as a simulation
//! replaces it: the network, the clock and randomness; and word of every commit, so that
//! a simulation can let a process end right after it. Outside of simulations
//! there is the operating system and nothing of this.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::crypto::random::{OsRandom, Random};

/// What a request comes to: a reply, or nothing that could be heard.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Option<reqwest::Response>> + Send + 'a>>;

/// Replaced surroundings.
pub trait Surroundings: Send + Sync {
    /// Carries a request to a relay. `None`: the connection broke off, and
    /// whether the relay heard it is unknown.
    fn carry(&self, request: reqwest::Request) -> Carried<'_>;

    /// Called right after each commit to the database, before anything else
    /// happens to it.
    fn committed(&self);

    /// The clock, milliseconds since 1970.
    fn now_ms(&self) -> u64;

    /// Fills a buffer with bytes that keys, ids and nonces are made of.
    fn fill(&self, bytes: &mut [u8]);
}

/// The time by this computer's clock, or by the one that replaces it.
pub(crate) fn now_ms(surroundings: Option<&Arc<dyn Surroundings>>) -> u64 {
    match surroundings {
        Some(surroundings) => surroundings.now_ms(),
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        }
    }
}

/// Random bytes as an app gets them.
pub(crate) struct AppRandom(pub Option<Arc<dyn Surroundings>>);

impl Random for AppRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        match &self.0 {
            Some(surroundings) => surroundings.fill(bytes),
            None => OsRandom.fill(bytes),
        }
    }
}
