//! How a document writes: labels in bullets or paragraphs, and under which
//! names.

use std::collections::HashMap;

use crate::markdown::lift::field_called;
use crate::schema::{Collection, Field};
use crate::templates::Template;

/// The notation of a template.
pub(super) struct Notation {
    /// `- **Purpose**: …` instead of `**Purpose**: …`.
    pub bullets: bool,
    labels: HashMap<(Collection, &'static str), String>,
}

impl Notation {
    pub fn of(template: Option<&Template>) -> Notation {
        let mut notation = Notation { bullets: false, labels: HashMap::new() };
        let places = [("components.component", Collection::Elements), ("decisions.decision", Collection::Decisions)];
        for (key, collection) in places {
            let Some(slot) = template.and_then(|template| template.slot(key)) else { continue };
            for line in slot.guidance.lines() {
                let Some((label, bullet)) = bold(line) else { continue };
                notation.bullets |= bullet && collection == Collection::Elements;
                if let Some(field) = field_called(collection, label) {
                    notation.labels.entry((collection, field.name)).or_insert_with(|| label.to_owned());
                }
            }
        }
        notation
    }

    /// The label of a field.
    pub fn label<'n>(&'n self, collection: Collection, field: &'n Field) -> &'n str {
        self.labels.get(&(collection, field.name)).map_or(field.title, String::as_str)
    }
}

/// The bold label that a line begins with, and whether it is an item's.
pub(super) fn bold(line: &str) -> Option<(&str, bool)> {
    let line = line.trim();
    let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
    let (label, rest) = item.unwrap_or(line).strip_prefix("**")?.split_once("**")?;
    let colon = label.ends_with(':') || rest.trim_start().starts_with(':');
    colon.then(|| (label.trim_end_matches(':'), item.is_some()))
}
