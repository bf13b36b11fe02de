//! Makes snapshots: everything that the log comes to, sealed for those who come
//! later. A draft is durable before any of it is sent, so that after a crash the
//! very same bytes go on where they were.

use std::collections::{BTreeMap, BTreeSet};

use drystone_wire::bundle::DeviceHead;
use drystone_wire::envelope::Kind;
use drystone_wire::ids::Bytes;
use drystone_wire::snapshot::Offer;
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId, canonical};
use rusqlite::Connection;

use super::{App, ledger};
use crate::app::syncing::Loaded;
use crate::crypto::envelope::Place;
use crate::crypto::keys::Secret;
use crate::crypto::snapshot::{self as sealed, DocumentHeads, Manifest, PART_BYTES, Packer, Part, Run, SetAside};
use crate::document::scan::{Cost, Limits, scan_change};
use crate::error::{Error, ErrorCode, Result};
use crate::store::changes;
use crate::store::sharing::snapshots::{self, Base, Draft};
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::store::sharing::{self as store, inbox, kept, quarantine};
use crate::sync::client::Client;
use crate::sync::request::{Attempt, FailureKind};
use crate::sync::snapshot::Book;

impl App {
    /// Makes a snapshot of the log as far as it was read, unless one is on its
    /// way. False when it cannot be made now: something was not applied yet.
    pub(super) async fn draft_snapshot(&self, id: &WorkspaceId, client: &Client) -> Attempt<bool> {
        let workspace = *id;
        let ready = self
            .blocking(move |app| {
                app.db().read(|conn| {
                    let row = workspaces::get(conn, &workspace)?;
                    let settled = row.cursor.position > 0 && inbox::is_empty(conn, &workspace)?;
                    let drafted = snapshots::draft(conn, &workspace)?.is_some();
                    Ok((row, snapshots::base(conn, &workspace)?, settled, drafted))
                })
            })
            .await?;
        let (row, base, settled, drafted) = ready;
        if drafted || !settled {
            return Ok(drafted);
        }
        let start = ledger::start(base.as_ref(), id, row.cursor.generation);
        let ids = ledger::ids(client, id, start.0, row.cursor.position).await?;
        let made = self.blocking(move |app| app.seal_snapshot(&row, base.as_ref(), start, &ids)).await?;
        Ok(made)
    }

    fn seal_snapshot(&self, row: &WorkspaceRow, base: Option<&Base>, start: (u64, Hash), ids: &[Hash]) -> Result<bool> {
        let id = row.id;
        let made = self.db().read(|conn| {
            if !ledger::is_here(conn, &id, start, ids)? {
                return Ok(None);
            }
            let loaded = super::loaded(conn, &id)?;
            let Some(book) = ledger::book(conn, &id, &loaded, base, ids)? else { return Ok(None) };
            let content = content(conn, &id, &book)?;
            let identity = store::own(conn)?.identity;
            Ok(Some((loaded, book, content, identity)))
        })?;
        let Some((loaded, book, content, identity)) = made else { return Ok(false) };
        let (key, mut random) = (Secret::generate(&mut self.random()), self.random());
        let chunks = sealed::seal_content(&content, &key, &mut random).map_err(|_| too_large())?;
        let manifest = drystone_wire::blob::Manifest::of(&chunks.concat());
        let own = book.heads.get(&identity.device_key()).copied().unwrap_or((0, Hash::ZERO));
        let offer = offer(row, &loaded, &book, manifest.id(), &key, own, |place, manifest, key| {
            sealed::seal_manifest(manifest, place, key, identity.device(), &mut random).map_err(Error::internal)
        })?;
        let draft = Draft { offer: canonical::encode(&offer), manifest };
        self.db().write(|tx| {
            // Another process may have been first.
            if snapshots::draft(tx, &id)?.is_none() {
                snapshots::set_draft(tx, &id, &draft, &chunks)?;
            }
            Ok(())
        })?;
        Ok(true)
    }

    /// Brings a snapshot that was made here to the relay, as far as it is not
    /// there yet. False when there is none.
    pub(super) async fn offer_draft(&self, id: &WorkspaceId, client: &Client) -> Attempt<bool> {
        let workspace = *id;
        let draft = self.blocking(move |app| app.db().read(|conn| snapshots::draft(conn, &workspace))).await?;
        let Some(draft) = draft else { return Ok(false) };
        let blob = draft.manifest.id();
        let result = async {
            let state = client.announce_content(id, &draft.manifest).await?;
            for index in (0..draft.manifest.chunks.len()).filter(|index| !state.has(*index)) {
                let read = move |app: &App| app.db().read(|conn| snapshots::chunk(conn, &workspace, &blob, index));
                // Another process has just brought it there.
                let Some(bytes) = self.blocking(read).await? else { return Ok(()) };
                client.put_content(id, &blob, index, &bytes).await?;
            }
            client.offer_snapshot(id, &draft.offer).await
        };
        let result = result.await;
        let refused = matches!(&result, Err(failure) if is_refusal(failure.kind));
        if result.is_ok() || refused {
            self.blocking(move |app| app.db().write(|tx| snapshots::forget_draft(tx, &workspace))).await?;
        }
        result.map(|()| true)
    }
}

/// Whether the relay will not take it later either.
fn is_refusal(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Attention | FailureKind::Forbidden | FailureKind::NotFound)
}

fn offer(
    row: &WorkspaceRow,
    loaded: &Loaded,
    book: &Book,
    blob: Hash,
    key: &Secret,
    (sequence, previous): (u64, Hash),
    seal: impl FnOnce(&Place, &Manifest, &crate::crypto::keys::EpochKey) -> Result<drystone_wire::envelope::Envelope>,
) -> Result<Offer> {
    let roster = loaded.membership.roster();
    let epoch_key = loaded.keys.get(&roster.epoch).ok_or_else(|| {
        Error::new(
            ErrorCode::Integrity,
            format!("The key of epoch {} is not on this device.", roster.epoch),
            "Ask an owner or admin of the workspace to renew its keys: `drystone workspace rotate`.",
        )
    })?;
    let manifest = Manifest {
        version: sealed::VERSION,
        generation: row.cursor.generation,
        blob,
        key: *key.expose(),
        entries: row.cursor.position,
        changes: book.changes.len() as u64,
        digest: book.digest(),
    };
    let place = Place {
        workspace: row.id,
        kind: Kind::Snapshot,
        document: DocumentHandle::ZERO,
        sequence,
        previous,
        epoch: roster.epoch,
        membership_position: roster.position,
        membership_hash: roster.head,
        seen_position: row.cursor.position,
        seen_chain: row.cursor.chain,
    };
    let envelope = seal(&place, &manifest, epoch_key)?;
    Ok(Offer { generation: row.cursor.generation, blob, envelope: Bytes(envelope.to_bytes()) })
}

/// Everything that the log comes to, in parts.
fn content(conn: &Connection, workspace: &WorkspaceId, book: &Book) -> Result<Vec<u8>> {
    let mut documents: BTreeSet<DocumentHandle> = BTreeSet::new();
    documents.extend(book.changes.keys().map(|(document, _)| *document));
    let mut parts = Packer::default();
    let mut filler = Filler::default();
    let mut bodies = Packer::default();
    for document in documents {
        filler.document(conn, book, document, &mut bodies)?;
    }
    let devices =
        book.heads.iter().map(|(device, (sequence, id))| DeviceHead { device: *device, sequence: *sequence, id: *id });
    let summary = Part::Summary { devices: devices.collect(), documents: std::mem::take(&mut filler.heads) };
    parts.push(&summary).map_err(|_| too_large())?;
    parts.append(bodies);
    let mut entries = Vec::new();
    let mut size = 0;
    for (position, id) in &book.set_aside {
        let Some(entry) = refused_entry(conn, workspace, *position, id)? else { continue };
        size += entry.envelope.0.len();
        entries.push(entry);
        if size >= PART_BYTES {
            size = 0;
            parts.push(&Part::SetAside { entries: std::mem::take(&mut entries) }).map_err(|_| too_large())?;
        }
    }
    if !entries.is_empty() {
        parts.push(&Part::SetAside { entries }).map_err(|_| too_large())?;
    }
    Ok(parts.finish())
}

/// An entry that was refused, with why.
fn refused_entry(conn: &Connection, workspace: &WorkspaceId, position: u64, id: &Hash) -> Result<Option<SetAside>> {
    let envelope = match quarantine::of_id(conn, workspace, position, id)? {
        Some(envelope) => Some(envelope),
        None => kept::of_id(conn, workspace, id)?,
    };
    // One that is known from a snapshot is here too: it was set aside from there.
    let Some(envelope) = envelope else { return Ok(None) };
    let (code, reason) = quarantine::why(conn, workspace, &envelope)?
        .unwrap_or_else(|| ("removed".into(), "its author had been removed before".into()));
    Ok(Some(SetAside { position, envelope: Bytes(envelope), code, reason }))
}

/// Fills parts with changes; each costs no more than an envelope may.
#[derive(Default)]
struct Filler {
    runs: Vec<Run>,
    size: usize,
    cost: Cost,
    heads: Vec<DocumentHeads>,
}

impl Filler {
    fn document(&mut self, conn: &Connection, book: &Book, document: DocumentHandle, parts: &mut Packer) -> Result<()> {
        let limits = Limits::default();
        let (mut all, mut built_on): (BTreeSet<[u8; 32]>, BTreeSet<[u8; 32]>) = Default::default();
        let mut actors: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        let mut count = 0;
        for (_, bytes) in changes::between(conn, &document.0, 0, i64::MAX)? {
            let summary = scan_change(&bytes, &limits).map_err(Error::internal)?;
            let Some(counted) = book.changes.get(&(document, summary.hash)) else { continue };
            count += 1;
            let last = actors.entry(summary.actor).or_default();
            if summary.sequence != *last + 1 {
                return Err(Error::internal(format_args!("an actor's change {} is missing", *last + 1)));
            }
            *last = summary.sequence;
            built_on.extend(&summary.dependencies);
            all.insert(summary.hash);
            if self.size + bytes.len() > PART_BYTES || self.cost.add(&summary.cost, &limits).is_err() {
                self.flush(document, parts)?;
                self.cost = summary.cost;
            }
            self.size += bytes.len();
            self.push(counted.device, bytes);
        }
        let due = book.changes.range((document, [0; 32])..=(document, [0xff; 32])).count();
        if count != due {
            return Err(Error::internal(format_args!("{due} changes of a document are known, {count} are here")));
        }
        self.flush(document, parts)?;
        let heads = all.difference(&built_on).map(|head| Hash(*head)).collect();
        self.heads.push(DocumentHeads { document, heads });
        Ok(())
    }

    fn push(&mut self, device: DeviceKey, bytes: Vec<u8>) {
        match self.runs.last_mut() {
            Some(run) if run.device == device => run.chunks.push(Bytes(bytes)),
            _ => self.runs.push(Run { device, chunks: vec![Bytes(bytes)] }),
        }
    }

    fn flush(&mut self, document: DocumentHandle, parts: &mut Packer) -> Result<()> {
        (self.size, self.cost) = (0, Cost::default());
        if self.runs.is_empty() {
            return Ok(());
        }
        let part = Part::Changes { document, runs: std::mem::take(&mut self.runs) };
        parts.push(&part).map_err(|_| too_large())
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorCode::TooLarge,
        "The workspace is too large for a snapshot: more than 256 MiB after compression.",
        "Its log stays whole at the relay. Move documents into another workspace to make it smaller.",
    )
}
