//! Verifies snapshots: who made and confirmed one, and that its content is what
//! its author says, safe to apply, and what the log comes to.

use std::collections::{BTreeMap, BTreeSet};

use drystone_wire::ids::hash;
use drystone_wire::limits::context;
use drystone_wire::snapshot::{Listed, Offer, Opened, SnapshotError, Statement, Verdict, may_confirm};
use drystone_wire::{DeviceKey, DocumentHandle, Hash, WorkspaceId};

use super::membership::{Membership, Standing, owner_of};
use super::opening::DeviceHeads;
use crate::crypto::CryptoError;
use crate::crypto::keys::EpochKey;
use crate::crypto::snapshot::{self, DocumentHeads, Manifest, Part, Parts, SetAside};
use crate::document::scan::{Cost, Limits, ScanError, ScanSummary, scan_change};

/// Why an entry was refused is kept up to so many bytes.
const REASON_BYTES: usize = 400;
/// And its code.
const CODE_BYTES: usize = 32;

/// Why a snapshot is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error(transparent)]
    Offer(#[from] SnapshotError),
    /// Another workspace's.
    #[error("it belongs to another workspace")]
    Workspace,
    /// The author does not count.
    #[error(transparent)]
    Author(#[from] Standing),
    /// Nobody whose word counts has confirmed it.
    #[error("no member whose word counts has confirmed it")]
    Unconfirmed,
    /// Somebody says that it is not what the log holds.
    #[error("a member says that it does not hold what the log holds")]
    Contradicted,
    /// Another log's.
    #[error("it stands for another log than the one here")]
    OtherLog,
    /// Older than what is needed.
    #[error("it ends at entry {got}, and entries up to {due} are gone")]
    Stale {
        /// Its last entry.
        got: u64,
        /// What it has to stand for.
        due: u64,
    },
    /// The epoch's key is not here.
    #[error("the key of epoch {0} is not here")]
    NoKey(u32),
    /// It does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A change in it must not reach Automerge.
    #[error(transparent)]
    Change(#[from] ScanError),
    /// Its content is another than its manifest says.
    #[error("its content is not what its author says: {0}")]
    Content(&'static str),
    /// Something in it is by a device that is not and was not in the workspace.
    #[error("it holds something by a device that was not in the workspace")]
    Device,
    /// A change uses an actor that belongs to another device.
    #[error("a change in it pretends to be from another device")]
    Actor,
    /// An actor's changes have a gap or fork.
    #[error("an actor's change {0} is missing in it or there twice")]
    ActorSequence(u64),
    /// A document belongs to another workspace.
    #[error("a document in it belongs to another workspace")]
    Document,
    /// Something that was read from the log is not in it.
    #[error("it lacks {0} changes that this device has from the log")]
    Lacks(usize),
    /// Something in it is not in the log as this device read it.
    #[error("it holds {0} changes that the log does not have")]
    Invented(usize),
    /// A device's envelopes end elsewhere in the log.
    #[error("a device's entries end elsewhere in it than in the log")]
    Heads,
    /// The documents did not take it.
    #[error("the documents did not take it: {0}")]
    Apply(String),
}

/// Which entry of the log brought a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Who made it.
    pub device: DeviceKey,
    /// The entry's position; 0 when that is not known any more.
    pub position: u64,
}

/// What a log comes to up to some entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Where each device's envelopes end.
    pub heads: DeviceHeads,
    /// Every change.
    pub changes: BTreeMap<(DocumentHandle, [u8; 32]), Counted>,
    /// Entries that were refused, by their positions.
    pub set_aside: BTreeMap<u64, Hash>,
}

impl Book {
    /// Digest of which changes there are, and whose.
    pub fn digest(&self) -> Hash {
        let mut bytes = Vec::with_capacity(self.changes.len() * 80);
        for ((document, change), counted) in &self.changes {
            bytes.extend_from_slice(document.as_bytes());
            bytes.extend_from_slice(change);
            bytes.extend_from_slice(counted.device.as_bytes());
        }
        hash(context::SNAPSHOT_CONTENT, &[&bytes])
    }
}

/// A snapshot as the relay lists it, with what devices say of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What was offered.
    pub opened: Opened,
    /// What devices say, each signed by the device.
    pub statements: Vec<Statement>,
    /// What the relay says: when it came, since when it counts, and how large the log was.
    pub listed: Listed,
}

impl Candidate {
    /// Reads one. What is said and does not verify is left out.
    ///
    /// # Errors
    /// When it cannot be read, or is another workspace's.
    pub fn read(listed: &Listed, workspace: &WorkspaceId) -> Result<Candidate, Problem> {
        let opened = Offer::open(&listed.offer.0)?;
        if opened.header.workspace != *workspace {
            return Err(Problem::Workspace);
        }
        let (id, position, chain) = (opened.id(), opened.position(), opened.chain());
        let about = |statement: &Statement| {
            (statement.workspace, statement.snapshot) == (*workspace, id)
                && (statement.position, statement.chain) == (position, chain)
        };
        let statements = listed.verdicts.iter().filter_map(|verdict| Verdict::open(&verdict.0).ok()).filter(about);
        Ok(Candidate { statements: statements.collect(), opened, listed: listed.clone() })
    }

    /// Whether its author could write when it was made.
    ///
    /// # Errors
    /// Why not.
    pub fn check_author(&self, membership: &Membership) -> Result<(), Problem> {
        let header = &self.opened.header;
        Ok(membership.check_author(
            &header.device,
            header.sequence,
            header.membership_position,
            &header.membership_hash,
            header.epoch,
        )?)
    }

    /// Who has confirmed it with a word that counted then.
    pub fn confirmed_by<'a>(&'a self, membership: &'a Membership) -> impl Iterator<Item = &'a Statement> {
        let author = self.opened.header.device;
        let root = owner_of(membership.roster(), &author);
        self.statements.iter().filter(move |said| {
            let spoke =
                membership.check_speaker(&said.device, said.sequence, said.membership_position, &said.membership_hash);
            let writers = || membership.writers_at(said.membership_position);
            said.contained
                && spoke.is_ok()
                && root.is_some_and(|root| may_confirm(&author, &root, &said.device, &writers()))
        })
    }

    /// Whether somebody who may write now says that it is not whole.
    pub fn is_contradicted(&self, membership: &Membership) -> bool {
        self.statements.iter().any(|said| !said.contained && membership.roster().may_write(&said.device))
    }

    /// Whether someone who may write now stands behind it: its author, or one
    /// whose confirmation counts.
    pub fn is_vouched_for(&self, membership: &Membership) -> bool {
        let may = |device: &DeviceKey| membership.roster().may_write(device);
        may(&self.opened.header.device) || self.confirmed_by(membership).any(|said| may(&said.device))
    }

    /// Whether it may be loaded in the place of the log, as far as those who
    /// signed are concerned. Two removed devices and a relay together cannot
    /// make one afterwards: somebody who may write now has to stand behind it.
    ///
    /// # Errors
    /// Why not.
    pub fn check_standing(&self, membership: &Membership) -> Result<(), Problem> {
        self.check_author(membership)?;
        if self.is_contradicted(membership) {
            return Err(Problem::Contradicted);
        }
        let confirmed = self.confirmed_by(membership).next().is_some();
        if confirmed && self.is_vouched_for(membership) { Ok(()) } else { Err(Problem::Unconfirmed) }
    }

    /// Opens the sealed manifest and compares it with what is readable.
    ///
    /// # Errors
    /// Why it cannot be opened, or what does not fit.
    pub fn manifest(&self, keys: &BTreeMap<u32, EpochKey>) -> Result<Manifest, Problem> {
        let Opened { offer, envelope, header } = &self.opened;
        let key = keys.get(&header.epoch).ok_or(Problem::NoKey(header.epoch))?;
        let manifest = snapshot::open_manifest(envelope, header, key)?;
        let same = manifest.generation == offer.generation
            && manifest.blob == offer.blob
            && manifest.entries == header.seen_position;
        if same { Ok(manifest) } else { Err(Problem::Content("it names another content")) }
    }
}

/// Changes of one device to one document, ready to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChanges {
    /// The document.
    pub document: DocumentHandle,
    /// The device.
    pub device: DeviceKey,
    /// The changes, each after those it builds on.
    pub changes: Vec<(ScanSummary, Vec<u8>)>,
}

/// Operations of a whole snapshot for each byte of its content, sealed as it is: text that shrinks to a third has three.
const OPERATIONS_A_BYTE: u64 = 8;

/// Hashes of changes.
type Changes = BTreeSet<[u8; 32]>;

/// What a snapshot holds.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// What the log comes to up to its last entry.
    pub book: Book,
    /// The changes.
    pub changes: Vec<DeviceChanges>,
    /// Entries that were refused.
    pub set_aside: Vec<SetAside>,
    /// Whose each actor is, and its last change's number.
    pub actors: BTreeMap<(DocumentHandle, Vec<u8>), (DeviceKey, u64)>,
    /// Each document's changes, and those that others build on.
    open: BTreeMap<DocumentHandle, (Changes, Changes)>,
    documents: Option<Vec<DocumentHeads>>,
}

/// Reads a content and compares it with its manifest. Each part costs no more
/// than an envelope may, and nothing of it has reached Automerge.
///
/// # Errors
/// What does not hold.
pub fn read_content(content: &[u8], manifest: &Manifest, membership: &Membership) -> Result<Content, Problem> {
    let mut read = Content::default();
    let limits = Limits::default();
    let most = limits.operations + OPERATIONS_A_BYTE * content.len() as u64;
    let mut operations = 0;
    for part in Parts::of(content)? {
        match part? {
            Part::Summary { devices, documents } => {
                let ordered = devices.is_sorted_by(|a, b| a.device < b.device);
                if read.documents.is_some() || !read.changes.is_empty() || !ordered {
                    return Err(Problem::Content("its summary"));
                }
                read.book.heads = devices.iter().map(|head| (head.device, (head.sequence, head.id))).collect();
                read.documents = Some(documents);
            }
            Part::Changes { document, runs } => {
                let mut cost = Cost::default();
                for run in runs {
                    let mut changes = Vec::with_capacity(run.chunks.len());
                    for chunk in run.chunks {
                        let summary = scan_change(&chunk.0, &limits)?;
                        cost.add(&summary.cost, &limits)?;
                        operations += summary.operations;
                        read.take(document, run.device, &summary)?;
                        changes.push((summary, chunk.0));
                    }
                    read.changes.push(DeviceChanges { document, device: run.device, changes });
                }
                if operations > most {
                    return Err(ScanError::Limit { what: "operations in a snapshot for its size", limit: most }.into());
                }
                if read.book.changes.len() as u64 > manifest.changes {
                    return Err(Problem::Content("it has more changes"));
                }
            }
            Part::SetAside { entries } => read.set_aside.extend(entries),
        }
    }
    read.check(manifest, membership)?;
    Ok(read)
}

impl Content {
    fn take(&mut self, document: DocumentHandle, device: DeviceKey, summary: &ScanSummary) -> Result<(), Problem> {
        let counted = Counted { device, position: 0 };
        if self.book.changes.insert((document, summary.hash), counted).is_some() {
            return Err(Problem::Content("a change is in it twice"));
        }
        let actor = self.actors.entry((document, summary.actor.clone())).or_insert((device, 0));
        if actor.0 != device {
            return Err(Problem::Actor);
        }
        if summary.sequence != actor.1 + 1 {
            return Err(Problem::ActorSequence(actor.1 + 1));
        }
        actor.1 = summary.sequence;
        let (all, built_on) = self.open.entry(document).or_default();
        built_on.extend(&summary.dependencies);
        all.insert(summary.hash);
        Ok(())
    }

    fn check(&mut self, manifest: &Manifest, membership: &Membership) -> Result<(), Problem> {
        let documents = self.documents.take().ok_or(Problem::Content("its summary"))?;
        if self.book.changes.len() as u64 != manifest.changes || self.book.digest() != manifest.digest {
            return Err(Problem::Content("it has other changes"));
        }
        let heads: Vec<DocumentHeads> = std::mem::take(&mut self.open)
            .into_iter()
            .map(|(document, (all, built_on))| {
                let heads = all.difference(&built_on).map(|head| Hash(*head)).collect();
                DocumentHeads { document, heads }
            })
            .collect();
        if documents != heads {
            return Err(Problem::Content("its documents have other heads"));
        }
        let known = |device: &DeviceKey| owner_of(membership.roster(), device).is_some();
        if !self.book.heads.keys().chain(self.changes.iter().map(|one| &one.device)).all(known) {
            return Err(Problem::Device);
        }
        if self.changes.iter().any(|one| self.book.heads.get(&one.device).is_none_or(|(last, _)| *last == 0)) {
            return Err(Problem::Content("a device has changes and no entries"));
        }
        let mut last = 0;
        for entry in &mut self.set_aside {
            if entry.position <= last || entry.position > manifest.entries {
                return Err(Problem::Content("its refused entries are out of order"));
            }
            last = entry.position;
            entry.code = plain(&entry.code, CODE_BYTES);
            entry.reason = plain(&entry.reason, REASON_BYTES);
            self.book.set_aside.insert(entry.position, super::page::entry_id(&entry.envelope.0));
        }
        Ok(())
    }
}

/// What people are shown is one line, and not too long.
fn plain(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(limit).collect()
}

/// How a snapshot's content compares with what a device read itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Changes that are in the log and not in the content, and whose.
    pub lacks: Vec<(DocumentHandle, [u8; 32], DeviceKey)>,
    /// Changes that are in the content and not in the log.
    pub invented: usize,
    /// What differs only because an entry was refused there or here.
    pub explained: bool,
}

/// Compares a content with what the log comes to here, up to the same entry or,
/// where `whole` is false, up to an earlier one.
pub fn compare(own: &Book, content: &Book, whole: bool) -> Comparison {
    let mut comparison = Comparison::default();
    for (key, counted) in &own.changes {
        match content.changes.get(key) {
            Some(theirs) if theirs.device == counted.device => {}
            // They refused the entry, which everybody is shown.
            None if content.set_aside.contains_key(&counted.position) => comparison.explained = true,
            _ => comparison.lacks.push((key.0, key.1, counted.device)),
        }
    }
    if whole {
        let more = content.changes.keys().filter(|key| !own.changes.contains_key(key)).count();
        // They took in what was refused here, which is shown here.
        let refused_here = own.set_aside.keys().any(|position| !content.set_aside.contains_key(position));
        comparison.explained |= refused_here && more > 0;
        comparison.invented = if refused_here { 0 } else { more };
    }
    comparison
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
