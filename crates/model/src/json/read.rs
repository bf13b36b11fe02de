//! Reads a document from JSON, completely and strictly: what is not understood
//! is refused with its place, so that nothing is lost without a word.

mod place;
mod records;

use serde_json::{Map, Value as Json};

use self::place::Place;
use super::{FORMAT, JsonDocument, JsonSection, RECORDS, SECTIONS, SectionForm, VERSION, parse};
use crate::graph::Model;
use crate::naming;
use crate::reference::{self, Hint, Reference};
use crate::refusal::{Refusal, RefusalKind, Result};
use crate::schema::{COLLECTIONS, Collection};

type Object = Map<String, Json>;

const HEAD: [&str; 11] =
    ["format", "version", "id", "title", "slug", "template", "created", "updated", "crlf", "bom", "sections"];

/// What is checked when all records are there.
#[derive(Default)]
struct Later {
    /// Where it is, what it shows, what is stored.
    shown: Vec<(String, String, String)>,
    /// Where it is, the record that is meant, the collections it may be of.
    refs: Vec<(String, String, &'static [Collection])>,
    /// Where it is, the element, what it is said to depend on.
    dependencies: Vec<(String, String, Vec<String>)>,
}

/// Reads a file; the name is that of messages.
///
/// # Errors
/// `TooLarge`, or `BadInput` with `file:line:column` for syntax, with
/// `file#/json/pointer` for all else.
pub fn read(bytes: &[u8], name: &str) -> Result<JsonDocument> {
    let json = parse::parse(bytes, name)?;
    let root = Place::root(name);
    let file = object(&json, &root)?;
    let version = version(file, &root)?;
    let collections: &[Collection] = if version == 1 { &[] } else { &COLLECTIONS };
    let mut known = HEAD.to_vec();
    known.extend(collections.iter().map(|collection| collection.name()));
    if version > 1 {
        known.extend(["trash", "$schema"]);
    }
    only(file, &root, &known)?;
    let mut later = Later::default();
    let text = |name| Ok(optional(file, &root, name)?.unwrap_or_default());
    let document = JsonDocument {
        id: text("id")?,
        title: required(file, &root, "title")?,
        slug: text("slug")?,
        template: text("template")?,
        created: optional(file, &root, "created")?,
        updated: optional(file, &root, "updated")?,
        sections: sections(file, &root, &mut later)?,
        model: records::read(file, &root, collections, &mut later)?,
        crlf: flag(file, &root, "crlf")?,
        bom: flag(file, &root, "bom")?,
    };
    check_later(&document.model, later)?;
    Ok(document)
}

fn version(file: &Object, root: &Place) -> Result<u64> {
    if file.get("format").and_then(Json::as_str) != Some(FORMAT) {
        return Err(root.name("format").refuse(
            "This is not a Drystone document.",
            format!(
                "A document has `\"format\": \"{FORMAT}\"`; take a file that `drystone export --format json` wrote."
            ),
        ));
    }
    match file.get("version").and_then(Json::as_u64) {
        Some(version) if (1..=u64::from(VERSION)).contains(&version) => Ok(version),
        _ => Err(root.name("version").refuse(
            "This version of the format is not known.",
            format!("Versions 1 to {VERSION} are read; a newer Drystone may read it."),
        )),
    }
}

fn sections(file: &Object, root: &Place, later: &mut Later) -> Result<Vec<JsonSection>> {
    let Some(list) = file.get("sections") else { return Err(missing(root, "sections")) };
    let place = root.name("sections");
    let list = array(list, &place)?;
    within(list.len(), SECTIONS, "sections", &place)?;
    let mut seen = std::collections::HashSet::new();
    let mut out = Vec::with_capacity(list.len());
    for (at, item) in list.iter().enumerate() {
        let place = place.at(at);
        let section = section(object(item, &place)?, &place, later)?;
        if let Some(parent) = section.parent.as_ref().filter(|parent| !seen.contains(*parent)) {
            return Err(place.name("parent").refuse(
                format!("There is no section “{parent}” before this one."),
                "A section comes after the one it is nested in.",
            ));
        }
        if section.id.is_empty() || !seen.insert(section.id.clone()) {
            return Err(place.name("id").refuse(
                format!("The id “{}” is there twice, or empty.", section.id),
                "Give every section an id of its own.",
            ));
        }
        out.push(section);
    }
    Ok(out)
}

fn section(section: &Object, place: &Place, later: &mut Later) -> Result<JsonSection> {
    only(section, place, &["id", "parent", "level", "title", "titleSource", "key", "path", "text", "source", "form"])?;
    let level = match section.get("level").and_then(Json::as_u64) {
        Some(level @ 0..=6) => level as u8,
        _ => return Err(place.name("level").refuse("This is not a heading level.", "Give a number from 0 to 6.")),
    };
    Ok(JsonSection {
        id: required(section, place, "id")?,
        parent: optional(section, place, "parent")?,
        level,
        title: sourced(section, place, "title", "titleSource", later)?,
        key: optional(section, place, "key")?,
        path: optional(section, place, "path")?.unwrap_or_default(),
        text: sourced(section, place, "text", "source", later)?,
        form: section.get("form").map(|form| section_form(form, &place.name("form"))).transpose()?,
    })
}

fn section_form(form: &Json, place: &Place) -> Result<SectionForm> {
    let form = object(form, place)?;
    only(form, place, &["style", "lead", "gap", "tail", "foot", "origin"])?;
    let read = SectionForm {
        style: required(form, place, "style")?,
        lead: required(form, place, "lead")?,
        gap: required(form, place, "gap")?,
        tail: required(form, place, "tail")?,
        foot: required(form, place, "foot")?,
        origin: required(form, place, "origin")?,
    };
    let known = ["atx", "setext", "none"].contains(&read.style.as_str());
    if !known || !["imported", "imported-last"].contains(&read.origin.as_str()) {
        return Err(
            place.refuse("This is no form of a section.", "Leave the form out; it only keeps a file's white space.")
        );
    }
    Ok(read)
}

/// A text that says what it shows and, where that differs, what is stored.
fn sourced(object: &Object, place: &Place, name: &str, source: &str, later: &mut Later) -> Result<String> {
    let shown = required(object, place, name)?;
    let Some(parts) = object.get(source) else { return Ok(shown) };
    let stored = join(parts, &place.name(source))?;
    later.shown.push((place.name(name).to_string(), shown, stored.clone()));
    Ok(stored)
}

/// A text: a string, or an object with what is shown and what is stored.
fn prose(value: &Json, place: &Place, later: &mut Later) -> Result<String> {
    match value {
        Json::String(text) => Ok(reference::clean(text)),
        Json::Object(object) => {
            only(object, place, &["text", "source"])?;
            if !object.contains_key("source") {
                return Err(missing(place, "source"));
            }
            sourced(object, place, "text", "source", later)
        }
        _ => Err(place.refuse("This is not a text.", "Give a string.")),
    }
}

/// A stored text from its pieces.
fn join(parts: &Json, place: &Place) -> Result<String> {
    let mut out = String::new();
    for (at, part) in array(parts, place)?.iter().enumerate() {
        let place = place.at(at);
        match part {
            Json::String(text) => out.push_str(&reference::clean(text)),
            part => out.push_str(&reference_of(object(part, &place)?, &place)?.encode()),
        }
    }
    Ok(out)
}

fn reference_of(part: &Object, place: &Place) -> Result<Reference> {
    only(part, place, &["id", "field", "spelled", "items", "joined", "hanging", "counted", "ordered"])?;
    let (id, field) = (required(part, place, "id")?, required(part, place, "field")?);
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(place.name("id").refuse(format!("“{id}” is not an id."), "Ids are hexadecimal digits."));
    }
    if field.is_empty() || !field.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(place.name("field").refuse(format!("“{field}” is not a field."), "Name a field of the record."));
    }
    let mut hint = Hint::Plain;
    for name in ["spelled", "items", "joined", "hanging", "counted", "ordered"] {
        let Some(text) = optional(part, place, name)? else { continue };
        if hint != Hint::Plain {
            return Err(place.refuse("There are two hints.", "Keep one of them."));
        }
        hint = match name {
            "spelled" => Hint::Spelled(text),
            "items" => Hint::Items(text),
            "joined" => Hint::Joined(text),
            "hanging" => Hint::Hanging(text),
            "counted" => Hint::Counted(text),
            _ => {
                let Some((ids, separator)) = text.split_once(';') else {
                    return Err(place.name(name).refuse("There is no “;” after the ids.", "Write id,id;separator."));
                };
                Hint::Ordered(ids.split(',').map(str::to_owned).collect(), separator.to_owned())
            }
        };
    }
    Ok(Reference { id, field, hint })
}

/// What can only be judged with all records at hand.
fn check_later(model: &Model, later: Later) -> Result<()> {
    let refuse = |place: String, what: String, advice: &str| Err(Refusal::bad(what, advice).at(place));
    for (place, id, collections) in later.refs {
        let Some(target) = model.get(&id).filter(|_| !collections.is_empty()) else { continue };
        if !collections.contains(&target.collection) {
            let what = format!("{id} is a {}; it cannot stand here.", target.collection.table().singular);
            return refuse(place, what, "Give the id of a record that fits.");
        }
    }
    for (place, shown, stored) in later.shown {
        if naming::shown(&stored, model) != shown {
            let what = "The text is not what its source shows.".into();
            return refuse(place, what, "Change the source and the text alike, or leave the source out.");
        }
    }
    let mut leaving: std::collections::HashMap<&str, std::collections::BTreeSet<&str>> = Default::default();
    for relationship in model.list(Collection::Relationships) {
        leaving.entry(relationship.text("from")).or_default().insert(relationship.text("to"));
    }
    for (place, id, said) in later.dependencies {
        let follow = leaving.get(id.as_str()).into_iter().flatten().copied();
        if !follow.eq(said.iter().map(String::as_str)) {
            let what = "The dependencies are not where the relationships lead.".into();
            return refuse(place, what, "Add or delete relationships, and leave the dependencies out.");
        }
    }
    Ok(())
}

fn object<'a>(value: &'a Json, place: &Place) -> Result<&'a Object> {
    value.as_object().ok_or_else(|| place.refuse("This is not an object.", "Give an object: `{…}`."))
}

fn array<'a>(value: &'a Json, place: &Place) -> Result<&'a Vec<Json>> {
    value.as_array().ok_or_else(|| place.refuse("This is not a list.", "Give a list: `[…]`."))
}

fn within(count: usize, limit: usize, what: &str, place: &Place) -> Result<()> {
    if count <= limit {
        return Ok(());
    }
    let message = format!("There are {count} {what}; at most {limit} can be read.");
    Err(Refusal::new(RefusalKind::TooLarge, message, "Export a smaller document.").at(place.to_string()))
}

fn missing(place: &Place, name: &str) -> Refusal {
    place.refuse(format!("`{name}` is missing."), format!("Add `{name}`."))
}

/// Refuses names that mean nothing here.
fn only(object: &Object, place: &Place, known: &[&str]) -> Result<()> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(place
            .name(name)
            .refuse(format!("There is no `{name}` here."), format!("Take it out; known are {}.", known.join(", ")))),
    }
}

/// A string; `null` is as good as nothing, which version 1 wrote.
fn flag(object: &Object, place: &Place, name: &str) -> Result<bool> {
    match object.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(_) => Err(place.name(name).refuse("This is neither true nor false.", "Give true or false.")),
    }
}

fn optional(object: &Object, place: &Place, name: &str) -> Result<Option<String>> {
    match object.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(reference::clean(text))),
        Some(_) => Err(place.name(name).refuse("This is not a text.", "Give a string.")),
    }
}

fn required(object: &Object, place: &Place, name: &str) -> Result<String> {
    optional(object, place, name)?.ok_or_else(|| missing(place, name))
}
