//! Prints the TypeScript types of the interface; `cargo xtask generate` writes
//! them to `ui/src/backend/generated/api.ts`.
#![allow(clippy::print_stdout)]

fn main() {
    println!("{}", drystone_core::command::typescript());
}
