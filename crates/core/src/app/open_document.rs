//! A document that someone works on in this process.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use drystone_model::{Collection, Model};
use drystone_wire::{DocumentHandle, WorkspaceId};

use super::model::record_view;
use crate::api::{Event, SectionUpdate, Splice};
use crate::document::{ChangeRecord, Document, Effect, Heads};
use crate::store::documents::SectionRow;

/// Records that are sent with an event; where more have changed, all are read again.
const EVENT_RECORDS: usize = 500;

/// Updates kept per section for editors that missed some.
const KEPT_UPDATES: usize = 1000;

/// A document's state in this process. What is on disk is the truth; this can
/// be dropped and loaded again at any time once typing is settled.
pub(super) struct OpenDocument {
    pub id: DocumentHandle,
    pub workspace: WorkspaceId,
    /// Loaded when first edited or merged; reading goes to the projection.
    pub document: Option<Document>,
    /// Holds every change of the database up to this sequence number.
    pub seen: i64,
    /// The projection as it is in the database.
    pub rows: Vec<SectionRow>,
    /// The records, when they were needed: those of the database, and of
    /// `document` when it is loaded.
    pub model: Option<Model>,
    /// What is typed, durable in the journal, and not yet a change.
    pub typing: Option<Typing>,
    /// Changes that are made and could not be written yet; their typing is
    /// still in the journal.
    pub unsaved: Vec<ChangeRecord>,
    /// Text versions by section, for the editors of this process.
    pub channels: HashMap<String, Channel>,
    /// Whether an editor of this process shows it.
    pub shown: bool,
    pub last_used: Instant,
    /// The suffix of decision numbers given on this device, once known.
    pub lane: Option<String>,
    /// Whether one may write to the workspace, and when that was looked up.
    pub may_write: Option<(Instant, bool)>,
}

/// Typing since the last commit.
pub(super) struct Typing {
    pub since: Instant,
    pub last: Instant,
    pub heads: Heads,
    pub sections: BTreeSet<String>,
}

/// The versions of one section's text.
#[derive(Default)]
pub(super) struct Channel {
    pub version: u32,
    pub updates: VecDeque<SectionUpdate>,
}

impl Channel {
    fn push(&mut self, client: &str, splices: Vec<Splice>) -> SectionUpdate {
        self.version += 1;
        let update = SectionUpdate { version: self.version, client: client.to_owned(), splices };
        self.updates.push_back(update.clone());
        if self.updates.len() > KEPT_UPDATES {
            self.updates.pop_front();
        }
        update
    }

    /// The updates after a version, or `None` when they are not all kept.
    pub fn since(&self, version: u32) -> Option<Vec<SectionUpdate>> {
        if version > self.version {
            return None;
        }
        let missing = (self.version - version) as usize;
        let start = self.updates.len().checked_sub(missing)?;
        Some(self.updates.iter().skip(start).cloned().collect())
    }
}

impl OpenDocument {
    pub fn new(id: DocumentHandle, workspace: WorkspaceId, rows: Vec<SectionRow>, seen: i64) -> Self {
        OpenDocument {
            id,
            workspace,
            document: None,
            seen,
            rows,
            model: None,
            typing: None,
            unsaved: Vec::new(),
            channels: HashMap::new(),
            shown: false,
            last_used: Instant::now(),
            lane: None,
            may_write: None,
        }
    }

    /// Forgets what is in memory: what is on disk is whole.
    pub fn forget(&mut self) {
        self.document = None;
        self.model = None;
    }

    /// Brings the records in memory up to those of the loaded document.
    pub fn take_in(&mut self, touched: &BTreeSet<(Collection, String)>) {
        let (Some(document), Some(model)) = (&self.document, &mut self.model) else { return };
        model.put_all(touched.iter().filter_map(|(collection, id)| document.record(*collection, id)));
    }

    /// A section's text version.
    pub fn version(&self, section: &str) -> u32 {
        self.channels.get(section).map_or(0, |channel| channel.version)
    }

    /// Records an update of a section's text and gives the event to send.
    pub fn update(&mut self, section: &str, client: &str, splices: Vec<Splice>) -> Event {
        let update = self.channels.entry(section.to_owned()).or_default().push(client, splices);
        Event::SectionChanged { document: self.id.to_string(), section: section.to_owned(), update }
    }

    /// Records what edits did and gives the events to send.
    pub fn publish(&mut self, effect: Effect) -> Vec<Event> {
        let mut events: Vec<Event> =
            effect.texts.into_iter().map(|(section, splices)| self.update(&section, "", splices)).collect();
        if !effect.records.is_empty() {
            let records = match &self.model {
                Some(model) if effect.records.len() <= EVENT_RECORDS => {
                    effect.records.iter().filter_map(|(_, id)| Some(record_view(model, model.get(id)?))).collect()
                }
                _ => Vec::new(),
            };
            events.push(Event::ModelChanged { document: self.id.to_string(), records });
        }
        if effect.structure {
            events.push(Event::DocumentChanged { document: self.id.to_string() });
        }
        events
    }

    /// What a commit of the typing did, in words.
    pub fn typing_summary(&self) -> String {
        let titles: Vec<String> = self
            .typing
            .iter()
            .flat_map(|typing| &typing.sections)
            .map(|id| match self.rows.iter().find(|row| row.section == *id) {
                Some(row) if row.title.is_empty() => "the introduction".to_owned(),
                Some(row) => drystone_model::templates::plain(&row.title),
                None => "a section".to_owned(),
            })
            .collect();
        format!("Edited {}", titles.join(", "))
    }
}
