//! Recorded editing histories: `txns[].patches[] = [position, deleted,
//! inserted]` in Unicode code points, concurrent ones with `parents` and
//! `agent`; `endContent` is the expected result.

use std::io::Read;

use drystone_core::api::Splice;
use serde::Deserialize;

/// An editing history.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// The text before.
    #[serde(default)]
    pub start_content: String,
    /// The text after.
    pub end_content: String,
    /// Edits, each after its parents.
    pub txns: Vec<Transaction>,
}

/// Edits made at once.
#[derive(Deserialize)]
pub struct Transaction {
    /// Indices of the transactions it was made on top of.
    #[serde(default)]
    pub parents: Vec<usize>,
    /// Who made it.
    #[serde(default)]
    pub agent: usize,
    /// Position, characters deleted, text inserted; each in the text that the one before left.
    pub patches: Vec<(usize, usize, String)>,
}

/// Reads a trace of the corpora; `None` where they are not available.
pub fn load(name: &str) -> Option<Trace> {
    let path = crate::corpora()?.join("traces").join(name);
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

impl Transaction {
    /// The edits as replacements in UTF-16 units; `text` is brought from
    /// before to after.
    pub fn splices(&self, text: &mut Vec<char>) -> Vec<Splice> {
        let units = |chars: &[char]| chars.iter().map(|c| c.len_utf16() as u32).sum::<u32>();
        self.patches
            .iter()
            .map(|(at, delete, insert)| {
                let splice =
                    Splice { at: units(&text[..*at]), delete: units(&text[*at..at + delete]), insert: insert.clone() };
                text.splice(*at..at + delete, insert.chars());
                splice
            })
            .collect()
    }
}
