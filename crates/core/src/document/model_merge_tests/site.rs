//! A device: its document, and what it keeps in memory by what edits say of
//! themselves.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ActorId;
use drystone_model::Model;
use drystone_model::edit::{self, Edit};
use drystone_model::numbers::number_decisions;

use super::super::merge_tests::Dice;
use super::super::{Document, Effect, Section, apply_splices};
use super::invariants;
use super::luck::{self, Done};
use crate::api::Splice;

impl Document {
    /// The same document on another device.
    pub(super) fn fork(&mut self, actor: u8) -> Document {
        let mut doc = self.doc.fork();
        doc.set_actor(ActorId::from([actor; 16]));
        doc.update_diff_cursor();
        Document::of(doc)
    }
}

pub(super) struct Site {
    pub lane: &'static str,
    pub document: Document,
    /// The records, kept up by effects alone.
    pub model: Model,
    /// Section texts as an editor has them, kept up by effects alone.
    shown: BTreeMap<String, String>,
    /// The sections without their texts, read anew when an effect says so.
    outline: Vec<Section>,
    /// Which changes are stored here.
    pub has: BTreeSet<usize>,
    /// A snapshot and the changes in it.
    snapshot: Option<(Vec<u8>, BTreeSet<usize>)>,
    /// How to take back what was done last.
    undo: Vec<Edit>,
    actor: u8,
    lives: u8,
}

impl Site {
    pub fn new(document: Document, lane: &'static str, has: BTreeSet<usize>, actor: u8) -> Site {
        let model = document.model();
        let mut site = Site {
            lane,
            document,
            model,
            shown: BTreeMap::new(),
            outline: Vec::new(),
            has,
            snapshot: None,
            undo: Vec::new(),
            actor,
            lives: 0,
        };
        site.open();
        site
    }

    /// Another device with the same document.
    pub fn fork(&mut self, lane: &'static str, has: BTreeSet<usize>, actor: u8) -> Site {
        let document = self.document.fork(actor);
        let (model, shown, outline) = (self.model.clone(), self.shown.clone(), self.outline.clone());
        Site { lane, document, model, shown, outline, has, snapshot: None, undo: Vec::new(), actor, lives: 0 }
    }

    /// As a process does that has just loaded the document.
    fn open(&mut self) {
        self.shown.clear();
        self.outline = outline(&mut self.document.sections(), &mut self.shown);
    }

    /// Does something and gives the changes that it made.
    pub fn act(&mut self, dice: &mut Dice, serial: &mut u64, done: &mut Done) -> Vec<Vec<u8>> {
        if dice.roll(16) == 0 {
            self.snapshot = Some((self.document.save(), self.has.clone()));
        }
        if dice.roll(4) == 0 {
            self.document.begin(1);
            luck::edit_sections(dice, serial, &mut self.document, &self.model, done);
            return self.finish();
        }
        let undo = dice.roll(12) == 0 && !self.undo.is_empty();
        let edits = if undo { std::mem::take(&mut self.undo) } else { luck::edits(dice, serial, &self.model, done) };
        self.perform(edits, done).unwrap_or_default()
    }

    /// What the command that applies edits does, in the same order.
    pub fn perform(&mut self, mut edits: Vec<Edit>, done: &mut Done) -> Option<Vec<Vec<u8>>> {
        number_decisions(&self.model, &mut edits, self.lane);
        let Ok(edits) = edit::check(&self.model, edits) else {
            done.refused += 1;
            return None;
        };
        let edits = edit::cascade(&self.model, edits);
        done.count(&self.model, &edits);
        let undo = edit::invert(&self.model, &edits);
        let orders = edit::orders(&self.model, &edits);
        let foreseen = (done.made.is_multiple_of(4)).then(|| {
            let mut foreseen = self.model.clone();
            edit::apply_all(&mut foreseen, &edits);
            foreseen
        });
        done.made += 1;
        self.document.begin(1);
        self.document.edit_records(&edits, &orders).expect("what was checked fits");
        let made = self.finish();
        if let Some(foreseen) = foreseen {
            invariants::as_foreseen(&foreseen, &self.model, &edits);
        }
        self.undo = undo;
        Some(made)
    }

    fn finish(&mut self) -> Vec<Vec<u8>> {
        let made: Vec<Vec<u8>> = self.document.commit("edit", 1).into_iter().map(|record| record.bytes).collect();
        let effect = self.document.effect();
        assert!(!made.is_empty() || effect == Effect::default(), "an effect without a change");
        self.take_in(effect);
        made
    }

    /// Takes what another device did.
    pub fn take(&mut self, changes: &[Vec<u8>]) {
        let effect = self.document.apply(changes).unwrap();
        self.take_in(effect);
    }

    fn take_in(&mut self, effect: Effect) {
        self.model.put_all(effect.records.iter().filter_map(|(collection, id)| self.document.record(*collection, id)));
        for (section, splices) in effect.texts {
            if let Some(text) = self.shown.get_mut(&section) {
                *text = apply_splices(text, &splices).expect("a patch fits the text it is for");
            }
        }
        if effect.structure {
            self.outline = outline(&mut self.document.sections(), &mut self.shown);
        }
    }

    /// The records that are kept are those that there are.
    pub fn check_records(&self) {
        invariants::same(&self.model, &self.document.model());
    }

    /// So are the sections.
    pub fn check_sections(&self, sections: &[Section]) {
        assert_eq!(self.outline.len(), sections.len(), "sections came or went, and no effect said so");
        for (kept, section) in self.outline.iter().zip(sections) {
            assert_eq!(self.shown.get(&section.id), Some(&section.body), "the text of {}", section.id);
            let kept = Section { body: section.body.clone(), ..kept.clone() };
            assert_eq!(kept, *section, "a section changed, and no effect said so");
        }
    }

    /// The process ends between two commits; the next one finds what was
    /// stored, and the typing that was noted down.
    pub fn die(&mut self, dice: &mut Dice, serial: &mut u64, all: &[Vec<u8>], done: &mut Done) {
        let heads = self.document.heads();
        let typed = self.type_something(dice);
        if typed.is_none() {
            luck::edit_sections(dice, serial, &mut self.document, &self.model, &mut Done::default());
        }
        self.lives += 1;
        done.deaths += 1;
        let mut actor = [self.actor; 16];
        actor[0] = self.lives;
        let (bytes, inside) = self.snapshot.clone().unwrap_or_default();
        let snapshot = Some(bytes.as_slice()).filter(|bytes| !bytes.is_empty());
        let tail: Vec<Vec<u8>> = self.has.difference(&inside).map(|index| all[*index].clone()).collect();
        self.document = Document::load(snapshot, &tail, actor).unwrap();
        assert_eq!(self.document.heads(), heads, "what was stored is there");
        self.model = self.document.model();
        self.undo.clear();
        self.open();
        if let Some((section, splice)) = typed {
            let before = self.document.body(&section).unwrap();
            // The typing comes back, but is not stored before the process ends again.
            self.document.replay(&heads, &[(section.clone(), vec![splice.clone()])], 1).unwrap();
            let expected = apply_splices(&before, &[splice]);
            assert_eq!(self.document.body(&section), expected, "typing that was noted down");
            self.document = Document::load(snapshot, &tail, actor).unwrap();
        }
    }

    fn type_something(&mut self, dice: &mut Dice) -> Option<(String, Splice)> {
        let section = self.outline.get(dice.roll(self.outline.len() + 1))?.id.clone();
        let splice = Splice { at: 0, delete: 0, insert: "typed ".into() };
        self.document.splice(&section, std::slice::from_ref(&splice)).unwrap();
        Some((section, splice))
    }
}

/// The sections without their texts, which go into what is shown where they
/// are not yet.
fn outline(sections: &mut [Section], shown: &mut BTreeMap<String, String>) -> Vec<Section> {
    for section in sections.iter_mut() {
        let body = std::mem::take(&mut section.body);
        shown.entry(section.id.clone()).or_insert(body);
    }
    sections.to_vec()
}
