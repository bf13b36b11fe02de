//! Who is where, by what their devices last said. Pure: time comes in as an
//! argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use drystone_wire::ids::PresenceSession;
use drystone_wire::{DeviceKey, DocumentHandle, WorkspaceId, limits};

use crate::crypto::presence::Place;

/// Without a sign for this long somebody is gone.
pub(super) const LIFE: Duration = Duration::from_secs(limits::PRESENCE_SECONDS);
/// How long a number is remembered after the last word, so that a message of
/// before does not count again: longer than its time is believed, on both sides.
const MEMORY: Duration = Duration::from_secs(3 * limits::PRESENCE_SECONDS);
/// Programs of one device at a time.
const SESSIONS: usize = 8;
/// Programs of all devices that are remembered.
const KNOWN: usize = 4096;

/// A running program of somebody's device.
pub(super) type Speaker = (WorkspaceId, DeviceKey, PresenceSession);

/// A selection as its ends' places in the text.
pub(super) type Points = [Vec<u8>; 2];

/// One page of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub place: Place,
    /// Where the selection was when it could last be found, while what it is
    /// named after has not arrived yet.
    pub last: Option<Points>,
    /// Whether the selection cannot be found yet.
    pub waiting: bool,
}

impl Spot {
    /// The ends of the selection, where there is one.
    pub fn points(&self) -> Option<Points> {
        match &self.place.selection[..] {
            [anchor, head] => Some([anchor.0.clone(), head.0.clone()]),
            _ => None,
        }
    }
}

struct Program {
    number: u64,
    heard: Instant,
    spots: Vec<Spot>,
}

/// Everybody who said something lately.
#[derive(Default)]
pub(super) struct People(BTreeMap<Speaker, Program>);

/// What a message changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Whether nobody had heard of the program.
    pub new: bool,
    /// Documents that somebody came into, moved in or left.
    pub documents: BTreeSet<DocumentHandle>,
}

impl People {
    /// Whether a message could be news: made about now, and later than all that
    /// was heard of its program.
    pub fn is_fresh(&self, speaker: &Speaker, number: u64, time_ms: u64, now_ms: u64) -> bool {
        let later = self.0.get(speaker).is_none_or(|program| number > program.number);
        later && time_ms.abs_diff(now_ms) <= limits::PRESENCE_SECONDS * 1000
    }

    /// Takes in what a fresh message says.
    pub fn hear(&mut self, speaker: Speaker, number: u64, places: Vec<Place>, now: Instant) -> Change {
        let new = !self.0.contains_key(&speaker);
        if new {
            self.make_room(&speaker, now);
        }
        let before = self.0.remove(&speaker).map(|program| program.spots).unwrap_or_default();
        let mut documents: BTreeSet<DocumentHandle> = BTreeSet::new();
        let mut spots = Vec::with_capacity(places.len());
        for (index, place) in places.into_iter().enumerate() {
            let known = before
                .get(index)
                .filter(|spot| spot.place.document == place.document && spot.place.section == place.section);
            if known.is_none_or(|spot| spot.place != place) {
                documents.insert(place.document);
            }
            let last = known.and_then(|spot| spot.last.clone());
            let waiting = known.is_some_and(|spot| spot.place == place && spot.waiting);
            spots.push(Spot { place, last, waiting });
        }
        let left = |spot: &&Spot| !spots.iter().any(|now| now.place.document == spot.place.document);
        documents.extend(before.iter().filter(left).map(|spot| spot.place.document));
        if spots.len() < before.len() {
            documents.extend(before.iter().map(|spot| spot.place.document));
        }
        self.0.insert(speaker, Program { number, heard: now, spots });
        Change { new, documents }
    }

    /// Forgets who said nothing for longest, where there are too many.
    fn make_room(&mut self, speaker: &Speaker, now: Instant) {
        let oldest = |all: &mut dyn Iterator<Item = (&Speaker, &Program)>| {
            all.min_by_key(|(_, program)| program.heard).map(|(speaker, _)| *speaker)
        };
        let mut own =
            self.0.iter().filter(|((workspace, device, _), _)| (workspace, device) == (&speaker.0, &speaker.1));
        if own.clone().count() >= SESSIONS
            && let Some(gone) = oldest(&mut own)
        {
            self.0.remove(&gone);
        }
        if self.0.len() >= KNOWN {
            self.0.retain(|_, program| now.duration_since(program.heard) <= LIFE);
        }
        if self.0.len() >= KNOWN
            && let Some(gone) = oldest(&mut self.0.iter())
        {
            self.0.remove(&gone);
        }
    }

    /// Lets go who was silent for too long; returns the documents they were in.
    pub fn expire(&mut self, now: Instant) -> BTreeSet<DocumentHandle> {
        let mut documents = BTreeSet::new();
        for program in self.0.values_mut().filter(|program| now.duration_since(program.heard) > LIFE) {
            documents.extend(program.spots.drain(..).map(|spot| spot.place.document));
        }
        self.0.retain(|_, program| now.duration_since(program.heard) <= MEMORY);
        documents
    }

    /// Lets go everybody of a workspace; returns the documents they were in.
    pub fn forget(&mut self, gone: impl Fn(&Speaker) -> bool) -> BTreeSet<DocumentHandle> {
        let mut documents = BTreeSet::new();
        for (_, program) in self.0.iter_mut().filter(|(speaker, _)| gone(speaker)) {
            documents.extend(program.spots.drain(..).map(|spot| spot.place.document));
        }
        documents
    }

    /// Everybody's pages in a document, each with its index among its program's.
    pub fn within(&self, document: DocumentHandle) -> impl Iterator<Item = (&Speaker, usize, &Spot)> {
        self.0.iter().flat_map(move |(speaker, program)| {
            let here = program.spots.iter().enumerate().filter(move |(_, spot)| spot.place.document == document);
            here.map(move |(index, spot)| (speaker, index, spot))
        })
    }

    /// The same page, to note where its selection was found.
    pub fn spot(&mut self, speaker: &Speaker, index: usize) -> Option<&mut Spot> {
        self.0.get_mut(speaker)?.spots.get_mut(index)
    }

    /// Documents in which a selection could not be found yet, among these.
    pub fn waiting(&self, documents: &[DocumentHandle]) -> BTreeSet<DocumentHandle> {
        let spots = self.0.values().flat_map(|program| &program.spots);
        let waiting = spots.filter(|spot| spot.waiting && documents.contains(&spot.place.document));
        waiting.map(|spot| spot.place.document).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drystone_wire::ids::Bytes;

    const MS: u64 = 1_764_000_000_000;

    fn speaker(device: u8, session: u8) -> Speaker {
        (WorkspaceId([1; 32]), DeviceKey([device; 32]), PresenceSession([session; 8]))
    }

    fn document(byte: u8) -> DocumentHandle {
        DocumentHandle([byte; 16])
    }

    fn place(byte: u8, section: &str) -> Place {
        Place { document: document(byte), section: section.into(), selection: Vec::new() }
    }

    fn hear(people: &mut People, device: u8, number: u64, places: &[Place], now: Instant) -> Change {
        people.hear(speaker(device, 1), number, places.to_vec(), now)
    }

    fn change(new: bool, documents: &[u8]) -> Change {
        Change { new, documents: documents.iter().map(|byte| document(*byte)).collect() }
    }

    #[test]
    fn coming_moving_and_leaving_are_told_and_repeating_is_not() {
        let (mut people, now) = (People::default(), Instant::now());
        assert_eq!(hear(&mut people, 1, 1, &[place(1, "a")], now), change(true, &[1]));
        assert_eq!(hear(&mut people, 1, 2, &[place(1, "a")], now), change(false, &[]));
        assert_eq!(hear(&mut people, 1, 3, &[place(1, "b")], now), change(false, &[1]));
        assert_eq!(hear(&mut people, 1, 4, &[place(1, "b"), place(2, "")], now), change(false, &[2]));
        assert_eq!(people.within(document(1)).count(), 1);
        assert_eq!(hear(&mut people, 1, 5, &[place(2, "")], now), change(false, &[1, 2]));
        assert_eq!(hear(&mut people, 1, 6, &[], now), change(false, &[2]));
        assert_eq!(people.within(document(2)).count(), 0);
    }

    #[test]
    fn what_is_old_or_repeated_does_not_count() {
        let (mut people, now) = (People::default(), Instant::now());
        hear(&mut people, 1, 5, &[place(1, "a")], now);
        let fresh = |people: &People, number, ms| people.is_fresh(&speaker(1, 1), number, ms, MS);
        assert!(fresh(&people, 6, MS));
        assert!(!fresh(&people, 5, MS), "the same again");
        assert!(!fresh(&people, 4, MS), "one from before");
        assert!(!fresh(&people, 6, MS - 30_001), "too old");
        assert!(!fresh(&people, 6, MS + 30_001), "from the future");
        assert!(people.is_fresh(&speaker(1, 2), 1, MS, MS), "another program counts for itself");
        // Also after they are gone, as long as the message's time would still be believed.
        people.expire(now + LIFE * 2);
        assert!(!fresh(&people, 5, MS));
    }

    #[test]
    fn who_is_silent_is_gone() {
        let (mut people, now) = (People::default(), Instant::now());
        hear(&mut people, 1, 1, &[place(1, "a")], now);
        hear(&mut people, 2, 1, &[place(1, "a")], now + LIFE / 2);
        assert!(people.expire(now + LIFE).is_empty());
        assert_eq!(people.expire(now + LIFE + Duration::from_millis(1)), [document(1)].into());
        assert_eq!(people.within(document(1)).count(), 1);
        people.expire(now + MEMORY * 2);
        assert!(people.0.is_empty());
    }

    #[test]
    fn nobody_fills_the_memory() {
        let (mut people, now) = (People::default(), Instant::now());
        for session in 0..50 {
            people.hear(speaker(1, session), 1, vec![place(1, "a")], now + Duration::from_millis(session.into()));
        }
        assert_eq!(people.0.len(), SESSIONS);
        assert!(people.0.contains_key(&speaker(1, 49)), "the latest stay");
        for device in 0..KNOWN + 10 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&device.to_le_bytes());
            people.hear((WorkspaceId([1; 32]), DeviceKey(key), PresenceSession([1; 8])), 1, Vec::new(), now);
        }
        assert!(people.0.len() <= KNOWN);
    }

    #[test]
    fn where_a_selection_was_is_kept_until_the_section_changes() {
        let (mut people, now) = (People::default(), Instant::now());
        let caret = |byte: u8| Place { selection: vec![Bytes(vec![byte]); 2], ..place(1, "a") };
        hear(&mut people, 1, 1, &[caret(1)], now);
        let spot = people.spot(&speaker(1, 1), 0).unwrap();
        (spot.last, spot.waiting) = (spot.points(), false);
        hear(&mut people, 1, 2, &[caret(2)], now);
        people.spot(&speaker(1, 1), 0).unwrap().waiting = true;
        assert_eq!(people.within(document(1)).next().unwrap().2.last, Some([vec![1], vec![1]]));
        assert_eq!(people.waiting(&[document(1)]), [document(1)].into());
        hear(&mut people, 1, 3, &[place(1, "b")], now);
        assert_eq!(people.within(document(1)).next().unwrap().2.last, None);
        assert!(people.waiting(&[document(1)]).is_empty());
        assert_eq!(people.forget(|(_, device, _)| *device == DeviceKey([1; 32])), [document(1)].into());
    }
}
