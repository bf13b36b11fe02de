//! Two devices that edit apart and merge, many times over with different luck.

use super::*;
use crate::api::Splice;

/// SplitMix64, Steele, Lea and Flood 2014: small, and the same everywhere.
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below as u64) as usize
    }
}

struct Site {
    document: Document,
    /// Changes the others do not have yet.
    fresh: Vec<Vec<u8>>,
    /// The texts as an editor would have them, kept up by effects alone.
    shown: std::collections::HashMap<String, String>,
}

impl Site {
    fn new(base: &[u8], actor: u8) -> Site {
        let document = Document::load(None, &[base.to_vec()], [actor; 16]).unwrap();
        let shown = document.sections().into_iter().map(|section| (section.id, section.body)).collect();
        Site { document, fresh: Vec::new(), shown }
    }

    fn take(&mut self, changes: &[Vec<u8>]) {
        let effect = self.document.apply(changes).unwrap();
        for (section, splices) in effect.texts {
            if let Some(text) = self.shown.get_mut(&section) {
                *text = apply_splices(text, &splices).expect("a patch fits the text it is for");
            }
        }
        for section in self.document.sections() {
            self.shown.entry(section.id).or_insert(section.body);
        }
    }

    fn act(&mut self, dice: &mut Dice, serial: &mut u64) {
        let sections = self.document.sections();
        if sections.is_empty() {
            return;
        }
        let pick = sections[dice.roll(sections.len())].id.clone();
        let other = sections[dice.roll(sections.len())].id.clone();
        match dice.roll(6) {
            0 | 1 => {
                let length = self.document.body_length(&pick).unwrap();
                let at = dice.roll(length + 1);
                let splice =
                    Splice { at: at as u32, delete: dice.roll(length - at + 1).min(3) as u32, insert: "añ".into() };
                self.document.splice(&pick, std::slice::from_ref(&splice)).unwrap();
                let shown = self.shown.get_mut(&pick).unwrap();
                *shown = apply_splices(shown, &[splice]).unwrap();
            }
            2 => {
                *serial += 1;
                let id = format!("{serial:016x}");
                let place = Place { parent: Some(pick), after: None };
                self.document.add_section(&NewSection::made(id.clone(), "new", "body"), &place).unwrap();
                self.shown.insert(id, "body".into());
            }
            3 => {
                let place = Place { parent: Some(other), after: None };
                // Into itself is refused, which is fine.
                let _refused = self.document.move_section(&pick, &place);
            }
            4 => {
                let sibling = sections.iter().find(|s| s.id == other).unwrap();
                let place = Place { parent: sibling.parent.clone(), after: Some(other.clone()) };
                if pick != other {
                    let _refused = self.document.move_section(&pick, &place);
                }
            }
            _ => {
                let deleted = dice.roll(4) == 0 && sections.len() > 3;
                self.document.set_section_deleted(&pick, deleted).unwrap();
            }
        }
        self.fresh.extend(self.document.commit("edit", 1).into_iter().map(|record| record.bytes));
    }
}

fn base() -> Vec<u8> {
    let mut document = Document::create("Plant", "full", 1, [9; 16]).unwrap();
    let sections: Vec<NewSection> =
        (0..6).map(|n| NewSection::made(format!("{:016x}", 1000 + n), &format!("S{n}"), "text")).collect();
    document.add_all(&sections, &[None, Some(0), Some(1), Some(0), Some(3), None]).unwrap();
    document.commit("Created", 1).remove(0).bytes
}

#[test]
fn devices_that_edit_apart_show_the_same_afterwards() {
    let base = base();
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let mut serial = seed << 20;
        let mut sites = [Site::new(&base, 1), Site::new(&base, 2)];
        for _ in 0..4 {
            for site in &mut sites {
                for _ in 0..dice.roll(6) {
                    site.act(&mut dice, &mut serial);
                }
            }
            let fresh = [std::mem::take(&mut sites[0].fresh), std::mem::take(&mut sites[1].fresh)];
            sites[0].take(&fresh[1]);
            sites[1].take(&fresh[0]);
            let [a, b] = &sites;
            assert_eq!(a.document.sections(), b.document.sections(), "seed {seed}");
            for section in a.document.sections() {
                assert_eq!(a.shown[&section.id], section.body, "seed {seed}: an editor of the first device");
                assert_eq!(b.shown[&section.id], section.body, "seed {seed}: an editor of the second device");
            }
        }
    }
}

#[test]
fn two_moves_into_each_other_lose_neither_section() {
    let base = base();
    let mut sites = [Site::new(&base, 1), Site::new(&base, 2)];
    let (one, five) = (format!("{:016x}", 1001), format!("{:016x}", 1003));
    let into = |parent: &str| Place { parent: Some(parent.to_owned()), after: None };
    sites[0].document.move_section(&one, &into(&five)).unwrap();
    sites[1].document.move_section(&five, &into(&one)).unwrap();
    let changes: Vec<Vec<u8>> = sites.iter_mut().map(|site| site.document.commit("Moved", 2).remove(0).bytes).collect();
    sites[0].take(&changes[1..]);
    sites[1].take(&changes[..1]);
    let sections = sites[0].document.sections();
    assert_eq!(sections, sites[1].document.sections());
    assert_eq!(sections.len(), 6, "every section is still shown");
}

#[test]
fn sections_added_at_one_place_by_two_can_be_separated() {
    let base = base();
    let mut sites = [Site::new(&base, 1), Site::new(&base, 2)];
    for (site, id) in sites.iter_mut().zip(["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"]) {
        site.document.add_section(&NewSection::made(id.into(), id, ""), &Place::default()).unwrap();
    }
    let changes: Vec<Vec<u8>> = sites.iter_mut().map(|site| site.document.commit("Added", 2).remove(0).bytes).collect();
    sites[0].take(&changes[1..]);
    let document = &mut sites[0].document;
    let between = Place { parent: None, after: Some("aaaaaaaaaaaaaaaa".into()) };
    document.add_section(&NewSection::made("cccccccccccccccc".into(), "c", ""), &between).unwrap();
    let order: Vec<String> = document.sections().into_iter().take(3).map(|section| section.id[..1].into()).collect();
    assert_eq!(order, ["a", "c", "b"]);
}

#[test]
fn typing_on_an_old_version_is_replayed_where_it_was_meant() {
    let base = base();
    let section = format!("{:016x}", 1002);
    let mut died = Site::new(&base, 1);
    let heads = died.document.heads();
    let mut other = Site::new(&base, 2);
    let front = Splice { at: 0, delete: 0, insert: "before ".into() };
    other.document.splice(&section, &[front]).unwrap();
    let change = other.document.commit("Edited", 2).remove(0).bytes;
    let edits = vec![(section.clone(), vec![Splice { at: 4, delete: 0, insert: "!".into() }])];
    let mut recovered = Document::load(None, &[base.clone(), change], [3; 16]).unwrap();
    recovered.replay(&heads, &edits, 3).unwrap();
    assert_eq!(recovered.body(&section).as_deref(), Some("before text!"));
}

/// Written by the first version that had this schema; every later version
/// reads it.
#[test]
fn the_golden_document_of_schema_1_is_still_read() {
    let golden = include_bytes!("../../tests/golden/document-1.automerge");
    let document = Document::load(Some(golden), &[], [1; 16]).unwrap();
    let titles: Vec<(u8, String)> = document.sections().into_iter().map(|s| (s.level, s.title)).collect();
    assert_eq!(document.title(), "Golden");
    assert_eq!(titles, [(1, "Golden".into()), (2, "Überblick 😀".into())]);
    assert_eq!(document.sections()[1].body, "Zwei\nZeilen");
}

#[test]
fn a_long_text_is_replaced_at_once_and_keeps_what_is_the_same() {
    let base = base();
    let section = format!("{:016x}", 1002);
    let mut site = Site::new(&base, 1);
    // Without a bound on the search this takes minutes.
    let long: String = (0..60_000_u64).map(|n| char::from(b'a' + (n * n % 23) as u8)).collect();
    site.document.set_body(&section, &format!("te{long}xt")).unwrap();
    site.document.set_body(&section, &format!("te😀{}xt", long.to_uppercase())).unwrap();
    assert_eq!(site.document.body(&section).unwrap(), format!("te😀{}xt", long.to_uppercase()));
}

#[test]
fn much_text_becomes_several_changes_that_each_fit_an_envelope() {
    let base = base();
    let section = format!("{:016x}", 1002);
    let (mut site, mut other) = (Site::new(&base, 1), Site::new(&base, 2));
    let mut dice = Dice(5);
    let long: String = (0..700_000).map(|_| char::from_u32(0x4E00 + dice.roll(0x5000) as u32).unwrap()).collect();
    site.document.set_body(&section, &long).unwrap();
    let changes: Vec<Vec<u8>> = site.document.commit("Set", 2).into_iter().map(|record| record.bytes).collect();
    assert!(changes.len() > 4, "{} changes", changes.len());
    assert!(changes.iter().all(|bytes| bytes.len() < drystone_wire::limits::ENVELOPE_BYTES / 2));
    other.take(&changes);
    assert_eq!(other.document.body(&section).unwrap(), long);
}
