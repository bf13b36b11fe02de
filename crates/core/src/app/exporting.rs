//! Documents out, as files.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::html::{self, HtmlInput};
use drystone_model::json::{JsonDocument, JsonSection};
use drystone_model::{Model, compare, notation};
use drystone_wire::DocumentHandle;

use super::App;
use super::documents::handle;
use super::lifting::section_texts;
use super::open_document::OpenDocument;
use super::persist::lock;
use super::project::known_template;
use crate::api::DocumentSummary;
use crate::api::{CompareEnvironments, Comparison, ComparisonRow, ExportDocument, ExportFormat, Exported};
use crate::document::{Document, Section};
use crate::error::{Error, Result};

impl App {
    pub(crate) async fn document_export(&self, args: ExportDocument) -> Result<Exported> {
        self.blocking(move |app| app.export(&args)).await
    }

    pub(crate) async fn model_compare(&self, args: CompareEnvironments) -> Result<Comparison> {
        self.blocking(move |app| {
            app.with_model(handle(&args.document)?, |model, _| {
                let environment = |name| model.name_to_id(&[drystone_model::Collection::Environments], name);
                let comparison = compare::environments(model, &environment(&args.a)?, &environment(&args.b)?);
                let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
                let row = |row: compare::ElementRow| ComparisonRow {
                    element: row.element,
                    label: row.label,
                    in_a: narrow(row.in_a),
                    in_b: narrow(row.in_b),
                    nodes_a: row.nodes_a,
                    nodes_b: row.nodes_b,
                    same: row.difference == compare::Difference::Same,
                };
                Ok(Comparison { rows: comparison.elements.into_iter().map(row).collect() })
            })
        })
        .await
    }

    fn export(&self, args: &ExportDocument) -> Result<Exported> {
        let id = handle(&args.document)?;
        let summary = self.view(id)?.summary;
        let (content, extension, mime) = match args.format {
            ExportFormat::Markdown => {
                let open = self.open_document(id)?;
                let mut open = lock(&open);
                self.settle(&mut open)?;
                self.catch_up(&mut open)?;
                (self.markdown(&mut open)?, "md", "text/markdown; charset=utf-8")
            }
            ExportFormat::Json => {
                let document = self.json(&summary, id)?;
                (document.to_text().into_bytes(), "json", "application/json")
            }
            ExportFormat::Html => {
                let document = self.json(&summary, id)?;
                let page = html::page(&HtmlInput {
                    title: &summary.title,
                    lang: "en",
                    template: &summary.template,
                    created: day(&summary.created),
                    updated: day(&summary.updated),
                    sections: &document.sections,
                    model: &document.model,
                });
                (page.into_bytes(), "html", "text/html; charset=utf-8")
            }
            ExportFormat::Mermaid => {
                let text = self.with_model(id, |model, _| Ok(notation::mermaid_flowchart(model, None)))?;
                (text.into_bytes(), "mmd", "text/plain; charset=utf-8")
            }
        };
        Ok(Exported {
            name: format!("{}.{extension}", summary.slug),
            mime: mime.into(),
            content: BASE64.encode(content),
        })
    }

    /// Everything in a document, for its JSON form.
    pub(super) fn json(&self, summary: &DocumentSummary, id: DocumentHandle) -> Result<JsonDocument> {
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        self.model(&mut open)?;
        self.loaded(&mut open)?;
        let (Some(document), Some(model)) = (&open.document, &open.model) else {
            return Err(Error::internal("a document that was just loaded is gone"));
        };
        Ok(json_document(summary, &open, document, model))
    }

    /// The document as Markdown, with what its text does not show of the model.
    pub(super) fn markdown(&self, open: &mut OpenDocument) -> Result<Vec<u8>> {
        self.model(open)?;
        self.loaded(open)?;
        let (Some(document), Some(model)) = (&open.document, &open.model) else {
            return Err(Error::internal("a document that was just loaded is gone"));
        };
        let template = known_template(&document.template(), &document.template_file());
        Ok(crate::export::markdown::complete(document, &section_texts(&open.rows), model, template.as_deref()))
    }
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn json_document(summary: &DocumentSummary, open: &OpenDocument, document: &Document, model: &Model) -> JsonDocument {
    let forms: HashMap<String, Section> =
        document.sections().into_iter().map(|section| (section.id.clone(), section)).collect();
    let sections = open.rows.iter().map(|row| JsonSection {
        id: row.section.clone(),
        parent: Some(row.parent.clone()).filter(|parent| !parent.is_empty()),
        level: row.level,
        title: row.stored_title().to_owned(),
        key: Some(row.key.clone()).filter(|key| !key.is_empty()),
        path: row.path.clone(),
        text: row.text.clone(),
        form: forms.get(&row.section).and_then(Section::form),
    });
    JsonDocument {
        id: summary.id.clone(),
        title: summary.title.clone(),
        slug: summary.slug.clone(),
        template: summary.template.clone(),
        created: Some(summary.created.clone()),
        updated: Some(summary.updated.clone()),
        sections: sections.collect(),
        model: model.clone(),
        crlf: document.crlf(),
        bom: document.bom(),
    }
}
