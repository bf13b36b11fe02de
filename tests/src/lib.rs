//! Devices, relays and networks for end-to-end tests. Everything is real: real
//! processes, real files, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

pub mod device;
pub mod measure;
pub mod network;
pub mod process;
pub mod trace;

pub use device::*;
pub use network::Proxy;
pub use process::{Host, Relay, binary};
