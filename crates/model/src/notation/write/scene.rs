//! Which elements a diagram shows, and the frames around them.

use std::collections::VecDeque;

use foldhash::{HashMap, HashSet};

use super::Keys;
use crate::graph::{Index, Model, slug};
use crate::notation::DEPTH;
use crate::record::Record;
use crate::schema::Collection;

/// Frames that are drawn inside of each other; what is deeper stands in the
/// innermost. One less than is read.
const FRAMES: usize = DEPTH - 1;

/// A frame: an element that holds others, a group, or the whole diagram.
pub(super) struct Frame<'a> {
    pub key: String,
    pub title: String,
    /// The element, unless it is only a group.
    pub element: Option<&'a Record>,
    pub depth: usize,
    pub frames: Vec<usize>,
    pub leaves: Vec<&'a Record>,
}

/// What a diagram shows.
pub(super) struct Scene<'a> {
    /// The first is the whole diagram.
    pub frames: Vec<Frame<'a>>,
    /// Ids of elements in the diagram.
    pub keys: HashMap<&'a str, String>,
    pub relationships: Vec<&'a Record>,
    /// Elements that have a frame.
    framed: HashSet<&'a str>,
}

impl<'a> Scene<'a> {
    /// All elements, or those inside of one with all they have to do with.
    pub fn of(model: &'a Model, scope: Option<&str>) -> Scene<'a> {
        let index = Index::new(model);
        let inside = scope.map(|scope| inside(&index, scope));
        let is_inside = |id: &str| inside.as_ref().is_none_or(|inside| inside.contains(id));
        let all = model.list(Collection::Relationships);
        let relationships: Vec<&Record> = all
            .filter(|record| is_inside(record.text("from")) || is_inside(record.text("to")))
            .filter(|record| ["from", "to"].iter().all(|end| is_element(model, record.text(end))))
            .collect();
        let touched: HashSet<&str> =
            relationships.iter().flat_map(|record| [record.text("from"), record.text("to")]).collect();
        let elements = model.list(Collection::Elements);
        let shown: Vec<&Record> =
            elements.filter(|record| is_inside(&record.id) || touched.contains(record.id.as_str())).collect();
        let mut keys = Keys::default();
        let mut scene = Scene {
            frames: vec![Frame::new(String::new(), 0)],
            keys: HashMap::default(),
            relationships,
            framed: HashSet::default(),
        };
        for record in &shown {
            scene.keys.insert(&record.id, keys.give(model.slug_of(record)));
        }
        scene.place(&index, &shown, &is_inside, &mut keys);
        scene
    }

    /// Puts every element into its frame, from the top down.
    fn place(&mut self, index: &Index<'a>, shown: &[&'a Record], is_inside: &dyn Fn(&str) -> bool, keys: &mut Keys) {
        // Of what is outside, only the thing itself is drawn, without what is around it.
        let parent = |record: &Record| {
            let parent = index.model.parent(&record.id).filter(|_| is_inside(&record.id));
            parent.filter(|parent| self.keys.contains_key(parent) && is_inside(parent))
        };
        let mut waiting: VecDeque<(&Record, usize)> = VecDeque::new();
        let roots: Vec<&'a Record> = shown.iter().filter(|record| parent(record).is_none()).copied().collect();
        waiting.extend(roots.into_iter().map(|record| (record, 0)));
        let mut groups = HashMap::default();
        while let Some((record, frame)) = waiting.pop_front() {
            let home = self.group(frame, record.text("group"), &mut groups, keys);
            let children = if is_inside(&record.id) { index.children(&record.id) } else { &[] };
            if children.is_empty() {
                self.frames[home].leaves.push(record);
                continue;
            }
            let mut own = home;
            if self.frames[home].depth < FRAMES {
                own = self.add(home, record.label());
                self.frames[own].key = self.keys.get(record.id.as_str()).cloned().unwrap_or_default();
                self.frames[own].element = Some(record);
                self.framed.insert(&record.id);
            } else {
                self.frames[home].leaves.push(record);
            }
            waiting.extend(children.iter().map(|child| (*child, own)));
        }
    }

    fn add(&mut self, home: usize, title: String) -> usize {
        let index = self.frames.len();
        let depth = self.frames[home].depth + 1;
        self.frames.push(Frame::new(title, depth));
        self.frames[home].frames.push(index);
        index
    }

    /// The frame for a group such as `Backend/Orders`.
    fn group(
        &mut self,
        home: usize,
        path: &str,
        groups: &mut HashMap<(usize, String), usize>,
        keys: &mut Keys,
    ) -> usize {
        let mut at = home;
        for part in path.split('/').map(str::trim).filter(|part| !part.is_empty()) {
            let known = (at, part.to_owned());
            at = match groups.get(&known) {
                Some(frame) => *frame,
                None if self.frames[at].depth >= FRAMES => return at,
                None => {
                    let frame = self.add(at, part.to_owned());
                    self.frames[frame].key = keys.give(&format!("group-{}", slug(part)));
                    groups.insert(known, frame);
                    frame
                }
            };
        }
        at
    }

    /// Whether one of the two is drawn inside the other.
    pub fn is_nested(&self, model: &Model, a: &str, b: &str) -> bool {
        let is_in = |inner: &str, outer: &str| {
            self.framed.contains(outer) && model.upwards(inner).skip(1).any(|around| around == outer)
        };
        a != b && (is_in(b, a) || is_in(a, b))
    }
}

impl<'a> Frame<'a> {
    fn new(title: String, depth: usize) -> Frame<'a> {
        Frame { key: String::new(), title, element: None, depth, frames: Vec::new(), leaves: Vec::new() }
    }
}

fn is_element(model: &Model, id: &str) -> bool {
    model.live(id).is_some_and(|record| record.collection == Collection::Elements)
}

fn inside(index: &Index<'_>, scope: &str) -> HashSet<String> {
    let mut inside: HashSet<String> = [scope.to_owned()].into_iter().collect();
    let mut waiting = vec![scope.to_owned()];
    while let Some(id) = waiting.pop() {
        for child in index.children(&id) {
            if inside.insert(child.id.clone()) {
                waiting.push(child.id.clone());
            }
        }
    }
    inside
}
