//! Checks of documents and their fixes.

use std::collections::BTreeMap;

use drystone_model::check::{self, CheckedSection, Finding, ProjectRules, Report, Subject};
use drystone_model::templates::{self, Template};
use drystone_model::{Collection, Index, Model};
use drystone_wire::DocumentHandle;

use super::App;
use super::documents::handle;
use super::open_document::OpenDocument;
use super::rfc3339;
use super::template::chosen_template;
use crate::api::{
    Applied, ApplyEdits, CheckDocument, CheckFinding, CheckReport, Empty, FixFinding, RuleInfo, SectionBody, Severity,
};
use crate::error::{Error, ErrorCode, Result};

impl App {
    pub(crate) async fn check_run(&self, args: CheckDocument) -> Result<CheckReport> {
        self.blocking(move |app| {
            let report = app.check(handle(&args.document)?, &project_rules(args.rules.as_deref(), "rules")?)?;
            Ok(check_report(report))
        })
        .await
    }

    pub(crate) async fn check_fix(&self, args: FixFinding) -> Result<Applied> {
        self.blocking(move |app| {
            let report = app.check(handle(&args.document)?, &project_rules(args.rules.as_deref(), "rules")?)?;
            let found = report.findings.iter().find(|finding| finding_id(finding) == args.finding);
            let Some(fix) = found.and_then(|finding| finding.fix.clone()) else {
                return Err(Error::new(
                    ErrorCode::NotFound,
                    "There is no such finding any more, or none that can be fixed by itself.",
                    "Check again.",
                ));
            };
            let sections = fix.section_edits.into_iter();
            app.apply_edits(ApplyEdits {
                document: args.document,
                edits: fix.edits,
                sections: sections
                    .map(|(section, text)| SectionBody { section, title: None, text: Some(text) })
                    .collect(),
                summary: Some(fix.title),
                confirm: false,
            })
        })
        .await
    }

    pub(crate) async fn check_rules(&self, _: Empty) -> Result<Vec<RuleInfo>> {
        let info = |rule: &&check::Rule| RuleInfo {
            id: rule.id.into(),
            title: rule.title.into(),
            severity: severity(rule.severity),
            area: rule.area.name().into(),
            explanation: check::explain(rule.id).unwrap_or_default(),
        };
        Ok(check::rules().iter().map(info).collect())
    }

    /// Checks a document; for hosts that write the report themselves.
    ///
    /// # Errors
    /// `not-found`, or what is wrong with the project's rules.
    pub async fn check_document(&self, document: &str, rules: Option<(String, String)>) -> Result<Report> {
        let id = handle(document)?;
        self.blocking(move |app| {
            let project = match &rules {
                Some((name, text)) => project_rules(Some(text), name)?,
                None => ProjectRules::default(),
            };
            app.check(id, &project)
        })
        .await
    }

    /// Checks a Markdown file; nothing of it is stored.
    ///
    /// # Errors
    /// What is wrong with the file, the template or the project's rules.
    pub fn check_file(
        name: &str,
        bytes: &[u8],
        template: Option<(&str, Option<&str>)>,
        rules: Option<(&str, &str)>,
        now_ms: u64,
    ) -> Result<Report> {
        let parsed = drystone_model::markdown::parse(bytes, name)?;
        let project = match rules {
            Some((name, text)) => project_rules(Some(text), name)?,
            None => ProjectRules::default(),
        };
        let template = match template {
            Some((id, file)) => chosen_template(id, file)?,
            None => std::borrow::Cow::Borrowed(templates::suggest(&parsed.sections).0),
        };
        Ok(check::check_file(&parsed, name, Some(&template), &today(now_ms), &project))
    }

    fn check(&self, id: DocumentHandle, project: &ProjectRules) -> Result<Report> {
        let template = self.template_of(id)?;
        let today = today(self.now_ms());
        self.with_model(id, |model, open| {
            let sections = checked_sections(open, template.as_deref());
            let former = former_names(model);
            Ok(check::run(&Subject {
                model,
                index: &Index::new(model),
                sections: &sections,
                template: template.as_deref(),
                today: &today,
                project,
                file: None,
                former_names: &former,
            }))
        })
    }
}

fn today(now_ms: u64) -> String {
    rfc3339(now_ms).chars().take(10).collect()
}

fn project_rules(text: Option<&str>, name: &str) -> Result<ProjectRules> {
    Ok(text.map(|text| ProjectRules::parse(text, name)).transpose()?.unwrap_or_default())
}

fn checked_sections(open: &OpenDocument, template: Option<&Template>) -> Vec<CheckedSection> {
    let places: BTreeMap<&str, usize> =
        open.rows.iter().enumerate().map(|(index, row)| (row.section.as_str(), index)).collect();
    let section = |row: &crate::store::documents::SectionRow| CheckedSection {
        id: row.section.clone(),
        path: row.path.clone(),
        title: if row.level == 0 { String::new() } else { templates::plain(&row.title) },
        key: Some(row.key.clone()).filter(|key| !key.is_empty()),
        level: row.level,
        parent: places.get(row.parent.as_str()).copied(),
        text: row.text.clone(),
        rendered: row.shown().to_owned(),
        guidance: template.and_then(|template| template.slot(&row.key)).map(|slot| slot.guidance.clone()),
        line: None,
        text_line: None,
    };
    open.rows.iter().map(section).collect()
}

fn former_names(model: &Model) -> BTreeMap<String, Vec<String>> {
    let renamed = model.list(Collection::Elements).filter(|element| element.has("formerNames"));
    renamed.map(|element| (element.id.clone(), element.list("formerNames").to_vec())).collect()
}

fn severity(severity: check::Severity) -> Severity {
    match severity {
        check::Severity::Info => Severity::Info,
        check::Severity::Warning => Severity::Warning,
        check::Severity::Error => Severity::Error,
    }
}

/// The same finding has the same id in every report.
fn finding_id(finding: &Finding) -> String {
    let text = format!("{}\n{}\n{}", finding.rule, finding.place, finding.message);
    data_encoding::HEXLOWER.encode(&blake3::hash(text.as_bytes()).as_bytes()[..8])
}

fn check_report(report: Report) -> CheckReport {
    let plain = |finding: Finding| CheckFinding {
        id: finding_id(&finding),
        rule: finding.rule.into(),
        severity: severity(finding.severity),
        message: finding.message,
        place: finding.place,
        section: finding.target.section,
        record: finding.target.record,
        field: finding.target.field,
        fix: finding.fix.map(|fix| fix.title),
        suppressed: finding.suppressed,
    };
    CheckReport {
        findings: report.findings.into_iter().chain(report.suppressed).map(plain).collect(),
        errors: report.counts.errors,
        warnings: report.counts.warnings,
        infos: report.counts.infos,
        suppressed: report.counts.suppressed,
    }
}
