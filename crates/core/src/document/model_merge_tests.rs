//! Two to four devices that edit the model and the sections apart, with every
//! command there is, and meet in every way there is: whatever the luck, they
//! end with one document, and nothing is ever shown that cannot be.

mod fields;
mod golden;
mod invariants;
mod luck;
mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use drystone_model::schema::COLLECTIONS;

use super::Document;
use super::merge_tests::Dice;
use luck::Done;
use site::Site;

/// How many short schedules there are.
const SCHEDULES: u64 = 100_000;
/// Their operations, at least and at most.
const OPERATIONS: (usize, usize) = (3, 12);
/// How many long schedules there are, and their operations.
const LONG: (u64, usize) = (4, 500);
/// Set to the seed that a failure of the short ones names to run that schedule
/// alone.
const RERUN: Option<u64> = None;

/// Lanes by the order in which devices join.
const LANES: [&str; 4] = ["", "b", "c", "d"];

/// How many schedules run at once.
const PARTS: u64 = 2;

/// How many documents schedules begin with.
const BASES: u64 = 12;

/// Says with which seed a test failed, and lets the others end.
struct Seed<'a> {
    seed: u64,
    failed: &'a AtomicBool,
}

impl Drop for Seed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.failed.store(true, Ordering::Relaxed);
            #[allow(clippy::print_stderr)]
            {
                eprintln!("The schedule that failed has the seed {}; set RERUN to it to run it alone.", self.seed);
            }
        }
    }
}

/// Devices, and every change that one of them made.
struct World {
    dice: Dice,
    sites: Vec<Site>,
    changes: Vec<Vec<u8>>,
    /// The first changes, which every device has.
    base: usize,
    /// The decision of each number that was ever seen.
    numbers: BTreeMap<String, String>,
    serial: u64,
    done: Done,
}

/// A document to begin with.
struct Base {
    site: Site,
    changes: Vec<Vec<u8>>,
    serial: u64,
}

impl Base {
    /// A few sections, a few elements, and what luck adds.
    fn new(seed: u64) -> Base {
        let mut document = Document::create("Plant", "full", 1, [0xBA; 16]).unwrap();
        let sections: Vec<_> =
            (0..2).map(|n| super::NewSection::made(format!("{:016x}", 1_000 + n), "Part", "some text")).collect();
        document.add_all(&sections, &[None, None]).unwrap();
        let created = document.commit("Created", 1).remove(0).bytes;
        let mut site = Site::new(document, "", [0].into(), 0xBA);
        let mut world = World::of(Dice(seed), vec![created]);
        for edits in luck::beginning(&mut world.dice, &mut world.serial, seed) {
            world.changes.extend(site.perform(edits, &mut world.done).expect("the beginning fits"));
        }
        Base { site, changes: world.changes, serial: world.serial }
    }
}

impl World {
    fn of(dice: Dice, changes: Vec<Vec<u8>>) -> World {
        let (sites, numbers, done) = Default::default();
        World { dice, sites, base: changes.len(), changes, numbers, serial: 0, done }
    }

    fn new(seed: u64, base: &mut Base) -> World {
        let mut world = World::of(Dice(seed), base.changes.clone());
        world.serial = base.serial;
        let known: BTreeSet<usize> = (0..world.base).collect();
        for (index, lane) in LANES.iter().enumerate().take([2, 2, 2, 2, 3, 4][world.dice.roll(6)]) {
            let actor = u8::try_from(index).unwrap() + 1;
            world.sites.push(base.site.fork(lane, known.clone(), actor));
        }
        world
    }

    /// One thing that happens on one device, or between two.
    fn step(&mut self) {
        let at = self.dice.roll(self.sites.len());
        match self.dice.roll(40) {
            0..=29 => self.act(at),
            30..=38 => self.exchange(at),
            _ => {
                let (site, dice) = (&mut self.sites[at], &mut self.dice);
                let base = &self.changes;
                site.die(dice, &mut self.serial, base, &mut self.done);
                self.see(at);
            }
        }
    }

    fn act(&mut self, at: usize) {
        let made = self.sites[at].act(&mut self.dice, &mut self.serial, &mut self.done);
        for change in made {
            self.sites[at].has.insert(self.changes.len());
            self.changes.push(change);
        }
        self.see(at);
    }

    /// A device hears from another: all that it lacks, a part, or a part out
    /// of order; at once or piece by piece; some of it once more.
    fn exchange(&mut self, to: usize) {
        let from = (to + 1 + self.dice.roll(self.sites.len() - 1)) % self.sites.len();
        let mut news: Vec<usize> = self.sites[from].has.difference(&self.sites[to].has).copied().collect();
        match self.dice.roll(4) {
            0 => news.truncate(self.dice.roll(news.len() + 1)),
            1 => news.retain(|_| self.dice.roll(3) > 0),
            _ => {}
        }
        if self.dice.roll(4) == 0 {
            news.push(self.dice.roll(self.changes.len()));
        }
        self.deliver(to, news);
    }

    fn deliver(&mut self, to: usize, mut news: Vec<usize>) {
        if self.dice.roll(3) == 0 {
            for last in (1..news.len()).rev() {
                news.swap(last, self.dice.roll(last + 1));
            }
        }
        let size = [1, 2, 4, usize::MAX, usize::MAX, usize::MAX][self.dice.roll(6)];
        for batch in news.chunks(size.min(news.len().max(1))) {
            let changes: Vec<Vec<u8>> = batch.iter().map(|index| self.changes[*index].clone()).collect();
            self.sites[to].take(&changes);
            self.sites[to].has.extend(batch);
        }
        self.see(to);
    }

    /// What must hold on a device at every moment.
    fn see(&mut self, at: usize) {
        let site = &self.sites[at];
        site.check_records();
        invariants::numbers_stay(&site.model, &mut self.numbers);
        if self.dice.roll(2) == 0 {
            let sections = site.document.sections();
            site.check_sections(&sections);
            invariants::hold(&site.model, &sections);
            invariants::no_section_is_lost(&site.document, &sections);
        }
    }

    /// Everyone hears everything, in whatever order, and shows the same.
    fn meet(&mut self) {
        for to in 0..self.sites.len() {
            let news: Vec<usize> =
                (0..self.changes.len()).filter(|index| !self.sites[to].has.contains(index)).collect();
            self.deliver(to, news);
        }
        let heads: Vec<_> = self.sites.iter_mut().map(|site| site.document.heads()).collect();
        let [first, others @ ..] = &self.sites[..] else { return };
        let sections = first.document.sections();
        first.check_sections(&sections);
        invariants::hold(&first.model, &sections);
        for (index, other) in others.iter().enumerate() {
            assert_eq!(heads[0], heads[index + 1], "heads");
            invariants::same(&first.model, &other.model);
            assert_eq!(sections, other.document.sections(), "sections");
            other.check_sections(&sections);
        }
    }

    /// A device that comes later and hears all at once shows the same, too.
    fn join_late(&mut self) {
        let mut changes = self.changes.clone();
        let middle = self.dice.roll(changes.len());
        changes.rotate_left(middle);
        let mut late = Document::load(None, &changes, [0xFE; 16]).unwrap();
        assert_eq!(late.heads(), self.sites[0].document.heads());
        invariants::same(&self.sites[0].model, &late.model());
        assert_eq!(late.sections(), self.sites[0].document.sections());
    }
}

fn run(seed: u64, base: &mut Base, operations: usize) -> Done {
    let mut world = World::new(seed, base);
    for _ in 0..operations {
        world.step();
    }
    world.meet();
    if seed.is_multiple_of(32) || operations > OPERATIONS.1 {
        world.join_late();
    }
    world.done
}

/// Every schedule whose seed leaves this rest, one after the other.
fn run_part(rest: u64, failed: &AtomicBool) -> (u64, Done) {
    let mut bases: Vec<Base> = (0..BASES).map(Base::new).collect();
    let (mut count, mut done) = (0, Done::default());
    let seeds = RERUN.map_or(0..SCHEDULES, |seed| seed..seed + 1);
    for seed in seeds.filter(|seed| seed % PARTS == rest) {
        if failed.load(Ordering::Relaxed) {
            break;
        }
        let _seed = Seed { seed, failed };
        let (least, most) = OPERATIONS;
        // Shorter ones more often.
        let luck = |times: u64| (seed / times) as usize % (most - least + 1);
        let operations = least + luck(1).min(luck(10)).min(luck(100));
        done.add(&run(seed, &mut bases[(seed % BASES) as usize], operations));
        count += 1;
    }
    (count, done)
}

#[test]
fn devices_that_edit_the_model_apart_end_with_one_document() {
    let failed = AtomicBool::new(false);
    let parts: Vec<(u64, Done)> = std::thread::scope(|scope| {
        let parts = (0..PARTS).map(|rest| {
            let failed = &failed;
            scope.spawn(move || run_part(rest, failed))
        });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().expect("every schedule ends well")).collect()
    });
    let (mut count, mut done) = (0, Done::default());
    for (part, what) in &parts {
        count += part;
        done.add(what);
    }
    if RERUN.is_none() {
        assert_eq!(count, SCHEDULES);
        done.is_everything();
    }
}

#[test]
fn devices_that_edit_apart_for_long_end_with_one_document() {
    let failed = AtomicBool::new(false);
    for seed in 0..LONG.0 {
        let _seed = Seed { seed, failed: &failed };
        run(u64::MAX - seed, &mut Base::new(seed), LONG.1);
    }
}

#[test]
fn every_collection_is_in_some_document_to_begin_with() {
    let bases: Vec<Base> = (0..BASES).map(Base::new).collect();
    for collection in COLLECTIONS {
        assert!(bases.iter().any(|base| base.site.model.list(collection).next().is_some()), "{collection:?}");
    }
}
