//! What client and relay both speak: ids, membership records, envelopes, log
//! frames, limits and error codes. No storage, no sockets, no clock, no
//! randomness, and nothing that could hold a readable word of a document.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod auth;
pub mod blob;
pub mod bundle;
pub mod canonical;
pub mod envelope;
pub mod http;
pub mod ids;
pub mod limits;
pub mod log;
pub mod membership;
pub mod presence;
pub mod roster;
pub mod snapshot;

#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod presence_tests;
#[cfg(test)]
mod recovery_tests;
#[cfg(test)]
mod roster_tests;
#[cfg(test)]
mod testing;

pub use ids::{DeviceKey, DocumentHandle, Hash, RelayKey, RootKey, Signature, WorkspaceId};
