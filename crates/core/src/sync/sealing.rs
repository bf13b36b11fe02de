//! Seals changes: several of one document into one envelope, in the device's
//! own order.

use drystone_wire::envelope::Kind;
use drystone_wire::{DocumentHandle, Hash};

use super::membership::Membership;
use super::page::Cursor;
use crate::crypto::envelope::{self, Place};
use crate::crypto::keys::{EpochKey, Identity};
use crate::crypto::random::Random;
use crate::crypto::{CryptoError, payload};
use crate::document::scan::{Cost, Limits};

/// Changes in one envelope stop at this many bytes together; one change alone
/// may be longer.
pub const ENVELOPE_CHANGES_BYTES: usize = 256 << 10;

/// Changes of one document that go into one envelope, by their index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The document.
    pub document: DocumentHandle,
    /// Indices into the list that was grouped.
    pub members: Vec<usize>,
}

/// Groups changes by document, keeping each document's order, with bounded
/// number, size and cost for those who apply them.
pub fn group(changes: &[(DocumentHandle, usize, Cost)], limits: &Limits) -> Vec<Group> {
    let mut groups: Vec<(Group, usize, Cost)> = Vec::new();
    let mut open = std::collections::BTreeMap::new();
    for (index, (document, bytes, cost)) in changes.iter().enumerate() {
        let current = open.get(document).copied().filter(|at: &usize| {
            let (group, size, spent) = &mut groups[*at];
            let fits = group.members.len() < payload::CHUNKS && *size + bytes <= ENVELOPE_CHANGES_BYTES;
            fits && spent.add(cost, limits).is_ok()
        });
        match current {
            Some(at) => {
                groups[at].0.members.push(index);
                groups[at].1 += bytes;
            }
            None => {
                open.insert(*document, groups.len());
                groups.push((Group { document: *document, members: vec![index] }, *bytes, *cost));
            }
        }
    }
    groups.into_iter().map(|(group, _, _)| group).collect()
}

/// The state a device seals from.
pub struct Sealer<'a> {
    /// The device.
    pub identity: &'a Identity,
    /// The membership it knows.
    pub membership: &'a Membership,
    /// The key of the current epoch.
    pub key: &'a EpochKey,
    /// How far it has read the log.
    pub cursor: Cursor,
    /// Its last envelope's number.
    pub sequence: u64,
    /// And id.
    pub previous: Hash,
}

impl Sealer<'_> {
    /// Seals the next envelope; returns its id and bytes.
    ///
    /// # Errors
    /// When the changes do not fit into an envelope; then nothing moved.
    pub fn seal(
        &mut self,
        document: DocumentHandle,
        chunks: &[Vec<u8>],
        random: &mut dyn Random,
    ) -> Result<(Hash, Vec<u8>), CryptoError> {
        let packed = payload::pack(chunks)?;
        let roster = self.membership.roster();
        let place = Place {
            workspace: roster.workspace,
            kind: Kind::Changes,
            document,
            sequence: self.sequence + 1,
            previous: self.previous,
            epoch: roster.epoch,
            membership_position: roster.position,
            membership_hash: roster.head,
            seen_position: self.cursor.position,
            seen_chain: self.cursor.chain,
        };
        let sealed = envelope::seal(&place, &packed, self.key, self.identity.device(), random)?;
        self.sequence = place.sequence;
        self.previous = sealed.id();
        Ok((self.previous, sealed.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_order_and_envelopes_their_size() {
        let (one, two) = (DocumentHandle([1; 16]), DocumentHandle([2; 16]));
        let big = ENVELOPE_CHANGES_BYTES;
        let limits = Limits::default();
        let cheap = |(document, bytes)| (document, bytes, Cost::default());
        let sizes = [(one, 10), (two, big * 3), (one, 10), (two, 1), (one, big), (one, 5)].map(cheap);
        let groups = group(&sizes, &limits);
        let members: Vec<_> = groups.iter().map(|group| (group.document, group.members.clone())).collect();
        assert_eq!(members, [(one, vec![0, 2]), (two, vec![1]), (two, vec![3]), (one, vec![4]), (one, vec![5])]);
        let many = vec![cheap((one, 1)); payload::CHUNKS + 1];
        assert_eq!(group(&many, &limits).len(), 2);
        let dear = Cost { operations: limits.operations / 2, ..Cost::default() };
        let groups = group(&[(one, 1, dear), (one, 1, dear), (one, 1, dear)], &limits);
        assert_eq!(groups.iter().map(|group| group.members.len()).collect::<Vec<_>>(), [2, 1]);
    }
}
