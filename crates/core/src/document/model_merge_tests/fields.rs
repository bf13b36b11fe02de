//! What becomes of one field that two devices set apart, for every field of
//! every collection.

use std::collections::{BTreeMap, BTreeSet};

use drystone_model::edit::{self, Edit};
use drystone_model::schema::{COLLECTIONS, Collection, Field, Shape};
use drystone_model::{Record, Value};

use super::super::Document;
use super::super::merge_tests::Dice;

/// How often each field is set apart, with other luck.
const TIMES: u64 = 4;

const HERE: &str = "fa11000000000001";

struct Pair {
    devices: [Document; 2],
    collection: Collection,
    field: &'static Field,
}

impl Pair {
    /// Two devices with one record that has a value, or none.
    fn new(collection: Collection, field: &'static Field, value: Option<&Value>) -> Pair {
        let mut first = Document::create("Plant", "full", 1, [9; 16]).unwrap();
        let fields = value.map(|value| (field.name.to_owned(), value.clone())).into_iter().collect();
        let add = Edit::Add { collection: collection.name().into(), id: Some(HERE.into()), fields, after: None };
        // Required fields and targets of references do not matter to merging.
        first.edit_records(&[add], &["a0".into()]).unwrap();
        first.commit("Added", 1);
        let second = first.fork(1);
        Pair { devices: [first, second], collection, field }
    }

    fn set(&mut self, device: usize, value: Option<&Value>) -> Vec<Vec<u8>> {
        let edit = Edit::Set { id: HERE.into(), field: self.field.name.into(), value: value.cloned() };
        self.devices[device].edit_records(&[edit], &[]).unwrap();
        self.devices[device].commit("Set", 2).into_iter().map(|record| record.bytes).collect()
    }

    /// Both set it, and hear of each other; gives what both then show.
    fn set_apart(&mut self, a: Option<&Value>, b: Option<&Value>) -> Record {
        let changes = [self.set(0, a), self.set(1, b)];
        self.devices[0].apply(&changes[1]).unwrap();
        self.devices[1].apply(&changes[0]).unwrap();
        self.agreed()
    }

    fn agreed(&self) -> Record {
        let [a, b] = &self.devices;
        let record = a.record(self.collection, HERE).unwrap();
        assert_eq!(record, b.record(self.collection, HERE).unwrap(), "{:?}.{}", self.collection, self.field.name);
        record
    }
}

fn every_field() -> impl Iterator<Item = (Collection, &'static Field)> {
    let fields = COLLECTIONS
        .into_iter()
        .flat_map(|collection| collection.table().fields.iter().map(move |field| (collection, field)));
    fields.filter(|(_, field)| !field.is_derived())
}

fn names(dice: &mut Dice) -> BTreeMap<String, String> {
    (0..dice.roll(5)).map(|_| (format!("n{}", dice.roll(6)), format!("v{}", dice.roll(3)))).collect()
}

/// A name that was there stays where neither took it away; one that was not
/// there comes where either added it.
#[test]
fn sets_and_maps_of_two_are_united() {
    let fields = every_field().filter(|(_, field)| matches!(field.shape, Shape::Tags | Shape::Refs(_) | Shape::Map));
    for (index, (collection, field)) in fields.enumerate() {
        for seed in 0..TIMES * 4 {
            let mut dice = Dice(seed * 1_000 + index as u64);
            let [base, a, b] = [(); 3].map(|()| names(&mut dice));
            let value = |names: &BTreeMap<String, String>| match field.shape {
                Shape::Map => Value::Map(names.clone()),
                _ => Value::list(names.keys().cloned()),
            };
            let record =
                Pair::new(collection, field, Some(&value(&base))).set_apart(Some(&value(&a)), Some(&value(&b)));
            let stays = |name: &&String| match base.contains_key(*name) {
                true => a.contains_key(*name) && b.contains_key(*name),
                false => true,
            };
            // A value that one changes and the other takes away stays changed.
            let changed = |name: &&String| {
                matches!(field.shape, Shape::Map)
                    && [&a, &b]
                        .into_iter()
                        .any(|side| side.get(*name).is_some_and(|value| base.get(*name) != Some(value)))
            };
            let all: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let expected: Vec<&String> = all.into_iter().filter(|name| stays(name) || changed(name)).collect();
            let shown: Vec<String> = match record.get(field.name) {
                Some(Value::Map(entries)) => {
                    for (name, value) in entries {
                        let wanted = [a.get(name), b.get(name)];
                        assert!(wanted.contains(&Some(value)), "{name} = {value}: {wanted:?}, seed {seed}");
                    }
                    entries.keys().cloned().collect()
                }
                value => value.map(Value::items).unwrap_or_default().to_vec(),
            };
            assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{collection:?}.{}, seed {seed}", field.name);
        }
    }
}

/// Two that change other words of a text both find their words in it.
#[test]
fn other_words_of_one_text_both_survive() {
    for (index, (collection, field)) in every_field().filter(|(_, field)| field.shape == Shape::Text).enumerate() {
        for seed in 0..TIMES {
            let mut dice = Dice(seed * 1_000 + index as u64);
            let words: Vec<String> = (0..6 + dice.roll(6)).map(|n| format!("word{n}")).collect();
            let places = [dice.roll(words.len() / 2), words.len() / 2 + 1 + dice.roll(words.len() / 2 - 1)];
            let changed = |places: &[usize]| {
                let mut words = words.clone();
                places.iter().for_each(|place| words[*place] = format!("Größe{place}😀"));
                Value::text(words.join(" "))
            };
            let record = Pair::new(collection, field, Some(&changed(&[])))
                .set_apart(Some(&changed(&places[..1])), Some(&changed(&places[1..])));
            assert_eq!(record.get(field.name), Some(&changed(&places)), "{collection:?}.{}, seed {seed}", field.name);
            assert!(record.conflicts.is_empty());
        }
    }
}

/// Items that one adds, and takes away, leave those of the other alone.
#[test]
fn other_items_of_one_list_both_survive() {
    for (collection, field) in every_field().filter(|(_, field)| field.shape == Shape::List) {
        let base = Value::list(["a", "b", "c", "d"]);
        let record = Pair::new(collection, field, Some(&base))
            .set_apart(Some(&Value::list(["new", "a", "c", "d"])), Some(&Value::list(["a", "b", "c", "last"])));
        assert_eq!(record.list(field.name), ["new", "a", "c", "last"], "{collection:?}.{}", field.name);
    }
}

/// Two values at once are both kept, until someone picks one or writes a third.
#[test]
fn values_that_were_set_at_once_are_both_kept_until_one_is_picked() {
    let unions = |shape: Shape| matches!(shape, Shape::Tags | Shape::Refs(_) | Shape::Map);
    for (collection, field) in every_field().filter(|(_, field)| !unions(field.shape)) {
        let [a, b, c] = match field.shape {
            Shape::Number => [1, 2, 3].map(Value::Number),
            Shape::List => ["a", "b", "c"].map(|item| Value::list([item])),
            _ => ["aaa", "bbb", "ccc"].map(Value::text),
        };
        let mut pair = Pair::new(collection, field, None);
        let record = pair.set_apart(Some(&a), Some(&b));
        let mut kept = record.conflicts.get(field.name).cloned().unwrap_or_default();
        kept.extend(record.get(field.name).cloned());
        assert!(kept.len() == 2 && kept.contains(&a) && kept.contains(&b), "{collection:?}.{}: {kept:?}", field.name);
        for (device, pick) in [(0, &a), (1, &b), (0, &c)] {
            let mut pair = Pair { devices: [pair.devices[0].fork(5), pair.devices[1].fork(6)], collection, field };
            let change = pair.set(device, Some(pick));
            pair.devices[1 - device].apply(&change).unwrap();
            let record = pair.agreed();
            assert_eq!(
                (record.get(field.name), record.conflicts.len()),
                (Some(pick), 0),
                "{collection:?}.{}",
                field.name
            );
        }
        let cleared = pair.set_apart(None, None);
        assert!(!cleared.has(field.name) && cleared.conflicts.is_empty());
    }
}

/// A value that did not win is changed further, or more is put into it.
#[test]
fn what_is_not_seen_of_a_field_is_noticed_when_it_changes() {
    for (collection, field) in every_field() {
        let [a, b, more] = match field.shape {
            Shape::Text => ["aaa", "bbb", "more"].map(Value::text),
            Shape::List | Shape::Tags | Shape::Refs(_) => ["a", "b", "more"].map(|item| Value::list([item])),
            Shape::Map => ["a", "b", "more"].map(|item| Value::Map(BTreeMap::from([(item.into(), "x".into())]))),
            _ => continue,
        };
        for (loser, late) in [(0, false), (1, false), (0, true), (1, true)] {
            let mut pair = Pair::new(collection, field, None);
            let first = [pair.set(0, Some(&a)), pair.set(1, Some(&b))];
            pair.devices[loser].set_title("Other").unwrap();
            let between: Vec<_> = pair.devices[loser].commit("Named", 2).into_iter().map(|made| made.bytes).collect();
            let further = pair.set(loser, Some(&more));
            let other = &mut pair.devices[1 - loser];
            other.apply(&first[loser]).unwrap();
            // What comes before a change that it builds on waits for it.
            let order = if late { [&further, &between] } else { [&between, &further] };
            assert!(other.apply(order[0]).unwrap().records.is_empty());
            let effect = other.apply(order[1]).unwrap();
            assert!(effect.records.contains(&(collection, HERE.into())), "{collection:?}.{}", field.name);
            pair.devices[loser].apply(&first[1 - loser]).unwrap();
            pair.agreed();
        }
    }
}

/// The edits of the model in memory and of the document agree on what is set.
#[test]
fn a_set_is_taken_back() {
    for (collection, field) in every_field().filter(|(_, field)| matches!(field.shape, Shape::Map | Shape::Tags)) {
        let old = match field.shape {
            Shape::Map => Value::Map(BTreeMap::from([("a".into(), "1".into())])),
            _ => Value::list(["a"]),
        };
        let mut pair = Pair::new(collection, field, Some(&old));
        let before = pair.devices[0].model();
        let clear = Edit::Set { id: HERE.into(), field: field.name.into(), value: None };
        let undo = edit::invert(&before, std::slice::from_ref(&clear));
        for edits in [vec![clear], undo] {
            pair.devices[0].edit_records(&edits, &[]).unwrap();
            pair.devices[0].commit("Set", 2);
        }
        assert_eq!(pair.devices[0].model(), before);
    }
}
