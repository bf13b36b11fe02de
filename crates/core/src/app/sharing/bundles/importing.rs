//! Taking in a bundle: all of it is checked, then stored in one transaction,
//! then opened by the same verifier as what a relay sends. A crash in between
//! loses nothing: what is stored is opened at the next start.

use drystone_wire::WorkspaceId;
use drystone_wire::bundle::Bundle;
use rusqlite::Connection;

use super::plan::{self, Plan};
use super::read;
use crate::api::*;
use crate::app::sharing::{App, checked_name, load};
use crate::app::syncing;
use crate::crypto::invite::InviteKeys;
use crate::crypto::random::OsRandom;
use crate::crypto::records::{self as build, Next};
use crate::error::{Error, Result};
use crate::store::sharing::{self as store, carrying, membership as records, quarantine, requests, workspaces};
use crate::sync::membership;
use drystone_wire::DeviceKey;

impl App {
    pub(crate) async fn bundle_inspect(&self, args: BundleFile) -> Result<BundleInfo> {
        let now_ms = self.now_ms();
        self.blocking(move |app| {
            let bundle = read(&args.content)?;
            app.db().read(|conn| plan::describe(conn, &bundle, now_ms))
        })
        .await
    }

    pub(crate) async fn bundle_import(&self, args: ImportBundle) -> Result<ImportedBundle> {
        let name = args.user_name.as_deref().map(|name| checked_name(name, "name")).transpose()?;
        let now_ms = self.now_ms();
        let imported = self.blocking(move |app| app.take_in(&args.content, name, now_ms)).await?;
        self.emit(Event::WorkspacesChanged {});
        self.outbox_signal().notify_one();
        Ok(imported)
    }

    fn take_in(&self, content: &str, name: Option<String>, now_ms: u64) -> Result<ImportedBundle> {
        let bundle = read(content)?;
        self.take_in_opened(bundle, name, now_ms)
    }

    /// The same with a bundle that was read.
    pub(super) fn take_in_opened(&self, bundle: Bundle, name: Option<String>, now_ms: u64) -> Result<ImportedBundle> {
        self.settle_all()?;
        let id = bundle.workspace;
        if let Some((position, record)) = self.db().read(|conn| plan::fork(conn, &bundle))? {
            self.db().write(|tx| carrying::insert_fork(tx, &id, position, &record))?;
            return Err(plan::forked(&id, position));
        }
        let (info, admitted, before) = self.db().write(|tx| {
            let plan = plan::plan(tx, &bundle, now_ms)?;
            let info = plan::info(&bundle, &plan);
            if let Some(name) = name.filter(|_| plan.invitation.is_some()) {
                store::set_user_name(tx, &name)?;
            }
            store(tx, &bundle, &plan)?;
            let admitted = admit(tx, &plan, now_ms)?;
            settle_standing(tx, &id)?;
            let relay = workspaces::get(tx, &id)?.relay.is_some();
            if relay {
                requests::ask(tx)?;
            }
            let before = quarantine::count(tx, &id)?.0;
            Ok((info, admitted, before))
        })?;
        let files = self.keep_files(&bundle)?;
        self.open_carried(&id, Some(info.new_entries))?;
        self.db().read(|conn| {
            let set_aside = quarantine::count(conn, &id)?.0.saturating_sub(before);
            let waiting = carrying::joining(conn, &id)?.is_some();
            let applied = info.new_entries.saturating_sub(set_aside);
            Ok(ImportedBundle { bundle: info, applied, set_aside, admitted, waiting, files })
        })
    }

    /// Opens what a bundle left in the inbox; says how far it is, of how many.
    fn open_carried(&self, id: &WorkspaceId, total: Option<u32>) -> Result<()> {
        syncing::open_inbox(self, id, &mut |left| {
            if let Some(total) = total {
                let done = total.saturating_sub(u32::try_from(left).unwrap_or(u32::MAX));
                self.emit(Event::BundleProgress { workspace: id.to_string(), done, total });
            }
        })
    }

    /// Opens what bundles left behind when the process ended in the middle.
    pub(in crate::app) fn open_all_carried(&self) -> Result<()> {
        let waiting = self.db().read(|conn| {
            let rows = workspaces::all(conn)?;
            let mut waiting = Vec::new();
            for row in rows {
                if carrying::waits(conn, &row.id)? {
                    waiting.push(row.id);
                }
            }
            Ok(waiting)
        })?;
        waiting.iter().try_for_each(|id| self.open_carried(id, None))
    }
}

/// Stores what is new in one transaction with everything else.
fn store(conn: &Connection, bundle: &Bundle, plan: &Plan) -> Result<()> {
    let id = &bundle.workspace;
    let own = store::own(conn)?;
    if let Some(seed) = &plan.invitation {
        workspaces::insert(conn, id, "")?;
        carrying::insert_joining(conn, id, &seed.0)?;
    }
    for (epoch, key) in &plan.keys {
        records::insert_epoch_key(conn, id, *epoch, key)?;
    }
    if !plan.fresh.is_empty() {
        syncing::store_records(conn, &plan.membership, &plan.fresh, &own.identity)?;
    }
    for (position, signature) in &plan.signatures {
        carrying::confirm_record(conn, id, *position, signature)?;
    }
    if plan.invitation.is_some() {
        let title = membership::workspace_name(plan.membership.roster(), &plan.keys).unwrap_or_default();
        workspaces::set_name(conn, id, &title)?;
    }
    for index in &plan.entries {
        carrying::insert_entry(conn, id, &bundle.envelopes[*index].0)?;
    }
    Ok(())
}

/// Records that somebody is let in; returns their name.
fn admit(conn: &Connection, plan: &Plan, now_ms: u64) -> Result<Option<String>> {
    let Some((request, name)) = &plan.admitted else { return Ok(None) };
    let own = store::own(conn)?.identity;
    let roster = plan.membership.roster();
    let key = plan.keys.get(&roster.epoch).ok_or_else(|| Error::internal("the current epoch's key is not here"))?;
    let next = Next::after(roster, now_ms);
    let record = build::admit(&own, &next, key, request, name, &mut OsRandom).map_err(Error::internal)?;
    let bytes = record.to_bytes();
    let mut membership = plan.membership.clone();
    membership.apply(&bytes).map_err(|error| {
        crate::app::sharing::refused(
            format!("The answer cannot be accepted: {error}."),
            "Invite the person again. Nothing was taken in.",
        )
    })?;
    let fresh = (membership.position(), membership.roster().head, bytes);
    syncing::store_records(conn, &membership, &[fresh], &own)?;
    Ok(Some(name.clone()))
}

/// Whether this device still waits to be let in, and what it may do meanwhile.
fn settle_standing(conn: &Connection, id: &WorkspaceId) -> Result<()> {
    let Some(seed) = carrying::joining(conn, id)? else { return Ok(()) };
    let membership = load(conn, id)?;
    let roster = membership.roster();
    if roster.devices.contains_key(&store::own_device(conn)?) {
        return carrying::end_joining(conn, id);
    }
    let keys = InviteKeys::derive(&seed.0, id).map_err(Error::internal)?;
    match roster.invites.get(&DeviceKey(keys.signing.public())) {
        Some(open) => workspaces::set_role(conn, id, open.role as u8),
        None => carrying::end_joining(conn, id),
    }
}
