//! Synchronisation with a relay. [`engine`] decides what to do next and knows
//! neither sockets nor clock; [`client`] speaks HTTP and nothing else; the rest
//! verifies what comes and seals what goes. The app puts them together.

mod blobs;
pub mod client;
mod compacting;
pub mod engine;
mod listening;
pub mod membership;
pub mod opening;
pub mod page;
pub mod request;
pub mod sealing;
pub mod snapshot;
pub mod trust;
