use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ROOT};
use drystone_wire::bundle::DeviceHead;
use drystone_wire::ids::Bytes;

use super::*;
use crate::crypto::keys::{Identity, IdentitySecrets};
use crate::crypto::random::SeededRandom;
use crate::crypto::records;
use crate::crypto::snapshot::{Packer, Run, VERSION};

const DOCUMENT: DocumentHandle = DocumentHandle([6; 16]);

/// A workspace with one member, whose device wrote some changes.
struct Scene {
    membership: Membership,
    device: DeviceKey,
    changes: Vec<Vec<u8>>,
}

/// Changes of one actor, each after the one before.
fn changes(actor: u8, count: i64) -> Vec<Vec<u8>> {
    let mut document = AutoCommit::new().with_actor(ActorId::from([actor; 16]));
    (0..count)
        .map(|number| {
            document.put(ROOT, "n", number).unwrap();
            document.commit();
            document.get_last_local_change().unwrap().raw_bytes().to_vec()
        })
        .collect()
}

impl Scene {
    fn new() -> Scene {
        let mut random = SeededRandom::new(3);
        let identity = Identity::new(&IdentitySecrets::generate(&mut random)).unwrap();
        let created = records::create(&identity, "W", "Anna", 1_000, &mut random).unwrap();
        let membership = Membership::create(&created.record.to_bytes()).unwrap();
        Scene { membership, device: identity.device_key(), changes: changes(1, 3) }
    }

    fn heads(&self) -> Vec<DocumentHeads> {
        let last = scan_change(self.changes.last().unwrap(), &Limits::default()).unwrap();
        vec![DocumentHeads { document: DOCUMENT, heads: vec![Hash(last.hash)] }]
    }

    fn summary(&self) -> Part {
        let devices = vec![DeviceHead { device: self.device, sequence: 3, id: Hash([9; 32]) }];
        Part::Summary { devices, documents: self.heads() }
    }

    fn run(&self, changes: &[Vec<u8>]) -> Part {
        let chunks = changes.iter().cloned().map(Bytes).collect();
        Part::Changes { document: DOCUMENT, runs: vec![Run { device: self.device, chunks }] }
    }

    /// What is found about these parts, under a manifest that is true of what was written.
    fn check(&self, parts: &[Part]) -> Result<Content, Problem> {
        let mut book = Book::default();
        for change in &self.changes {
            let hash = scan_change(change, &Limits::default()).unwrap().hash;
            book.changes.insert((DOCUMENT, hash), Counted { device: self.device, position: 0 });
        }
        let manifest = Manifest {
            version: VERSION,
            generation: 1,
            blob: Hash::ZERO,
            key: [0; 32],
            entries: 10,
            changes: book.changes.len() as u64,
            digest: book.digest(),
        };
        let mut packer = Packer::default();
        parts.iter().for_each(|part| packer.push(part).unwrap());
        read_content(&packer.finish(), &manifest, &self.membership)
    }

    fn refused(&self, parts: &[Part]) -> Problem {
        self.check(parts).expect_err("it was accepted")
    }
}

#[test]
fn what_was_written_is_what_is_read() {
    let scene = Scene::new();
    let content = scene.check(&[scene.summary(), scene.run(&scene.changes)]).unwrap();
    assert_eq!(content.book.changes.len(), 3);
    assert_eq!(content.actors[&(DOCUMENT, vec![1; 16])], (scene.device, 3));
    // In as many parts as one likes.
    let [one, two] = [&scene.changes[..1], &scene.changes[1..]].map(|some| scene.run(some));
    assert_eq!(scene.check(&[scene.summary(), one, two]).unwrap().book, content.book);
}

#[test]
fn what_is_missing_more_twice_or_out_of_order_is_found() {
    let scene = Scene::new();
    let summary = scene.summary();
    let [whole, first, last] =
        [&scene.changes[..], &scene.changes[..2], &scene.changes[1..]].map(|some| scene.run(some));
    let refused = |parts: &[Part]| scene.refused(parts);
    assert!(matches!(refused(&[summary.clone(), first]), Problem::Content(_)));
    assert_eq!(refused(&[summary.clone(), last]), Problem::ActorSequence(1));
    assert!(matches!(refused(&[summary.clone(), whole.clone(), whole.clone()]), Problem::Content(_)));
    assert!(matches!(refused(&[summary.clone(), whole.clone(), scene.run(&changes(2, 1))]), Problem::Content(_)));
    // The summary stands first, and once.
    assert!(matches!(refused(&[whole.clone(), summary.clone()]), Problem::Content(_)));
    assert!(matches!(refused(&[summary.clone(), summary.clone(), whole.clone()]), Problem::Content(_)));
    assert!(matches!(refused(std::slice::from_ref(&whole)), Problem::Content(_)));
    assert!(matches!(refused(&[]), Problem::Content(_)));
}

#[test]
fn other_heads_other_devices_and_others_actors_are_found() {
    let scene = Scene::new();
    let whole = scene.run(&scene.changes);
    let Part::Summary { devices, .. } = scene.summary() else { panic!() };
    let other = vec![DocumentHeads { document: DOCUMENT, heads: vec![Hash([1; 32])] }];
    let refused = scene.refused(&[Part::Summary { devices: devices.clone(), documents: other }, whole.clone()]);
    assert!(matches!(refused, Problem::Content(_)));
    let stranger = DeviceHead { device: DeviceKey([7; 32]), sequence: 1, id: Hash([8; 32]) };
    let mut more = [devices.clone(), vec![stranger]].concat();
    more.sort_by_key(|head| head.device);
    let summary = Part::Summary { devices: more, documents: scene.heads() };
    assert_eq!(scene.refused(&[summary, whole.clone()]), Problem::Device);
    let none = Part::Summary { devices: vec![], documents: scene.heads() };
    assert!(matches!(scene.refused(&[none, whole]), Problem::Content(_)));
    let split = |device: DeviceKey, some: &[Vec<u8>]| Run { device, chunks: some.iter().cloned().map(Bytes).collect() };
    let runs = vec![split(scene.device, &scene.changes[..1]), split(DeviceKey([7; 32]), &scene.changes[1..])];
    assert_eq!(scene.refused(&[scene.summary(), Part::Changes { document: DOCUMENT, runs }]), Problem::Actor);
}

#[test]
fn refused_entries_stand_in_the_order_of_the_log_and_say_little() {
    let scene = Scene::new();
    let entry = |position: u64| SetAside {
        position,
        envelope: Bytes(vec![position as u8]),
        code: "removed\n".into(),
        reason: "x".repeat(5_000),
    };
    let with = |positions: &[u64]| {
        let entries = positions.iter().map(|position| entry(*position)).collect();
        scene.check(&[scene.summary(), scene.run(&scene.changes), Part::SetAside { entries }])
    };
    let content = with(&[2, 7]).unwrap();
    assert_eq!(content.set_aside[0].code, "removed");
    assert_eq!(content.set_aside[1].reason.len(), REASON_BYTES);
    assert_eq!(content.book.set_aside.keys().copied().collect::<Vec<_>>(), [2, 7]);
    for wrong in [&[7, 2][..], &[2, 2], &[11], &[0]] {
        assert!(matches!(with(wrong), Err(Problem::Content(_))), "{wrong:?}");
    }
}

#[test]
fn differences_count_unless_a_refused_entry_explains_them() {
    let device = DeviceKey([1; 32]);
    let book = |changes: &[(u8, u64)], set_aside: &[u64]| Book {
        heads: DeviceHeads::new(),
        changes: changes
            .iter()
            .map(|(change, position)| ((DOCUMENT, [*change; 32]), Counted { device, position: *position }))
            .collect(),
        set_aside: set_aside.iter().map(|position| (*position, Hash::ZERO)).collect(),
    };
    let own = book(&[(1, 1), (2, 2)], &[]);
    assert_eq!(compare(&own, &book(&[(1, 0), (2, 0)], &[]), true), Comparison::default());
    let lacking = compare(&own, &book(&[(1, 0)], &[]), true);
    assert_eq!(lacking.lacks, [(DOCUMENT, [2; 32], device)]);
    let refused_there = compare(&own, &book(&[(1, 0)], &[2]), true);
    assert!(refused_there.lacks.is_empty() && refused_there.explained);
    assert_eq!(compare(&own, &book(&[(1, 0), (2, 0), (3, 0)], &[]), true).invented, 1);
    assert_eq!(compare(&own, &book(&[(1, 0), (2, 0), (3, 0)], &[]), false), Comparison::default());
    let refused_here = compare(&book(&[(1, 1)], &[2]), &book(&[(1, 0), (2, 0)], &[]), true);
    assert!(refused_here.invented == 0 && refused_here.explained);
    // The same change in another's name is not the same.
    let mut others = book(&[(1, 0), (2, 0)], &[]);
    others.changes.insert((DOCUMENT, [2; 32]), Counted { device: DeviceKey([2; 32]), position: 0 });
    assert_eq!(compare(&own, &others, true).lacks.len(), 1);
    assert_ne!(own.digest(), others.digest());
}
