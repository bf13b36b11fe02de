//! Markdown in and out.

pub mod generate;
pub mod lift;
mod split;
mod told;
mod weave;

pub(crate) use split::text;
pub use split::{HeadingStyle, LIMIT, ParsedMarkdown, ParsedSection, parse, split};
pub use told::{Told, drawing, told_by_diagrams};
pub use weave::{Woven, weave};
