//! Requests as a device makes them.

use std::net::SocketAddr;

use drystone_wire::auth::challenge_bytes;
use drystone_wire::blob::{BlobState, Manifest};
use drystone_wire::http::{
    Challenge, ChallengeRequest, ErrorBody, RelayErrorCode, RelayInfo, Token, TokenRequest, Wake,
};
use drystone_wire::ids::Bytes;
use drystone_wire::log::{Append, Appended, Head, Page};
use drystone_wire::membership::{Countersigned, RecordPage};
use drystone_wire::{DeviceKey, Hash, RelayKey, Signature, WorkspaceId, canonical};
use ed25519_dalek::{Signer, SigningKey};
use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A refusal as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub code: RelayErrorCode,
    pub message: String,
    pub retry_after: Option<u64>,
}

pub type Reply<T> = Result<T, Refused>;
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
    pub relay: RelayKey,
}

impl Client {
    /// Without a token.
    pub async fn anonymous(url: &str) -> Client {
        let http = reqwest::Client::new();
        let info: RelayInfo = http.get(format!("{url}/v1/relay")).send().await.unwrap().json().await.unwrap();
        Client { http, url: url.to_string(), token: String::new(), relay: info.relay_key }
    }

    pub async fn signed_in(url: &str, key: &SigningKey) -> Reply<Client> {
        let mut client = Client::anonymous(url).await;
        let nonce = client.challenge(key).await?.nonce;
        client.token = client.answer(key, nonce, url).await?.0;
        Ok(client)
    }

    pub async fn challenge(&self, key: &SigningKey) -> Reply<Challenge> {
        let device = DeviceKey(key.verifying_key().to_bytes());
        json(self.http.post(self.path("/v1/challenge")).json(&ChallengeRequest { device })).await
    }

    pub async fn answer(&self, key: &SigningKey, nonce: Hash, url: &str) -> Reply<(String, u64)> {
        let device = DeviceKey(key.verifying_key().to_bytes());
        let bytes = challenge_bytes(&self.relay, url, &nonce, &device);
        let signature = Signature(key.sign(bytes.as_bytes()).to_bytes());
        let request = TokenRequest { device, nonce, url: url.to_string(), signature };
        let token: Token = json(self.http.post(self.path("/v1/token")).json(&request)).await?;
        Ok((token.token, token.expires_in))
    }

    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub async fn get(&self, path: &str) -> Reply<Vec<u8>> {
        bytes(self.http.get(self.path(path)).bearer_auth(&self.token)).await
    }

    pub async fn post(&self, path: &str, body: Vec<u8>) -> Reply<Vec<u8>> {
        bytes(self.http.post(self.path(path)).bearer_auth(&self.token).body(body)).await
    }

    pub async fn create(&self, record: &[u8]) -> Reply<Countersigned> {
        self.post("/v1/workspaces", record.to_vec()).await.map(|bytes| decode(&bytes))
    }

    pub async fn place(&self, id: &WorkspaceId, record: &[u8]) -> Reply<Countersigned> {
        self.post(&format!("/v1/workspaces/{id}/membership"), record.to_vec()).await.map(|bytes| decode(&bytes))
    }

    /// The same, saying how far the log was read.
    pub async fn place_having_read(&self, id: &WorkspaceId, record: &[u8], seen: u64) -> Reply<Countersigned> {
        let path = format!("/v1/workspaces/{id}/membership?seen={seen}");
        self.post(&path, record.to_vec()).await.map(|bytes| decode(&bytes))
    }

    pub async fn records(&self, id: &WorkspaceId, from: u64) -> Reply<RecordPage> {
        self.get(&format!("/v1/workspaces/{id}/membership?from={from}")).await.map(|bytes| decode(&bytes))
    }

    pub async fn append(&self, id: &WorkspaceId, envelopes: &[Vec<u8>]) -> Reply<Appended> {
        let append = Append { envelopes: envelopes.iter().cloned().map(Bytes).collect() };
        self.post(&format!("/v1/workspaces/{id}/log"), canonical::encode(&append)).await.map(|bytes| decode(&bytes))
    }

    pub async fn read(&self, id: &WorkspaceId, query: &str) -> Reply<Page> {
        self.get(&format!("/v1/workspaces/{id}/log?{query}")).await.map(|bytes| decode(&bytes))
    }

    pub async fn wait(&self, id: &WorkspaceId, query: &str) -> Reply<Head> {
        self.get(&format!("/v1/workspaces/{id}/wait?{query}")).await.map(|bytes| decode(&bytes))
    }

    fn blob_path(&self, id: &WorkspaceId, blob: &Hash) -> String {
        self.path(&format!("/v1/workspaces/{id}/blobs/{blob}"))
    }

    pub async fn announce(&self, id: &WorkspaceId, manifest: &Manifest) -> Reply<BlobState> {
        let request = self.http.put(self.blob_path(id, &manifest.id())).body(canonical::encode(manifest));
        bytes(request.bearer_auth(&self.token)).await.map(|bytes| decode(&bytes))
    }

    pub async fn blob(&self, id: &WorkspaceId, blob: &Hash) -> Reply<BlobState> {
        bytes(self.http.get(self.blob_path(id, blob)).bearer_auth(&self.token)).await.map(|bytes| decode(&bytes))
    }

    pub async fn mark(&self, id: &WorkspaceId, blob: &Hash) -> Reply<()> {
        bytes(self.http.delete(self.blob_path(id, blob)).bearer_auth(&self.token)).await.map(drop)
    }

    pub async fn put_chunk(&self, id: &WorkspaceId, blob: &Hash, index: usize, chunk: &[u8]) -> Reply<()> {
        let request = self.http.put(format!("{}/{index}", self.blob_path(id, blob))).body(chunk.to_vec());
        bytes(request.bearer_auth(&self.token)).await.map(drop)
    }

    pub async fn chunk(&self, id: &WorkspaceId, blob: &Hash, index: usize) -> Reply<Vec<u8>> {
        bytes(self.http.get(format!("{}/{index}", self.blob_path(id, blob))).bearer_auth(&self.token)).await
    }

    /// Opens a listener; an HTTP refusal comes back as such.
    pub async fn listen(&self, ids: &[WorkspaceId]) -> Reply<Socket> {
        self.socket("/v1/listen", ids).await
    }

    /// Opens a WebSocket for presence.
    pub async fn attend(&self, ids: &[WorkspaceId]) -> Reply<Socket> {
        self.socket("/v1/presence", ids).await
    }

    async fn socket(&self, path: &str, ids: &[WorkspaceId]) -> Reply<Socket> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let url = format!("{}{path}?workspaces={}", self.url.replacen("http", "ws", 1), names.join(","));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => {
                let body: ErrorBody = serde_json::from_slice(response.body().as_ref().unwrap()).unwrap();
                assert_eq!(response.status().as_u16(), body.code.status());
                Err(Refused { code: body.code, message: body.message, retry_after: None })
            }
            Err(other) => panic!("{other}"),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.url.split_once("://").unwrap().1.parse().unwrap()
    }
}

/// The next wake-up; pings are answered by the library on the way.
pub async fn wake(socket: &mut Socket) -> Option<Wake> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

/// The code with which a listener is closed.
pub async fn close_code(socket: &mut Socket) -> Option<u16> {
    while let Some(message) = socket.next().await {
        match message {
            Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
            Ok(_) => {}
            Err(_) => return None,
        }
    }
    None
}

fn decode<T>(bytes: &[u8]) -> T
where
    T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>,
{
    canonical::decode(bytes, 16 << 20).unwrap()
}

async fn bytes(request: reqwest::RequestBuilder) -> Reply<Vec<u8>> {
    let response = request.send().await.unwrap();
    let status = response.status();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_string());
    let retry_after = header("retry-after").map(|text| text.parse().unwrap());
    let kind = header("content-type").unwrap_or_default();
    let body = response.bytes().await.unwrap();
    if status.is_success() {
        return Ok(body.to_vec());
    }
    assert_eq!(kind, "application/json", "{status}");
    let error: ErrorBody = serde_json::from_slice(&body).unwrap();
    assert_eq!(status.as_u16(), error.code.status());
    Err(Refused { code: error.code, message: error.message, retry_after })
}

async fn json<T: serde::de::DeserializeOwned>(request: reqwest::RequestBuilder) -> Reply<T> {
    bytes(request).await.map(|bytes| serde_json::from_slice(&bytes).unwrap())
}
