//! Prints a page of the documentation that is generated; `cargo xtask
//! generate` writes them all.
#![allow(clippy::print_stdout)]

use drystone_model::{check, json, schema, templates};

fn main() {
    let page = std::env::args().nth(1).unwrap_or_default();
    match page.as_str() {
        "checks" => print!("{}", check::documentation()),
        "model" => print!("{}", schema::documentation()),
        "json-schema" => print!("{}", json::schema_text()),
        "template-fields" => print!("{}", templates::fields_table()),
        other => {
            println!("There is no page “{other}”.");
            std::process::exit(2);
        }
    }
}
