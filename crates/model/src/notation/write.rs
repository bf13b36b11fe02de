//! Mermaid out. The same model gives the same text, and reading it back gives
//! the same elements, nesting and relationships.

mod c4;
mod flowchart;
mod scene;
mod sequence;

pub use c4::mermaid_c4;
pub use flowchart::mermaid_flowchart;
pub use sequence::mermaid_sequence;

use foldhash::HashSet;

use super::label;
use crate::record::Record;

/// Words that an id must not be, since Mermaid reads them otherwise.
const RESERVED: &[&str] = &[
    "end",
    "graph",
    "flowchart",
    "subgraph",
    "class",
    "classdef",
    "style",
    "linkstyle",
    "click",
    "default",
    "direction",
    "call",
    "href",
    "title",
    "participant",
    "actor",
    "note",
    "loop",
    "alt",
    "opt",
    "par",
    "and",
    "else",
    "rect",
    "box",
    "break",
    "critical",
    "option",
    "create",
    "destroy",
    "activate",
    "deactivate",
    "autonumber",
    "link",
    "links",
    "properties",
    "details",
    "acctitle",
    "accdescr",
    "x",
    "o",
    "v",
];

/// Ids of a diagram, each used once.
#[derive(Default)]
struct Keys {
    taken: HashSet<String>,
}

impl Keys {
    /// A readable id: ASCII letters, digits and `_` of a slug.
    fn give(&mut self, slug: &str) -> String {
        let ascii = |c: char| if c.is_ascii_alphanumeric() { Some(c) } else { (c == '-').then_some('_') };
        let spelled: String = slug.chars().filter_map(ascii).take(60).collect();
        let mut base = spelled.trim_matches('_').to_owned();
        if base.is_empty() {
            base = "n".into();
        }
        if RESERVED.contains(&base.to_ascii_lowercase().as_str()) {
            base.push('_');
        }
        let mut key = base.clone();
        let mut count = 1;
        while !self.taken.insert(key.to_lowercase()) {
            count += 1;
            key = format!("{base}_{count}");
        }
        key
    }
}

/// An element's technologies, one after the other.
fn technologies(record: &Record) -> String {
    record.list("technologies").join(", ")
}
