//! The desktop window's executable; everything is in the library beside it.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

/// A large document is tens of thousands of small pieces; the system's allocator
/// scatters them, and all that goes through them then waits for memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    drystone_window::main()
}
