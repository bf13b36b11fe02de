//! The real `drystone` binary, run as people and scripts run it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attachments;
mod bad_input;
mod bundle;
mod device;
mod documents;
mod import_export;
mod keys;
mod output;
mod presence;
mod serve;
#[cfg(target_os = "linux")]
mod terminal;
mod workspaces;
