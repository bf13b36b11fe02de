//! What an architecture document says: the typed model with its schema, how
//! it reads and writes Markdown, decision records, diagrams and HTML, and the
//! checks that find what is missing or wrong.
//!
//! Pure: no storage, no merge, no network, no clock, no randomness, no disk.
//! What is timed or random comes in as an argument. `drystone-core` stores and
//! merges what is described here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod dangling;
pub mod edit;
mod graph;
pub mod markdown;
pub mod numbers;
pub mod order;
pub mod path;
pub mod record;
pub mod reference;
mod refusal;
pub mod schema;
pub mod templates;
pub mod value;

pub use graph::{Index, Model, slug};
pub use record::Record;
pub use refusal::{Refusal, RefusalKind, Result};
pub use schema::{Collection, Field, Shape};
pub use value::Value;
