//! SQLite: the only place that knows SQL.

pub mod attachments;
pub mod changes;
mod database;
pub mod documents;
pub mod journal;
pub mod records;
pub mod search;
pub mod settings;
pub mod sharing;

pub use database::Database;
