//! What people read: the name of a record where it stands alone, and texts
//! with what their references show.

use crate::graph::Model;
use crate::record::Record;
use crate::reference::{self, OPEN};
use crate::schema::Collection;

/// How often what a reference shows may itself hold references.
const ROUNDS: usize = 4;
/// How much references of one text may show, in bytes: texts that show each
/// other many times would not end.
const SHOWN: usize = 1 << 22;

/// A text as people read it, with nothing left that only a stored text may
/// hold: a mention inside of a field that is shown is shown as well.
pub fn shown(stored: &str, model: &Model) -> String {
    let mut room = SHOWN;
    let mut text = stored.to_owned();
    for _ in 0..ROUNDS {
        if !text.contains(OPEN) {
            break;
        }
        text = reference::render_with(&text, |reference| {
            if room == 0 {
                return "(…)".into();
            }
            let value = reference::show(reference, model);
            room = room.saturating_sub(value.len());
            value
        });
    }
    reference::clean(&text)
}

/// A record's name. What has no name of its own goes by what it connects: a
/// relationship by its two ends, an instance by its element.
pub fn label(record: &Record, model: &Model) -> String {
    let named = |field: &str| model.get(record.text(field)).map_or_else(|| "(?)".into(), Record::label);
    match record.collection {
        Collection::Relationships => {
            let ends = format!("{} → {}", named("from"), named("to"));
            match record.text("description").trim() {
                "" => ends,
                description => format!("{ends}: {description}"),
            }
        }
        Collection::Instances => named("element"),
        Collection::Steps if !record.has("text") && (record.has("from") || record.has("to")) => {
            format!("{} → {}", named("from"), named("to"))
        }
        _ => shown(&record.label(), model),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn references_inside_of_what_is_shown_are_shown_and_circles_end() {
        let to = |id: &str| reference::Reference::mention(id, "purpose").encode();
        let element = |id: &str, text: String| Record::new(Collection::Elements, id).with("purpose", Value::Text(text));
        let model = Model::of([
            element("a", format!("a {}", to("b"))),
            element("b", "b".into()),
            element("c", format!("c {}{}", to("c"), to("c"))),
        ]);
        assert_eq!(shown(&to("a"), &model), "a b");
        let circle = shown(&to("c"), &model);
        assert!(circle.starts_with("c c c") && !circle.contains(OPEN) && circle.len() < 10_000);
    }

    #[test]
    fn what_has_no_name_goes_by_what_it_connects() {
        let model = Model::of([
            Record::new(Collection::Elements, "a").with("name", Value::text("Shop")),
            Record::new(Collection::Relationships, "b")
                .with("from", Value::text("a"))
                .with("to", Value::text("c"))
                .with("description", Value::text("asks")),
            Record::new(Collection::Instances, "d").with("element", Value::text("a")),
        ]);
        let called = |id: &str| label(model.get(id).unwrap(), &model);
        assert_eq!((called("b").as_str(), called("d").as_str()), ("Shop → (?): asks", "Shop"));
    }
}
