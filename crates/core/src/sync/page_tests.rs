use super::*;
use crate::crypto::keys::{Secret, SigningPair};
use drystone_wire::Signature;
use drystone_wire::ids::Bytes;
use drystone_wire::log::Entry;

const WORKSPACE: WorkspaceId = WorkspaceId([1; 32]);

fn relay() -> SigningPair {
    SigningPair::new(&Secret::new([9; 32]))
}

/// The log of a relay with this many entries, as it answers after a position.
fn page(entries: u64, after: u64, until: u64, generation: u32) -> Page {
    let mut chain = chain_start(&WORKSPACE, generation);
    let mut list = Vec::new();
    for position in 1..=entries {
        let envelope = vec![position as u8; 5];
        chain = chain_next(&chain, &entry_id(&envelope));
        if position > after && position <= until {
            list.push(Entry { position, envelope: Bytes(envelope) });
        }
    }
    let mut head = Head {
        workspace: WORKSPACE,
        generation,
        position: entries,
        chain,
        membership: 1,
        time_ms: 1,
        signature: Signature::ZERO,
    };
    head.signature = relay().sign(&head.signed_bytes());
    Page { entries: list, head }
}

fn check(cursor: &Cursor, page: &Page) -> Result<Verified, PageError> {
    verify_page(cursor, cursor.generation, page, &WORKSPACE, &RelayKey(relay().public()))
}

fn read(entries: u64) -> Cursor {
    check(&Cursor::START, &page(entries, 0, entries, 1)).unwrap().cursor
}

#[test]
fn pages_follow_each_other_to_the_head() {
    let first = check(&Cursor::START, &page(5, 0, 3, 1)).unwrap();
    assert!(!first.complete);
    let second = check(&first.cursor, &page(5, 3, 5, 1)).unwrap();
    assert!(second.complete);
    assert_eq!(second.cursor, read(5));
    assert!(check(&second.cursor, &page(5, 5, 5, 1)).unwrap().complete, "nothing new");
}

#[test]
fn going_back_gaps_and_swaps_are_noticed() {
    assert_eq!(check(&read(5), &page(4, 5, 5, 1)), Err(PageError::Shorter { got: 4, seen: 5 }));
    assert_eq!(check(&read(5), &page(9, 6, 9, 1)), Err(PageError::Position { got: 7, expected: 6 }));
    let mut swapped = page(3, 0, 3, 1);
    swapped.entries.swap(0, 1);
    assert!(matches!(check(&Cursor::START, &swapped), Err(PageError::Position { .. })));
    let mut replaced = page(3, 0, 3, 1);
    replaced.entries[1].envelope = Bytes(vec![8]);
    assert_eq!(check(&Cursor::START, &replaced), Err(PageError::Chain { position: 3 }));
    let mut other_history = read(5);
    other_history.chain = Hash([5; 32]);
    assert_eq!(check(&other_history, &page(6, 5, 6, 1)), Err(PageError::Chain { position: 6 }));
    assert_eq!(check(&other_history, &page(5, 5, 5, 1)), Err(PageError::Chain { position: 5 }));
    assert_eq!(check(&read(5), &page(6, 9, 9, 1)), Err(PageError::Empty));
}

#[test]
fn heads_of_others_and_older_logs_are_refused() {
    let good = page(3, 0, 3, 1);
    let other = verify_page(&Cursor::START, 0, &good, &WorkspaceId([2; 32]), &RelayKey(relay().public()));
    assert_eq!(other, Err(PageError::Workspace));
    assert_eq!(verify_page(&Cursor::START, 0, &good, &WORKSPACE, &RelayKey([3; 32])), Err(PageError::Signature));
    let mut forged = good.clone();
    forged.head.membership = 2;
    assert_eq!(check(&Cursor::START, &forged), Err(PageError::Signature));
    assert_eq!(check(&read(3), &page(3, 3, 3, 2)), Err(PageError::Generation));
    let older = verify_page(&Cursor::START, 2, &good, &WORKSPACE, &RelayKey(relay().public()));
    assert_eq!(older, Err(PageError::Generation));
}
