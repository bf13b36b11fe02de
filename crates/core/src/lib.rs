//! The Drystone document, its storage, its merge and its synchronisation.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod api;
pub mod command;
pub mod error;
