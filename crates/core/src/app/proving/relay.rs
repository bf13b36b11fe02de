//! What is at the relay: its whole log is read again from the first entry, its
//! signature and chain are verified, and everything it confirmed is looked for.

use std::collections::BTreeSet;

use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::{Hash, RelayKey, limits};

use super::here::KeptIds;
use super::{Evidence, counted};
use crate::app::{App, rfc3339};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::workspaces::WorkspaceRow;
use crate::sync::client::Client;
use crate::sync::page::{self, Cursor};
use crate::sync::request::{Attempt, Failure, FailureKind, Reply, Request};

const ASK: &str = "Ask who runs the relay whether it was restored from a backup; setting the relay's address again sends \
                   everything you wrote anew.";

/// A relay's log as it is now.
struct Log {
    ids: BTreeSet<Hash>,
    /// The chain value where this device stands.
    at_cursor: Option<Hash>,
    end: Cursor,
    time_ms: u64,
}

impl App {
    pub(super) async fn prove_at_relay(&self, row: &WorkspaceRow, kept: &KeptIds, evidence: &mut Evidence) {
        match self.read_log(row).await {
            Ok(log) => compare(row, kept, &log, evidence),
            Err(error) => evidence.failed(error),
        }
    }

    async fn read_log(&self, row: &WorkspaceRow) -> Result<Log> {
        let relay = row.relay.as_ref().ok_or_else(|| Error::internal("the workspace has no relay"))?;
        let pinned = (row.relay_key != RelayKey::ZERO).then_some(row.relay_key);
        let client = self.client(relay, pinned)?;
        let mut log = Log { ids: BTreeSet::new(), at_cursor: None, end: Cursor::START, time_ms: 0 };
        let known = row.cursor;
        if known.position == 0 {
            log.at_cursor = Some(known.chain);
        }
        loop {
            let page = match self.next_page(row, &client, &log.end).await {
                Err(failure) if failure.kind == FailureKind::Compacted => {
                    follow_ids(row, &client, &mut log).await.map_err(|failure| failure.error)?;
                    continue;
                }
                other => other.map_err(|failure| failure.error)?,
            };
            let verified = page::verify_page(&log.end, row.least_generation, &page, &row.id, &row.relay_key)
                .map_err(|error| Failure::integrity(error, &row.id).error)?;
            for (entry, chain) in page.entries.iter().zip(&verified.chain) {
                log.ids.insert(page::entry_id(&entry.envelope.0));
                if entry.position == known.position {
                    log.at_cursor = Some(*chain);
                }
            }
            (log.end, log.time_ms) = (verified.cursor, page.head.time_ms);
            if verified.complete {
                return Ok(log);
            }
        }
    }

    async fn next_page(
        &self,
        row: &WorkspaceRow,
        client: &crate::sync::client::Client,
        at: &Cursor,
    ) -> Attempt<drystone_wire::log::Page> {
        let generation = (at.generation > 0).then_some(at.generation);
        let request = Request::Page { generation, after: at.position, limit: limits::PAGE_ENTRIES };
        match client.send(&row.id, request).await? {
            Reply::Page(page) => Ok(page),
            _ => Err(Failure::integrity("it answered something else", &row.id)),
        }
    }
}

/// Where the relay has snapshots in the place of envelopes, the ids of the
/// entries are there, and their chain.
async fn follow_ids(row: &WorkspaceRow, client: &Client, log: &mut Log) -> Attempt<()> {
    let compacted = client.snapshots(&row.id).await?.compacted;
    if compacted <= log.end.position {
        return Err(Failure::integrity("it says that entries are gone, and not which", &row.id));
    }
    while log.end.position < compacted {
        let page = client.ids(&row.id, log.end.position).await?;
        page::verify_head(&log.end, row.least_generation, &page.head, &row.id, &row.relay_key)
            .map_err(|error| Failure::integrity(error, &row.id))?;
        if page.after != log.end.position || page.ids.is_empty() {
            return Err(Failure::integrity("it does not give the ids of its entries", &row.id));
        }
        if log.end.generation == 0 {
            let generation = page.head.generation;
            log.end = Cursor { generation, position: 0, chain: chain_start(&row.id, generation) };
        }
        let left = usize::try_from(compacted - log.end.position).unwrap_or(usize::MAX);
        for id in page.ids.into_iter().take(left) {
            log.end.position += 1;
            log.end.chain = chain_next(&log.end.chain, &id);
            log.ids.insert(id);
            if log.end.position == row.cursor.position {
                log.at_cursor = Some(log.end.chain);
            }
        }
    }
    Ok(())
}

fn compare(row: &WorkspaceRow, kept: &KeptIds, log: &Log, evidence: &mut Evidence) {
    let known = row.cursor;
    let behind = log.end.position < known.position;
    if behind || (known.generation > 0 && log.at_cursor != Some(known.chain)) {
        evidence.failed(Error::new(
            ErrorCode::Integrity,
            format!("The relay's log is another one than the one this device has read up to entry {}.", known.position),
            ASK,
        ));
        return;
    }
    let (mut confirmed, mut missing) = (0, 0);
    for (id, one) in kept.iter().filter(|(_, one)| one.stored) {
        if log.ids.contains(id) {
            confirmed += 1;
        } else {
            missing += 1;
            let device = one.device.to_string();
            let device = device.get(..8).unwrap_or_default();
            evidence.broken(
                format!(
                    "The relay had confirmed envelope {} of the device {device} and does not have it.",
                    one.sequence
                ),
                ASK,
            );
        }
    }
    if missing == 0 {
        let at = rfc3339(log.time_ms);
        evidence.holds(format!(
            "The relay has {}, in the order it had signed before. Its signature today covers the log up to entry {} ({at}).",
            counted(confirmed, "envelope that it confirmed", "envelopes that it confirmed, all of them"),
            log.end.position,
        ));
    }
    let newer = log.end.position - known.position;
    if newer > 0 {
        evidence.holds(format!("{} there not read here yet.", counted(newer, "entry is", "entries are")));
    }
}
