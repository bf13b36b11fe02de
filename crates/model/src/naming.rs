//! What people read: the name of a record where it stands alone, and texts
//! with what their references show.

use crate::graph::Model;
use crate::record::Record;
use crate::reference;
use crate::schema::Collection;

/// How much references of one text may show, in bytes: texts that show each
/// other many times would not end.
const SHOWN: usize = 1 << 22;

/// A text as people read it, with nothing left that only a stored text may
/// hold: a mention inside of a field that is shown is shown as well.
pub fn shown(stored: &str, model: &Model) -> String {
    let mut room = SHOWN;
    let text = reference::render_with(stored, |reference| {
        if room == 0 {
            return "(…)".into();
        }
        let value = reference::show(reference, model);
        room = room.saturating_sub(value.len());
        value
    });
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

/// A word with its article: “an element”.
pub fn one(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// With a capital at its beginning.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn mentions_inside_of_what_is_shown_are_shown_and_circles_end() {
        let to = |id: &str, field: &str| reference::Reference::mention(id, field).encode();
        let element = |id: &str, text: String| {
            Record::new(Collection::Elements, id).with("name", Value::text("Bell")).with("purpose", Value::text(text))
        };
        let model = Model::of([
            element("a", format!("asks {}", to("b", "name"))),
            element("b", "b".into()),
            element("c", format!("c {0}{0}", to("c", "purpose"))),
        ]);
        assert_eq!(shown(&to("a", "purpose"), &model), "asks Bell");
        assert_eq!(shown(&to("c", "purpose"), &model), "c (?)(?)", "a value shows names and nothing else");
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
