//! A keystroke until it is durable, against raw Automerge and one insert into
//! SQLCipher with the same settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::Duration;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjType, ROOT};
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::measure::{median, report, timed};
use drystone_tests::*;

const EDITS: usize = 3000;
/// Text that is there already: a section of usual length.
const LENGTH: usize = 4000;

fn raw(folder: &std::path::Path, cipher: bool) -> Duration {
    let connection = rusqlite::Connection::open(folder.join(format!("raw-{cipher}.db"))).unwrap();
    if cipher {
        connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "ab".repeat(32))).unwrap();
    }
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             CREATE TABLE journal (id INTEGER PRIMARY KEY, session TEXT NOT NULL, document BLOB NOT NULL,
                                   heads BLOB NOT NULL, section TEXT NOT NULL, splices TEXT NOT NULL) STRICT;",
        )
        .unwrap();
    let mut doc = AutoCommit::new();
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    doc.splice_text(&text, 0, 0, &"x".repeat(LENGTH)).unwrap();
    let mut insert = connection
        .prepare("INSERT INTO journal (session, document, heads, section, splices) VALUES (?1, ?2, ?3, ?4, ?5)")
        .unwrap();
    let mut times: Vec<Duration> = (0..EDITS)
        .map(|edit| {
            timed(|| {
                doc.splice_text(&text, LENGTH + edit, 0, "a").unwrap();
                insert
                    .execute(("s".repeat(32), [1_u8; 16], [2_u8; 32], "0123456789abcdef", "[[4000,0,\"a\"]]"))
                    .unwrap();
            })
            .1
        })
        .collect();
    median(&mut times)
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::new().await;
    let id = device.import("a.md", format!("# A\n\n{}\n", "x".repeat(LENGTH)).as_bytes()).await.unwrap().id;
    let section = device.open(&id).await.sections[0].id.clone();
    let mut times = Vec::with_capacity(EDITS);
    for edit in 0..EDITS as u32 {
        let splice = Splice { at: LENGTH as u32 + edit, delete: 0, insert: "a".into() };
        let args = EditSection {
            document: id.clone(),
            section: section.clone(),
            version: edit,
            client: "bench".into(),
            splices: vec![splice],
        };
        let started = std::time::Instant::now();
        let edited: Edited = device.call(Request::SectionEdit(args)).await.unwrap();
        times.push(started.elapsed());
        assert!(edited.accepted);
    }
    let ours = median(&mut times);
    let (encrypted, plain) = (raw(folder.path(), true), raw(folder.path(), false));
    report("keystroke to durable", ours, "raw Automerge + SQLCipher insert", encrypted, 1.2);
    report("raw: SQLCipher", encrypted, "plain SQLite", plain, 1.7);
}
