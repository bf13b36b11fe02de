//! Files that go to the relay, chunk by chunk: announced first, then whatever
//! the relay says that it does not have.

use drystone_wire::blob::{BlobState, Manifest};
use drystone_wire::{RelayKey, WorkspaceId};
use tokio::task::JoinSet;

use super::fetching::AT_ONCE;
use super::{Relay, announce};
use crate::app::App;
use crate::error::{Error, ErrorCode};
use crate::store::attachments::places::{self, Place};
use crate::store::attachments::{self as store};
use crate::sync::request::{Attempt, FailureKind};

impl App {
    /// Sends what the relay lacks of a file; says whether it has all of it now.
    pub(super) async fn send_file(&self, workspace: &WorkspaceId, place: &Place, client: &Relay) -> Attempt<bool> {
        let Some(manifest) = &place.manifest else { return Ok(false) };
        let known = match client.blob_state(workspace, &place.blob).await {
            Ok(state) if state.marked => None,
            Ok(state) => Some(state),
            Err(failure) if failure.kind == FailureKind::NotFound => None,
            Err(failure) => return Err(failure),
        };
        let state = match known {
            Some(state) => state,
            None => client.announce_blob(workspace, manifest).await?,
        };
        let (blob, total) = (place.blob, manifest.chunks.len());
        let here = self.blocking(move |app| Ok(app.chunks().present(&blob, total))).await?;
        let missing: Vec<usize> = (0..total).filter(|index| !state.has(*index)).collect();
        let sent = missing.iter().filter(|index| here[**index]).count();
        let refused = self.send_chunks(workspace, &state, manifest, missing.clone(), &here, client).await?;
        let whole = refused == 0 && sent == missing.len();
        let (workspace, now) = (*workspace, self.now_ms());
        let relay = client.relay_key().filter(|_| whole).unwrap_or(RelayKey::ZERO);
        self.blocking(move |app| app.db().write(|tx| places::set_relay(tx, &workspace, &blob, &relay, now))).await?;
        Ok(whole)
    }

    /// Sends the chunks that are here, some at once. Says how many are not what
    /// they should be any more.
    async fn send_chunks(
        &self,
        workspace: &WorkspaceId,
        state: &BlobState,
        manifest: &Manifest,
        missing: Vec<usize>,
        here: &[bool],
        client: &Relay,
    ) -> Attempt<usize> {
        let (total, blob) = (manifest.chunks.len(), state.manifest.id());
        let (mut done, mut damaged) = (total - missing.len(), 0);
        let mut waiting = missing.into_iter().filter(|index| here[*index]);
        let mut running: JoinSet<Attempt<bool>> = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(index) = waiting.next()
            {
                let (app, client, workspace, manifest) = (self.clone(), client.clone(), *workspace, manifest.clone());
                running.spawn(async move { app.send_chunk(workspace, manifest, index, &client).await });
            }
            match running.join_next().await {
                None => return Ok(damaged),
                Some(Err(error)) => return Err(Error::internal(error).into()),
                Some(Ok(Err(failure))) => return Err(failure),
                Some(Ok(Ok(sent))) => {
                    done += usize::from(sent);
                    damaged += usize::from(!sent);
                    announce(self, workspace, &blob, done, total);
                }
            }
        }
    }

    async fn send_chunk(
        &self,
        workspace: WorkspaceId,
        manifest: Manifest,
        index: usize,
        client: &Relay,
    ) -> Attempt<bool> {
        let blob = manifest.id();
        let sealed = self
            .blocking(move |app| {
                let chunks = app.chunks();
                let sealed = chunks.get(&blob, index)?.filter(|sealed| manifest.fits(index, sealed));
                if sealed.is_none() {
                    // What the disk has spoiled is not passed on, and fetched from whoever has it.
                    chunks.discard(&blob, index)?;
                    let problem = spoiled();
                    app.db().write(|tx| {
                        store::set_whole(tx, &blob, false)?;
                        places::set_problem(tx, &workspace, &blob, Some(&problem))
                    })?;
                }
                Ok(sealed)
            })
            .await?;
        match sealed {
            Some(sealed) => client.put_chunk(&workspace, &blob, index, sealed).await.map(|()| true),
            None => Ok(false),
        }
    }
}

fn spoiled() -> Error {
    Error::new(
        ErrorCode::Damaged,
        "A part of the file on this device is damaged.",
        "It was put aside and comes back from the relay when another device has sent it. Check this computer's disk.",
    )
}
