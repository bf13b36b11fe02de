use super::*;
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ObjType, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;

fn actor(number: u8) -> ActorId {
    ActorId::from([number; 16])
}

/// A history with everything the document module and the library can write.
fn history() -> AutoCommit {
    let mut doc = AutoCommit::new().with_actor(actor(1));
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    doc.splice_text(&text, 0, 0, "Dry stone walls hold without mortar. Größe ✓").unwrap();
    doc.commit();
    let list = doc.put_object(ROOT, "list", ObjType::List).unwrap();
    for index in 0..20 {
        doc.insert(&list, index, index as i64 - 5).unwrap();
    }
    doc.put(ROOT, "counter", ScalarValue::counter(3)).unwrap();
    doc.increment(ROOT, "counter", -2).unwrap();
    doc.put(ROOT, "float", 1.5).unwrap();
    doc.put(ROOT, "none", ()).unwrap();
    doc.put(ROOT, "bytes", vec![1u8, 2, 3]).unwrap();
    doc.put(ROOT, "time", ScalarValue::Timestamp(1_700_000_000_000)).unwrap();
    doc.commit();
    let mut other = doc.fork().with_actor(actor(2));
    other.splice_text(&text, 4, 6, "brick ").unwrap();
    other.put(ROOT, "none", "both").unwrap();
    other.commit();
    doc.mark(&text, Mark::new("bold".into(), true, 0, 9), ExpandMark::Both).unwrap();
    doc.put(ROOT, "none", true).unwrap();
    doc.commit();
    doc.merge(&mut other).unwrap();
    doc.put(ROOT, "none", "settled").unwrap();
    doc.delete(&list, 3).unwrap();
    let length = doc.length(&text);
    doc.splice_text(&text, 0, length as isize, "").unwrap();
    doc.commit();
    doc.splice_text(&text, 0, 0, &"Granite and slate. ".repeat(400)).unwrap();
    doc.commit();
    doc.empty_change(automerge::transaction::CommitOptions::default());
    doc
}

#[test]
fn what_automerge_writes_is_accepted_plain_and_deflated() {
    let mut doc = history();
    let mut deflated = 0;
    for change in doc.get_changes(&[]) {
        for bytes in [change.raw_bytes().to_vec(), change.clone().bytes().to_vec()] {
            deflated += usize::from(bytes[8] == DEFLATED);
            let summary = scan_change(&bytes, &Limits::default()).unwrap();
            assert_eq!(summary.hash, change.hash().0);
            assert_eq!(summary.actor, change.actor_id().to_bytes());
            assert_eq!(summary.sequence, change.seq());
            assert_eq!(summary.operations, change.len() as u64);
            assert_eq!(summary.dependencies, change.deps().iter().map(|hash| hash.0).collect::<Vec<_>>());
        }
    }
    assert!(deflated > 0, "the history has a change long enough to be deflated");
}

#[test]
fn deleting_a_long_text_is_not_a_bomb() {
    let mut doc = AutoCommit::new();
    let text = doc.put_object(ROOT, "text", ObjType::Text).unwrap();
    doc.splice_text(&text, 0, 0, &"x".repeat(300_000)).unwrap();
    doc.commit();
    doc.splice_text(&text, 0, 300_000, "").unwrap();
    doc.commit();
    for change in doc.get_changes(&[]) {
        scan_change(&change.clone().bytes(), &Limits::default()).unwrap();
    }
}

fn signed(mut value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

fn chunk(kind: u8, body: &[u8], data: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &change_hash(body)[..4], &[kind], &leb128(data.len() as u64), data].concat()
}

fn change(columns: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![0, 2, 9, 9, 1, 1, 0, 0, 0];
    body.extend(leb128(columns.len() as u64));
    for (column, data) in columns {
        body.extend(leb128(u64::from(*column)));
        body.extend(leb128(data.len() as u64));
    }
    for (_, data) in columns {
        body.extend_from_slice(data);
    }
    chunk(CHANGE, &body, &body)
}

fn run(length: i64, value: i64) -> Vec<u8> {
    [signed(length), signed(value)].concat()
}

/// Inserts `count` nulls into a list that the change itself makes.
fn inserts(count: i64) -> Vec<u8> {
    let make_then = |rest: Vec<u8>| [run(1, 2), rest].concat();
    change(&[
        (column::OBJECT_ACTOR, [vec![0, 1], run(count, 0)].concat()),
        (column::OBJECT_COUNTER, [vec![0, 1], run(count, 1)].concat()),
        (column::KEY_ACTOR, [vec![0, 2], run(count - 1, 0)].concat()),
        (column::KEY_COUNTER, [vec![0, 1], run(1, 0), run(1, 2), run(count - 2, 1)].concat()),
        (column::KEY_NAME, [vec![0x7f, 1, b'l', 0], leb128(count as u64)].concat()),
        (column::INSERT, [leb128(1), leb128(count as u64)].concat()),
        (column::ACTION, make_then(run(count, 1))),
        (column::VALUE_METADATA, run(count + 1, 0)),
        (column::PREDECESSOR_COUNT, run(count + 1, 0)),
    ])
}

#[test]
fn a_run_length_bomb_is_refused_at_once() {
    let small = inserts(100);
    assert_eq!(scan_change(&small, &Limits::default()).unwrap().operations, 101);
    assert_eq!(Change::from_bytes(small).unwrap().len(), 101, "the bomb is a valid change but for its size");

    let bomb = inserts(40_000_000);
    assert!(bomb.len() < 120, "{}", bomb.len());
    let start = std::time::Instant::now();
    let error = scan_change(&bomb, &Limits::default()).unwrap_err();
    assert_eq!(error, ScanError::Limit { what: "operations", limit: 4_000_000 });
    let smaller = scan_change(&inserts(1_000_000), &Limits::default()).unwrap_err();
    assert!(matches!(smaller, ScanError::Limit { what: "operations for its size", .. }));
    assert!(start.elapsed().as_millis() < 50);
}

#[test]
fn bombs_of_every_other_kind_are_refused() {
    let most = i64::MAX;
    let bombs = [
        ("names", change(&[(column::KEY_NAME, [signed(2_000_000), vec![100], vec![b'k'; 100]].concat())])),
        ("predecessors", change(&[(column::PREDECESSOR_COUNT, run(1000, 1 << 20))])),
        ("rows of an actor column", change(&[(column::OBJECT_ACTOR, run(most, 0))])),
        ("booleans", change(&[(column::INSERT, leb128(u64::MAX))])),
        ("nulls", change(&[(column::KEY_ACTOR, [vec![0], leb128(u64::MAX)].concat())])),
        ("two runs that overflow together", change(&[(column::ACTION, [run(most, 1), run(most, 1)].concat())])),
        ("counters that overflow", change(&[(column::KEY_COUNTER, run(1 << 20, 1 << 40))])),
    ];
    for (what, bomb) in bombs {
        assert!(scan_change(&bomb, &Limits::default()).is_err(), "{what}");
    }
    let zeros = vec![0; 40 << 20];
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    let bomb = chunk(DEFLATED, &zeros, &encoder.finish().unwrap());
    assert!(bomb.len() < 60_000);
    assert_eq!(scan_change(&bomb, &Limits::default()), Err(ScanError::Limit { what: "bytes", limit: 16 << 20 }));
}

#[test]
fn other_chunks_and_damaged_ones_are_refused() {
    let mut doc = history();
    assert_eq!(scan_change(&doc.save(), &Limits::default()), Err(ScanError::Type(0)));
    let mut bytes = doc.get_changes(&[])[0].raw_bytes().to_vec();
    assert!(scan_change(&bytes[..bytes.len() - 1], &Limits::default()).is_err());
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(scan_change(&bytes, &Limits::default()), Err(ScanError::Checksum));
    assert_eq!(scan_change(&change(&[(0xf1, vec![])]), &Limits::default()), Err(ScanError::Column(0xf1)));
    assert!(scan_change(&change(&[(column::ACTION | 8, vec![])]), &Limits::default()).is_err(), "deflated column");
    assert!(scan_change(&[], &Limits::default()).is_err());
}

/// Bytes that pass the scan under small limits must not hurt Automerge.
fn survives(body: &[u8]) {
    let bytes = chunk(CHANGE, body, body);
    let limits = Limits { operations: 100_000, predecessors: 100_000, names: 1 << 20, ..Limits::default() };
    if let Ok(summary) = scan_change(&bytes, &limits)
        && let Ok(change) = Change::from_bytes(bytes)
    {
        assert_eq!(change.len() as u64, summary.operations);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn changed_bytes_never_cost_more_than_the_limits(
        which in 0usize..8, at in any::<usize>(), to in any::<u8>(), insert in any::<bool>(),
    ) {
        thread_local! {
            static BODIES: Vec<Vec<u8>> = {
                let changes = history().get_changes(&[]).into_iter();
                changes.map(|change| {
                    let raw = change.raw_bytes().to_vec();
                    let mut reader = Reader::new(&raw[9..]);
                    reader.unsigned().unwrap();
                    reader.rest().to_vec()
                }).collect()
            };
        }
        let mut body = BODIES.with(|bodies| bodies[which % bodies.len()].clone());
        let at = at % body.len().min(400);
        if insert { body.insert(at, to) } else { body[at] = to }
        survives(&body);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes);
    }
}
