//! The search on a database of its own.

use drystone_model::{Collection, Model, Record, Value};
use proptest::prelude::*;
use rusqlite::Transaction;

use super::*;
use crate::store::Database;
use crate::store::documents::{self, DocumentRow, SectionRow};

const ONE: [u8; 16] = [1; 16];
const TWO: [u8; 16] = [2; 16];

struct Library {
    _folder: tempfile::TempDir,
    db: Database,
}

impl Library {
    fn new() -> Library {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&folder.path().join("drystone.db"), &[7; 32]).unwrap();
        let library = Library { _folder: folder, db };
        library.document(ONE, 0);
        library.document(TWO, 0);
        library
    }

    fn document(&self, id: [u8; 16], deleted_ms: u64) {
        self.db.write(|tx| documents::put(tx, &document_row(id, deleted_ms))).unwrap();
    }

    fn sections(&self, document: [u8; 16], sections: &[(&str, &str)]) {
        let rows: Vec<SectionRow> = sections.iter().map(|(title, text)| section(title, text)).collect();
        self.db
            .write(|tx| {
                let before = documents::sections(tx, &document)?;
                documents::put_sections(tx, &document, &before, &rows)
            })
            .unwrap();
    }

    fn records(&self, records: impl IntoIterator<Item = Record>) {
        self.db
            .write(|tx| records.into_iter().try_for_each(|record| crate::store::records::put(tx, &ONE, &record)))
            .unwrap();
    }

    fn hits(&self, query: &str, document: Option<&[u8; 16]>) -> Vec<HitRow> {
        self.db.read(|conn| search(conn, query, document, 20)).unwrap()
    }

    /// The names of what is found.
    fn find(&self, query: &str) -> Vec<String> {
        self.hits(query, None).into_iter().map(|hit| hit.name).collect()
    }

    /// Everything the search stands on.
    fn state(&self) -> Vec<String> {
        self.db
            .read(|conn| {
                let mut statement = conn.prepare(
                    "SELECT hex(place_documents.document) || hex(item) || is_record || places.name FROM places
                     JOIN place_documents ON number = places.document
                     UNION ALL SELECT word || uses FROM name_words ORDER BY 1",
                )?;
                let rows = statement.query_map([], |row| row.get(0))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap()
    }
}

fn document_row(id: [u8; 16], deleted_ms: u64) -> DocumentRow {
    DocumentRow {
        id,
        workspace: [0; 32],
        title: format!("Document {}", id[0]),
        slug: String::new(),
        template: String::new(),
        template_file: String::new(),
        created_ms: 0,
        updated_ms: 0,
        deleted_ms,
        written: 0,
        expected: 0,
        excerpt: String::new(),
        projected: 0,
    }
}

/// A section whose id is its title.
fn section(title: &str, text: &str) -> SectionRow {
    SectionRow {
        section: title.into(),
        parent: String::new(),
        level: 2,
        title: title.into(),
        key: String::new(),
        path: format!("sections.{title}"),
        text: text.into(),
        rendered: String::new(),
        source_title: String::new(),
    }
}

fn element(id: &str, name: &str) -> Record {
    Record::new(Collection::Elements, id).with("name", Value::text(name)).with("kind", Value::text("service"))
}

fn marked(hit: &HitRow) -> String {
    hit.excerpt.replace('\u{e000}', "[").replace('\u{e001}', "]")
}

#[test]
fn names_come_before_texts_and_whole_names_first() {
    let library = Library::new();
    library.sections(
        ONE,
        &[
            ("Remarks", "checkout checkout checkout checkout and nothing else but checkout"),
            ("How the checkout works", "It does."),
            ("Checkout queue", "Waits."),
            ("Elsewhere", "The checkout of a library."),
        ],
    );
    library.records([element("e1", "Checkout"), element("e2", "Old checkout")]);
    assert_eq!(
        library.find("checkout"),
        ["Checkout", "Checkout queue", "Old checkout", "How the checkout works", "Remarks", "Elsewhere"]
    );
    assert_eq!(library.find("check queue"), Vec::<String>::new(), "only the last word may be unfinished");
    assert_eq!(library.find("checkout que"), ["Checkout queue"]);
}

#[test]
fn every_text_of_a_record_is_searched_and_no_id() {
    let library = Library::new();
    library.records([
        element("00000000000000e1", "Web client")
            .with("responsibilities", Value::list(["Takes orders", "Shows parcels"]))
            .with("tags", Value::list(["frontend"]))
            .with("purpose", Value::text("Sells **everything**."))
            .with("properties", Value::Map([("runtime".to_owned(), "wasm".to_owned())].into())),
        Record::new(Collection::Concerns, "c1")
            .with("topic", Value::text("scaling"))
            .with("statement", Value::text("Queues are bounded to a thousand."))
            .with("elements", Value::list(["00000000000000e1"])),
        Record::new(Collection::Flows, "f1").with("name", Value::text("Paying")),
        Record::new(Collection::Steps, "s1")
            .with("flow", Value::text("f1"))
            .with("text", Value::text("The purse is charged.")),
        Record::new(Collection::Decisions, "d1")
            .with("number", Value::text("12"))
            .with("title", Value::text("Use gRPC"))
            .with("links", Value::Map([("00000000000000e1".to_owned(), "shapes".to_owned())].into())),
    ]);
    for query in ["client", "parcels", "frontend", "everything", "wasm", "runtime"] {
        assert_eq!(library.find(query), ["Web client"], "{query}");
    }
    assert_eq!(library.find("bounded queues"), ["Queues are bounded to a thousand."]);
    assert_eq!(library.find("purse"), ["The purse is charged."]);
    for query in ["grpc", "12", "shapes"] {
        assert_eq!(library.find(query), ["Use gRPC"], "{query}");
    }
    assert!(library.find("00000000000000e1").is_empty());
    assert!(library.find("unnamed").is_empty());
    let hit = &library.hits("parcels", None)[0];
    assert!(matches!(&hit.place, Place::Record { collection: Collection::Elements, id } if id == "00000000000000e1"));
    assert_eq!(marked(hit), "Sells **everything**.\nTakes orders\nShows [parcels]\nfrontend\nruntime\nwasm");
}

#[test]
fn a_name_is_found_in_spite_of_typos() {
    let library = Library::new();
    library.sections(ONE, &[("Größenordnung", "x"), ("Notes", "The gatewya is misspelled here.")]);
    library.records([element("1", "Payment gateway"), element("2", "Checkout"), element("3", "Order 4711")]);
    for (query, excerpt) in [
        ("chekcout", "[Checkout]"),
        ("chck", "[Checkout]"),
        ("paymnet gat", "[Payment] [gateway]"),
        ("gatewayy payment", "[Payment] [gateway]"),
        ("grosenordnug", "[Größenordnung]"),
        ("grossenordnung", "[Größenordnung]"),
    ] {
        let hits = library.hits(query, None);
        assert_eq!(hits.len(), 1, "{query}");
        assert_eq!(marked(&hits[0]), excerpt, "{query}");
    }
    assert_eq!(library.find("gatewya"), ["Notes", "Payment gateway"], "what was typed comes first");
    assert!(library.find("4712").is_empty(), "another number is no typo");
    assert!(library.find("pamynet chekcout").is_empty(), "all words must be meant");
    assert!(library.find("xyzzy").is_empty());
}

#[test]
fn what_changes_is_found_as_it_is_now() {
    let library = Library::new();
    library.sections(ONE, &[("Old heading", "first text"), ("Kept", "kept text")]);
    library.sections(TWO, &[("Other", "kept elsewhere")]);
    library.sections(ONE, &[("Kept", "second text")]);
    assert!(library.find("first").is_empty() && library.find("heading").is_empty());
    assert_eq!(library.find("second"), ["Kept"]);
    library.records([element("1", "Cache")]);
    library.records([element("1", "Store")]);
    assert!(library.find("cache").is_empty());
    assert_eq!(library.find("store"), ["Store"]);
    let mut gone = element("1", "Store");
    gone.deleted = true;
    library.records([gone]);
    assert!(library.find("store").is_empty() && library.find("stroe").is_empty());
    library.records([element("1", "Store")]);
    assert_eq!(library.find("stroe"), ["Store"]);

    let in_two: Vec<String> = library.hits("kept", Some(&TWO)).into_iter().map(|hit| hit.name).collect();
    assert_eq!(in_two, ["Other"]);
    library.document(TWO, 5);
    assert_eq!(library.find("kept"), ["Kept"]);
    library.document(TWO, 0);
    assert_eq!(library.find("kept"), ["Kept", "Other"]);

    let (before, found) = (library.state(), library.find("e"));
    library.db.write(|tx: &Transaction<'_>| rebuild(tx)).unwrap();
    assert_eq!((library.state(), library.find("e")), (before, found));
}

#[test]
fn what_is_not_shown_takes_no_place_of_what_is() {
    let library = Library::new();
    let titles: Vec<String> = (0..60).map(|number| format!("The pump {number}")).collect();
    let sections: Vec<(&str, &str)> = titles.iter().map(|title| (title.as_str(), "")).collect();
    library.sections(TWO, &sections);
    library.document(TWO, 5);
    library.sections(ONE, &[("Water", "A pump.")]);
    let hidden = |number: usize| {
        element(&format!("e{number}"), &format!("Some pump {number}")).with("parent", Value::text("top"))
    };
    let mut top = element("top", "Top");
    top.deleted = true;
    library.records((0..60).map(hidden).chain([top]));
    assert_eq!(library.find("pump"), ["Water"]);
    assert_eq!(library.hits("pump", Some(&ONE)).len(), 1);
}

#[test]
fn what_people_read_is_searched() {
    let library = Library::new();
    let mut row = section("`Pump` [house](https://example.org)", "\u{e020}0123.name\u{e021} cools.");
    row.rendered = "Zürich cools.".into();
    library.db.write(|tx| documents::put_sections(tx, &ONE, &[], &[row])).unwrap();
    assert_eq!(library.find("zurich"), ["Pump house"]);
    assert_eq!(library.find("pump hou"), ["Pump house"]);
    assert!(library.find("0123").is_empty());
}

#[test]
fn nothing_that_is_typed_breaks_the_search() {
    let library = Library::new();
    library.sections(ONE, &[("A", "The pumps AND NOT the NEAR valves, e\u{301}tude, हिन्दी, 日本語")]);
    for odd in ["", "\"", "*", "NEAR(", "^", "{name}:", "\0", "😀", "\u{301}", "\u{e000}", "-", "a\"b", "½\"", "- OR"]
    {
        library.hits(odd, None);
    }
    for query in ["pumps and not", "near", "etude", "étude", "हिन्दी", "日本", "PUMPS\0valves"] {
        assert_eq!(library.find(query), ["A"], "{query}");
    }
    for long in ["a".repeat(10_000), "a ".repeat(33), "字".repeat(3_000)] {
        let error = library.db.read(|conn| search(conn, &long, None, 20)).err().unwrap();
        assert_eq!(error.code, ErrorCode::TooLarge);
    }
    library.hits(&"a ".repeat(32), None);
    library.hits(&"a".repeat(2_000), None);
}

#[test]
fn sections_of_an_older_version_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drystone.db");
    let old = Connection::open(&path).unwrap();
    let key = format!("PRAGMA key = \"x'{}'\"", "07".repeat(32));
    old.execute_batch(&key).unwrap();
    old.execute_batch(include_str!("../migrations/0001_documents.sql")).unwrap();
    old.execute_batch(include_str!("../migrations/0002_sharing.sql")).unwrap();
    old.execute_batch(
        "PRAGMA user_version = 2;
         INSERT INTO documents VALUES (x'01010101010101010101010101010101', zeroblob(32), 'T', 't', '', 0, 0, 0, 0, 0, '', 0);
         INSERT INTO sections (document, section, ordinal, parent, level, title, key, path, text)
         VALUES (x'01010101010101010101010101010101', 's', 0, '', 1, 'Pumps', '', 'sections.pumps', 'Cooled.');",
    )
    .unwrap();
    drop(old);
    let library = Library { db: Database::open(&path, &[7; 32]).unwrap(), _folder: folder };
    assert_eq!(library.find("pmups"), ["Pumps"]);
    assert_eq!(library.find("cooled"), ["Pumps"]);
}

/// Elements nested in each other, flows with steps, environments with nodes
/// and instances, any of them deleted, references leading anywhere.
fn any_record() -> impl Strategy<Value = Record> {
    let collections = [
        Collection::Elements,
        Collection::Flows,
        Collection::Steps,
        Collection::Environments,
        Collection::Nodes,
        Collection::Instances,
    ];
    (prop::sample::select(collections.to_vec()), 0..8_u8, 0..9_u8, 0..9_u8, prop::bool::weighted(0.2)).prop_map(
        |(collection, id, parent, owner, deleted)| {
            let reference = |id: u8| Value::text(if id == 0 { String::new() } else { id.to_string() });
            let mut record = Record::new(collection, id.to_string());
            let table = collection.table();
            for (field, id) in
                table.nesting.iter().map(|name| (name, parent)).chain(table.owner.iter().map(|name| (name, owner)))
            {
                record.fields.insert(field, reference(id));
            }
            record.deleted = deleted;
            record
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_trash_of_the_search_is_that_of_the_model(records in prop::collection::vec(any_record(), 1..9)) {
        let model = Model::of(records);
        let library = Library::new();
        library.records(model.all().cloned());
        library.db.read(|conn| {
            let mut trash = Trash::new(conn);
            for record in model.all() {
                assert_eq!(trash.hides(&ONE, record)?, model.is_hidden(&record.id), "{record:?} in {model:?}");
            }
            Ok(())
        }).unwrap();
    }
}
