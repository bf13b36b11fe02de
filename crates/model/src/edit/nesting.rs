//! What may be put inside of what.

use std::collections::HashSet;

use super::Edit;
use crate::graph::Model;
use crate::refusal::{Refusal, Result};

/// Nothing may be put inside itself. What two devices nested into each other
/// stands as the model shows it, and is no reason to refuse anything.
pub(super) fn check(before: &Model, after: &Model, edits: &[Edit]) -> Result<()> {
    let nested: HashSet<&str> = edits.iter().filter_map(|edit| nests(after, edit)).collect();
    for id in &nested {
        let Some(record) = after.get(id) else { continue };
        let nesting = record.collection.table().nesting.unwrap_or_default();
        let mut at = record.text(nesting);
        for _ in 0..after.len() {
            if at == *id {
                return Err(Refusal::bad(
                    format!("{} cannot be moved into itself.", record.label()),
                    "Choose a place outside of it.",
                ));
            }
            let above =
                if nested.contains(at) { after.get(at).map(|above| above.text(nesting)) } else { before.parent(at) };
            at = above.unwrap_or_default();
            if at.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

/// The record that an edit nests in another.
fn nests<'a>(model: &Model, edit: &'a Edit) -> Option<&'a str> {
    let (id, field) = match edit {
        Edit::Set { id, field, .. } => (id, Some(field)),
        Edit::Add { id: Some(id), .. } => (id, None),
        _ => return None,
    };
    let nesting = model.get(id)?.collection.table().nesting?;
    field.is_none_or(|field| field == nesting).then_some(id)
}
