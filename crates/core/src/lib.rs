//! The Drystone document, its storage, its merge and its synchronisation.
//!
//! [`App`] is the façade: hosts open it, call commands and listen to events.
//! Nothing here prints, reads environment variables or knows the home folder.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod api;
mod app;
mod attachments;
pub mod command;
pub mod crypto;
pub mod document;
pub mod error;
pub mod export;
mod store;
pub mod surroundings;
pub mod sync;
mod unlock;

pub use app::{App, Config, schema};
pub use drystone_model as model;
pub use unlock::Unlock;
