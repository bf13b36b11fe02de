//! Changing a document's template: the text stays as it is, only what is
//! expected of it changes.

use super::matching::match_sections_with;
use super::{Heading, Template};

/// What becomes of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The place it fills in the template so far.
    pub before: Option<String>,
    /// The place it fills in the new one; none, and it keeps its text, where
    /// it stands, and the key it has, for the way back.
    pub after: Option<String>,
}

/// What a change of template means for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// For each section, in the document's order.
    pub sections: Vec<Move>,
    /// The places of the new template that no section fills, in its order.
    pub missing: Vec<String>,
}

impl Translation {
    /// The places that are filled now and that the new template does not have.
    pub fn unplaced(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().filter(|section| section.after.is_none()).filter_map(|section| section.before.as_deref())
    }
}

/// What changing from one template to another means. Nothing is to be stored
/// but the new template's id: keys are shared between templates, and what a
/// section keeps is not touched.
pub fn translate<H: Heading>(from: &Template, to: &Template, sections: &[H]) -> Translation {
    let within = |template: &Template, keys: Vec<Option<String>>| -> Vec<Option<String>> {
        keys.into_iter().map(|key| key.filter(|key| template.slot(key).is_some())).collect()
    };
    let before = within(from, match_sections_with(from, sections));
    let after = within(to, match_sections_with(to, sections));
    let filled = |key: &str| after.iter().flatten().any(|other| other == key);
    let missing = to.slots.iter().filter(|slot| (!slot.repeatable || slot.required) && !filled(&slot.key));
    let missing = missing.map(|slot| slot.key.clone()).collect();
    let sections = before.into_iter().zip(after).map(|(before, after)| Move { before, after }).collect();
    Translation { sections, missing }
}
