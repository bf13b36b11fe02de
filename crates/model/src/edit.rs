//! Edits of the model as data: checked, put into words, and turned around.

mod nesting;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::graph::Model;
use crate::naming::{capital, one};
use crate::numbers;
use crate::order;
use crate::record::Record;
use crate::refusal::{Refusal, RefusalKind, Result};
use crate::schema::{COLLECTIONS, Collection, Field, Shape};
use crate::value::Value;

/// The most edits of one command.
pub const EDITS: usize = 100_000;

/// Records that one command may delete without being asked for it again.
pub const DELETE_UNASKED: usize = 10;

/// One edit of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Edit {
    /// Adds a record.
    #[serde(rename_all = "camelCase")]
    Add {
        /// Where, such as `elements`.
        collection: String,
        /// 16 hexadecimal digits; chosen when absent.
        id: Option<String>,
        /// Its fields; unknown ones are refused.
        fields: BTreeMap<String, Value>,
        /// Directly after this record; last when absent.
        after: Option<String>,
    },
    /// Sets a field, or takes its value away.
    #[serde(rename_all = "camelCase")]
    Set {
        /// The record.
        id: String,
        /// The field.
        field: String,
        /// The value; absent: none.
        value: Option<Value>,
    },
    /// Moves a record among those it stands with.
    #[serde(rename_all = "camelCase")]
    Move {
        /// The record.
        id: String,
        /// Directly after this one; first when absent.
        after: Option<String>,
    },
    /// Puts a record into the trash, with what is nested in it and belongs to it.
    #[serde(rename_all = "camelCase")]
    Delete {
        /// The record.
        id: String,
    },
    /// Puts a record into the trash because another one goes; it comes back
    /// with that one.
    #[serde(rename_all = "camelCase")]
    DeleteWith {
        /// The record.
        id: String,
        /// The record it goes with.
        with: String,
    },
    /// Takes a record out of the trash, with what went there because of it.
    #[serde(rename_all = "camelCase")]
    Restore {
        /// The record.
        id: String,
    },
}

/// Checks edits one after the other, each on what the ones before leave, and
/// brings their values into the one form of their fields.
///
/// # Errors
/// The first edit that does not fit, with its place; nothing is changed.
pub fn check(model: &Model, edits: Vec<Edit>) -> Result<Vec<Edit>> {
    if edits.len() > EDITS {
        let what = format!("These are {} edits at once; at most {EDITS} are taken.", edits.len());
        return Err(Refusal::new(RefusalKind::TooLarge, what, "Make them in several steps."));
    }
    let mut checked = Vec::with_capacity(edits.len());
    if !edits.iter().any(|edit| changes_structure(model, edit)) {
        // Values alone: each is checked against what is there.
        for edit in edits {
            checked.push(check_one(model, edit)?);
        }
        return Ok(checked);
    }
    let mut after = model.clone();
    // What is added is put in together, so that records may name each other.
    let mut drafts = Vec::new();
    let mut ids = HashSet::new();
    for edit in &edits {
        if let Edit::Add { collection, id: Some(id), fields, .. } = edit {
            if model.get(id).is_some() || !ids.insert(id) {
                return Err(Refusal::bad(
                    format!("There is a record {id} already."),
                    "Leave the id out, and one is chosen.",
                ));
            }
            drafts.push(draft(collection, id, fields)?);
        }
    }
    after.put_all(drafts);
    for edit in edits {
        checked.push(check_one(&after, edit)?);
    }
    numbers::check(model, &checked)?;
    apply_all(&mut after, &checked);
    nesting::check(model, &after, &checked)?;
    Ok(checked)
}

/// Whether what comes after depends on it: records added, nested, moved to
/// another owner.
fn changes_structure(model: &Model, edit: &Edit) -> bool {
    match edit {
        Edit::Add { .. } => true,
        Edit::Set { id, field, .. } => model.get(id).is_some_and(|record| {
            let table = record.collection.table();
            let name = record.collection.field(field).map(|field| field.name);
            name.is_some() && (table.nesting == name || table.owner == name)
        }),
        _ => false,
    }
}

fn draft(collection: &str, id: &str, fields: &BTreeMap<String, Value>) -> Result<Record> {
    let collection = find_collection(collection)?;
    let mut record = Record::new(collection, id);
    for (name, value) in fields {
        let field = collection.field(name).ok_or_else(|| no_field(collection, name))?;
        record.fields.insert(field.name, value.clone());
    }
    Ok(record)
}

fn check_one(model: &Model, edit: Edit) -> Result<Edit> {
    match edit {
        Edit::Add { collection, id, fields, after } => {
            let kind = find_collection(&collection)?;
            if let Some(id) = &id
                && (id.is_empty() || id.len() > 32 || !id.chars().all(|c| c.is_ascii_hexdigit()))
            {
                return Err(Refusal::bad(
                    format!("“{id}” is not an id."),
                    "Leave the id out, or give 16 hexadecimal digits.",
                ));
            }
            let mut checked = BTreeMap::new();
            for (name, value) in fields {
                let (name, value) = check_field(model, kind, &name, value)?;
                checked.insert(name, value);
            }
            for field in kind.table().fields.iter().filter(|field| field.required && field.name != "number") {
                if checked.get(field.name).is_none_or(Value::is_empty) {
                    return Err(Refusal::bad(
                        needs(kind, field),
                        format!("Give `{}`: {}.", field.name, field.shape.expected()),
                    ));
                }
            }
            Ok(Edit::Add { collection, id, fields: checked, after })
        }
        Edit::Set { id, field, value } => {
            let record = known(model, &id)?;
            let collection = record.collection;
            if collection == Collection::Decisions
                && collection.field(&field).is_some_and(|field| field.name == "number")
            {
                return Err(Refusal::bad(
                    "A decision's number never changes.",
                    "Supersede the decision by another one.",
                ));
            }
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                let field = collection.field(&field).ok_or_else(|| no_field(collection, &field))?;
                if field.required {
                    return Err(Refusal::bad(
                        needs(collection, field),
                        "Give another value, or delete the whole record.",
                    ));
                }
                return Ok(Edit::Set { id, field: field.name.into(), value: None });
            };
            let (field, value) = check_field(model, collection, &field, value)?;
            Ok(Edit::Set { id, field, value: Some(value) })
        }
        Edit::Move { id, after } => {
            known(model, &id)?;
            after.as_deref().map(|after| known(model, after)).transpose()?;
            Ok(Edit::Move { id, after })
        }
        Edit::Delete { id } => known(model, &id).map(|_| ()).map(|()| Edit::Delete { id }),
        Edit::DeleteWith { id, with } => {
            known(model, &id)?;
            known(model, &with)?;
            Ok(Edit::DeleteWith { id, with })
        }
        Edit::Restore { id } => known(model, &id).map(|_| ()).map(|()| Edit::Restore { id }),
    }
}

fn check_field(model: &Model, collection: Collection, name: &str, value: Value) -> Result<(String, Value)> {
    let field = collection.field(name).ok_or_else(|| no_field(collection, name))?;
    let at = || format!("{}.{}", collection.name(), field.name);
    if field.is_derived() {
        return Err(Refusal::bad(
            format!("{} follow from relationships.", field.title),
            "Add or delete relationships instead.",
        )
        .at(at()));
    }
    let value = field.shape.check(value, model).map_err(|refusal| refusal.at(at()))?;
    Ok((field.name.to_owned(), value))
}

/// Does an edit to a model in memory. Values must be checked; ids given.
pub fn apply(model: &mut Model, edit: &Edit) {
    apply_all(model, std::slice::from_ref(edit));
}

/// Does several edits to a model in memory, one after the other.
pub fn apply_all(model: &mut Model, edits: &[Edit]) {
    let mut changed: HashMap<String, Record> = HashMap::new();
    for edit in edits {
        let (Edit::Add { id: Some(id), .. }
        | Edit::Set { id, .. }
        | Edit::Delete { id }
        | Edit::DeleteWith { id, .. }
        | Edit::Restore { id }) = edit
        else {
            continue;
        };
        let known = changed.remove(id).or_else(|| model.get(id).cloned());
        if let Some(record) = applied(known, edit) {
            changed.insert(id.clone(), record);
        }
    }
    model.put_all(changed.into_values());
}

fn applied(record: Option<Record>, edit: &Edit) -> Option<Record> {
    if let Edit::Add { collection, id: Some(id), fields, .. } = edit {
        return draft(collection, id, fields).ok();
    }
    let mut record = record?;
    match edit {
        Edit::Set { field, value, .. } => {
            let field = record.collection.field(field)?;
            record.conflicts.remove(field.name);
            match value {
                Some(value) => record.fields.insert(field.name, value.clone()),
                None => record.fields.remove(field.name),
            };
        }
        Edit::DeleteWith { with, .. } => {
            record.deleted = true;
            record.deleted_with = with.clone();
        }
        _ => {
            record.deleted = matches!(edit, Edit::Delete { .. });
            record.deleted_with = String::new();
        }
    }
    Some(record)
}

/// The edits that take these back, to be made in their order.
pub fn invert(model: &Model, edits: &[Edit]) -> Vec<Edit> {
    let mut inverse: Vec<Edit> = edits.iter().filter_map(|edit| invert_one(model, edit)).collect();
    inverse.reverse();
    inverse
}

fn invert_one(model: &Model, edit: &Edit) -> Option<Edit> {
    match edit {
        Edit::Add { id, .. } => id.clone().map(|id| Edit::Delete { id }),
        Edit::Set { id, field, .. } => {
            let value = model.get(id).and_then(|record| record.get(field)).cloned();
            Some(Edit::Set { id: id.clone(), field: field.clone(), value })
        }
        Edit::Move { id, .. } => {
            let record = model.get(id)?;
            let owner = record.collection.table().owner.map(|owner| record.text(owner));
            let siblings = model.every(record.collection);
            let before = siblings.take_while(|other| other.id != *id);
            let same_owner = |other: &&Record| other.collection.table().owner.map(|name| other.text(name)) == owner;
            Some(Edit::Move { id: id.clone(), after: before.filter(same_owner).last().map(|other| other.id.clone()) })
        }
        Edit::Delete { id } | Edit::DeleteWith { id, .. } => Some(Edit::Restore { id: id.clone() }),
        Edit::Restore { id } => {
            let with = model.get(id).map(|record| record.deleted_with.clone()).filter(|with| !with.is_empty());
            Some(match with {
                Some(with) => Edit::DeleteWith { id: id.clone(), with },
                None => Edit::Delete { id: id.clone() },
            })
        }
    }
}

/// The order keys of what is added or moved, one for each such edit, in their
/// order. Several added in a row at the end go one after the other.
pub fn orders(model: &Model, edits: &[Edit]) -> Vec<String> {
    let mut last: HashMap<Collection, String> = HashMap::new();
    let mut orders = Vec::new();
    for edit in edits {
        let (collection, after, append) = match edit {
            Edit::Add { collection, after, .. } => (Collection::find(collection), after, after.is_none()),
            Edit::Move { id, after } => (model.get(id).map(|record| record.collection), after, false),
            _ => continue,
        };
        let Some(collection) = collection else { continue };
        let after = after.as_deref().and_then(|after| model.get(after));
        let order = if append {
            let end = last.get(&collection).cloned().or_else(|| model.around(collection, None).0);
            let order = key_between(end.as_deref(), None);
            last.insert(collection, order.clone());
            order
        } else {
            match after {
                Some(after) => {
                    let (before, next) = model.around(collection, Some(after));
                    key_between(before.as_deref(), next.as_deref())
                }
                None => key_between(None, model.first_order(collection)),
            }
        };
        orders.push(order);
    }
    orders
}

/// Two records that were added at one place at once may have the same key;
/// what goes between them then goes after both.
fn key_between(before: Option<&str>, next: Option<&str>) -> String {
    let key = order::between(before, next).or_else(|| order::between(before, None));
    key.unwrap_or_else(|| format!("{}V", before.unwrap_or("a0")))
}

/// What goes into the trash with these records and is not itself named: the
/// relationships of elements. What is nested or belongs follows by itself. And
/// what comes back with those that are restored.
pub fn cascade(model: &Model, edits: Vec<Edit>) -> Vec<Edit> {
    let gone = going(model, &edits);
    let mut all = edits;
    let restored: HashSet<String> = all
        .iter()
        .filter_map(|edit| match edit {
            Edit::Restore { id } => Some(id.clone()),
            _ => None,
        })
        .collect();
    if !restored.is_empty() {
        let back =
            model.all().filter(|record| restored.contains(&record.deleted_with) && !restored.contains(&record.id));
        all.extend(back.map(|record| Edit::Restore { id: record.id.clone() }));
    }
    if gone.is_empty() {
        return all;
    }
    for relationship in model.list(Collection::Relationships) {
        let ends = [relationship.text("from"), relationship.text("to")];
        if ends.iter().any(|end| gone.contains(*end)) && !gone.contains(&relationship.id) {
            let with = ends.into_iter().find(|end| gone.contains(*end)).unwrap_or_default().to_owned();
            all.push(Edit::DeleteWith { id: relationship.id.clone(), with });
        }
    }
    all
}

/// Ids of all live records that these edits put into the trash.
pub fn going(model: &Model, edits: &[Edit]) -> HashSet<String> {
    let deletions: Vec<Edit> =
        edits.iter().filter(|edit| matches!(edit, Edit::Delete { .. } | Edit::DeleteWith { .. })).cloned().collect();
    if deletions.is_empty() {
        return Default::default();
    }
    let mut after = model.clone();
    apply_all(&mut after, &deletions);
    let live = COLLECTIONS.into_iter().flat_map(|collection| model.list(collection));
    live.filter(|record| after.is_hidden(&record.id)).map(|record| record.id.clone()).collect()
}

/// What edits do, in words, for the history.
pub fn describe(model: &Model, edits: &[Edit]) -> String {
    let Some(first) = edits.first() else { return "Changed nothing".into() };
    let one = describe_one(model, first);
    let same = edits.iter().all(|edit| matches!(edit, Edit::Delete { .. } | Edit::DeleteWith { .. }))
        || edits.iter().all(|edit| matches!(edit, Edit::Restore { .. }));
    match edits.len() {
        1 => one,
        count if same && count == 2 => format!("{one} and one more"),
        count if same => format!("{one} and {} more", count - 1),
        2 => format!("{one} and made another change"),
        count => format!("{one} and made {} other changes", count - 1),
    }
}

fn describe_one(model: &Model, edit: &Edit) -> String {
    let named = |id: &str| {
        model.get(id).map_or_else(
            || "a record".into(),
            |record| format!("the {} {}", record.collection.table().singular, record.label()),
        )
    };
    match edit {
        Edit::Add { collection, fields, .. } => {
            let Some(collection) = Collection::find(collection) else { return "Added a record".into() };
            let record = draft(collection.name(), "0", fields).unwrap_or_else(|_| Record::new(collection, "0"));
            let label = match collection {
                Collection::Relationships => {
                    let end = |name: &str| model.get(record.text(name)).map(Record::label).unwrap_or_default();
                    format!("{} → {}", end("from"), end("to"))
                }
                Collection::Instances => model.get(record.text("element")).map(Record::label).unwrap_or_default(),
                _ => record.label(),
            };
            format!("Added the {} {label}", collection.table().singular)
        }
        Edit::Set { id, field, value } => {
            let title = model
                .get(id)
                .and_then(|record| record.collection.field(field))
                .map_or_else(|| field.clone(), |field| field.title.to_lowercase());
            let shape = model.get(id).and_then(|record| record.collection.field(field)).map(|field| field.shape);
            match (value, shape) {
                (None, _) => format!("Cleared the {title} of {}", named(id)),
                (
                    Some(value),
                    Some(shape @ (Shape::Line | Shape::Choice(_) | Shape::Date | Shape::Ref(_) | Shape::Number)),
                ) => {
                    format!("Set the {title} of {} to {}", named(id), shape.format(value, model))
                }
                (Some(_), _) => format!("Changed the {title} of {}", named(id)),
            }
        }
        Edit::Move { id, .. } => format!("Moved {}", named(id)),
        Edit::Delete { id } | Edit::DeleteWith { id, .. } => format!("Deleted {}", named(id)),
        Edit::Restore { id } => format!("Restored {}", named(id)),
    }
}

fn find_collection(name: &str) -> Result<Collection> {
    Collection::find(name).ok_or_else(|| {
        let names: Vec<&str> = COLLECTIONS.iter().map(|collection| collection.name()).collect();
        Refusal::not_found(format!("There is no collection “{name}”."), format!("Take one of {}.", names.join(", ")))
    })
}

fn needs(collection: Collection, field: &Field) -> String {
    format!("{} needs {}.", capital(&one(collection.table().singular)), one(&field.title.to_lowercase()))
}

/// A field that is not there, with those that are.
pub fn no_field(collection: Collection, name: &str) -> Refusal {
    let names: Vec<&str> = collection.table().fields.iter().map(|field| field.name).collect();
    Refusal::not_found(
        format!("{} has no field “{name}”.", capital(&one(collection.table().singular))),
        format!("It has {}.", names.join(", ")),
    )
}

fn known<'a>(model: &'a Model, id: &str) -> Result<&'a Record> {
    model.get(id).ok_or_else(|| Refusal::not_found(format!("There is no record {id}."), "Open the document again."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(collection: &str, id: &str, fields: &[(&str, Value)]) -> Edit {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Edit::Add { collection: collection.into(), id: Some(id.into()), fields, after: None }
    }

    fn element(id: &str, name: &str, parent: &str) -> Edit {
        let fields = [("name", Value::text(name)), ("kind", Value::text("service")), ("parent", Value::text(parent))];
        add("elements", id, &fields)
    }

    fn make(edits: Vec<Edit>) -> Model {
        let mut model = Model::default();
        for edit in check(&model, edits).unwrap() {
            apply(&mut model, &edit);
        }
        model
    }

    #[test]
    fn edits_are_checked_together_and_say_what_is_wrong() {
        let model = make(vec![element("a", "Shop", ""), element("b", "Orders", "a")]);
        let edit = |edit| check(&model, vec![edit]).map(|mut edits| edits.remove(0));
        let set = |field: &str, value: Value| Edit::Set { id: "b".into(), field: field.into(), value: Some(value) };
        assert_eq!(edit(set("kind", Value::text("Web Client"))).unwrap(), set("kind", Value::text("web-client")));
        assert_eq!(edit(set("parent", Value::text("shop"))).unwrap(), set("parent", Value::text("a")));
        assert!(edit(set("colour", Value::text("red"))).unwrap_err().advice.contains("purpose"));
        assert!(edit(set("name", Value::text(" "))).is_err(), "a name is required");
        assert!(edit(set("dependencies", Value::text("Shop"))).is_err(), "what is derived is not set");
        let into_itself = Edit::Set { id: "a".into(), field: "parent".into(), value: Some(Value::text("b")) };
        assert!(edit(into_itself).unwrap_err().message.contains("itself"));
        assert!(edit(add("elements", "c", &[("name", Value::text("x"))])).is_err(), "a kind is required");
    }

    #[test]
    fn other_spellings_of_a_field_get_around_no_rule() {
        let fields = [("title", Value::text("SQL")), ("number", Value::text("1"))];
        let model = make(vec![element("a", "Shop", ""), element("b", "Orders", "a"), add("decisions", "d", &fields)]);
        let set = |id: &str, field: &str, value: &str| {
            let value = Some(Value::text(value)).filter(|value| !value.is_empty());
            check(&model, vec![Edit::Set { id: id.into(), field: field.into(), value }])
        };
        for spelling in ["number", "Number", "num-ber"] {
            assert!(set("d", spelling, "2").unwrap_err().message.contains("never changes"));
            assert!(set("d", spelling, "").is_err());
        }
        assert!(set("a", "Parent", "b").unwrap_err().message.contains("itself"));
    }

    #[test]
    fn an_id_is_given_once() {
        let model = make(vec![element("a", "Shop", "")]);
        assert!(check(&model, vec![element("a", "Store", "")]).is_err());
        assert!(
            check(&model, vec![element("b", "Store", ""), add("flows", "b", &[("name", Value::text("x"))])]).is_err()
        );
    }

    #[test]
    fn what_two_nested_into_each_other_can_still_be_moved() {
        let mut model = make(vec![element("a", "Shop", ""), element("b", "Orders", "a"), element("c", "Cart", "")]);
        let top = model.get("a").unwrap().clone().with("parent", Value::text("b"));
        model.put(top);
        let into = |id: &str, parent: &str| {
            check(&model, vec![Edit::Set { id: id.into(), field: "parent".into(), value: Some(Value::text(parent)) }])
        };
        assert!(into("c", "b").is_ok() && into("a", "c").is_ok() && into("b", "c").is_ok());
        assert!(into("a", "b").is_err(), "Orders stands in the shop");
    }

    #[test]
    fn every_edit_can_be_taken_back() {
        let model = make(vec![element("a", "Shop", ""), element("b", "Orders", "a")]);
        let edits = vec![
            Edit::Set { id: "a".into(), field: "name".into(), value: Some(Value::text("Store")) },
            Edit::Set { id: "a".into(), field: "owner".into(), value: Some(Value::text("Ada")) },
            Edit::Delete { id: "b".into() },
        ];
        let inverse = invert(&model, &edits);
        let mut changed = model.clone();
        edits.iter().for_each(|edit| apply(&mut changed, edit));
        assert_ne!(changed, model);
        inverse.iter().for_each(|edit| apply(&mut changed, edit));
        assert_eq!(changed, model);
    }

    #[test]
    fn relationships_go_with_their_elements() {
        let between = [("from", Value::text("a")), ("to", Value::text("b"))];
        let model =
            make(vec![element("a", "Shop", ""), element("b", "Orders", ""), add("relationships", "c", &between)]);
        let edits = cascade(&model, vec![Edit::Delete { id: "a".into() }]);
        assert_eq!(edits, [Edit::Delete { id: "a".into() }, Edit::DeleteWith { id: "c".into(), with: "a".into() }]);
        assert_eq!(describe(&model, &edits), "Deleted the element Shop and one more");
        let mut gone = model.clone();
        apply_all(&mut gone, &edits);
        let back = cascade(&gone, vec![Edit::Restore { id: "a".into() }]);
        apply_all(&mut gone, &back);
        assert_eq!(gone, model, "what went along comes back");
    }
}
