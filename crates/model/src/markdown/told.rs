//! What the diagrams of a text already say of the model, so that an export
//! does not say it again.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::edit::{Edit, apply_all};
use crate::graph::Model;
use crate::notation;
use crate::record::Record;
use crate::schema::{Collection, Shape};
use crate::value::Value;

/// Ids of live records of which the diagrams in these texts say all there is:
/// lifting the diagrams alone gives records with the same names and the same
/// fields. One that was changed since is told no more.
pub fn told_by_diagrams<'a>(texts: impl IntoIterator<Item = &'a str>, model: &Model) -> HashSet<String> {
    let mut drawn = Model::default();
    let mut next = 0_u64;
    let mut fresh = || {
        next += 1;
        format!("{next:016x}")
    };
    for text in texts {
        for found in notation::find(text) {
            let drawing = notation::read(found.language, &text[found.range]);
            let edits: Vec<Edit> = notation::to_edits(&drawing, &drawn, &mut fresh).edits;
            apply_all(&mut drawn, &edits);
        }
    }
    if drawn.is_empty() {
        return HashSet::new();
    }
    let mut said: HashMap<(Collection, Said), usize> = HashMap::new();
    for record in drawn.all() {
        *said.entry((record.collection, say(record, &drawn))).or_default() += 1;
    }
    let mut told = HashSet::new();
    for record in model.all().filter(|record| !model.is_hidden(&record.id)) {
        if let Some(left) = said.get_mut(&(record.collection, say(record, model))).filter(|left| **left > 0) {
            *left -= 1;
            told.insert(record.id.clone());
        }
    }
    told
}

/// A record's fields with names in place of ids.
type Said = BTreeMap<&'static str, String>;

fn say(record: &Record, model: &Model) -> Said {
    let fields = record.fields.iter().filter(|(_, value)| !value.is_empty());
    let said = fields.map(|(name, value)| {
        let shape = record.collection.field(name).map_or(Shape::Line, |field| field.shape);
        (*name, spell(value, shape, model))
    });
    said.collect()
}

fn spell(value: &Value, shape: Shape, model: &Model) -> String {
    match shape {
        Shape::Ref(_) => model.get(value.as_str()).map(Record::label).unwrap_or_default(),
        _ => shape.format(value, model),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "See:\n\n```mermaid\ngraph TD\n  A[Shop] -->|orders| B[(Orders)]\n```\n";

    #[test]
    fn what_a_diagram_says_is_told_until_it_is_changed() {
        let mut model = Model::default();
        let mut next = 0;
        let drawing = notation::read(notation::Language::Mermaid, "graph TD\n  A[Shop] -->|orders| B[(Orders)]\n");
        let edits = notation::to_edits(&drawing, &model, &mut || {
            next += 1;
            format!("{next:x}")
        });
        apply_all(&mut model, &edits.edits);
        assert_eq!(model.len(), 3);
        assert_eq!(told_by_diagrams([TEXT], &model).len(), 3);
        assert!(told_by_diagrams(["no diagram"], &model).is_empty());
        let shop = model.list(Collection::Elements).find(|record| record.label() == "Shop").unwrap().id.clone();
        let value = Some(Value::text("Team"));
        apply_all(&mut model, &[Edit::Set { id: shop.clone(), field: "owner".into(), value }]);
        let told = told_by_diagrams([TEXT], &model);
        assert!(told.len() == 2 && !told.contains(&shop), "the owner is said nowhere yet");
    }
}
