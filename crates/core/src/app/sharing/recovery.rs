//! The recovery kit: making it, making it known in every workspace, and saying
//! what it brings back. Its words leave this module once and are kept nowhere.

mod page;
mod trying;
mod using;

use drystone_wire::membership::Role as WireRole;
use drystone_wire::roster::Roster;
use drystone_wire::{RootKey, WorkspaceId};
use rusqlite::Connection;

use super::{App, load, refused};
use crate::api::*;
use crate::app::rfc3339;
use crate::crypto::records as build;
use crate::crypto::recovery::KitSecret;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::recovery::{self as store, RecoveryRow};
use crate::store::sharing::workspaces::{self, WorkspaceRow};
use crate::store::sharing::{self as sharing, outbox};
use crate::sync::membership;

impl App {
    pub(crate) async fn recovery_status(&self, _: Empty) -> Result<RecoveryStatus> {
        self.blocking(|app| app.db().read(status)).await
    }

    pub(crate) async fn recovery_create(&self, args: CreateRecovery) -> Result<RecoveryKit> {
        let now_ms = self.now_ms();
        let secret = self
            .blocking(move |app| {
                app.db().write(|tx| {
                    if store::get(tx)?.is_some() && !args.replace {
                        return Err(Error::new(
                            ErrorCode::Confirm,
                            "There is a recovery kit already. A new one takes its place, and the old words work no more.",
                            "If that is what you want, confirm it.",
                        ));
                    }
                    let secret = KitSecret::generate(&mut app.random());
                    let root = store::root_secret(tx, &sharing::own(tx)?.identity.root_key())?;
                    let root = root.ok_or_else(|| Error::internal("this device has no root key"))?;
                    let keys = secret.keys().map_err(Error::internal)?;
                    let keys = keys.published(&root, &mut app.random()).map_err(Error::internal)?;
                    store::put(tx, &RecoveryRow { keys, made_ms: now_ms, rehearsed_ms: 0 })?;
                    Ok(secret)
                })
            })
            .await?;
        for row in self.db().read(workspaces::all)? {
            // What cannot be reached now is told with its next synchronisation; the status says so.
            if let Err(error) = self.publish_recovery(&row.id).await {
                tracing::info!(code = ?error.code, "the recovery kit is not known there yet: {error}");
            }
        }
        self.emit(Event::WorkspacesChanged {});
        let (status, name, rows) = self
            .blocking(|app| app.db().read(|conn| Ok((status(conn)?, super::user_name(conn)?, workspaces::all(conn)?))))
            .await?;
        let words = secret.words().map_err(Error::internal)?;
        let kit = page::Kit { words: &words, person: &name, rows: &rows, status: &status };
        Ok(RecoveryKit { page: kit.page(), text: kit.text(), words: words.to_vec(), status })
    }

    /// Makes the kit known in a workspace where another or none counts. A kit
    /// that another of the person's devices made later is taken over instead.
    pub(in crate::app) async fn publish_recovery(&self, id: &WorkspaceId) -> Result<()> {
        let workspace = *id;
        let due = self.blocking(move |app| app.db().write(|tx| due(tx, &workspace))).await?;
        let Some(row) = due else { return Ok(()) };
        let identity = self.db().read(sharing::own)?.identity;
        let after = self
            .post_record(id, |now| {
                let (root, _) = now.own(&identity)?;
                if now
                    .roster()
                    .members
                    .get(&root)
                    .and_then(|member| member.recovery.as_ref())
                    .is_some_and(|kit| kit.keys == row.keys || kit.since_ms >= row.made_ms)
                {
                    return Ok(None);
                }
                build::set_recovery(&identity, &now.next(), now.key()?, row.keys.clone(), &mut self.random())
                    .map(Some)
                    .map_err(Error::internal)
            })
            .await?;
        let root = membership::own_root(after.roster(), &identity);
        let since_ms = kit_of(after.roster(), &root).filter(|kit| kit.keys == row.keys).map(|kit| kit.since_ms);
        // From now on it is as old as the record says, whose clock is the relay's.
        self.blocking(move |app| {
            app.db().write(|tx| match (store::get(tx)?, since_ms) {
                (Some(current), Some(since_ms)) if current.keys == row.keys => {
                    store::put(tx, &RecoveryRow { made_ms: since_ms, ..current })
                }
                _ => Ok(()),
            })
        })
        .await
    }
}

fn kit_of<'a>(roster: &'a Roster, root: &RootKey) -> Option<&'a drystone_wire::roster::Recovery> {
    roster.members.get(root)?.recovery.as_ref()
}

/// The kit, where it has to be made known.
fn due(conn: &Connection, id: &WorkspaceId) -> Result<Option<RecoveryRow>> {
    let row = workspaces::get(conn, id)?;
    let identity = sharing::own(conn)?.identity;
    let membership = load(conn, id)?;
    let roster = membership.roster();
    let root = membership::own_root(roster, &identity);
    let may = row.relay.is_some() || super::bundles::keeper(conn, id)? == Some(identity.device_key());
    if !may || root != identity.root_key() || !roster.devices.contains_key(&identity.device_key()) {
        return Ok(None);
    }
    let own = store::get(conn)?;
    let Some(known) = kit_of(roster, &root) else { return Ok(own) };
    match own {
        Some(own) if own.keys == known.keys => Ok(None),
        Some(own) if own.made_ms > known.since_ms => Ok(Some(own)),
        // Signed by the root, so by another device of this person.
        _ => {
            store::put(conn, &RecoveryRow { keys: known.keys.clone(), made_ms: known.since_ms, rehearsed_ms: 0 })?;
            Ok(None)
        }
    }
}

fn status(conn: &Connection) -> Result<RecoveryStatus> {
    let kit = store::get(conn)?;
    let rows = workspaces::all(conn)?;
    let mut waiting = 0;
    let mut covers = Vec::new();
    for row in &rows {
        waiting += outbox::waiting(conn, &row.id)?;
        covers.extend(cover(conn, row, kit.as_ref())?);
    }
    let rehearsed = kit.as_ref().map(|kit| kit.rehearsed_ms).filter(|at| *at > 0).map(rfc3339);
    Ok(RecoveryStatus { made: kit.map(|kit| rfc3339(kit.made_ms)), rehearsed, workspaces: covers, waiting })
}

/// Whether the kit brings a workspace back; `None` for one that this device has left.
fn cover(conn: &Connection, row: &WorkspaceRow, kit: Option<&RecoveryRow>) -> Result<Option<RecoveryCover>> {
    let identity = sharing::own(conn)?.identity;
    let membership = load(conn, &row.id)?;
    let roster = membership.roster();
    if !roster.devices.contains_key(&identity.device_key()) {
        return Ok(None);
    }
    let root = membership::own_root(roster, &identity);
    let known = kit_of(roster, &root);
    let reason = if row.relay.is_none() {
        "It has no relay: it is on this device, and in the bundles and exports you made of it. Set a relay, or keep \
         a copy of a whole bundle."
    } else if known.is_some_and(|known| kit.is_none_or(|kit| kit.keys == known.keys)) {
        ""
    } else if root != identity.root_key() {
        "This device was added by another of yours, or began it under another identity. Make the kit on the device \
         that joined or founded the workspace."
    } else if kit.is_none() {
        "There is no recovery kit."
    } else {
        "The kit is not known there yet: it becomes so with the next synchronisation."
    };
    Ok(Some(RecoveryCover {
        workspace: row.id.to_string(),
        name: row.name.clone(),
        relay: row.relay.as_ref().map(ToString::to_string),
        covered: reason.is_empty(),
        reason: reason.to_owned(),
    }))
}

/// What a member may do, and how many devices they have.
fn standing(roster: &Roster, root: &RootKey) -> Option<(WireRole, u32)> {
    let member = roster.members.get(root)?;
    Some((member.role, member.devices.len() as u32))
}

fn not_a_kit(what: impl std::fmt::Display, advice: impl Into<String>) -> Error {
    Error::new(ErrorCode::BadInput, format!("This is not a recovery kit: {what}."), advice)
}

fn another_kit() -> Error {
    refused(
        "These are the words of another recovery kit, or of an older one that was replaced.",
        "Take the kit that was made last.",
    )
}
