//! Markdown in and out.

mod split;

pub(crate) use split::text;
pub use split::{HeadingStyle, LIMIT, ParsedMarkdown, ParsedSection, parse, split};
