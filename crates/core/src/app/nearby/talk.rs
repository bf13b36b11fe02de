//! What two devices say to each other once they are connected: who they are,
//! what they know, and what the other one lacks.

use std::time::Duration;

use drystone_wire::bundle::Known;
use drystone_wire::ids::{Bytes, Signature};
use drystone_wire::{DeviceKey, Hash, WorkspaceId, canonical, limits};
use minicbor::{Decode, Encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{App, sharing};
use crate::crypto::keys::EpochKey;
use crate::crypto::nearby::{Channel, Opening, Side, tag};
use crate::crypto::random::{OsRandom, array};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, workspaces};

/// Milliseconds of a day; tags change with it.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// The longest message before both sides are known, in bytes.
const OPENING_BYTES: usize = 256;
/// The longest message that says what one knows, in bytes.
const HELLO_BYTES: usize = 1 << 20;
/// A bundle travels in pieces of this size, in bytes.
const PIECE_BYTES: usize = 1 << 20;
/// What sealing adds, in bytes.
const TAG_BYTES: usize = 16;
/// How long one message may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The version of this conversation.
const VERSION: u8 = 1;

/// In the open, from who connected.
#[derive(Debug, PartialEq, Encode, Decode)]
#[cbor(array)]
struct Call {
    #[n(0)]
    version: u8,
    #[n(1)]
    tag: Bytes,
    #[n(2)]
    nonce: Hash,
    #[n(3)]
    epoch: u32,
}

/// In the open, from who was connected to.
#[derive(Debug, PartialEq, Encode, Decode)]
#[cbor(array)]
struct Answer {
    #[n(0)]
    nonce: Hash,
    #[n(1)]
    epoch: u32,
}

/// Sealed: who one is and what one knows.
#[derive(Debug, PartialEq, Encode, Decode)]
#[cbor(array)]
struct Hello {
    #[n(0)]
    device: DeviceKey,
    #[n(1)]
    signature: Signature,
    #[n(2)]
    known: Known,
}

/// What came of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    pub workspace: WorkspaceId,
    /// The other device.
    pub device: DeviceKey,
    /// Entries that were new here.
    pub received: u32,
    /// Whether something was handed over.
    pub sent: bool,
}

/// A connection with its channel.
struct Line {
    stream: TcpStream,
    channel: Option<Channel>,
}

impl Line {
    async fn send(&mut self, message: &[u8]) -> Result<()> {
        let bytes = match &mut self.channel {
            Some(channel) => channel.seal(message).map_err(Error::internal)?,
            None => message.to_vec(),
        };
        let length = u32::try_from(bytes.len()).map_err(Error::internal)?;
        let writing = async {
            self.stream.write_all(&length.to_le_bytes()).await?;
            self.stream.write_all(&bytes).await
        };
        patiently(writing).await
    }

    async fn receive(&mut self, limit: usize) -> Result<Vec<u8>> {
        let limit = limit + TAG_BYTES;
        let reading = async {
            let mut length = [0; 4];
            self.stream.read_exact(&mut length).await?;
            let length = u32::from_le_bytes(length) as usize;
            if length > limit {
                return Err(std::io::Error::other("a message is too long"));
            }
            let mut bytes = vec![0; length];
            self.stream.read_exact(&mut bytes).await.map(|_| bytes)
        };
        let bytes = patiently(reading).await?;
        match &mut self.channel {
            Some(channel) => channel.open(&bytes).map(|opened| opened.to_vec()).map_err(|_| not_one_of_us()),
            None => Ok(bytes),
        }
    }

    async fn say<T: Encode<()>>(&mut self, message: &T) -> Result<()> {
        self.send(&canonical::encode(message)).await
    }

    async fn hear<T>(&mut self, limit: usize) -> Result<T>
    where
        T: for<'b> Decode<'b, ()> + Encode<()>,
    {
        let bytes = self.receive(limit).await?;
        canonical::decode(&bytes, limit).map_err(|_| not_one_of_us())
    }

    /// A bundle: its length, then its pieces; nothing is length 0.
    async fn hand_over(&mut self, bundle: Option<&[u8]>) -> Result<()> {
        let bundle = bundle.unwrap_or_default();
        self.send(&(bundle.len() as u64).to_le_bytes()).await?;
        for piece in bundle.chunks(PIECE_BYTES) {
            self.send(piece).await?;
        }
        Ok(())
    }

    async fn take_over(&mut self) -> Result<Option<Vec<u8>>> {
        let length = self.receive(8).await?;
        let length = <[u8; 8]>::try_from(length.as_slice()).map(u64::from_le_bytes).map_err(|_| not_one_of_us())?;
        if length > limits::BUNDLE_BYTES as u64 {
            return Err(not_one_of_us());
        }
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < length {
            let piece = self.receive(PIECE_BYTES).await?;
            if piece.is_empty() || (bytes.len() + piece.len()) as u64 > length {
                return Err(not_one_of_us());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok((length > 0).then_some(bytes))
    }
}

async fn patiently<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|error| lost(&error.to_string())),
        Err(_) => Err(lost("it did not answer in time")),
    }
}

fn lost(why: &str) -> Error {
    Error::new(
        ErrorCode::Unreachable,
        format!("The device nearby cannot be talked to: {why}."),
        "It is tried again by itself as long as both are on one network.",
    )
}

fn not_one_of_us() -> Error {
    Error::new(
        ErrorCode::Refused,
        "What answered nearby is no device of this workspace.",
        "Nothing was handed over or taken in.",
    )
}

/// The tags a workspace is found under now; the other's clock may be a day off.
pub fn tags(workspace: &WorkspaceId, now_ms: u64) -> [[u8; 16]; 3] {
    let day = now_ms / DAY_MS;
    [tag(workspace, day), tag(workspace, day.wrapping_sub(1)), tag(workspace, day + 1)]
}

impl App {
    /// Connects to a device nearby and exchanges what either lacks.
    pub(super) async fn meet_nearby(&self, workspace: WorkspaceId, stream: TcpStream) -> Result<Met> {
        let mut line = Line { stream, channel: None };
        let caller = Hash(array(&mut OsRandom));
        let (own_epoch, keys) = self.blocking(move |app| app.epochs(&workspace)).await?;
        let [tag, ..] = tags(&workspace, self.now_ms());
        let call = Call { version: VERSION, tag: Bytes(tag.to_vec()), nonce: caller, epoch: own_epoch };
        line.say(&call).await?;
        let Answer { nonce, epoch } = line.hear(OPENING_BYTES).await?;
        let opening = Opening { workspace, caller, answerer: nonce, epoch: epoch.min(own_epoch) };
        self.exchange(line, opening, &keys, Side::Caller).await
    }

    /// Answers a device that has connected.
    pub(super) async fn answer_nearby(&self, stream: TcpStream) -> Result<Met> {
        let mut line = Line { stream, channel: None };
        let call: Call = line.hear(OPENING_BYTES).await?;
        if call.version != VERSION {
            return Err(not_one_of_us());
        }
        let now_ms = self.now_ms();
        let found = self.blocking(move |app| app.workspace_of_tag(&call.tag.0, now_ms)).await?;
        let workspace = found.ok_or_else(not_one_of_us)?;
        let (own_epoch, keys) = self.blocking(move |app| app.epochs(&workspace)).await?;
        let answerer = Hash(array(&mut OsRandom));
        line.say(&Answer { nonce: answerer, epoch: own_epoch }).await?;
        let opening = Opening { workspace, caller: call.nonce, answerer, epoch: call.epoch.min(own_epoch) };
        self.exchange(line, opening, &keys, Side::Answerer).await
    }

    /// Both say who they are and what they know; then the caller hands over, then the other.
    async fn exchange(
        &self,
        mut line: Line,
        opening: Opening,
        keys: &std::collections::BTreeMap<u32, EpochKey>,
        side: Side,
    ) -> Result<Met> {
        let key = keys.get(&opening.epoch).ok_or_else(not_one_of_us)?;
        line.channel = Some(opening.channel(key, side));
        let id = opening.workspace;
        let identity = self.db().read(store::own)?.identity;
        let known = self.blocking(move |app| app.known_here(&id)).await?;
        let own = Hello { device: identity.device_key(), signature: opening.sign(side, identity.device()), known };
        let other: Hello = match side {
            Side::Caller => {
                line.say(&own).await?;
                line.hear(HELLO_BYTES).await?
            }
            Side::Answerer => {
                let other = line.hear(HELLO_BYTES).await?;
                line.say(&own).await?;
                other
            }
        };
        if !opening.verify(side.other(), &other.device, &other.signature) || other.device == own.device {
            return Err(not_one_of_us());
        }
        let device = other.device;
        self.blocking(move |app| app.not_removed(&id, &device)).await?;
        let (mut received, mut sent) = (0, false);
        for turn in [Side::Caller, Side::Answerer] {
            if turn == side {
                let known = other.known.clone();
                let bundle = self.blocking(move |app| app.for_device(&id, &device, known)).await?;
                sent = bundle.is_some();
                line.hand_over(bundle.as_deref()).await?;
            } else if let Some(bundle) = line.take_over().await? {
                received = self.blocking(move |app| app.take_bundle(&id, &bundle)).await?;
            }
        }
        Ok(Met { workspace: id, device, received, sent })
    }

    fn epochs(&self, id: &WorkspaceId) -> Result<(u32, std::collections::BTreeMap<u32, EpochKey>)> {
        self.db().read(|conn| {
            let keys = records::epoch_keys(conn, id)?;
            let newest = keys.keys().next_back().copied();
            Ok((newest.ok_or_else(|| Error::internal("the workspace has no key"))?, keys))
        })
    }

    fn workspace_of_tag(&self, wanted: &[u8], now_ms: u64) -> Result<Option<WorkspaceId>> {
        let all = self.nearby_workspaces()?;
        Ok(all.into_iter().find(|id| tags(id, now_ms).iter().any(|tag| tag == wanted)))
    }

    /// The workspaces that this device is in.
    pub(super) fn nearby_workspaces(&self) -> Result<Vec<WorkspaceId>> {
        self.db().read(|conn| {
            let device = store::own_device(conn)?;
            let mut found = Vec::new();
            for row in workspaces::all(conn)? {
                let membership = sharing::load(conn, &row.id)?;
                if membership.roster().devices.contains_key(&device) {
                    found.push(row.id);
                }
            }
            Ok(found)
        })
    }

    /// Who was taken out of the workspace is not talked to.
    fn not_removed(&self, id: &WorkspaceId, device: &DeviceKey) -> Result<()> {
        let membership = self.db().read(|conn| sharing::load(conn, id))?;
        if membership.roster().removed.contains_key(device) { Err(not_one_of_us()) } else { Ok(()) }
    }

    /// What a device lacks. One that is not known here yet may hand over first,
    /// with the record that brought it in.
    fn for_device(&self, id: &WorkspaceId, device: &DeviceKey, known: Known) -> Result<Option<Vec<u8>>> {
        let membership = self.db().read(|conn| sharing::load(conn, id))?;
        if !membership.roster().devices.contains_key(device) {
            return Ok(None);
        }
        self.bundle_for(id, known)
    }
}
