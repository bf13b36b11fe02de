//! Commands on sections: keystrokes and structure.

use std::time::Instant;

use drystone_wire::DocumentHandle;

use super::App;
use super::open_document::{OpenDocument, Typing};
use super::persist::lock;
use super::project::known_template;
use crate::api::{
    AddSection, ApplyEdits, EditSection, Edited, Empty, MoveSection, RenameSection, SectionRef, SectionUpdates,
    SectionUpdatesReply, SectionView, Splice,
};
use crate::document::{NewSection, Place};
use crate::error::{Error, ErrorCode, Result};
use crate::store::documents::{self, SectionRow};
use crate::store::journal;
use drystone_model::edit::Edit;
use drystone_model::templates::{self, Slot, Template};
use drystone_model::{Value, reference};

/// The longest text of one section, in UTF-16 units.
const SECTION_LIMIT: usize = 16 << 20;
/// Replacements in one edit.
const SPLICES: usize = 10_000;

impl App {
    pub(crate) async fn section_edit(&self, args: EditSection) -> Result<Edited> {
        self.blocking(move |app| app.edit_text(&args)).await
    }

    pub(crate) async fn section_updates(&self, args: SectionUpdates) -> Result<SectionUpdatesReply> {
        self.blocking(move |app| app.updates_since(&args)).await
    }

    pub(crate) async fn section_add(&self, args: AddSection) -> Result<SectionView> {
        self.blocking(move |app| app.add_section(&args)).await
    }

    pub(crate) async fn section_rename(&self, args: RenameSection) -> Result<Empty> {
        self.blocking(move |app| {
            let id = super::documents::handle(&args.document)?;
            let title = one_line(&args.title)?;
            app.rename_section(id, &args.section, &title)?;
            Ok(Empty {})
        })
        .await
    }

    pub(crate) async fn section_move(&self, args: MoveSection) -> Result<Empty> {
        self.blocking(move |app| {
            let id = super::documents::handle(&args.document)?;
            let summary = format!("Moved {}", app.section_title(id, &args.section)?);
            let place = Place { parent: args.parent, after: args.after };
            app.edit(id, &summary, |document| document.move_section(&args.section, &place))?;
            Ok(Empty {})
        })
        .await
    }

    pub(crate) async fn section_delete(&self, args: SectionRef) -> Result<Empty> {
        self.blocking(move |app| {
            let id = super::documents::handle(&args.document)?;
            let summary = format!("Deleted {}", app.section_title(id, &args.section)?);
            app.edit(id, &summary, |document| document.set_section_deleted(&args.section, true))?;
            Ok(Empty {})
        })
        .await
    }

    pub(crate) async fn section_restore(&self, args: SectionRef) -> Result<Empty> {
        self.blocking(move |app| {
            let id = super::documents::handle(&args.document)?;
            app.edit(id, "Restored a section", |document| document.set_section_deleted(&args.section, false))?;
            Ok(Empty {})
        })
        .await
    }

    /// Changes a heading. One that shows a record's name renames the record,
    /// as long as what stands around the name stays.
    pub(super) fn rename_section(&self, id: DocumentHandle, section: &str, title: &str) -> Result<()> {
        let title = reference::clean(title);
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        let stored = self.loaded(&mut open)?.section_title(section).ok_or_else(|| no_section(section))?;
        if let [(range, shown)] = &reference::find(&stored)[..] {
            let name =
                title.strip_prefix(&stored[..range.start]).and_then(|rest| rest.strip_suffix(&stored[range.end..]));
            if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
                let value = Some(Value::text(name));
                let edit = Edit::Set { id: shown.id.clone(), field: shown.field.clone(), value };
                let args = ApplyEdits {
                    document: id.to_string(),
                    edits: vec![edit],
                    sections: Vec::new(),
                    summary: None,
                    confirm: false,
                };
                return self.apply_locked_edits(&mut open, args).map(|_| ());
            }
        }
        self.edit_locked(&mut open, &format!("Renamed a section to {title}"), |document| {
            document.set_section_title(section, &title)
        })
    }

    /// One batch of keystrokes: into the journal first, so that it is durable
    /// when it is acknowledged, then into the document in memory.
    fn edit_text(&self, args: &EditSection) -> Result<Edited> {
        let open = self.open_document(super::documents::handle(&args.document)?)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        let version = open.version(&args.section);
        if args.version != version {
            return Ok(Edited { accepted: false, version });
        }
        if !open.unsaved.is_empty() {
            self.settle(&mut open)?;
        }
        self.check_splices(&mut open, args)?;
        if open.typing.is_none() {
            let now_ms = self.now_ms();
            let document = self.loaded(&mut open)?;
            document.begin_typing(now_ms);
            let heads = document.heads();
            let now = Instant::now();
            open.typing = Some(Typing { since: now, last: now, heads, sections: Default::default() });
        }
        let heads = open.typing.as_ref().map(|typing| typing.heads.clone()).unwrap_or_default();
        self.db().write_one(|conn| {
            journal::append(conn, &self.0.session, &open.id.0, &heads, &args.section, &args.splices)
        })?;
        self.loaded(&mut open)?.splice(&args.section, &args.splices)?;
        if let Some(typing) = open.typing.as_mut() {
            typing.last = Instant::now();
            typing.sections.insert(args.section.clone());
        }
        App::touch(&mut open);
        let event = open.update(&args.section, &args.client, args.splices.clone());
        self.emit(event);
        self.typed(open.id);
        Ok(Edited { accepted: true, version: version + 1 })
    }

    fn check_splices(&self, open: &mut OpenDocument, args: &EditSection) -> Result<()> {
        if args.splices.len() > SPLICES {
            return Err(too_large(format!("{} replacements in one edit", args.splices.len())));
        }
        let mut length = self.loaded(open)?.body_length(&args.section)?;
        for Splice { at, delete, insert } in &args.splices {
            let (at, delete) = (*at as usize, *delete as usize);
            if at.saturating_add(delete) > length {
                return Err(Error::new(
                    ErrorCode::BadInput,
                    format!("Position {} is outside the section's text of {length}.", at + delete),
                    "Open the section again.",
                )
                .at(args.section.clone()));
            }
            length = length - delete + insert.encode_utf16().count();
        }
        if length > SECTION_LIMIT {
            return Err(too_large("a section of more than 16 million characters".into()));
        }
        Ok(())
    }

    fn updates_since(&self, args: &SectionUpdates) -> Result<SectionUpdatesReply> {
        let open = self.open_document(super::documents::handle(&args.document)?)?;
        let mut open = lock(&open);
        let version = open.version(&args.section);
        let kept = match open.channels.get(&args.section) {
            Some(channel) => channel.since(args.since),
            None if args.since == 0 => Some(Vec::new()),
            None => None,
        };
        if let Some(updates) = kept {
            return Ok(SectionUpdatesReply { version, updates, text: None });
        }
        let text = self.loaded(&mut open)?.body(&args.section).ok_or_else(|| no_section(&args.section))?;
        Ok(SectionUpdatesReply { version, updates: Vec::new(), text: Some(text) })
    }

    fn add_section(&self, args: &AddSection) -> Result<SectionView> {
        let id = super::documents::handle(&args.document)?;
        let new_id = data_encoding::HEXLOWER.encode(&self.fresh_id()?[..8]);
        let open = self.open_document(id)?;
        let (rows, template) = {
            let mut open = lock(&open);
            self.settle(&mut open)?;
            self.catch_up(&mut open)?;
            {
                let document = self.loaded(&mut open)?;
                let template = known_template(&document.template(), &document.template_file());
                (open.rows.clone(), template)
            }
        };
        let slot = match &args.key {
            Some(key) => Some(find_slot(template.as_deref(), key).ok_or_else(|| no_slot(key))?),
            None => None,
        };
        let title = match slot {
            Some(slot) if !slot.repeatable || args.title.trim().is_empty() => slot.title.clone(),
            _ => one_line(&args.title)?,
        };
        let place = match (slot, &args.parent, &args.after) {
            (Some(slot), None, None) => slot_place(&rows, template.as_deref(), slot),
            _ => Place { parent: args.parent.clone(), after: args.after.clone() },
        };
        let mut new = NewSection::made(new_id.clone(), &title, slot.map_or("", |slot| slot.skeleton.as_str()));
        new.key = slot.map(|slot| slot.key.clone()).unwrap_or_default();
        if let Some(slot) = slot {
            // Nested under a title of the first level or not: the template's level counts.
            let above = place.parent.as_ref().and_then(|parent| rows.iter().find(|row| row.section == *parent));
            new.jump = slot.level.saturating_sub(above.map_or(0, |row| row.level)).max(1);
        }
        self.edit(id, &format!("Added {title}"), |document| document.add_section(&new, &place))?;
        let view = self.view(id)?;
        view.sections
            .into_iter()
            .find(|section| section.id == new_id)
            .ok_or_else(|| Error::internal("a section that was just added is gone"))
    }

    fn section_title(&self, id: DocumentHandle, section: &str) -> Result<String> {
        let rows = self.db().read(|conn| documents::sections(conn, &id.0))?;
        let row = rows.iter().find(|row| row.section == section).ok_or_else(|| no_section(section))?;
        Ok(templates::plain(&row.title))
    }
}

/// A place by its key, in the document's template or any other.
pub(super) fn find_slot<'a>(template: Option<&'a Template>, key: &str) -> Option<&'a Slot> {
    let own = template.and_then(|template| template.slot(key));
    own.or_else(|| templates::all().iter().find_map(|template| template.slot(key)))
}

/// Where a place goes: into its parent place (or the document's title), after
/// the nearest earlier place of the template that is there.
fn slot_place(rows: &[SectionRow], template: Option<&Template>, slot: &Slot) -> Place {
    let top = rows.iter().filter(|row| row.level == 1).collect::<Vec<_>>();
    let title = (top.len() == 1).then(|| top[0].section.clone());
    let parent = match slot.parent_key() {
        Some(parent) => rows.iter().find(|row| row.key == parent).map(|row| row.section.clone()).or(title),
        None => title,
    };
    let siblings: Vec<&SectionRow> = rows.iter().filter(|row| row.parent == parent.as_deref().unwrap_or("")).collect();
    let slots = template.map(|template| template.slots.as_slice()).unwrap_or_default();
    let earlier = slots.iter().take_while(|other| other.key != slot.key).map(|other| other.key.as_str());
    let mut after = None;
    for key in earlier.chain(slot.repeatable.then_some(slot.key.as_str())) {
        if let Some(row) = siblings.iter().rev().find(|row| row.key == key) {
            after = Some(row.section.clone());
        }
    }
    let known = slots.iter().any(|other| other.key == slot.key);
    let last = siblings.last().map(|row| row.section.clone());
    Place { parent, after: if known { after } else { last } }
}

pub(super) fn one_line(title: &str) -> Result<String> {
    let title = title.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(Error::new(ErrorCode::BadInput, "A title needs at least one character.", "Enter a title."));
    }
    if title.len() > 1000 {
        return Err(too_large("a title of more than 1,000 characters".into()));
    }
    Ok(title)
}

fn too_large(what: String) -> Error {
    Error::new(ErrorCode::TooLarge, format!("This is {what}, more than Drystone takes."), "Split it into several.")
}

fn no_section(id: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("There is no section {id}."), "Open the document again.")
}

fn no_slot(key: &str) -> Error {
    Error::new(
        ErrorCode::NotFound,
        format!("No template has a place called {key}."),
        "See `template.list`, or leave the key out to add a section of your own.",
    )
}
