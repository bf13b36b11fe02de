//! All records of a document, and what follows from their relations: what is
//! hidden, what is nested in what, what leads where.

mod index;

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};

use compact_str::CompactString;
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};
use hashbrown::HashTable;

use crate::record::Record;
use crate::refusal::{Refusal, RefusalKind, Result};
use crate::schema::{COLLECTIONS, Collection, Field};
use crate::value::Value;

pub use index::Index;

/// The records of a document.
///
/// A record has a place from which it never moves; what follows from records is
/// kept by place, so that looking through all of them looks nothing up. Records
/// are shared between copies of a model until one of them changes them.
#[derive(Debug, Clone)]
pub struct Model {
    records: Vec<Arc<Record>>,
    /// The places of records by their ids, which stand with them so that none
    /// is looked up elsewhere to be compared. Ids come from other people:
    /// hashes of them are seeded.
    places: HashTable<(CompactString, u32)>,
    hasher: RandomState,
    /// Places of each collection in their order, the deleted ones included.
    order: Vec<Vec<usize>>,
    /// Collections whose order is still to be sorted.
    unsorted: BTreeSet<Collection>,
    /// Whether a record is in the trash, or in something that is; by place.
    hidden: Vec<bool>,
    /// The place of each record's nesting parent, free of cycles; by place.
    parents: Vec<Option<usize>>,
    /// Whether `hidden` and `parents` are still to be worked out.
    stale: bool,
    /// Whether a name has changed since slugs were forgotten.
    renamed: bool,
    /// Slugs by collection and place, as long as no name has changed.
    slugs: Vec<OnceLock<HashMap<usize, CompactString>>>,
}

impl Default for Model {
    fn default() -> Self {
        Model {
            records: Vec::new(),
            places: HashTable::new(),
            hasher: RandomState::default(),
            order: vec![Vec::new(); COLLECTIONS.len()],
            unsorted: BTreeSet::new(),
            hidden: Vec::new(),
            parents: Vec::new(),
            stale: false,
            renamed: false,
            slugs: no_slugs(),
        }
    }
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.records.iter().all(|record| other.find(&record.id).is_some_and(|(_, same)| same == record.as_ref()))
    }
}

fn no_slugs() -> Vec<OnceLock<HashMap<usize, CompactString>>> {
    vec![OnceLock::new(); COLLECTIONS.len()]
}

impl Model {
    /// All of these records.
    pub fn of(records: impl IntoIterator<Item = Record>) -> Model {
        let mut model = Model::default();
        model.put_all(records);
        model
    }

    /// Adds or replaces a record.
    pub fn put(&mut self, record: Record) {
        self.insert(record);
        self.settle();
    }

    /// Adds or replaces several records.
    pub fn put_all(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.insert(record);
        }
        self.settle();
    }

    fn insert(&mut self, mut record: Record) {
        record.shrink();
        let collection = record.collection;
        let Some(place) = self.place(&record.id) else {
            self.stale = true;
            self.renamed = true;
            let place = self.records.len();
            let hasher = &self.hasher;
            let hash = |id: &str| hasher.hash_one(id);
            let entry = (CompactString::from(&record.id), u32::try_from(place).unwrap_or(u32::MAX));
            self.places.insert_unique(hash(&record.id), entry, |(id, _)| hash(id));
            let last = self.order[collection as usize].last().map(|last| &self.records[*last]);
            if last.is_some_and(|last| position(last) > position(&record)) {
                self.unsorted.insert(collection);
            }
            self.order[collection as usize].push(place);
            self.records.push(Arc::new(record));
            return;
        };
        let old = &self.records[place];
        // Two devices can give one id in two collections: the first one counts.
        if old.collection < collection {
            return;
        }
        let table = collection.table();
        let same = |name: Option<&str>| name.is_none_or(|name| old.text(name) == record.text(name));
        self.stale |=
            old.collection != collection || old.deleted != record.deleted || !same(table.owner) || !same(table.nesting);
        self.renamed |= old.label() != record.label()
            || ["number", "from", "to", "element"].iter().any(|name| old.get(name) != record.get(name));
        if old.collection != collection {
            self.order[old.collection as usize].retain(|other| *other != place);
            self.order[collection as usize].push(place);
            self.unsorted.insert(collection);
        } else if old.order != record.order {
            self.unsorted.insert(collection);
        }
        self.records[place] = Arc::new(record);
    }

    /// Works out what is hidden and nested, where something has changed it.
    fn settle(&mut self) {
        for collection in std::mem::take(&mut self.unsorted) {
            let records = &self.records;
            let place = |place: &usize| position(&records[*place]);
            self.order[collection as usize].sort_by(|a, b| place(a).cmp(&place(b)));
        }
        if std::mem::take(&mut self.renamed) {
            // Any slug may be made of the name of another record: of the ends of
            // a relationship, or of what a step's text mentions.
            self.slugs = no_slugs();
        }
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.parents = vec![None; self.records.len()];
        for collection in COLLECTIONS {
            if let Some(nesting) = collection.table().nesting {
                self.nest(collection, nesting);
            }
        }
        self.hide();
        // What is in the trash has its slug after everything else, and takes
        // along what it holds, of whatever collection.
        self.slugs = no_slugs();
    }

    /// A record is hidden in the trash, inside of a hidden one, with a hidden
    /// owner, and without the owner that it names.
    fn hide(&mut self) {
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); self.records.len()];
        let mut gone: Vec<usize> = Vec::new();
        for (place, record) in self.records.iter().enumerate() {
            if let Some(parent) = self.parents[place] {
                below[parent].push(place);
            }
            if let Some(id) = self.owner_of(record) {
                match self.find(id).filter(|(_, owner)| owns(owner, record)) {
                    Some((owner, _)) => below[owner].push(place),
                    None => gone.push(place),
                }
            }
            if record.deleted {
                gone.push(place);
            }
        }
        self.hidden = vec![false; self.records.len()];
        while let Some(place) = gone.pop() {
            if !std::mem::replace(&mut self.hidden[place], true) {
                gone.append(&mut below[place]);
            }
        }
    }

    /// Two people who each nest one record into the other make a cycle; the
    /// record with the smallest id in it then stands at the top, for everyone
    /// the same. A parent that is not here, or in another flow or environment,
    /// does not count either.
    fn nest(&mut self, collection: Collection, nesting: &str) {
        let owner = collection.table().owner;
        let own = self.order[collection as usize].clone();
        for place in &own {
            let record = &self.records[*place];
            let parent = self.find(record.text(nesting)).filter(|(_, parent)| {
                parent.collection == collection && owner.is_none_or(|owner| parent.text(owner) == record.text(owner))
            });
            self.parents[*place] = parent.map(|(parent, _)| parent);
        }
        // From which start a record was come by; what an earlier start came by
        // leads to the top.
        let mut seen: HashMap<usize, usize> = HashMap::default();
        for start in &own {
            let mut at = *start;
            while !seen.contains_key(&at) {
                seen.insert(at, *start);
                let Some(parent) = self.parents[at] else { break };
                if seen.get(&parent) == Some(start) {
                    let around = std::iter::successors(Some(parent), |place| {
                        self.parents[*place].filter(|next| *next != parent)
                    });
                    if let Some(smallest) = around.min_by_key(|place| &self.records[*place].id) {
                        self.parents[smallest] = None;
                    }
                    break;
                }
                at = parent;
            }
        }
    }

    fn place(&self, id: &str) -> Option<usize> {
        let found = self.places.find(self.hasher.hash_one(id), |(other, _)| other == id);
        found.map(|(_, place)| *place as usize)
    }

    fn find(&self, id: &str) -> Option<(usize, &Record)> {
        #[cfg(test)]
        crate::work::count();
        self.place(id).map(|place| (place, self.records[place].as_ref()))
    }

    fn owner_of<'a>(&self, record: &'a Record) -> Option<&'a str> {
        record.collection.table().owner.map(|owner| record.text(owner)).filter(|owner| !owner.is_empty())
    }

    /// A record, in the trash or not.
    pub fn get(&self, id: &str) -> Option<&Record> {
        self.find(id).map(|(_, record)| record)
    }

    /// A record that is not in the trash.
    pub fn live(&self, id: &str) -> Option<&Record> {
        self.find(id).filter(|(place, _)| !self.hidden[*place]).map(|(_, record)| record)
    }

    /// Whether a record is in the trash, or in something that is.
    pub fn is_hidden(&self, id: &str) -> bool {
        self.find(id).is_some_and(|(place, _)| self.hidden[place])
    }

    /// The records of a collection that are not in the trash, in their order.
    pub fn list(&self, collection: Collection) -> impl Iterator<Item = &Record> {
        self.places_of(collection).filter(|place| !self.hidden[*place]).map(|place| self.at(place))
    }

    /// The records of a collection, those in the trash included.
    pub fn every(&self, collection: Collection) -> impl Iterator<Item = &Record> {
        self.places_of(collection).map(|place| self.at(place))
    }

    fn places_of(&self, collection: Collection) -> impl Iterator<Item = usize> {
        self.order[collection as usize].iter().copied()
    }

    fn at(&self, place: usize) -> &Record {
        &self.records[place]
    }

    /// The order keys around a new place: directly after a record, or last.
    pub fn around(&self, collection: Collection, after: Option<&Record>) -> (Option<String>, Option<String>) {
        let places = &self.order[collection as usize];
        let key = |place: &usize| self.at(*place).order.clone();
        let Some(after) = after else { return (places.last().map(key), None) };
        let next = places.partition_point(|place| position(self.at(*place)) <= position(after));
        (Some(after.order.clone()), places.get(next).map(key))
    }

    /// The order key of the first record of a collection.
    pub fn first_order(&self, collection: Collection) -> Option<&str> {
        self.every(collection).next().map(|first| first.order.as_str())
    }

    /// All records, those in the trash included, by collection and order.
    pub fn all(&self) -> impl Iterator<Item = &Record> {
        COLLECTIONS.into_iter().flat_map(|collection| self.every(collection))
    }

    /// How many records there are, those in the trash included.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The record that this one is nested in: its element, step, node or
    /// boundary; `None` at the top.
    pub fn parent(&self, id: &str) -> Option<&str> {
        let (place, _) = self.find(id)?;
        self.parents[place].map(|parent| self.at(parent).id.as_str())
    }

    /// The record itself, then what it is nested in, from the inside out.
    pub fn upwards<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        // Only the first one is looked up; from there on places lead to places.
        let above = self.find(id).and_then(|(place, _)| self.parents[place]);
        let around = std::iter::successors(above, |place| self.parents[*place]);
        std::iter::once(id).chain(around.map(|place| self.at(place).id.as_str()))
    }

    /// The record that this one belongs to: a step's flow, an alternative's
    /// decision, a node's environment, an instance's node.
    pub fn owner(&self, record: &Record) -> Option<&Record> {
        self.owner_of(record).and_then(|owner| self.get(owner)).filter(|owner| owns(owner, record))
    }

    /// The records of a collection that belong to a record, in their order.
    pub fn owned<'a>(&'a self, owner: &'a str, collection: Collection) -> impl Iterator<Item = &'a Record> {
        self.list(collection).filter(move |record| self.owner_of(record) == Some(owner))
    }

    /// The names from the top down to a record, such as `["Shop", "Orders"]`.
    pub fn trail(&self, id: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = Some(id);
        while let Some(record) = at.and_then(|id| self.get(id)) {
            names.push(record.label());
            at = self.parent(&record.id);
        }
        names.reverse();
        names
    }

    /// The value of a field that follows from other records.
    pub fn derived(&self, record: &Record, field: &Field) -> Option<Value> {
        if !field.is_derived() {
            return None;
        }
        let leaving =
            self.list(Collection::Relationships).filter(|relationship| relationship.text("from") == record.id);
        let targets: BTreeSet<String> = leaving.map(|relationship| relationship.text("to").to_owned()).collect();
        (!targets.is_empty()).then(|| Value::List(targets.into_iter().collect()))
    }

    /// A record's slug: its name in lower case with dashes, unique among those
    /// that belong to one owner, and the same for everyone. The id of a record
    /// that is not of this model.
    pub fn slug_of<'a>(&'a self, record: &'a Record) -> &'a str {
        let slug = self.place(&record.id).and_then(|place| self.slugs(record.collection).get(&place));
        slug.map_or(record.id.as_str(), CompactString::as_str)
    }

    /// Slugs of a collection by place.
    fn slugs(&self, collection: Collection) -> &HashMap<usize, CompactString> {
        self.slugs[collection as usize].get_or_init(|| self.make_slugs(collection))
    }

    /// A record's path for the command line, such as `elements.web-client` or
    /// `flows.checkout.steps.pay`.
    pub fn path_of(&self, record: &Record) -> String {
        let mut path = self.owner(record).map(|owner| self.path_of(owner) + ".").unwrap_or_default();
        path.push_str(record.collection.name());
        path.push('.');
        path.push_str(self.slug_of(record));
        path
    }

    fn make_slugs(&self, collection: Collection) -> HashMap<usize, CompactString> {
        let mut by_id: Vec<usize> = self.order[collection as usize].clone();
        by_id.sort_by_key(|place| (self.hidden[*place], &self.at(*place).id));
        let mut taken: HashSet<(&str, String)> = HashSet::default();
        let mut next: HashMap<(&str, String), usize> = HashMap::default();
        let mut slugs = HashMap::with_capacity_and_hasher(by_id.len(), RandomState::default());
        let mut ends = HashMap::default();
        for place in by_id {
            let record = self.at(place);
            let owner = self.owner_of(record).unwrap_or_default();
            let base = self.slug_base(record, &mut ends);
            let mut slug = base.clone();
            let count = next.entry((owner, base.clone())).or_insert(1);
            while !taken.insert((owner, slug.clone())) {
                *count += 1;
                slug = format!("{base}-{count}");
            }
            slugs.insert(place, CompactString::from(slug));
        }
        slugs
    }

    /// What a slug is made of. `ends` keeps what was made of the names of other
    /// records, since many relationships have the same ends.
    fn slug_base<'a>(&'a self, record: &'a Record, ends: &mut HashMap<&'a str, String>) -> String {
        let mut name = |id: &'a str| {
            let made = || self.get(id).map_or_else(|| "unknown".into(), |other| slug(&other.label()));
            ends.entry(id).or_insert_with(made).clone()
        };
        match record.collection {
            Collection::Decisions => record.text("number").to_owned(),
            Collection::Relationships => {
                let (from, to) = (name(record.text("from")), name(record.text("to")));
                format!("{from}--{to}")
            }
            Collection::Instances => name(record.text("element")),
            _ => slug(&crate::reference::render(&record.label(), self)),
        }
    }

    /// A record by its id, its slug or its name; for `Ref` fields.
    ///
    /// # Errors
    /// `NotFound` with names that come near, or `Ambiguous` with all that fit.
    pub fn name_to_id(&self, collections: &[Collection], name: &str) -> Result<String> {
        let name = name.trim();
        let wanted = |record: &Record| collections.is_empty() || collections.contains(&record.collection);
        if self.get(name).is_some_and(wanted) {
            return Ok(name.to_owned());
        }
        let collections = if collections.is_empty() { &COLLECTIONS } else { collections };
        let lower = name.to_lowercase();
        let named: Vec<&Record> = collections
            .iter()
            .flat_map(|collection| self.list(*collection))
            .filter(|record| record.label().to_lowercase() == lower || record.text("number") == name)
            .collect();
        if let [one] = named[..] {
            return Ok(one.id.clone());
        }
        let by_slug: Vec<&Record> = collections
            .iter()
            .flat_map(|collection| self.list(*collection))
            .filter(|record| self.slug_of(record) == lower)
            .collect();
        match (&by_slug[..], named.len()) {
            ([one], _) => Ok(one.id.clone()),
            ([], 0) => Err(self.unknown(collections, name)),
            _ => Err(Refusal::new(
                RefusalKind::Ambiguous,
                format!("“{name}” names {} records.", named.len().max(by_slug.len())),
                "Name it by its slug or its id.",
            )),
        }
    }

    fn unknown(&self, collections: &[Collection], name: &str) -> Refusal {
        let lower = slug(name);
        let near: Vec<String> = collections
            .iter()
            .flat_map(|collection| self.list(*collection))
            .map(Record::label)
            .filter(|label| {
                let label = slug(label);
                label.contains(&lower) || lower.contains(&label)
            })
            .take(3)
            .collect();
        let what = collections.first().map_or("record", |collection| collection.table().singular);
        let advice = if near.is_empty() {
            format!("Add the {what} first, or name one that is there.")
        } else {
            format!("Did you mean {}?", near.join(" or "))
        };
        Refusal::not_found(format!("There is no {what} “{name}”."), advice)
    }
}

/// What a collection's records are sorted by.
fn position(record: &Record) -> (&str, &str) {
    (&record.order, &record.id)
}

/// Whether a record can belong to this one.
fn owns(owner: &Record, record: &Record) -> bool {
    record.collection.owners().contains(&owner.collection)
}

/// Lower case, letters and digits, dashes between.
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    let mut word_ended = false;
    for c in name.chars().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            word_ended = !slug.is_empty();
            continue;
        }
        if std::mem::take(&mut word_ended) {
            slug.push('-');
        }
        slug.push(c);
    }
    if slug.is_empty() { "untitled".into() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: &str, name: &str, parent: &str) -> Record {
        Record::new(Collection::Elements, id).with("name", Value::text(name)).with("parent", Value::text(parent))
    }

    #[test]
    fn cycles_and_foreign_parents_end_at_the_top() {
        let model =
            Model::of([element("1", "a", "2"), element("2", "b", "1"), element("3", "c", "9"), element("4", "d", "4")]);
        assert_eq!(model.parent("1"), None);
        assert_eq!(model.parent("2"), Some("1"));
        assert_eq!((model.parent("3"), model.parent("4")), (None, None));
    }

    #[test]
    fn what_is_in_the_trash_takes_what_it_holds_along() {
        let mut model = Model::of([element("1", "a", ""), element("2", "b", "1"), element("3", "c", "2")]);
        let mut top = model.get("1").unwrap().clone();
        top.deleted = true;
        model.put(top.clone());
        assert!(model.live("3").is_none() && model.get("3").is_some());
        top.deleted = false;
        model.put(top);
        assert_eq!(model.list(Collection::Elements).count(), 3);
        assert_eq!(model.trail("3"), ["a", "b", "c"]);
    }

    #[test]
    fn one_id_in_two_collections_is_one_record_in_whatever_order_they_come() {
        let (a, b) = (element("1", "a", ""), Record::new(Collection::Terms, "1").with("name", Value::text("b")));
        let one = Model::of([a.clone(), b.clone()]);
        let mut other = Model::of([b]);
        other.put(a);
        assert_eq!(one, other);
        assert_eq!((other.len(), other.all().count()), (1, 1));
        assert_eq!(other.get("1").unwrap().collection, Collection::Elements);
    }

    #[test]
    fn deep_and_damaged_nesting_ends() {
        let depth = 20_000;
        let id = |n: usize| format!("{n:08x}");
        let mut records: Vec<Record> = (1..depth).map(|n| element(&id(n), "x", &id(n - 1))).collect();
        records.push(element(&id(0), "x", ""));
        records[depth - 1].deleted = true;
        let model = Model::of(records);
        assert_eq!(model.list(Collection::Elements).count(), 0);
        // A step that is its own flow belongs to nothing.
        let model = Model::of([Record::new(Collection::Steps, "5").with("flow", Value::text("5"))]);
        assert!(model.is_hidden("5"));
        assert!(model.path_of(model.get("5").unwrap()).starts_with("steps."));
    }

    #[test]
    fn slugs_follow_what_other_records_are_called_and_where_they_are() {
        let mut model = Model::of([
            element("1", "Shop", ""),
            element("2", "Cart", ""),
            Record::new(Collection::Instances, "3").with("element", Value::text("1")),
            Record::new(Collection::Flows, "4").with("name", Value::text("Pay")),
            Record::new(Collection::Steps, "5").with("flow", Value::text("4")).with("text", Value::text("Ask")),
        ]);
        let slugs = |model: &Model| ["3", "5"].map(|id| model.slug_of(model.get(id).unwrap()).to_owned());
        assert_eq!(slugs(&model), ["shop", "ask"]);
        model.put(model.get("3").unwrap().clone().with("element", Value::text("2")));
        model.put(model.get("5").unwrap().clone().with("text", Value::text("Answer")));
        assert_eq!(slugs(&model), ["cart", "answer"]);
    }

    #[test]
    fn slugs_are_unique_and_names_lead_to_records() {
        let model =
            Model::of([element("1", "Web client", ""), element("2", "web  client!", ""), element("3", "Cache", "")]);
        let slugs = ["1", "2"].map(|id| model.slug_of(model.get(id).unwrap()));
        assert_eq!(slugs, ["web-client", "web-client-2"]);
        assert_eq!(model.name_to_id(&[Collection::Elements], "web-client-2").unwrap(), "2");
        assert_eq!(model.name_to_id(&[], "cache").unwrap(), "3");
        let error = model.name_to_id(&[], "web").unwrap_err();
        assert!(error.advice.contains("Web client"), "{error:?}");
    }
}
