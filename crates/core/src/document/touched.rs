//! Which records changes touch, found by the operations themselves.
//!
//! Automerge's patches tell what is seen of a document. Where two devices set
//! a field at once, only one of the two texts, lists or maps is seen; but the
//! other is kept for someone to pick, and of maps and sets all entries count.
//! A change to the one that is not seen gives no patch.

use std::collections::HashSet;

use automerge::legacy::ObjectId;
use automerge::{Change, ObjId, Prop, ReadDoc};
use drystone_model::Collection;

use super::Document;
use super::skeleton::MODEL;

impl Document {
    /// Notes the records that these changes touch, and those that came before
    /// what they build on.
    pub(super) fn note_touched(&mut self, changes: Vec<Change>) {
        self.waiting.extend(changes);
        let changes = self.forget_applied();
        let objects: HashSet<ObjectId> = changes.iter().flat_map(older_objects).collect();
        let records = objects.iter().filter_map(|object| self.record_of(object));
        let records: Vec<_> = records.collect();
        self.touched.extend(records);
    }

    /// Takes the changes that wait no more.
    pub(super) fn forget_applied(&mut self) -> Vec<Change> {
        let changes = std::mem::take(&mut self.waiting);
        if self.doc.get_missing_deps(&[]).is_empty() {
            return changes;
        }
        let (applied, waiting) =
            changes.into_iter().partition(|change| self.doc.get_change_meta_by_hash(&change.hash()).is_some());
        self.waiting = waiting;
        applied
    }

    /// The record that an object is in.
    fn record_of(&self, object: &ObjectId) -> Option<(Collection, String)> {
        let object: ObjId = self.doc.import_obj(&object.to_string()).ok()?;
        let above: Vec<Prop> = self.doc.parents(&object).ok()?.map(|parent| parent.prop).collect();
        match &above[..] {
            [.., Prop::Map(id), Prop::Map(collection), Prop::Map(model)] if model == MODEL => {
                Some((Collection::find(collection)?, id.clone()))
            }
            _ => None,
        }
    }
}

/// The objects that a change writes to and did not make itself: what it makes,
/// it puts into one of these.
fn older_objects(change: &Change) -> HashSet<ObjectId> {
    let made = |object: &ObjectId| match object {
        ObjectId::Id(id) => id.actor() == change.actor_id() && id.counter() >= change.start_op().get(),
        ObjectId::Root => true,
    };
    let objects = change.decode().operations.into_iter().map(|operation| operation.obj);
    objects.filter(|object| !made(object)).collect()
}
