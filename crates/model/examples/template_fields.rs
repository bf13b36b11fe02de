//! Prints the page of the documentation that lists the templates' fields;
//! `cargo xtask generate` writes it to `docs/template-fields.md`.
#![allow(clippy::print_stdout)]

fn main() {
    print!("{}", drystone_model::templates::fields_table());
}
