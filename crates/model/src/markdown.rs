//! Markdown in and out.

mod split;

pub use split::{HeadingStyle, LIMIT, ParsedMarkdown, ParsedSection, parse, split};
