//! Text positions in UTF-16 code units, as editors count them.

use automerge::PatchAction;

use crate::api::Splice;

/// Length in UTF-16 code units.
pub fn utf16_len(text: &str) -> u32 {
    u32::try_from(text.chars().map(char::len_utf16).sum::<usize>()).unwrap_or(u32::MAX)
}

/// Applies replacements to a plain string, as every editor does.
/// `None` when a position is outside the text or inside a surrogate pair.
pub fn apply_splices(text: &str, splices: &[Splice]) -> Option<String> {
    let mut units: Vec<u16> = text.encode_utf16().collect();
    for splice in splices {
        let start = splice.at as usize;
        let end = start.checked_add(splice.delete as usize)?;
        if end > units.len() || splits_pair(&units, start) || splits_pair(&units, end) {
            return None;
        }
        units.splice(start..end, splice.insert.encode_utf16());
    }
    String::from_utf16(&units).ok()
}

fn splits_pair(units: &[u16], at: usize) -> bool {
    units.get(at).is_some_and(|unit| (0xDC00..0xE000).contains(unit))
}

/// A text patch as a replacement.
pub(super) fn splice_of(action: &PatchAction) -> Option<Splice> {
    let narrow = |n: usize| u32::try_from(n).ok();
    match action {
        PatchAction::SpliceText { index, value, .. } => {
            Some(Splice { at: narrow(*index)?, delete: 0, insert: value.make_string() })
        }
        PatchAction::DeleteSeq { index, length } => {
            Some(Splice { at: narrow(*index)?, delete: narrow(*length)?, insert: String::new() })
        }
        _ => None,
    }
}
