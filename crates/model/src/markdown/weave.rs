//! A section's text that was edited outside, as people read it, and comes
//! back: references are found again in it, and what changed inside of them
//! changes the fields they show.

use crate::edit::Edit;
use crate::graph::Model;
use crate::reference::{self, Hint, Reference};
use crate::value::Value;

/// A text with its references, and what it changes in the model.
#[derive(Debug, PartialEq)]
pub struct Woven {
    /// The text to store.
    pub text: String,
    /// Fields that have another value in it.
    pub edits: Vec<Edit>,
}

/// Weaves the references of a stored text into a new one. Where everything
/// around them is as it was, a changed value between is a changed field;
/// elsewhere a reference stays when the words before and after it up to the
/// line's ends do, and becomes plain text when they do not.
pub fn weave(stored: &str, new: &str, model: &Model) -> Woven {
    if !stored.contains(reference::OPEN) || reference::render(stored, model) == new {
        let text = if stored.contains(reference::OPEN) { stored } else { new };
        return Woven { text: text.to_owned(), edits: Vec::new() };
    }
    if let Some(woven) = by_frame(stored, new, model) {
        return woven;
    }
    by_line(stored, new, model)
}

/// Literals and references of a text in turn, a literal first and last.
fn parts(text: &str) -> (Vec<&str>, Vec<Reference>) {
    let (mut literals, mut references, mut at) = (Vec::new(), Vec::new(), 0);
    for (range, reference) in reference::find(text) {
        literals.push(&text[at..range.start]);
        references.push(reference);
        at = range.end;
    }
    literals.push(&text[at..]);
    (literals, references)
}

fn by_frame(stored: &str, new: &str, model: &Model) -> Option<Woven> {
    let (literals, references) = parts(stored);
    let (first, rest) = literals.split_first()?;
    let mut at = new.strip_prefix(first)?;
    let mut edits = Vec::new();
    for (index, (reference, literal)) in references.iter().zip(rest).enumerate() {
        let last = index + 1 == references.len();
        let length = match (last, literal.is_empty()) {
            (true, _) => {
                at.len().checked_sub(literal.len()).filter(|end| at.ends_with(literal) && at.is_char_boundary(*end))?
            }
            // Two references side by side cannot be told apart.
            (false, true) => {
                let shown = reference::show(reference, model);
                at.starts_with(&shown).then_some(shown.len())?
            }
            (false, false) => {
                // As it was, where that fits: the same words may stand in a value.
                let shown = reference::show(reference, model);
                match at.strip_prefix(shown.as_str()).is_some_and(|rest| rest.starts_with(literal)) {
                    true => shown.len(),
                    false => at.find(literal)?,
                }
            }
        };
        let (value, after) = at.split_at(length);
        if value != reference::show(reference, model) {
            edits.push(changed(reference, value, model)?);
        }
        at = &after[literal.len()..];
    }
    Some(Woven { text: stored.to_owned(), edits })
}

/// The edit that makes a reference show this text.
fn changed(reference: &Reference, text: &str, model: &Model) -> Option<Edit> {
    let record = model.live(&reference.id)?;
    let field = record.collection.field(&reference.field).filter(|field| !field.is_derived())?;
    let value = match &reference.hint {
        Hint::Items(prefix) => Value::list(text.split(&format!("\n{prefix}")).filter(|item| !item.trim().is_empty())),
        Hint::Joined(separator) => Value::list(text.split(separator.as_str()).filter(|item| !item.trim().is_empty())),
        Hint::Hanging(prefix) => Value::text(text.replace(&format!("\n{prefix}"), "\n")),
        Hint::Plain | Hint::Spelled(_) => Value::text(text),
        // What is counted or in an order of its own is changed in the model.
        Hint::Counted(_) | Hint::Ordered(..) => return None,
    };
    let value = field.shape.check(value, model).ok()?;
    if value.is_empty() && field.required {
        return None;
    }
    let value = Some(value).filter(|value| !value.is_empty());
    Some(Edit::Set { id: reference.id.clone(), field: field.name.to_owned(), value })
}

/// Each line that is shown unchanged keeps its references, in order.
fn by_line(stored: &str, new: &str, model: &Model) -> Woven {
    let mut kept: Vec<(String, &str)> =
        stored.split('\n').map(|line| (reference::render(line, model), line)).rev().collect();
    // A reference that shows several lines makes its own unlike any one line.
    let mut lines = Vec::new();
    for line in new.split('\n') {
        let found = kept.iter().rposition(|(shown, _)| shown == line);
        match found {
            Some(index) => {
                lines.push(kept[index].1);
                kept.truncate(index);
            }
            None => lines.push(line),
        }
    }
    Woven { text: lines.join("\n"), edits: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::schema::Collection;

    fn model() -> Model {
        Model::of([Record::new(Collection::Elements, "0a")
            .with("name", Value::text("Door"))
            .with("purpose", Value::text("Opens."))
            .with("responsibilities", Value::list(["a", "b"]))])
    }

    fn stored() -> String {
        let show = |field: &str, hint| Reference { id: "0a".into(), field: field.into(), hint }.encode();
        format!(
            "**Purpose**: {}\n\n**Responsibilities**:\n- {}\n\nThe {} stays.\n",
            show("purpose", Hint::Plain),
            show("responsibilities", Hint::Items("- ".into())),
            show("name", Hint::Plain)
        )
    }

    fn set(field: &str, value: Value) -> Edit {
        Edit::Set { id: "0a".into(), field: field.into(), value: Some(value) }
    }

    #[test]
    fn what_is_unchanged_keeps_its_references() {
        let (model, stored) = (model(), stored());
        let shown = reference::render(&stored, &model);
        assert_eq!(weave(&stored, &shown, &model), Woven { text: stored, edits: Vec::new() });
    }

    #[test]
    fn what_changes_inside_a_reference_changes_its_field() {
        let (model, stored) = (model(), stored());
        let new = reference::render(&stored, &model).replace("Opens.", "Opens and shuts.").replace("- b", "- c\n- d");
        let woven = weave(&stored, &new, &model);
        assert_eq!(woven.text, stored);
        assert_eq!(
            woven.edits,
            [set("purpose", Value::text("Opens and shuts.")), set("responsibilities", Value::list(["a", "c", "d"]))]
        );
    }

    #[test]
    fn a_line_that_is_shown_unchanged_keeps_its_references_when_others_change() {
        let (model, stored) = (model(), stored());
        let new = format!("New first line.\n{}", reference::render(&stored, &model).replace("**Purpose**", "**Aim**"));
        let woven = weave(&stored, &new, &model);
        assert_eq!(reference::render(&woven.text, &model), new);
        assert_eq!(reference::find(&woven.text).len(), 1, "the mention stays: {}", woven.text);
    }
}
