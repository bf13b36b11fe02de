//! Whether a record is in the trash with something that holds it. The index
//! only leaves out what is deleted itself, so that deleting and restoring much
//! at once stays cheap; for the few records found, this looks upwards.

use std::collections::HashMap;

use drystone_model::Record;
use rusqlite::Connection;

use crate::error::Result;
use crate::store::records;

/// Owners of owners that are looked at: an instance's node's environment.
const OWNERS: usize = 16;
/// Records nested in each other that are looked at.
const NESTED: usize = 1000;

/// What is known of the records that hold others.
pub(super) struct Trash<'a> {
    conn: &'a Connection,
    records: HashMap<([u8; 16], String), Option<Record>>,
}

impl<'a> Trash<'a> {
    pub(super) fn new(conn: &'a Connection) -> Self {
        Trash { conn, records: HashMap::new() }
    }

    /// A record that holds others.
    pub(super) fn holder(&mut self, document: &[u8; 16], id: &str) -> Result<Option<Record>> {
        let key = (*document, id.to_owned());
        if let Some(known) = self.records.get(&key) {
            return Ok(known.clone());
        }
        let record = records::find(self.conn, document, id)?;
        self.records.insert(key, record.clone());
        Ok(record)
    }

    /// Whether the record, what it is nested in, or what owns it is deleted:
    /// the same as [`drystone_model::Model::is_hidden`].
    pub(super) fn hides(&mut self, document: &[u8; 16], record: &Record) -> Result<bool> {
        let mut at = Some(record.clone());
        for _ in 0..OWNERS {
            let Some(record) = at else { return Ok(true) };
            if self.nesting(document, &record)?.iter().any(|record| record.deleted) {
                return Ok(true);
            }
            let owner = record.collection.table().owner.map_or("", |owner| record.text(owner));
            if owner.is_empty() {
                return Ok(false);
            }
            // What names something else as its owner is without one.
            let fits = |owner: &Record| record.collection.owners().contains(&owner.collection);
            at = self.holder(document, owner)?.filter(fits);
        }
        Ok(false)
    }

    /// A record and what it is nested in, upwards. In a cycle the record with
    /// the smallest id stands at the top.
    fn nesting(&mut self, document: &[u8; 16], record: &Record) -> Result<Vec<Record>> {
        let table = record.collection.table();
        let mut chain = vec![record.clone()];
        let Some(nesting) = table.nesting else { return Ok(chain) };
        while chain.len() < NESTED {
            let below = &chain[chain.len() - 1];
            let Some(above) = self.holder(document, below.text(nesting))? else { break };
            let fits = above.collection == record.collection
                && table.owner.is_none_or(|owner| above.text(owner) == below.text(owner));
            if !fits {
                break;
            }
            if let Some(start) = chain.iter().position(|seen| seen.id == above.id) {
                let top = (start..chain.len()).min_by(|a, b| chain[*a].id.cmp(&chain[*b].id)).unwrap_or(start);
                chain.truncate(top + 1);
                break;
            }
            chain.push(above);
        }
        Ok(chain)
    }
}
