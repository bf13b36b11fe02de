//! What devices do: every command, with every field, by luck.

use std::collections::BTreeMap;

use drystone_model::edit::Edit;
use drystone_model::reference::Reference;
use drystone_model::schema::{COLLECTIONS, Collection, Field, Shape};
use drystone_model::{Model, Record, Value};

use super::super::merge_tests::Dice;
use super::super::{Document, NewSection, Place};
use super::invariants::LOOK;
use crate::api::{SectionBody, Splice};

/// How often each thing was done.
#[derive(Default)]
pub(super) struct Done {
    /// Fields that got or lost a value, by collection.
    fields: BTreeMap<(Collection, &'static str, &'static str), u64>,
    commands: BTreeMap<(Collection, &'static str), u64>,
    sections: BTreeMap<&'static str, u64>,
    /// Commands that were done.
    pub made: u64,
    pub refused: u64,
    pub deaths: u64,
}

impl Done {
    pub fn count(&mut self, model: &Model, edits: &[Edit]) {
        for edit in edits {
            let (collection, command) = match edit {
                Edit::Add { collection, fields, .. } => {
                    let collection = Collection::find(collection).unwrap();
                    for name in fields.keys() {
                        let name = collection.field(name).unwrap().name;
                        *self.fields.entry((collection, name, "set")).or_default() += 1;
                    }
                    (collection, "add")
                }
                Edit::Set { id, field, value } => {
                    let Some(record) = model.get(id) else { continue };
                    let name = record.collection.field(field).unwrap().name;
                    let what = if value.is_some() { "set" } else { "clear" };
                    *self.fields.entry((record.collection, name, what)).or_default() += 1;
                    (record.collection, what)
                }
                Edit::Move { id, .. } => (model.get(id).unwrap().collection, "move"),
                Edit::Delete { id } => (model.get(id).unwrap().collection, "delete"),
                Edit::DeleteWith { id, .. } => (model.get(id).unwrap().collection, "delete with"),
                Edit::Restore { id } => (model.get(id).unwrap().collection, "restore"),
            };
            *self.commands.entry((collection, command)).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: &Done) {
        for (key, count) in &other.fields {
            *self.fields.entry(*key).or_default() += count;
        }
        for (key, count) in &other.commands {
            *self.commands.entry(*key).or_default() += count;
        }
        for (key, count) in &other.sections {
            *self.sections.entry(key).or_default() += count;
        }
        self.made += other.made;
        self.refused += other.refused;
        self.deaths += other.deaths;
    }

    /// Nothing that one can do was left out.
    pub fn is_everything(&self) {
        for collection in COLLECTIONS {
            for command in ["add", "set", "clear", "move", "delete", "delete with", "restore"] {
                let relevant = !(command == "clear" && collection.table().fields.iter().all(|field| field.required));
                assert!(!relevant || self.commands.contains_key(&(collection, command)), "{collection:?}: {command}");
            }
            for field in collection.table().fields.iter().filter(|field| !field.is_derived()) {
                assert!(self.fields.contains_key(&(collection, field.name, "set")), "{collection:?}.{}", field.name);
                let clears = self.fields.contains_key(&(collection, field.name, "clear"));
                assert_eq!(clears, !field.required, "{collection:?}.{} is cleared", field.name);
            }
        }
        assert_eq!(self.sections.keys().copied().collect::<Vec<_>>(), {
            let mut all = SECTIONS.to_vec();
            all.sort_unstable();
            all
        });
        assert!(self.refused < self.made / 4, "{} commands were refused, {} done", self.refused, self.made);
        assert!(self.deaths > 0);
    }
}

const SECTIONS: [&str; 8] = ["add", "delete", "move", "reference", "rename", "restore", "rewrite", "type"];

const WORDS: [&str; 8] = ["orders", "café", "queue", "über", "state", "load", "😀", "retry"];

fn word(dice: &mut Dice) -> &'static str {
    WORDS[dice.roll(WORDS.len())]
}

fn words(dice: &mut Dice, most: usize) -> Vec<String> {
    (0..=dice.roll(most)).map(|_| word(dice).to_owned()).collect()
}

fn id(serial: &mut u64) -> String {
    *serial += 1;
    format!("{LOOK}{serial:012x}")
}

/// Records that a document begins with: elements, and two or three more collections.
pub(super) fn beginning(dice: &mut Dice, serial: &mut u64, seed: u64) -> Vec<Vec<Edit>> {
    let mut model = Model::default();
    let mut commands = Vec::new();
    let mut collections = vec![Collection::Elements, Collection::Elements];
    let more = (0..2).map(|n| COLLECTIONS[((seed * 2 + n) % COLLECTIONS.len() as u64) as usize]);
    for collection in more {
        // What can be on anything needs two of them, and not one of each.
        for needed in collection.owners().iter().take(2).flat_map(|owner| owner.owners().iter().chain(Some(owner))) {
            collections.push(*needed);
        }
        collections.push(collection);
    }
    for collection in collections {
        let mut added = add(dice, serial, &model, collection);
        if added.is_none() && collection != Collection::Relationships {
            added = add(dice, serial, &model, Collection::Elements);
        }
        let Some(edit) = added else { continue };
        drystone_model::edit::apply(&mut model, &edit);
        commands.push(vec![edit]);
    }
    commands
}

/// One command: mostly one edit, sometimes several.
pub(super) fn edits(dice: &mut Dice, serial: &mut u64, model: &Model, done: &mut Done) -> Vec<Edit> {
    let count = if dice.roll(4) == 0 { 1 + dice.roll(4) } else { 1 };
    let edits: Vec<Edit> = (0..count).filter_map(|_| edit(dice, serial, model)).collect();
    done.refused += u64::from(edits.is_empty());
    edits
}

fn edit(dice: &mut Dice, serial: &mut u64, model: &Model) -> Option<Edit> {
    let any = |dice: &mut Dice| -> Option<&Record> { model.all().nth(dice.roll(model.len().max(1))) };
    Some(match dice.roll(20) {
        0..=4 => {
            let collection = COLLECTIONS[dice.roll(COLLECTIONS.len())];
            return add(dice, serial, model, collection).or_else(|| add(dice, serial, model, Collection::Elements));
        }
        5 | 6 => {
            let record = any(dice)?;
            let like = model.every(record.collection).nth(dice.roll(4)).filter(|like| like.id != record.id);
            Edit::Move { id: record.id.clone(), after: like.map(|like| like.id.clone()) }
        }
        7 | 8 => Edit::Delete { id: any(dice)?.id.clone() },
        9 => {
            let (record, with) = (any(dice)?, any(dice)?);
            Edit::DeleteWith { id: record.id.clone(), with: with.id.clone() }
        }
        10 => {
            let gone = model.all().filter(|record| record.deleted).nth(dice.roll(3));
            Edit::Restore { id: gone.or(any(dice))?.id.clone() }
        }
        _ => {
            let record = any(dice)?;
            set(dice, model, record)
        }
    })
}

fn add(dice: &mut Dice, serial: &mut u64, model: &Model, collection: Collection) -> Option<Edit> {
    let mut fields = BTreeMap::new();
    for field in collection.table().fields {
        // A number is asked for more often, for two may ask for one.
        let unasked = if field.name == "number" { 2 } else { 6 };
        if field.is_derived() || (dice.roll(unasked) > 0 && (!field.required || field.name == "number")) {
            continue;
        }
        match value(dice, model, collection, field, None) {
            Some(value) => {
                fields.insert(field.name.to_owned(), value);
            }
            None if field.required => return None,
            None => {}
        }
    }
    // Now and then an id that another device may give at the same time.
    let shared = collection != Collection::Decisions && dice.roll(12) == 0;
    let id = if shared { format!("{LOOK}{:012x}", 0xFFFF_0000 + dice.roll(2)) } else { id(serial) };
    let after = model.every(collection).nth(dice.roll(6)).map(|record| record.id.clone());
    Some(Edit::Add { collection: collection.name().into(), id: Some(id), fields, after })
}

fn set(dice: &mut Dice, model: &Model, record: &Record) -> Edit {
    let fields = record.collection.table().fields;
    let mut field = &fields[dice.roll(fields.len())];
    if dice.roll(3) == 0 {
        // What has a value, and what two devices may both have set.
        let present: Vec<&Field> = fields.iter().filter(|field| record.has(field.name)).collect();
        field = present.get(dice.roll(present.len().max(1))).copied().unwrap_or(field);
    }
    if let (Some(nesting), 0) = (record.collection.table().nesting, dice.roll(3)) {
        field = record.collection.field(nesting).unwrap_or(field);
    }
    if dice.roll(5) == 0 {
        let refs = fields.iter().filter(|field| matches!(field.shape, Shape::Ref(_) | Shape::Refs(_)));
        let refs: Vec<&Field> = refs.collect();
        field = refs.get(dice.roll(refs.len().max(1))).copied().unwrap_or(field);
    }
    let old = record.get(field.name);
    let value = if dice.roll(5) == 0 { None } else { value(dice, model, record.collection, field, old) };
    Edit::Set { id: record.id.clone(), field: field.name.into(), value }
}

fn value(dice: &mut Dice, model: &Model, collection: Collection, field: &Field, old: Option<&Value>) -> Option<Value> {
    Some(match field.shape {
        _ if field.name == "number" => {
            let lane = ["", "", "", "b", "c"][dice.roll(5)];
            Value::text(format!("{}{}{lane}", "0".repeat(dice.roll(3)), 1 + dice.roll(5)))
        }
        Shape::Line => Value::text(words(dice, 2).join(" ")),
        Shape::Text => Value::text(text(dice, model, old.map(Value::as_str).unwrap_or_default())),
        Shape::Number => Value::Number(i32::try_from(dice.roll(5)).unwrap()),
        Shape::Date => Value::text(format!("2026-11-{:02}", 1 + dice.roll(30))),
        Shape::Choice(choices) => Value::text(choices[dice.roll(choices.len())].value),
        Shape::List => {
            let mut items = old.map(Value::items).unwrap_or_default().to_vec();
            items.retain(|_| dice.roll(4) > 0);
            items.insert(dice.roll(items.len() + 1), mention(dice, model).unwrap_or_else(|| word(dice).into()));
            Value::List(items)
        }
        Shape::Tags => Value::list(words(dice, 3)),
        Shape::Map => Value::Map(entries(dice, model, collection, field)),
        Shape::Ref(targets) => Value::text(target(dice, model, targets)?),
        Shape::Refs(targets) => Value::list((0..1 + dice.roll(3)).filter_map(|_| target(dice, model, targets))),
        Shape::Targets => Value::list(["nobody"]),
    })
}

/// Sometimes changed by a word, sometimes another text.
fn text(dice: &mut Dice, model: &Model, old: &str) -> String {
    let mut parts: Vec<String> = old.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if dice.roll(3) == 0 {
        parts = words(dice, 4);
    }
    if !parts.is_empty() && dice.roll(2) == 0 {
        parts.remove(dice.roll(parts.len()));
    }
    let new = mention(dice, model).unwrap_or_else(|| word(dice).into());
    parts.insert(dice.roll(parts.len() + 1), new);
    parts.join(" ")
}

fn entries(dice: &mut Dice, model: &Model, collection: Collection, field: &Field) -> BTreeMap<String, String> {
    let links = collection == Collection::Decisions && field.name == "links";
    let mut entries = BTreeMap::new();
    for _ in 0..=dice.roll(3) {
        let key = if links { target(dice, model, &[]) } else { Some(word(dice).into()) };
        entries.extend(key.map(|key| (key, word(dice).into())));
    }
    entries
}

/// A record of these collections, in the trash or not.
fn target(dice: &mut Dice, model: &Model, collections: &[Collection]) -> Option<String> {
    let collections = if collections.is_empty() { &COLLECTIONS[..] } else { collections };
    let fit = collections.iter().flat_map(|collection| model.every(*collection));
    let fit: Vec<&Record> = fit.collect();
    fit.get(dice.roll(fit.len().max(1))).map(|record| record.id.clone())
}

/// Rarely a reference to a name, still more rarely to nothing.
fn mention(dice: &mut Dice, model: &Model) -> Option<String> {
    match dice.roll(10) {
        0 => Some(Reference::mention(&format!("{LOOK}dead00000000"), "name").encode()),
        1 | 2 => Some(Reference::mention(&target(dice, model, &[Collection::Elements])?, "name").encode()),
        _ => None,
    }
}

/// One edit of a section, not committed.
pub(super) fn edit_sections(
    dice: &mut Dice,
    serial: &mut u64,
    document: &mut Document,
    model: &Model,
    done: &mut Done,
) {
    let sections = document.sections();
    // Moves more often, for two that go into each other.
    let what = SECTIONS.get(dice.roll(SECTIONS.len() + 2)).copied().unwrap_or("move");
    let pick = |dice: &mut Dice| sections.get(dice.roll(sections.len().max(1))).map(|section| section.id.clone());
    let (Some(one), Some(other)) = (pick(dice), pick(dice)) else {
        return restore_section(dice, document, done);
    };
    match what {
        "type" => {
            let length = document.body_length(&one).unwrap();
            // Not into the middle of a character.
            let at = if dice.roll(2) == 0 { 0 } else { length };
            let splice = Splice { at: at as u32, delete: 0, insert: format!(" {}", word(dice)) };
            document.splice(&one, &[splice]).unwrap();
        }
        "rewrite" | "reference" => {
            let old = document.body(&one).unwrap();
            let mut new = text(dice, model, &old);
            if what == "reference" {
                new.push_str(&mention(dice, model).unwrap_or_default());
            }
            document.set_section(&SectionBody { section: one, title: None, text: Some(new) }).unwrap();
        }
        "rename" => {
            let old = document.section_title(&one).unwrap();
            let title = Some(text(dice, model, &old));
            document.set_section(&SectionBody { section: one, title, text: None }).unwrap();
        }
        "add" => {
            *serial += 1;
            let new = NewSection::made(format!("5ec{serial:013x}"), word(dice), word(dice));
            let place = if dice.roll(2) == 0 { Place::default() } else { Place { parent: Some(one), after: None } };
            document.add_section(&new, &place).unwrap();
        }
        "move" => {
            let parent = sections.iter().find(|section| section.id == other).unwrap().parent.clone();
            let beside = Place { parent, after: Some(other.clone()).filter(|other| *other != one) };
            let inside = Place { parent: Some(other), after: None };
            let place = if dice.roll(2) == 0 { beside } else { inside };
            if document.move_section(&one, &place).is_err() {
                done.refused += 1;
                return;
            }
        }
        "delete" => document.set_section_deleted(&one, true).unwrap(),
        _ => return restore_section(dice, document, done),
    }
    *done.sections.entry(what).or_default() += 1;
}

fn restore_section(dice: &mut Dice, document: &mut Document, done: &mut Done) {
    let gone = document.deleted_sections();
    if let Some((id, _)) = gone.get(dice.roll(gone.len().max(1))) {
        document.set_section_deleted(id, false).unwrap();
        *done.sections.entry("restore").or_default() += 1;
    }
}
