//! Dotted paths into the model: `elements.web-client.purpose`,
//! `decisions.3.status`, `flows.checkout.steps.2.text`.

use crate::graph::{Model, slug};
use crate::record::Record;
use crate::refusal::{Refusal, Result};
use crate::schema::{Collection, Field};

/// What a path leads to.
#[derive(Debug)]
pub enum Target {
    /// All records of a collection, or those that belong to an owner.
    List {
        /// The collection.
        collection: Collection,
        /// The owner, when the path names one.
        owner: Option<String>,
    },
    /// A record.
    Record(String),
    /// A field of a record.
    Field(String, &'static Field),
    /// A record that is not there yet, and a field of it to set.
    New {
        /// Where it would be.
        collection: Collection,
        /// Its owner, when the path names one.
        owner: Option<String>,
        /// The slug that names it.
        slug: String,
        /// The field that follows.
        field: Option<&'static Field>,
    },
}

/// Whether a path leads into the model at all.
pub fn is_model_path(path: &str) -> bool {
    Collection::find(path.split('.').next().unwrap_or_default()).is_some()
}

/// Follows a path.
///
/// # Errors
/// `NotFound` with what comes near.
pub fn resolve(model: &Model, path: &str) -> Result<Target> {
    let parts: Vec<&str> = path.split('.').collect();
    let first = parts.first().copied().unwrap_or_default();
    let Some(collection) = Collection::find(first) else {
        return Err(Refusal::not_found(
            format!("There is nothing at {path}."),
            "Paths begin with a collection, such as elements.",
        ));
    };
    follow(model, path, collection, None, &parts[1..])
}

fn follow(model: &Model, path: &str, collection: Collection, owner: Option<String>, rest: &[&str]) -> Result<Target> {
    let [name, rest @ ..] = rest else { return Ok(Target::List { collection, owner }) };
    let Some(record) = find(model, collection, owner.as_deref(), name) else {
        let field = match rest {
            [] => None,
            [field] => Some(collection.field(field).ok_or_else(|| crate::edit::no_field(collection, field).at(path))?),
            _ => return Err(nothing(model, path, collection, name)),
        };
        return Ok(Target::New { collection, owner, slug: (*name).to_owned(), field });
    };
    match rest {
        [] => Ok(Target::Record(record.id.clone())),
        [field] if is_field(collection, field) => match collection.field(field) {
            Some(field) => Ok(Target::Field(record.id.clone(), field)),
            None => Err(crate::edit::no_field(collection, field).at(path)),
        },
        [inner, more @ ..] => match Collection::find(inner).filter(|inner| inner.owners().contains(&collection)) {
            Some(inner) => follow(model, path, inner, Some(record.id.clone()), more),
            None => Err(crate::edit::no_field(collection, inner).at(path)),
        },
    }
}

/// Whether a name is that of a field, and not of records that belong to it:
/// evidence has names of attachments, and attachments.
fn is_field(collection: Collection, name: &str) -> bool {
    collection.field(name).is_some_and(|field| field.name == name || !is_owned(collection, name))
}

/// Whether a name is that of a collection that belongs to records of this one.
fn is_owned(collection: Collection, name: &str) -> bool {
    Collection::find(name).is_some_and(|inner| inner.owners().contains(&collection))
}

/// A record by its slug or its id, a decision also by its title; where it
/// belongs to another, also by its place from 1.
pub fn find<'a>(model: &'a Model, collection: Collection, owner: Option<&str>, name: &str) -> Option<&'a Record> {
    let belongs =
        |record: &&Record| owner.is_none_or(|owner| model.owner(record).is_some_and(|other| other.id == owner));
    if let Some(record) = model.live(name).filter(|record| record.collection == collection) {
        return Some(record);
    }
    let lower = name.to_lowercase();
    let by_slug = model.list(collection).filter(belongs).find(|record| model.slug_of(record) == lower);
    by_slug.or_else(|| by_title(model, collection, &lower)).or_else(|| {
        let place: usize = name.parse().ok().filter(|_| owner.is_some())?;
        model.list(collection).filter(belongs).nth(place.checked_sub(1)?)
    })
}

/// A decision by its title's slug or by its number without a suffix, as long as
/// one only has it: its own slug is its number.
fn by_title<'a>(model: &'a Model, collection: Collection, name: &str) -> Option<&'a Record> {
    let digits = |record: &Record| record.text("number").trim_end_matches(|c: char| !c.is_ascii_digit()) == name;
    let mut titled = model
        .list(collection)
        .filter(|record| collection == Collection::Decisions && (slug(&record.label()) == name || digits(record)));
    titled.next().filter(|_| titled.next().is_none())
}

fn nothing(model: &Model, path: &str, collection: Collection, name: &str) -> Refusal {
    let near: Vec<String> = model
        .list(collection)
        .map(|record| model.slug_of(record).to_owned())
        .filter(|slug| slug.contains(name) || name.contains(slug.as_str()))
        .take(3)
        .collect();
    let advice = if near.is_empty() {
        format!("See what there is with `drystone show DOC {}`.", collection.name())
    } else {
        format!("Did you mean {}?", near.join(" or "))
    };
    Refusal::not_found(format!("There is no {} “{name}”.", collection.table().singular), advice).at(path)
}

/// What is not there when something is only read.
pub fn missing(model: &Model, path: &str, collection: Collection, slug: &str) -> Refusal {
    nothing(model, path, collection, slug)
}

/// A slug as a name: `web-client` as “Web client”.
pub fn name_of(slug: &str) -> String {
    let spaced = slug.replace(['-', '_'], " ");
    let mut chars = spaced.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => spaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn paths_lead_to_collections_records_and_fields() {
        let model = Model::of([
            Record::new(Collection::Flows, "f0").with("name", Value::text("Check out")),
            Record::new(Collection::Steps, "a0").with("flow", Value::text("f0")).with("text", Value::text("Pay")),
            Record::new(Collection::Decisions, "d0")
                .with("number", Value::text("3"))
                .with("title", Value::text("Use it")),
        ]);
        let field = |path: &str| match resolve(&model, path).unwrap() {
            Target::Field(id, field) => format!("{id}.{}", field.name),
            other => format!("{other:?}"),
        };
        assert_eq!(field("flows.check-out.name"), "f0.name");
        assert_eq!(field("flows.check-out.steps.1.text"), "a0.text");
        assert_eq!(field("flows.f0.steps.pay.text"), "a0.text");
        assert_eq!(field("decisions.3.trade-offs"), "d0.tradeOffs");
        assert!(matches!(resolve(&model, "elements.cache.ttl").unwrap(), Target::New { field: Some(_), .. }));
        assert!(matches!(resolve(&model, "flows.check-out.steps").unwrap(), Target::List { owner: Some(_), .. }));
        assert!(resolve(&model, "decisions.3.colour").unwrap_err().advice.contains("context"));
        assert!(resolve(&model, "nonsense").is_err());
    }
}
