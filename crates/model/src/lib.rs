//! What an architecture document says: the typed model with its schema, how
//! it reads and writes Markdown, decision records, diagrams and HTML, and the
//! checks that find what is missing or wrong.
//!
//! Pure: no storage, no merge, no network, no clock, no randomness, no disk.
//! What is timed or random comes in as an argument. `drystone-core` stores and
//! merges what is described here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod adr;
pub mod check;
pub mod compare;
mod dangling;
pub mod edit;
mod graph;
pub mod html;
pub mod json;
pub mod kinds;
pub mod markdown;
mod naming;
pub mod notation;
pub mod numbers;
pub mod order;
pub mod parallel;
pub mod path;
#[cfg(test)]
mod properties;
pub mod record;
pub mod reference;
mod refusal;
#[cfg(test)]
mod samples;
pub mod schema;
pub mod templates;
pub mod value;
#[cfg(test)]
mod work;

pub use graph::{Index, Model, slug};
pub use record::Record;
pub use refusal::{Refusal, RefusalKind, Result};
pub use schema::{Collection, Field, Shape};
pub use value::Value;
