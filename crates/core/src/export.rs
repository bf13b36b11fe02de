//! From sections to bytes: one file a format.

pub mod markdown;
