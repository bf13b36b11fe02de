//! What a client asks of a relay about snapshots, and their content.

use drystone_wire::blob::{BlobState, CHUNK_BYTES, Manifest};
use drystone_wire::snapshot::{Ids, Listing};
use drystone_wire::{Hash, WorkspaceId, canonical, limits};
use reqwest::Method;

use super::client::{Client, REQUEST_TIME, bounded, cbor};
use super::request::Failure;

impl Client {
    /// Which snapshots there are, and how far the log was compacted.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn snapshots(&self, workspace: &WorkspaceId) -> Result<Listing, Failure> {
        let path = format!("/v1/workspaces/{workspace}/snapshots");
        self.get(&path, limits::SNAPSHOT_LIST_BYTES, REQUEST_TIME).await
    }

    /// Ids of entries after a position, as many as the relay gives at once.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn ids(&self, workspace: &WorkspaceId, after: u64) -> Result<Ids, Failure> {
        let path = format!("/v1/workspaces/{workspace}/ids?after={after}");
        self.get(&path, limits::ID_PAGE_BYTES, REQUEST_TIME).await
    }

    /// Offers a snapshot whose content is there.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn offer_snapshot(&self, workspace: &WorkspaceId, offer: &[u8]) -> Result<(), Failure> {
        self.tell(Method::POST, &format!("/v1/workspaces/{workspace}/snapshots"), offer).await
    }

    /// Says something of a snapshot.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn judge_snapshot(
        &self,
        workspace: &WorkspaceId,
        snapshot: &Hash,
        verdict: &[u8],
    ) -> Result<(), Failure> {
        self.tell(Method::POST, &format!("/v1/workspaces/{workspace}/snapshots/{snapshot}"), verdict).await
    }

    /// Announces a snapshot's content; says which chunks are missing.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn announce_content(&self, workspace: &WorkspaceId, manifest: &Manifest) -> Result<BlobState, Failure> {
        let path = format!("/v1/workspaces/{workspace}/blobs/{}", manifest.id());
        let body = canonical::encode(manifest);
        let request = || {
            let request = self.http.request(Method::PUT, self.relay.endpoint(&path)).timeout(REQUEST_TIME);
            request.header("Content-Type", "application/cbor").body(body.clone())
        };
        cbor(self.authorized(request).await?, limits::RECORD_BYTES, &self.relay).await
    }

    /// What the relay has of a snapshot's content.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn content_state(&self, workspace: &WorkspaceId, blob: &Hash) -> Result<BlobState, Failure> {
        let path = format!("/v1/workspaces/{workspace}/blobs/{blob}");
        self.get(&path, limits::RECORD_BYTES, REQUEST_TIME).await
    }

    /// Stores one chunk of a snapshot's content.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn put_content(
        &self,
        workspace: &WorkspaceId,
        blob: &Hash,
        index: usize,
        chunk: &[u8],
    ) -> Result<(), Failure> {
        self.tell(Method::PUT, &format!("/v1/workspaces/{workspace}/blobs/{blob}/{index}"), chunk).await
    }

    /// Reads one chunk of a snapshot's content. Whether it is the right one is
    /// for the caller to see.
    ///
    /// # Errors
    /// [`Failure`] says why it did not succeed.
    pub async fn get_content(&self, workspace: &WorkspaceId, blob: &Hash, index: usize) -> Result<Vec<u8>, Failure> {
        let path = format!("/v1/workspaces/{workspace}/blobs/{blob}/{index}");
        let request = || self.http.request(Method::GET, self.relay.endpoint(&path)).timeout(REQUEST_TIME);
        bounded(self.authorized(request).await?, CHUNK_BYTES).await
    }

    async fn tell(&self, method: Method, path: &str, body: &[u8]) -> Result<(), Failure> {
        let request = || {
            let request = self.http.request(method.clone(), self.relay.endpoint(path)).timeout(REQUEST_TIME);
            request.header("Content-Type", "application/cbor").body(body.to_vec())
        };
        self.authorized(request).await.map(drop)
    }
}
