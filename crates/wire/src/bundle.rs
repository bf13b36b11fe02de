//! The bundle file, `.drystone`: what a relay would pass on, carried by hand.
//! Reading one checks all of it before anything of it is believed: lengths,
//! hashes, form, the bundle's signature, and every envelope's signature and
//! place in its device's chain.

use std::collections::BTreeMap;

use minicbor::{Decode, Decoder, Encode};

use crate::blob::Manifest;
use crate::canonical::{self, CanonicalError};
use crate::envelope::Envelope;
use crate::ids::{Bytes, DeviceKey, Hash, RelayKey, RootKey, Signature, WorkspaceId, hash, verify};
use crate::limits::{self, context};
use crate::membership::DeviceCertificate;

/// What every bundle file begins with.
pub const MAGIC: [u8; 16] = *b"drystone bundle\n";
/// The version of the format.
pub const VERSION: u32 = 1;
/// Magic, version and the table's length.
const PREFIX_BYTES: usize = 24;
/// Sections from this number on may be passed over by who does not know them.
const OPTIONAL: u8 = 128;

/// Numbers of sections.
mod section {
    pub const HEADS: u8 = 1;
    pub const MEMBERSHIP: u8 = 2;
    pub const ENVELOPES: u8 = 3;
    pub const RELAY: u8 = 4;
    pub const INVITATION: u8 = 5;
    pub const REQUEST: u8 = 6;
    pub const FILES: u8 = 7;
}

/// The table at the beginning: what is in the file, signed by who made it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Table {
    /// Canonical bytes of [`Contents`].
    #[n(0)]
    contents: Bytes,
    /// The author's signature.
    #[n(1)]
    signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Contents {
    #[n(0)]
    workspace: WorkspaceId,
    #[n(1)]
    author: DeviceKey,
    #[n(2)]
    time_ms: u64,
    #[n(3)]
    sections: Vec<Section>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Section {
    #[n(0)]
    number: u8,
    #[n(1)]
    length: u64,
    #[n(2)]
    hash: Hash,
}

/// How far something was known: the membership log and every device's chain.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Known {
    /// Number of membership records.
    #[n(0)]
    pub membership: u64,
    /// The last one's hash; zeros for none.
    #[n(1)]
    pub hash: Hash,
    /// Each device's last envelope, ordered by device.
    #[n(2)]
    pub devices: Vec<DeviceHead>,
}

impl Known {
    /// Nothing.
    pub const NOTHING: Known = Known { membership: 0, hash: Hash::ZERO, devices: Vec::new() };

    /// By device.
    pub fn heads(&self) -> BTreeMap<DeviceKey, (u64, Hash)> {
        self.devices.iter().map(|head| (head.device, (head.sequence, head.id))).collect()
    }
}

/// Where a device's chain of envelopes ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceHead {
    /// The device.
    #[n(0)]
    pub device: DeviceKey,
    /// Its last envelope's number.
    #[n(1)]
    pub sequence: u64,
    /// And id.
    #[n(2)]
    pub id: Hash,
}

/// What a bundle goes on from and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Heads {
    /// What whoever takes it in must have already.
    #[n(0)]
    pub from: Known,
    /// What they have afterwards.
    #[n(1)]
    pub to: Known,
}

/// A membership record with the relay's confirmation, if it has one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CarriedRecord {
    /// The record's canonical bytes.
    #[n(0)]
    pub record: Bytes,
    /// The relay's countersignature, 64 bytes; empty without one.
    #[n(1)]
    pub countersignature: Bytes,
}

impl CarriedRecord {
    /// The countersignature, if there is one.
    pub fn confirmation(&self) -> Option<Signature> {
        Signature::from_slice(&self.countersignature.0)
    }
}

/// The relay that the author of a bundle uses.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RelayHint {
    /// Its address.
    #[n(0)]
    pub address: String,
    /// Its key.
    #[n(1)]
    pub key: RelayKey,
}

/// An invitation that needs no relay. Whoever has it can use it, once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct FileInvitation {
    /// The invitation's keys are derived from it.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub seed: [u8; 16],
}

impl std::fmt::Debug for FileInvitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileInvitation")
    }
}

/// What someone answers to such an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AdmissionRequest {
    /// The invitation.
    #[n(0)]
    pub invite: DeviceKey,
    /// The new member.
    #[n(1)]
    pub root: RootKey,
    /// The new member's device.
    #[n(2)]
    pub device: DeviceCertificate,
    /// The member's name, sealed under the epoch key.
    #[n(3)]
    pub member_name: Bytes,
    /// The epoch whose key seals the name.
    #[n(4)]
    pub epoch: u32,
    /// The invitation key's signature, as in a join.
    #[n(5)]
    pub invite_signature: Signature,
}

/// The sealed file of an attachment, whole.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CarriedFile {
    /// What it consists of.
    #[n(0)]
    pub manifest: Manifest,
    /// Its chunks in order.
    #[n(1)]
    pub chunks: Vec<Bytes>,
}

impl std::fmt::Debug for CarriedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CarriedFile({}, {} bytes)", self.manifest.id(), self.manifest.size)
    }
}

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The device that made it.
    pub author: DeviceKey,
    /// When, by its clock, milliseconds since 1970.
    pub time_ms: u64,
    /// What it goes on from and what it leads to.
    pub heads: Heads,
    /// Membership records after those it goes on from.
    pub records: Vec<CarriedRecord>,
    /// Envelopes, each after those it may build on.
    pub envelopes: Vec<Bytes>,
    /// The author's relay.
    pub relay: Option<RelayHint>,
    /// An invitation.
    pub invitation: Option<FileInvitation>,
    /// The answer to one.
    pub request: Option<AdmissionRequest>,
    /// Files of attachments, in the order of their ids.
    pub files: Vec<CarriedFile>,
}

/// Why a file is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Something else.
    #[error("it is no bundle")]
    NotABundle,
    /// Of a version, or with a part, that this program does not know.
    #[error("it was made by a newer version")]
    Newer,
    /// Larger than the limit.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// Not as long as it says.
    #[error("it has {got} bytes where it should have {due}")]
    Length {
        /// Bytes there.
        got: u64,
        /// Bytes it should have.
        due: u64,
    },
    /// Not what was written.
    #[error("it was changed or damaged on its way: {0}")]
    Changed(&'static str),
    /// Not canonical.
    #[error("it is not in canonical form: {0}")]
    Format(#[from] CanonicalError),
    /// An envelope does not belong where it is.
    #[error("its envelope {0} does not hold: {1}")]
    Envelope(usize, String),
}

/// The hash of a section.
pub fn section_hash(number: u8, bytes: &[u8]) -> Hash {
    hash(context::BUNDLE_SECTION, &[&[number], bytes])
}

/// What the author signs.
pub fn signed_bytes(contents: &[u8]) -> Hash {
    hash(context::BUNDLE_SIGNATURE, &[contents])
}

impl Bundle {
    /// The file, with what the author's key signs put through `sign`.
    pub fn to_bytes(&self, sign: impl FnOnce(&Hash) -> Signature) -> Vec<u8> {
        let mut parts = vec![
            (section::HEADS, canonical::encode(&self.heads)),
            (section::MEMBERSHIP, canonical::encode(&self.records)),
            (section::ENVELOPES, canonical::encode(&self.envelopes)),
        ];
        parts.extend(self.relay.as_ref().map(|relay| (section::RELAY, canonical::encode(relay))));
        parts.extend(self.invitation.as_ref().map(|one| (section::INVITATION, canonical::encode(one))));
        parts.extend(self.request.as_ref().map(|one| (section::REQUEST, canonical::encode(one))));
        if !self.files.is_empty() {
            parts.push((section::FILES, canonical::encode(&self.files)));
        }
        let sections = parts
            .iter()
            .map(|(number, bytes)| Section {
                number: *number,
                length: bytes.len() as u64,
                hash: section_hash(*number, bytes),
            })
            .collect();
        let Bundle { workspace, author, time_ms, .. } = *self;
        let contents = canonical::encode(&Contents { workspace, author, time_ms, sections });
        let signature = sign(&signed_bytes(&contents));
        let table = canonical::encode(&Table { contents: Bytes(contents), signature });
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&(table.len() as u32).to_le_bytes());
        file.extend_from_slice(&table);
        for (_, bytes) in parts {
            file.extend_from_slice(&bytes);
        }
        file
    }

    /// Reads a file and checks all of it. Whether its author and those of its
    /// envelopes are members is for the caller to know.
    ///
    /// # Errors
    /// [`BundleError`] says what does not hold.
    pub fn open(file: &[u8]) -> Result<Bundle, BundleError> {
        let (contents, rest) = table(file)?;
        let parts = sections(&contents, rest)?;
        let part = |number: u8| parts.get(&number).copied();
        let required = |number: u8| part(number).ok_or(BundleError::Changed("a part of it is missing"));
        let heads: Heads = canonical::decode(required(section::HEADS)?, limits::BUNDLE_BYTES)?;
        let records = list(required(section::MEMBERSHIP)?, limits::RECORDS as usize)?;
        let envelopes = list(required(section::ENVELOPES)?, limits::BUNDLE_ENVELOPES)?;
        let relay = part(section::RELAY).map(|bytes| canonical::decode(bytes, limits::JSON_BYTES)).transpose()?;
        let invitation = part(section::INVITATION).map(|bytes| canonical::decode(bytes, 64)).transpose()?;
        let request = part(section::REQUEST).map(|bytes| canonical::decode(bytes, limits::JSON_BYTES)).transpose()?;
        let files = part(section::FILES).map_or(Ok(Vec::new()), |bytes| list(bytes, limits::BUNDLE_FILES))?;
        let Contents { workspace, author, time_ms, .. } = contents;
        let bundle =
            Bundle { workspace, author, time_ms, heads, records, envelopes, relay, invitation, request, files };
        bundle.check_records()?;
        bundle.check_chains()?;
        bundle.check_files(part(section::FILES).is_some())?;
        Ok(bundle)
    }

    fn check_records(&self) -> Result<(), BundleError> {
        let Heads { from, to } = &self.heads;
        if from.membership.checked_add(self.records.len() as u64) != Some(to.membership) {
            return Err(BundleError::Changed("its records are others than it says"));
        }
        let sound = |one: &CarriedRecord| {
            one.record.0.len() <= limits::RECORD_BYTES
                && (one.countersignature.0.is_empty() || one.confirmation().is_some())
        };
        if self.records.iter().all(sound) { Ok(()) } else { Err(BundleError::Changed("a record has another form")) }
    }

    /// Each file is whole, and each of its chunks is what its manifest says.
    fn check_files(&self, announced: bool) -> Result<(), BundleError> {
        let sound = |file: &CarriedFile| {
            let opened = Manifest::open(&canonical::encode(&file.manifest)).is_ok();
            let fits = |(index, chunk): (usize, &Bytes)| file.manifest.fits(index, &chunk.0);
            opened && file.chunks.len() == file.manifest.chunks.len() && file.chunks.iter().enumerate().all(fits)
        };
        let ordered = self.files.is_sorted_by(|a, b| a.manifest.id() < b.manifest.id());
        if announced == self.files.is_empty() || !ordered || !self.files.iter().all(sound) {
            return Err(BundleError::Changed("a file of an attachment is another than it says"));
        }
        Ok(())
    }

    /// Each envelope is signed by its device and follows the one before; all of
    /// them lead from where the bundle goes on to where it says it ends.
    fn check_chains(&self) -> Result<(), BundleError> {
        let mut heads = self.heads.from.heads();
        for (index, bytes) in self.envelopes.iter().enumerate() {
            let wrong = |what: &dyn std::fmt::Display| BundleError::Envelope(index, what.to_string());
            let (envelope, header) = Envelope::open(&bytes.0).map_err(|error| wrong(&error))?;
            if header.workspace != self.workspace {
                return Err(wrong(&"it belongs to another workspace"));
            }
            let head = heads.entry(header.device).or_insert((0, Hash::ZERO));
            if head.0.checked_add(1) != Some(header.sequence) || header.previous != head.1 {
                return Err(wrong(&"it does not follow its device's envelope before"));
            }
            *head = (header.sequence, envelope.id());
        }
        let ordered = |known: &Known| known.devices.is_sorted_by(|a, b| a.device < b.device);
        if ordered(&self.heads.from) && ordered(&self.heads.to) && heads == self.heads.to.heads() {
            Ok(())
        } else {
            Err(BundleError::Changed("its envelopes are others than it says"))
        }
    }
}

fn table(file: &[u8]) -> Result<(Contents, &[u8]), BundleError> {
    if file.len() > limits::BUNDLE_BYTES {
        return Err(BundleError::TooLarge(limits::BUNDLE_BYTES));
    }
    let magic = file.len().min(MAGIC.len());
    if file.is_empty() || file[..magic] != MAGIC[..magic] {
        return Err(BundleError::NotABundle);
    }
    let short = |due: usize| BundleError::Length { got: file.len() as u64, due: due as u64 };
    let (prefix, rest) = file.split_at_checked(PREFIX_BYTES).ok_or_else(|| short(PREFIX_BYTES))?;
    let number = |at: usize| prefix[at..at + 4].iter().rev().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
    if number(16) != VERSION {
        return Err(BundleError::Newer);
    }
    let length = number(20) as usize;
    if length > limits::BUNDLE_TABLE_BYTES {
        return Err(BundleError::Changed("its table is too long"));
    }
    let (table, rest) = rest.split_at_checked(length).ok_or_else(|| short(PREFIX_BYTES + length))?;
    let table: Table = canonical::decode(table, limits::BUNDLE_TABLE_BYTES)?;
    let contents: Contents = canonical::decode(&table.contents.0, limits::BUNDLE_TABLE_BYTES)?;
    if !verify(&contents.author.0, signed_bytes(&table.contents.0).as_bytes(), &table.signature) {
        return Err(BundleError::Changed("its signature does not verify"));
    }
    Ok((contents, rest))
}

/// The sections by number, each with the hash that the table says.
fn sections<'a>(contents: &Contents, mut rest: &'a [u8]) -> Result<BTreeMap<u8, &'a [u8]>, BundleError> {
    if !contents.sections.is_sorted_by(|a, b| a.number < b.number) {
        return Err(BundleError::Changed("its parts are out of order"));
    }
    let due = contents.sections.iter().try_fold(0u64, |sum, section| sum.checked_add(section.length));
    if due != Some(rest.len() as u64) {
        return Err(BundleError::Length { got: rest.len() as u64, due: due.unwrap_or(u64::MAX) });
    }
    let mut parts = BTreeMap::new();
    for section in &contents.sections {
        // It fits: together they are as long as what is there.
        let (part, after) = rest.split_at(section.length as usize);
        rest = after;
        if section_hash(section.number, part) != section.hash {
            return Err(BundleError::Changed("a part of it has another hash"));
        }
        match section.number {
            section::HEADS..=section::FILES => parts.insert(section.number, part),
            OPTIONAL.. => None,
            _ => return Err(BundleError::Newer),
        };
    }
    Ok(parts)
}

/// A list whose announced length is looked at before any of it is read.
fn list<T>(bytes: &[u8], limit: usize) -> Result<Vec<T>, BundleError>
where
    T: for<'b> Decode<'b, ()> + Encode<()>,
{
    match Decoder::new(bytes).array() {
        Ok(Some(count)) if count <= limit as u64 => Ok(canonical::decode(bytes, limits::BUNDLE_BYTES)?),
        Ok(Some(_)) => Err(BundleError::TooLarge(limits::BUNDLE_BYTES)),
        _ => Err(BundleError::Changed("a list in it has another form")),
    }
}
