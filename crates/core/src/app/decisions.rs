//! Folders of decision records, in and out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::adr::{self, AdrFile, AdrFormat, AdrImport};
use drystone_model::{Model, edit};
use drystone_wire::DocumentHandle;

use super::App;
use super::documents::handle;
use super::importing::new_ids;
use super::model::number_decisions;
use super::persist::lock;
use super::template::chosen_template;
use crate::api::{ApplyEdits, ExportDecisions, ImportDecisions, Imported, LiftFinding, LiftReport, NamedFile};
use crate::error::{Error, ErrorCode, Result};

impl App {
    pub(crate) async fn decisions_import(&self, args: ImportDecisions) -> Result<Imported> {
        self.blocking(move |app| match args.into.clone() {
            Some(document) => app.decisions_into(&args, &document),
            None => app.decisions_of_new(&args),
        })
        .await
    }

    pub(crate) async fn decisions_export(&self, args: ExportDecisions) -> Result<Vec<NamedFile>> {
        self.blocking(move |app| {
            let format = find_format(&args.format)?;
            app.with_model(handle(&args.document)?, |model, _| {
                let files = adr::write(model, format).into_iter();
                Ok(files.map(|file| NamedFile { name: file.name, content: BASE64.encode(file.bytes) }).collect())
            })
        })
        .await
    }

    fn decisions_into(&self, args: &ImportDecisions, document: &str) -> Result<Imported> {
        let id = handle(document)?;
        let open = self.open_document(id)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        let read = self.read_records(args, self.model(&mut open)?)?;
        let mut report = lift_report(&read);
        let request = ApplyEdits {
            document: document.to_owned(),
            summary: Some(summary(&read)),
            edits: read.edits,
            sections: Vec::new(),
            confirm: true,
        };
        report.applied = Some(self.apply_locked_edits(&mut open, request)?);
        drop(open);
        self.imported(id, 0, 0, report)
    }

    fn decisions_of_new(&self, args: &ImportDecisions) -> Result<Imported> {
        let mut read = self.read_records(args, &Model::default())?;
        let title = args.title.clone().unwrap_or_else(|| "Decisions".into());
        let template = chosen_template("full", None)?;
        let workspace = self.workspace_or_default(args.workspace.as_deref())?;
        let id = DocumentHandle(self.fresh_id()?);
        let mut document = self.new_document(&title, &template)?;
        let (sections, parents) = self.decision_sections(&title)?;
        document.add_all(&sections, &parents)?;
        number_decisions(&Model::default(), &mut read.edits, "");
        let edits = edit::check(&Model::default(), read.edits.clone())?;
        document.edit_records(&edits, &edit::orders(&Model::default(), &edits))?;
        let changes = document.commit(&summary(&read), self.now_ms());
        self.persist_new(id, workspace, document, changes)?;
        self.imported(id, sections.len(), 1, lift_report(&read))
    }

    fn read_records(&self, args: &ImportDecisions, model: &Model) -> Result<AdrImport> {
        let format = args.format.as_deref().map(find_format).transpose()?;
        let mut files = Vec::with_capacity(args.files.len());
        for file in &args.files {
            let bytes = BASE64.decode(&file.content).map_err(|error| {
                Error::new(ErrorCode::BadInput, format!("The content is not Base64: {error}."), "Send it as Base64.")
                    .at(&file.name)
            })?;
            files.push(AdrFile { name: file.name.clone(), bytes });
        }
        // MADR has three forms; each file tells which it is.
        let format = format.filter(|_| args.format.as_deref() != Some("madr"));
        let mut ids = new_ids(self.fresh_id()?);
        let read = adr::read(&files, format, model, &mut || ids.next())?;
        if read.decisions.is_empty() {
            let what = read.skipped.first().map(|skipped| format!(" {}: {}", skipped.file, skipped.why));
            return Err(Error::new(
                ErrorCode::BadInput,
                format!("There is no decision record among these {} files.{}", files.len(), what.unwrap_or_default()),
                "Name the folder with the records, or their form with --format madr, adr-tools or log4brains.",
            ));
        }
        Ok(read)
    }
}

fn find_format(name: &str) -> Result<AdrFormat> {
    let known = match name {
        "madr" => Some(AdrFormat::Madr4),
        "adr-tools" => Some(AdrFormat::Nygard),
        other => AdrFormat::find(other),
    };
    known.ok_or_else(|| {
        Error::new(
            ErrorCode::Usage,
            format!("There is no form of decision records “{name}”."),
            "Take madr, adr-tools or log4brains.",
        )
    })
}

fn summary(read: &AdrImport) -> String {
    match read.decisions.len() {
        1 => "Imported a decision".into(),
        count => format!("Imported {count} decisions"),
    }
}

/// What to look at, in the form of a lifting's report.
fn lift_report(read: &AdrImport) -> LiftReport {
    let mut report = LiftReport::default();
    for edit in &read.edits {
        if let edit::Edit::Add { collection, .. } = edit {
            *report.added.entry(collection.clone()).or_default() += 1;
        }
    }
    let finding = |file: &str, line: usize, what: String, lifted: bool, why: String| LiftFinding {
        section: String::new(),
        section_title: file.to_owned(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        what,
        lifted,
        why,
    };
    for decision in &read.decisions {
        report.findings.push(finding(&decision.file, 1, decision.title.clone(), true, String::new()));
    }
    for note in &read.notes {
        report.findings.push(finding(&note.file, note.line, "Note".into(), false, note.what.clone()));
    }
    for skipped in &read.skipped {
        report.findings.push(finding(&skipped.file, 1, "Skipped".into(), false, skipped.why.clone()));
    }
    report.lifted = u32::try_from(read.decisions.len()).unwrap_or(u32::MAX);
    report.left = u32::try_from(read.notes.len() + read.skipped.len()).unwrap_or(u32::MAX);
    report
}
