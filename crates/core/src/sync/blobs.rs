//! Files of attachments at a relay: announced, sent and fetched chunk by chunk.

use std::time::Duration;

use drystone_wire::blob::{BlobState, CHUNK_BYTES, CHUNKS, MANIFEST_BYTES, Manifest};
use drystone_wire::{Hash, WorkspaceId, canonical};
use reqwest::Method;

use super::client::{Client, bounded, cbor};
use super::request::Failure;

/// How long a small request may take.
const SMALL_TIME: Duration = Duration::from_secs(60);
/// How long one chunk may take: at 8 KB/s it still comes through.
const CHUNK_TIME: Duration = Duration::from_secs(150);
/// What the relay says of a blob, in bytes.
const STATE_BYTES: usize = MANIFEST_BYTES + CHUNKS / 8 + 64;

fn path(workspace: &WorkspaceId, blob: &Hash) -> String {
    format!("/v1/workspaces/{workspace}/blobs/{blob}")
}

impl Client {
    /// What the relay has of a blob.
    ///
    /// # Errors
    /// `NotFound` when it has nothing of it.
    pub async fn blob_state(&self, workspace: &WorkspaceId, blob: &Hash) -> Result<BlobState, Failure> {
        let url = self.relay().endpoint(&path(workspace, blob));
        let request = || self.request(Method::GET, &url).timeout(SMALL_TIME);
        cbor(self.authorized(request).await?, STATE_BYTES, self.relay()).await
    }

    /// Announces a blob, or says that it is needed again.
    ///
    /// # Errors
    /// `Full` when the workspace's quota does not take it.
    pub async fn announce_blob(&self, workspace: &WorkspaceId, manifest: &Manifest) -> Result<BlobState, Failure> {
        let url = self.relay().endpoint(&path(workspace, &manifest.id()));
        let body = canonical::encode(manifest);
        let request = || {
            let request = self.request(Method::PUT, &url).timeout(SMALL_TIME);
            request.header("Content-Type", "application/cbor").body(body.clone())
        };
        cbor(self.authorized(request).await?, STATE_BYTES, self.relay()).await
    }

    /// Sends one chunk of an announced blob.
    ///
    /// # Errors
    /// [`Failure`] says why it is not stored.
    pub async fn put_chunk(
        &self,
        workspace: &WorkspaceId,
        blob: &Hash,
        index: usize,
        sealed: Vec<u8>,
    ) -> Result<(), Failure> {
        let url = self.relay().endpoint(&format!("{}/{index}", path(workspace, blob)));
        let request = || {
            let request = self.request(Method::PUT, &url).timeout(CHUNK_TIME);
            request.header("Content-Type", "application/octet-stream").body(sealed.clone())
        };
        self.authorized(request).await.map(|_| ())
    }

    /// Fetches one chunk, which is yet to be compared with its hash.
    ///
    /// # Errors
    /// [`Failure`] says why it did not come.
    pub async fn chunk(&self, workspace: &WorkspaceId, blob: &Hash, index: usize) -> Result<Vec<u8>, Failure> {
        let url = self.relay().endpoint(&format!("{}/{index}", path(workspace, blob)));
        let request = || self.request(Method::GET, &url).timeout(CHUNK_TIME);
        bounded(self.authorized(request).await?, CHUNK_BYTES).await
    }

    /// Says that nothing in the workspace refers to a blob any more.
    ///
    /// # Errors
    /// [`Failure`] says why the relay did not take note.
    pub async fn mark_blob(&self, workspace: &WorkspaceId, blob: &Hash) -> Result<(), Failure> {
        let url = self.relay().endpoint(&path(workspace, blob));
        let request = || self.request(Method::DELETE, &url).timeout(SMALL_TIME);
        self.authorized(request).await.map(|_| ())
    }
}
