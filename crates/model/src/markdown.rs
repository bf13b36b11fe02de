//! Markdown in and out.

pub mod generate;
pub mod lift;
mod split;

pub use split::{HeadingStyle, LIMIT, ParsedMarkdown, ParsedSection, parse, split};
