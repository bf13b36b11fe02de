//! Devices, relays and networks for end-to-end tests. Everything is real: real
//! processes, real files, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

#[cfg(unix)]
pub mod browser;
pub mod device;
#[cfg(target_os = "linux")]
pub mod fault;
#[cfg(unix)]
pub mod group;
pub mod measure;
pub mod network;
pub mod page;
pub mod process;
pub mod raw;
pub mod simulator;
pub mod trace;
#[cfg(target_os = "linux")]
pub mod window;

/// That of the programs, so that what is measured here is what they do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use device::*;
pub use network::Proxy;
pub use process::{Host, Relay, binary};
pub use raw::{Raw, Tampered};
