//! From sections to bytes: one file a format.

pub mod json;
pub mod markdown;
