//! Markdown in and out.

mod split;
mod weave;

pub use split::{HeadingStyle, LIMIT, ParsedMarkdown, ParsedSection, parse, split};
pub use weave::{Woven, weave};
