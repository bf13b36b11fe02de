//! Documents out, as files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::html::{self, HtmlInput};
use drystone_model::json::{self, JsonDocument, JsonSection};
use drystone_model::{Model, compare, notation};

use super::App;
use super::documents::handle;
use super::lifting::section_texts;
use super::open_document::OpenDocument;
use super::persist::lock;
use super::project::known_template;
use crate::api::DocumentSummary;
use crate::api::{CompareEnvironments, Comparison, ComparisonRow, ExportDocument, ExportFormat, Exported};
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
                let document = self.with_model(id, |model, open| Ok(json_document(&summary, open, model)))?;
                (json::text(&document.to_value()).into_bytes(), "json", "application/json")
            }
            ExportFormat::Html => {
                let page = self.with_model(id, |model, open| {
                    let document = json_document(&summary, open, model);
                    Ok(html::page(&HtmlInput {
                        title: &summary.title,
                        lang: "en",
                        template: &summary.template,
                        created: day(&summary.created),
                        updated: day(&summary.updated),
                        sections: &document.sections,
                        model,
                    }))
                })?;
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

/// Everything in a document, for its JSON form.
pub(super) fn json_document(summary: &DocumentSummary, open: &OpenDocument, model: &Model) -> JsonDocument {
    let sections = open.rows.iter().map(|row| JsonSection {
        id: row.section.clone(),
        parent: Some(row.parent.clone()).filter(|parent| !parent.is_empty()),
        level: row.level,
        title: row.stored_title().to_owned(),
        key: Some(row.key.clone()).filter(|key| !key.is_empty()),
        path: row.path.clone(),
        text: row.text.clone(),
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
    }
}
