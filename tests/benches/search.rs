//! Searching 10,000 sections and 10,000 records, against the plain question to
//! FTS5 over the same texts in a database with the same encryption.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::model::Value;
use drystone_core::model::edit::Edit;
use drystone_tests::Device;
use drystone_tests::measure::{median, report, timed};
use rusqlite::{Connection, params};

const DOCUMENTS: usize = 10;
/// Sections of each document, and as many elements.
const SECTIONS: usize = 1_000;
const RUNS: usize = 15;
/// Hits that a list shows.
const LIMIT: u32 = 50;
/// One frame.
const FRAME: Duration = Duration::from_millis(16);

/// What is typed: as it grows, several words, what is everywhere, what is rare.
const QUERIES: &[&str] = &[
    "c",
    "ch",
    "che",
    "check",
    "checkout",
    "checkout g",
    "checkout gateway",
    "payment",
    "retry que",
    "order service",
    "nothinglikethis",
    "ba",
    "bako",
    "bakoli",
    "cache 77",
    "gateway 4",
    "the",
    "the retry queue of the gateway",
];
/// What is typed with typos; plain FTS5 finds nothing.
const MISTYPED: &[&str] = &["chekcout", "paymnet gatewya", "datbase", "invoicse servcie"];

const NAMES: &[&str] = &[
    "checkout",
    "payment",
    "gateway",
    "database",
    "queue",
    "order",
    "invoice",
    "service",
    "cache",
    "customer",
    "catalogue",
    "shipping",
    "warehouse",
    "identity",
    "session",
    "report",
    "search",
    "price",
    "stock",
    "courier",
];

/// The same texts in every run.
struct Words(u64);

impl Words {
    fn number(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize
    }

    /// Few words often, many words rarely, as in any language.
    fn word(&mut self) -> String {
        let below = 1 << (self.number() % 14);
        match self.number() % below {
            0 => "the".into(),
            1 => "of".into(),
            2 => "retry".into(),
            other if other < 2 + NAMES.len() => NAMES[other - 2].into(),
            mut other => {
                let mut word = String::new();
                while other > 0 {
                    word.push(['b', 'k', 'l', 'm', 'n', 'r', 's', 't'][other % 8]);
                    word.push(['a', 'e', 'i', 'o', 'u'][other / 8 % 5]);
                    other /= 40;
                }
                word
            }
        }
    }

    fn text(&mut self, words: usize) -> String {
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn name(&mut self, number: usize) -> String {
        let (one, two) = (self.number() % NAMES.len(), self.number() % NAMES.len());
        format!("{} {} {} {}", NAMES[one], NAMES[two], self.word(), number)
    }
}

/// Fills the device; returns what was written, as names with texts.
async fn fill(device: &Device) -> Vec<(String, String)> {
    let mut words = Words(0x9e37_79b9_7f4a_7c15);
    let mut written = Vec::new();
    for document in 0..DOCUMENTS {
        let mut markdown = format!("# Document {document}\n");
        let mut edits = Vec::new();
        for number in 0..SECTIONS {
            let (name, text) = (words.name(number), words.text(60 + number % 120));
            markdown.push_str(&format!("\n## {name}\n\n{text}\n"));
            written.push((name, text));
            let (name, purpose) = (words.name(number), words.text(20 + number % 40));
            let fields = BTreeMap::from([
                ("name".to_owned(), Value::text(name.clone())),
                ("kind".to_owned(), Value::text("service")),
                ("purpose".to_owned(), Value::text(purpose.clone())),
            ]);
            edits.push(Edit::Add { collection: "elements".into(), id: None, fields, after: None });
            written.push((name, purpose));
        }
        let id = device.import("document.md", markdown.as_bytes()).await.unwrap().id;
        let args = ApplyEdits { document: id, edits, sections: Vec::new(), summary: None, confirm: true };
        device.call::<Applied>(Request::ModelApply(args)).await.unwrap();
    }
    written
}

fn connect(path: &Path, key: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA temp_store = MEMORY;")).unwrap();
    connection
}

fn raw(folder: &Path, written: &[(String, String)]) -> Connection {
    let mut connection = connect(&folder.join("raw.db"), &"07".repeat(32));
    let transaction = connection.transaction().unwrap();
    transaction
        .execute_batch(
            "CREATE TABLE texts (id INTEGER PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL) STRICT;
             CREATE VIRTUAL TABLE text_index USING fts5 (
                 name, text, content = 'texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');",
        )
        .unwrap();
    for (name, text) in written {
        transaction.execute("INSERT INTO texts (name, text) VALUES (?1, ?2)", params![name, text]).unwrap();
    }
    transaction.execute_batch("INSERT INTO text_index (text_index) VALUES ('rebuild')").unwrap();
    transaction.commit().unwrap();
    connection
}

fn raw_search(connection: &Connection, query: &str) -> Vec<(String, String)> {
    let words: Vec<String> = query.split_whitespace().map(|word| format!("\"{word}\"")).collect();
    let mut statement = connection
        .prepare_cached(
            "SELECT texts.name, snippet(text_index, -1, '[', ']', '…', 16) FROM text_index
             CROSS JOIN texts ON texts.id = text_index.rowid
             WHERE text_index MATCH ?1 ORDER BY rank LIMIT ?2",
        )
        .unwrap();
    let rows =
        statement.query_map(params![format!("{}*", words.join(" ")), LIMIT], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

async fn search(device: &Device, query: &str) -> Vec<SearchHit> {
    device.call(Request::Search(Search { query: query.into(), document: None, limit: LIMIT })).await.unwrap()
}

async fn ours(device: &Device, query: &str) -> (Duration, usize) {
    let mut times = Vec::with_capacity(RUNS);
    let mut count = 0;
    for _ in 0..RUNS {
        let started = std::time::Instant::now();
        count = search(device, query).await.len();
        times.push(started.elapsed());
    }
    (median(&mut times), count)
}

fn bytes(connection: &Connection, tables: &str) -> f64 {
    let sql = format!("SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND ({tables})");
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap() as f64
}

#[tokio::main]
async fn main() {
    let device = Device::new().await;
    let (written, filling) = {
        let started = std::time::Instant::now();
        (fill(&device).await, started.elapsed())
    };
    println!("{} sections and as many records written in {filling:.1?}", DOCUMENTS * SECTIONS);
    let folder = tempfile::tempdir().unwrap();
    let raw = raw(folder.path(), &written);

    device.app().close().await.unwrap();
    let device = device.again().await;
    let started = std::time::Instant::now();
    let first = search(&device, "checkout gateway").await.len();
    println!("first search of a process: {first} hits in {:.1?}", started.elapsed());

    let (mut all_ours, mut all_raw) = (Vec::new(), Vec::new());
    for query in QUERIES {
        raw_search(&raw, query);
        let mut times: Vec<Duration> = (0..RUNS).map(|_| timed(|| raw_search(&raw, query)).1).collect();
        let theirs = median(&mut times);
        let (time, count) = ours(&device, query).await;
        report(&format!("“{query}”, {count} hits"), time, "plain FTS5", theirs, 1.2);
        all_ours.push(time);
        all_raw.push(theirs);
    }
    let mut mistyped = Vec::new();
    for query in MISTYPED {
        let (time, count) = ours(&device, query).await;
        assert!(count > 0 && raw_search(&raw, query).is_empty(), "{query}");
        println!("“{query}”, {count} hits with typos: {time:.2?}");
        mistyped.push(time);
    }
    let middle = median(&mut all_ours);
    report("a search, median of the queries", middle, "plain FTS5", median(&mut all_raw), 1.2);
    report("a search, median of the queries", middle, "a frame", FRAME, 1.0);
    report("the slowest of them", all_ours[all_ours.len() - 1], "a frame", FRAME, 1.0);
    report("a search with typos, median", median(&mut mistyped), "a frame", FRAME, 1.0);

    let key = std::fs::read_to_string(device.folder().join("key")).unwrap();
    device.app().close().await.unwrap();
    let database = connect(&device.folder().join("drystone.db"), key.trim());
    let text: usize = written.iter().map(|(name, text)| name.len() + text.len()).sum();
    for (what, connection, tables) in [
        ("index", &database, "name LIKE 'place%' OR name LIKE 'name_words%' OR name LIKE 'sqlite_autoindex_places%'"),
        ("of it the full text", &database, "name LIKE 'place_index%'"),
        ("plain FTS5's index", &raw, "name LIKE 'text_index%'"),
    ] {
        let size = bytes(connection, tables);
        let ratio = size / text as f64;
        println!("{what}: {:.1} MB for {:.1} MB of text, ratio {ratio:.3}   goal ≤ 1.1", size / 1e6, text as f64 / 1e6);
    }
}
