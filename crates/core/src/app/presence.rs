//! Who is here: what the pages of this device say of where they are, and what
//! is heard of others. Nothing of it is stored, and losing any of it only
//! makes it late.

mod channel;
mod live;
mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use drystone_wire::ids::{Bytes, PresenceSession};
use drystone_wire::presence::Presence as Sealed;
use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, DocumentHandle, RootKey, WorkspaceId};
use tokio::sync::{Notify, watch};

use self::people::{LIFE, People, Points, Speaker, Spot};
use super::open_document::{Channel, OpenDocument};
use super::persist::lock;
use super::{App, sharing};
use crate::api::*;
use crate::crypto::keys::EpochKey;
use crate::crypto::presence::{self as sealed, Content, PLACES, Place, SECTION_BYTES};
use crate::error::{Error, ErrorCode, Result};
use crate::store::settings;
use crate::store::sharing::{self as store, membership as records};
use crate::sync::membership;

/// Pages of this process that are remembered.
const PAGES: usize = 64;
/// A page's name, in bytes.
const CLIENT_BYTES: usize = 64;
/// Messages of devices or under keys that are not known here yet; they are
/// tried again once the membership has moved on.
const UNHEARD: usize = 16;
/// How long the last word may take when the app closes.
const LEAVING: Duration = Duration::from_millis(500);
/// What the setting reads when others do not see where this device is.
const OFF: &str = "off";

/// What an open app knows of who is here.
pub(super) struct Presence {
    session: PresenceSession,
    /// The number of the last message that was made.
    number: AtomicU64,
    state: Mutex<State>,
    /// Moves when there may be something new to say.
    moved: watch::Sender<()>,
    /// Notified when pages come into documents or leave them.
    pages: Notify,
    live: live::Live,
    tasks: Mutex<Vec<channel::Owned>>,
}

#[derive(Default)]
struct State {
    /// This process's own pages by their names.
    pages: BTreeMap<String, Page>,
    people: People,
    circles: HashMap<WorkspaceId, Arc<Circle>>,
    /// Workspaces in which others were told last that this process is there.
    told: BTreeSet<WorkspaceId>,
    /// Workspaces in which somebody is new, who does not know who is here.
    answers: BTreeSet<WorkspaceId>,
    unheard: Vec<(PresenceSession, Vec<u8>)>,
    /// Whether the membership has moved on since those were tried.
    circles_moved: bool,
}

/// A page of this process.
struct Page {
    workspace: WorkspaceId,
    place: Place,
    seen: Instant,
}

/// A workspace's members as far as presence needs them.
struct Circle {
    /// Of the last membership record.
    position: u64,
    roster: Roster,
    keys: BTreeMap<u32, EpochKey>,
    own: RootKey,
    names: HashMap<RootKey, String>,
}

impl Presence {
    pub fn new(session: [u8; 8]) -> Self {
        Presence {
            session: PresenceSession(session),
            number: AtomicU64::new(0),
            state: Mutex::default(),
            moved: watch::Sender::new(()),
            pages: Notify::new(),
            live: live::Live::default(),
            tasks: Mutex::default(),
        }
    }

    /// Never held while a document is waited for.
    fn state(&self) -> MutexGuard<'_, State> {
        // What is in it is complete after each step, or repeated within seconds.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where the pages of this process are in a workspace.
    fn content(&self, workspace: &WorkspaceId, now: Instant) -> Content {
        let mut here: Vec<&Page> = self.pages.values().filter(|page| page.workspace == *workspace).collect();
        here.retain(|page| now.duration_since(page.seen) <= LIFE);
        here.sort_by_key(|page| std::cmp::Reverse(page.seen));
        here.truncate(PLACES);
        let mut places: Vec<Place> = here.into_iter().map(|page| page.place.clone()).collect();
        // An order that does not depend on who spoke last, so that repeating is no news.
        places.sort_by(|a, b| (a.document, &a.section, &a.selection).cmp(&(b.document, &b.section, &b.selection)));
        Content::of(places)
    }

    fn shows(&self, document: DocumentHandle) -> bool {
        self.pages.values().any(|page| page.place.document == document)
    }
}

impl App {
    pub(crate) async fn presence_set(&self, args: SetPresence) -> Result<Empty> {
        self.blocking(move |app| app.set_presence(args)).await
    }

    pub(crate) async fn presence_list(&self, args: DocumentRef) -> Result<PresentPeople> {
        self.blocking(move |app| {
            let people = app.with_people(super::documents::handle(&args.document)?, |people| people)?;
            Ok(PresentPeople { shown: app.presence_shown()?, people })
        })
        .await
    }

    pub(crate) async fn presence_show(&self, args: ShowPresence) -> Result<PresenceSetting> {
        self.blocking(move |app| {
            if let Some(shown) = args.shown {
                let value = if shown { "on" } else { OFF };
                app.db().write(|tx| settings::put(tx, settings::PRESENCE, value))?;
                app.0.presence.moved.send_replace(());
            }
            Ok(PresenceSetting { shown: app.presence_shown()? })
        })
        .await
    }

    fn presence_shown(&self) -> Result<bool> {
        let value = self.db().read(|conn| settings::get(conn, settings::PRESENCE))?;
        Ok(value.as_deref() != Some(OFF))
    }

    /// Starts to tell others and to hear them.
    pub(super) fn start_presence(&self) {
        let tasks = vec![channel::start(self), live::start(self)];
        *self.0.presence.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
    }

    /// Says that this process is gone, and ends.
    pub(super) async fn leave_presence(&self) {
        let presence = &self.0.presence;
        if presence.tasks.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return;
        }
        presence.state().pages.clear();
        presence.moved.send_replace(());
        let until = Instant::now() + LEAVING;
        while !presence.state().told.is_empty() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        presence.tasks.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn set_presence(&self, args: SetPresence) -> Result<Empty> {
        if args.client.is_empty() || args.client.len() > CLIENT_BYTES {
            return Err(Error::new(
                ErrorCode::Usage,
                format!("A page's name has 1 to {CLIENT_BYTES} bytes."),
                "Take 16 random hexadecimal digits.",
            ));
        }
        let page = match &args.document {
            Some(document) => Some(self.page(super::documents::handle(document)?, &args)?),
            None => None,
        };
        let presence = &self.0.presence;
        let mut state = presence.state();
        let now = page.as_ref().map(|page| page.place.document);
        let before = match page {
            Some(page) => state.pages.insert(args.client, page),
            None => state.pages.remove(&args.client),
        };
        if state.pages.len() > PAGES {
            let oldest = state.pages.iter().min_by_key(|(_, page)| page.seen).map(|(client, _)| client.clone());
            oldest.map(|oldest| state.pages.remove(&oldest));
        }
        drop(state);
        presence.moved.send_replace(());
        if before.map(|page| page.place.document) != now {
            presence.pages.notify_one();
        }
        Ok(Empty {})
    }

    fn page(&self, document: DocumentHandle, args: &SetPresence) -> Result<Page> {
        let open = self.open_document(document)?;
        let mut open = lock(&open);
        let section = args.section.clone().filter(|section| section.len() <= SECTION_BYTES).unwrap_or_default();
        let selection = match args.selection {
            Some(selection) if !section.is_empty() => self.points(&mut open, &section, selection)?,
            _ => Vec::new(),
        };
        let place = Place { document, section, selection };
        Ok(Page { workspace: open.workspace, place, seen: Instant::now() })
    }

    /// A selection's ends by the letters that they stand before. None where the
    /// selection counts in a text that is not known here any more.
    fn points(&self, open: &mut OpenDocument, section: &str, selection: TextSelection) -> Result<Vec<Bytes>> {
        let ends = [selection.anchor, selection.head];
        let moved = match open.channels.get(section) {
            Some(channel) => ends.map(|at| moved(channel, selection.version, at)),
            None => ends.map(|at| (selection.version == 0).then_some(at)),
        };
        let [Some(anchor), Some(head)] = moved else { return Ok(Vec::new()) };
        let document = self.loaded(open)?;
        let point = |document: &mut crate::document::Document, at: u32| document.point(section, at as usize).ok();
        let (anchor, head) = (point(document, anchor), point(document, head));
        Ok(anchor.zip(head).map(|(anchor, head)| vec![Bytes(anchor), Bytes(head)]).unwrap_or_default())
    }

    /// Takes in a sealed message of another device. Returns whether it is to be
    /// answered: nobody had heard of its program, which does not know who is here.
    fn hear_presence(&self, bytes: &[u8], workspaces: &[WorkspaceId], now_ms: u64) -> Result<bool> {
        let Ok((_, header)) = Sealed::read(bytes) else { return Ok(false) };
        let presence = &self.0.presence;
        if !workspaces.contains(&header.workspace) || header.session == presence.session {
            return Ok(false);
        }
        let circle = self.circle(&header.workspace)?;
        let speaker = (header.workspace, header.device, header.session);
        let known =
            circle.roster.role_of(&header.device).is_some() && header.epoch.saturating_add(1) >= circle.roster.epoch;
        let key = circle.keys.get(&header.epoch).filter(|_| known);
        let fresh = presence.state().people.is_fresh(&speaker, header.number, header.time_ms, now_ms);
        if !fresh {
            return Ok(false);
        }
        let Some(key) = key else {
            // Somebody may have joined, or the keys were renewed, and this device has not read it yet.
            let mut state = presence.state();
            state.unheard.retain(|(session, _)| *session != header.session);
            if state.unheard.len() >= UNHEARD {
                state.unheard.remove(0);
            }
            state.unheard.push((header.session, bytes.to_vec()));
            return Ok(false);
        };
        let Ok((message, header)) = Sealed::open(bytes) else { return Ok(false) };
        let Ok(content) = sealed::open(&message, &header, key) else { return Ok(false) };
        let there = !content.places.is_empty();
        let change = {
            let mut state = presence.state();
            // Another thread may have taken in a later one meanwhile.
            if !state.people.is_fresh(&speaker, header.number, header.time_ms, now_ms) {
                return Ok(false);
            }
            state.people.hear(speaker, header.number, content.places, Instant::now())
        };
        self.tell_presence(change.documents);
        if change.new && there {
            presence.state().answers.insert(header.workspace);
        }
        Ok(change.new && there)
    }

    /// Tries again what could not be heard before the membership moved on.
    fn hear_again(&self, workspaces: &[WorkspaceId], now_ms: u64) -> Result<()> {
        let unheard = {
            let mut state = self.0.presence.state();
            if !std::mem::take(&mut state.circles_moved) {
                return Ok(());
            }
            std::mem::take(&mut state.unheard)
        };
        for (_, bytes) in unheard {
            if self.hear_presence(&bytes, workspaces, now_ms)? {
                self.0.presence.moved.send_replace(());
            }
        }
        Ok(())
    }

    /// Tells the pages of this process who is in documents.
    fn tell_presence(&self, documents: BTreeSet<DocumentHandle>) {
        for document in documents {
            // Told while the document is held: positions belong to the version that was told before.
            let told = self.with_people(document, |people| {
                self.emit(Event::PresenceChanged { document: document.to_string(), people });
            });
            if let Err(error) = told {
                tracing::debug!(code = ?error.code, "who is in a document cannot be told: {error}");
            }
        }
    }

    /// Everybody else in a document. Carets are looked for only when a page of
    /// this process shows it.
    fn with_people<T>(&self, document: DocumentHandle, then: impl FnOnce(Vec<PresentPerson>) -> T) -> Result<T> {
        let shown = self.0.presence.state().shows(document);
        let open = if shown { Some(self.open_document(document)?) } else { None };
        let mut open = open.as_deref().map(lock);
        let within = |state: &State| -> Vec<(Speaker, usize, Spot)> {
            state.people.within(document).map(|(speaker, index, spot)| (*speaker, index, spot.clone())).collect()
        };
        let spots = within(&self.0.presence.state());
        let mut people = Vec::with_capacity(spots.len());
        for (speaker, index, spot) in spots {
            let selection = match &mut open {
                Some(open) => self.find_selection(open, &speaker, index, &spot)?,
                None => None,
            };
            people.extend(self.person(&speaker, index, &spot, selection)?);
        }
        people.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        Ok(then(people))
    }

    fn find_selection(
        &self,
        open: &mut OpenDocument,
        speaker: &Speaker,
        index: usize,
        spot: &Spot,
    ) -> Result<Option<TextSelection>> {
        let Some(points) = spot.points() else { return Ok(None) };
        let section = &spot.place.section;
        let version = open.version(section);
        let document = self.loaded(open)?;
        let mut find = |points: &Points| {
            let [anchor, head] = [&points[0], &points[1]].map(|point| document.position(section, point));
            Some(TextSelection { version, anchor: anchor?, head: head? })
        };
        let found = find(&points);
        let selection = found.or_else(|| spot.last.as_ref().and_then(&mut find));
        let mut state = self.0.presence.state();
        if let Some(spot) = state.people.spot(speaker, index).filter(|known| known.place == spot.place) {
            spot.waiting = found.is_none();
            if found.is_some() {
                spot.last = Some(points);
            }
        }
        Ok(selection)
    }

    /// What is known of a page; nothing once its device is not a member's any more.
    fn person(
        &self,
        speaker: &Speaker,
        index: usize,
        spot: &Spot,
        selection: Option<TextSelection>,
    ) -> Result<Option<PresentPerson>> {
        let (workspace, device, session) = speaker;
        let circle = self.circle(workspace)?;
        let Some(member) = circle.roster.devices.get(device) else { return Ok(None) };
        Ok(Some(PresentPerson {
            id: format!("{session}{index}"),
            member: member.to_string(),
            name: circle.names.get(member).cloned().unwrap_or_default(),
            device: membership::device_name(&circle.roster, device, &circle.keys).unwrap_or_default(),
            you: *member == circle.own,
            section: Some(spot.place.section.clone()).filter(|section| !section.is_empty()),
            selection,
        }))
    }

    /// The members of a workspace, read again when there are more records.
    fn circle(&self, workspace: &WorkspaceId) -> Result<Arc<Circle>> {
        let known = self.0.presence.state().circles.get(workspace).cloned();
        let circle = self.db().read(|conn| {
            let count = records::count(conn, workspace)?;
            if let Some(known) = known.filter(|known| known.position == count) {
                return Ok(known);
            }
            let roster = sharing::load(conn, workspace)?.roster().clone();
            let name = sharing::member_names(conn, &roster)?;
            let names = roster.members.keys().map(|root| (*root, name(root))).collect();
            let own = membership::own_root(&roster, &store::own(conn)?.identity);
            let keys = records::epoch_keys(conn, workspace)?;
            Ok(Arc::new(Circle { position: count, roster, keys, own, names }))
        })?;
        let mut state = self.0.presence.state();
        let before = state.circles.insert(*workspace, circle.clone());
        state.circles_moved |= before.is_some_and(|before| before.position != circle.position);
        drop(state);
        Ok(circle)
    }

    /// Whether somebody else is in a document.
    fn has_company(&self, document: DocumentHandle) -> bool {
        self.0.presence.state().people.within(document).next().is_some()
    }

    /// Lets go who was silent for too long, or is no longer a member.
    fn let_go(&self, workspaces: &[WorkspaceId]) -> Result<()> {
        let mut left = self.0.presence.state().people.expire(Instant::now());
        for workspace in workspaces {
            let circle = self.circle(workspace)?;
            let gone = |(of, device, _): &Speaker| of == workspace && !is_member(&circle, device);
            left.extend(self.0.presence.state().people.forget(gone));
        }
        self.tell_presence(left);
        Ok(())
    }
}

fn is_member(circle: &Circle, device: &DeviceKey) -> bool {
    circle.roster.role_of(device).is_some()
}

/// Where a position of an earlier version of a text is now; `None` when the
/// updates since then are not all kept.
fn moved(channel: &Channel, version: u32, at: u32) -> Option<u32> {
    let updates = channel.since(version)?;
    let splices = updates.iter().flat_map(|update| &update.splices);
    Some(splices.fold(at, |at, splice| {
        let inserted = crate::document::utf16_len(&splice.insert);
        if at <= splice.at {
            at
        } else if at >= splice.at.saturating_add(splice.delete) {
            at - splice.delete + inserted
        } else {
            splice.at.saturating_add(inserted)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SectionUpdate;

    #[test]
    fn positions_of_earlier_versions_are_brought_up_to_date() {
        let splice = |at, delete, insert: &str| Splice { at, delete, insert: insert.into() };
        let update = |version, splices| SectionUpdate { version, client: String::new(), splices };
        let updates = [update(1, vec![splice(5, 0, "🌊")]), update(2, vec![splice(0, 2, "abc")])];
        let channel = Channel { version: 2, updates: updates.into() };
        assert_eq!(moved(&channel, 2, 4), Some(4));
        assert_eq!(moved(&channel, 1, 4), Some(5));
        assert_eq!(moved(&channel, 0, 5), Some(6), "what is written there is written after it");
        assert_eq!(moved(&channel, 0, 6), Some(9));
        assert_eq!(moved(&channel, 1, 1), Some(3), "what it stood in is gone");
        assert_eq!(moved(&channel, 3, 1), None, "a version of another process");
    }
}
