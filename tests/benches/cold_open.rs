//! Opening a document with the history of `automerge-paper`: 259,778 edits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)]

use std::time::{Duration, Instant};

use automerge::transaction::Transactable;
use automerge::{AutoCommit, LoadOptions, ObjType, ROOT, TextEncoding};
use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::measure::{median, report, timed};
use drystone_tests::*;

/// Edits in one call, and with them in one change at most.
const BATCH: usize = 1000;
const RUNS: usize = 7;

fn load(bytes: &[u8]) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            timed(|| {
                let options = LoadOptions::new().text_encoding(TextEncoding::Utf16CodeUnit);
                std::hint::black_box(AutoCommit::load_with_options(bytes, options).unwrap());
            })
            .1
        })
        .collect();
    median(&mut times)
}

fn raw(splices: &[Splice], edits_a_change: usize) -> Vec<u8> {
    let mut doc = AutoCommit::new_with_encoding(TextEncoding::Utf16CodeUnit);
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    for (index, splice) in splices.iter().enumerate() {
        doc.splice_text(&text, splice.at as usize, splice.delete as isize, &splice.insert).unwrap();
        if index % edits_a_change == 0 {
            doc.commit();
        }
    }
    doc.save()
}

#[tokio::main]
async fn main() {
    let Some(trace) = trace::load("automerge-paper.json.gz") else { return };
    let mut text: Vec<char> = trace.start_content.chars().collect();
    let splices: Vec<Splice> = trace.txns.iter().flat_map(|txn| txn.splices(&mut text)).collect();
    let device = Device::new().await;
    let id = device.import("paper.md", b"# P\n\n").await.unwrap().id;
    let section = device.open(&id).await.sections[0].id.clone();
    for (version, batch) in splices.chunks(BATCH).enumerate() {
        let args = EditSection {
            document: id.clone(),
            section: section.clone(),
            version: version as u32,
            client: "bench".into(),
            splices: batch.to_vec(),
        };
        assert!(device.call::<Edited>(Request::SectionEdit(args)).await.unwrap().accepted);
    }
    device.app().close().await.unwrap();

    let (mut painted, mut editable) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let cold = device.again().await;
        let started = Instant::now();
        let view = cold.open(&id).await;
        painted.push(started.elapsed());
        assert_eq!(view.sections[0].text, trace.end_content);
        let edited = cold.type_in(&id, &section, 0, &[(0, 0, "x")]).await.unwrap();
        editable.push(started.elapsed());
        assert!(edited.accepted);
        let undone = cold.type_in(&id, &section, 1, &[(0, 1, "")]).await.unwrap();
        assert!(undone.accepted);
        cold.app().close().await.unwrap();
    }
    let grouped = load(&raw(&splices, BATCH));
    let single = load(&raw(&splices, 1));
    report("text on screen, 259,778 edits", median(&mut painted), "raw load of the same", grouped, 0.05);
    report("editable", median(&mut editable), "raw load of the same", grouped, 1.1);
    report("editable", median(&mut editable), "raw load, a change a keystroke", single, 0.35);
}
