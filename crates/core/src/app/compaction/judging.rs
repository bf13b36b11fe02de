//! Looks at snapshots of others: whether they hold exactly what the log holds,
//! as this device read it. Says so at the relay, which deletes nothing without.

use drystone_wire::snapshot::{Statement, VERSION, Verdict, may_confirm, writers};
use drystone_wire::{DeviceKey, Hash, WorkspaceId, canonical};
use rusqlite::Connection;

use super::{App, ledger};
use crate::app::syncing::Loaded;
use crate::crypto::snapshot::Manifest;
use crate::error::Result;
use crate::store::sharing::snapshots::{self, Base, Found};
use crate::store::sharing::workspaces;
use crate::store::sharing::{self as store, inbox};
use crate::sync::client::Client;
use crate::sync::membership::{Membership, Standing, owner_of};
use crate::sync::request::Attempt;
use crate::sync::snapshot::{Book, Candidate, Problem, compare, read_content};

/// Snapshots that are looked at in one go: each is downloaded.
const LOOKED_AT: usize = 3;

/// What a snapshot is compared with.
struct Own {
    loaded: Loaded,
    book: Book,
    base: Option<Base>,
}

impl App {
    /// Looks at what was not looked at yet, the newest first.
    pub(super) async fn judge_snapshots(
        &self,
        id: &WorkspaceId,
        client: &Client,
        candidates: &[Candidate],
    ) -> Attempt<()> {
        if candidates.is_empty() {
            return Ok(());
        }
        let (workspace, all) = (*id, candidates.to_vec());
        let due = self.blocking(move |app| app.db().read(|conn| due(conn, &workspace, all))).await?;
        for candidate in due.iter().take(LOOKED_AT) {
            self.judge_one(id, client, candidate).await?;
        }
        Ok(())
    }

    async fn judge_one(&self, id: &WorkspaceId, client: &Client, candidate: &Candidate) -> Attempt<()> {
        let snapshot = candidate.opened.id();
        let Some(own) = self.own_book(id, client, candidate).await? else { return Ok(()) };
        let known = self.remembered(id, &snapshot).await?;
        let found = match known {
            Some(Found::Unclear) => return Ok(()),
            Some(found) => found,
            None => self.find_out(id, client, candidate, &own).await?,
        };
        let (workspace, position, chain) = (*id, candidate.opened.position(), candidate.opened.chain());
        tracing::info!(position, ?found, "looked at a snapshot");
        let say = self.statement(id, candidate, &own, found).await?;
        let generation = candidate.opened.offer.generation;
        self.blocking(move |app| {
            app.db().write(|tx| {
                snapshots::set_found(tx, &workspace, &snapshot, found)?;
                let newer = own.base.is_none_or(|base| base.position < position);
                if found == Found::Right && newer {
                    let base = Base { generation, position, chain, book: own.book, loaded_ms: 0 };
                    snapshots::set_base(tx, &workspace, &base)?;
                }
                Ok(())
            })
        })
        .await?;
        match say {
            Some(verdict) => client.judge_snapshot(id, &snapshot, &verdict).await,
            None => Ok(()),
        }
    }

    async fn remembered(&self, id: &WorkspaceId, snapshot: &Hash) -> Result<Option<Found>> {
        let (workspace, snapshot) = (*id, *snapshot);
        self.blocking(move |app| app.db().read(|conn| snapshots::found(conn, &workspace, &snapshot))).await
    }

    /// What the log comes to here up to a snapshot's last entry; `None` when
    /// that cannot be said now.
    async fn own_book(&self, id: &WorkspaceId, client: &Client, candidate: &Candidate) -> Attempt<Option<Own>> {
        let (workspace, position, chain) = (*id, candidate.opened.position(), candidate.opened.chain());
        let generation = candidate.opened.offer.generation;
        let (base, fits) = self
            .blocking(move |app| {
                app.db().read(|conn| {
                    let row = workspaces::get(conn, &workspace)?;
                    let base = snapshots::base(conn, &workspace)?;
                    let read = row.cursor.generation == generation && inbox::is_empty(conn, &workspace)?;
                    let early = base.as_ref().is_some_and(|base| base.position > position);
                    let same = inbox::chain_at(conn, &workspace, position)? == Some(chain);
                    Ok((base, read && !early && same))
                })
            })
            .await?;
        if !fits {
            return Ok(None);
        }
        let start = ledger::start(base.as_ref(), id, generation);
        let ids = ledger::ids(client, id, start.0, position).await?;
        let own = self
            .blocking(move |app| {
                app.db().read(|conn| {
                    if !ledger::is_here(conn, &workspace, start, &ids)? {
                        return Ok(None);
                    }
                    let loaded = super::loaded(conn, &workspace)?;
                    let book = ledger::book(conn, &workspace, &loaded, base.as_ref(), &ids)?;
                    Ok(book.map(|book| Own { loaded, book, base }))
                })
            })
            .await?;
        Ok(own)
    }

    /// Compares a snapshot with what was read: all of it where this device is
    /// to confirm it, else its digest first.
    async fn find_out(&self, id: &WorkspaceId, client: &Client, candidate: &Candidate, own: &Own) -> Attempt<Found> {
        match candidate.check_author(&own.loaded.membership) {
            Ok(()) => {}
            // Its author knows more of the membership than this device, so far.
            Err(Problem::Author(Standing::Ahead(_))) => return Ok(Found::Unclear),
            Err(_) => return Ok(Found::Wrong),
        }
        let manifest = match candidate.manifest(&own.loaded.keys) {
            Ok(manifest) => manifest,
            Err(Problem::NoKey(_)) => return Ok(Found::Unclear),
            Err(_) => return Ok(Found::Wrong),
        };
        let same = same_digest(&manifest, &own.book);
        if same && candidate.check_standing(&own.loaded.membership).is_ok() {
            // Somebody else has downloaded and confirmed it already.
            return Ok(Found::Right);
        }
        let content = self.fetch_content(id, client, candidate, &manifest).await?;
        let (membership, book) = (own.loaded.membership.clone(), own.book.clone());
        let found = self
            .blocking(move |_| {
                let Ok(content) = content.and_then(|content| read_content(&content, &manifest, &membership)) else {
                    return Ok(Found::Wrong);
                };
                let comparison = compare(&book, &content.book, true);
                let wrong = !comparison.lacks.is_empty() || comparison.invented > 0;
                let unclear = comparison.explained || content.book.heads != book.heads;
                Ok(match (wrong, unclear) {
                    (true, _) => Found::Wrong,
                    (false, true) => Found::Unclear,
                    (false, false) => Found::Right,
                })
            })
            .await?;
        let blob = candidate.opened.offer.blob;
        let workspace = *id;
        self.blocking(move |app| app.db().write(|tx| snapshots::forget_chunks(tx, &workspace, &blob))).await?;
        Ok(found)
    }

    /// What to say at the relay, if anything: a confirmation that counts there
    /// and is needed, or that a snapshot must not stand in for the log.
    async fn statement(
        &self,
        id: &WorkspaceId,
        candidate: &Candidate,
        own: &Own,
        found: Found,
    ) -> Result<Option<Vec<u8>>> {
        let identity = self.blocking(|app| app.db().read(store::own)).await?.identity;
        let device = identity.device_key();
        let (membership, header) = (&own.loaded.membership, &candidate.opened.header);
        let roster = membership.roster();
        let contained = match found {
            Found::Unclear => return Ok(None),
            Found::Wrong => false,
            Found::Right => {
                let root = owner_of(roster, &header.device);
                let counts = root.is_some_and(|root| may_confirm(&header.device, &root, &device, &writers(roster)));
                if !counts || candidate.check_standing(membership).is_ok() {
                    return Ok(None);
                }
                true
            }
        };
        let said = candidate.statements.iter().any(|said| said.device == device && said.contained == contained);
        if said || !roster.may_write(&device) {
            return Ok(None);
        }
        let statement = Statement {
            version: VERSION,
            workspace: *id,
            snapshot: candidate.opened.id(),
            position: candidate.opened.position(),
            chain: candidate.opened.chain(),
            device,
            sequence: own.book.heads.get(&device).map_or(0, |(sequence, _)| *sequence),
            membership_position: roster.position,
            membership_hash: roster.head,
            contained,
            time_ms: self.now_ms(),
        };
        let verdict = Verdict::of(&statement, |bytes| identity.device().sign(bytes));
        Ok(Some(canonical::encode(&verdict)))
    }
}

fn same_digest(manifest: &Manifest, book: &Book) -> bool {
    manifest.changes == book.changes.len() as u64 && manifest.digest == book.digest()
}

/// The snapshots that are to be looked at by this device.
fn due(conn: &Connection, workspace: &WorkspaceId, candidates: Vec<Candidate>) -> Result<Vec<Candidate>> {
    let membership = crate::app::sharing::load(conn, workspace)?;
    let device = store::own_device(conn)?;
    let mut due = Vec::new();
    for candidate in candidates.into_iter().filter(|_| membership.roster().may_write(&device)) {
        if is_due(conn, workspace, &membership, device, &candidate)? {
            due.push(candidate);
        }
    }
    Ok(due)
}

/// Whether a snapshot is to be looked at: it was not, or it was found right and
/// whoever confirmed it counts no longer, or what was said did not arrive.
fn is_due(
    conn: &Connection,
    workspace: &WorkspaceId,
    membership: &Membership,
    device: DeviceKey,
    candidate: &Candidate,
) -> Result<bool> {
    let roster = membership.roster();
    let said =
        |contained: bool| candidate.statements.iter().any(|said| said.device == device && said.contained == contained);
    let author = candidate.opened.header.device;
    let counts = owner_of(roster, &author).is_some_and(|root| may_confirm(&author, &root, &device, &writers(roster)));
    let needed = counts && candidate.check_standing(membership).is_err() && !said(true);
    Ok(match snapshots::found(conn, workspace, &candidate.opened.id())? {
        None => author != device || counts,
        Some(Found::Right) => needed && !candidate.is_contradicted(membership),
        Some(Found::Wrong) => !said(false),
        Some(Found::Unclear) => false,
    })
}
