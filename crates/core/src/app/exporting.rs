//! Documents out, as files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::App;
use super::documents::handle;
use super::persist::lock;
use crate::api::{ExportDocument, ExportFormat, Exported};
use crate::error::{Error, Result};

impl App {
    pub(crate) async fn document_export(&self, args: ExportDocument) -> Result<Exported> {
        self.blocking(move |app| app.export(&args)).await
    }

    fn export(&self, args: &ExportDocument) -> Result<Exported> {
        let id = handle(&args.document)?;
        let view = self.view(id)?;
        let (content, extension, mime) = match args.format {
            ExportFormat::Markdown => {
                let open = self.open_document(id)?;
                let mut open = lock(&open);
                self.loaded(&mut open)?;
                let model = self.model(&mut open)?.clone();
                let bytes = crate::export::markdown::export(self.loaded(&mut open)?, &model, &[]);
                (bytes, "md", "text/markdown; charset=utf-8")
            }
            ExportFormat::Json => {
                let value = crate::export::json::export(&view);
                let text = serde_json::to_string_pretty(&value).map_err(Error::internal)?;
                (format!("{text}\n").into_bytes(), "json", "application/json")
            }
            ExportFormat::Html | ExportFormat::Mermaid => return Err(Error::internal("pending")),
        };
        Ok(Exported {
            name: format!("{}.{extension}", view.summary.slug),
            mime: mime.into(),
            content: BASE64.encode(content),
        })
    }
}
