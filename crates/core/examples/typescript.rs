//! Prints what the interface is given of the core: its types, or with `schema`
//! the model's schema for the host in memory. `cargo xtask generate` writes
//! both.
#![allow(clippy::print_stdout)]

fn main() -> Result<(), serde_json::Error> {
    if std::env::args().nth(1).as_deref() == Some("schema") {
        println!("{}", serde_json::to_string_pretty(&drystone_core::schema())?);
    } else {
        println!("{}", drystone_core::command::typescript());
    }
    Ok(())
}
