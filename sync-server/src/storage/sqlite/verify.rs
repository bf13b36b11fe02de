//! Whether what is stored is what was signed: every record, every envelope,
//! every chain, and the figures that the relay keeps of them.

use std::collections::HashMap;

use drystone_wire::envelope::Envelope;
use drystone_wire::log::{chain_next, chain_start};
use drystone_wire::membership::{Countersigned, Record};
use drystone_wire::roster::Roster;
use drystone_wire::snapshot::{Offer, Verdict};
use drystone_wire::{DeviceKey, Hash, RelayKey, WorkspaceId};
use rusqlite::{Connection, params};
use serde::Serialize;

use super::read::WorkspaceRow;
use super::{admin, blobs, owner, read, snapshots, uint};
use crate::storage::StoreError;

/// Problems that are told one by one; more are only counted.
const TOLD: usize = 100;

/// Where chunks of attachments are read.
pub type ChunkOf<'a> = &'a dyn Fn(&WorkspaceId, &Hash, usize) -> Result<Option<Vec<u8>>, StoreError>;

/// What was looked through, and what does not hold.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub workspaces: u64,
    pub records: u64,
    pub entries: u64,
    pub attachments: u64,
    pub snapshots: u64,
    /// How many problems there are.
    pub problems: u64,
    /// The first of them.
    pub told: Vec<Problem>,
}

/// Something that does not hold.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Empty where it concerns the whole database.
    pub workspace: String,
    pub what: String,
}

impl Report {
    fn problem(&mut self, workspace: Option<&WorkspaceId>, what: impl Into<String>) {
        self.problems += 1;
        if self.told.len() < TOLD {
            let workspace = workspace.map(ToString::to_string).unwrap_or_default();
            self.told.push(Problem { workspace, what: what.into() });
        }
    }
}

/// Looks through everything. The caller's transaction keeps it from moving meanwhile.
pub fn all(connection: &Connection, chunk: ChunkOf<'_>) -> Result<Report, StoreError> {
    let mut report = Report::default();
    pages(connection, &mut report)?;
    let relay = owner(connection)?;
    for id in admin::ids(connection)? {
        workspace(connection, &id, &relay, chunk, &mut report)?;
    }
    Ok(report)
}

/// Looks through one workspace.
pub fn one(connection: &Connection, id: &WorkspaceId, chunk: ChunkOf<'_>) -> Result<Report, StoreError> {
    let mut report = Report::default();
    workspace(connection, id, &owner(connection)?, chunk, &mut report)?;
    Ok(report)
}

/// What SQLite itself finds.
fn pages(connection: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            report.problem(None, format!("the database file: {said}"));
        }
    }
    let strays: i64 = connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if strays > 0 {
        report.problem(None, format!("{strays} rows belong to no workspace or device"));
    }
    Ok(())
}

fn workspace(
    connection: &Connection,
    id: &WorkspaceId,
    relay: &RelayKey,
    chunk: ChunkOf<'_>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let row = read::workspace(connection, id)?;
    report.workspaces += 1;
    let membership = records(connection, id, &row, relay, report)?;
    let log = entries(connection, id, &row, report)?;
    if membership + log != row.bytes {
        let what = format!("{} bytes are counted, {} are there", row.bytes, membership + log);
        report.problem(Some(id), what);
    }
    attachments(connection, id, &row, chunk, report)?;
    check_snapshots(connection, id, &row, report)
}

/// Snapshots: what was signed of them, their contents, and that they stand for all that was deleted.
fn check_snapshots(
    connection: &Connection,
    id: &WorkspaceId,
    row: &WorkspaceRow,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut stands = 0;
    for it in snapshots::of_workspace(connection, row.number)? {
        report.snapshots += 1;
        let sound = Offer::open(&it.offer).is_ok_and(|opened| {
            let same = (opened.id(), opened.position(), opened.chain()) == (it.snapshot, it.position, it.chain);
            same && opened.offer.blob == it.blob && opened.header.workspace == *id
        });
        if !sound {
            report.problem(Some(id), format!("snapshot {} is not the one that was stored", it.snapshot));
        }
        let whole = match blobs::blob(connection, id, &it.blob) {
            Ok(blob) => blob.whole,
            Err(StoreError::NoBlob) => false,
            Err(error) => return Err(error),
        };
        if !whole {
            report.problem(Some(id), format!("the content of snapshot {} is missing", it.snapshot));
        }
        stands += u64::from(whole && it.confirmed_ms > 0 && it.position >= row.compacted);
    }
    if row.compacted > 0 && stands == 0 {
        let what = format!("the log was deleted up to entry {}, and no snapshot stands for it", row.compacted);
        report.problem(Some(id), what);
    }
    for verdict in snapshots::verdicts(connection, row.number)? {
        if let Err(error) = Verdict::open(&verdict) {
            report.problem(Some(id), format!("what a device said of a snapshot: {error}"));
        }
    }
    Ok(())
}

/// Attachments: every chunk that is there, and that none is missing.
fn attachments(
    connection: &Connection,
    id: &WorkspaceId,
    row: &WorkspaceRow,
    chunk: ChunkOf<'_>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut bytes = 0;
    for it in blobs::of_workspace(connection, id)? {
        report.attachments += 1;
        bytes += it.manifest.size;
        if it.manifest.id() != it.blob {
            report.problem(Some(id), format!("attachment {} has another's manifest", it.blob));
        }
        for index in 0..it.manifest.chunks.len() {
            let stored = chunk(id, &it.blob, index)?;
            // One that is marked may be removed while this looks.
            let missing = stored.is_none() && it.whole && it.marked_ms == 0 && !it.removing;
            if missing || stored.is_some_and(|stored| !it.manifest.fits(index, &stored)) {
                let how = if missing { "is missing" } else { "is not the one that was stored" };
                report.problem(Some(id), format!("chunk {index} of attachment {} {how}", it.blob));
            }
        }
    }
    if bytes != row.attachments {
        let what = format!("{} bytes of attachments are counted, {bytes} are there", row.attachments);
        report.problem(Some(id), what);
    }
    Ok(())
}

/// The membership log: positions without gaps, hashes, rules, countersignatures. Gives its bytes.
fn records(
    connection: &Connection,
    id: &WorkspaceId,
    row: &WorkspaceRow,
    relay: &RelayKey,
    report: &mut Report,
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, hash, record, countersignature FROM records WHERE workspace = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query(params![row.number])?;
    let (mut last, mut bytes) = (0, 0);
    let mut roster: Option<Roster> = None;
    while let Some(stored) = rows.next()? {
        let (position, hash) = (uint(stored.get(0)?), Hash(stored.get(1)?));
        let countersigned = Countersigned {
            record: drystone_wire::ids::Bytes(stored.get(2)?),
            signature: drystone_wire::Signature(stored.get(3)?),
        };
        let record = &countersigned.record.0;
        report.records += 1;
        bytes += record.len() as u64;
        if position != last + 1 {
            report.problem(Some(id), format!("membership record {} is missing", last + 1));
        }
        last = position;
        let known = Record::open(record).map(|(record, _)| record.hash());
        if known.as_ref().ok() != Some(&hash) {
            report.problem(Some(id), format!("membership record {position} is not the one that was stored"));
        } else if !countersigned.verify(relay, id, position, &hash) {
            report.problem(Some(id), format!("the relay's signature under membership record {position} is wrong"));
        }
        let applied = match &mut roster {
            None => Roster::create(record).map(|first| roster = Some(first)),
            Some(roster) => roster.apply(record).map(|_| ()),
        };
        if let Err(error) = applied {
            report.problem(Some(id), format!("membership record {position}: {error}"));
            break;
        }
    }
    if last != row.standing.membership {
        let what = format!("the membership ends at {last}, and should at {}", row.standing.membership);
        report.problem(Some(id), what);
    }
    let devices = roster.as_ref().map_or(0, |roster| roster.devices.len() as u64);
    if devices != row.devices {
        report.problem(Some(id), format!("{} devices are counted, {devices} are there", row.devices));
    }
    Ok(bytes)
}

/// The log: positions without gaps, ids, signatures, each device's own chain, the chain of all. Gives its bytes.
fn entries(
    connection: &Connection,
    id: &WorkspaceId,
    row: &WorkspaceRow,
    report: &mut Report,
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT e.position, e.id, e.sequence, e.envelope, d.device FROM entries AS e
         JOIN devices AS d ON d.number = e.device WHERE e.workspace = ?1 ORDER BY e.position",
    )?;
    let mut rows = statement.query(params![row.number])?;
    let (mut last, mut bytes) = (0, 0);
    let mut chain = chain_start(id, row.standing.generation);
    let mut heads: HashMap<DeviceKey, (u64, Hash)> = HashMap::new();
    let snapshots = snapshots::of_workspace(connection, row.number)?;
    while let Some(stored) = rows.next()? {
        let (position, stored_id) = (uint(stored.get(0)?), Hash(stored.get(1)?));
        let (sequence, envelope): (u64, Vec<u8>) = (uint(stored.get(2)?), stored.get(3)?);
        let device = DeviceKey(stored.get(4)?);
        report.entries += 1;
        bytes += envelope.len() as u64;
        if position != last + 1 {
            report.problem(Some(id), format!("entry {} is missing", last + 1));
        }
        last = position;
        chain = chain_next(&chain, &stored_id);
        if let Some(it) = snapshots.iter().find(|it| it.position == position && it.chain != chain) {
            report.problem(Some(id), format!("snapshot {} stands for another log", it.snapshot));
        }
        let head = heads.entry(device).or_insert((0, Hash::ZERO));
        // Its envelope was deleted behind snapshots; its place in its device's chain stays.
        let gone = envelope.is_empty() && position <= row.compacted;
        let what = match gone {
            true => (sequence != head.0 + 1).then(|| "does not follow the device's last".into()),
            false => wrong(id, &envelope, &stored_id, &device, sequence, *head),
        };
        if let Some(what) = what {
            report.problem(Some(id), format!("entry {position} {what}"));
        }
        *head = (sequence, stored_id);
    }
    if (last, chain) != (row.standing.position, row.standing.chain) {
        let what = format!("the log ends at {last}, and should at {} with another chain", row.standing.position);
        report.problem(Some(id), what);
    }
    check_heads(connection, id, row, &heads, report)?;
    Ok(bytes)
}

fn wrong(
    workspace: &WorkspaceId,
    bytes: &[u8],
    id: &Hash,
    device: &DeviceKey,
    sequence: u64,
    (last, last_id): (u64, Hash),
) -> Option<String> {
    let (envelope, header) = match Envelope::open(bytes) {
        Ok(opened) => opened,
        Err(error) => return Some(format!("is no envelope: {error}")),
    };
    if envelope.id() != *id || header.workspace != *workspace {
        return Some("is not the one that was stored".into());
    }
    if header.device != *device || header.sequence != sequence {
        return Some("is filed under another device or number".into());
    }
    (sequence != last + 1 || header.previous != last_id).then(|| "does not follow the device's last".into())
}

fn check_heads(
    connection: &Connection,
    id: &WorkspaceId,
    row: &WorkspaceRow,
    heads: &HashMap<DeviceKey, (u64, Hash)>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT device, sequence, last_id FROM devices WHERE workspace = ?1")?;
    let mut rows = statement.query(params![row.number])?;
    while let Some(stored) = rows.next()? {
        let head = (uint(stored.get(1)?), Hash(stored.get(2)?));
        if heads.get(&DeviceKey(stored.get(0)?)).copied().unwrap_or((0, Hash::ZERO)) != head {
            report.problem(Some(id), "a device's numbers do not end where they should");
        }
    }
    Ok(())
}
