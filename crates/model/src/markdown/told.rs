//! What the diagrams of a text already say of the model, so that an export
//! does not say it again.

use std::collections::{HashMap, HashSet};

use crate::edit::apply_all;
use crate::graph::Model;
use crate::notation;
use crate::record::Record;
use crate::schema::{Collection, Shape};
use crate::value::Value;

/// Fields of records of which a text already says all there is.
#[derive(Debug, Default, Clone)]
pub struct Told {
    fields: HashMap<String, HashSet<&'static str>>,
    /// Elements that are drawn under a name they had before.
    renamed: HashSet<String>,
}

impl Told {
    /// Whether a field's value is said.
    pub fn says(&self, id: &str, field: &str) -> bool {
        let renamed = field == "name" && self.renamed.contains(id);
        !renamed && self.fields.get(id).is_some_and(|fields| fields.contains(field))
    }

    /// Whether anything of a record is said, in its own name.
    pub fn any(&self, id: &str) -> bool {
        self.fields.contains_key(id) && !self.renamed.contains(id)
    }
}

/// What the diagrams in these texts say: lifting them alone gives records of
/// the same names with the same values. What was changed since is told no
/// more.
pub fn told_by_diagrams<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>, model: &Model) -> Told {
    let mut drawn = Model::default();
    let mut next = 0_u64;
    let mut fresh = || {
        next += 1;
        format!("{next:016x}")
    };
    for (title, text) in texts {
        for found in notation::find(text) {
            let edits = notation::to_edits(&drawing(title, text, &found), &drawn, &mut fresh).edits;
            apply_all(&mut drawn, &edits);
        }
    }
    let mut told = Told::default();
    if drawn.is_empty() {
        return told;
    }
    told.renamed = follow_names(&mut drawn, model);
    follow_titles(&mut drawn, model);
    let mut said: HashMap<Identity, Vec<&Record>> = HashMap::new();
    for record in drawn.all().collect::<Vec<_>>().into_iter().rev() {
        said.entry(identity(record, &drawn)).or_default().push(record);
    }
    for record in model.all().filter(|record| !model.is_hidden(&record.id)) {
        let Some(other) = said.get_mut(&identity(record, model)).and_then(Vec::pop) else { continue };
        for (name, value) in &record.fields {
            let shape = record.collection.field(name).map_or(Shape::Line, |field| field.shape);
            let same = other.get(name).is_some_and(|other| spell(other, shape, &drawn) == spell(value, shape, model));
            if same {
                told.fields.entry(record.id.clone()).or_default().insert(name);
            }
        }
    }
    told
}

/// Gives elements that are drawn under a former name the name of now: what is
/// drawn around them still holds. Their ids in the model.
fn follow_names(drawn: &mut Model, model: &Model) -> HashSet<String> {
    let mut now: HashSet<String> = HashSet::new();
    let mut before: HashMap<String, Vec<&Record>> = HashMap::new();
    for element in model.list(Collection::Elements).filter(|element| !model.is_hidden(&element.id)) {
        now.insert(element.label().to_lowercase());
        for name in element.list("formerNames") {
            before.entry(name.to_lowercase()).or_default().push(element);
        }
    }
    let mut renamed = HashSet::new();
    let old: Vec<Record> = drawn.list(Collection::Elements).cloned().collect();
    for element in old {
        let name = element.label().to_lowercase();
        if let (false, Some([one])) = (now.contains(&name), before.get(&name).map(Vec::as_slice)) {
            renamed.insert(one.id.clone());
            drawn.put(element.with("name", Value::text(one.text("name"))));
        }
    }
    renamed
}

/// Gives flows of diagrams without a title, which go by the heading above, the
/// name of the flow with the same steps: the heading may say something else by
/// now.
fn follow_titles(drawn: &mut Model, model: &Model) {
    let names = |model: &Model| -> HashSet<String> {
        model.list(Collection::Flows).map(|flow| flow.label().to_lowercase()).collect()
    };
    let (ours, theirs) = (names(model), names(drawn));
    let others: Vec<Record> =
        drawn.list(Collection::Flows).filter(|flow| !ours.contains(&flow.label().to_lowercase())).cloned().collect();
    for flow in others {
        let steps = told_steps(&flow.id, drawn);
        let mut same = model
            .list(Collection::Flows)
            .filter(|other| !theirs.contains(&other.label().to_lowercase()) && told_steps(&other.id, model) == steps);
        if let (Some(one), None, false) = (same.next(), same.next(), steps.is_empty()) {
            drawn.put(flow.with("name", Value::text(one.text("name"))));
        }
    }
}

fn told_steps(flow: &str, model: &Model) -> Vec<Vec<String>> {
    let name = |id: &str| model.get(id).map(Record::label).unwrap_or_default();
    let told = |step: &Record| {
        let mut said: Vec<String> = ["kind", "text", "condition"].map(|field| step.text(field).to_owned()).into();
        said.extend([name(step.text("from")), name(step.text("to"))]);
        said
    };
    model.owned(flow, Collection::Steps).map(told).collect()
}

/// A diagram of a section, read; it is called as the section is, unless it has
/// a title of its own.
pub fn drawing(title: &str, text: &str, found: &notation::Found) -> notation::Drawing {
    let mut drawing = notation::read(found.language, &text[found.range.clone()]);
    if drawing.title.is_empty() {
        drawing.title = crate::templates::plain(title);
    }
    drawing
}

/// By what a record is known in both models: names, never ids.
type Identity = (Collection, Vec<String>);

fn identity(record: &Record, model: &Model) -> Identity {
    let name = |field: &str| model.get(record.text(field)).map(Record::label).unwrap_or_default();
    let mut parts = match record.collection {
        Collection::Relationships => vec![name("from"), name("to"), record.text("description").to_owned()],
        Collection::Instances => vec![name("element")],
        _ => vec![record.label().to_lowercase()],
    };
    if let Some(owner) = model.owner(record) {
        parts.extend(identity(owner, model).1);
    }
    (record.collection, parts)
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
    use crate::edit::Edit;

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
        let all = |told: &Told, model: &Model| {
            let says = |record: &&Record| record.fields.keys().all(|field| told.says(&record.id, field));
            model.all().filter(says).count()
        };
        assert_eq!(all(&told_by_diagrams([("Shop", TEXT)], &model), &model), 3);
        assert_eq!(all(&told_by_diagrams([("Shop", "no diagram")], &model), &model), 0);
        let shop = model.list(Collection::Elements).find(|record| record.label() == "Shop").unwrap().id.clone();
        let value = Some(Value::text("Team"));
        apply_all(&mut model, &[Edit::Set { id: shop.clone(), field: "owner".into(), value }]);
        let told = told_by_diagrams([("Shop", TEXT)], &model);
        assert_eq!(all(&told, &model), 2, "the owner is said nowhere yet");
        assert!(told.says(&shop, "name") && !told.says(&shop, "owner") && told.any(&shop));
    }
}
