//! The real relay, started as a process and spoken to over the network.
// Stopping gently, and telling memory, are by the means of Unix.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod administration;
mod auth;
mod backup;
mod blobs;
mod durability;
mod hostile;
mod log;
mod measure;
mod membership;
mod operation;
mod presence;
mod pressure;
mod quotas;
mod snapshots;
mod support;
mod wake;
