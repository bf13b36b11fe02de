//! Files in: documents from Markdown and JSON. A file is imported as a whole
//! or not at all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::markdown::{self, ParsedSection};
use drystone_model::templates;
use drystone_wire::DocumentHandle;

use super::App;
use super::template::{chosen_template, template_file};
use crate::api::{ImportDocument, Imported, LiftReport};
use crate::document::{Document, NewSection, Origin};
use crate::error::{Error, ErrorCode, Result};

impl App {
    pub(crate) async fn document_import(&self, args: ImportDocument) -> Result<Imported> {
        self.blocking(move |app| {
            let bytes = BASE64.decode(&args.content).map_err(|error| {
                Error::new(ErrorCode::BadInput, format!("The content is not Base64: {error}."), "Send it as Base64.")
            })?;
            app.import(&args, &bytes)
        })
        .await
    }

    fn import(&self, args: &ImportDocument, bytes: &[u8]) -> Result<Imported> {
        let name = &args.name;
        let parsed = markdown::parse(bytes, name)?;
        let template = match (&args.template, &args.template_file) {
            (None, None) => std::borrow::Cow::Borrowed(templates::suggest(&parsed.sections).0),
            (id, file) => chosen_template(id.as_deref().unwrap_or_default(), file.as_deref())?,
        };
        let matched = templates::match_sections_with(&template, &parsed.sections);
        let title = document_title(&parsed.sections, name);
        let workspace = self.workspace_or_default(args.workspace.as_deref())?;
        let id = DocumentHandle(self.fresh_id()?);
        let now = self.now_ms();
        let mut document = Document::create(&title, &template.id, now, self.fresh_id()?)?;
        document.set_creator(&self.db().read(super::sharing::own_device)?)?;
        document.set_template(&template.id, &template_file(&template))?;
        document.set_source_form(parsed.crlf, parsed.bom)?;
        let (sections, parents) = self.imported_sections(&parsed.sections)?;
        document.add_all(&sections, &parents)?;
        let exported = crate::export::markdown::export(&document, &document.model(), &[]);
        if exported != bytes {
            return Err(Error::internal(format_args!("{name} would not come out as it went in")));
        }
        let changes = document.commit(&format!("Imported {}", file_name(name)), now);
        self.persist_new(id, workspace, document, changes)?;
        let row = self.summary_of(id)?;
        Ok(Imported {
            id: row.id,
            title: row.title,
            slug: row.slug,
            template: template.id.clone(),
            sections: u32::try_from(parsed.sections.len()).unwrap_or(u32::MAX),
            matched: u32::try_from(matched.iter().flatten().count()).unwrap_or(u32::MAX),
            lift: LiftReport::default(),
        })
    }

    fn imported_sections(&self, parsed: &[ParsedSection]) -> Result<(Vec<NewSection>, Vec<Option<usize>>)> {
        let mut sections = Vec::with_capacity(parsed.len());
        for (index, section) in parsed.iter().enumerate() {
            let last = index + 1 == parsed.len();
            let above = section.parent.map_or(0, |parent| parsed[parent].level);
            sections.push(NewSection {
                id: self.section_id()?,
                jump: section.level.saturating_sub(above),
                style: section.style,
                lead: section.lead.clone(),
                gap: section.gap.clone(),
                title: section.title.clone(),
                tail: section.tail.clone(),
                body: section.body.clone(),
                foot: section.foot.clone(),
                origin: if last { Origin::ImportedLast } else { Origin::Imported },
                key: String::new(),
            });
        }
        Ok((sections, parsed.iter().map(|section| section.parent).collect()))
    }
}

fn document_title(sections: &[ParsedSection], name: &str) -> String {
    let heading = sections.iter().find(|section| section.level == 1).map(|section| templates::plain(&section.title));
    heading.filter(|title| !title.is_empty()).unwrap_or_else(|| {
        let file = file_name(name);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
