//! What a log comes to, from the envelopes that this device keeps as they were
//! signed: which changes there are, whose, and what was refused. Ids of the
//! entries come from the relay and are worth nothing until their chain is the
//! one this device has.

use std::collections::{BTreeMap, HashMap};

use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::{Hash, WorkspaceId};
use rusqlite::Connection;

use crate::app::syncing::Loaded;
use crate::document::scan::Limits;
use crate::error::Result;
use crate::store::sharing::snapshots::Base;
use crate::store::sharing::{inbox, kept, quarantine};
use crate::sync::client::Client;
use crate::sync::membership::Standing;
use crate::sync::opening::{RETRIED, Refusal, Verifier};
use crate::sync::page::entry_id;
use crate::sync::request::{Attempt, Failure};
use crate::sync::snapshot::{Book, Counted};

/// Refusals besides those that may not last: they say that the relay lies, and
/// then nothing is to be deleted.
const SUSPICIOUS: [&str; 6] = ["", "envelope", "workspace", "fork", "replay", "other-log"];

/// Ids of the entries after one position up to another.
pub(super) async fn ids(client: &Client, workspace: &WorkspaceId, after: u64, until: u64) -> Attempt<Vec<Hash>> {
    let mut ids: Vec<Hash> = Vec::new();
    while after + (ids.len() as u64) < until {
        let at = after + ids.len() as u64;
        let page = client.ids(workspace, at).await?;
        if page.after != at || page.ids.is_empty() {
            return Err(Failure::integrity("it does not give the ids of its entries", workspace));
        }
        ids.extend(page.ids);
    }
    ids.truncate(usize::try_from(until.saturating_sub(after)).unwrap_or(usize::MAX));
    Ok(ids)
}

/// Where ids begin: after what is known from a snapshot, or at the log's start.
pub(super) fn start(base: Option<&Base>, workspace: &WorkspaceId, generation: u32) -> (u64, Hash) {
    match base {
        Some(base) => (base.position, base.chain),
        None => (0, chain_start(workspace, generation)),
    }
}

/// The chain value after each id.
pub(super) fn chain(start: Hash, ids: &[Hash]) -> Vec<Hash> {
    let mut at = start;
    ids.iter()
        .map(|id| {
            at = chain_next(&at, id);
            at
        })
        .collect()
}

/// Whether the ids lead to a chain value that this device has.
pub(super) fn is_here(conn: &Connection, workspace: &WorkspaceId, start: (u64, Hash), ids: &[Hash]) -> Result<bool> {
    let end = start.0 + ids.len() as u64;
    let value = chain(start.1, ids).last().copied().unwrap_or(start.1);
    // A base's own chain value was compared when it became one.
    Ok(ids.is_empty() || inbox::chain_at(conn, workspace, end)? == Some(value))
}

/// What the log comes to up to the last of these ids, which go on from what is
/// known from a snapshot. `None` when an entry is not here, or what became of
/// one is not settled.
pub(super) fn book(
    conn: &Connection,
    workspace: &WorkspaceId,
    loaded: &Loaded,
    base: Option<&Base>,
    ids: &[Hash],
) -> Result<Option<Book>> {
    let (book, whole) = settled(conn, workspace, loaded, base, ids)?;
    Ok(whole.then_some(book))
}

/// The same as far as it is settled, and whether that is all.
pub(super) fn settled(
    conn: &Connection,
    workspace: &WorkspaceId,
    loaded: &Loaded,
    base: Option<&Base>,
    ids: &[Hash],
) -> Result<(Book, bool)> {
    let mut book = base.map(|base| base.book.clone()).unwrap_or_default();
    let first = base.map_or(0, |base| base.position) + 1;
    let places: HashMap<Hash, u64> = ids.iter().copied().zip(first..).collect();
    let mut refused: BTreeMap<u64, Hash> = BTreeMap::new();
    let mut unsettled = false;
    quarantine::each(conn, workspace, |code, envelope| {
        let id = entry_id(envelope);
        if let Some(position) = places.get(&id) {
            unsettled |= RETRIED.contains(&code) || SUSPICIOUS.contains(&code);
            refused.insert(*position, id);
        }
    })?;
    let mut whole = !unsettled;
    let mut here: BTreeMap<u64, i64> = BTreeMap::new();
    kept::ids(conn, workspace, |number, id| {
        if let Some(position) = places.get(&id) {
            here.insert(*position, number);
        }
    })?;
    whole &= places.values().all(|position| here.contains_key(position) || refused.contains_key(position));
    let verifier = Verifier {
        workspace: *workspace,
        membership: &loaded.membership,
        keys: &loaded.keys,
        limits: Limits::default(),
    };
    for (position, number) in here {
        let kept = kept::numbered(conn, number)?;
        let placed = match verifier.place_again(&kept.envelope) {
            Ok(placed) => placed,
            // Taken in before the removal was known: it does not count all the same.
            Err(Refusal::Author(Standing::Removed)) => {
                refused.insert(position, kept.id);
                continue;
            }
            Err(_) => {
                whole = false;
                continue;
            }
        };
        let head = book.heads.entry(kept.device).or_insert((0, Hash::ZERO));
        if kept.sequence > head.0 {
            *head = (kept.sequence, kept.id);
        }
        if refused.contains_key(&position) {
            continue;
        }
        let Ok(opened) = verifier.open(placed) else {
            whole = false;
            continue;
        };
        let counted = Counted { device: kept.device, position };
        for (summary, _) in &opened.changes {
            book.changes.entry((opened.header.document, summary.hash)).or_insert(counted);
        }
    }
    book.set_aside.extend(refused);
    Ok((book, whole))
}
