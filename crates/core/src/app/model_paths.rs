//! Reading and setting the model by dotted paths, for the command line.

use std::collections::BTreeMap;

use drystone_model::edit::{self, Edit};
use drystone_model::kinds;
use drystone_model::path::{self, Target, name_of};
use drystone_model::schema::{Collection, Field, Shape};
use drystone_model::{Model, Record, Refusal, Value as FieldValue, markdown, reference};
use serde_json::{Map, Value, json};

use super::App;
use super::documents::handle;
use super::persist::lock;
use crate::api::{Applied, ApplyEdits};
use crate::error::{Error, ErrorCode, Result};

impl App {
    /// What is at a path into the model.
    pub(super) fn show_model(&self, document: &str, at: &str) -> Result<Value> {
        self.with_model(handle(document)?, |model, _| {
            Ok(match path::resolve(model, at)? {
                Target::List { collection, owner } => {
                    let belongs = |record: &&Record| {
                        owner.as_deref().is_none_or(|id| model.owner(record).is_some_and(|owner| owner.id == id))
                    };
                    let records: Vec<Value> =
                        model.list(collection).filter(belongs).map(|record| record_json(model, record)).collect();
                    json!({ collection.name(): records })
                }
                Target::Record(id) => model.get(&id).map_or(Value::Null, |record| record_json(model, record)),
                Target::Field(id, field) => {
                    model.get(&id).map_or(Value::Null, |record| field_json(model, record, field))
                }
                Target::New { collection, slug, .. } => return Err(path::missing(model, at, collection, &slug).into()),
            })
        })
    }

    /// Sets what is at a path into the model; records on the way that are not
    /// there yet are added, and their paths given.
    pub(super) fn set_model(&self, document: &str, at: &str, value: &str) -> Result<Vec<String>> {
        let open = self.open_document(handle(document)?)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        let model = self.model(&mut open)?.clone();
        let mut planned = Planned { app: self, model, edits: Vec::new() };
        planned
            .set(at, &reference::clean(value))
            .map_err(|error| Error { place: error.place.or(Some(at.into())), ..error })?;
        if planned.edits.is_empty() {
            return Ok(Vec::new());
        }
        let summary = match planned.edits.len() {
            1 => None,
            _ => Some(format!("Set {at}")),
        };
        let args = ApplyEdits {
            document: document.to_owned(),
            edits: planned.edits,
            sections: Vec::new(),
            summary,
            confirm: false,
        };
        let applied = self.apply_locked_edits(&mut open, args)?;
        let model = self.model(&mut open)?;
        Ok(applied.added.iter().filter_map(|id| model.get(id)).map(|record| model.path_of(record)).collect())
    }

    /// Adds a record: a name for its label, and fields by name.
    ///
    /// # Errors
    /// What does not fit; nothing is added then.
    pub async fn add_record(
        &self,
        document: &str,
        collection: &str,
        name: Option<&str>,
        fields: &[(String, String)],
    ) -> Result<(String, Applied)> {
        let (document, collection) = (document.to_owned(), collection.to_owned());
        let (name, fields) = (name.map(str::to_owned), fields.to_vec());
        self.blocking(move |app| {
            let id = handle(&document)?;
            let edit = app.with_model(id, |model, _| {
                let known = Collection::find(&collection).ok_or_else(|| {
                    Error::new(
                        ErrorCode::NotFound,
                        format!("There is no collection “{collection}”."),
                        "See `drystone add --help` for those there are.",
                    )
                })?;
                let mut values = BTreeMap::new();
                if let Some(name) = &name {
                    label(model, known, name, &mut values)?;
                }
                for (field, value) in &fields {
                    let field = known.field(field).ok_or_else(|| edit::no_field(known, field))?;
                    values.insert(field.name.to_owned(), parse(model, field, &reference::clean(value))?);
                }
                fill_required(known, &mut values);
                Ok(Edit::Add { collection: collection.clone(), id: None, fields: values, after: None })
            })?;
            let applied = app.apply_edits(ApplyEdits {
                document: document.clone(),
                edits: vec![edit],
                sections: Vec::new(),
                summary: None,
                confirm: false,
            })?;
            let path = app.with_model(id, |model, _| {
                let record = applied.added.first().and_then(|id| model.get(id));
                Ok(record.map(|record| model.path_of(record)).unwrap_or_default())
            })?;
            Ok((path, applied))
        })
        .await
    }

    /// Puts a record into the trash, or takes it out.
    ///
    /// # Errors
    /// `not-found`, or `confirm` when much goes with it.
    pub async fn remove_record(&self, document: &str, at: &str, restore: bool, confirm: bool) -> Result<Applied> {
        let (document, at) = (document.to_owned(), at.to_owned());
        self.blocking(move |app| {
            let id = app.with_model(handle(&document)?, |model, _| {
                let gone = restore.then(|| model.all().find(|record| record.deleted && is_at(model, record, &at)));
                if let Some(record) = gone.flatten() {
                    return Ok(record.id.clone());
                }
                match path::resolve(model, &at)? {
                    Target::Record(id) => Ok(id),
                    Target::New { collection, slug, .. } => Err(path::missing(model, &at, collection, &slug).into()),
                    _ => Err(Error::new(
                        ErrorCode::BadInput,
                        format!("{at} is not one record."),
                        "Name a record, such as elements.web-client; a field is emptied with `drystone set DOC PATH \"\"`.",
                    )),
                }
            })?;
            let edit = if restore { Edit::Restore { id } } else { Edit::Delete { id } };
            app.apply_edits(ApplyEdits { document, edits: vec![edit], sections: Vec::new(), summary: None, confirm })
        })
        .await
    }
}

fn is_at(model: &Model, record: &Record, at: &str) -> bool {
    record.id == at || model.path_of(record) == at || at == format!("{}.{}", record.collection.name(), record.id)
}

/// Edits that are being planned, on a copy of the model that has them.
struct Planned<'a> {
    app: &'a App,
    model: Model,
    edits: Vec<Edit>,
}

impl Planned<'_> {
    fn set(&mut self, at: &str, value: &str) -> Result<()> {
        self.add_owners(at)?;
        match path::resolve(&self.model, at)? {
            Target::Field(id, field) if field.is_derived() => self.set_dependencies(&id, field, value),
            Target::Field(id, field) => {
                let value = match (field.shape, self.model.get(&id)) {
                    // Mentions in a text are found again where its words stay.
                    (Shape::Text, Some(record)) => {
                        FieldValue::text(markdown::weave(record.text(field.name), value, &self.model).text)
                    }
                    _ => parse(&self.model, field, value)?,
                };
                let value = Some(value).filter(|value| !value.is_empty());
                self.push(Edit::Set { id, field: field.name.into(), value });
                Ok(())
            }
            Target::Record(id) => self.set_fields(&id, at, value),
            Target::New { collection, owner, slug, field } => {
                self.add(collection, owner.as_deref(), &slug, field, at, value)
            }
            Target::List { collection, .. } => Err(Error::new(
                ErrorCode::BadInput,
                format!("{at} is a list of {}.", collection.table().title.to_lowercase()),
                format!("Name one, such as {at}.NAME, or add one with `drystone add`."),
            )),
        }
    }

    fn push(&mut self, edit: Edit) {
        edit::apply(&mut self.model, &edit);
        self.edits.push(edit);
    }

    /// `flows.checkout.steps.1.text` adds the flow where it is not there yet.
    fn add_owners(&mut self, at: &str) -> Result<()> {
        let parts: Vec<&str> = at.split('.').collect();
        for end in (2..parts.len().saturating_sub(1)).step_by(2) {
            // What follows is a collection that belongs to this record.
            if Collection::find(parts[end]).is_none_or(|inner| inner.owners().is_empty()) {
                break;
            }
            let prefix = parts[..end].join(".");
            if let Target::New { collection, owner, slug, field: None } = path::resolve(&self.model, &prefix)? {
                self.add(collection, owner.as_deref(), &slug, None, &prefix, "")?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        collection: Collection,
        owner: Option<&str>,
        slug: &str,
        field: Option<&'static Field>,
        at: &str,
        value: &str,
    ) -> Result<()> {
        let mut values = BTreeMap::new();
        if let (Some(owner), Some(name)) = (owner, collection.table().owner) {
            values.insert(name.to_owned(), FieldValue::text(owner));
        }
        label(&self.model, collection, slug, &mut values)?;
        match field {
            Some(field) if field.is_derived() => {}
            Some(field) => {
                values.insert(field.name.to_owned(), parse(&self.model, field, value)?);
            }
            None if value.is_empty() => {}
            None => values.extend(object(&self.model, collection, at, value)?),
        }
        fill_required(collection, &mut values);
        let id = self.app.record_id()?;
        let mut edits =
            vec![Edit::Add { collection: collection.name().into(), id: Some(id.clone()), fields: values, after: None }];
        // A decision is looked for by its number, which it gets here.
        super::model::number_decisions(&self.model, &mut edits, "");
        let fixed = edits.remove(0);
        edit::check(&self.model, vec![fixed.clone()])?;
        let numbered = slug.starts_with(|c: char| c.is_ascii_digit());
        let stored = match &fixed {
            Edit::Add { collection: name, id, fields, after } if collection == Collection::Decisions && !numbered => {
                // The device's own suffix is added when the edit is made.
                let mut fields = fields.clone();
                fields.remove("number");
                Edit::Add { collection: name.clone(), id: id.clone(), fields, after: after.clone() }
            }
            _ => fixed.clone(),
        };
        edit::apply(&mut self.model, &fixed);
        self.edits.push(stored);
        match field {
            Some(field) if field.is_derived() => self.set_dependencies(&id, field, value),
            _ => Ok(()),
        }
    }

    fn set_fields(&mut self, id: &str, at: &str, value: &str) -> Result<()> {
        let Some(record) = self.model.get(id) else { return Err(Error::internal("a record that was found is gone")) };
        for (field, value) in object(&self.model, record.collection, at, value)? {
            self.push(Edit::Set { id: id.to_owned(), field, value: Some(value).filter(|value| !value.is_empty()) });
        }
        Ok(())
    }

    /// The elements that one depends on: relationships are added and deleted
    /// until they lead there.
    fn set_dependencies(&mut self, id: &str, field: &Field, value: &str) -> Result<()> {
        let wanted = parse(&self.model, field, value)?;
        let leaving: Vec<(String, String)> = self
            .model
            .list(Collection::Relationships)
            .filter(|relationship| relationship.text("from") == id)
            .map(|relationship| (relationship.id.clone(), relationship.text("to").to_owned()))
            .collect();
        for (relationship, _) in leaving.iter().filter(|(_, to)| !wanted.items().contains(to)) {
            self.push(Edit::Delete { id: relationship.clone() });
        }
        for target in wanted.items().iter().filter(|target| !leaving.iter().any(|(_, to)| to == *target)) {
            let fields = [("from", id), ("to", target)].map(|(name, id)| (name.to_owned(), FieldValue::text(id)));
            let id = Some(self.app.record_id()?);
            let collection = Collection::Relationships.name().into();
            self.push(Edit::Add { collection, id, fields: fields.into(), after: None });
        }
        Ok(())
    }
}

/// What a slug says of a new record: its name, and what follows from it.
fn label(model: &Model, collection: Collection, slug: &str, values: &mut BTreeMap<String, FieldValue>) -> Result<()> {
    let mut put = |name: &str, text: String| {
        values.entry(name.to_owned()).or_insert(FieldValue::text(text));
    };
    match collection {
        Collection::Relationships => {
            let Some((from, to)) = slug.split_once("--") else {
                return Err(Refusal::bad(
                    format!("“{slug}” does not say which elements it is between."),
                    "Write FROM--TO, such as relationships.web-client--api.description.",
                )
                .into());
            };
            put("from", model.name_to_id(&[Collection::Elements], from)?);
            put("to", model.name_to_id(&[Collection::Elements], to)?);
        }
        Collection::Instances => put("element", model.name_to_id(&[Collection::Elements], slug)?),
        Collection::Concerns => {
            let topic = collection.field("topic").map(|field| field.shape.parse(slug, model));
            match topic {
                Some(Ok(topic)) => put("topic", topic.as_str().to_owned()),
                _ => put("name", name_of(slug)),
            }
        }
        Collection::Decisions if slug.starts_with(|c: char| c.is_ascii_digit()) => {
            put("number", slug.to_owned());
            put("title", format!("Decision {slug}"));
        }
        Collection::Steps if slug.bytes().all(|b| b.is_ascii_digit()) => put("text", format!("Step {slug}")),
        Collection::Considerations if slug.bytes().all(|b| b.is_ascii_digit()) => {
            put("title", format!("Consideration {slug}"))
        }
        Collection::Evidence | Collection::Suppressions => {}
        _ if slug.contains(char::is_whitespace) || slug.chars().any(char::is_uppercase) => {
            put(collection.table().label, slug.to_owned());
        }
        _ => put(collection.table().label, name_of(slug)),
    }
    Ok(())
}

/// A kind where the name says which.
fn fill_required(collection: Collection, values: &mut BTreeMap<String, FieldValue>) {
    if collection == Collection::Elements {
        let name = values.get("name").map(|name| name.as_str().to_owned()).unwrap_or_default();
        values.entry("kind".into()).or_insert_with(|| FieldValue::text(kinds::guess_kind(&name)));
    }
}

/// A value from its text form, or from JSON where the field holds several.
fn parse(model: &Model, field: &Field, text: &str) -> Result<FieldValue> {
    let several = matches!(field.shape, Shape::List | Shape::Tags | Shape::Map | Shape::Refs(_) | Shape::Targets);
    if several
        && text.trim_start().starts_with(['[', '{'])
        && let Ok(value) = serde_json::from_str::<FieldValue>(text)
    {
        return Ok(field.shape.check(value, model)?);
    }
    Ok(field.shape.parse(text, model)?)
}

/// Fields from a JSON object.
fn object(model: &Model, collection: Collection, at: &str, text: &str) -> Result<BTreeMap<String, FieldValue>> {
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Error::new(
            ErrorCode::BadInput,
            format!("{at} is a whole {}, and this is not a JSON object: {error}.", collection.table().singular),
            format!(
                "Name a field, such as {at}.{}, or give an object such as {{\"name\": \"…\"}}.",
                collection.table().label
            ),
        )
    })?;
    let mut values = BTreeMap::new();
    for (name, value) in fields {
        let field = collection.field(&name).ok_or_else(|| edit::no_field(collection, &name))?;
        let value: FieldValue = match value {
            Value::Null => FieldValue::text(""),
            value => serde_json::from_value(value).map_err(|_| {
                Refusal::bad(format!("{at}.{name} has a value of a form that no field takes."), field.shape.expected())
            })?,
        };
        values.insert(field.name.to_owned(), field.shape.check(value, model)?);
    }
    Ok(values)
}

fn record_json(model: &Model, record: &Record) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), json!(record.id));
    map.insert("slug".into(), json!(model.slug_of(record)));
    map.insert("path".into(), json!(model.path_of(record)));
    map.insert("label".into(), json!(reference::render(&record.label(), model)));
    for field in record.collection.table().fields.iter().filter(|field| !field.secret) {
        let value = if field.is_derived() { model.derived(record, field) } else { record.get(field.name).cloned() };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            map.insert(field.name.into(), json!(shown(value, model)));
        }
    }
    Value::Object(map)
}

/// A value as people read it: mentions in texts by their names.
fn shown(value: FieldValue, model: &Model) -> FieldValue {
    match value {
        FieldValue::Text(text) => FieldValue::text(reference::render(&text, model)),
        FieldValue::List(items) => FieldValue::List(items.iter().map(|item| reference::render(item, model)).collect()),
        other => other,
    }
}

/// A field's value so that `set` takes it back: records by their slugs.
fn field_json(model: &Model, record: &Record, field: &Field) -> Value {
    let value = if field.is_derived() { model.derived(record, field) } else { record.get(field.name).cloned() };
    let slug = |id: &str| model.get(id).map_or(id, |target| model.slug_of(target)).to_owned();
    match (field.shape, value) {
        (Shape::Ref(_), Some(FieldValue::Text(id))) => json!(slug(&id)),
        (Shape::Refs(_) | Shape::Targets, Some(FieldValue::List(ids))) => {
            json!(ids.iter().map(|id| slug(id)).collect::<Vec<_>>())
        }
        (_, Some(value)) => json!(shown(value, model)),
        (Shape::List | Shape::Tags | Shape::Refs(_) | Shape::Targets, None) => json!([]),
        (Shape::Map, None) => json!({}),
        (Shape::Number, None) => Value::Null,
        (_, None) => json!(""),
    }
}
