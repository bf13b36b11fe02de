//! All records of a document, and what follows from their relations: what is
//! hidden, what is nested in what, what leads where.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use crate::record::Record;
use crate::refusal::{Refusal, RefusalKind, Result};
use crate::schema::{COLLECTIONS, Collection, Field};
use crate::value::Value;

/// The records of a document.
#[derive(Debug, Clone, Default)]
pub struct Model {
    records: HashMap<String, Record>,
    /// Ids of each collection in their order, the deleted ones included.
    order: BTreeMap<Collection, BTreeSet<(String, String)>>,
    /// Records in the trash, or in something that is.
    hidden: HashSet<String>,
    /// The nesting parent of each record that has one, free of cycles.
    parents: HashMap<String, String>,
    /// Whether `hidden` and `parents` are still to be worked out.
    stale: bool,
    /// Whether a name has changed since slugs were forgotten.
    renamed: bool,
    /// Slugs by collection, as long as no name has changed.
    slugs: BTreeMap<Collection, OnceLock<HashMap<String, String>>>,
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        self.records == other.records
    }
}

impl Model {
    /// All of these records.
    pub fn of(records: impl IntoIterator<Item = Record>) -> Model {
        let mut model = Model::default();
        for record in records {
            model.insert(record);
        }
        model.settle();
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

    fn insert(&mut self, record: Record) {
        let (mut structure, mut names) = (true, true);
        if let Some(old) = self.records.get(&record.id) {
            // Two devices can give one id in two collections: the first one counts.
            if old.collection < record.collection {
                return;
            }
            let table = record.collection.table();
            let same = |name: Option<&str>| name.is_none_or(|name| old.text(name) == record.text(name));
            structure = old.collection != record.collection
                || old.deleted != record.deleted
                || !same(table.owner)
                || !same(table.nesting);
            names = old.label() != record.label()
                || ["number", "from", "to", "element"].iter().any(|name| old.get(name) != record.get(name));
            if let Some(ids) = self.order.get_mut(&old.collection) {
                ids.remove(&(old.order.clone(), old.id.clone()));
            }
        }
        self.stale |= structure;
        self.renamed |= names;
        self.order.entry(record.collection).or_default().insert((record.order.clone(), record.id.clone()));
        self.records.insert(record.id.clone(), record);
    }

    /// Works out what is hidden and nested, where something has changed it.
    fn settle(&mut self) {
        if std::mem::take(&mut self.renamed) {
            // Any slug may be made of the name of another record: of the ends of
            // a relationship, or of what a step's text mentions.
            self.slugs = COLLECTIONS.into_iter().map(|collection| (collection, OnceLock::new())).collect();
        }
        if !self.stale {
            return;
        }
        self.stale = false;
        self.parents = HashMap::new();
        for collection in COLLECTIONS {
            if let Some(nesting) = collection.table().nesting {
                self.nest(collection, nesting);
            }
        }
        self.hide();
        // What is in the trash has its slug after everything else, and takes
        // along what it holds, of whatever collection.
        for collection in COLLECTIONS {
            self.slugs.insert(collection, OnceLock::new());
        }
    }

    /// A record is hidden in the trash, inside of a hidden one, with a hidden
    /// owner, and without the owner that it names.
    fn hide(&mut self) {
        let mut below: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut gone: Vec<&str> = Vec::new();
        for record in self.records.values() {
            if let Some(parent) = self.parents.get(&record.id) {
                below.entry(parent).or_default().push(&record.id);
            }
            match self.owner(record) {
                Some(owner) => below.entry(&owner.id).or_default().push(&record.id),
                None if self.owner_of(record).is_some() => gone.push(&record.id),
                None => {}
            }
            if record.deleted {
                gone.push(&record.id);
            }
        }
        let mut hidden = HashSet::new();
        while let Some(id) = gone.pop() {
            if hidden.insert(id.to_owned()) {
                gone.extend(below.get(id).into_iter().flatten());
            }
        }
        self.hidden = hidden;
    }

    /// Two people who each nest one record into the other make a cycle; the
    /// record with the smallest id in it then stands at the top, for everyone
    /// the same. A parent that is not here, or in another flow or environment,
    /// does not count either.
    fn nest(&mut self, collection: Collection, nesting: &str) {
        let ids: Vec<String> = self.order.get(&collection).into_iter().flatten().map(|(_, id)| id.clone()).collect();
        let owner = collection.table().owner;
        for id in &ids {
            let record = &self.records[id];
            let parent = record.text(nesting);
            let fits = self.records.get(parent).is_some_and(|parent| {
                parent.collection == collection && owner.is_none_or(|owner| parent.text(owner) == record.text(owner))
            });
            if fits {
                self.parents.insert(id.clone(), parent.to_owned());
            }
        }
        let mut settled: HashSet<&str> = HashSet::new();
        for id in &ids {
            let mut path: Vec<String> = Vec::new();
            let mut current = Some(id.clone());
            while let Some(at) = current.take() {
                if settled.contains(at.as_str()) {
                    break;
                }
                if let Some(start) = path.iter().position(|seen| *seen == at) {
                    if let Some(smallest) = path[start..].iter().min() {
                        self.parents.remove(smallest);
                    }
                    break;
                }
                current = self.parents.get(&at).cloned();
                path.push(at);
            }
            settled.extend(path.iter().filter_map(|id| self.records.get_key_value(id)).map(|(id, _)| id.as_str()));
        }
    }

    fn owner_of<'a>(&self, record: &'a Record) -> Option<&'a str> {
        record.collection.table().owner.map(|owner| record.text(owner)).filter(|owner| !owner.is_empty())
    }

    /// A record, in the trash or not.
    pub fn get(&self, id: &str) -> Option<&Record> {
        #[cfg(test)]
        crate::work::count();
        self.records.get(id)
    }

    /// A record that is not in the trash.
    pub fn live(&self, id: &str) -> Option<&Record> {
        #[cfg(test)]
        crate::work::count();
        self.records.get(id).filter(|record| !self.hidden.contains(&record.id))
    }

    /// Whether a record is in the trash, or in something that is.
    pub fn is_hidden(&self, id: &str) -> bool {
        self.hidden.contains(id)
    }

    /// The records of a collection that are not in the trash, in their order.
    pub fn list(&self, collection: Collection) -> impl Iterator<Item = &Record> {
        self.every(collection).filter(|record| !self.hidden.contains(&record.id))
    }

    /// The records of a collection, those in the trash included.
    pub fn every(&self, collection: Collection) -> impl Iterator<Item = &Record> {
        self.order.get(&collection).into_iter().flatten().filter_map(|(_, id)| self.records.get(id))
    }

    /// The order keys around a new place: directly after a record, or last.
    pub fn around(&self, collection: Collection, after: Option<&Record>) -> (Option<String>, Option<String>) {
        let Some(ids) = self.order.get(&collection) else { return (None, None) };
        let Some(after) = after else { return (ids.last().map(|(order, _)| order.clone()), None) };
        let from = (after.order.clone(), after.id.clone());
        let next = ids.range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded)).next();
        (Some(after.order.clone()), next.map(|(order, _)| order.clone()))
    }

    /// The order key of the first record of a collection.
    pub fn first_order(&self, collection: Collection) -> Option<&str> {
        self.order.get(&collection)?.first().map(|(order, _)| order.as_str())
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
        #[cfg(test)]
        crate::work::count();
        self.parents.get(id).map(String::as_str)
    }

    /// The record that this one belongs to: a step's flow, an alternative's
    /// decision, a node's environment, an instance's node.
    pub fn owner(&self, record: &Record) -> Option<&Record> {
        let owner = self.owner_of(record).and_then(|owner| self.get(owner));
        owner.filter(|owner| record.collection.owners().contains(&owner.collection))
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

    /// Slugs of a collection's records, by id: names in lower case with dashes,
    /// unique among those that belong to one owner, and the same for everyone.
    pub fn slugs(&self, collection: Collection) -> HashMap<String, String> {
        match self.slugs.get(&collection) {
            Some(known) => known.get_or_init(|| self.make_slugs(collection)).clone(),
            None => self.make_slugs(collection),
        }
    }

    /// A record's slug.
    pub fn slug_of(&self, record: &Record) -> String {
        let known =
            self.slugs.get(&record.collection).map(|known| known.get_or_init(|| self.make_slugs(record.collection)));
        let slug = known.and_then(|slugs| slugs.get(&record.id)).cloned();
        slug.or_else(|| self.slugs(record.collection).remove(&record.id)).unwrap_or_else(|| record.id.clone())
    }

    /// A record's path for the command line, such as `elements.web-client` or
    /// `flows.checkout.steps.pay`.
    pub fn path_of(&self, record: &Record) -> String {
        let own = format!("{}.{}", record.collection.name(), self.slug_of(record));
        match self.owner(record) {
            Some(owner) => format!("{}.{own}", self.path_of(owner)),
            None => own,
        }
    }

    fn make_slugs(&self, collection: Collection) -> HashMap<String, String> {
        let mut by_id: Vec<&Record> = self.every(collection).collect();
        by_id.sort_by(|a, b| (self.hidden.contains(&a.id), &a.id).cmp(&(self.hidden.contains(&b.id), &b.id)));
        let mut taken: HashSet<(String, String)> = HashSet::new();
        let mut next: HashMap<(String, String), usize> = HashMap::new();
        let mut slugs = HashMap::new();
        for record in by_id {
            let owner = self.owner_of(record).unwrap_or_default().to_owned();
            let base = self.slug_base(record);
            let mut slug = base.clone();
            let count = next.entry((owner.clone(), base.clone())).or_insert(1);
            while !taken.insert((owner.clone(), slug.clone())) {
                *count += 1;
                slug = format!("{base}-{count}");
            }
            slugs.insert(record.id.clone(), slug);
        }
        slugs
    }

    fn slug_base(&self, record: &Record) -> String {
        let name = |id: &str| self.get(id).map_or_else(|| "unknown".into(), |other| slug(&other.label()));
        match record.collection {
            Collection::Decisions => record.text("number").to_owned(),
            Collection::Relationships => format!("{}--{}", name(record.text("from")), name(record.text("to"))),
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
        let by_slug: Vec<String> = collections
            .iter()
            .flat_map(|collection| self.slugs(*collection))
            .filter(|(id, slug)| *slug == lower && !self.is_hidden(id))
            .map(|(id, _)| id)
            .collect();
        match (&by_slug[..], named.len()) {
            ([one], _) => Ok(one.clone()),
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

/// Lower case, letters and digits, dashes between.
pub fn slug(name: &str) -> String {
    let spaced: String =
        name.chars().flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let slug = spaced.split_whitespace().collect::<Vec<_>>().join("-");
    if slug.is_empty() { "untitled".into() } else { slug }
}

/// What leads where, worked out once for many questions.
pub struct Index<'a> {
    /// The model.
    pub model: &'a Model,
    children: HashMap<&'a str, Vec<&'a Record>>,
    owned: HashMap<&'a str, Vec<&'a Record>>,
    leaving: HashMap<&'a str, Vec<&'a Record>>,
    arriving: HashMap<&'a str, Vec<&'a Record>>,
    about: HashMap<&'a str, Vec<&'a Record>>,
    slugs: HashMap<Collection, HashMap<String, String>>,
}

impl<'a> Index<'a> {
    /// Looks through a model once.
    pub fn new(model: &'a Model) -> Self {
        let mut index = Index {
            model,
            children: HashMap::new(),
            owned: HashMap::new(),
            leaving: HashMap::new(),
            arriving: HashMap::new(),
            about: HashMap::new(),
            slugs: COLLECTIONS.into_iter().map(|collection| (collection, model.slugs(collection))).collect(),
        };
        for record in COLLECTIONS.into_iter().flat_map(|collection| model.list(collection)) {
            if let Some(parent) = model.parent(&record.id) {
                index.children.entry(parent).or_default().push(record);
            }
            if let Some(owner) = model.owner_of(record) {
                index.owned.entry(owner).or_default().push(record);
            }
            if record.collection == Collection::Relationships {
                index.leaving.entry(record.text("from")).or_default().push(record);
                index.arriving.entry(record.text("to")).or_default().push(record);
            }
            if record.collection == Collection::Evidence {
                index.about.entry(record.text("about")).or_default().push(record);
            }
            for name in ["elements", "relationships"] {
                for id in record.list(name) {
                    index.about.entry(id).or_default().push(record);
                }
            }
        }
        index
    }

    /// Records nested directly in this one.
    pub fn children(&self, id: &str) -> &[&'a Record] {
        self.children.get(id).map_or(&[], Vec::as_slice)
    }

    /// Records that belong to this one, of all collections.
    pub fn owned(&self, id: &str) -> &[&'a Record] {
        self.owned.get(id).map_or(&[], Vec::as_slice)
    }

    /// Relationships from an element.
    pub fn leaving(&self, id: &str) -> &[&'a Record] {
        self.leaving.get(id).map_or(&[], Vec::as_slice)
    }

    /// Relationships to an element.
    pub fn arriving(&self, id: &str) -> &[&'a Record] {
        self.arriving.get(id).map_or(&[], Vec::as_slice)
    }

    /// Concerns, decisions, risks, views and evidence that name this record.
    pub fn about(&self, id: &str) -> &[&'a Record] {
        self.about.get(id).map_or(&[], Vec::as_slice)
    }

    /// A record's slug; its id when it has none.
    pub fn slug(&self, record: &'a Record) -> &str {
        self.slugs.get(&record.collection).and_then(|slugs| slugs.get(&record.id)).map_or(&record.id, String::as_str)
    }

    /// A record's path for the command line, such as `elements.web-client` or
    /// `flows.checkout.steps.pay`.
    pub fn path(&self, record: &'a Record) -> String {
        let own = format!("{}.{}", record.collection.name(), self.slug(record));
        match self.model.owner(record) {
            Some(owner) => format!("{}.{own}", self.path(owner)),
            None => own,
        }
    }
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
        let slugs = |model: &Model| ["3", "5"].map(|id| model.slug_of(model.get(id).unwrap()));
        assert_eq!(slugs(&model), ["shop", "ask"]);
        model.put(model.get("3").unwrap().clone().with("element", Value::text("2")));
        model.put(model.get("5").unwrap().clone().with("text", Value::text("Answer")));
        assert_eq!(slugs(&model), ["cart", "answer"]);
    }

    #[test]
    fn slugs_are_unique_and_names_lead_to_records() {
        let model =
            Model::of([element("1", "Web client", ""), element("2", "web  client!", ""), element("3", "Cache", "")]);
        let slugs = model.slugs(Collection::Elements);
        assert_eq!((slugs["1"].as_str(), slugs["2"].as_str()), ("web-client", "web-client-2"));
        assert_eq!(model.name_to_id(&[Collection::Elements], "web-client-2").unwrap(), "2");
        assert_eq!(model.name_to_id(&[], "cache").unwrap(), "3");
        let error = model.name_to_id(&[], "web").unwrap_err();
        assert!(error.advice.contains("Web client"), "{error:?}");
    }
}
