//! Pictures of the interface for the documentation, taken from the real window
//! and from a real browser, both members of one workspace on a real relay:
//!
//! ```sh
//! cargo build && cargo run --package drystone-tests --example screenshots
//! ```
//!
//! They go to `docs/images`, or to the folder given. ImageMagick has to be
//! there: it takes the window's picture from the display and makes them small.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() {
    linux::take().await;
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The window's pictures are taken on Linux.");
}
