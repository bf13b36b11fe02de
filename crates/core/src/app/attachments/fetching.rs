//! Files that come from the relay, chunk by chunk: each is compared with its
//! hash before it is kept, and what is kept is never asked for again.

use drystone_wire::blob::{BlobState, Manifest};
use drystone_wire::{Hash, RelayKey, WorkspaceId};
use tokio::task::JoinSet;

use super::{Relay, announce};
use crate::api::*;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::store::attachments::{self as store, places};
use crate::store::sharing::workspaces;
use crate::sync::request::{Attempt, Failure, FailureKind};

/// Chunks that are on their way at once.
pub(super) const AT_ONCE: usize = 3;

/// How fetching a file ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetched {
    /// All of it is here.
    Whole,
    /// The relay does not have all of it yet.
    Waits,
    /// What it sent was refused.
    Refused,
}

impl App {
    pub(crate) async fn attachment_fetch(&self, args: AttachmentRef) -> Result<AttachmentView> {
        let AttachmentRef { document, attachment } = args;
        let (name, id) = (document.clone(), attachment.clone());
        let (workspace, blob, row) = self
            .blocking(move |app| {
                let found = app.attachment(&name, &id)?;
                app.refresh_references(&found.workspace)?;
                let (workspace, blob) = (found.workspace, found.content.blob);
                let row = app.db().write(|tx| {
                    places::set_wanted(tx, &workspace, &blob, true)?;
                    workspaces::get(tx, &workspace)
                })?;
                Ok((workspace, blob, row))
            })
            .await?;
        let known = self.db().read(|conn| store::blob(conn, &blob))?;
        if known.is_none_or(|known| !known.whole) {
            let relay = row.relay.clone().ok_or_else(no_relay)?;
            let pinned = (row.relay_key != RelayKey::ZERO).then_some(row.relay_key);
            let client = self.client(&relay, pinned)?;
            match self.fetch_file(&workspace, &blob, &client).await.map_err(|failure| failure.error)? {
                Fetched::Whole => {}
                Fetched::Waits => return Err(not_there(&row.relay.map(|it| it.to_string()).unwrap_or_default())),
                Fetched::Refused => return Err(refused()),
            }
        }
        self.blocking(move |app| app.attachment_view(&document, &attachment)).await
    }

    /// Fetches what is missing of a file.
    pub(super) async fn fetch_file(&self, workspace: &WorkspaceId, blob: &Hash, client: &Relay) -> Attempt<Fetched> {
        let state = match client.blob_state(workspace, blob).await {
            Ok(state) => state,
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(Fetched::Waits),
            Err(failure) => return Err(failure),
        };
        if state.manifest.id() != *blob {
            self.note_problem(workspace, blob, Some(refused())).await?;
            return Ok(Fetched::Refused);
        }
        let (id, manifest) = (*blob, state.manifest.clone());
        let here = self
            .blocking(move |app| {
                app.db().write(|tx| store::set_manifest(tx, &manifest))?;
                Ok(app.chunks().present(&id, manifest.chunks.len()))
            })
            .await?;
        let missing: Vec<usize> = (0..here.len()).filter(|index| !here[*index]).collect();
        let wanted: Vec<usize> = missing.iter().copied().filter(|index| state.has(*index)).collect();
        let complete = wanted.len() == missing.len();
        let refused_any = self.fetch_chunks(workspace, &state, wanted, client).await?;
        if refused_any {
            self.note_problem(workspace, blob, Some(refused())).await?;
            return Ok(Fetched::Refused);
        }
        if !complete {
            return Ok(Fetched::Waits);
        }
        self.fetched(workspace, blob, &state, client).await?;
        Ok(Fetched::Whole)
    }

    /// Fetches chunks, some at once. Says whether any was not what it should be.
    async fn fetch_chunks(
        &self,
        workspace: &WorkspaceId,
        state: &BlobState,
        wanted: Vec<usize>,
        client: &Relay,
    ) -> Attempt<bool> {
        let (total, blob) = (state.manifest.chunks.len(), state.manifest.id());
        let mut done = total - wanted.len();
        let mut refused_any = false;
        let mut waiting = wanted.into_iter();
        let mut running: JoinSet<Attempt<bool>> = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(index) = waiting.next()
            {
                let (app, client, workspace) = (self.clone(), client.clone(), *workspace);
                let manifest = state.manifest.clone();
                running.spawn(async move { app.fetch_chunk(workspace, manifest, index, &client).await });
            }
            match running.join_next().await {
                None => return Ok(refused_any),
                Some(Err(error)) => return Err(Error::internal(error).into()),
                Some(Ok(Err(failure))) => return Err(failure),
                Some(Ok(Ok(kept))) => {
                    done += usize::from(kept);
                    refused_any |= !kept;
                    announce(self, workspace, &blob, done, total);
                }
            }
        }
    }

    async fn fetch_chunk(
        &self,
        workspace: WorkspaceId,
        manifest: Manifest,
        index: usize,
        client: &Relay,
    ) -> Attempt<bool> {
        let blob = manifest.id();
        let sealed = client.chunk(&workspace, &blob, index).await?;
        let kept = self
            .blocking(move |app| {
                let fits = manifest.fits(index, &sealed);
                if fits {
                    app.chunks().put(&blob, index, &sealed)?;
                }
                Ok(fits)
            })
            .await?;
        Ok(kept)
    }

    async fn fetched(&self, workspace: &WorkspaceId, blob: &Hash, state: &BlobState, client: &Relay) -> Attempt<()> {
        let (workspace, blob, whole_there) = (*workspace, *blob, state.is_whole() && !state.marked);
        let relay = client.relay_key().filter(|_| whole_there).unwrap_or(RelayKey::ZERO);
        let now = self.now_ms();
        self.blocking(move |app| {
            app.db().write(|tx| {
                store::set_whole(tx, &blob, true)?;
                places::set_relay(tx, &workspace, &blob, &relay, now)?;
                places::set_wanted(tx, &workspace, &blob, false)?;
                places::set_problem(tx, &workspace, &blob, None)
            })
        })
        .await?;
        let total = state.manifest.chunks.len();
        announce(self, &workspace, &blob, total, total);
        Ok(())
    }

    pub(super) async fn note_problem(
        &self,
        workspace: &WorkspaceId,
        blob: &Hash,
        problem: Option<Error>,
    ) -> std::result::Result<(), Failure> {
        let (workspace, blob) = (*workspace, *blob);
        self.blocking(move |app| app.db().write(|tx| places::set_problem(tx, &workspace, &blob, problem.as_ref())))
            .await?;
        Ok(())
    }
}

fn refused() -> Error {
    Error::new(
        ErrorCode::Integrity,
        "What the relay sent of this file is not what was added: it was refused, and nothing of it was kept.",
        "It is tried again by itself. Ask who runs the relay to check its disk; whoever has the file can add it again.",
    )
}

fn no_relay() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The file is not on this device, and the workspace has no relay that it could come from.",
        "Take it from a bundle with attachments, or set the workspace's relay.",
    )
}

fn not_there(relay: &str) -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The relay does not have all of this file yet.",
        "It comes as soon as a device that has it was online.",
    )
    .at(relay)
}
