//! Commands on the typed model.

use std::borrow::Cow;

use drystone_model::edit::{self, DELETE_UNASKED, Edit};
pub(super) use drystone_model::numbers::number_decisions;
use drystone_model::schema::{COLLECTIONS, Collection, Field};
use drystone_model::{Model, Record, RefusalKind, Value, parallel, reference};
use drystone_wire::DocumentHandle;

use super::documents::handle;
use super::open_document::OpenDocument;
use super::persist::lock;
use super::{App, sharing};
use crate::api::{
    Applied, ApplyEdits, ChoiceInfo, CollectionInfo, DocumentRef, Empty, FieldInfo, ModelSchema, ModelView, RecordView,
    TrashItem,
};
use crate::error::{Error, Result};

/// How many records are shown in one go.
const AT_ONCE: usize = 1_024;

impl App {
    pub(crate) async fn model_schema(&self, _: Empty) -> Result<ModelSchema> {
        Ok(schema())
    }

    pub(crate) async fn model_open(&self, args: DocumentRef) -> Result<ModelView> {
        self.blocking(move |app| {
            app.with_model(handle(&args.document)?, |model, _| {
                let records: Vec<&Record> = model.all().collect();
                let parts: Vec<&[&Record]> = records.chunks(AT_ONCE).collect();
                let views = parallel::map(&parts, records.len(), |part| {
                    part.iter().map(|record| record_view(model, record)).collect::<Vec<_>>()
                });
                Ok(ModelView { records: views.into_iter().flatten().collect() })
            })
        })
        .await
    }

    pub(crate) async fn model_apply(&self, args: ApplyEdits) -> Result<Applied> {
        self.blocking(move |app| app.apply_edits(args)).await
    }

    pub(crate) async fn document_trash(&self, args: DocumentRef) -> Result<Vec<TrashItem>> {
        self.blocking(move |app| {
            let open = app.open_document(handle(&args.document)?)?;
            let mut open = lock(&open);
            app.settle(&mut open)?;
            app.catch_up(&mut open)?;
            let sections = app.loaded(&mut open)?.deleted_sections();
            let model = app.model(&mut open)?;
            let mut items: Vec<TrashItem> = sections
                .into_iter()
                .map(|(id, title)| TrashItem {
                    collection: "sections".into(),
                    id,
                    label: drystone_model::templates::plain(&reference::render(&title, model)),
                })
                .collect();
            items.extend(model.all().filter(|record| record.deleted).map(|record| TrashItem {
                collection: record.collection.name().into(),
                id: record.id.clone(),
                label: reference::render(&record.label(), model),
            }));
            Ok(items)
        })
        .await
    }

    /// Reads a document's records and sections, settled and caught up.
    pub(super) fn with_model<T>(
        &self,
        id: DocumentHandle,
        read: impl FnOnce(&Model, &OpenDocument) -> Result<T>,
    ) -> Result<T> {
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        open.shown = true;
        App::touch(&mut open);
        self.model(&mut open)?;
        let model = open.model.as_ref().ok_or_else(|| Error::internal("a model that was just loaded is gone"))?;
        read(model, &open)
    }

    /// Edits the model, and section texts with it, as one change.
    ///
    /// # Errors
    /// What does not fit, or `confirm`; nothing is changed then.
    pub(super) fn apply_edits(&self, args: ApplyEdits) -> Result<Applied> {
        let id = handle(&args.document)?;
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        self.apply_locked_edits(&mut open, args)
    }

    pub(super) fn apply_locked_edits(&self, open: &mut OpenDocument, args: ApplyEdits) -> Result<Applied> {
        let adds_decision =
            |edit: &Edit| matches!(edit, Edit::Add { collection, .. } if collection == Collection::Decisions.name());
        let lane = if args.edits.iter().any(adds_decision) { self.lane(open)? } else { String::new() };
        let model = self.model(open)?;
        let mut edits = args.edits;
        for edit in &mut edits {
            if let Edit::Add { id, .. } = edit
                && id.is_none()
            {
                *id = Some(self.record_id()?);
            }
        }
        edits.extend(former_names(model, &edits));
        number_decisions(model, &mut edits, &lane);
        let edits = edit::cascade(model, edit::check(model, edits)?);
        let going = edit::going(model, &edits);
        if going.len() > DELETE_UNASKED && !args.confirm {
            return Err(drystone_model::Refusal::new(
                RefusalKind::Confirm,
                format!("This puts {} records into the trash.", going.len()),
                "Ask for it again with consent; it can be undone.",
            )
            .into());
        }
        let summary = args.summary.unwrap_or_else(|| edit::describe(model, &edits));
        let undo = edit::invert(model, &edits);
        let added = edits.iter().filter_map(|edit| match edit {
            Edit::Add { id, .. } => id.clone(),
            _ => None,
        });
        let added = added.collect();
        let places = edit::orders(model, &edits);
        let undo_sections = self.edit_locked(open, &summary, |document| {
            document.edit_records(&edits, &places)?;
            if args.sections.is_empty() {
                document.edited_only_records();
            }
            let mut undo = Vec::with_capacity(args.sections.len());
            for section in args.sections {
                undo.push(document.set_section(&section)?);
            }
            undo.reverse();
            Ok(undo)
        })?;
        Ok(Applied { added, summary, undo, undo_sections })
    }

    /// An id for a new record: 16 hexadecimal digits.
    pub(super) fn record_id(&self) -> Result<String> {
        Ok(data_encoding::HEXLOWER.encode(&self.fresh_id()?[..8]))
    }

    /// The suffix of decision numbers that are given on this device: none on
    /// the one that made the document, letters by the order in which devices
    /// joined the workspace on the others. So no two devices ever give one
    /// number to two decisions.
    pub(super) fn lane(&self, open: &mut OpenDocument) -> Result<String> {
        if let Some(lane) = &open.lane {
            return Ok(lane.clone());
        }
        let creator = self.loaded(open)?.creator();
        let workspace = open.workspace;
        let lane = self.db().read(|conn| {
            if sharing::own_device(conn)? == creator {
                return Ok(String::new());
            }
            Ok(letters(sharing::own_rank(conn, &workspace)?))
        })?;
        Ok(open.lane.insert(lane).clone())
    }
}

/// 0 is `a`, 25 `z`, 26 `aa`.
fn letters(mut rank: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + u8::try_from(rank % 26).unwrap_or(0)));
        if rank < 26 {
            break;
        }
        rank = rank / 26 - 1;
    }
    letters.iter().rev().collect()
}

/// What keeps the names that elements lose by these edits, unless the edits
/// say themselves what to keep.
fn former_names(model: &Model, edits: &[Edit]) -> Vec<Edit> {
    let says = |id: &str| {
        edits
            .iter()
            .any(|edit| matches!(edit, Edit::Set { id: other, field, .. } if other == id && field == "formerNames"))
    };
    let mut kept = Vec::new();
    for edit in edits {
        let Edit::Set { id, field, value: Some(name) } = edit else { continue };
        let Some(element) = model.get(id).filter(|record| record.collection == Collection::Elements) else { continue };
        let old = element.text("name");
        if field != "name" || old == name.as_str() || says(id) {
            continue;
        }
        let mut names: Vec<String> = element.list("formerNames").to_vec();
        names.retain(|former| former != name.as_str());
        names.push(old.to_owned());
        kept.push(Edit::Set { id: id.clone(), field: "formerNames".into(), value: Some(Value::List(names)) });
    }
    kept
}

/// A record as plain data.
pub(super) fn record_view(model: &Model, record: &Record) -> RecordView {
    let told = |name: &str| record.collection.field(name).is_some_and(|field| !field.secret);
    let filled = record.fields.iter().filter(|(name, value)| !value.is_empty() && told(name));
    RecordView {
        id: record.id.clone(),
        collection: record.collection.name().into(),
        path: model.path_of(record),
        label: reference::render(&record.label(), model),
        parent: model.parent(&record.id).map(str::to_owned),
        deleted: record.deleted,
        hidden: model.is_hidden(&record.id),
        order: record.order.clone(),
        fields: filled.map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect(),
        conflicts: record
            .conflicts
            .iter()
            .filter(|(name, _)| told(name))
            .map(|(name, values)| (Cow::Borrowed(*name), values.clone()))
            .collect(),
    }
}

/// What a model consists of, as plain data.
pub fn schema() -> ModelSchema {
    ModelSchema { collections: COLLECTIONS.into_iter().map(collection_info).collect() }
}

fn collection_info(collection: Collection) -> CollectionInfo {
    let table = collection.table();
    CollectionInfo {
        name: table.name.into(),
        singular: table.singular.into(),
        title: table.title.into(),
        help: table.help.into(),
        label: table.label.into(),
        owner: table.owner.map(str::to_owned),
        nesting: table.nesting.map(str::to_owned),
        fields: table.fields.iter().filter(|field| !field.internal).map(field_info).collect(),
    }
}

fn field_info(field: &Field) -> FieldInfo {
    let choices = field.shape.choices().iter();
    FieldInfo {
        name: field.name.into(),
        title: field.title.into(),
        help: field.help.into(),
        shape: field.shape.name().into(),
        choices: choices.map(|choice| ChoiceInfo { value: choice.value.into(), title: choice.title.into() }).collect(),
        targets: field.shape.targets().iter().map(|collection| collection.name().to_owned()).collect(),
        kinds: field.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        required: field.required,
        derived: field.is_derived(),
    }
}
